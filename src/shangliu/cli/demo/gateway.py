"""A payment gateway inside this program, as the shop sees it while history is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random
from urllib.parse import parse_qsl, urlencode

from shangliu.cli.demo.calls import Calls
from shangliu.domain.payments.provider import (
    Bill,
    BillKind,
    BillLine,
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
from shangliu.platform import clock
from shangliu.platform.money import Money
from shangliu.platform.text import Text

_FEE_PER_MILLE = 6
_STATUS = {
    Outcome.NOT_FOUND: "",
    Outcome.WAITING: "WAIT_BUYER_PAY",
    Outcome.PAID: "TRADE_SUCCESS",
    Outcome.CLOSED: "TRADE_CLOSED",
}
_OUTCOMES = {status: outcome for outcome, status in _STATUS.items() if status}


@dataclass(frozen=True, kw_only=True, slots=True)
class Speech:
    """How one gateway calls itself and what it is asked; `prefix` begins its numbers of trades."""

    code: str
    label: Text
    method: str
    query: str
    close: str
    refund: str
    query_refund: str
    prefix: str


ALIPAY = Speech(
    code="alipay",
    label=Text("支付宝", "Alipay"),
    method="page",
    query="alipay.trade.query",
    close="alipay.trade.close",
    refund="alipay.trade.refund",
    query_refund="alipay.trade.fastpay.refund.query",
    prefix="2200",
)
WECHAT = Speech(
    code="wechat",
    label=Text("微信支付", "WeChat Pay"),
    method="native",
    query="GET /v3/pay/transactions/out-trade-no",
    close="POST /v3/pay/transactions/out-trade-no/close",
    refund="POST /v3/refund/domestic/refunds",
    query_refund="GET /v3/refund/domestic/refunds",
    prefix="4200",
)


@dataclass
class Trade:
    """One trade at the gateway; `refunds` are number, amount, reason and time of each."""

    amount: Money
    provider_id: str
    buyer: str
    started_at: datetime
    expires_at: datetime
    outcome: Outcome = Outcome.NOT_FOUND
    paid_at: datetime | None = None
    refunds: list[tuple[str, Money, str, datetime]] = field(default_factory=list)


@dataclass
class Gateway:
    """A gateway as the shop sees it. Refunds of the numbers in `refuses` are refused; `by_hand` was
    collected in the gateway's own console, so that the shop knows nothing of it."""

    rng: Random
    calls: Calls
    speech: Speech
    refuses: set[str] = field(default_factory=set)
    trades: dict[str, Trade] = field(default_factory=dict)
    by_hand: list[BillLine] = field(default_factory=list)
    nature: Nature = Nature.GATEWAY

    @property
    def code(self) -> str:
        return self.speech.code

    @property
    def label(self) -> Text:
        return self.speech.label

    @property
    def methods(self) -> tuple[Method, ...]:
        return (Method(code=self.speech.method, label=self.label, devices=frozenset(Device)),)

    def start(self, charge: Charge) -> Started:
        day = f"{clock.local(clock.now()):%Y%m%d}"
        self.trades.setdefault(
            charge.number,
            Trade(
                amount=charge.amount,
                provider_id=f"{day}{self.speech.prefix}{self.rng.randrange(10**16):016d}",
                buyer=f"139****{self.rng.randrange(10**4):04d}",
                started_at=clock.now(),
                expires_at=charge.expires_at,
            ),
        )
        return Started(redirect_to=f"demo:cashier/{charge.number}")

    def payer_url(self, back: str) -> str:
        raise ProviderError(f"nobody has to go {back}")

    def payer(self, query: Mapping[str, str]) -> str:
        raise ProviderError(f"nobody comes with {sorted(query)}")

    def collect(self, number: str) -> bytes:
        """The buyer pays; gives the notification that says so."""
        trade = self.trades[number]
        trade.outcome, trade.paid_at = Outcome.PAID, clock.now()
        return self._notice(number)

    def give_up(self, number: str) -> bytes:
        """The buyer refuses at the cashier; gives the notification that says so."""
        self.trades[number].outcome = Outcome.CLOSED
        return self._notice(number)

    def _notice(self, number: str) -> bytes:
        trade = self.trades[number]
        said = {
            "notify_id": f"{self.rng.getrandbits(120):030x}",
            "notify_time": f"{clock.local(clock.now()):%Y-%m-%d %H:%M:%S}",
            "notify_type": "trade_status_sync",
            "out_trade_no": number,
            "trade_no": trade.provider_id,
            "trade_status": _STATUS[trade.outcome],
            "total_amount": trade.amount.yuan,
        }
        return urlencode(said).encode()

    def read_notification(self, *, headers: Mapping[str, str], body: bytes) -> Notified:  # noqa: ARG002
        said = dict(parse_qsl(body.decode()))
        return Notified(
            number=said["out_trade_no"],
            outcome=_OUTCOMES[said["trade_status"]],
            notification_id=said["notify_id"],
            provider_id=said["trade_no"],
            amount=Money.parse(said["total_amount"]),
            facts={"notify_time": said["notify_time"]},
        )

    def read_return(self, query: Mapping[str, str]) -> str:
        return query["out_trade_no"]

    def accepted(self) -> tuple[int, str, bytes]:
        return 200, "text/plain", b"success"

    def rejected(self) -> tuple[int, str, bytes]:
        return 200, "text/plain", b"failure"

    def query(self, ref: Ref) -> TradeAnswer:
        trade = self.trades[ref.number]
        self._note(self.speech.query, ref.number, {}, _STATUS[trade.outcome])
        return TradeAnswer(
            number=ref.number,
            outcome=trade.outcome,
            provider_id=trade.provider_id,
            amount=trade.amount,
            paid_at=trade.paid_at,
            buyer=trade.buyer,
        )

    def close(self, ref: Ref) -> TradeAnswer:
        trade = self.trades[ref.number]
        if trade.outcome is Outcome.PAID:
            return self.query(ref)
        trade.outcome = Outcome.CLOSED
        self._note(self.speech.close, ref.number, {}, _STATUS[trade.outcome])
        return TradeAnswer(number=ref.number, outcome=Outcome.CLOSED, provider_id=trade.provider_id)

    def refund(
        self,
        *,
        ref: Ref,
        refund_number: str,
        amount: Money,
        total: Money,  # noqa: ARG002 - other gateways want it
        reason: str,
    ) -> RefundAnswer:
        asked = {
            "refund_amount": amount.yuan,
            "out_request_no": refund_number,
            "refund_reason": reason,
        }
        refused = ref.number in self.refuses
        self._note(self.speech.refund, ref.number, asked, "ACCOUNT_ABNORMAL" if refused else "Y")
        if refused:
            return RefundAnswer(
                number=refund_number,
                outcome=RefundOutcome.REFUSED,
                reason="买家账户状态异常，无法退款（ACQ.BUYER_ACCOUNT_ABNORMAL）",
            )
        done = (refund_number, amount, reason, clock.now())
        self.trades[ref.number].refunds.append(done)
        return RefundAnswer(number=refund_number, outcome=RefundOutcome.DONE, amount=amount)

    def query_refund(self, *, ref: Ref, refund_number: str) -> RefundAnswer:
        self._note(self.speech.query_refund, ref.number, {}, "REFUND_SUCCESS")
        return RefundAnswer(number=refund_number, outcome=RefundOutcome.DONE)

    def bill(self, day: date) -> Bill:
        lines = [one for one in self._lines() if clock.local(one.at).date() == day]
        lines.sort(key=lambda one: one.at)
        rows = ["kind,number,refund,at,amount,fee"]
        rows += [
            f"{one.kind},{one.number},{one.refund_number},{clock.local(one.at):%Y-%m-%d %H:%M:%S},"
            f"{one.amount.yuan},{one.fee.yuan}"
            for one in lines
        ]
        raw = "\r\n".join([*rows, ""]).encode()
        return Bill(day=day, lines=tuple(lines), file_name=f"{self.code}-{day}.csv", raw=raw)

    def _lines(self) -> Iterator[BillLine]:
        yield from self.by_hand
        for number, trade in self.trades.items():
            if trade.paid_at is None:
                continue
            yield BillLine(
                kind=BillKind.PAYMENT,
                number=number,
                provider_id=trade.provider_id,
                amount=trade.amount,
                fee=Money((trade.amount.fen * _FEE_PER_MILLE + 500) // 1000),
                at=trade.paid_at,
            )
            for refund_number, amount, _, at in trade.refunds:
                yield BillLine(
                    kind=BillKind.REFUND,
                    number=number,
                    refund_number=refund_number,
                    provider_id=trade.provider_id,
                    amount=amount,
                    fee=Money(0),
                    at=at,
                )

    def _note(self, method: str, number: str, asked: Mapping[str, str], said: str) -> None:
        self.calls.note(
            self.code,
            method,
            about=number,
            request={"method": method, "out_trade_no": number, **asked},
            answer={"code": "10000", "out_trade_no": number, "result": said},
        )
