"""What a fulfilment task's steps do, and the objects that they set off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shangliu.domain.fulfilment.models import FulfilmentTask, TaskLine
from shangliu.domain.inventory.models import Reservation
from shangliu.domain.inventory.states import ReservationState
from shangliu.domain.logistics.models import Parcel
from shangliu.domain.orders.models import Order, OrderLine
from shangliu.flow.fulfilment import allocation
from shangliu.platform import numbers
from shangliu.process.definition import Context

BOX_G = 120  # what an empty box with padding weighs
DEFAULT_GATEWAY = "kuaidi100"
CARRIERS = {"standard": "yuantong", "express": "shunfeng"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wave:
    """`wave`: the name of the wave, e.g. `W1123-1`."""

    wave: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Scans:
    """Pieces scanned, by SKU."""

    counts: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shortage:
    """`reason`: what is missing, in the picker's words."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Weight:
    grams: int


def new_tasks(order: Order, ctx: Context) -> Iterator[FulfilmentTask]:
    """Allocates the order; one unsaved task for every warehouse that ships a share of it."""
    shares, facts = allocation.allocate(order, ctx.actor)
    ctx.note(**facts)
    lines = {line.pk: line for line in order.lines.all()}
    for share in shares:
        weight = sum(
            lines[claim.order_line_id].weight_g * claim.quantity
            for claim in share.reservations
            if claim.order_line_id is not None
        )
        task = FulfilmentTask(
            number=numbers.new("F"),
            order=order,
            warehouse=share.warehouse,
            expected_g=weight + BOX_G,
            case_no=order.case_no,
        )
        task.claims = share.reservations  # type: ignore[attr-defined]
        yield task


def write_lines(task: FulfilmentTask, ctx: Context) -> None:
    claims: tuple[Reservation, ...] = task.claims  # type: ignore[attr-defined]
    TaskLine.objects.bulk_create(
        TaskLine(
            task=task,
            order_line_id=claim.order_line_id or 0,
            reservation=claim,
            quantity=claim.quantity,
        )
        for claim in claims
    )


def note_wave(task: FulfilmentTask, ctx: Context) -> None:
    if isinstance(ctx.data, Wave):
        ctx.write(task, wave=ctx.data.wave[:40])


def claim(task: FulfilmentTask, ctx: Context) -> None:
    ctx.write(task, claimed_by=ctx.actor)


def note_picked(task: FulfilmentTask, ctx: Context) -> None:
    if isinstance(ctx.data, Scans):
        ctx.note(scans=dict(ctx.data.counts))
    for line in task.lines.all():
        line.picked = line.quantity
        line.save(update_fields=["picked"])


def note_shortage(task: FulfilmentTask, ctx: Context) -> None:
    if isinstance(ctx.data, Shortage):
        ctx.note(reason=ctx.data.reason)
        ctx.write(task, note=ctx.data.reason[:200])


def move_elsewhere(task: FulfilmentTask, ctx: Context) -> None:
    house = allocation.elsewhere(task)[0]
    claims = [line.reservation for line in task.lines.select_related("reservation__stock")]
    allocation.move_claims(claims, house, ctx.actor)
    ctx.note(warehouse=house.code)
    ctx.write(task, warehouse_id=house.pk, claimed_by="", wave="", note="")


def note_weight(task: FulfilmentTask, ctx: Context) -> None:
    if isinstance(ctx.data, Weight):
        ctx.write(task, weight_g=ctx.data.grams)


def new_parcel(task: FulfilmentTask, ctx: Context) -> list[Parcel]:
    """The unsaved parcel of a packed task; none when it was packed before."""
    if task.parcel_id is not None:
        return []
    order, house = task.order, task.warehouse
    first = OrderLine.objects.filter(order=order).order_by("id").first()
    parcel = Parcel(
        reference=numbers.new("P"),
        order_number=order.number,
        gateway=DEFAULT_GATEWAY,
        carrier=CARRIERS.get(order.delivery, CARRIERS["standard"]),
        sender=_person(
            house.contact, house.phone, house.province, house.city, house.district, house.street
        ),
        receiver=_person(
            order.receiver_name,
            order.receiver_phone,
            order.province,
            order.city,
            order.district,
            order.street,
        ),
        goods=(first.name if first else "")[:120],
        pieces=1,
        weight_g=task.expected_g,
        case_no=task.case_no,
    )
    parcel.of_task = task  # type: ignore[attr-defined]
    return [parcel]


def _person(*parts: str) -> dict[str, str]:
    return dict(
        zip(("name", "phone", "province", "city", "district", "street"), parts, strict=True)
    )


def claims_of(task: FulfilmentTask, ctx: Context) -> list[Reservation]:
    return list(
        Reservation.objects.filter(
            pk__in=task.lines.values("reservation_id"), state=ReservationState.COMMITTED
        ).order_by("stock_id", "id")
    )


def order_of(task: FulfilmentTask, ctx: Context) -> list[Order]:
    return [task.order]
