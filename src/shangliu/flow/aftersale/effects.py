"""What an after-sale case's steps do, and the objects that they set off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import F

from shangliu.domain.aftersales.models import AfterSale, AfterSaleKind, AfterSaleLine
from shangliu.domain.fulfilment.models import FulfilmentTask, TaskLine
from shangliu.domain.fulfilment.states import TaskState
from shangliu.domain.inventory.models import Reservation, Stock
from shangliu.domain.inventory.services import Move, Units, move
from shangliu.domain.inventory.states import ReservationState
from shangliu.domain.orders.models import Order, OrderLine
from shangliu.domain.payments.models import Payment, Refund
from shangliu.domain.payments.states import HAS_MONEY
from shangliu.platform import clock, numbers
from shangliu.platform.errors import Refused
from shangliu.platform.text import Text
from shangliu.process.definition import Context


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """`note`: what the other side is told."""

    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReturnWaybill:
    carrier: str
    waybill_no: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """`found`: after-sale line id -> (good, damaged) pieces. `accepted` decides the refund."""

    accepted: bool
    found: Mapping[int, tuple[int, int]]
    note: str = ""


def write_lines(case: AfterSale, ctx: Context) -> None:
    lines: list[AfterSaleLine] = case.asked  # type: ignore[attr-defined]
    for line in lines:
        line.after_sale = case
    AfterSaleLine.objects.bulk_create(lines)


def note_answer(case: AfterSale, ctx: Context) -> None:
    note = ctx.data.note if isinstance(ctx.data, Answer) else ""
    ctx.note(note=note)
    ctx.write(case, decision_note=note[:300])


def note_waybill(case: AfterSale, ctx: Context) -> None:
    if isinstance(ctx.data, ReturnWaybill):
        ctx.note(waybill=ctx.data.waybill_no)
        ctx.write(
            case,
            return_carrier=ctx.data.carrier[:20],
            return_waybill=ctx.data.waybill_no[:40],
        )


def note_arrival(case: AfterSale, ctx: Context) -> None:
    ctx.write(case, received_at=clock.now())


def note_inspection(case: AfterSale, ctx: Context) -> None:
    seen = ctx.data
    assert isinstance(seen, Inspection)  # noqa: S101 - the step asks for it
    ctx.note(accepted=seen.accepted, found={str(k): list(v) for k, v in seen.found.items()})
    for line in case.lines.all():
        line.good, line.damaged = seen.found.get(line.pk, (0, 0))
        line.save(update_fields=["good", "damaged"])
    ctx.write(case, decision_note=seen.note[:300])


def settle_lines(case: AfterSale, ctx: Context) -> None:
    """The order's lines know what came back and what was paid back for them."""
    for line in case.lines.all():
        OrderLine.objects.filter(pk=line.order_line_id).update(
            returned=F("returned") + line.quantity, refunded_fen=F("refunded_fen") + line.amount_fen
        )


def restock(case: AfterSale, ctx: Context) -> None:
    """Only what was received, and as good only what was inspected as good."""
    if case.kind != AfterSaleKind.RETURN:
        return
    for kind, column in ((Move.RESTOCK, "good"), (Move.SCRAP, "damaged")):
        units = [
            Units(_home_of(line), getattr(line, column))
            for line in case.lines.all()
            if getattr(line, column)
        ]
        move(kind, units, document=case.number, actor=ctx.actor, why="inspected")


def _home_of(line: AfterSaleLine) -> int:
    """The stock row that the line was shipped from."""
    shipped = TaskLine.objects.filter(
        order_line_id=line.order_line_id, task__state=TaskState.HANDED_OVER
    ).first()
    if shipped is not None:
        return shipped.reservation.stock_id
    variant = OrderLine.objects.values_list("variant_id", flat=True).get(pk=line.order_line_id)
    return Stock.objects.filter(variant_id=variant).order_by("id")[0].pk


def itself(case: AfterSale, ctx: Context) -> list[AfterSale]:
    return [case]


def tasks_to_stop(case: AfterSale, ctx: Context) -> list[FulfilmentTask]:
    """A refund of goods that are still here stops the warehouse."""
    if case.kind != AfterSaleKind.REFUND_ONLY:
        return []
    return list(
        case.order.tasks.exclude(state__in=(TaskState.HANDED_OVER, TaskState.CANCELLED)).order_by(
            "id"
        )
    )


def new_refund(case: AfterSale, ctx: Context) -> list[Refund]:
    """The unsaved refund, on the payment that the order was paid with."""
    payment = Payment.objects.filter(number=case.order.payment_number, state__in=HAS_MONEY).first()
    if payment is None:
        raise Refused(Text("找不到可退的付款", "There is no payment to refund from"))
    return [
        Refund(
            number=numbers.new("R"),
            payment=payment,
            amount_fen=case.amount_fen,
            reason=case.reason[:120],
            after_sale_id=case.pk,
            case_no=case.case_no,
        )
    ]


def case_of(refund: Refund, ctx: Context) -> list[AfterSale]:
    """The case that a refund was for; none for money that came too late."""
    if refund.after_sale_id is None:
        return []
    return list(AfterSale.objects.filter(pk=refund.after_sale_id).select_related("order"))


def order_of(case: AfterSale, ctx: Context) -> list[Order]:
    return [Order.objects.get(pk=case.order_id)]


def committed_claims(order: Order, ctx: Context) -> list[Reservation]:
    return list(
        Reservation.objects.filter(
            order_line_id__in=order.lines.values("id"), state=ReservationState.COMMITTED
        ).order_by("stock_id", "id")
    )
