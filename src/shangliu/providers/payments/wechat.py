"""WeChat Pay (API v3): a code on the desktop, WeChat's own browser, and other phone browsers."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

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
from shangliu.providers.payments import wechat_bill
from shangliu.providers.payments.wechat_wire import Refusal, Settings, Wire

_PAY = "/v3/pay/transactions"
_REFUNDS = "/v3/refund/domestic/refunds"
_OUTCOMES = {
    "SUCCESS": Outcome.PAID,
    "REFUND": Outcome.PAID,
    "NOTPAY": Outcome.WAITING,
    "USERPAYING": Outcome.WAITING,
    "CLOSED": Outcome.CLOSED,
    "REVOKED": Outcome.CLOSED,
    "PAYERROR": Outcome.CLOSED,
}
_REFUND_OUTCOMES = {
    "SUCCESS": RefundOutcome.DONE,
    "PROCESSING": RefundOutcome.PENDING,
    "ABNORMAL": RefundOutcome.REFUSED,
    "CLOSED": RefundOutcome.REFUSED,
}
_REFUND_REASONS = {
    "ABNORMAL": "退款异常，款项没有退到用户账户（ABNORMAL）",
    "CLOSED": "退款已关闭（CLOSED）",
}
_NO_TRADE = ("ORDERNOTEXIST", "RESOURCENOTEXISTS")
_BILL_READY = timedelta(days=1, hours=10)
_KEPT_FACTS = ("trade_state", "trade_type", "bank_type", "success_time", "refund_status")


@dataclass(frozen=True, kw_only=True)
class WeChat:
    wire: Wire = field(default_factory=Wire)
    code: str = "wechat"
    label: Text = field(default=Text("微信支付", "WeChat Pay"))
    nature: Nature = Nature.GATEWAY
    methods: tuple[Method, ...] = (
        Method(
            code="native",
            label=Text("微信扫码支付", "WeChat Pay by code"),
            devices=frozenset({Device.DESKTOP}),
        ),
        Method(
            code="jsapi",
            label=Text("微信支付", "WeChat Pay"),
            devices=frozenset({Device.WECHAT}),
            needs_payer=True,
        ),
        Method(
            code="h5",
            label=Text("微信支付", "WeChat Pay"),
            devices=frozenset({Device.PHONE}),
        ),
    )

    @property
    def settings(self) -> Settings:
        return self.wire.settings

    def start(self, charge: Charge) -> Started:
        """Ordering again with the same number gives a fresh code of the same order."""
        if charge.amount.currency != "CNY":
            raise ProviderError("wechat takes yuan only")
        order: dict[str, Any] = {
            "appid": self.settings.app_id,
            "mchid": self.settings.mch_id,
            "description": _cut(charge.subject, 127) or charge.number,
            "out_trade_no": charge.number,
            "notify_url": charge.notify_url,
            "time_expire": clock.local(charge.expires_at).isoformat(timespec="seconds"),
            "amount": {"total": charge.amount.fen, "currency": charge.amount.currency},
            "scene_info": {"payer_client_ip": charge.client_ip},
        }
        match charge.method:
            case "native":
                return Started(qr=str(self._order("native", order)["code_url"]))
            case "h5":
                order["scene_info"]["h5_info"] = {"type": "Wap"}
                page = str(self._order("h5", order)["h5_url"])
                back = quote(self._way_back(charge), safe="")
                return Started(redirect_to=f"{page}&redirect_url={back}")
            case "jsapi" if charge.payer:
                order["payer"] = {"openid": charge.payer}
                return Started(invoke=self._invoke(str(self._order("jsapi", order)["prepay_id"])))
        raise ProviderError(f"wechat cannot start {charge.method!r} for payer {charge.payer!r}")

    def payer_url(self, back: str) -> str:
        query = urlencode(
            {
                "appid": self.settings.app_id,
                "redirect_uri": back,
                "response_type": "code",
                "scope": "snsapi_base",
                "state": "pay",
            }
        )
        return f"{self.settings.open_url}/connect/oauth2/authorize?{query}#wechat_redirect"

    def payer(self, query: Mapping[str, str]) -> str:
        """The buyer's openid; a code works once and for five minutes."""
        if not query.get("code"):
            raise ProviderError("wechat did not say who the buyer is")
        answer = http.call(
            system="wechat",
            operation="oauth2.access_token",
            method="GET",
            url=f"{self.settings.api_url}/sns/oauth2/access_token",
            params={
                "appid": self.settings.app_id,
                "secret": self._secret(),
                "code": query["code"],
                "grant_type": "authorization_code",
            },
        )
        try:
            said = json.loads(answer.body)
            return str(said["openid"])
        except (ValueError, TypeError, KeyError) as failed:
            raise ProviderError(
                f"wechat does not know the buyer: {answer.text[:200]}", retry=answer.status >= 500
            ) from failed

    def read_notification(self, *, headers: Mapping[str, str], body: bytes) -> Notified:
        try:
            self.wire.check(headers, body)
        except ProviderError as forged:
            raise ProviderError(str(forged)) from forged
        try:
            said = json.loads(body)
            content = json.loads(self.wire.keys.opened(said["resource"]))
            return self._notified(said, content)
        except (ValueError, TypeError, KeyError) as failed:
            raise ProviderError(f"the notification cannot be read: {failed!r}") from failed

    def read_return(self, query: Mapping[str, str]) -> str:
        number = query.get("out_trade_no", "")
        if not hmac.compare_digest(query.get("check", "").encode(), self._check(number).encode()):
            raise ProviderError("the return is not from an address that we made")
        return number

    def accepted(self) -> tuple[int, str, bytes]:
        return 200, "application/json", '{"code":"SUCCESS","message":"成功"}'.encode()

    def rejected(self) -> tuple[int, str, bytes]:
        return 400, "application/json", '{"code":"FAIL","message":"失败"}'.encode()

    def query(self, ref: Ref) -> TradeAnswer:
        try:
            said = self.wire.ask(
                "query", f"{_PAY}/out-trade-no/{_part(ref.number)}", params=self._mine()
            )
        except Refusal as refused:
            if refused.code in _NO_TRADE:
                return TradeAnswer(number=ref.number, outcome=Outcome.NOT_FOUND)
            raise
        self._check_ours(said, ref.number)
        outcome = _OUTCOMES.get(str(said.get("trade_state")))
        if outcome is None:
            raise ProviderError(f"wechat reports the state {said.get('trade_state')!r}")
        if outcome is not Outcome.PAID:
            return TradeAnswer(number=ref.number, outcome=outcome)
        try:
            return TradeAnswer(
                number=ref.number,
                outcome=outcome,
                provider_id=said["transaction_id"],
                amount=_amount(said["amount"], "total"),
                paid_at=datetime.fromisoformat(said["success_time"]).astimezone(UTC),
                buyer=said.get("payer", {}).get("openid", ""),
            )
        except (KeyError, ValueError) as failed:
            raise ProviderError(f"wechat's answer cannot be read: {failed!r}") from failed

    def close(self, ref: Ref) -> TradeAnswer:
        """What refuses to be closed is asked for: it may have been paid a moment ago."""
        try:
            path = f"{_PAY}/out-trade-no/{_part(ref.number)}/close"
            self.wire.ask("close", path, body=self._mine())
        except Refusal as refused:
            if refused.code in _NO_TRADE:
                return TradeAnswer(number=ref.number, outcome=Outcome.NOT_FOUND)
            return self.query(ref)
        return TradeAnswer(number=ref.number, outcome=Outcome.CLOSED)

    def refund(
        self, *, ref: Ref, refund_number: str, amount: Money, total: Money, reason: str
    ) -> RefundAnswer:
        """WeChat only accepts it now; asking again with the same number tries a failed one anew."""
        asked: dict[str, Any] = {
            "out_trade_no": ref.number,
            "out_refund_no": refund_number,
            "reason": _cut(reason, 80) or "退款",
            "amount": {"refund": amount.fen, "total": total.fen, "currency": amount.currency},
        }
        if self.settings.refund_notify_url:
            asked["notify_url"] = self.settings.refund_notify_url
        try:
            said = self.wire.ask("refund", _REFUNDS, body=asked)
        except Refusal as refused:
            return RefundAnswer(
                number=refund_number, outcome=RefundOutcome.REFUSED, reason=str(refused)
            )
        return _refunded(said, said.get("status"), refund_number)

    def query_refund(self, *, ref: Ref, refund_number: str) -> RefundAnswer:
        try:
            said = self.wire.ask("refund_query", f"{_REFUNDS}/{_part(refund_number)}")
        except Refusal as refused:
            if refused.code in _NO_TRADE:
                return RefundAnswer(number=refund_number, outcome=RefundOutcome.NOT_FOUND)
            raise
        if said.get("out_trade_no") != ref.number:
            return RefundAnswer(number=refund_number, outcome=RefundOutcome.NOT_FOUND)
        return _refunded(said, said.get("status"), refund_number)

    def bill(self, day: date) -> Bill:
        try:
            wanted = {"bill_date": day.isoformat(), "bill_type": "ALL"}
            said = self.wire.ask("tradebill", "/v3/bill/tradebill", params=wanted)
        except Refusal as refused:
            if refused.code == "NOSTATEMENTEXIST" and _is_ready(day):
                return Bill(day=day, lines=(), file_name="", raw=b"")
            raise ProviderError(str(refused), retry=True) from refused
        raw = self.wire.download("billdownload", str(said.get("download_url")))
        if hashlib.sha1(raw).hexdigest() != said.get("hash_value"):  # noqa: S324 - the protocol's
            raise ProviderError("the bill is not the one that wechat announced", retry=True)
        return wechat_bill.read(day, raw)

    def _order(self, kind: str, order: Mapping[str, Any]) -> dict[str, Any]:
        said = self.wire.ask(kind, f"{_PAY}/{kind}", body=order)
        if not {"code_url", "prepay_id", "h5_url"} & set(said):
            raise ProviderError("wechat gave nothing to pay with", retry=True)
        return said

    def _invoke(self, prepay_id: str) -> dict[str, str]:
        """The parameters of `getBrandWCPayRequest`."""
        stamp, nonce = str(int(clock.now().timestamp())), secrets.token_hex(16).upper()
        return self.invoke_with(f"prepay_id={prepay_id}", stamp=stamp, nonce=nonce)

    def invoke_with(self, package: str, *, stamp: str, nonce: str) -> dict[str, str]:
        app_id = self.settings.app_id
        return {
            "appId": app_id,
            "timeStamp": stamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": self.wire.keys.sign(app_id, stamp, nonce, package),
        }

    def _notified(self, said: Mapping[str, Any], content: Mapping[str, Any]) -> Notified:
        """WeChat tells of success only; its refund notifications name no application."""
        self._check_ours(content, str(content["out_trade_no"]), refund="refund_status" in content)
        refund = None
        if "refund_status" in content:
            number = str(content["out_refund_no"])
            refund = _refunded(content, content["refund_status"], number)
        elif content.get("trade_state") not in ("SUCCESS", "REFUND"):
            raise ProviderError(f"wechat tells the state {content.get('trade_state')!r}")
        return Notified(
            number=content["out_trade_no"],
            outcome=Outcome.PAID,
            notification_id=str(said["id"]),
            provider_id=content["transaction_id"],
            amount=_amount(content["amount"], "total"),
            refund=refund,
            facts={
                "event_type": str(said.get("event_type", "")),
                **{name: str(content[name]) for name in _KEPT_FACTS if name in content},
            },
        )

    def _check_ours(self, said: Mapping[str, Any], number: str, *, refund: bool = False) -> None:
        if said.get("mchid") != self.settings.mch_id:
            raise ProviderError("it is for another merchant")
        if not refund and said.get("appid") != self.settings.app_id:
            raise ProviderError("it is for another application")
        if said.get("out_trade_no") != number:
            raise ProviderError("it is about another payment")

    def _mine(self) -> dict[str, str]:
        return {"mchid": self.settings.mch_id}

    def _secret(self) -> str:
        try:
            return self.settings.app_secret_file.read_text().strip()
        except OSError as failed:
            raise ProviderError(f"wechat's keys cannot be read: {failed}", retry=True) from failed

    def _way_back(self, charge: Charge) -> str:
        """WeChat adds nothing to the address that it returns to, so the number and a seal are in
        it already."""
        more = urlencode({"out_trade_no": charge.number, "check": self._check(charge.number)})
        return f"{charge.return_url}{'&' if '?' in charge.return_url else '?'}{more}"

    def _check(self, number: str) -> str:
        sealed = hmac.new(self.wire.keys.api_key, f"return\n{number}".encode(), hashlib.sha256)
        return sealed.hexdigest()


def _refunded(said: Mapping[str, Any], status: object, refund_number: str) -> RefundAnswer:
    outcome = _REFUND_OUTCOMES.get(str(status))
    if outcome is None or said.get("out_refund_no") != refund_number:
        raise ProviderError(f"wechat reports the refund as {status!r}", unknown=True, retry=True)
    return RefundAnswer(
        number=refund_number,
        outcome=outcome,
        reason=_REFUND_REASONS.get(str(status), ""),
        amount=_amount(said["amount"], "refund"),
    )


def _amount(said: Mapping[str, Any], name: str) -> Money:
    """Refund notifications name no currency."""
    fen = said[name]
    if not isinstance(fen, int) or isinstance(fen, bool):
        raise ProviderError(f"wechat wrote an amount as {fen!r}")
    return Money(fen, str(said.get("currency", "CNY")))


def _cut(text: str, most: int) -> str:
    """At most that many bytes, without half a character."""
    return text.encode()[:most].decode("utf-8", "ignore").strip()


def _part(number: str) -> str:
    return quote(number, safe="")


def _is_ready(day: date) -> bool:
    """WeChat writes a day's bill until ten the next morning."""
    start = datetime(day.year, day.month, day.day, tzinfo=clock.SHOP_ZONE)
    return clock.now() >= start + _BILL_READY


PROVIDER: PaymentProvider = WeChat()
