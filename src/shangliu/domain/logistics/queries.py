"""Questions about parcels."""

from __future__ import annotations

from collections.abc import Collection

from shangliu.domain.logistics.models import Parcel
from shangliu.domain.logistics.states import ParcelState
from shangliu.platform.errors import NotFound
from shangliu.platform.summary import Summary


def parcels_of_case(case_no: str) -> list[Parcel]:
    """With their tracks, which are ordered by time."""
    return list(Parcel.objects.filter(case_no=case_no).prefetch_related("track").order_by("pk"))


def parcel_by_reference(reference: str) -> Parcel:
    found = Parcel.objects.filter(reference=reference).first()
    if found is None:
        raise NotFound
    return found


def parcels_by_ids(pks: Collection[int]) -> list[Parcel]:
    return list(Parcel.objects.filter(pk__in=pks).order_by("pk"))


def case_of_waybill(waybill_no: str) -> str:
    """The case of a parcel by its waybill; empty if there is none."""
    return (
        Parcel.objects.filter(waybill_no=waybill_no).values_list("case_no", flat=True).first() or ""
    )


def can_be_labelled(parcel: Parcel) -> bool:
    """Is there a waybill that stands for this parcel?"""
    return bool(parcel.waybill_no) and parcel.state != ParcelState.VOIDED


def summaries(pks: Collection[int]) -> dict[int, Summary]:
    return {
        parcel.pk: Summary(
            number=parcel.waybill_no or parcel.reference,
            order=parcel.order_number,
            text=parcel.error or parcel.goods,
        )
        for parcel in Parcel.objects.filter(pk__in=pks)
    }
