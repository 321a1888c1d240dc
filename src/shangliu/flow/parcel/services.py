"""Waybills and tracking: what is asked of carriers, and what they report."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from shangliu.domain.logistics.models import Parcel, TrackingEvent
from shangliu.domain.logistics.provider import (
    LabelRequest,
    Person,
    Push,
    TrackState,
    carrier_gateway,
)
from shangliu.domain.logistics.states import ParcelState
from shangliu.domain.payments.provider import ProviderError
from shangliu.flow.parcel.collection import collection
from shangliu.flow.parcel.definition import PARCEL
from shangliu.flow.parcel.effects import LabelFailure, Waybill
from shangliu.platform import http
from shangliu.process import engine
from shangliu.process.definition import Context
from shangliu.process.roles import Role

# The step that a reported state means, and the steps that lead there: a carrier leaves out what it
# takes for granted, the parcel goes the whole way.
_LEADS: Mapping[TrackState, tuple[str, ...]] = {
    TrackState.PICKED_UP: ("collect",),
    TrackState.IN_TRANSIT: ("collect", "travel"),
    TrackState.ARRIVED_CITY: ("collect", "travel"),
    TrackState.CUSTOMS: ("collect", "travel"),
    TrackState.OUT_FOR_DELIVERY: ("collect", "travel", "go_out"),
    TrackState.AT_PICKUP_POINT: ("collect", "travel", "go_out"),
    TrackState.DELIVERED: ("collect", "travel", "go_out", "deliver"),
    TrackState.EXCEPTION: ("collect", "hit_problem"),
    TrackState.REFUSED: ("collect", "travel", "go_out", "reject"),
    TrackState.RETURNING: ("collect", "hit_problem"),
    TrackState.RETURNED: ("collect", "hit_problem", "give_back"),
}
_LAST_LEG = frozenset(
    {ParcelState.REJECTED, ParcelState.RETURNED, ParcelState.DELIVERED, ParcelState.LOST}
)


def order_label(parcel_id: int) -> None:
    """Ask the carrier for a waybill. A refusal becomes a state; a broken line raises."""
    parcel = Parcel.objects.get(pk=parcel_id)
    if parcel.state != ParcelState.REQUESTED:
        return
    request = LabelRequest(
        reference=parcel.reference,
        carrier=parcel.carrier,
        sender=Person(**parcel.sender),
        receiver=Person(**parcel.receiver),
        weight_g=parcel.weight_g,
        goods=parcel.goods,
        count=parcel.pieces,
        collection=collection(parcel),
    )
    ctx = Context(actor=parcel.gateway, role=Role.SYSTEM)
    with http.about(
        case_no=parcel.case_no,
        process="parcel",
        object_id=parcel.pk,
        attempt=parcel.attempts + 1,
    ):
        try:
            label = carrier_gateway(parcel.gateway).order_label(request)
        except ProviderError as error:
            http.note(error)
            ctx.data = LabelFailure(reason=str(error))
            _move(parcel, "fail_label", ctx)
            return
    ctx.data = Waybill(waybill_no=label.waybill_no, sort_code=label.sort_code)
    _move(parcel, "label", ctx)


def subscribe(parcel_id: int, *, callback_url: str) -> None:
    parcel = Parcel.objects.get(pk=parcel_id)
    with http.about(case_no=parcel.case_no, process="parcel", object_id=parcel.pk):
        carrier_gateway(parcel.gateway).subscribe(
            waybill_no=parcel.waybill_no,
            carrier=parcel.carrier,
            phone=parcel.receiver.get("phone", ""),
            callback_url=callback_url,
        )


def cancel_label(parcel_id: int) -> None:
    parcel = Parcel.objects.get(pk=parcel_id)
    if not parcel.waybill_no:
        return
    with http.about(case_no=parcel.case_no, process="parcel", object_id=parcel.pk):
        carrier_gateway(parcel.gateway).cancel_label(
            waybill_no=parcel.waybill_no, carrier=parcel.carrier, reference=parcel.reference
        )


def take_push(
    *, gateway_code: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, str, bytes]:
    """Handle a carrier's push; gives status, content type and body to answer with."""
    gateway = carrier_gateway(gateway_code)
    try:
        push = gateway.read_push(headers=headers, body=body)
    except ProviderError:
        return gateway.rejected()
    parcel = Parcel.objects.filter(waybill_no=push.waybill_no, gateway=gateway_code).first()
    if parcel is None:
        return gateway.rejected()
    follow(parcel, push, actor=push.carrier)
    return gateway.accepted()


@transaction.atomic
def follow(parcel: Parcel, push: Push, *, actor: str) -> None:
    """Keep every new line of the track, and move the parcel through the states it reports."""
    ctx = Context(actor=actor, role=Role.SYSTEM)
    engine.lock_case(parcel.case_no, ctx)
    TrackingEvent.objects.bulk_create(
        [
            TrackingEvent(
                parcel=parcel,
                at=point.at,
                text=point.text[:300],
                place=point.place[:60],
                code=point.code[:16],
                status=point.state.value if point.state is not None else "",
            )
            for point in push.points
        ],
        ignore_conflicts=True,
    )
    parcel.refresh_from_db()
    reported = [point.state for point in sorted(push.points, key=lambda one: one.at)]
    for state in (*reported, push.state):
        if state is not None:
            _advance(parcel, state, actor)


def _advance(parcel: Parcel, state: TrackState, actor: str) -> None:
    steps = _LEADS.get(state, ())
    if parcel.state in _LAST_LEG:
        steps = steps[-1:]
    for name in steps:
        if parcel.state in PARCEL[name].source and not _is_behind(parcel, name, steps):
            ctx = Context(actor=actor, role=Role.SYSTEM)
            if name != steps[-1]:
                ctx.note(inferred_from=state.value)
            engine.fire(PARCEL, PARCEL[name], parcel, ctx)


def _is_behind(parcel: Parcel, name: str, steps: tuple[str, ...]) -> bool:
    """A problem is left only by news of travel, not by what is inferred on the way to a return."""
    return parcel.state == ParcelState.PROBLEM and name == "travel" and steps[-1] == "reject"


@transaction.atomic
def _move(parcel: Parcel, step: str, ctx: Context) -> None:
    engine.lock_case(parcel.case_no, ctx)
    parcel.refresh_from_db()
    if parcel.state in PARCEL[step].source:
        engine.fire(PARCEL, PARCEL[step], parcel, ctx)
