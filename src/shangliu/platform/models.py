"""What leaves the house: messages waiting to be sent, and calls that were made."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Outbox(models.Model):
    """What must follow a committed change. Written by the step, drained by the relay.

    `ordering` is the case number: rows of one case are delivered in the order of their ids.
    """

    topic = models.CharField("主题", max_length=64)
    ordering = models.CharField("次序键", max_length=40)
    body = models.JSONField("内容")
    event_id = models.BigIntegerField("事件", null=True)
    created_at = models.DateTimeField("写入时间")
    due_at = models.DateTimeField("下次发送")
    attempts = models.PositiveSmallIntegerField("已尝试", default=0)
    done_at = models.DateTimeField("送达时间", null=True)
    dead_at = models.DateTimeField("放弃时间", null=True)
    error = models.TextField("失败原因", default="", blank=True)

    class Meta:
        verbose_name = "发件箱"
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="outbox_waiting",
                condition=Q(done_at__isnull=True, dead_at__isnull=True),
            ),
            models.Index(
                fields=["ordering", "id"],
                name="outbox_ordering",
                condition=Q(done_at__isnull=True),
            ),
            models.Index(
                fields=["dead_at"], name="outbox_dead", condition=Q(dead_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} #{self.pk}"


class OutsideCall(models.Model):
    """One call to an outside system, as it was made and answered; secrets and persons masked."""

    system = models.CharField("系统", max_length=32)
    operation = models.CharField("操作", max_length=64)
    case_no = models.CharField("案例", max_length=40, default="", blank=True)
    process = models.CharField("流程", max_length=24, default="", blank=True)
    object_id = models.BigIntegerField("对象", null=True)
    request = models.JSONField("请求")
    answer = models.JSONField("应答", null=True)
    status = models.PositiveSmallIntegerField("状态码", null=True)
    ok = models.BooleanField("成功")
    error = models.TextField("错误", default="", blank=True)
    started_at = models.DateTimeField("开始时间")
    duration_us = models.BigIntegerField("耗时（微秒）")
    attempt = models.PositiveSmallIntegerField("第几次", default=1)

    class Meta:
        verbose_name = "外部调用"
        indexes = [
            models.Index(fields=["case_no", "started_at"], name="call_case"),
            models.Index(fields=["started_at"], name="call_failed", condition=Q(ok=False)),
        ]

    def __str__(self) -> str:
        return f"{self.system}.{self.operation}"


class Heartbeat(models.Model):
    """When a background loop last turned round; the health page reads it."""

    name = models.CharField("名称", max_length=32, unique=True)
    beat_at = models.DateTimeField("最近一次")

    class Meta:
        verbose_name = "心跳"

    def __str__(self) -> str:
        return self.name
