"""What gateways say that they did each day, and where it differs from what we know."""

from __future__ import annotations

from django.db import models

from shangliu.domain.reconciliation.states import DifferenceState
from shangliu.platform.money import Money
from shangliu.process.models import Stateful, due_index, waiting_index


class DailyBill(models.Model):
    """A day's statement of a gateway, in Beijing time, with the file as it came. `matched`: rows
    that agree with our books to the fen. `cleared_at`: when its net sum reached the bank."""

    provider = models.CharField("渠道", max_length=20)
    day = models.DateField("日期")
    fetched_at = models.DateTimeField("下载时间")
    checked_at = models.DateTimeField("对账时间", null=True)
    file_name = models.CharField("文件名", max_length=120, default="", blank=True)
    raw = models.BinaryField("原文")
    paid_fen = models.BigIntegerField("收款（分）")
    refunded_fen = models.BigIntegerField("退款（分）")
    fee_fen = models.BigIntegerField("手续费（分）")
    currency = models.CharField("币种", max_length=3, default="CNY")
    matched = models.PositiveIntegerField("一致", default=0)
    cleared_at = models.DateTimeField("到账时间", null=True)
    voucher = models.CharField("银行流水号", max_length=60, default="", blank=True)

    class Meta:
        verbose_name = "账单"
        constraints = [
            models.UniqueConstraint(fields=["provider", "day"], name="bill_once"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.day}"

    @property
    def net(self) -> Money:
        """What the gateway owes the bank account for the day."""
        return Money(self.paid_fen - self.refunded_fen - self.fee_fen, self.currency)


class BillRow(models.Model):
    """One line of a statement. `amount_fen` is positive; `fee_fen` negative where it came back."""

    bill = models.ForeignKey(DailyBill, models.CASCADE, related_name="rows", verbose_name="账单")
    kind = models.CharField("类别", max_length=8)
    number = models.CharField("支付单号", max_length=64)
    refund_number = models.CharField("退款单号", max_length=64, default="", blank=True)
    provider_id = models.CharField("渠道流水号", max_length=128)
    amount_fen = models.BigIntegerField("金额（分）")
    fee_fen = models.BigIntegerField("手续费（分）")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "账单明细"
        indexes = [models.Index(fields=["number"], name="bill_row_number")]

    def __str__(self) -> str:
        return self.refund_number or self.number


class Difference(Stateful):
    """Where two of the three books disagree. `ours_fen` or `theirs_fen` is empty where one side
    has nothing. `case_no` is the purchase's, or the difference's own number where none is known."""

    number = models.CharField("差异号", max_length=40, unique=True)
    bill = models.ForeignKey(
        DailyBill, models.PROTECT, related_name="differences", verbose_name="账单"
    )
    kind = models.CharField("类别", max_length=20)
    payment_number = models.CharField("支付单号", max_length=64)
    refund_number = models.CharField("退款单号", max_length=64, default="", blank=True)
    ours_fen = models.BigIntegerField("本店（分）", null=True)
    theirs_fen = models.BigIntegerField("对方（分）", null=True)
    found_at = models.DateTimeField("发现时间")
    note = models.CharField("处理说明", max_length=200, default="", blank=True)

    class Meta:
        verbose_name = "对账差异"
        indexes = [
            waiting_index("difference_waiting", (DifferenceState.SETTLED, DifferenceState.CLEARED)),
            due_index("difference_due"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["bill", "kind", "payment_number", "refund_number"], name="difference_once"
            )
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def missing_fen(self) -> int:
        """What their side has more than ours."""
        return (self.theirs_fen or 0) - (self.ours_fen or 0)
