"""Certificate mode: a root, an authority under it, the merchant's certificate and ours."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from simulators.common.keys import load_private, load_public, private_pem, write

_YEARS = timedelta(days=3650)
_SUBJECT = (
    (NameOID.COUNTRY_NAME, "CN"),
    (NameOID.ORGANIZATION_NAME, "Simulated Financial"),
    (NameOID.ORGANIZATIONAL_UNIT_NAME, "Certification Authority"),
)
_ORDER = (
    ("CN", NameOID.COMMON_NAME),
    ("OU", NameOID.ORGANIZATIONAL_UNIT_NAME),
    ("O", NameOID.ORGANIZATION_NAME),
    ("C", NameOID.COUNTRY_NAME),
)


class Certificates:
    """Made in `folder` at the first start; the shop is given `app_cert.crt`, `alipay_cert.crt` and
    `alipay_root.crt`. `rotate` makes a new key and certificate of ours; the shop has to fetch it
    by its number.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._own = folder, folder / "certificates"
        if not (folder / "alipay_root.crt").exists():
            self._make()
        self._authority = load_private(self._own / "authority.pem")
        self._authority_cert = _load(self._own / "authority.crt")
        self.app_sn = number(_load(folder / "app_cert.crt"))
        self.root_sn = number(_load(folder / "alipay_root.crt"))
        self._take((self._own / "current.txt").read_text())

    @property
    def sn(self) -> str:
        """Of the certificate that we sign with now."""
        return self._sn

    def sign(self, text: str) -> str:
        signature = self._private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return base64.b64encode(signature).decode()

    def rotate(self) -> str:
        self._issue_ours(rsa.generate_private_key(public_exponent=65537, key_size=2048))
        self._take((self._own / "current.txt").read_text())
        return self._sn

    def content(self, sn: str) -> str | None:
        """The certificate of that number and its authority's, as `alipaycert.download` gives it."""
        file = self._own / f"{sn}.crt"
        if not sn.isalnum() or not file.exists():
            return None
        return base64.b64encode(file.read_bytes()).decode()

    def _take(self, sn: str) -> None:
        self._sn, self._private = sn, load_private(self._own / f"{sn}.pem")

    def _make(self) -> None:
        """The root is written last: it says that everything is there."""
        self._own.mkdir(exist_ok=True)
        root, authority = (
            rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)
        )
        root_cert = _issued("Simulated Root R1", root.public_key(), None, root, authority=True)
        self._authority = authority
        self._authority_cert = _issued(
            "Simulated Class 2 R1", authority.public_key(), root_cert, root, authority=True
        )
        write(self._own / "authority.pem", private_pem(authority), 0o600)
        write(self._own / "authority.crt", _pem(self._authority_cert), 0o644)
        merchant = load_public(self._folder / "merchant_public.pem")
        app = _issued("2088102119685838", merchant, self._authority_cert, authority)
        write(self._folder / "app_cert.crt", _pem(app), 0o644)
        first = self._issue_ours(load_private(self._folder / "platform_private.pem"))
        write(self._folder / "alipay_cert.crt", first, 0o644)
        write(self._folder / "alipay_root.crt", _pem(root_cert), 0o644)

    def _issue_ours(self, key: rsa.RSAPrivateKey) -> bytes:
        made = _issued("支付宝（模拟）", key.public_key(), self._authority_cert, self._authority)
        chain = _pem(made) + b"\n" + _pem(self._authority_cert)
        sn = number(made)
        write(self._own / f"{sn}.pem", private_pem(key), 0o600)
        write(self._own / f"{sn}.crt", chain, 0o644)
        write(self._own / "current.txt", sn.encode(), 0o644)
        return chain


def number(one: x509.Certificate) -> str:
    """What the interface calls a certificate's number: a digest of its issuer and serial."""
    issuer = ",".join(
        f"{short}={one.issuer.get_attributes_for_oid(oid)[0].value!s}" for short, oid in _ORDER
    )
    text = f"{issuer}{one.serial_number}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _issued(
    name: str,
    key: rsa.RSAPublicKey,
    issuer: x509.Certificate | None,
    signer: rsa.RSAPrivateKey,
    *,
    authority: bool = False,
) -> x509.Certificate:
    subject = x509.Name(
        [x509.NameAttribute(oid, value) for oid, value in (*_SUBJECT, (NameOID.COMMON_NAME, name))]
    )
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _YEARS)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )


def _pem(one: x509.Certificate) -> bytes:
    return one.public_bytes(serialization.Encoding.PEM)


def _load(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())
