"""What must be true for a payment's steps."""

from __future__ import annotations

from shangliu.domain.payments.models import Payment
from shangliu.flow.payment.effects import Collected
from shangliu.platform.text import Text
from shangliu.process.definition import Context


def amount_is_right(payment: Payment, ctx: Context) -> Text | None:
    collected = ctx.data
    if isinstance(collected, Collected) and collected.amount == payment.amount:
        return None
    return Text("到账金额与支付单不一致", "The amount is not the payment's")


def something_stays(payment: Payment, ctx: Context) -> Text | None:
    if payment.refunded_fen < payment.amount_fen:
        return None
    return Text("已全部退回", "All of it went back")


def nothing_stays(payment: Payment, ctx: Context) -> Text | None:
    if payment.refunded_fen == payment.amount_fen:
        return None
    return Text("尚未全部退回", "Some of it stays")
