"""What a parcel's steps do, and the objects that they set off."""

from __future__ import annotations

from dataclasses import dataclass

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


def note_delivery(parcel: Parcel, ctx: Context) -> None:
    ctx.write(parcel, delivered_at=clock.now())


def delivered_order(parcel: Parcel, ctx: Context) -> list[Order]:
    """The order, once all of it was shipped and its last parcel is at the door."""
    others = Parcel.objects.filter(order_number=parcel.order_number).exclude(pk=parcel.pk)
    if others.exclude(state__in=(ParcelState.DELIVERED, ParcelState.VOIDED)).exists():
        return []
    orders = Order.objects.filter(number=parcel.order_number)
    return [order for order in orders if order.state == OrderState.SHIPPED]


def parcel_of(task: FulfilmentTask, ctx: Context) -> list[Parcel]:
    return [task.parcel] if task.parcel is not None else []
