"""A merchant that speaks to the Alipay simulator by hand: no SDK, none of the shop's code."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.simulators.running import Simulator

BEIJING = timezone(timedelta(hours=8))


@dataclass
class Merchant:
    gateway: Simulator
    notify_url: str
    app_id: str = "2021000000000001"

    def page_pay(
        self, number: str, amount: str = "88.00", *, minutes: float = 30, **more: str
    ) -> str:
        """Open the cashier as a browser would; gives the address of its page."""
        expires = datetime.fromtimestamp(time.time(), BEIJING) + timedelta(minutes=minutes)
        answer = requests.get(
            f"{self.gateway.url}/gateway.do",
            params=self.signed(
                "alipay.trade.page.pay",
                {
                    "out_trade_no": number,
                    "total_amount": amount,
                    "subject": "龙井茶叶 250g",
                    "product_code": "FAST_INSTANT_TRADE_PAY",
                    "time_expire": f"{expires:%Y-%m-%d %H:%M:%S}",
                },
                notify_url=self.notify_url,
                return_url="http://127.0.0.1:9/return?from=cashier",
                **more,
            ),
            timeout=10,
        )
        assert answer.status_code == 200
        return answer.url

    def ask(self, method: str, **biz: str) -> dict[str, Any]:
        return self.answer(self.signed(method, biz))

    def answer(self, params: dict[str, str]) -> dict[str, Any]:
        """The content of the answer; its signature is checked where there is one."""
        got = requests.post(f"{self.gateway.url}/gateway.do", data=params, timeout=10)
        assert got.status_code == 200
        whole = got.json()
        if "sign" in whole:
            start = got.text.index(":") + 1
            content = got.text[start : got.text.rindex(',"sign"')]
            assert genuine(self.gateway.folder, content, whole["sign"])
        return next(value for name, value in whole.items() if name != "sign")

    def signed(self, method: str, biz: dict[str, str], **more: str) -> dict[str, str]:
        params = {
            "app_id": self.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": f"{datetime.fromtimestamp(time.time(), BEIJING):%Y-%m-%d %H:%M:%S}",
            "version": "1.0",
            "biz_content": json.dumps(biz, ensure_ascii=False),
            **more,
        }
        key = serialization.load_pem_private_key(
            (self.gateway.folder / "merchant_private.pem").read_bytes(), password=None
        )
        assert isinstance(key, rsa.RSAPrivateKey)
        signature = key.sign(_joined(params), padding.PKCS1v15(), hashes.SHA256())
        return {**params, "sign": base64.b64encode(signature).decode()}


def genuine(folder: Path, content: str, signature: str) -> bool:
    """Raises when the platform did not sign this."""
    key = serialization.load_pem_public_key((folder / "alipay_public.pem").read_bytes())
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(base64.b64decode(signature), content.encode(), padding.PKCS1v15(), hashes.SHA256())
    return True


def genuine_form(folder: Path, form: dict[str, str]) -> bool:
    unsigned = {name: v for name, v in form.items() if name not in ("sign", "sign_type")}
    return genuine(folder, _joined(unsigned).decode(), form["sign"])


def encoded(form: dict[str, str]) -> bytes:
    return urlencode(form).encode()


def _joined(params: dict[str, str]) -> bytes:
    return "&".join(f"{name}={value}" for name, value in sorted(params.items())).encode()
