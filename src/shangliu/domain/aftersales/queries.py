"""Questions of staff about after-sale cases."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Prefetch, QuerySet

from shangliu.domain.aftersales.models import AfterSale, AfterSaleLine
from shangliu.domain.aftersales.states import AfterSaleState
from shangliu.platform.errors import NotFound
from shangliu.platform.summary import Summary


def cases_of(case_no: str) -> list[AfterSale]:
    """All after-sale cases of one purchase, with their lines."""
    return list(_whole().filter(case_no=case_no).order_by("pk"))


def case_by_number(number: str) -> AfterSale:
    found = _whole().filter(number=number).first()
    if found is None:
        raise NotFound
    return found


def cases_in(*states: AfterSaleState, limit: int = 100) -> list[AfterSale]:
    """The oldest first."""
    return list(_whole().filter(state__in=states).order_by("entered_at", "pk")[:limit])


def case_of_return_waybill(waybill_no: str) -> str:
    return (
        AfterSale.objects.filter(return_waybill=waybill_no).values_list("number", flat=True).first()
        or ""
    )


def summaries(pks: Collection[int]) -> dict[int, Summary]:
    return {
        case.pk: Summary(
            number=case.number,
            order=case.order.number,
            text=f"{case.kind_label}：{case.reason}",
            amount=case.amount,
        )
        for case in AfterSale.objects.filter(pk__in=pks).select_related("order")
    }


def _whole() -> QuerySet[AfterSale]:
    lines = AfterSaleLine.objects.select_related("order_line").order_by("pk")
    return AfterSale.objects.select_related("order").prefetch_related(
        Prefetch("lines", queryset=lines)
    )
