"""What an order's steps do, and the objects that they set off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shangliu.domain.fulfilment.models import FulfilmentTask
from shangliu.domain.fulfilment.states import TaskState
from shangliu.domain.inventory.models import Reservation
from shangliu.domain.inventory.states import ReservationState
from shangliu.domain.orders.models import Order
from shangliu.domain.payments.models import Payment
from shangliu.flow.cart.effects import claimed
from shangliu.flow.policies import Policies
from shangliu.platform import clock
from shangliu.platform.text import Text
from shangliu.process.definition import Context


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """`reason`: a sentence that the next reader understands."""

    reason: str


def note_payment(order: Order, ctx: Context) -> None:
    number = ctx.data.number if isinstance(ctx.data, Payment) else ""
    ctx.note(payment=number)
    ctx.write(order, paid_at=clock.now(), payment_number=number)


def wait_longer(order: Order, ctx: Context) -> None:
    ctx.write(order, pay_by=clock.now() + Policies.TRANSFER_WITHIN.span)


def claims_anew(order: Order, ctx: Context) -> Iterator[Reservation]:
    """New holds for an order that lost its own; raises `OutOfStock` where there is too little."""
    for line in order.lines.order_by("variant_id", "id"):
        for one in claimed(
            cart_id=None,
            case_no=order.case_no,
            variant_id=line.variant_id,
            quantity=line.quantity,
            actor=ctx.actor,
        ):
            one.order_line_id = line.pk
            yield one


def note_reason(order: Order, ctx: Context) -> None:
    if isinstance(ctx.data, Reason):
        ctx.note(reason=ctx.data.reason)


def note_why_referred(order: Order, ctx: Context) -> None:
    reasons = ctx.facts.get("order.auto_approve", [])
    said = [one for one in reasons if isinstance(one, Text)] if isinstance(reasons, list) else []
    ctx.write(
        order,
        hold_reason="；".join(one.zh for one in said)[:200],
        hold_reason_en="; ".join(one.en for one in said)[:200],
    )


def note_hold(order: Order, ctx: Context) -> None:
    note_reason(order, ctx)
    reason = ctx.data.reason if isinstance(ctx.data, Reason) else ""
    ctx.write(order, hold_reason=reason[:200], hold_reason_en="")


def clear_hold(order: Order, ctx: Context) -> None:
    note_reason(order, ctx)
    ctx.write(order, hold_reason="", hold_reason_en="")


def note_shipment(order: Order, ctx: Context) -> None:
    ctx.write(order, shipped_at=clock.now())


def note_delivery(order: Order, ctx: Context) -> None:
    ctx.write(order, delivered_at=clock.now())


def extend_receipt(order: Order, ctx: Context) -> None:
    ctx.write(order, receipt_extended=True)


def note_completion(order: Order, ctx: Context) -> None:
    ctx.write(order, completed_at=clock.now())


def reservations(order: Order, state: ReservationState) -> list[Reservation]:
    """The order's claims in `state`, in the order in which stock rows are locked."""
    return list(
        Reservation.objects.filter(
            order_line_id__in=order.lines.values("id"), state=state
        ).order_by("stock_id", "id")
    )


def tasks_to_stop(order: Order, ctx: Context) -> list[FulfilmentTask]:
    """What the warehouse must not go on with; resuming makes a new task."""
    return list(
        order.tasks.exclude(state__in=(TaskState.HANDED_OVER, TaskState.CANCELLED)).order_by("id")
    )
