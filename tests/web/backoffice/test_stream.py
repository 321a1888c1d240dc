"""The stream process: figures for staff, nothing for others, a ping in silence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, MutableMapping
from typing import Any, TypeVar

import pytest
from django.contrib.sessions.backends.cached_db import SessionStore
from django.db import connections
from django.test import Client

from shangliu.domain.crm.models import User
from shangliu.process.roles import Role
from shangliu.web import stream
from shangliu.web.backoffice import living
from tests.insight import world

Message = MutableMapping[str, Any]
T = TypeVar("T")


class Listener:
    """One request to the application, and what came back so far."""

    def __init__(self, path: str, *, cookie: str = "", origin: str = "", query: str = "") -> None:
        headers = [(b"cookie", cookie.encode()), (b"origin", origin.encode())]
        self.scope: Message = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": query.encode(),
            "headers": [pair for pair in headers if pair[1]],
        }
        self.sent: list[Message] = []
        self.gone = asyncio.Event()

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def until(self, text: str) -> str:
        """What was said, once it holds `text`."""
        for _ in range(500):
            said = b"".join(one.get("body", b"") for one in self.sent).decode()
            if text in said:
                return said
            await asyncio.sleep(0.01)
        raise AssertionError(f"{text!r} was not said: {self.sent}")

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])


def _cookie(client: Client) -> str:
    return f"sessionid={client.cookies['sessionid'].value}"


def _enter(person: User) -> str:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return _cookie(client)


@pytest.fixture
def poller(monkeypatch: pytest.MonkeyPatch) -> stream.Poller:
    """A poller of the test's own, twenty times as fast."""
    fresh = stream.Poller()
    monkeypatch.setattr(stream, "_poller", fresh)
    monkeypatch.setattr(stream, "EVERY", 0.05)
    monkeypatch.setattr(stream, "PING", 0.3)
    return fresh


def _run(poller: stream.Poller, work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end; the poller's thread leaves no connection behind."""

    async def all_of_it() -> T:
        try:
            return await work
        finally:
            await poller.ask(connections.close_all)

    return asyncio.run(all_of_it())


@pytest.mark.django_db(transaction=True)
def test_staff_hear_figures_and_hear_again_when_something_moved(poller: stream.Poller) -> None:
    shop = world.open_shop()
    living.forget()
    cookie = _enter(world.staff("finance", Role.FINANCE))

    async def listen() -> tuple[dict[str, Any], dict[str, Any]]:
        one = Listener(
            "/figures", cookie=cookie, query="period=24h", origin="http://localhost:8000"
        )
        task = asyncio.create_task(stream.application(one.scope, one.receive, one.send))
        first = await one.until("event: figures")
        await poller.ask(world.placed, shop)
        said = first
        for _ in range(200):
            said = b"".join(m.get("body", b"") for m in one.sent).decode()
            if said.count("event: figures") > 1:
                break
            await asyncio.sleep(0.02)
        headers = dict(one.sent[0]["headers"])
        assert headers[b"content-type"].startswith(b"text/event-stream")
        assert headers[b"access-control-allow-origin"] == b"http://localhost:8000"
        assert headers[b"access-control-allow-credentials"] == b"true"
        one.gone.set()
        await task
        return _figures(first)[-1], _figures(said)[-1]

    before, after = _run(poller, listen())
    assert before["nodes"].get("order.pay", [0])[0] == 0
    assert after["nodes"]["order.pay"][0] == 1
    assert not any(poller.listeners.values())


def _figures(said: str) -> list[dict[str, Any]]:
    return [
        json.loads(line.removeprefix("data: "))
        for line in said.splitlines()
        if line.startswith("data: ")
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("who", ["nobody", "buyer", "made up"])
def test_others_hear_nothing(who: str, poller: stream.Poller) -> None:
    cookies = {"nobody": "", "made up": "sessionid=x", "buyer": _enter(world.buyer())}
    one = Listener("/figures", cookie=cookies[who])
    _run(poller, stream.application(one.scope, one.receive, one.send))
    assert one.status == 403


@pytest.mark.django_db(transaction=True)
def test_another_site_may_not_listen(poller: stream.Poller) -> None:
    cookie = _enter(world.staff("finance", Role.FINANCE))
    one = Listener("/figures", cookie=cookie, origin="https://evil.example")
    _run(poller, stream.application(one.scope, one.receive, one.send))
    assert one.status == 403


@pytest.mark.django_db(transaction=True)
def test_who_is_signed_out_meanwhile_is_let_go(poller: stream.Poller) -> None:
    cookie = _enter(world.staff("finance", Role.FINANCE))

    async def listen() -> Listener:
        one = Listener("/figures", cookie=cookie)
        task = asyncio.create_task(stream.application(one.scope, one.receive, one.send))
        await one.until("event: figures")
        await poller.ask(SessionStore(cookie.partition("=")[2]).flush)
        await asyncio.wait_for(task, 5)
        return one

    one = _run(poller, listen())
    assert one.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


def test_healthz_and_what_is_not_there() -> None:
    for path, status in (("/healthz", 200), ("/elsewhere", 404)):
        one = Listener(path)
        asyncio.run(stream.application(one.scope, one.receive, one.send))
        assert one.status == status
