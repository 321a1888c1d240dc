"""WeChat Pay's envelope: signed requests, checked answers and notifications, and the keys."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shangliu.platform import clock, http
from shangliu.platform.env import keep_private
from shangliu.platform.outside import ProviderError

SCHEME = "WECHATPAY2-SHA256-RSA2048"
WINDOW = timedelta(minutes=5)
_FRESH = timedelta(hours=12)
_NEEDED = tuple(f"Wechatpay-{one}" for one in ("Timestamp", "Nonce", "Signature", "Serial"))


class Refusal(ProviderError):
    """WeChat understood and said no; `code` without the underscores that only some pages write."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message}（{code}）")
        self.code = code.replace("_", "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """`PAYMENTS_WECHAT_*`: `GATEWAY`, `OPEN` and `API` (who the buyer is), `APP_ID`, `MCH_ID`,
    `SERIAL_NO` (of our certificate), `PRIVATE_KEY_FILE` (ours), `API_KEY_FILE` (APIv3),
    `APP_SECRET_FILE`, `PUBLIC_KEY_ID` and `PUBLIC_KEY_FILE` (WeChat's), `CERTIFICATES_DIR` (where
    downloaded certificates are kept), `REFUND_NOTIFY_URL` (else the one set at WeChat).

    An empty `PUBLIC_KEY_ID` means that WeChat signs with platform certificates. The defaults are
    those of the simulator that runs beside us.
    """

    gateway: str
    open_url: str
    api_url: str
    app_id: str
    mch_id: str
    serial_no: str
    private_key_file: Path
    api_key_file: Path
    app_secret_file: Path
    public_key_id: str
    public_key_file: Path
    certificates_dir: Path
    refund_notify_url: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        def said(name: str, otherwise: str) -> str:
            return environ.get(f"PAYMENTS_WECHAT_{name}", otherwise)

        def file(name: str, otherwise: Path) -> Path:
            return Path(said(name, str(otherwise)))

        data = Path(environ.get("DATA_DIR") or "var")
        keys = data / "sim" / "wechat"
        beside = f"http://127.0.0.1:{int(environ.get('PORT') or 8000) + 14}"
        return cls(
            gateway=said("GATEWAY", beside).rstrip("/"),
            open_url=said("OPEN", beside).rstrip("/"),
            api_url=said("API", beside).rstrip("/"),
            app_id=said("APP_ID", "wxd678efh567hg6787"),
            mch_id=said("MCH_ID", "1900000109"),
            serial_no=said("SERIAL_NO", "444F4864EA9B34415A39DE1BE16D1F0F6C2C1D3E"),
            private_key_file=file("PRIVATE_KEY_FILE", keys / "merchant_private.pem"),
            api_key_file=file("API_KEY_FILE", keys / "apiv3_key.txt"),
            app_secret_file=file("APP_SECRET_FILE", keys / "app_secret.txt"),
            public_key_id=said("PUBLIC_KEY_ID", "PUB_KEY_ID_0119000001092026112300388800000015"),
            public_key_file=file("PUBLIC_KEY_FILE", keys / "wechat_public.pem"),
            certificates_dir=file("CERTIFICATES_DIR", data / "wechat-certificates"),
            refund_notify_url=said("REFUND_NOTIFY_URL", ""),
        )


@dataclass(kw_only=True)
class Certificates:
    """WeChat's platform certificates, shared by our processes as files."""

    folder: Path
    asked_at: datetime | None = None
    _known: dict[str, x509.Certificate] = field(default_factory=dict)

    @property
    def stale(self) -> bool:
        return self.asked_at is None or abs(clock.now() - self.asked_at) > _FRESH

    def find(self, serial: str) -> rsa.RSAPublicKey | None:
        """The key of a certificate that is valid now."""
        if serial not in self._known:
            self._look()
        found = self._known.get(serial)
        if (
            found is None
            or not found.not_valid_before_utc <= clock.now() < found.not_valid_after_utc
        ):
            return None
        key = found.public_key()
        return key if isinstance(key, rsa.RSAPublicKey) else None

    def keep(self, pem: bytes) -> None:
        read = x509.load_pem_x509_certificate(pem)
        self.folder.mkdir(parents=True, exist_ok=True)
        keep_private(self.folder / f"{read.serial_number:040X}.pem", pem.decode())

    def _look(self) -> None:
        for file in self.folder.glob("*.pem"):
            if file.stem not in self._known:
                self._known[file.stem] = x509.load_pem_x509_certificate(file.read_bytes())


@dataclass(frozen=True, kw_only=True)
class Keys:
    """Read at first use: the simulator writes them when it starts for the first time."""

    settings: Settings

    @cached_property
    def ours(self) -> rsa.RSAPrivateKey:
        key = serialization.load_pem_private_key(_read(self.settings.private_key_file), None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ProviderError("our key for wechat is no RSA key")
        return key

    @cached_property
    def theirs(self) -> rsa.RSAPublicKey:
        key = serialization.load_pem_public_key(_read(self.settings.public_key_file))
        if not isinstance(key, rsa.RSAPublicKey):
            raise ProviderError("wechat's key is no RSA key")
        return key

    @cached_property
    def api_key(self) -> bytes:
        return _read(self.settings.api_key_file).strip()

    def sign(self, *lines: str) -> str:
        """Each line with a line feed behind it, the last one too."""
        message = "".join(f"{line}\n" for line in lines).encode()
        signature = self.ours.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return base64.b64encode(signature).decode()

    def authorization(self, method: str, target: str, body: str, *, nonce: str = "") -> str:
        nonce = nonce or secrets.token_hex(16).upper()
        stamp = str(int(clock.now().timestamp()))
        said = {
            "mchid": self.settings.mch_id,
            "nonce_str": nonce,
            "signature": self.sign(method, target, stamp, nonce, body),
            "timestamp": stamp,
            "serial_no": self.settings.serial_no,
        }
        return f"{SCHEME} " + ",".join(f'{name}="{value}"' for name, value in said.items())

    def opened(self, resource: Mapping[str, Any]) -> bytes:
        """What was sealed with our API key; `ProviderError` for anything else."""
        try:
            if resource["algorithm"] != "AEAD_AES_256_GCM":
                raise ProviderError("the content is sealed in an unknown way")
            return AESGCM(self.api_key).decrypt(
                str(resource["nonce"]).encode(),
                base64.b64decode(resource["ciphertext"], validate=True),
                str(resource.get("associated_data") or "").encode(),
            )
        except (KeyError, TypeError, ValueError, InvalidTag) as failed:
            raise ProviderError("the content cannot be opened") from failed


@dataclass(frozen=True, kw_only=True)
class Wire:
    settings: Settings = field(default_factory=lambda: Settings.read(os.environ))

    @cached_property
    def keys(self) -> Keys:
        return Keys(settings=self.settings)

    @cached_property
    def certificates(self) -> Certificates:
        return Certificates(folder=self.settings.certificates_dir)

    def ask(
        self,
        operation: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The content of a 2xx answer whose signature was checked. `Refusal` for WeChat's no."""
        if not self.settings.public_key_id and self.certificates.stale:
            self._refresh()
        answer = self._send(operation, path, params=params, body=body)
        try:
            self.check(answer.headers, answer.body)
        except ProviderError:
            if self._knows(answer.headers.get("Wechatpay-Serial", "")):
                raise
            self._refresh()
            self.check(answer.headers, answer.body)
        return _object(answer.body) if answer.body else {}

    def download(self, operation: str, url: str) -> bytes:
        """A file at an address that WeChat gave us; its answer is not signed."""
        target = url.removeprefix(self.settings.gateway)
        return self._send(operation, target).body

    def check(self, headers: Mapping[str, str], body: bytes) -> None:
        """`ProviderError(unknown, retry)` unless WeChat signed this body in the last minutes."""
        stamp, nonce, signature, serial = (headers.get(name, "") for name in _NEEDED)
        if headers.get("Wechatpay-Signature-Type", SCHEME) != SCHEME:
            raise _forged("is signed in an unknown way")
        if not re.fullmatch(r"\d{1,11}", stamp, re.ASCII):
            raise _forged("is not signed")
        if abs(clock.now().timestamp() - int(stamp)) > WINDOW.total_seconds():
            raise _forged("is signed too long ago")
        key = self._key(serial)
        if key is None:
            raise _forged("is signed with a key that we do not know")
        message = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
        try:
            raw = base64.b64decode(signature, validate=True)
            key.verify(raw, message, padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError) as failed:
            raise _forged("has a signature that is not wechat's") from failed

    def _key(self, serial: str) -> rsa.RSAPublicKey | None:
        if serial and serial == self.settings.public_key_id:
            return self.keys.theirs
        return self.certificates.find(serial)

    def _knows(self, serial: str) -> bool:
        return not serial or serial.startswith("PUB_KEY_ID_") or self._key(serial) is not None

    def _refresh(self) -> None:
        """Download the certificates. Who can seal them with our API key is WeChat; the signature
        is checked all the same, with what came."""
        try:
            answer = self._send("certificates", "/v3/certificates")
        except Refusal as refused:
            raise ProviderError(
                f"wechat gives no certificates: {refused}", retry=True, unknown=True
            ) from refused
        for one in _object(answer.body).get("data", ()):
            self.certificates.keep(self.keys.opened(one["encrypt_certificate"]))
        self.check(answer.headers, answer.body)
        self.certificates.asked_at = clock.now()

    def _send(
        self,
        operation: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> http.Answer:
        method = "GET" if body is None else "POST"
        target = f"{path}?{urlencode(params)}" if params else path
        text = "" if body is None else compact(body)
        headers = {
            "Authorization": self.keys.authorization(method, target, text),
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "shangliu",
        }
        if self.settings.public_key_id:
            headers["Wechatpay-Serial"] = self.settings.public_key_id
        answer = http.call(
            system="wechat",
            operation=operation,
            method=method,
            url=f"{self.settings.gateway}{path}",
            params=params,
            data=text.encode() or None,
            headers=headers,
        )
        if not 200 <= answer.status < 300:
            raise _failure(answer)
        return answer


def compact(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _failure(answer: http.Answer) -> ProviderError:
    """Errors may come unsigned. 401 is our own fault, so it says nothing about the business."""
    try:
        said = _object(answer.body)
    except ProviderError:
        said = {}
    code, message = str(said.get("code", "")), str(said.get("message", ""))
    broken = answer.status >= 500
    if broken or answer.status in (401, 429) or not code:
        words = f"wechat answered HTTP {answer.status} {code} {message}".rstrip()
        return ProviderError(words, retry=broken or answer.status == 429, unknown=broken)
    return Refusal(code, message)


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError as failed:
        raise ProviderError("wechat's words cannot be read", retry=True, unknown=True) from failed
    if not isinstance(said, dict):
        raise ProviderError("wechat's words are no object", retry=True, unknown=True)
    return said


def _forged(why: str) -> ProviderError:
    return ProviderError(f"what came from wechat {why}", retry=True, unknown=True)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as failed:
        raise ProviderError(f"wechat's keys cannot be read: {failed}", retry=True) from failed
