"""Alipay's certificates: the ones that we were given, and those that it moved on to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from shangliu.platform import clock
from shangliu.platform.env import keep_private

_ISSUER = (
    ("CN", NameOID.COMMON_NAME),
    ("OU", NameOID.ORGANIZATIONAL_UNIT_NAME),
    ("O", NameOID.ORGANIZATION_NAME),
    ("C", NameOID.COUNTRY_NAME),
)
_RSA_SIGNATURES = "1.2.840.113549.1.1."


class Certificates:
    """Newer certificates are files in `folder`, shared by our processes. Each is used only while
    it is valid and when a chain of issuers leads from it to a root that we were given.

    `ValueError` for files that are no certificates, or when the first one is not vouched for.
    """

    def __init__(self, *, app: bytes, root: bytes, first: bytes, folder: Path) -> None:
        self._roots = x509.load_pem_x509_certificates(root)
        self._folder = folder
        self._known: dict[str, x509.Certificate] = {}
        self.app_sn = number(x509.load_pem_x509_certificate(app))
        self.root_sn = "_".join(
            number(one)
            for one in self._roots
            if one.signature_algorithm_oid.dotted_string.startswith(_RSA_SIGNATURES)
        )
        self._take(first)

    def knows(self, serial: str) -> bool:
        if serial not in self._known:
            self._look()
        return serial in self._known

    def keep(self, pem: bytes, serial: str) -> None:
        """`ValueError` unless this is the certificate of that number and vouched for."""
        if self._take(pem) != serial:
            raise ValueError("it is another certificate")
        self._folder.mkdir(parents=True, exist_ok=True)
        keep_private(self._folder / f"{serial}.crt", pem.decode())

    def keys(self) -> Iterator[rsa.RSAPublicKey]:
        """Of what is valid now, the newest first."""
        self._look()
        now = clock.now()
        for one in reversed(self._known.values()):
            key = one.public_key()
            valid = one.not_valid_before_utc <= now < one.not_valid_after_utc
            if valid and isinstance(key, rsa.RSAPublicKey):
                yield key

    def _look(self) -> None:
        """See what another process fetched."""
        for file in sorted(self._folder.glob("*.crt")):
            if file.stem not in self._known:
                self._take(file.read_bytes())

    def _take(self, pem: bytes) -> str:
        chain = x509.load_pem_x509_certificates(pem)
        if not self._is_vouched_for(chain[0], chain[1:]):
            raise ValueError("the certificate is not alipay's")
        serial = number(chain[0])
        self._known[serial] = chain[0]
        return serial

    def _is_vouched_for(self, one: x509.Certificate, others: list[x509.Certificate]) -> bool:
        if any(_issued(one, root) for root in self._roots):
            return True
        return any(
            _issued(one, other)
            and self._is_vouched_for(other, [left for left in others if left is not other])
            for other in others
        )


def number(one: x509.Certificate) -> str:
    """What the interface calls a certificate's number: a digest of its issuer and serial."""
    issuer = ",".join(f"{short}={_named(one.issuer, oid)}" for short, oid in _ISSUER)
    text = f"{issuer}{one.serial_number}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _named(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else "None"


def _issued(one: x509.Certificate, issuer: x509.Certificate) -> bool:
    """An issuer must be an authority: the merchant's own certificate vouches for nothing."""
    try:
        if not issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        one.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return True
