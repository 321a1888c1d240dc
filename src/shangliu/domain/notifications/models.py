"""What people and outside systems are told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from shangliu.domain.crm.models import User


class Message(models.Model):
    """One message to one person. `unique_key` keeps a repeated delivery from telling twice."""

    class Channel(models.TextChoices):
        SITE = "site", "站内"
        SMS = "sms", "短信"

    unique_key = models.CharField("去重键", max_length=80, unique=True)
    channel = models.CharField("渠道", max_length=8, choices=Channel.choices)
    user = models.ForeignKey(User, models.CASCADE, null=True, verbose_name="用户")
    phone = models.CharField("手机号", max_length=20, default="", blank=True)
    template = models.CharField("模板", max_length=40)
    title = models.CharField("标题", max_length=80)
    text = models.CharField("内容", max_length=500)
    link = models.CharField("链接", max_length=200, default="", blank=True)
    case_no = models.CharField("案例", max_length=40, default="", blank=True)
    created_at = models.DateTimeField("时间")
    read_at = models.DateTimeField("已读时间", null=True)
    sender = models.CharField("发送人", max_length=80, default="", db_default="", blank=True)

    class Meta:
        verbose_name = "消息"
        indexes = [
            models.Index(
                fields=["user", "-id"], name="message_user", condition=Q(user__isnull=False)
            ),
            models.Index(fields=["case_no"], name="message_case"),
            models.Index(fields=["-id"], name="message_sms", condition=Q(channel="sms")),
        ]

    def __str__(self) -> str:
        return self.title


class WebhookDelivery(models.Model):
    """One signed push to an outside system (warehouse, finance), with its answer."""

    event_id = models.BigIntegerField("事件")
    topic = models.CharField("主题", max_length=64)
    url = models.CharField("地址", max_length=200)
    payload = models.JSONField("内容")
    case_no = models.CharField("案例", max_length=40)
    status = models.PositiveSmallIntegerField("状态码")
    delivered_at = models.DateTimeField("送达时间")

    class Meta:
        verbose_name = "推送记录"
        constraints = [
            models.UniqueConstraint(fields=["event_id", "topic", "url"], name="delivery_once")
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.case_no}"
