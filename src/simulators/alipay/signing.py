"""RSA2: SHA256withRSA, PKCS#1 v1.5, Base64; both sides' keys are files in the data folder."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_PADDING, _HASH = padding.PKCS1v15(), hashes.SHA256()


class Keys:
    """The platform's private and the merchant's public key.

    Made in `folder` at the first start: `platform_private.pem` stays here; the shop is given
    `merchant_private.pem` and `alipay_public.pem`. A `merchant_public.pem` that is there already
    is used as it is.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "merchant_public.pem").exists():
            _make_pair(folder, "merchant_private.pem", "merchant_public.pem")
        if not (folder / "alipay_public.pem").exists():
            _make_pair(folder, "platform_private.pem", "alipay_public.pem")
        own = (folder / "platform_private.pem").read_bytes()
        private = serialization.load_pem_private_key(own, password=None)
        public = serialization.load_pem_public_key((folder / "merchant_public.pem").read_bytes())
        if not isinstance(private, rsa.RSAPrivateKey) or not isinstance(public, rsa.RSAPublicKey):
            raise TypeError("the keys must be RSA keys")
        self._private, self._merchant = private, public

    def sign(self, text: str) -> str:
        return base64.b64encode(self._private.sign(text.encode(), _PADDING, _HASH)).decode()

    def is_merchants(self, params: Mapping[str, str]) -> bool:
        """Whether the request's `sign` is the merchant's: all but `sign` and what is empty."""
        text = joined({name: v for name, v in params.items() if name != "sign" and v})
        try:
            signature = base64.b64decode(params.get("sign", ""), validate=True)
            self._merchant.verify(signature, text.encode(), _PADDING, _HASH)
        except (InvalidSignature, binascii.Error):
            return False
        return True

    def signed(self, params: Mapping[str, str]) -> dict[str, str]:
        """A notification or a return query: `sign` and `sign_type` are not themselves signed."""
        return {**params, "sign": self.sign(joined(params)), "sign_type": "RSA2"}


def joined(params: Mapping[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in sorted(params.items()))


def _make_pair(folder: Path, private_name: str, public_name: str) -> None:
    """The public file is written last: it says that the pair is whole."""
    pair = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM
    private = pair.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = pair.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    for name, content, mode in ((private_name, private, 0o600), (public_name, public, 0o644)):
        beside = folder / f".{name}"
        beside.write_bytes(content)
        beside.chmod(mode)
        beside.replace(folder / name)
