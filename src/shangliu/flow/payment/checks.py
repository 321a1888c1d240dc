"""What must be true for a payment's steps."""

from __future__ import annotations

from shangliu.domain.payments.models import Payment
from shangliu.domain.payments.provider import Nature, provider
from shangliu.flow.payment.effects import Arrived, Collected, Transferred
from shangliu.platform.text import Text
from shangliu.process.definition import Context


def has_gateway(payment: Payment) -> bool:
    return provider(payment.provider).nature is Nature.GATEWAY


def can_be_asked(payment: Payment, ctx: Context) -> Text | None:
    if has_gateway(payment):
        return None
    return Text("这种支付方式没有网关可查", "There is no gateway to ask")


def is_paid_beforehand(payment: Payment, ctx: Context) -> Text | None:
    if provider(payment.provider).nature is not Nature.ON_DELIVERY:
        return None
    return Text("货到付款", "Paid on delivery")


def is_transfer(payment: Payment, ctx: Context) -> Text | None:
    if provider(payment.provider).nature is Nature.TRANSFER:
        return None
    return Text("只有银行转账需要人工确认", "Only bank transfers are confirmed by hand")


def names_the_transfer(payment: Payment, ctx: Context) -> Text | None:
    if ctx.data is None or (isinstance(ctx.data, Transferred) and ctx.data.payer.strip()):
        return None
    return Text("请填写转账的户名", "Enter the name on the account that paid")


def transfer_is_whole(payment: Payment, ctx: Context) -> Text | None:
    """The bank statement shows exactly the amount, under a number that can be looked up."""
    said = ctx.data
    if said is None:
        return None
    if not isinstance(said, Arrived) or not said.voucher.strip():
        return Text("请填写银行流水号", "Enter the number on the bank statement")
    if said.amount_fen != payment.amount_fen:
        return Text(
            f"到账金额必须等于应付的 {payment.amount}", f"The amount must be {payment.amount}"
        )
    return None


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
