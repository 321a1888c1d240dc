"""Writing the money ledger. Entries are written whole, in one statement, and never changed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.db import connection, transaction

from shangliu.domain.ledger.accounts import Accounts, account
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.platform.money import Money
from shangliu.platform.text import Text

_POST = """
WITH entry AS (
  INSERT INTO ledger_entry (at, kind, document, case_no, actor, why, currency)
  VALUES (%(at)s, %(kind)s, %(document)s, %(case_no)s, %(actor)s, %(why)s, %(currency)s)
  RETURNING id)
INSERT INTO ledger_posting (entry_id, account, amount_fen)
SELECT entry.id, p.account, p.fen
FROM entry, unnest(%(accounts)s::text[], %(amounts)s::bigint[]) AS p(account, fen)
RETURNING entry_id"""

_GIVE = """
INSERT INTO ledger_wallet AS w (user_id, kind, balance_fen) VALUES (%s, %s, %s)
ON CONFLICT (user_id, kind) DO UPDATE SET balance_fen = w.balance_fen + excluded.balance_fen"""

_TAKE = """
UPDATE ledger_wallet SET balance_fen = balance_fen - %s
WHERE user_id = %s AND kind = %s AND balance_fen >= %s"""


class Purse(StrEnum):
    """The two kinds of wallet: store credit, and points of one fen each."""

    CREDIT = "credit"
    POINTS = "points"

    def account(self, user_id: int) -> str:
        return f"{self.value}:{user_id}"


class Kind(StrEnum):
    """What an entry records."""

    COLLECTED = "collected"
    REFUNDED = "refunded"
    ACCRUED = "accrued"
    PAID_OUT = "paid_out"
    GRANTED = "granted"
    EARNED = "earned"
    FEE = "fee"
    CLEARED = "cleared"
    ADJUSTED = "adjusted"


def post(
    kind: Kind,
    postings: Mapping[str, int],
    *,
    document: str,
    actor: str,
    case_no: str = "",
    why: str = "",
    currency: str = "CNY",
) -> int:
    """Write one entry; gives its id. `postings`: account code -> fen, debit positive. The amounts
    sum to zero (`ValueError`, and the database refuses it too), zeros are left out."""
    moved = {code: fen for code, fen in postings.items() if fen}
    if sum(moved.values()) or not moved:
        raise ValueError(f"{kind} {document} does not balance: {dict(postings)}")
    for code in moved:
        account(code)
    given: dict[str, Any] = {
        "at": clock.now(),
        "kind": kind.value,
        "document": document,
        "case_no": case_no,
        "actor": actor[:80],
        "why": why[:200],
        "currency": currency,
        "accounts": list(moved),
        "amounts": list(moved.values()),
    }
    with connection.cursor() as cursor:
        cursor.execute(_POST, given)
        return int(cursor.fetchall()[0][0])


def put_back(purse: Purse, user_id: int, amount: Money) -> None:
    """Raise a wallet's balance. The caller posts the entry in the same transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVE, [user_id, purse.value, amount.fen])


def take(purse: Purse, user_id: int, amount: Money) -> None:
    """Lower a wallet's balance, or raise `Refused` where it holds less. The caller posts."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [amount.fen, user_id, purse.value, amount.fen])
        if cursor.rowcount != 1:
            raise Refused(
                Text("积分不足，请重新选择", "Not enough points; choose again")
                if purse is Purse.POINTS
                else Text("余额不足，请重新选择", "Not enough store credit; choose again")
            )


@transaction.atomic
def grant(purse: Purse, *, user_id: int, amount: Money, document: str, actor: str, why: str) -> int:
    """Give a buyer credit or points out of the shop's pocket; `why` is shown to the buyer."""
    if amount.fen <= 0:
        raise Refused(Text("金额必须大于零", "The amount must be more than zero"))
    put_back(purse, user_id, amount)
    return post(
        Kind.GRANTED,
        {Accounts.MARKETING.code: amount.fen, purse.account(user_id): -amount.fen},
        document=document,
        actor=actor,
        why=why,
        currency=amount.currency,
    )
