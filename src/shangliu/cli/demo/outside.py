"""The outside world while history is made: a payment gateway, a carrier interface and a finance
system inside this program, answering through the same ports as the real ones.

What they were asked is kept as calls, so that an order's trace shows them; they stand for
minutes, so the calls are written together at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from urllib.parse import parse_qsl, urlencode

from shangliu.cli.demo.calls import Calls
from shangliu.cli.demo.gateway import ALIPAY, WECHAT, Gateway
from shangliu.domain.logistics import provider as logistics
from shangliu.domain.logistics.provider import Label, LabelRequest, Push, TrackPoint, TrackState
from shangliu.domain.notifications.models import WebhookDelivery
from shangliu.domain.notifications.webhooks import NotTaken
from shangliu.domain.payments import provider as payments
from shangliu.domain.payments.provider import (
    ProviderError,
)
from shangliu.platform import clock
from shangliu.platform.outbox import Letter
from shangliu.platform.text import Text

FINANCE_URL = "demo:finance"


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
