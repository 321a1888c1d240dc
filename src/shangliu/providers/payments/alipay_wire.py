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
from shangliu.providers.payments.alipay_certificates import Certificates

_DOWNLOAD = "alipay.open.app.alipaycert.download"


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """`PAYMENTS_ALIPAY_*`: `GATEWAY`, `APP_ID`, `SELLER_ID`, `PRIVATE_KEY_FILE` (ours) and
    `PUBLIC_KEY_FILE` (Alipay's).

    With `APP_CERT_FILE` (ours) certificates are used instead of Alipay's public key: then also
    `CERT_FILE` (Alipay's), `ROOT_CERT_FILE`, and `CERTIFICATES_DIR`, where newer certificates of
    Alipay's are kept. The defaults are those of the simulator that runs beside us.
    """

    gateway: str
    app_id: str
    seller_id: str
    private_key_file: Path
    public_key_file: Path
    app_cert_file: Path | None
    cert_file: Path
    root_cert_file: Path
    certificates_dir: Path

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        def said(name: str, otherwise: str) -> str:
            return environ.get(f"PAYMENTS_ALIPAY_{name}", otherwise)

        def file(name: str, otherwise: Path) -> Path:
            return Path(said(name, str(otherwise)))

        data = Path(environ.get("DATA_DIR") or "var")
        keys = data / "sim" / "alipay"
        beside = int(environ.get("PORT") or 8000) + 11
        ours = said("APP_CERT_FILE", "")
        return cls(
            gateway=said("GATEWAY", f"http://127.0.0.1:{beside}/gateway.do"),
            app_id=said("APP_ID", "2021000000000001"),
            seller_id=said("SELLER_ID", "2088102119685838"),
            private_key_file=file("PRIVATE_KEY_FILE", keys / "merchant_private.pem"),
            public_key_file=file("PUBLIC_KEY_FILE", keys / "alipay_public.pem"),
            app_cert_file=Path(ours) if ours else None,
            cert_file=file("CERT_FILE", keys / "alipay_cert.crt"),
            root_cert_file=file("ROOT_CERT_FILE", keys / "alipay_root.crt"),
            certificates_dir=file("CERTIFICATES_DIR", data / "alipay-certificates"),
        )


class Sdk(alipay.AliPay):  # type: ignore[misc]
    """python-alipay-sdk with our transport, Beijing time, keys of `cryptography` (five times as
    fast) and a slicing of answers that knows strings, so that a `{` in a subject does no harm.

    `certificates` is None where Alipay's public key is used.
    """

    def __init__(self, settings: Settings) -> None:
        self.certificates = None
        theirs = b""
        if settings.app_cert_file is None:
            theirs = settings.public_key_file.read_bytes()
        else:
            self.certificates = Certificates(
                app=settings.app_cert_file.read_bytes(),
                root=settings.root_cert_file.read_bytes(),
                first=settings.cert_file.read_bytes(),
                folder=settings.certificates_dir,
            )
        super().__init__(
            appid=settings.app_id,
            app_private_key_string=settings.private_key_file.read_bytes(),
            alipay_public_key_string=theirs,
        )
        self._gateway = settings.gateway

    def _load_key(self) -> None:
        ours = serialization.load_pem_private_key(self._app_private_key_string, password=None)
        if not isinstance(ours, rsa.RSAPrivateKey):
            raise ValueError("not an RSA key")  # noqa: TRY004 - the file's content is wrong
        self._app_private_key = ours
        if self.certificates is None:
            theirs = serialization.load_pem_public_key(self._alipay_public_key_string)
            if not isinstance(theirs, rsa.RSAPublicKey):
                raise ValueError("not an RSA key")
            self._alipay_public_key = theirs

    def _sign(self, unsigned_string: str) -> str:
        signature = self._app_private_key.sign(
            unsigned_string.encode(), padding.PKCS1v15(), hashes.SHA256()
        )
        return base64.b64encode(signature).decode()

    def _verify(self, raw_content: str, signature: str) -> bool:
        """Notifications do not say which certificate they were signed with, so all are tried."""
        try:
            signed = base64.b64decode(signature, validate=True)
        except binascii.Error:
            return False
        keys = self.certificates.keys() if self.certificates else [self._alipay_public_key]
        return any(_is_signed(key, raw_content.encode(), signed) for key in keys)

    def build_body(self, method: str, biz_content: object = None, **more: str) -> dict[str, Any]:
        now = f"{clock.local(clock.now()):%Y-%m-%d %H:%M:%S}"
        body: dict[str, Any] = super().build_body(method, biz_content, **more)
        body |= {"format": "JSON", "timestamp": now}
        if self.certificates is not None:
            body |= {
                "app_cert_sn": self.certificates.app_sn,
                "alipay_root_cert_sn": self.certificates.root_sn,
            }
        return body

    def verified_sync_response(self, data: dict[str, Any], response_type: str) -> dict[str, Any]:
        """An answer signed with a certificate that is new to us has it fetched first."""
        text = self._post(data)
        if self.certificates is not None:
            serial = _object(text).get("alipay_cert_sn")
            if isinstance(serial, str) and not self.certificates.knows(serial):
                self.certificates.keep(self._download(serial), serial)
        content: dict[str, Any] = self._verify_and_return_sync_response(text, response_type)
        return content

    def _download(self, serial: str) -> bytes:
        """The certificate of that number. What vouches for it is its issuer, not the signature of
        the answer, which it would itself be needed for. What was asked before may have been done,
        so every failure leaves that unknown."""
        try:
            said = _object(self._post(self.build_body(_DOWNLOAD, {"alipay_cert_sn": serial})))
        except ProviderError as failed:
            raise ProviderError(str(failed), retry=True, unknown=True) from failed
        content = said.get(f"{_DOWNLOAD.replace('.', '_')}_response")
        if not isinstance(content, dict) or content.get("code") != "10000":
            raise ValueError(f"no certificate {serial}")
        return base64.b64decode(str(content.get("alipay_cert_content", "")))

    def _post(self, data: dict[str, Any]) -> str:
        """The common parameters and the content are both in the form."""
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
        return answer.text

    def _get_string_to_be_signed(self, raw_string: str, response_type: str) -> str:
        named = raw_string.index(f'"{response_type}"') + len(response_type) + 2
        start = raw_string.index("{", named)
        return raw_string[start : json.JSONDecoder().raw_decode(raw_string, start)[1]]


def _is_signed(key: rsa.RSAPublicKey, content: bytes, signature: bytes) -> bool:
    try:
        key.verify(signature, content, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _object(text: str) -> dict[str, Any]:
    said = json.loads(text)
    if not isinstance(said, dict):
        raise ValueError("no object")  # noqa: TRY004 - the text's content is wrong
    return said
