"""The port to payment gateways. A gateway is one file in `shangliu.providers.payments`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from shangliu.platform.errors import NotFound
from shangliu.platform.money import Money
from shangliu.platform.outside import ProviderError
from shangliu.platform.text import Text

__all__ = [
    "Bill",
    "BillKind",
    "BillLine",
    "Charge",
    "Device",
    "Method",
    "Nature",
    "Notified",
    "Outcome",
    "PaymentProvider",
    "ProviderError",
    "Ref",
    "RefundAnswer",
    "RefundOutcome",
    "Started",
    "TradeAnswer",
    "provider",
    "providers",
    "register",
]


class Device(StrEnum):
    """What the buyer holds: `WECHAT` is the browser inside WeChat."""

    DESKTOP = "desktop"
    PHONE = "phone"
    WECHAT = "wechat"


class Nature(StrEnum):
    """How the money comes: through a gateway that we can ask, into our bank account, by the
    carrier's hand, or out of what the buyer has with us already."""

    GATEWAY = "gateway"
    TRANSFER = "transfer"
    ON_DELIVERY = "on_delivery"
    WALLET = "wallet"


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """One way of paying through a gateway, offered on `devices`. `needs_payer`: the buyer must be
    known to the gateway first (`PaymentProvider.payer_url`)."""

    code: str
    label: Text
    devices: frozenset[Device]
    needs_payer: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Charge:
    """What is to be collected. `number` is ours and unique for this attempt; `method` one of the
    gateway's; `payer` who the gateway says the buyer is, where the method needs it."""

    number: str
    amount: Money
    subject: str
    expires_at: datetime
    return_url: str
    notify_url: str
    method: str
    client_ip: str = "127.0.0.1"
    payer: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """How the buyer goes on: exactly one of an address for the browser, a text to be shown as a
    QR code, the parameters for the bridge of WeChat's browser, and `details` to be read (label and
    value) where the money does not come through a gateway. `provider_id` is kept when the gateway
    numbers the trade right away."""

    redirect_to: str = ""
    qr: str = ""
    invoke: Mapping[str, str] = field(default_factory=dict)
    details: tuple[tuple[Text, str], ...] = ()
    provider_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ref:
    """A payment as both sides name it; `provider_id` is empty until the gateway told it."""

    number: str
    provider_id: str = ""


class Outcome(StrEnum):
    """`NOT_FOUND`: the gateway knows no such trade (the buyer has not got that far)."""

    NOT_FOUND = "not_found"
    WAITING = "waiting"
    PAID = "paid"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True, slots=True)
class TradeAnswer:
    """`amount` is given with every `PAID`."""

    number: str
    outcome: Outcome
    provider_id: str | None = None
    amount: Money | None = None
    paid_at: datetime | None = None
    buyer: str = ""


class RefundOutcome(StrEnum):
    """`BY_HAND`: this way of paying has no way back; a person must pay the buyer."""

    DONE = "done"
    PENDING = "pending"
    REFUSED = "refused"
    NOT_FOUND = "not_found"
    BY_HAND = "by_hand"


@dataclass(frozen=True, kw_only=True, slots=True)
class RefundAnswer:
    number: str
    outcome: RefundOutcome
    reason: str = ""
    amount: Money | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Notified:
    """A notification whose signature, merchant, application and age were checked. With `refund` it
    is about that refund, not about the payment."""

    number: str
    outcome: Outcome
    notification_id: str
    provider_id: str | None = None
    amount: Money | None = None
    refund: RefundAnswer | None = None
    facts: Mapping[str, str]


class BillKind(StrEnum):
    PAYMENT = "payment"
    REFUND = "refund"


@dataclass(frozen=True, kw_only=True, slots=True)
class BillLine:
    """`number` is our payment number, `refund_number` our refund's. `amount` is positive; `fee` is
    what the gateway kept (negative: gave back)."""

    kind: BillKind
    number: str
    refund_number: str = ""
    provider_id: str
    amount: Money
    fee: Money
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """A day's statement in Beijing time. `raw` is the file as it was downloaded."""

    day: date
    lines: tuple[BillLine, ...]
    file_name: str
    raw: bytes


class PaymentProvider(Protocol):
    """What every gateway can do. All but the properties and the readers may call the network, so
    they are never used inside a transaction. Failures raise `ProviderError`; one whose result is
    not known has `unknown` set and is asked about before anything else is done.

    `start`, `close` and `refund` may be repeated with the same numbers and do nothing twice.
    """

    @property
    def code(self) -> str: ...
    @property
    def label(self) -> Text: ...
    @property
    def nature(self) -> Nature: ...
    @property
    def methods(self) -> tuple[Method, ...]: ...

    def start(self, charge: Charge) -> Started: ...
    def payer_url(self, back: str) -> str:
        """Where the buyer is sent to be recognised; `back` gets the answer in its query."""

    def payer(self, query: Mapping[str, str]) -> str:
        """Who came back from `payer_url`."""

    def read_notification(self, *, headers: Mapping[str, str], body: bytes) -> Notified: ...
    def read_return(self, query: Mapping[str, str]) -> str:
        """The number of the payment whose buyer came back to `Charge.return_url`."""

    def accepted(self) -> tuple[int, str, bytes]:
        """Status, content type and body that stop the gateway from sending it again."""

    def rejected(self) -> tuple[int, str, bytes]: ...
    def query(self, ref: Ref) -> TradeAnswer: ...
    def close(self, ref: Ref) -> TradeAnswer:
        """`CLOSED`: nobody can pay it any more. `PAID`: too late, the money is here."""

    def refund(
        self, *, ref: Ref, refund_number: str, amount: Money, total: Money, reason: str
    ) -> RefundAnswer: ...
    def query_refund(self, *, ref: Ref, refund_number: str) -> RefundAnswer: ...
    def bill(self, day: date) -> Bill:
        """The statement of a day that is over; `ProviderError(retry=True)` while it is not ready.
        A day without business gives a bill without lines."""


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
