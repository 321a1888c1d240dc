"""What travels, and what the carrier says happened to it."""

from __future__ import annotations

from django.db import models

from shangliu.domain.logistics.states import ParcelState
from shangliu.process.models import Stateful, due_index, waiting_index


class Parcel(Stateful):
    """`reference` is our own number, the carrier's idempotency key for a waybill."""

    reference = models.CharField("包裹号", max_length=40, unique=True)
    order_number = models.CharField("订单号", max_length=40, db_index=True)
    gateway = models.CharField("物流接口", max_length=20)
    carrier = models.CharField("承运商", max_length=20)
    waybill_no = models.CharField("运单号", max_length=40, default="", blank=True, db_index=True)
    sort_code = models.CharField("分拣码", max_length=40, default="", blank=True)
    sender = models.JSONField("寄件人")
    receiver = models.JSONField("收件人")
    goods = models.CharField("品名", max_length=120)
    pieces = models.PositiveIntegerField("件数", default=1)
    weight_g = models.PositiveIntegerField("重量（克）")
    error = models.CharField("失败原因", max_length=200, default="", blank=True)
    attempts = models.PositiveSmallIntegerField("已尝试", default=0)
    delivered_at = models.DateTimeField("签收时间", null=True)

    class Meta:
        verbose_name = "包裹"
        indexes = [
            waiting_index(
                "parcel_waiting",
                (
                    ParcelState.DELIVERED,
                    ParcelState.RETURNED,
                    ParcelState.LOST,
                    ParcelState.VOIDED,
                ),
            ),
            due_index("parcel_due"),
        ]

    def __str__(self) -> str:
        return self.reference


class TrackingEvent(models.Model):
    """One line of the carrier's track. The carrier repeats itself; a line is kept once."""

    parcel = models.ForeignKey(Parcel, models.CASCADE, related_name="track", verbose_name="包裹")
    at = models.DateTimeField("时间")
    text = models.CharField("内容", max_length=300)
    place = models.CharField("地点", max_length=60, default="", blank=True)
    code = models.CharField("承运商代码", max_length=16, default="", blank=True)
    status = models.CharField("统一状态", max_length=24, default="", blank=True)

    class Meta:
        verbose_name = "物流轨迹"
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["parcel", "at", "text"], name="tracking_once")
        ]

    def __str__(self) -> str:
        return self.text
