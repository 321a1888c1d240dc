"""What must be true for a refund's steps."""

from __future__ import annotations

from shangliu.domain.payments.models import Refund
from shangliu.domain.payments.provider import Nature, provider
from shangliu.flow.refund.effects import ByHand
from shangliu.platform.text import Text
from shangliu.process.definition import Context


def has_a_way_back(refund: Refund, ctx: Context) -> Text | None:
    """Only a gateway can be asked, or asked again."""
    if provider(refund.payment.provider).nature is Nature.GATEWAY:
        return None
    return Text(
        "这种付款方式没有网关，请线下退款后登记凭证",
        "There is no gateway; pay the buyer back and enter the voucher",
    )


def has_proof(refund: Refund, ctx: Context) -> Text | None:
    if ctx.data is None or (isinstance(ctx.data, ByHand) and ctx.data.voucher.strip()):
        return None
    return Text("请填写线下退款的凭证号", "Enter the voucher number of the refund")
