"""What a parcel's steps do, and the objects that they set off."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from shangliu.domain.aftersales.models import AfterSale
from shangliu.domain.fulfilment.models import FulfilmentTask
from shangliu.domain.logistics.models import Parcel
from shangliu.domain.logistics.states import ParcelState
from shangliu.domain.orders.models import Order
from shangliu.domain.orders.states import OrderState
from shangliu.platform import clock
from shangliu.process.definition import Context


@dataclass(frozen=True, kw_only=True, slots=True)
class Waybill:
    waybill_no: str
    sort_code: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelFailure:
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """`reason`: what the carrier said about it."""

    reason: str


def note_loss(parcel: Parcel, ctx: Context) -> None:
    reason = ctx.data.reason.strip() if isinstance(ctx.data, Loss) else ""
    ctx.note(reason=reason)
    ctx.write(parcel, error=reason[:200])


def join_task(parcel: Parcel, ctx: Context) -> None:
    task: FulfilmentTask = parcel.of_task  # type: ignore[attr-defined]
    task.parcel = parcel
    task.save(update_fields=["parcel"])


def note_waybill(parcel: Parcel, ctx: Context) -> None:
    got = ctx.data
    assert isinstance(got, Waybill)  # noqa: S101 - the step asks for it
    ctx.note(waybill=got.waybill_no)
    ctx.write(parcel, waybill_no=got.waybill_no, sort_code=got.sort_code, error="")


def note_failure(parcel: Parcel, ctx: Context) -> None:
    reason = ctx.data.reason if isinstance(ctx.data, LabelFailure) else ""
    ctx.note(reason=reason)
    ctx.write(parcel, error=reason[:200], attempts=parcel.attempts + 1)


_ARRIVED_OR_NEVER = {
    ParcelState.DELIVERED,
    ParcelState.VOIDED,
    ParcelState.REJECTED,
    ParcelState.RETURNED,
    ParcelState.LOST,
}


def note_delivery(parcel: Parcel, ctx: Context) -> None:
    ctx.write(parcel, delivered_at=clock.now())


def delivered_order(parcel: Parcel, ctx: Context) -> list[Order]:
    """The order, once all of it was shipped and what arrives of it is at the door."""
    return _arrived(Order.objects.filter(number=parcel.order_number))


def rest_that_arrived(case: AfterSale, ctx: Context) -> list[Order]:
    """The order of a parcel that never arrives, if all the others did."""
    return _arrived(Order.objects.filter(pk=case.order_id))


def _arrived(orders: QuerySet[Order]) -> list[Order]:
    found = []
    for order in orders.filter(state=OrderState.SHIPPED, delivered_at=None):
        parcels = Parcel.objects.filter(order_number=order.number)
        states = set(parcels.values_list("state", flat=True))
        if ParcelState.DELIVERED in states and not states - _ARRIVED_OR_NEVER:
            found.append(order)
    return found


def parcel_of(task: FulfilmentTask, ctx: Context) -> list[Parcel]:
    return [task.parcel] if task.parcel is not None else []
