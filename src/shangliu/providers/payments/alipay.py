"""Alipay (desktop page, phone page, code to scan) over the OpenAPI 2.0 gateway."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from urllib.parse import parse_qsl

from alipay.exceptions import AliPayException, AliPayValidationError

from shangliu.domain.payments.provider import (
    Bill,
    Charge,
    Device,
    Method,
    Nature,
    Notified,
    Outcome,
    PaymentProvider,
    ProviderError,
    Ref,
    RefundAnswer,
    RefundOutcome,
    Started,
    TradeAnswer,
)
from shangliu.platform import clock, http
from shangliu.platform.money import Money
from shangliu.platform.text import Text
from shangliu.providers.payments import alipay_bill
from shangliu.providers.payments.alipay_wire import Sdk, Settings

_OUTCOMES = {
    "WAIT_BUYER_PAY": Outcome.WAITING,
    "TRADE_SUCCESS": Outcome.PAID,
    "TRADE_FINISHED": Outcome.PAID,
    "TRADE_CLOSED": Outcome.CLOSED,
}
_NO_TRADE = "ACQ.TRADE_NOT_EXIST"
_NO_BILL = ("BILL_NOT_EXIST", "isp.bill_not_exist")
_BILL_READY = timedelta(days=1, hours=9)
_BUSY = ("ACQ.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR")
_RETURNED = (
    "alipay_cert_sn",
    "app_id",
    "auth_app_id",
    "charset",
    "method",
    "out_trade_no",
    "seller_id",
    "sign",
    "sign_type",
    "timestamp",
    "total_amount",
    "trade_no",
    "version",
)
_KEPT_FACTS = (
    "trade_status",
    "notify_time",
    "gmt_payment",
    "gmt_refund",
    "gmt_close",
    "refund_fee",
    "buyer_id",
    "buyer_logon_id",
)


@dataclass(frozen=True, kw_only=True)
class Alipay:
    settings: Settings = field(default_factory=lambda: Settings.read(os.environ))
    code: str = "alipay"
    label: Text = field(default=Text("支付宝", "Alipay"))
    nature: Nature = Nature.GATEWAY
    methods: tuple[Method, ...] = (
        Method(
            code="page",
            label=Text("支付宝", "Alipay"),
            devices=frozenset({Device.DESKTOP}),
        ),
        Method(
            code="qr",
            label=Text("支付宝扫码支付", "Alipay by code"),
            devices=frozenset({Device.DESKTOP}),
        ),
        Method(
            code="wap",
            label=Text("支付宝", "Alipay"),
            devices=frozenset({Device.PHONE}),
        ),
    )

    @cached_property
    def sdk(self) -> Sdk:
        """Made at first use: the simulator writes the keys when it starts for the first time."""
        try:
            return Sdk(self.settings)
        except (OSError, ValueError) as failed:
            raise ProviderError(f"alipay's keys cannot be read: {failed}", retry=True) from failed

    def start(self, charge: Charge) -> Started:
        """Only a code is asked for over the network; the pages are addresses that we sign."""
        if charge.amount.currency != "CNY":
            raise ProviderError("alipay takes yuan only")
        expires = clock.local(charge.expires_at)
        order = {
            "out_trade_no": charge.number,
            "total_amount": charge.amount.yuan,
            "subject": _subject(charge.subject)[:256] or charge.number,
            "time_expire": f"{expires:%Y-%m-%d %H:%M:%S}",
        }
        match charge.method:
            case "page":
                query = self.sdk.api_alipay_trade_page_pay(
                    return_url=charge.return_url, notify_url=charge.notify_url, **order
                )
                return Started(redirect_to=f"{self.settings.gateway}?{query}")
            case "wap":
                query = self.sdk.api_alipay_trade_wap_pay(
                    return_url=charge.return_url,
                    notify_url=charge.notify_url,
                    quit_url=charge.return_url,
                    **order,
                )
                return Started(redirect_to=f"{self.settings.gateway}?{query}")
            case "qr":
                return Started(qr=self._code(charge, order))
        raise ProviderError(f"alipay has no way of paying named {charge.method!r}")

    def payer_url(self, back: str) -> str:
        raise ProviderError(f"alipay needs no payer to go {back}")

    def payer(self, query: Mapping[str, str]) -> str:
        raise ProviderError(f"alipay asks who the buyer is itself: {sorted(query)}")

    def read_notification(self, *, headers: Mapping[str, str], body: bytes) -> Notified:  # noqa: ARG002
        said = self._verified(
            dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        )
        outcome = _outcome(said, "gmt_payment")
        if outcome is None or not said.get("out_trade_no") or not said.get("notify_id"):
            raise ProviderError("the notification says nothing that we understand")
        return Notified(
            number=said["out_trade_no"],
            outcome=outcome,
            notification_id=said["notify_id"],
            provider_id=said.get("trade_no"),
            amount=_amount(said.get("total_amount")),
            refund=_refund_told(said),
            facts={name: said[name] for name in _KEPT_FACTS if name in said},
        )

    def read_return(self, query: Mapping[str, str]) -> str:
        """What our own address had in its query already is not signed."""
        said = self._verified({name: query[name] for name in _RETURNED if name in query})
        if not said.get("out_trade_no"):
            raise ProviderError("the return names no payment")
        return said["out_trade_no"]

    def accepted(self) -> tuple[int, str, bytes]:
        return 200, "text/plain", b"success"

    def rejected(self) -> tuple[int, str, bytes]:
        return 200, "text/plain", b"failure"

    def query(self, ref: Ref) -> TradeAnswer:
        said = self._ask("alipay.trade.query", {"out_trade_no": ref.number})
        if said["code"] != "10000":
            if said.get("sub_code") == _NO_TRADE:
                return TradeAnswer(number=ref.number, outcome=Outcome.NOT_FOUND)
            raise _failure(said)
        outcome = _outcome(said, "send_pay_date")
        if outcome is None:
            raise ProviderError(f"alipay reports the state {said.get('trade_status')!r}")
        return TradeAnswer(
            number=ref.number,
            outcome=outcome,
            provider_id=said.get("trade_no"),
            amount=_amount(said.get("total_amount")),
            paid_at=_moment(said.get("send_pay_date")),
            buyer=said.get("buyer_logon_id", ""),
        )

    def close(self, ref: Ref) -> TradeAnswer:
        """What refuses to be closed is asked for: it may have been paid a moment ago."""
        said = self._ask("alipay.trade.close", {"out_trade_no": ref.number})
        if said["code"] == "10000":
            return TradeAnswer(
                number=ref.number, outcome=Outcome.CLOSED, provider_id=said.get("trade_no")
            )
        if said.get("sub_code") == _NO_TRADE:
            return TradeAnswer(number=ref.number, outcome=Outcome.NOT_FOUND)
        return self.query(ref)

    def refund(
        self,
        *,
        ref: Ref,
        refund_number: str,
        amount: Money,
        total: Money,  # noqa: ARG002 - other gateways want it
        reason: str,
    ) -> RefundAnswer:
        """`fund_change` N means that this request moved nothing, so the refund is asked for."""
        said = self._ask(
            "alipay.trade.refund",
            {
                "out_trade_no": ref.number,
                "refund_amount": amount.yuan,
                "refund_reason": reason[:256] or "退款",
                "out_request_no": refund_number,
            },
        )
        if said["code"] != "10000":
            return RefundAnswer(
                number=refund_number, outcome=RefundOutcome.REFUSED, reason=_reason(said)
            )
        if said.get("fund_change") != "Y":
            found = self.query_refund(ref=ref, refund_number=refund_number)
            if found.outcome is RefundOutcome.NOT_FOUND:
                return RefundAnswer(number=refund_number, outcome=RefundOutcome.PENDING)
            return found
        return RefundAnswer(number=refund_number, outcome=RefundOutcome.DONE, amount=amount)

    def query_refund(self, *, ref: Ref, refund_number: str) -> RefundAnswer:
        """10000 only says that the query ran; without a status nothing was refunded."""
        said = self._ask(
            "alipay.trade.fastpay.refund.query",
            {"out_trade_no": ref.number, "out_request_no": refund_number},
        )
        if said["code"] != "10000" and said.get("sub_code") != _NO_TRADE:
            raise _failure(said)
        if said.get("refund_status") != "REFUND_SUCCESS":
            return RefundAnswer(number=refund_number, outcome=RefundOutcome.NOT_FOUND)
        return RefundAnswer(
            number=refund_number,
            outcome=RefundOutcome.DONE,
            amount=_amount(said.get("refund_amount")),
        )

    def bill(self, day: date) -> Bill:
        """The answer names an address that works for half a minute; the file is not signed."""
        try:
            said = self._ask(
                "alipay.data.dataservice.bill.downloadurl.query",
                {"bill_type": "trade", "bill_date": day.isoformat()},
            )
        except ProviderError as failed:
            raise ProviderError(str(failed), retry=failed.retry) from failed
        if said["code"] != "10000":
            if said.get("sub_code") in _NO_BILL and _is_ready(day):
                return Bill(day=day, lines=(), file_name="", raw=b"")
            raise ProviderError(_reason(said), retry=True)
        answer = http.call(
            system="alipay",
            operation="bill.download",
            method="GET",
            url=said.get("bill_download_url", ""),
        )
        if answer.status != 200:
            raise ProviderError(f"the bill's address answered HTTP {answer.status}", retry=True)
        return alipay_bill.read(day, answer.body)

    def _code(self, charge: Charge, order: dict[str, str]) -> str:
        """A code for a trade that is paid already is not given, so its state is not hidden."""
        said = self._ask("alipay.trade.precreate", order, notify_url=charge.notify_url)
        if said["code"] != "10000" or not said.get("qr_code"):
            raise _failure(said)
        return said["qr_code"]

    def _ask(self, method: str, content: dict[str, str], **more: str) -> dict[str, str]:
        """The answer with code 10000 or 40004; everything else is a `ProviderError`."""
        try:
            said: dict[str, str] = self.sdk.server_api(method, content, **more)
        except AliPayValidationError as failed:
            raise ProviderError(
                "alipay's answer is not signed by alipay", retry=True, unknown=True
            ) from failed
        except AliPayException as failed:
            raise ProviderError(f"alipay refused the request: {failed}") from failed
        except (ValueError, AttributeError) as failed:
            raise ProviderError(
                "alipay's answer cannot be read", retry=True, unknown=True
            ) from failed
        if said.get("code") == "10000":
            return said
        if said.get("code") != "40004" or said.get("sub_code") in _BUSY:
            raise _failure(said)
        return said

    def _verified(self, said: dict[str, str]) -> dict[str, str]:
        """The parameters, when Alipay signed them for us; the SDK takes `sign_type` out."""
        try:
            genuine = self.sdk.verify(said, said.pop("sign", ""))
        except AliPayException as failed:
            raise ProviderError("the signature is of an unknown type") from failed
        if not genuine:
            raise ProviderError("the signature is not alipay's")
        if said.get("app_id") != self.settings.app_id:
            raise ProviderError("it is for another application")
        if said.get("seller_id") != self.settings.seller_id:
            raise ProviderError("it is for another seller")
        return said


def _outcome(said: Mapping[str, str], paid_field: str) -> Outcome | None:
    """A trade that was paid and given back whole is closed at Alipay; for us it stays paid."""
    outcome = _OUTCOMES.get(said.get("trade_status", ""))
    return Outcome.PAID if outcome is Outcome.CLOSED and said.get(paid_field) else outcome


def _is_ready(day: date) -> bool:
    """Alipay writes a day's bill until nine the next morning."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=clock.SHOP_ZONE)
    return clock.now() >= midnight + _BILL_READY


def _refund_told(said: Mapping[str, str]) -> RefundAnswer | None:
    """`refund_fee` is what was given back so far, not this time, so no amount is known."""
    if "gmt_refund" not in said and said.get("refund_fee", "0.00") == "0.00":
        return None
    return RefundAnswer(number=said.get("out_biz_no", ""), outcome=RefundOutcome.DONE)


def _subject(text: str) -> str:
    """Without the signs that the gateway refuses."""
    return re.sub(r"[/=&{}<>\"']", " ", text).strip()


def _failure(said: Mapping[str, str]) -> ProviderError:
    unknown = said.get("code") == "20000" or said.get("sub_code") in _BUSY
    return ProviderError(_reason(said), retry=unknown, unknown=unknown)


def _reason(said: Mapping[str, str]) -> str:
    words, code = said.get("sub_msg") or said.get("msg", ""), said.get("sub_code") or said["code"]
    return f"{words}（{code}）"


def _amount(text: str | None) -> Money | None:
    try:
        return Money.parse(text) if text else None
    except ValueError as wrong:
        raise ProviderError(str(wrong)) from wrong


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        local = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=clock.SHOP_ZONE)
    except ValueError as wrong:
        raise ProviderError(f"alipay wrote a time as {text!r}") from wrong
    return local.astimezone(UTC)


PROVIDER: PaymentProvider = Alipay()
