"""Alipay's envelope: signed requests, checked answers and notifications, and the keys."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import alipay
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from shangliu.platform import clock, http
from shangliu.platform.outside import ProviderError


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
