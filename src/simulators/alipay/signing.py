"""RSA2: SHA256withRSA, PKCS#1 v1.5, Base64; both sides' keys are files in the data folder."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from simulators.common.keys import load_private, load_public, make_pair

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
            make_pair(folder, "merchant_private.pem", "merchant_public.pem")
        if not (folder / "alipay_public.pem").exists():
            make_pair(folder, "platform_private.pem", "alipay_public.pem")
        self._private = load_private(folder / "platform_private.pem")
        self._merchant = load_public(folder / "merchant_public.pem")

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
