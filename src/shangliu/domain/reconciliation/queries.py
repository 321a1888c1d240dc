"""Questions of finance about statements and differences."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date

from django.db.models import Count, Q

from shangliu.domain.reconciliation.matching import Kind
from shangliu.domain.reconciliation.models import BillRow, DailyBill, Difference
from shangliu.domain.reconciliation.states import DifferenceState
from shangliu.platform.errors import NotFound
from shangliu.platform.money import Money
from shangliu.platform.summary import Summary


def bills(since: date) -> list[DailyBill]:
    """The latest first, each with `open_differences` and `all_differences`."""
    found = DailyBill.objects.filter(day__gte=since).defer("raw")
    open_ones = Count("differences", filter=Q(differences__state=DifferenceState.FOUND))
    return list(
        found.annotate(open_differences=open_ones, all_differences=Count("differences")).order_by(
            "-day", "provider"
        )
    )


def bill(code: str, day: date) -> DailyBill:
    """`NotFound` where it was not fetched."""
    found = DailyBill.objects.filter(provider=code, day=day).first()
    if found is None:
        raise NotFound
    return found


def differences_of(one: DailyBill) -> list[Difference]:
    return list(one.differences.select_related("bill").order_by("state", "id"))


def differences_of_case(case_no: str) -> list[Difference]:
    return list(Difference.objects.filter(case_no=case_no).select_related("bill").order_by("id"))


def rows_of(one: DailyBill) -> Iterator[BillRow]:
    return one.rows.order_by("at", "id").iterator()


def summaries(pks: Collection[int]) -> dict[int, Summary]:
    return {
        one.pk: Summary(
            number=one.refund_number or one.payment_number,
            text=str(Kind(one.kind).label),
            amount=Money(one.missing_fen, one.bill.currency),
            by=one.bill.provider,
        )
        for one in Difference.objects.filter(pk__in=pks).select_related("bill")
    }
