"""Gateways inside the test's own process: a book of trades, and notifications with real signatures.

A gateway joins by a provider that asks the bank instead of the network (`Banked` before its own
class) and a `Maker` that signs what its notifications say.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

from shangliu.domain.payments.provider import (
    Charge,
    Outcome,
    PaymentProvider,
    ProviderError,
    Ref,
    RefundAnswer,
    RefundOutcome,
    Started,
    TradeAnswer,
)
from shangliu.platform.money import Money
from shangliu.providers.payments.alipay import Alipay
from shangliu.providers.payments.alipay_wire import Settings as AlipaySettings
from simulators.alipay.signing import Keys
from tests.faults.checker import Moved

Post = tuple[Mapping[str, str], bytes]


@dataclass
class Trade:
    """What the gateway knows of one payment number. It exists once the buyer opened it."""

    number: str
    fen: int
    opened: bool = False
    status: Outcome = Outcome.NOT_FOUND
    refunds: dict[str, int] = field(default_factory=dict)

    @property
    def refunded(self) -> int:
        return sum(self.refunds.values())


@dataclass
class Bank:
    """The gateway's book. `trouble` is the share of calls that fail, half of them after they did
    what they were asked."""

    chance: random.Random
    trouble: float = 0.0
    trades: dict[str, Trade] = field(default_factory=dict)

    def ask(self, charge: Charge) -> None:
        self.trades.setdefault(charge.number, Trade(charge.number, charge.amount.fen))

    def open(self, number: str) -> Trade:
        trade = self.trades[number]
        if trade.status is Outcome.NOT_FOUND:
            trade.status = Outcome.WAITING
        return trade

    def pay(self, number: str) -> bool:
        trade = self.open(number)
        if trade.status is Outcome.WAITING:
            trade.status = Outcome.PAID
            return True
        return False

    def shut(self, number: str) -> bool:
        trade = self.trades[number]
        if trade.status is Outcome.WAITING:
            trade.status = Outcome.CLOSED
            return True
        return False

    def give_back(self, number: str, refund: str, fen: int) -> RefundOutcome:
        trade = self.trades[number]
        if refund in trade.refunds:
            assert trade.refunds[refund] == fen, "the same refund number with another amount"
            return RefundOutcome.DONE
        if trade.status is not Outcome.PAID or trade.refunded + fen > trade.fen:
            return RefundOutcome.REFUSED
        trade.refunds[refund] = fen
        return RefundOutcome.DONE

    def stumble(self, *, done: bool) -> None:
        """A broken line, before or after."""
        if self.chance.random() < self.trouble / 2:
            raise ProviderError("no answer", retry=True, unknown=done)

    def book(self, provider: str) -> list[Moved]:
        lines = []
        for one in self.trades.values():
            if one.status is Outcome.PAID:
                lines.append(Moved(provider, one.number, one.fen))
                lines += [
                    Moved(provider, one.number, -fen, refund) for refund, fen in one.refunds.items()
                ]
        return lines


class Banked:
    """What every gateway does over the network, done with the bank."""

    bank: Bank

    def start(self, charge: Charge) -> Started:
        self.bank.ask(charge)
        return Started(redirect_to=f"https://gateway.example/{charge.number}")

    def query(self, ref: Ref) -> TradeAnswer:
        self.bank.stumble(done=False)
        return self._answer(ref.number)

    def close(self, ref: Ref) -> TradeAnswer:
        self.bank.stumble(done=False)
        self.bank.shut(ref.number)
        self.bank.stumble(done=True)
        return self._answer(ref.number)

    def refund(
        self, *, ref: Ref, refund_number: str, amount: Money, total: Money, reason: str
    ) -> RefundAnswer:
        assert total.fen == self.bank.trades[ref.number].fen
        self.bank.stumble(done=False)
        outcome = self.bank.give_back(ref.number, refund_number, amount.fen)
        self.bank.stumble(done=True)
        return RefundAnswer(number=refund_number, outcome=outcome, reason=reason, amount=amount)

    def query_refund(self, *, ref: Ref, refund_number: str) -> RefundAnswer:
        self.bank.stumble(done=False)
        fen = self.bank.trades[ref.number].refunds.get(refund_number)
        if fen is None:
            return RefundAnswer(number=refund_number, outcome=RefundOutcome.NOT_FOUND)
        return RefundAnswer(number=refund_number, outcome=RefundOutcome.DONE, amount=Money(fen))

    def _answer(self, number: str) -> TradeAnswer:
        trade = self.bank.trades[number]
        return TradeAnswer(
            number=number,
            outcome=trade.status,
            provider_id=f"G{number}",
            amount=Money(trade.fen) if trade.status is Outcome.PAID else None,
        )


class Lie(StrEnum):
    """Ways in which a notification is not to be believed."""

    FORGED = "forged signature"
    TOUCHED = "touched after it was signed"
    WRONG_AMOUNT = "wrong amount"
    WRONG_APP = "another application's"
    WRONG_MERCHANT = "another merchant's"
    UNKNOWN = "unknown number"
    GARBAGE = "garbage"


class Maker(Protocol):
    """Makes the notifications of one gateway, and the provider that reads them."""

    provider: PaymentProvider
    bank: Bank

    def news(self, trade: Trade, refund: str = "") -> Post:
        """What the gateway says of the trade as it stands now, or of one of its refunds."""

    def lie(self, trade: Trade, kind: Lie) -> Post: ...


@dataclass(frozen=True, kw_only=True)
class BankedAlipay(Banked, Alipay):
    bank: Bank


class AlipayMaker:
    """Signs with the key that the simulator made for the platform."""

    def __init__(self, folder: Path, chance: random.Random, *, trouble: float) -> None:
        self._keys, self._strangers = Keys(folder / "real"), Keys(folder / "stranger")
        self._chance = chance
        self._serial = 0
        self.bank = Bank(chance, trouble)
        self._settings = AlipaySettings.read(
            {
                "PAYMENTS_ALIPAY_PRIVATE_KEY_FILE": str(folder / "real" / "merchant_private.pem"),
                "PAYMENTS_ALIPAY_PUBLIC_KEY_FILE": str(folder / "real" / "alipay_public.pem"),
            }
        )
        self.provider: PaymentProvider = BankedAlipay(settings=self._settings, bank=self.bank)

    def news(self, trade: Trade, refund: str = "") -> Post:
        return self._post(self._keys.signed(self._said(trade, refund)))

    def lie(self, trade: Trade, kind: Lie) -> Post:
        said = self._said(trade, "") | {"trade_status": "TRADE_SUCCESS"}
        if kind is Lie.GARBAGE:
            return {}, bytes(self._chance.randrange(256) for _ in range(60))
        if kind is Lie.FORGED:
            return self._post(self._strangers.signed(said))
        if kind is Lie.TOUCHED:
            return self._post(self._keys.signed(said) | {"total_amount": "0.01"})
        wrong = {
            Lie.WRONG_AMOUNT: {"total_amount": Money(trade.fen + 1).yuan},
            Lie.WRONG_APP: {"app_id": "2021000000000002"},
            Lie.WRONG_MERCHANT: {"seller_id": "2088102119685839"},
            Lie.UNKNOWN: {"out_trade_no": f"{trade.number}9"},
        }
        return self._post(self._keys.signed(said | wrong[kind]))

    def _said(self, trade: Trade, refund: str) -> dict[str, str]:
        self._serial += 1
        status = "WAIT_BUYER_PAY"
        if trade.status is Outcome.PAID:
            status = "TRADE_CLOSED" if trade.refunded == trade.fen else "TRADE_SUCCESS"
        elif trade.status is Outcome.CLOSED:
            status = "TRADE_CLOSED"
        said = {
            "notify_id": f"N{self._serial:020d}",
            "notify_type": "trade_status_sync",
            "app_id": self._settings.app_id,
            "seller_id": self._settings.seller_id,
            "charset": "utf-8",
            "trade_no": f"G{trade.number}",
            "out_trade_no": trade.number,
            "trade_status": status,
            "total_amount": Money(trade.fen).yuan,
        }
        if trade.status is Outcome.PAID:
            said["gmt_payment"] = "2026-11-23 12:00:00"
        if refund:
            said |= {
                "out_biz_no": refund,
                "refund_fee": Money(trade.refunded).yuan,
                "gmt_refund": "2026-11-23 12:00:00.000",
            }
        return said

    @staticmethod
    def _post(said: Mapping[str, str]) -> Post:
        return {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(said).encode()
