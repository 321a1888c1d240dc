"""The stream process: live figures by server-sent events, one long answer a listener.

One poller counts for everybody; a listener gets the newest figures, however slow it reads.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib.auth import get_user
from django.db import Error, close_old_connections
from django.http import HttpRequest

from shangliu.domain.crm.staff import User
from shangliu.insight.window import Period
from shangliu.process.roles import STAFF
from shangliu.web.backoffice import living

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds between two countings
PING = 15.0  # seconds of silence after which a comment is sent and the listener checked again
_REPEAT = 10  # countings after which figures are sent though only ages have changed


class Poller:
    """Counts the periods that somebody listens to, in one thread with one connection."""

    def __init__(self) -> None:
        self.listeners: dict[Period, set[asyncio.Event]] = {period: set() for period in Period}
        self.newest: dict[Period, str] = {}
        self._seen: dict[Period, tuple[str, int]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="figures")
        self._task: asyncio.Task[None] | None = None

    async def ask(self, question: Callable[..., Any], *given: object) -> Any:
        """Run what talks to the database in the poller's thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, _answered, question, *given)

    def join(self, period: Period, fresh: asyncio.Event) -> None:
        self.listeners[period].add(fresh)
        if period in self.newest:
            fresh.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def leave(self, period: Period, fresh: asyncio.Event) -> None:
        self.listeners[period].discard(fresh)
        if not self.listeners[period]:
            self.newest.pop(period, None)
            self._seen.pop(period, None)

    async def _run(self) -> None:
        while any(self.listeners.values()):
            for period in [one for one in Period if self.listeners[one]]:
                try:
                    self._tell(period, await self.ask(living.payload, period))
                except Error as error:
                    log.warning("figures cannot be counted now: %s", error)
            await asyncio.sleep(EVERY)

    def _tell(self, period: Period, figures: dict[str, Any]) -> None:
        """Wake the listeners when something moved; ages alone only now and then."""
        mark = json.dumps(
            [[[*one[:1], *one[2:]] for one in figures["nodes"].values()], figures["edges"]]
        )
        before, quiet = self._seen.get(period, ("", 0))
        if mark == before and quiet < _REPEAT:
            self._seen[period] = mark, quiet + 1
            return
        self._seen[period] = mark, 0
        self.newest[period] = json.dumps(figures, separators=(",", ":"))
        for fresh in self.listeners[period]:
            fresh.set()


_poller = Poller()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI: `/figures?period=` for staff, `/healthz` for anybody."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        path = scope["path"]
        if scope["method"] == "GET" and path == "/healthz":
            listening = sum(len(one) for one in _poller.listeners.values())
            await _answer(send, 200, {"ok": True, "listeners": listening})
        elif scope["method"] == "GET" and path == "/figures":
            await _figures(scope, receive, send)
        else:
            await _answer(send, 404, {"error": "not found"})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _figures(scope: Scope, receive: Receive, send: Send) -> None:
    headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
    origin = headers.get("origin", "")
    if origin and not _is_ours(origin):
        await _answer(send, 403, {"error": "another origin"})
        return
    key = _session_key(headers.get("cookie", ""))
    if not await _poller.ask(is_staff, key):
        await _answer(send, 403, {"error": "staff only"}, _cors(origin))
        return
    asked = parse_qs(scope["query_string"].decode()).get("period", [""])[0]
    period = Period(asked) if asked in set(Period) else living.DEFAULT
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"text/event-stream; charset=utf-8"),
                (b"cache-control", b"no-store"),
                (b"x-accel-buffering", b"no"),
                *_cors(origin),
            ],
        }
    )
    talking = asyncio.create_task(_talk(send, period, key))
    leaving = asyncio.create_task(_left(receive))
    _done, pending = await asyncio.wait({talking, leaving}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    if talking in _done:
        talking.result()


async def _talk(send: Send, period: Period, key: str) -> None:
    """Figures when they are fresh, a comment in silence, an end when the person may no longer."""
    fresh = asyncio.Event()
    _poller.join(period, fresh)
    try:
        await _say(send, "retry: 3000\n\n")
        while True:
            try:
                await asyncio.wait_for(fresh.wait(), PING)
            except TimeoutError:
                await _say(send, ": ping\n\n")
                if not await _poller.ask(is_staff, key):
                    break
                continue
            fresh.clear()
            await _say(send, f"event: figures\ndata: {_poller.newest[period]}\n\n")
    finally:
        _poller.leave(period, fresh)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _say(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _answer(
    send: Send,
    status: int,
    body: dict[str, object],
    headers: list[tuple[bytes, bytes]] | None = None,
) -> None:
    kind = (b"content-type", b"application/json")
    await send(
        {"type": "http.response.start", "status": status, "headers": [kind, *(headers or [])]}
    )
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


def is_staff(session_key: str) -> bool:
    """Does this session belong to somebody who works here?"""
    if not session_key:
        return False
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    return (
        isinstance(user, User) and user.is_staff and user.is_active and bool(user.acts_as & STAFF)
    )


def _answered(question: Callable[..., Any], *given: object) -> Any:
    close_old_connections()
    return question(*given)


def _session_key(cookie: str) -> str:
    try:
        found = SimpleCookie(cookie).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def _is_ours(origin: str) -> bool:
    """Another port of one of our own hosts: the pages' own address."""
    return (urlsplit(origin).hostname or "") in settings.ALLOWED_HOSTS


def _cors(origin: str) -> list[tuple[bytes, bytes]]:
    if not origin:
        return []
    return [
        (b"access-control-allow-origin", origin.encode()),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]
