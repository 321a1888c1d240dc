"""The visit that a page view belongs to, carried in one small cookie.

A view only says what was seen (`seen`): a header on its answer that never leaves the server. The
layer in front of Django (`pagecache`) reads it, also of a kept page, and records it once.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, quote, unquote, urlsplit

from django.http import HttpRequest, HttpResponse

COOKIE = "visit"
BEEN_HERE = "been"
LASTS = 1800
REMEMBERED = 31_536_000
SEEN = "X-Seen"
ENVIRON = "shangliu.visit"


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """`last` is the step before; the rest is where the visit came from. `known`: the browser
    had a mark, the same for everybody, that it was here before; None if it was not asked."""

    id: str
    last: str = ""
    source: str = ""
    medium: str = ""
    campaign: str = ""
    referrer: str = ""
    known: bool | None = None

    def after(self, step: str) -> Visit:
        return replace(self, last=step)

    def cookie(self) -> str:
        parts = (self.id, self.last, self.source, self.medium, self.campaign, self.referrer)
        known = "" if self.known is None else str(int(self.known))
        return "|".join(quote(part, safe="") for part in (*parts, known))


def read(cookie: str) -> Visit | None:
    """The visit that a cookie tells of; None for none, or for one that is not ours."""
    parts = [unquote(part)[:120] for part in cookie.split("|")]
    if len(parts) not in (6, 7) or len(parts[0]) != 32 or not parts[0].isalnum():
        return None
    return Visit(
        id=parts[0],
        last=parts[1][:32],
        source=parts[2][:60],
        medium=parts[3][:60],
        campaign=parts[4][:60],
        referrer=parts[5],
        known={"0": False, "1": True}.get(parts[6]) if len(parts) == 7 else None,
    )


def begin(*, query: str, referrer: str, host: str, known: bool | None = None) -> Visit:
    """A new visit: its source from the address (UTM) or else from the page that led here."""
    asked = parse_qs(query, max_num_fields=60) if "utm_" in query else {}
    came_from = urlsplit(referrer).hostname or "" if referrer else ""
    if came_from == host.partition(":")[0]:
        came_from = ""
    return Visit(
        id=secrets.token_hex(16),
        source=_one(asked, "utm_source"),
        medium=_one(asked, "utm_medium"),
        campaign=_one(asked, "utm_campaign"),
        referrer=came_from[:120],
        known=known,
    )


def seen(response: HttpResponse, step: str, about: str = "") -> HttpResponse:
    """Say that this answer is a step of the visit: `view_product` of a product code."""
    response[SEEN] = f"{step} {quote(about[:64], safe='')}"
    return response


def visit_id(request: HttpRequest) -> str:
    """The visit of a request; empty when nothing in front of Django keeps visits."""
    visit = request.META.get(ENVIRON) or read(request.COOKIES.get(COOKIE, ""))
    return visit.id if isinstance(visit, Visit) else ""


def device_of(agent: str) -> str:
    """`wechat`, `mobile`, `tablet` or `desktop`, from what the browser says it is. WeChat's own
    browser counts for itself on whatever it runs: its visitors pay and share in other ways."""
    if "MicroMessenger" in agent:
        return "wechat"
    if "iPad" in agent or "Tablet" in agent or ("Android" in agent and "Mobile" not in agent):
        return "tablet"
    return "mobile" if "Mobile" in agent or "iPhone" in agent else "desktop"


def _one(asked: Mapping[str, list[str]], name: str) -> str:
    return (asked.get(name) or [""])[0][:60]
