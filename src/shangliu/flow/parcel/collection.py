"""Cash on delivery: what the carrier collects with a parcel."""

from __future__ import annotations

from shangliu.domain.logistics.models import Parcel
from shangliu.domain.logistics.states import ParcelState
from shangliu.domain.payments.models import Payment
from shangliu.domain.payments.provider import Nature, providers
from shangliu.domain.payments.states import PaymentState
from shangliu.platform.money import Money

_COMES_TO_NOTHING = (
    ParcelState.VOIDED,
    ParcelState.LOST,
    ParcelState.REJECTED,
    ParcelState.RETURNED,
)


def collection(parcel: Parcel) -> Money | None:
    """The whole amount goes with the first parcel of a purchase that is on its way to the buyer;
    the others carry nothing to be collected."""
    at_door = [one.code for one in providers() if one.nature is Nature.ON_DELIVERY]
    payment = Payment.objects.filter(
        case_no=parcel.case_no,
        provider__in=at_door,
        state__in=(PaymentState.TO_COLLECT, PaymentState.SUCCEEDED),
    ).first()
    if payment is None:
        return None
    first = (
        Parcel.objects.filter(case_no=parcel.case_no)
        .exclude(state__in=_COMES_TO_NOTHING)
        .order_by("pk")
        .first()
    )
    return payment.amount if first is not None and first.pk == parcel.pk else None
