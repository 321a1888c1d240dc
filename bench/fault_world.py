"""A shop at work for the fault suite: all programs, guests who buy, a warehouse that packs."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from django.db import DatabaseError, close_old_connections
from django.test import Client

from bench.buying import Way, WentWrong, purchase_until_paid
from bench.load import Loop, Pause, Script
from bench.stage import Stage
from shangliu.cli.children import Child, Spec
from shangliu.cli.up import specs
from shangliu.domain.crm.models import User
from shangliu.domain.fulfilment.models import FulfilmentTask
from shangliu.flow import steps
from shangliu.flow.fulfilment.effects import Scans, Wave, Weight
from shangliu.platform.errors import Refused
from shangliu.process.engine import Conflict
from shangliu.process.roles import STAFF

BUYERS = 2
PAUSE = 1.2  # seconds between the purchases of one buyer
_AUTO = ("--auto", "1.5", "--pickup", "8")


@dataclass
class World:
    """The running shop. `children` by name; `working` is cleared to send the warehouse home."""

    stage: Stage
    children: dict[str, Child]
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    working: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)
    bought: Counter[str] = field(default_factory=Counter)
    kept: list[Any] = field(default_factory=list)

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.stage.url, autocommit=True) as connection:
            done = connection.execute(statement, values)
            return list(done.fetchall()) if done.description else []

    def sim(self, port: int, path: str, **said: object) -> None:
        """Tell a simulator what to do."""
        data = urllib.parse.urlencode({name: str(value) for name, value in said.items()}).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_sim/{path}", data, 10) as answer:
            answer.read()

    def alipay(self, path: str, **said: object) -> None:
        self.sim(self.stage.env.alipay_port, path, **said)

    def pid(self, name: str) -> int:
        return int(json.loads((self.stage.env.data_dir / "run" / f"{name}.pid").read_text())["pid"])

    def kill(self, name: str) -> None:
        os.killpg(self.pid(name), signal.SIGKILL)

    def freeze(self, name: str) -> None:
        os.killpg(self.pid(name), signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        os.killpg(self.pid(name), signal.SIGCONT)

    def start(self, name: str) -> None:
        self.children[name].start()
        self.children[name].wait_ready(30)

    def hold(self, statement: str) -> None:
        """A session that keeps what the statement locks until it is let go."""
        connection = psycopg.connect(self.stage.url)
        connection.execute(statement)
        self.kept.append(connection)

    def let_go(self) -> None:
        while self.kept:
            self.kept.pop().close()


@contextmanager
def running(stage: Stage, way: Way) -> Iterator[World]:
    """Everything started, people at work; ended in reverse."""
    children = {
        spec.name: Child(_quick(spec), stage.env.data_dir / "run") for spec in specs(stage.env)
    }
    world = World(stage, children)
    people = [
        threading.Thread(target=_buyers, args=(world, way), daemon=True),
        threading.Thread(target=_hands, args=(world,), daemon=True),
        threading.Thread(target=_looking, args=(world,), daemon=True),
    ]
    try:
        for child in children.values():
            child.start()
        for child in children.values():
            if not child.wait_ready(60):
                raise SystemExit(f"{child.spec.name} did not start")
        world.working.set()
        for one in people:
            one.start()
        yield world
    finally:
        world.stopped.set()
        world.let_go()
        for name in children:
            with suppress(OSError, ValueError):
                world.thaw(name)
        for child in reversed(children.values()):
            child.ask_to_stop()
        end = time.monotonic() + 8
        for child in reversed(children.values()):
            with suppress(subprocess.SubprocessError):
                child.wait(end)


def _quick(spec: Spec) -> Spec:
    """Parcels that travel in seconds."""
    if spec.name != "kuaidi100":
        return spec
    slow = spec.command.index("--auto")
    return replace(spec, command=(*spec.command[:slow], *_AUTO))


def _buyers(world: World, way: Way) -> None:
    while not world.stopped.is_set():
        scripts = [_buyer(world, way) for _ in range(BUYERS)]
        with suppress(OSError):
            Loop(scripts).run(float("inf"))
        world.stopped.wait(1)


def _buyer(world: World, way: Way) -> Script:
    while not world.stopped.is_set():
        yield Pause(PAUSE * world.chance.uniform(0.6, 1.4))
        try:
            yield from purchase_until_paid(way, world.chance.randrange(len(way.products)))
            world.bought["done"] += 1
        except WentWrong as wrong:
            world.bought[str(wrong)] += 1


def _hands(world: World) -> None:
    while not world.stopped.is_set():
        world.working.wait(1)
        if not world.working.is_set():
            continue
        with suppress(Refused, Conflict, DatabaseError):
            _pack(world)
        close_old_connections()
        world.stopped.wait(0.3)


def _pack(world: World) -> None:
    for state, (name, asked) in _NEXT.items():
        for task in FulfilmentTask.objects.filter(state=state).order_by("id")[:40]:
            if not world.working.is_set() or world.stopped.is_set():
                return
            with suppress(Refused, Conflict):
                steps.take(
                    f"fulfilment.{name}",
                    task,
                    actor="cangku",
                    roles=frozenset(STAFF),
                    data=asked(task),
                )


def _scans(task: FulfilmentTask) -> Scans:
    return Scans(counts={line.order_line.sku: line.quantity for line in task.lines.all()})


_NEXT: dict[str, tuple[str, Callable[[FulfilmentTask], object]]] = {
    "weighed": ("hand_over", lambda _: None),
    "packed": ("weigh", lambda task: Weight(grams=task.expected_g)),
    "picked": ("pack", lambda _: None),
    "picking": ("pick", _scans),
    "in_wave": ("start_pick", lambda _: None),
    "created": ("wave", lambda _: Wave(wave="W1")),
}


def _looking(world: World) -> None:
    """Somebody has the page of the alarms open."""
    host, port = world.stage.shop
    while not world.stopped.is_set():
        with suppress(OSError):
            asked = urllib.request.Request(
                f"http://{host}:{port}/staff/alarms/list.json",
                headers={"Cookie": f"sessionid={_session()}"},
            )
            with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 - our own
                world.bought[f"alarms {answer.status}"] += 1
        world.stopped.wait(3)


_sessions: list[str] = []


def _session() -> str:
    if not _sessions:
        person, new = User.objects.get_or_create(
            login="zhiban", defaults={"name": "值班", "roles": ["admin"], "is_staff": True}
        )
        if new:
            person.set_unusable_password()
            person.save()
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        _sessions.append(client.cookies["sessionid"].value)
    return _sessions[0]
