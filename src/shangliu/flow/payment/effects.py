"""What a payment's steps do, and the objects that they set off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shangliu.domain.orders.models import Order
from shangliu.domain.orders.states import OrderState
from shangliu.domain.payments.models import Payment, Refund
from shangliu.platform import clock, numbers
from shangliu.platform.money import Money
from shangliu.process.definition import Context


@dataclass(frozen=True, kw_only=True, slots=True)
class Collected:
    """What the gateway says that it collected."""

    provider_id: str
    amount: Money
    paid_at: datetime | None = None
    buyer: str = ""


def note_money(payment: Payment, ctx: Context) -> None:
    collected = ctx.data
    assert isinstance(collected, Collected)  # noqa: S101 - the step asks for it
    ctx.note(provider_id=collected.provider_id, amount_fen=collected.amount.fen)
    ctx.write(
        payment,
        provider_id=collected.provider_id,
        paid_at=collected.paid_at or clock.now(),
        buyer=collected.buyer[:60],
    )


def count_query(payment: Payment, ctx: Context) -> None:
    ctx.write(payment, queries=payment.queries + 1)


def orders_to_pay(payment: Payment, ctx: Context) -> list[Order]:
    """The orders of the trade that wait for this money; none when it comes too late or twice."""
    orders = list(Order.objects.filter(case_no=payment.case_no).select_related("trade"))
    ctx.data = payment
    return [order for order in orders if order.state == OrderState.AWAITING_PAYMENT]


def surplus(payment: Payment, ctx: Context) -> list[Refund]:
    """Money that no order took goes back by itself: an unsaved refund, or none."""
    if Order.objects.filter(case_no=payment.case_no, payment_number=payment.number).exists():
        return []
    return [
        Refund(
            number=numbers.new("R"),
            payment=payment,
            amount_fen=payment.amount_fen,
            reason="订单已关闭或已付款，自动退回",
            case_no=payment.case_no,
        )
    ]
