"""In front of Django: pages that are the same for everybody are kept, visits are counted.

A view marks such a page with the products that it shows (`kept.PRODUCTS`); it is kept per address
and language until the database says that one of those products, or the catalogue, has changed
(`NOTIFY shangliu_pages`). Nothing is kept while that news cannot be heard.
"""

from __future__ import annotations

import gzip
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from shangliu.insight import behaviour
from shangliu.insight.behaviour import Seen
from shangliu.platform import clock
from shangliu.web import visits
from shangliu.web.storefront.kept import PRODUCTS
from shangliu.web.visits import Visit

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

MOST_PAGES = 4000
EVERYTHING = "*"
_CAMPAIGN = ("utm_", "gclid", "spm")
_NEVER = ("/staff", "/static", "/media", "/pay", "/healthz", "/carrier")
_INTERNAL = {visits.SEEN.lower(), PRODUCTS.lower()}


@dataclass(frozen=True, slots=True)
class Page:
    """A kept answer. `seen` is the step of a visit that looking at it is."""

    headers: Headers
    body: bytes
    zipped: bytes
    products: frozenset[str]
    seen: str


class Pages:
    """The kept pages of one process, found by address and dropped by product."""

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}
        self._by_product: dict[str, set[str]] = defaultdict(set)
        self._lock = threading.Lock()
        self.news = 0
        self.listening = False

    def get(self, key: str) -> Page | None:
        return self._pages.get(key) if self.listening else None

    def put(self, key: str, page: Page, *, since: int) -> None:
        """Keep a page, unless something changed while it was being made."""
        with self._lock:
            if not self.listening or self.news != since:
                return
            if len(self._pages) >= MOST_PAGES:
                self._clear()
            self._pages[key] = page
            for product in page.products:
                self._by_product[product].add(key)

    def drop(self, product: str) -> None:
        """Forget the pages that show a product; `*` forgets all."""
        with self._lock:
            self.news += 1
            if product == EVERYTHING:
                self._clear()
                return
            for key in self._by_product.pop(product, ()):
                self._pages.pop(key, None)

    def hear(self, *, listening: bool) -> None:
        with self._lock:
            self.news += 1
            self.listening = listening
            self._clear()

    def _clear(self) -> None:
        self._pages.clear()
        self._by_product.clear()


class FrontDesk:
    """The WSGI application around Django's."""

    def __init__(self, application: Application, pages: Pages, *, keeping: bool = True) -> None:
        self._application = application
        self._pages = pages
        self._keeping = keeping

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        if environ["REQUEST_METHOD"] != "GET" or path.startswith(_NEVER):
            environ[visits.ENVIRON] = visits.read(_cookie(environ, visits.COOKIE))
            return self._application(environ, start_response)
        known = visits.read(_cookie(environ, visits.COOKIE))
        visit = known or visits.begin(
            query=environ.get("QUERY_STRING", ""),
            referrer=environ.get("HTTP_REFERER", ""),
            host=environ.get("HTTP_HOST", ""),
            known=bool(_cookie(environ, visits.BEEN_HERE)),
        )
        environ[visits.ENVIRON] = visit
        desk = _Answer(environ, visit, new=known is None)
        key = _key(environ, path)
        page = self._pages.get(key) if self._keeping else None
        if page is not None:
            return desk.give(page, start_response)
        since = self._pages.news
        body = b"".join(_whole(self._application(environ, desk.start)))
        kept = desk.page(body) if self._keeping else None
        if kept is not None:
            self._pages.put(key, kept, since=since)
        return desk.pass_on(body, start_response)


class _Answer:
    """One answer on its way out: counted once, its notes to the front desk taken off."""

    def __init__(self, environ: Environ, visit: Visit, *, new: bool) -> None:
        self._environ = environ
        self._visit = visit
        self._new = new
        self._status = ""
        self._headers: Headers = []

    def start(self, status: str, headers: Headers, *_: object) -> Callable[[bytes], None]:
        self._status, self._headers = status, list(headers)
        return lambda _: None

    def page(self, body: bytes) -> Page | None:
        """The answer as it may be kept: only a good one that sets no cookie."""
        notes = {name.lower(): value for name, value in self._headers}
        if PRODUCTS.lower() not in notes or "set-cookie" in notes or self._status[:3] != "200":
            return None
        return Page(
            headers=_outgoing(self._headers),
            body=body,
            zipped=gzip.compress(body, 5),
            products=frozenset(notes[PRODUCTS.lower()].split()),
            seen=notes.get(visits.SEEN.lower(), ""),
        )

    def give(self, page: Page, start_response: StartResponse) -> Iterable[bytes]:
        zipped = "gzip" in self._environ.get("HTTP_ACCEPT_ENCODING", "")
        body = page.zipped if zipped else page.body
        headers = [(n, v) for n, v in page.headers if n.lower() != "content-length"]
        headers.append(("Content-Length", str(len(body))))
        if zipped:
            headers.append(("Content-Encoding", "gzip"))
        start_response("200 OK", headers + self._counted(page.seen))
        return [body]

    def pass_on(self, body: bytes, start_response: StartResponse) -> Iterable[bytes]:
        seen = next((v for n, v in self._headers if n.lower() == visits.SEEN.lower()), "")
        start_response(self._status, _outgoing(self._headers) + self._counted(seen))
        return [body]

    def _counted(self, seen: str) -> Headers:
        """Record the step that this answer is; gives the cookie that remembers it."""
        if not seen:
            return []
        step, _, about = seen.partition(" ")
        if self._new and step != "arrive":
            self._record("arrive", "")
        self._record(step, unquote(about))
        value = f"{visits.COOKIE}={self._visit.cookie()}"
        cookies = [f"{value}; Max-Age={visits.LASTS}"]
        if self._new:
            cookies.append(f"{visits.BEEN_HERE}=1; Max-Age={visits.REMEMBERED}")
        return [("Set-Cookie", f"{one}; Path=/; HttpOnly; SameSite=Lax") for one in cookies]

    def _record(self, step: str, about: str) -> None:
        visit = self._visit
        behaviour.record(
            Seen(
                at=clock.now(),
                visit=visit.id,
                step=step,
                prev=visit.last,
                about=about,
                source=visit.source,
                medium=visit.medium,
                campaign=visit.campaign,
                referrer=visit.referrer,
                device=visits.device_of(self._environ.get("HTTP_USER_AGENT", "")),
                known=visit.known,
            )
        )
        self._visit = visit.after(step)


def _key(environ: Environ, path: str) -> str:
    """Address and language; where a visitor came from does not make another page."""
    query = environ.get("QUERY_STRING", "")
    if query:
        query = urlencode(
            sorted(pair for pair in parse_qsl(query) if not pair[0].startswith(_CAMPAIGN))
        )
    return f"{_language(environ)} {environ.get('HTTP_HOST', '')} {path}?{query}"


def _language(environ: Environ) -> str:
    """As Django will choose it: the cookie, else what the browser prefers, else Chinese."""
    chosen = _cookie(environ, "django_language")
    if chosen:
        return "en" if chosen.startswith("en") else "zh"
    accepts = environ.get("HTTP_ACCEPT_LANGUAGE", "")
    return "en" if accepts[:2].lower() == "en" else f"zh:{accepts[:20]}"


def _cookie(environ: Environ, name: str) -> str:
    raw = environ.get("HTTP_COOKIE", "")
    if f"{name}=" not in raw:
        return ""
    try:
        found = SimpleCookie(raw).get(name)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def _outgoing(headers: Headers) -> Headers:
    return [(name, value) for name, value in headers if name.lower() not in _INTERNAL]


def _whole(parts: Iterable[bytes]) -> Iterable[bytes]:
    try:
        yield from parts
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
