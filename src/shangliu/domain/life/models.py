"""The demo trade: how it is switched, how it goes, and what it has made."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from shangliu.platform.env import MOST_A_MINUTE
from shangliu.process.roles import Role

IDLE_ROLES = (Role.OPERATIONS, Role.WAREHOUSE, Role.SERVICE, Role.FINANCE)


class Switch(models.Model):
    """One row. The upper half is written by people, the lower by the process that reads it.

    Shares are of a hundred. `hurry`: how many times faster than people its people work. `missed`:
    visits that were not made, as too much was open already.
    """

    on = models.BooleanField("开", default=False)
    rate = models.PositiveSmallIntegerField("每分钟下单", default=6)
    by_hour = models.BooleanField("按时段起伏", default=False)
    hurry = models.PositiveSmallIntegerField("快进倍数", default=1)
    leaves = models.PositiveSmallIntegerField("下单后不付款", default=8)
    refused = models.PositiveSmallIntegerField("付款被拒", default=0)
    notices_lost = models.PositiveSmallIntegerField("通知丢失", default=0)
    notices_late = models.PositiveSmallIntegerField("通知迟到", default=0)
    notices_twice = models.PositiveSmallIntegerField("通知重复", default=0)
    carrier_slow = models.BooleanField("承运商停滞", default=False)
    carrier_refuses = models.BooleanField("承运商拒绝取号", default=False)
    idle = models.JSONField("不上班的岗位", default=list, blank=True)
    removing = models.BooleanField("正在移除", default=False)
    changed_by = models.CharField("修改人", max_length=80, default="", blank=True)
    changed_at = models.DateTimeField("修改时间", null=True)

    beat_at = models.DateTimeField("最近一次", null=True)
    made_on = models.DateField("统计日", null=True)
    visits = models.PositiveIntegerField("今日访问", default=0)
    orders = models.PositiveIntegerField("今日下单", default=0)
    paid = models.PositiveIntegerField("今日付款", default=0)
    missed = models.PositiveIntegerField("今日放过", default=0)
    last_error = models.CharField("最近的错误", max_length=300, default="", blank=True)
    error_at = models.DateTimeField("出错时间", null=True)

    class Meta:
        verbose_name = "演示生意"
        constraints = [
            models.CheckConstraint(name="life_one_switch", condition=Q(id=1)),
            models.CheckConstraint(
                name="life_rate_in_bounds",
                condition=Q(rate__gte=1, rate__lte=MOST_A_MINUTE, hurry__gte=1, hurry__lte=100),
            ),
            models.CheckConstraint(
                name="life_shares_of_a_hundred",
                condition=Q(leaves__lte=100, refused__lte=100)
                & Q(notices_lost__lte=100, notices_late__lte=100, notices_twice__lte=100),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rate}/min" if self.on else "off"


class Mark(models.Model):
    """A visit or a case that the demo trade has made. Only what is marked can be removed: the
    event log lets go of the events of a marked case and of no other."""

    class Kind(models.TextChoices):
        VISIT = "visit", "访问"
        CASE = "case", "案例"

    kind = models.CharField("类别", max_length=5, choices=Kind.choices)
    key = models.CharField("键", max_length=40)
    made_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "演示标记"
        constraints = [models.UniqueConstraint(fields=["key"], name="life_mark_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
