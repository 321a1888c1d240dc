"""A merchant that speaks to the WeChat simulator by hand: no SDK, none of the shop's code."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.simulators.running import Ear, Simulator

BEIJING = timezone(timedelta(hours=8))
APP_ID, MCH_ID = "wxd678efh567hg6787", "1900000109"
SERIAL_NO = "444F4864EA9B34415A39DE1BE16D1F0F6C2C1D3E"
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000001092026112300388800000015"
OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"


@dataclass
class WeChatMerchant:
    """`serial` is the Wechatpay-Serial of its requests; empty in certificate mode."""

    gateway: Simulator
    notify_url: str
    serial: str = PUBLIC_KEY_ID

    def native(
        self, number: str, fen: int = 8800, *, minutes: float = 30, **more: object
    ) -> requests.Response:
        order = self.order(number, fen, minutes=minutes, **more)
        return self.post("/v3/pay/transactions/native", order)

    def order(
        self, number: str, fen: int = 8800, *, minutes: float = 30, **more: object
    ) -> dict[str, object]:
        expires = datetime.fromtimestamp(time.time(), BEIJING) + timedelta(minutes=minutes)
        return {
            "appid": APP_ID,
            "mchid": MCH_ID,
            "description": "龙井茶叶 250g",
            "out_trade_no": number,
            "notify_url": self.notify_url,
            "time_expire": expires.isoformat(timespec="seconds"),
            "amount": {"total": fen, "currency": "CNY"},
            **more,
        }

    def query(self, number: str) -> requests.Response:
        return self.get(f"/v3/pay/transactions/out-trade-no/{number}", mchid=MCH_ID)

    def close(self, number: str) -> requests.Response:
        path = f"/v3/pay/transactions/out-trade-no/{number}/close"
        return self.post(path, {"mchid": MCH_ID})

    def refund(
        self, number: str, refund_number: str, fen: int, total: int = 8800, **more: object
    ) -> requests.Response:
        body = {
            "out_trade_no": number,
            "out_refund_no": refund_number,
            "reason": "不想要了",
            "amount": {"refund": fen, "total": total, "currency": "CNY"},
            **more,
        }
        return self.post("/v3/refund/domestic/refunds", body)

    def get(self, path: str, **params: str) -> requests.Response:
        return self.send("GET", f"{path}?{urlencode(params)}" if params else path)

    def post(self, path: str, body: Mapping[str, object]) -> requests.Response:
        return self.send("POST", path, json.dumps(body, ensure_ascii=False))

    def send(
        self, method: str, target: str, body: str = "", headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        """The answer; its signature is checked where there is one."""
        said = {
            "Authorization": self.authorization(method, target, body),
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "merchant",
            **({"Wechatpay-Serial": self.serial} if self.serial else {}),
            **(headers or {}),
        }
        url = f"{self.gateway.url}{target}"
        got = requests.request(method, url, data=body.encode(), headers=said, timeout=10)
        if "Wechatpay-Signature" in got.headers:
            assert genuine(self.gateway.folder, got.headers, got.content)
        return got

    def authorization(self, method: str, target: str, body: str, **more: str) -> str:
        said = {
            "mchid": MCH_ID,
            "nonce_str": secrets.token_hex(16),
            "timestamp": str(int(time.time())),
            "serial_no": SERIAL_NO,
            **more,
        }
        lines = (method, target, said["timestamp"], said["nonce_str"], body)
        said.setdefault("signature", self.sign(*lines))
        return "WECHATPAY2-SHA256-RSA2048 " + ",".join(f'{k}="{v}"' for k, v in said.items())

    def sign(self, *lines: str) -> str:
        pem = (self.gateway.folder / "merchant_private.pem").read_bytes()
        key = serialization.load_pem_private_key(pem, password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        message = "".join(f"{line}\n" for line in lines).encode()
        return base64.b64encode(key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()


def genuine(folder: Path, headers: Mapping[str, str], body: bytes) -> bool:
    """Raises when the platform did not sign this with the key that it names."""
    serial = headers["Wechatpay-Serial"]
    if serial == PUBLIC_KEY_ID:
        key = serialization.load_pem_public_key((folder / "wechat_public.pem").read_bytes())
    else:
        pem = (folder / "certificates" / f"{serial}.pem").read_bytes()
        key = x509.load_pem_x509_certificate(pem).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert headers["Wechatpay-Signature-Type"] == "WECHATPAY2-SHA256-RSA2048"
    start = f"{headers['Wechatpay-Timestamp']}\n{headers['Wechatpay-Nonce']}\n".encode()
    signature = base64.b64decode(headers["Wechatpay-Signature"])
    key.verify(signature, start + body + b"\n", padding.PKCS1v15(), hashes.SHA256())
    return True


def opened(folder: Path, resource: Mapping[str, str]) -> bytes:
    key = (folder / "apiv3_key.txt").read_text().strip().encode()
    return AESGCM(key).decrypt(
        resource["nonce"].encode(),
        base64.b64decode(resource["ciphertext"]),
        resource["associated_data"].encode(),
    )


def heard(folder: Path, shop: Ear, count: int) -> list[dict[str, Any]]:
    """The notifications once there are `count`, signatures checked, their content opened."""
    shop.wait(count)
    found = []
    for headers, body in zip(list(shop.headers), list(shop.heard), strict=False):
        assert genuine(folder, headers, body)
        said = json.loads(body)
        found.append({**said, "content": json.loads(opened(folder, said["resource"]))})
    return found
