"""Money that is asked for, arrives and goes back."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from shangliu.domain.payments.states import PaymentState, RefundState
from shangliu.platform.money import Money
from shangliu.process.models import Stateful, due_index, waiting_index


class Payment(Stateful):
    """One attempt to collect what `case_no` (the trade) owes, or a part of it. `number` is the
    gateway's `out_trade_no`: one number, one amount, for ever; only what a carrier has still to
    collect may be lowered. `account` is where the ledger keeps the money while it is not in the
    bank."""

    number = models.CharField("支付单号", max_length=40, unique=True)
    provider = models.CharField("渠道", max_length=20)
    method = models.CharField("方式", max_length=20, default="", blank=True)
    account = models.CharField("资金账户", max_length=40, default="", blank=True)
    amount_fen = models.BigIntegerField("金额（分）")
    currency = models.CharField("币种", max_length=3, default="CNY")
    subject = models.CharField("标题", max_length=120)
    expires_at = models.DateTimeField("付款截止")
    provider_id = models.CharField("渠道交易号", max_length=128, default="", blank=True)
    buyer = models.CharField("付款账号", max_length=60, default="", blank=True)
    queries = models.PositiveSmallIntegerField("已查询次数", default=0)
    paid_at = models.DateTimeField("到账时间", null=True)
    refunded_fen = models.BigIntegerField("已退（分）", default=0)
    refunding_fen = models.BigIntegerField("退款中（分）", default=0)

    class Meta:
        verbose_name = "支付单"
        indexes = [
            waiting_index(
                "payment_waiting",
                (
                    PaymentState.SUCCEEDED,
                    PaymentState.FAILED,
                    PaymentState.CLOSED,
                    PaymentState.PARTLY_REFUNDED,
                    PaymentState.REFUNDED,
                ),
            ),
            due_index("payment_due"),
        ]
        constraints = [
            models.CheckConstraint(
                name="payment_refunds_covered",
                condition=Q(refunded_fen__gte=0, refunding_fen__gte=0)
                & Q(amount_fen__gte=F("refunded_fen") + F("refunding_fen")),
            ),
            models.CheckConstraint(name="payment_positive", condition=Q(amount_fen__gt=0)),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def amount(self) -> Money:
        return Money(self.amount_fen, self.currency)

    @property
    def kept_fen(self) -> int:
        """What is here and not on its way back."""
        return self.amount_fen - self.refunded_fen - self.refunding_fen


class Refund(Stateful):
    """Money on its way back. `number` is the gateway's idempotency key: a retry uses the same."""

    number = models.CharField("退款单号", max_length=40, unique=True)
    payment = models.ForeignKey(
        Payment, models.PROTECT, related_name="refunds", verbose_name="支付单"
    )
    amount_fen = models.BigIntegerField("金额（分）")
    reason = models.CharField("原因", max_length=120)
    after_sale_id = models.BigIntegerField("售后单", null=True)
    attempts = models.PositiveSmallIntegerField("已尝试", default=0)
    error = models.CharField("失败原因", max_length=200, default="", blank=True)
    done_at = models.DateTimeField("到账时间", null=True)

    class Meta:
        verbose_name = "退款单"
        indexes = [
            waiting_index("refund_waiting", (RefundState.SUCCEEDED,)),
            due_index("refund_due"),
            models.Index(fields=["after_sale_id"], name="refund_after_sale"),
        ]
        constraints = [
            models.CheckConstraint(name="refund_positive", condition=Q(amount_fen__gt=0))
        ]

    def __str__(self) -> str:
        return self.number


class GatewayNotification(models.Model):
    """What a gateway sent us, byte for byte, and what we made of it."""

    provider = models.CharField("渠道", max_length=20)
    received_at = models.DateTimeField("收到时间")
    headers = models.JSONField("请求头")
    body = models.TextField("原文")
    number = models.CharField("单号", max_length=64, default="", blank=True)
    notification_id = models.CharField("通知号", max_length=64, default="", blank=True)
    case_no = models.CharField("案例", max_length=40, default="", blank=True)
    verdict = models.CharField("处理结果", max_length=40)

    class Meta:
        verbose_name = "支付通知"
        indexes = [
            models.Index(fields=["number", "id"], name="notification_number"),
            models.Index(fields=["case_no"], name="notification_case"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.notification_id}"
