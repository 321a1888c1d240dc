"""Payments in words, the same for buyers and staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shangliu.domain.payments.provider import Nature, provider
from shangliu.domain.payments.queries import Payment
from shangliu.insight.trace import events_of
from shangliu.platform.errors import NotFound


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What a buyer said about a transfer."""

    payer: str
    voucher: str
    at: datetime


def name_of(code: str, method: str = "") -> str:
    """The method's own name where there is one, else the provider's."""
    try:
        one = provider(code)
    except NotFound:
        return code
    return next((str(known.label) for known in one.methods if known.code == method), str(one.label))


def nature_of(payment: Payment) -> Nature | None:
    """None for a provider that is not there any more."""
    try:
        return provider(payment.provider).nature
    except NotFound:
        return None


def reported(payment: Payment) -> Report | None:
    """The last that the buyer said about the transfer."""
    said = [one for one in events_of("payment", payment) if one.step == "report"]
    if not said:
        return None
    facts = said[-1].facts
    return Report(
        payer=str(facts.get("payer") or payment.buyer),
        voucher=str(facts.get("voucher", "")),
        at=said[-1].at,
    )
