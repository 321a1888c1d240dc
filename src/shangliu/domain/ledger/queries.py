"""Questions to the money ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Sum

from shangliu.domain.ledger.accounts import CHART, Account, Side, account
from shangliu.domain.ledger.models import Entry, Posting, Wallet
from shangliu.domain.ledger.services import Purse
from shangliu.platform.money import Money


@dataclass(frozen=True, slots=True)
class Balance:
    """`fen` is positive on the account's own side."""

    code: str
    account: Account
    fen: int
    postings: int

    @property
    def amount(self) -> Money:
        return Money(self.fen)


def balances(until: datetime | None = None) -> list[Balance]:
    """Every account that was ever posted to, in the order of the chart."""
    rows = Posting.objects.all()
    if until is not None:
        rows = rows.filter(entry__at__lt=until)
    found = rows.values("account").annotate(fen=Sum("amount_fen"), n=Count("pk"))
    order = list(CHART)
    return sorted(
        (_balance(row["account"], row["fen"], row["n"]) for row in found),
        key=lambda one: (order.index(one.account.code), one.code),
    )


def balance(code: str, *, case_no: str | None = None) -> int:
    """Fen on the account's own side; of one case when it is named."""
    rows = Posting.objects.filter(account=code)
    if case_no is not None:
        rows = rows.filter(entry__case_no=case_no)
    return _own_side(code, rows.aggregate(fen=Sum("amount_fen"))["fen"] or 0)


def total() -> int:
    """The sum of all postings: zero, always."""
    return int(Posting.objects.aggregate(fen=Sum("amount_fen"))["fen"] or 0)


def entries_of_case(case_no: str) -> list[Entry]:
    return list(
        Entry.objects.filter(case_no=case_no).prefetch_related("postings").order_by("at", "pk")
    )


def entries_of_account(code: str, *, before: int | None = None, limit: int = 50) -> list[Entry]:
    """The latest first; `before` is the id of the last one that was shown."""
    rows = Entry.objects.filter(postings__account=code).prefetch_related("postings")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.order_by("-pk")[:limit])


def wallet(purse: Purse, user_id: int | None) -> Money:
    """What the buyer may spend; nothing for a guest."""
    if user_id is None:
        return Money(0)
    found = Wallet.objects.filter(user_id=user_id, kind=purse.value).first()
    return Money(found.balance_fen if found is not None else 0)


def unbalanced_wallets() -> list[str]:
    """Wallets that differ from their account; none, always."""
    booked = dict(
        Posting.objects.filter(account__regex=r"^(credit|points):")
        .values_list("account")
        .annotate(fen=Sum("amount_fen"))
    )
    kept = {Purse(one.kind).account(one.user_id): one.balance_fen for one in Wallet.objects.all()}
    return sorted(
        code for code in booked.keys() | kept.keys() if -booked.get(code, 0) != kept.get(code, 0)
    )


def _balance(code: str, fen: int, n: int) -> Balance:
    return Balance(code, account(code), _own_side(code, fen), n)


def _own_side(code: str, fen: int) -> int:
    return fen if account(code).side is Side.DEBIT else -fen
