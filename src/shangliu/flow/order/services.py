"""Giving up an order that is not paid: the gateway is asked first."""

from __future__ import annotations

from django.db import transaction

from shangliu.domain.orders.models import Order
from shangliu.domain.payments.models import Payment
from shangliu.flow.order.definition import ORDER
from shangliu.flow.order.effects import Reason
from shangliu.flow.payment import services as payments
from shangliu.platform.errors import Refused
from shangliu.platform.text import Text
from shangliu.process import engine
from shangliu.process.definition import Context
from shangliu.process.roles import Role


def cancel(*, order: Order, actor: str, role: Role, reason: str) -> None:
    """Cancel an unpaid order for its buyer or for customer service; `Refused` if it got paid."""
    if not payments.close_open(order.case_no, actor=actor):
        raise Refused(
            Text(
                "支付网关暂时没有回应，订单保持不变，请稍后再试",
                "The gateway does not answer; the order stays as it is, try again shortly",
            )
        )
    data = Reason(reason=reason.strip()[:120] or "买家取消")
    ctx = Context(actor=actor, role=role, data=data, cause=_cause(order))
    engine.fire(ORDER, ORDER["cancel"], order, ctx)


def time_out(order: Order) -> None:
    """The time to pay is over. Raises `Refused` while the gateway cannot be asked."""
    payments.close_open(order.case_no, actor="timer")
    with transaction.atomic():
        ctx = Context(actor="timer", role=Role.SYSTEM, cause=_cause(order))
        engine.lock_case(order.case_no, ctx)
        order.refresh_from_db()
        if order.state in ORDER["time_out"].source:
            engine.fire(ORDER, ORDER["time_out"], order, ctx)


def _cause(order: Order) -> str:
    """The step behind which the map shows the end of an order whose payment was closed first."""
    closed = Payment.objects.filter(case_no=order.case_no, last_step__in=("close", "look_back"))
    return "payment.close" if closed.exists() else ""
