"""Money of a purchase as its buyer reads it: what was paid how, and where it went back."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from shangliu.domain.orders.mine import OrderState, Trade
from shangliu.domain.payments.provider import Nature
from shangliu.domain.payments.queries import Payment, payments_of_case, refunds_of_case
from shangliu.domain.payments.states import HAS_MONEY, OPEN_PAYMENTS, PaymentState, RefundState
from shangliu.insight.trace import events_of
from shangliu.platform.money import Money
from shangliu.web.paynames import name_of, nature_of
from shangliu.web.storefront.ways import icon_of

_PREPARING = frozenset(
    {OrderState.AWAITING_REVIEW, OrderState.ON_HOLD, OrderState.AWAITING_FULFILMENT}
)
_ARRIVED = (*HAS_MONEY, PaymentState.REFUNDED)


def parts(payments: list[Payment]) -> list[dict[str, Any]]:
    """Each payment whose money came or will come at the door."""
    return [
        {
            "payment": one,
            "label": name_of(one.provider, one.method),
            "icon": icon_of(one.provider),
            "amount": one.amount,
            "at": one.paid_at,
            "note": _note(one),
        }
        for one in payments
        if one.state in (*_ARRIVED, PaymentState.TO_COLLECT)
    ]


def refunds(case_no: str) -> list[dict[str, Any]]:
    """What went back or is on its way, and where to."""
    return [
        {
            "refund": one,
            "amount": Money(one.amount_fen, one.payment.currency),
            "where": _where(one.payment),
            "reason": one.reason,
            "at": one.done_at,
            "done": one.state == RefundState.SUCCEEDED,
            "label": _("已退回") if one.state == RefundState.SUCCEEDED else _("退款处理中"),
        }
        for one in refunds_of_case(case_no)
    ]


def open_transfer(payments: list[Payment]) -> Payment | None:
    """The transfer that is waited for."""
    waiting = (one for one in payments if one.state in OPEN_PAYMENTS)
    return next((one for one in waiting if nature_of(one) is Nature.TRANSFER), None)


def to_collect(payments: list[Payment]) -> Payment | None:
    """What is to be paid at the door."""
    return next((one for one in payments if one.state == PaymentState.TO_COLLECT), None)


def standing(trade: Trade, first: Any) -> dict[str, Any]:
    """How a purchase stands with its money: one `kind`, and everything that belongs to it."""
    payments = payments_of_case(trade.number)
    door, transfer = to_collect(payments), open_transfer(payments)
    return {
        "kind": _kind(first, payments, door, transfer),
        "parts": parts(payments),
        "refunds": refunds(trade.number),
        "door": door,
        "transfer": transfer,
        "late": [one for one in payments if one.state in _ARRIVED and _came_late(first, one)],
        "preparing": first.state in _PREPARING,
    }


def _kind(
    order: Any, payments: list[Payment], door: Payment | None, transfer: Payment | None
) -> str:
    if order.state == OrderState.AWAITING_PAYMENT:
        return "transfer" if transfer is not None else "waiting"
    if order.state == OrderState.CANCELLED:
        return "closed"
    if door is not None:
        return "accepted"
    if order.state == OrderState.CLOSED or not any(one.state in _ARRIVED for one in payments):
        return "ended"
    late = any(one.state == PaymentState.SUCCEEDED_LATE for one in payments)
    return "reopened" if late and _was_reopened(order) else "paid"


def _was_reopened(order: Any) -> bool:
    return any(one.step == "reopen" for one in events_of("order", order))


def _came_late(order: Any, payment: Payment) -> bool:
    """Money through a gateway or a bank for an order that had been given up."""
    return order.paid_at is None and nature_of(payment) is not Nature.WALLET


def _note(payment: Payment) -> str:
    if payment.state == PaymentState.TO_COLLECT:
        return _("签收时付款")
    if payment.state == PaymentState.REFUNDED:
        return _("已全部退回")
    if payment.refunded_fen:
        return _("已退 {amount}").format(amount=Money(payment.refunded_fen, payment.currency))
    return ""


def _where(payment: Payment) -> str:
    match nature_of(payment):
        case Nature.WALLET:
            return _("退回{name}").format(name=name_of(payment.provider))
        case Nature.TRANSFER:
            return _("退回付款的银行账户")
        case Nature.ON_DELIVERY:
            return _("由客服联系转账退回")
        case _:
            return _("原路退回{name}").format(name=name_of(payment.provider))
