"""What visitors did before there was an object to move: the first stages of the map."""

from __future__ import annotations

from django.db import models


class Behaviour(models.Model):
    """One thing a visitor did. Written in batches, off the page's path.

    `visit` is the behaviour session, `step` a step of the recorded process (`view_product`),
    `about` what it concerned (a product code), the rest where the visit came from.
    """

    at = models.DateTimeField("时间")
    visit = models.CharField("访问", max_length=32)
    step = models.CharField("步骤", max_length=32)
    prev = models.CharField("前一步骤", max_length=32, default="", blank=True)
    about = models.CharField("对象", max_length=64, default="", blank=True)
    source = models.CharField("来源", max_length=60, default="", blank=True)
    medium = models.CharField("媒介", max_length=60, default="", blank=True)
    campaign = models.CharField("活动", max_length=60, default="", blank=True)
    referrer = models.CharField("引荐", max_length=120, default="", blank=True)
    device = models.CharField("设备", max_length=8, default="", blank=True)
    user_id = models.BigIntegerField("用户", null=True)

    class Meta:
        verbose_name = "行为"
        indexes = [
            models.Index(fields=["visit", "at"], name="behaviour_visit"),
            models.Index(fields=["at", "step"], name="behaviour_at"),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.about}"
