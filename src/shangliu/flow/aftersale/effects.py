"""What an after-sale case's steps do, and the objects that they set off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import F

from shangliu.domain.aftersales.models import (
    TAKES_PIECES,
    AfterSale,
    AfterSaleKind,
    AfterSaleLine,
)
from shangliu.domain.fulfilment.models import FulfilmentTask, TaskLine
from shangliu.domain.fulfilment.states import TaskState
from shangliu.domain.inventory.models import Reservation, Stock
from shangliu.domain.inventory.services import Move, Units, move
from shangliu.domain.inventory.states import ReservationState
from shangliu.domain.ledger.services import Purse
from shangliu.domain.orders.models import Order, OrderLine
from shangliu.domain.orders.states import OrderState
from shangliu.domain.payments.models import Payment, Refund
from shangliu.domain.payments.provider import Nature, provider
from shangliu.domain.payments.states import RefundState
from shangliu.flow.aftersale.sums import money_here, not_collected, pieces_here, spread
from shangliu.flow.fulfilment import effects as fulfilment
from shangliu.platform import clock, numbers
from shangliu.platform.errors import Refused
from shangliu.platform.text import Text
from shangliu.process.definition import Context


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """`note`: what the other side is told."""

    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """Less than was asked for. `note`: why, for the buyer."""

    amount_fen: int
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


def agree_on_less(case: AfterSale, ctx: Context) -> None:
    said = ctx.data
    assert isinstance(said, Agreement)  # noqa: S101 - the step asks for it
    ctx.note(asked_fen=case.amount_fen, agreed_fen=said.amount_fen, note=said.note)
    lines = list(case.lines.order_by("id"))
    freight = spread(said.amount_fen, lines, case.freight_fen)
    AfterSaleLine.objects.bulk_update(lines, ["amount_fen"])
    ctx.write(
        case,
        amount_fen=said.amount_fen,
        freight_fen=freight,
        decision_note=said.note.strip()[:300],
    )


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


def take_pieces_out(case: AfterSale, ctx: Context) -> None:
    """Decide which claims on stock end with the case, and how much of it was never collected."""
    waived = min(case.amount_fen, not_collected(case.order))
    case.ended, case.lessened = _divided(case)  # type: ignore[attr-defined]
    ctx.note(waived_fen=waived)
    ctx.write(case, waived_fen=waived)


def _divided(case: AfterSale) -> tuple[list[Reservation], list[Reservation]]:
    """Claims that end, and claims of which `part` pieces are given back: the fewest cuts."""
    ended: list[Reservation] = []
    lessened: list[Reservation] = []
    for line in case.lines.order_by("id"):
        wanted = line.quantity
        claims = Reservation.objects.filter(
            order_line_id=line.order_line_id, state=ReservationState.COMMITTED
        ).order_by("-quantity", "id")
        for claim in claims:
            if 0 < claim.quantity <= wanted:
                ended.append(claim)
                wanted -= claim.quantity
            elif wanted:
                claim.part = wanted  # type: ignore[attr-defined]
                lessened.append(claim)
                wanted = 0
    return (
        sorted(ended, key=lambda one: (one.stock_id, one.pk)),
        sorted(lessened, key=lambda one: (one.stock_id, one.pk)),
    )


def claims_that_end(case: AfterSale, ctx: Context) -> list[Reservation]:
    found: list[Reservation] = case.ended  # type: ignore[attr-defined]
    return found


def claims_that_lessen(case: AfterSale, ctx: Context) -> list[Reservation]:
    found: list[Reservation] = case.lessened  # type: ignore[attr-defined]
    return found


def settle_lines(case: AfterSale, ctx: Context) -> None:
    """The order's lines know what came back and what was paid back or waived for them."""
    for line in case.lines.all():
        pieces = line.quantity if case.kind in TAKES_PIECES else 0
        OrderLine.objects.filter(pk=line.order_line_id).update(
            returned=F("returned") + pieces, refunded_fen=F("refunded_fen") + line.amount_fen
        )
    if case.waived_fen:
        Order.objects.filter(pk=case.order_id).update(
            refunded_fen=F("refunded_fen") + case.waived_fen
        )


def restock(case: AfterSale, ctx: Context) -> None:
    """Only what was received, and as good only what was inspected as good."""
    if case.kind != AfterSaleKind.RETURN:
        return
    for kind, column in ((Move.RESTOCK, "good"), (Move.SCRAP, "damaged")):
        units = [
            Units(_home_of(case, line), getattr(line, column))
            for line in case.lines.all()
            if getattr(line, column)
        ]
        move(kind, units, document=case.number, actor=ctx.actor, why="inspected")


def _home_of(case: AfterSale, line: AfterSaleLine) -> int:
    """The stock row that the line was shipped from."""
    shipped = TaskLine.objects.filter(
        order_line_id=line.order_line_id, task__state=TaskState.HANDED_OVER
    )
    if case.parcel_id is not None:
        shipped = shipped.filter(task__parcel_id=case.parcel_id)
    first = shipped.select_related("reservation").order_by("id").first()
    if first is not None:
        return first.reservation.stock_id
    variant = OrderLine.objects.values_list("variant_id", flat=True).get(pk=line.order_line_id)
    return Stock.objects.filter(variant_id=variant).order_by("id")[0].pk


def itself(case: AfterSale, ctx: Context) -> list[AfterSale]:
    return [case]


def tasks_to_stop(case: AfterSale, ctx: Context) -> list[FulfilmentTask]:
    """All that the warehouse does for the order; what is left of it gets new tasks."""
    return list(
        case.order.tasks.exclude(state__in=(TaskState.HANDED_OVER, TaskState.CANCELLED)).order_by(
            "id"
        )
    )


def tasks_anew(case: AfterSale, ctx: Context) -> Iterator[FulfilmentTask]:
    """Unsaved tasks for what is left to ship of an order that was cleared for shipping."""
    order = Order.objects.select_related("trade").get(pk=case.order_id)
    if order.state not in (OrderState.AWAITING_FULFILMENT, OrderState.PARTLY_SHIPPED):
        return
    if pieces_here(order):
        yield from fulfilment.new_tasks(order, ctx)


def order_that_is_out(case: AfterSale, ctx: Context) -> list[Order]:
    """The order, if the pieces that were taken out were the last ones still to be shipped."""
    order = Order.objects.get(pk=case.order_id)
    if order.state != OrderState.PARTLY_SHIPPED or pieces_here(order):
        return []
    return [order]


_BACK_FIRST = (Nature.GATEWAY, Nature.TRANSFER, Nature.ON_DELIVERY, Nature.WALLET)


def _turn(payment: Payment) -> tuple[int, bool, int]:
    nature = provider(payment.provider).nature
    return _BACK_FIRST.index(nature), payment.provider == Purse.POINTS, payment.pk


def new_refunds(case: AfterSale, ctx: Context) -> list[Refund]:
    """Unsaved refunds, one for each payment that a share of the amount goes back to.

    Money goes back before what stands for money: first through gateways, then what came by bank
    transfer or through a carrier, then store credit, points last; in each the older payment first.
    So a part refund leaves the buyer as little as possible tied up with us.
    """
    wanted = case.amount_fen - case.waived_fen
    found: list[Refund] = []
    for payment in sorted(money_here(case.case_no), key=_turn):
        share = min(payment.kept_fen, wanted)
        if share:
            found.append(_refund(case, payment, share))
            wanted -= share
    if wanted:
        raise Refused(
            Text(
                "这笔订单已收的钱不够退款金额，请核对付款记录",
                "Less was collected than is to go back; check the payments",
            )
        )
    return found


def _refund(case: AfterSale, payment: Payment, fen: int) -> Refund:
    return Refund(
        number=numbers.new("R"),
        payment=payment,
        amount_fen=fen,
        reason=case.reason[:120],
        after_sale_id=case.pk,
        case_no=case.case_no,
    )


def nothing_to_refund(case: AfterSale, ctx: Context) -> list[AfterSale]:
    """The case, if nothing that it is about was ever collected."""
    return [] if case.to_pay_back else [case]


def case_of(refund: Refund, ctx: Context) -> list[AfterSale]:
    """The case that a refund was the last of; none for money that came too late."""
    if refund.after_sale_id is None:
        return []
    others = Refund.objects.filter(after_sale_id=refund.after_sale_id)
    if others.exclude(state=RefundState.SUCCEEDED).exists():
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
