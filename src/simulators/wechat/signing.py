"""Both sides' keys: who signed a request, signing answers and notifications, sealing content."""

from __future__ import annotations

import base64
import json
import re
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

from simulators.common.keys import load_private, load_public, make_pair, private_pem, write
from simulators.wechat.account import Account, RefusalError, wrong

SCHEME = "WECHATPAY2-SHA256-RSA2048"
PROBE = "WECHATPAY/SIGNTEST/"
WINDOW = 300
_PADDING, _HASH = padding.PKCS1v15(), hashes.SHA256()
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NEEDED = {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}


class Keys:
    """Made in `folder` at the first start.

    The shop is given `merchant_private.pem`, `wechat_public.pem` (for the id of the account),
    `apiv3_key.txt` and `app_secret.txt`; it downloads the certificates of `certificates/`.
    Timestamps of signatures are the world's, whatever the simulated clock says.
    """

    def __init__(self, folder: Path, account: Account) -> None:
        self._account = account
        self._certificates = folder / "certificates"
        self._certificates.mkdir(parents=True, exist_ok=True)
        if not (folder / "merchant_public.pem").exists():
            make_pair(folder, "merchant_private.pem", "merchant_public.pem")
        if not (folder / "wechat_public.pem").exists():
            make_pair(folder, "platform_private.pem", "wechat_public.pem")
        self._merchant = load_public(folder / "merchant_public.pem")
        self._signers = {account.public_key_id: load_private(folder / "platform_private.pem")}
        self._api_key = _kept_word(folder / "apiv3_key.txt").encode()
        self.app_secret = _kept_word(folder / "app_secret.txt")
        for file in self._files():
            self._signers[file.stem] = load_private(file.with_suffix(".key"))
        if not self._files():
            self.rotate()

    def rotate(self) -> str:
        """A new platform certificate, which signs from now on; gives its serial number."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com sign")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=1))
            .not_valid_after(now + timedelta(days=5 * 365))
            .sign(key, _HASH)
        )
        serial = f"{made.serial_number:040X}"
        write(self._certificates / f"{serial}.key", private_pem(key), 0o600)
        pem = made.public_bytes(serialization.Encoding.PEM)
        write(self._certificates / f"{serial}.pem", pem, 0o644)
        self._signers[serial] = key
        return serial

    def newest(self) -> str:
        return self._files()[-1].stem

    def certificates(self) -> list[dict[str, object]]:
        """As `/v3/certificates` lists them, sealed with the merchant's API key."""
        return [self._listed(file) for file in self._files()]

    def check(self, *, method: str, target: str, authorization: str, body: bytes) -> None:
        """Refuse with 401 what the merchant did not sign within the last five minutes."""
        scheme, _, rest = authorization.partition(" ")
        said = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        if scheme != SCHEME or set(said) != _NEEDED:
            raise _unsigned("Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》")
        if said["mchid"] != self._account.mch_id or said["serial_no"] != self._account.serial_no:
            raise _unsigned("商户证书序列号有误。请使用签名私钥匹配的证书序列号")
        if not said["timestamp"].isdigit() or abs(time.time() - int(said["timestamp"])) > WINDOW:
            raise _unsigned("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
        lines = f"{method}\n{target}\n{said['timestamp']}\n{said['nonce_str']}\n".encode()
        if not self.is_merchants(lines + body + b"\n", said["signature"]):
            raise _unsigned("签名错误，请检查后再试")

    def is_merchants(self, message: bytes, signature: str) -> bool:
        try:
            found = base64.b64decode(signature, validate=True)
            self._merchant.verify(found, message, _PADDING, _HASH)
        except (InvalidSignature, ValueError):
            return False
        return True

    def signer(self, asked: str) -> str:
        """Whose key signs the answer: the one that the request's Wechatpay-Serial names."""
        if not asked:
            return self.newest()
        if asked not in self._signers:
            raise wrong("Http头Wechatpay-Serial中的平台证书序列号或公钥ID有误")
        return asked

    def dress(self, body: bytes, serial: str, *, probe: bool = False) -> Mapping[str, str]:
        """The headers of an answer or notification. A probe's signature is no signature."""
        stamp, nonce = str(int(time.time())), secrets.token_hex(16).upper()
        message = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
        signature = base64.b64encode(self._signers[serial].sign(message, _PADDING, _HASH)).decode()
        if probe:
            signature = PROBE + signature[len(PROBE) :]
        return {
            "Wechatpay-Timestamp": stamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": signature,
            "Wechatpay-Serial": serial,
            "Wechatpay-Signature-Type": SCHEME,
        }

    def seal(self, content: str, about: str) -> dict[str, str]:
        nonce = "".join(secrets.choice(_ALPHABET) for _ in range(12))
        sealed = AESGCM(self._api_key).encrypt(nonce.encode(), content.encode(), about.encode())
        return {
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(sealed).decode(),
            "associated_data": about,
            "nonce": nonce,
        }

    def _files(self) -> list[Path]:
        """Oldest first."""
        return sorted(self._certificates.glob("*.pem"), key=lambda one: one.stat().st_mtime_ns)

    def _listed(self, file: Path) -> dict[str, object]:
        pem = file.read_bytes()
        read = x509.load_pem_x509_certificate(pem)
        return {
            "serial_no": file.stem,
            "effective_time": _rfc3339(read.not_valid_before_utc),
            "expire_time": _rfc3339(read.not_valid_after_utc),
            "encrypt_certificate": self.seal(pem.decode(), "certificate"),
        }


def compact(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _unsigned(message: str) -> RefusalError:
    return RefusalError(401, "SIGN_ERROR", message)


def _rfc3339(moment: datetime) -> str:
    return (moment + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S+08:00")


def _kept_word(file: Path) -> str:
    """32 letters and digits, made once."""
    if not file.exists():
        write(file, "".join(secrets.choice(_ALPHABET) for _ in range(32)).encode(), 0o600)
    return file.read_text().strip()
