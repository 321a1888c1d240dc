"""Alipay on the web (page pay), with RSA2 public keys, over the OpenAPI 2.0 gateway."""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import alipay
from alipay.exceptions import AliPayException, AliPayValidationError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from shangliu.domain.payments.provider import (
    Charge,
    Notified,
    Outcome,
    PaymentProvider,
    ProviderError,
    RefundAnswer,
    RefundOutcome,
    Started,
    TradeAnswer,
)
from shangliu.platform import clock, http
from shangliu.platform.money import Money
from shangliu.platform.text import Text

_OUTCOMES = {
    "WAIT_BUYER_PAY": Outcome.WAITING,
    "TRADE_SUCCESS": Outcome.PAID,
    "TRADE_FINISHED": Outcome.PAID,
    "TRADE_CLOSED": Outcome.CLOSED,
}
_NO_TRADE = "ACQ.TRADE_NOT_EXIST"
_BUSY = ("ACQ.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR")
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """`PAYMENTS_ALIPAY_GATEWAY`, `_APP_ID`, `_SELLER_ID`, `_PRIVATE_KEY_FILE` (ours) and
    `_PUBLIC_KEY_FILE` (Alipay's). The defaults are those of the simulator that runs beside us."""

    gateway: str
    app_id: str
    seller_id: str
    private_key_file: Path
    public_key_file: Path

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        def said(name: str, otherwise: str) -> str:
            return environ.get(f"PAYMENTS_ALIPAY_{name}", otherwise)

        keys = Path(environ.get("DATA_DIR") or "var") / "sim" / "alipay"
        beside = int(environ.get("PORT") or 8000) + 11
        return cls(
            gateway=said("GATEWAY", f"http://127.0.0.1:{beside}/gateway.do"),
            app_id=said("APP_ID", "2021000000000001"),
            seller_id=said("SELLER_ID", "2088102119685838"),
            private_key_file=Path(said("PRIVATE_KEY_FILE", str(keys / "merchant_private.pem"))),
            public_key_file=Path(said("PUBLIC_KEY_FILE", str(keys / "alipay_public.pem"))),
        )


class Sdk(alipay.AliPay):  # type: ignore[misc]
    """python-alipay-sdk with our transport, Beijing time, keys of `cryptography` (five times as
    fast) and a slicing of answers that knows strings, so that a `{` in a subject does no harm."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            appid=settings.app_id,
            app_private_key_string=settings.private_key_file.read_bytes(),
            alipay_public_key_string=settings.public_key_file.read_bytes(),
        )
        self._gateway = settings.gateway

    def _load_key(self) -> None:
        ours = serialization.load_pem_private_key(self._app_private_key_string, password=None)
        theirs = serialization.load_pem_public_key(self._alipay_public_key_string)
        if not isinstance(ours, rsa.RSAPrivateKey) or not isinstance(theirs, rsa.RSAPublicKey):
            raise ValueError("not RSA keys")  # noqa: TRY004 - the file's content is wrong
        self._app_private_key, self._alipay_public_key = ours, theirs

    def _sign(self, unsigned_string: str) -> str:
        signature = self._app_private_key.sign(
            unsigned_string.encode(), padding.PKCS1v15(), hashes.SHA256()
        )
        return base64.b64encode(signature).decode()

    def _verify(self, raw_content: str, signature: str) -> bool:
        try:
            self._alipay_public_key.verify(
                base64.b64decode(signature, validate=True),
                raw_content.encode(),
                padding.PKCS1v15(),
                hashes.SHA256(),
            )
        except (InvalidSignature, binascii.Error):
            return False
        return True

    def build_body(self, method: str, biz_content: object = None, **more: str) -> dict[str, Any]:
        now = f"{clock.local(clock.now()):%Y-%m-%d %H:%M:%S}"
        body: dict[str, Any] = super().build_body(method, biz_content, **more)
        return {**body, "format": "JSON", "timestamp": now}

    def verified_sync_response(self, data: dict[str, Any], response_type: str) -> dict[str, Any]:
        """POST; the common parameters and the content are both in the form."""
        form = dict(parse_qsl(self.sign_data(data), keep_blank_values=True))
        answer = http.call(
            system="alipay",
            operation=str(form["method"]),
            method="POST",
            url=self._gateway,
            params={"charset": "utf-8"},
            data=form,
        )
        if answer.status != 200:
            broken = answer.status >= 500
            raise ProviderError(
                f"alipay answered HTTP {answer.status}", retry=broken, unknown=broken
            )
        content: dict[str, Any] = self._verify_and_return_sync_response(answer.text, response_type)
        return content

    def _get_string_to_be_signed(self, raw_string: str, response_type: str) -> str:
        named = raw_string.index(f'"{response_type}"') + len(response_type) + 2
        start = raw_string.index("{", named)
        return raw_string[start : json.JSONDecoder().raw_decode(raw_string, start)[1]]


@dataclass(frozen=True, kw_only=True)
class Alipay:
    settings: Settings = field(default_factory=lambda: Settings.read(os.environ))
    code: str = "alipay"
    label: Text = field(default=Text("支付宝", "Alipay"))

    @cached_property
    def sdk(self) -> Sdk:
        """Made at first use: the simulator writes the keys when it starts for the first time."""
        try:
            return Sdk(self.settings)
        except (OSError, ValueError) as failed:
            raise ProviderError(f"alipay's keys cannot be read: {failed}", retry=True) from failed

    def start(self, charge: Charge) -> Started:
        expires = clock.local(charge.expires_at)
        query = self.sdk.api_alipay_trade_page_pay(
            subject=re.sub(r"[/=&{}<>\"']", " ", charge.subject).strip()[:256] or charge.number,
            out_trade_no=charge.number,
            total_amount=charge.amount.yuan,
            return_url=charge.return_url,
            notify_url=charge.notify_url,
            time_expire=f"{expires:%Y-%m-%d %H:%M:%S}",
        )
        return Started(redirect_to=f"{self.settings.gateway}?{query}")

    def read_notification(self, *, headers: Mapping[str, str], body: bytes) -> Notified:  # noqa: ARG002
        said = self._verified(
            dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        )
        outcome = _OUTCOMES.get(said.get("trade_status", ""))
        if outcome is None or not said.get("out_trade_no") or not said.get("notify_id"):
            raise ProviderError("the notification says nothing that we understand")
        is_refund = "gmt_refund" in said or said.get("refund_fee", "0.00") != "0.00"
        return Notified(
            number=said["out_trade_no"],
            outcome=outcome,
            notification_id=said["notify_id"],
            provider_id=said.get("trade_no"),
            amount=_amount(said.get("total_amount")),
            refund_number=said.get("out_biz_no", "") if is_refund else None,
            facts={name: said[name] for name in _KEPT_FACTS if name in said},
        )

    def read_return(self, query: Mapping[str, str]) -> str:
        said = self._verified(dict(query))
        if not said.get("out_trade_no"):
            raise ProviderError("the return names no payment")
        return said["out_trade_no"]

    def accepted(self) -> tuple[int, str, bytes]:
        return 200, "text/plain", b"success"

    def rejected(self) -> tuple[int, str, bytes]:
        return 200, "text/plain", b"failure"

    def query(self, number: str) -> TradeAnswer:
        said = self._ask("alipay.trade.query", {"out_trade_no": number})
        if said["code"] != "10000":
            if said.get("sub_code") == _NO_TRADE:
                return TradeAnswer(number=number, outcome=Outcome.NOT_FOUND)
            raise _failure(said)
        outcome = _OUTCOMES.get(said.get("trade_status", ""))
        if outcome is None:
            raise ProviderError(f"alipay reports the state {said.get('trade_status')!r}")
        return TradeAnswer(
            number=number,
            outcome=outcome,
            provider_id=said.get("trade_no"),
            amount=_amount(said.get("total_amount")),
            paid_at=_moment(said.get("send_pay_date")),
            buyer=said.get("buyer_logon_id", ""),
        )

    def close(self, number: str) -> TradeAnswer:
        """What refuses to be closed is asked for: it may have been paid a moment ago."""
        said = self._ask("alipay.trade.close", {"out_trade_no": number})
        if said["code"] == "10000":
            return TradeAnswer(
                number=number, outcome=Outcome.CLOSED, provider_id=said.get("trade_no")
            )
        if said.get("sub_code") == _NO_TRADE:
            return TradeAnswer(number=number, outcome=Outcome.NOT_FOUND)
        return self.query(number)

    def refund(
        self,
        *,
        number: str,
        refund_number: str,
        amount: Money,
        total: Money,  # noqa: ARG002 - other gateways want it
        reason: str,
    ) -> RefundAnswer:
        """`fund_change` N means that this request moved nothing, so the refund is asked for."""
        said = self._ask(
            "alipay.trade.refund",
            {
                "out_trade_no": number,
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
            return self.query_refund(number=number, refund_number=refund_number)
        return RefundAnswer(number=refund_number, outcome=RefundOutcome.DONE, amount=amount)

    def query_refund(self, *, number: str, refund_number: str) -> RefundAnswer:
        """10000 only says that the query ran; without a status nothing was refunded."""
        said = self._ask(
            "alipay.trade.fastpay.refund.query",
            {"out_trade_no": number, "out_request_no": refund_number},
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

    def _ask(self, method: str, content: dict[str, str]) -> dict[str, str]:
        """The answer with code 10000 or 40004; everything else is a `ProviderError`."""
        try:
            said: dict[str, str] = self.sdk.server_api(method, content)
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
