"""What stands around a gateway: the buyer, the bank and the bad weather. One driver for each
gateway, so that the suite of what the port promises is written once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from shangliu.domain.payments.provider import (
    Charge,
    Notified,
    PaymentProvider,
    Ref,
    RefundAnswer,
    RefundOutcome,
    Started,
    TradeAnswer,
)
from shangliu.platform import clock
from shangliu.platform.money import Money
from tests.simulators.running import Ear, Simulator

Heard = tuple[Mapping[str, str], bytes]


@dataclass
class Driver(ABC):
    """`stranger` makes the same gateway for another merchant. The simulators use the same words,
    so most of it is here."""

    gateway: PaymentProvider
    simulator: Simulator
    stranger: Callable[[], PaymentProvider]
    currency: str = "CNY"
    # The method whose buyer comes back to us, and the one that asks over the network.
    returning: ClassVar[str]
    asking: ClassVar[str]
    # What the simulator calls the operations.
    operations: ClassVar[Mapping[str, str]] = {}
    # How old a notification may be, where the protocol says so.
    stale_after: ClassVar[timedelta | None] = None

    @cached_property
    def payer(self) -> str:
        """The buyer lets himself be recognised."""
        away = self.gateway.payer_url("http://127.0.0.1:9/payer?from=shop")
        answer = requests.get(away, timeout=10, allow_redirects=False)
        return self.gateway.payer(dict(parse_qsl(urlsplit(answer.headers["Location"]).query)))

    @abstractmethod
    def arrive(self, number: str, started: Started) -> None:
        """The buyer gets so far that the gateway knows the trade."""

    @abstractmethod
    def come_back(self, number: str, started: Started) -> dict[str, str]:
        """The buyer pays at the gateway's page; gives the query with which he returns."""

    @abstractmethod
    def tamper(self, heard: Heard) -> Iterator[Heard]:
        """The notification, each time with something else changed."""

    @abstractmethod
    def be_slow(self, number: str) -> None:
        """The next refund is accepted and takes its time."""

    @abstractmethod
    def finish(self, number: str, refund_number: str) -> None:
        """The refund's money moves now."""

    @abstractmethod
    def fail_refund(self, number: str) -> None:
        """The next refund goes wrong, at once or after it was accepted."""

    def listen(self, url: str) -> str:
        """Where the shop listens; most gateways are told so with every payment."""
        return url

    def refund_fee(self, before: int, after: int) -> int:
        """What a refund does to the fee: most give a part of it back."""
        return self.fee(after) - self.fee(before)

    def can_pay(self, number: str) -> bool:
        said = {"out_trade_no": number}
        answer = requests.post(f"{self.simulator.url}/_sim/pay", data=said, timeout=10)
        return answer.status_code == 200

    def fault(self, kind: str, number: str, operation: str = "", value: int = 0) -> None:
        method = self.operations.get(operation, operation)
        self.simulator.sim(
            "faults", kind=kind, out_trade_no=number, method=method, value=value, times=1
        )

    def forge_answer(self, number: str, operation: str) -> None:
        """The operation is done, and the answer is signed by nobody."""
        self.fault("probe_answer", number, operation)

    def duplicate(self, number: str) -> None:
        self.simulator.sim("notify/duplicate", out_trade_no=number)

    def refunded(self, number: str) -> int:
        """How many fen the gateway has given back, as it counts itself."""
        trade: dict[str, Any] = self.simulator.look("trades", out_trade_no=number)
        return int(trade["refunded"])

    def trades(self, number: str) -> int:
        return sum(one["out_trade_no"] == number for one in self.simulator.look("trades"))

    @staticmethod
    def fee(fen: int) -> int:
        return (fen * 6 + 500) // 1000

    @contextmanager
    def bill_is_ready(self) -> Iterator[None]:
        """A day and ten hours later at the gateway."""
        self.simulator.sim("clock", advance=34 * 3600)
        try:
            yield
        finally:
            self.simulator.sim("clock", reset=1)

    @abstractmethod
    def personal(self, number: str) -> list[str]:
        """What the gateway knows of the buyer."""

    def secrets(self) -> list[str]:
        """Lines of the keys that both sides keep to themselves."""
        return [
            line
            for file in self.simulator.folder.iterdir()
            if file.suffix in (".pem", ".txt") and "public" not in file.name
            for line in file.read_text().splitlines()
            if line and not line.startswith("-----")
        ]


class AlipayDriver(Driver):
    returning, asking = "page", "qr"
    operations: ClassVar = {
        "start": "alipay.trade.precreate",
        "close": "alipay.trade.close",
        "refund": "alipay.trade.refund",
    }

    def arrive(self, number: str, started: Started) -> None:
        page = requests.get(started.redirect_to or started.qr, timeout=10).url
        assert "/cashier/" in page
        self.simulator.sim("scan", out_trade_no=number)

    def come_back(self, number: str, started: Started) -> dict[str, str]:
        page = requests.get(started.redirect_to, timeout=10).url
        assert "付款成功" in requests.post(f"{page}/pay", timeout=10).text
        back = requests.post(f"{page}/return", timeout=10, allow_redirects=False)
        return dict(parse_qsl(urlsplit(back.headers["Location"]).query))

    def tamper(self, heard: Heard) -> Iterator[Heard]:
        headers, body = heard
        form = dict(parse_qsl(body.decode()))
        for change in (
            {"sign": ""},
            {"sign": "AAAA"},
            {"sign_type": "RSA"},
            {"total_amount": "0.01"},
            {"out_trade_no": "A0"},
            {"extra": "1"},
        ):
            yield headers, urlencode(form | change).encode()

    def personal(self, number: str) -> list[str]:
        trade = self.simulator.look("trades", out_trade_no=number)
        return [trade["buyer_id"], trade["buyer"]]

    def be_slow(self, number: str) -> None:
        self.fault("slow_refund", number, value=9000)

    def finish(self, number: str, refund_number: str) -> None:
        self.simulator.sim("refund/finish", out_trade_no=number)

    def fail_refund(self, number: str) -> None:
        self.fault("no_balance", number)


class WeChatDriver(Driver):
    returning, asking = "h5", "native"
    operations: ClassVar = {"start": "native"}
    stale_after = timedelta(minutes=5)

    def arrive(self, number: str, started: Started) -> None:
        """Ordering has told WeChat already."""

    def come_back(self, number: str, started: Started) -> dict[str, str]:
        query = dict(parse_qsl(urlsplit(started.redirect_to).query))
        paid = requests.post(
            f"{self.simulator.url}/pay/{query['prepay_id']}/pay",
            data={"back": query["redirect_url"]},
            timeout=10,
            allow_redirects=False,
        )
        return dict(parse_qsl(urlsplit(paid.headers["Location"]).query))

    def tamper(self, heard: Heard) -> Iterator[Heard]:
        headers, body = heard
        for change in (
            {"Wechatpay-Signature": ""},
            {"Wechatpay-Signature": "AAAA"},
            {"Wechatpay-Nonce": "x"},
            {"Wechatpay-Timestamp": "1795411800"},
            {"Wechatpay-Serial": "PUB_KEY_ID_1"},
        ):
            yield {**headers, **change}, body
        yield headers, body + b" "

    def personal(self, number: str) -> list[str]:
        return [self.simulator.look("trades", out_trade_no=number)["openid"]]

    def be_slow(self, number: str) -> None:
        self.fault("refund_wait", number)

    def finish(self, number: str, refund_number: str) -> None:
        self.simulator.sim("refunds/settle", out_refund_no=refund_number, status="SUCCESS")

    def fail_refund(self, number: str) -> None:
        self.fault("no_balance", number)


class StripeDriver(Driver):
    returning, asking = "checkout", "checkout"
    operations: ClassVar = {"start": "sessions", "close": "expire", "refund": "refunds"}
    stale_after = timedelta(seconds=300)

    def listen(self, url: str) -> str:
        self.simulator.sim("endpoint", url=url)
        return url

    def arrive(self, number: str, started: Started) -> None:
        assert requests.get(started.redirect_to, timeout=10).status_code == 200

    def come_back(self, number: str, started: Started) -> dict[str, str]:
        paid = requests.post(f"{started.redirect_to}/pay", timeout=10, allow_redirects=False)
        return dict(parse_qsl(urlsplit(paid.headers["Location"]).query))

    def tamper(self, heard: Heard) -> Iterator[Heard]:
        headers, body = heard
        signature = headers["Stripe-Signature"]
        for change in ("", "AAAA", f"{signature}0", "t=1795411800,v1=00", signature[:20]):
            yield {**headers, "Stripe-Signature": change}, body
        yield {}, body
        yield headers, body + b" "

    @staticmethod
    def fee(fen: int) -> int:
        return (fen * 34 + 500) // 1000 + 235

    def refund_fee(self, before: int, after: int) -> int:
        return 0

    @contextmanager
    def bill_is_ready(self) -> Iterator[None]:
        """Stripe has its balance at once; it is we who wait until the day is over."""
        with clock.ahead(timedelta(hours=24)):
            yield

    def personal(self, number: str) -> list[str]:
        return [self.simulator.look("trades", out_trade_no=number)["email"]]

    def be_slow(self, number: str) -> None:
        self.fault("refund_wait", number)

    def finish(self, number: str, refund_number: str) -> None:
        self.simulator.sim("refunds/settle", refund=refund_number, status="succeeded")

    def fail_refund(self, number: str) -> None:
        self.fault("no_balance", number)


@dataclass
class Case:
    """One payment of 88 yuan."""

    driver: Driver
    number: str
    shop: Ear
    provider_id: str = ""
    fen: int = 8800

    @property
    def gateway(self) -> PaymentProvider:
        return self.driver.gateway

    @property
    def ref(self) -> Ref:
        return Ref(number=self.number, provider_id=self.provider_id)

    def money(self, fen: int) -> Money:
        return Money(fen, self.driver.currency)

    @property
    def amount(self) -> Money:
        return self.money(self.fen)

    def start(self, method: str = "") -> Started:
        chosen = method or self.gateway.methods[0].code
        needs_payer = any(one.needs_payer and one.code == chosen for one in self.gateway.methods)
        started = self.gateway.start(
            Charge(
                number=self.number,
                amount=self.amount,
                subject="龙井茶叶, 250g {大}",
                expires_at=clock.now() + timedelta(hours=2),
                return_url="http://127.0.0.1:9/return?from=gateway",
                notify_url=self.shop.url,
                method=chosen,
                payer=self.driver.payer if needs_payer else "",
            )
        )
        self.provider_id = started.provider_id or self.provider_id
        return started

    def open(self, method: str = "") -> None:
        self.driver.arrive(self.number, self.start(method))

    def pay(self, method: str = "") -> None:
        self.open(method)
        assert self.driver.can_pay(self.number)

    def query(self) -> TradeAnswer:
        said = self.gateway.query(self.ref)
        self.provider_id = said.provider_id or self.provider_id
        return said

    def heard(self, index: int) -> Heard:
        self.shop.wait(index + 1)
        return self.shop.headers[index], self.shop.heard[index]

    def told(self, index: int, gateway: PaymentProvider | None = None) -> Notified:
        headers, body = self.heard(index)
        return (gateway or self.gateway).read_notification(headers=headers, body=body)

    def refund_number(self, name: str) -> str:
        """Some gateways want them unique for the merchant, others for the payment."""
        return f"{name}{self.number}"

    def ask_back(self, name: str, fen: int) -> RefundAnswer:
        return self.gateway.refund(
            ref=self.ref,
            refund_number=self.refund_number(name),
            amount=self.money(fen),
            total=self.amount,
            reason="不想要了",
        )

    def found(self, name: str) -> RefundAnswer:
        return self.gateway.query_refund(ref=self.ref, refund_number=self.refund_number(name))

    def give_back(self, name: str, fen: int) -> RefundAnswer:
        """Ask for it and, where the gateway takes its time, wait until it is decided."""
        answer = self.ask_back(name, fen)
        if answer.outcome is RefundOutcome.PENDING:
            self.driver.finish(self.number, self.refund_number(name))
            return self.found(name)
        return answer
