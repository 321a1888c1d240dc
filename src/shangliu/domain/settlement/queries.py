"""Questions of finance about what the shop is owed."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Count, Sum

from shangliu.domain.settlement.models import SettlementEntry
from shangliu.domain.settlement.states import SettlementState
from shangliu.platform.money import Money
from shangliu.platform.summary import Summary


def entries_of_case(case_no: str) -> list[SettlementEntry]:
    return list(SettlementEntry.objects.filter(case_no=case_no).order_by("pk"))


def entries_by_ids(pks: Collection[int]) -> list[SettlementEntry]:
    return list(SettlementEntry.objects.filter(pk__in=pks).order_by("pk"))


def totals() -> dict[str, tuple[int, Money]]:
    """State -> how many entries and their sum, reversals taken off."""
    rows = SettlementEntry.objects.values("state").annotate(n=Count("pk"), fen=Sum("amount_fen"))
    found = {str(state): (0, Money(0)) for state in SettlementState}
    return found | {row["state"]: (row["n"], Money(row["fen"])) for row in rows}


def summaries(pks: Collection[int]) -> dict[int, Summary]:
    return {
        one.pk: Summary(
            number=one.order_number,
            order=one.order_number,
            text=one.reason,
            amount=Money(one.amount_fen, one.currency),
        )
        for one in SettlementEntry.objects.filter(pk__in=pks)
    }
