"""Kuaidi100's digests: upper-case MD5 of what is sent with a secret behind it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    key: str
    customer: str
    secret: str

    def query_sign(self, param: str) -> str:
        return digest(param, self.key, self.customer)

    def label_sign(self, param: str, moment: str) -> str:
        return digest(param, moment, self.key, self.secret)


def digest(*parts: str) -> str:
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest().upper()


def same(said: str, right: str) -> bool:
    return hmac.compare_digest(said.encode(), right.encode())
