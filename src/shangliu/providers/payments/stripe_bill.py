"""Stripe's balance transactions as lines of a daily statement."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shangliu.domain.payments.provider import BillKind, BillLine
from shangliu.platform.money import Money


def read(row: Mapping[str, Any]) -> BillLine:
    """One charge or refund, its `source` expanded."""
    source = row["source"]
    about = source.get("metadata") or {}
    refund = row["type"] == "refund"
    return BillLine(
        kind=BillKind.REFUND if refund else BillKind.PAYMENT,
        number=str(about.get("number", "")),
        refund_number=str(about.get("refund_number", "")) if refund else "",
        provider_id=str(source["id"]),
        amount=amount_of(abs(int(row["amount"])), row["currency"]),
        fee=amount_of(row["fee"], row["currency"]),
        at=datetime.fromtimestamp(int(row["created"]), UTC),
    )


def amount_of(fen: Any, currency: Any) -> Money:
    return Money(int(fen), str(currency).upper())
