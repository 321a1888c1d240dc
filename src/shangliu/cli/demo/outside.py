"""The outside world while history is made: a payment gateway, a carrier interface and a finance
system inside this program, answering through the same ports as the real ones.

What they were asked is kept as calls, so that an order's trace shows them; they stand for
minutes, so the calls are written together at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random
from urllib.parse import parse_qsl, urlencode

from shangliu.domain.logistics import provider as logistics
from shangliu.domain.logistics.models import Parcel
from shangliu.domain.logistics.provider import Label, LabelRequest, Push, TrackPoint, TrackState
from shangliu.domain.notifications.models import WebhookDelivery
from shangliu.domain.notifications.webhooks import NotTaken
from shangliu.domain.payments import provider as payments
from shangliu.domain.payments.models import Payment
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
from shangliu.platform.models import OutsideCall
from shangliu.platform.money import Money
from shangliu.platform.outbox import Letter
from shangliu.platform.text import Text

FINANCE_URL = "demo:finance"
_FEE_PER_MILLE = 6
_STATUS = {
    Outcome.NOT_FOUND: "",
    Outcome.WAITING: "WAIT_BUYER_PAY",
    Outcome.PAID: "TRADE_SUCCESS",
    Outcome.CLOSED: "TRADE_CLOSED",
}
_OUTCOMES = {status: outcome for outcome, status in _STATUS.items() if status}


@dataclass
class Calls:
    """What was asked and answered, until it is written; `about` is a number of ours."""

    rng: Random
    kept: list[tuple[str, OutsideCall]] = field(default_factory=list)

    def note(
        self,
        system: str,
        operation: str,
        *,
        about: str,
        request: Mapping[str, object],
        answer: Mapping[str, object],
        ok: bool = True,
    ) -> None:
        call = OutsideCall(
            system=system,
            operation=operation,
            request=dict(request),
            answer=dict(answer),
            status=200 if ok or system != "finance" else 503,
            ok=ok or system != "finance",
            started_at=clock.now(),
            duration_us=int(self.rng.lognormvariate(11.6, 0.5)),
        )
        self.kept.append((about, call))

    def write(self) -> int:
        """Write the calls, each under the purchase that it belongs to."""
        numbers = {about for about, _ in self.kept}
        owners = {
            number: (case_no, "payment", pk)
            for pk, number, case_no in Payment.objects.filter(number__in=numbers).values_list(
                "pk", "number", "case_no"
            )
        } | {
            reference: (case_no, "parcel", pk)
            for pk, reference, case_no in Parcel.objects.filter(reference__in=numbers).values_list(
                "pk", "reference", "case_no"
            )
        }
        for about, call in self.kept:
            call.case_no, call.process, call.object_id = owners.get(about, (about, "", None))
        OutsideCall.objects.bulk_create([call for _, call in self.kept], batch_size=500)
        written, self.kept = len(self.kept), []
        return written


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


@dataclass
class Carrier:
    """Kuaidi100 as the shop sees it. References in `refuses` get no waybill."""

    rng: Random
    calls: Calls
    refuses: set[str] = field(default_factory=set)
    code: str = "kuaidi100"
    label: Text = field(default=Text("快递100", "Kuaidi100"))

    def order_label(self, request: LabelRequest) -> Label:
        asked = {
            "orderId": request.reference,
            "kuaidicom": request.carrier,
            "weight": f"{request.weight_g / 1000:.3f}",
        }
        if request.reference in self.refuses:
            said = {"code": "30002", "message": "电子面单余额不足"}
            self.calls.note(
                self.code, "label.order", about=request.reference, request=asked, answer=said
            )
            raise ProviderError("电子面单余额不足（30002）")
        prefix = "SF" if request.carrier == "shunfeng" else "YT"
        number = f"{prefix}{self.rng.randrange(10**12, 10**13)}"
        sort_code = f"{self.rng.randrange(100, 999)}-{self.rng.choice('ABCDE')}"
        self.calls.note(
            self.code,
            "label.order",
            about=request.reference,
            request=asked,
            answer={"code": "200", "kuaidinum": number, "bulkpen": sort_code},
        )
        return Label(waybill_no=number, carrier=request.carrier, sort_code=sort_code)

    def cancel_label(self, *, waybill_no: str, carrier: str, reference: str) -> None:
        self.calls.note(
            self.code,
            "label.cancel",
            about=reference,
            request={"kuaidinum": waybill_no, "kuaidicom": carrier, "orderId": reference},
            answer={"code": "200", "message": "成功"},
        )

    def subscribe(self, *, waybill_no: str, carrier: str, phone: str, callback_url: str) -> None:
        """Tracks are told without being asked for here."""

    def query(self, *, waybill_no: str, carrier: str, phone: str) -> Push:  # noqa: ARG002
        return Push(waybill_no=waybill_no, carrier=carrier, state=None, points=())

    def tell(self, waybill_no: str, carrier: str, state: TrackState, text: str) -> bytes:
        """The push that reports one more line of a track."""
        return urlencode(
            {"nu": waybill_no, "com": carrier, "state": state.value, "text": text}
        ).encode()

    def read_push(self, *, headers: Mapping[str, str], body: bytes) -> Push:  # noqa: ARG002
        said = dict(parse_qsl(body.decode()))
        state = TrackState(said["state"])
        place = said["text"].partition("】")[0].removeprefix("【")
        now = clock.now().replace(microsecond=0)  # carriers write seconds
        point = TrackPoint(at=now, text=said["text"], state=state, place=place)
        return Push(
            waybill_no=said["nu"],
            carrier=said["com"],
            state=state,
            points=(point,),
            finished=state is TrackState.DELIVERED,
        )

    def accepted(self) -> tuple[int, str, bytes]:
        return 200, "application/json", b"{}"

    def rejected(self) -> tuple[int, str, bytes]:
        return 500, "application/json", b"{}"


@dataclass
class Finance:
    """The finance system. Letters of the cases in `refuses` are not taken, ever."""

    calls: Calls
    refuses: set[str] = field(default_factory=set)
    deliveries: list[WebhookDelivery] = field(default_factory=list)

    def take(self, letter: Letter) -> None:
        taken = letter.case_no not in self.refuses
        said = {"id": letter.event_id, "topic": letter.topic, "case": letter.case_no}
        self.calls.note(
            "finance",
            letter.topic,
            about=letter.case_no,
            request=said,
            answer={"ok": taken},
            ok=taken,
        )
        if not taken:
            raise NotTaken(f"{FINANCE_URL} answered 503")
        self.deliveries.append(
            WebhookDelivery(
                event_id=letter.event_id,
                topic=letter.topic,
                url=FINANCE_URL,
                payload=said,
                case_no=letter.case_no,
                status=200,
                delivered_at=clock.now(),
            )
        )


@dataclass
class Outside:
    calls: Calls
    gateways: Mapping[str, Gateway]
    carrier: Carrier
    finance: Finance

    def write(self) -> int:
        """Write down what was asked and delivered; gives how many calls there were."""
        WebhookDelivery.objects.bulk_create(self.finance.deliveries, batch_size=500)
        self.finance.deliveries.clear()
        return self.calls.write()


@contextmanager
def stand_ins(rng: Random) -> Iterator[Outside]:
    """Inside the block the ports lead here; afterwards to what was registered before."""
    calls = Calls(rng)
    gateways = {one.code: Gateway(rng, calls, one) for one in (ALIPAY, WECHAT)}
    world = Outside(calls, gateways, Carrier(rng, calls), Finance(calls))
    real_gateways, real_carriers = payments.providers(), logistics.carrier_gateways()
    for stand_in in gateways.values():
        payments.register(stand_in)
    logistics.register(world.carrier)
    try:
        yield world
    finally:
        for gateway in real_gateways:
            payments.register(gateway)
        for carrier in real_carriers:
            logistics.register(carrier)
