"""The port to payment gateways. A gateway is one file in `shangliu.providers.payments`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from shangliu.platform.errors import NotFound
from shangliu.platform.money import Money
from shangliu.platform.outside import ProviderError
from shangliu.platform.text import Text

__all__ = [
    "Charge",
    "Notified",
    "Outcome",
    "PaymentProvider",
    "ProviderError",
    "RefundAnswer",
    "RefundOutcome",
    "Started",
    "TradeAnswer",
    "provider",
    "providers",
    "register",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Charge:
    """What is to be collected. `number` is ours and unique for this attempt."""

    number: str
    amount: Money
    subject: str
    expires_at: datetime
    return_url: str
    notify_url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """Where the buyer's browser goes to pay."""

    redirect_to: str


class Outcome(StrEnum):
    """`NOT_FOUND`: the gateway knows no such trade (the buyer has not got that far)."""

    NOT_FOUND = "not_found"
    WAITING = "waiting"
    PAID = "paid"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True, slots=True)
class TradeAnswer:
    number: str
    outcome: Outcome
    provider_id: str | None = None
    amount: Money | None = None
    paid_at: datetime | None = None
    buyer: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Notified:
    """A notification whose signature and merchant were checked. `refund_number`: it is about that
    refund, not about the payment."""

    number: str
    outcome: Outcome
    notification_id: str
    provider_id: str | None = None
    amount: Money | None = None
    refund_number: str | None = None
    facts: Mapping[str, str]


class RefundOutcome(StrEnum):
    DONE = "done"
    PENDING = "pending"
    REFUSED = "refused"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, kw_only=True, slots=True)
class RefundAnswer:
    number: str
    outcome: RefundOutcome
    reason: str = ""
    amount: Money | None = None


class PaymentProvider(Protocol):
    """What every gateway can do. Everything but `start` and the readers calls the network, so
    nothing but those may be used inside a transaction. Failures raise `ProviderError`."""

    @property
    def code(self) -> str: ...
    @property
    def label(self) -> Text: ...

    def start(self, charge: Charge) -> Started: ...
    def read_notification(self, *, headers: Mapping[str, str], body: bytes) -> Notified: ...
    def read_return(self, query: Mapping[str, str]) -> str: ...
    def accepted(self) -> tuple[int, str, bytes]: ...
    def rejected(self) -> tuple[int, str, bytes]: ...
    def query(self, number: str) -> TradeAnswer: ...
    def close(self, number: str) -> TradeAnswer: ...
    def refund(
        self, *, number: str, refund_number: str, amount: Money, total: Money, reason: str
    ) -> RefundAnswer: ...
    def query_refund(self, *, number: str, refund_number: str) -> RefundAnswer: ...


_providers: dict[str, PaymentProvider] = {}


def register(one: PaymentProvider) -> None:
    _providers[one.code] = one


def provider(code: str) -> PaymentProvider:
    """The gateway of that code; `NotFound` when there is none."""
    try:
        return _providers[code]
    except KeyError:
        raise NotFound from None


def providers() -> tuple[PaymentProvider, ...]:
    return tuple(_providers.values())
