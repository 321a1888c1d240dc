"""What ways of paying without a gateway have in common: nobody to be asked over the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from shangliu.domain.payments.provider import (
    Bill,
    Charge,
    Device,
    Method,
    Nature,
    Notified,
    Outcome,
    ProviderError,
    Ref,
    RefundAnswer,
    RefundOutcome,
    Started,
    TradeAnswer,
)
from shangliu.platform.money import Money
from shangliu.platform.text import Text

EVERYWHERE = frozenset(Device)


@dataclass(frozen=True, kw_only=True)
class Offline:
    """`way_back`: what asking for a refund gives."""

    code: str
    label: Text
    nature: Nature
    way_back: RefundOutcome = RefundOutcome.BY_HAND

    @property
    def methods(self) -> tuple[Method, ...]:
        return (Method(code=self.code, label=self.label, devices=EVERYWHERE),)

    def start(self, charge: Charge) -> Started:
        return Started(details=((Text("应付金额", "Amount due"), str(charge.amount)),))

    def payer_url(self, back: str) -> str:
        raise ProviderError(f"{self.code} needs no payer to go {back}")

    def payer(self, query: Mapping[str, str]) -> str:
        raise ProviderError(f"{self.code} knows no payer: {sorted(query)}")

    def read_notification(self, *, headers: Mapping[str, str], body: bytes) -> Notified:
        raise ProviderError(f"{self.code} sends nothing: {len(headers)}, {len(body)}")

    def read_return(self, query: Mapping[str, str]) -> str:
        raise ProviderError(f"nobody comes back from {self.code}: {sorted(query)}")

    def accepted(self) -> tuple[int, str, bytes]:
        return 200, "text/plain", b""

    def rejected(self) -> tuple[int, str, bytes]:
        return 404, "text/plain", b""

    def query(self, ref: Ref) -> TradeAnswer:
        return TradeAnswer(number=ref.number, outcome=Outcome.WAITING)

    def close(self, ref: Ref) -> TradeAnswer:
        """Nothing outside has to be told, so it is closed at once."""
        return TradeAnswer(number=ref.number, outcome=Outcome.CLOSED)

    def refund(
        self,
        *,
        ref: Ref,  # noqa: ARG002 - the port's
        refund_number: str,
        amount: Money,
        total: Money,  # noqa: ARG002 - the port's
        reason: str,  # noqa: ARG002 - the port's
    ) -> RefundAnswer:
        return RefundAnswer(number=refund_number, outcome=self.way_back, amount=amount)

    def query_refund(self, *, ref: Ref, refund_number: str) -> RefundAnswer:  # noqa: ARG002
        return RefundAnswer(number=refund_number, outcome=self.way_back)

    def bill(self, day: date) -> Bill:
        return Bill(day=day, lines=(), file_name="", raw=b"")
