"""Cases that nobody applies for: parcels that come back without having arrived, or get lost."""

from __future__ import annotations

from shangliu.domain.aftersales.models import AfterSale, AfterSaleKind
from shangliu.domain.aftersales.states import AfterSaleState
from shangliu.domain.fulfilment.models import TaskLine
from shangliu.domain.logistics.models import Parcel
from shangliu.domain.logistics.states import ParcelState
from shangliu.domain.orders.models import Order
from shangliu.domain.orders.states import OrderState
from shangliu.flow.aftersale.sums import freight_back, leftover, lines_of, not_collected
from shangliu.platform import clock, numbers
from shangliu.process.definition import Context

_OVERTAKEN = (
    AfterSaleState.APPLIED,
    AfterSaleState.REJECTED,
    AfterSaleState.ESCALATED,
    AfterSaleState.AWAITING_RETURN,
)
_WHY = {
    ParcelState.REJECTED: "买家拒收",
    ParcelState.RETURNED: "包裹未送达，已退回",
    ParcelState.LOST: "承运商丢失包裹",
}


def overtaken(parcel: Parcel, ctx: Context) -> list[AfterSale]:
    """What the buyer asked for on goods that, as it turns out, never arrive."""
    if _has_case(parcel):
        return []
    mine = AfterSale.objects.filter(
        order__number=parcel.order_number, parcel_id=None, state__in=_OVERTAKEN
    ).select_related("order")
    return [
        one
        for one in mine
        if one.kind != AfterSaleKind.REFUND_ONLY or one.order.state != OrderState.PARTLY_SHIPPED
    ]


def undelivered(parcel: Parcel, ctx: Context) -> list[AfterSale]:
    """The unsaved case of a parcel on its way back; none when it has one already."""
    return _case_of(parcel, AfterSaleKind.RETURN)


def lost(parcel: Parcel, ctx: Context) -> list[AfterSale]:
    return _case_of(parcel, AfterSaleKind.LOST)


def _has_case(parcel: Parcel) -> bool:
    return AfterSale.objects.filter(parcel_id=parcel.pk).exists()


def _case_of(parcel: Parcel, kind: AfterSaleKind) -> list[AfterSale]:
    order = Order.objects.filter(number=parcel.order_number).first()
    if order is None or _has_case(parcel):
        return []
    left = leftover(order)
    room = {one.line.pk: one.gone for one in left.lines}
    quantities: dict[int, int] = {}
    for line in TaskLine.objects.filter(task__parcel=parcel).order_by("id"):
        taken = min(line.quantity, room.get(line.order_line_id, 0))
        room[line.order_line_id] = room.get(line.order_line_id, 0) - taken
        quantities[line.order_line_id] = quantities.get(line.order_line_id, 0) + taken
    lines = lines_of(left, quantities)
    if not lines:
        return []
    freight = freight_back(order, left, quantities)
    amount = sum(line.amount_fen for line in lines) + freight
    case = AfterSale(
        number=numbers.new("H"),
        order=order,
        kind=kind,
        reason=_WHY.get(ParcelState(parcel.state), "包裹未送达"),
        note=f"运单 {parcel.waybill_no}" if parcel.waybill_no else "",
        amount_fen=amount,
        freight_fen=freight,
        waived_fen=min(amount, not_collected(order)),
        parcel_id=parcel.pk,
        applied_at=clock.now(),
        case_no=order.case_no,
    )
    case.asked = lines  # type: ignore[attr-defined]
    return [case]
