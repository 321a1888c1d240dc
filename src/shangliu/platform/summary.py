"""One line about a document, the same for every kind, as lists and queues show it."""

from __future__ import annotations

from dataclasses import dataclass

from shangliu.platform.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """`number` people call it by; `order` the order it belongs to; `by` who works on it."""

    number: str
    order: str = ""
    text: str = ""
    amount: Money | None = None
    by: str = ""
