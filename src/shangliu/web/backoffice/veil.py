"""What of a purchase's calls and facts is shown to somebody who gave no reason to see more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from shangliu.platform import http
from shangliu.web.backoffice import words

_PHONE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d)\d{4}(\d{4})(?!\d)")
_SECRET_ELEMENT = re.compile(
    r"<(\w*(?:sign|secret|key|token|digest|password)\w*)(\s[^>]*)?>"
    r"\s*(?:<!\[CDATA\[.*?\]\]>|[^<]*)\s*<",
    re.IGNORECASE | re.DOTALL,
)
_AMOUNT = re.compile(r"-?\d+(\.\d+)?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Veil:
    """Hides secrets always; phones and the purchase's own names and addresses unless `lifted`."""

    said: tuple[tuple[str, str], ...]
    lifted: bool

    def text(self, text: str) -> str:
        shown = _SECRET_ELEMENT.sub(r"<\1>***<", text)
        if self.lifted:
            return shown
        for whole, short in self.said:
            shown = shown.replace(whole, short)
        return _PHONE.sub(r"\1****\2", shown)

    def content(self, content: object) -> str:
        """A request or an answer as text; masked again, for rows written before a rule was."""
        again = http.masked(content)
        if isinstance(again, str):
            return self.text(again)
        return self.text(json.dumps(again, ensure_ascii=False, indent=1))


def veil(orders: Iterable[Any], *, lifted: bool) -> Veil:
    """The veil over a purchase: the receivers of its orders are known by their own words."""
    said: dict[str, str] = {}
    for one in orders:
        district = f"{one.province}{one.city}{one.district}"
        said[one.address] = f"{district} ****"
        if len(one.street) > 2:
            said[one.street] = "****"
        if len(one.receiver_name) > 1:
            said[one.receiver_name] = words.masked_name(one.receiver_name)
    known = sorted(((whole, short) for whole, short in said.items() if whole), key=_longest)
    return Veil(tuple(known), lifted)


def _longest(pair: tuple[str, str]) -> int:
    return -len(pair[0])


def cell(value: object) -> str:
    """The value as a spreadsheet may open it: nothing that it would take for a formula."""
    text = str(value)
    harmless = not text.startswith(_FORMULA) or _AMOUNT.fullmatch(text)
    return text if harmless else f"'{text}"
