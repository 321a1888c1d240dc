"""The load: buyers as generators, driven by one loop over raw sockets in processes of their own.

A script yields what it wants done (`Ask`, `Pause`) and is given the answer. Nothing of Django is
loaded for them, so that one process can drive several thousand requests a second. Scripts of
`hands` call services instead: each has a thread, as in a web worker, and yields after each unit.
"""

from __future__ import annotations

import heapq
import multiprocessing
import selectors
import socket
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from importlib import import_module
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

import django

PROCESSES = 2
Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, ready to be sent."""

    address: Address
    raw: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    head: bytes
    body: bytes

    def header(self, name: bytes) -> str:
        """The first value of a header; empty when there is none."""
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.lower() == name:
                return value.strip().decode()
        return ""

    def cookies(self) -> dict[str, str]:
        found = {}
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.lower() == b"set-cookie":
                name, _, rest = value.strip().decode().partition("=")
                found[name] = rest.partition(";")[0]
        return found


@dataclass(slots=True)
class Tally:
    """What one process's scripts have done: (when it ended, how long it took), and refusals."""

    done: list[tuple[float, float]] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)

    def ok(self, began: float) -> None:
        ended = time.monotonic()
        self.done.append((ended, ended - began))

    def failed(self, why: str) -> None:
        self.errors[why] = self.errors.get(why, 0) + 1


Script = Generator[Ask | Pause | None, Answer | None, None]


@dataclass(frozen=True, kw_only=True)
class Job:
    """`script` names a function (`module:name`); `f(tally, number, *args)` is the life of one
    buyer, which ends or goes on for ever. What `hands` yield first means that they are ready.

    `seconds` None: until every script has ended by itself.
    """

    script: str
    args: tuple[Any, ...]
    clients: int = 8
    warm: float = 2.0
    seconds: float | None = 10.0
    hands: bool = False


@dataclass(frozen=True, kw_only=True)
class Measured:
    """`spent` are the seconds of every unit of work that ended in the window, sorted."""

    rate: float
    spent: tuple[float, ...]
    errors: dict[str, int]
    seconds: float
    total: int

    @property
    def p50_ms(self) -> float:
        return self._at(0.50)

    @property
    def p95_ms(self) -> float:
        return self._at(0.95)

    def _at(self, share: float) -> float:
        if not self.spent:
            return 0.0
        return self.spent[min(int(len(self.spent) * share), len(self.spent) - 1)] * 1000


def drive(job: Job) -> Measured:
    """Run the job's buyers in their processes and put their tallies together."""
    spawn = multiprocessing.get_context("spawn")
    ends = []
    for n in range(PROCESSES):
        here, there = spawn.Pipe()
        numbers = range(job.clients * n // PROCESSES, job.clients * (n + 1) // PROCESSES)
        process = spawn.Process(target=_work, args=(job, numbers, there))
        process.start()
        ends.append((process, here))
    for _, end in ends:
        end.recv()
    begin = time.monotonic() + 0.05
    for _, end in ends:
        end.send(begin)
    tallies: list[Tally] = [end.recv() for _, end in ends]
    for process, _ in ends:
        process.join()
    return _sum(job, tallies, begin)


def _sum(job: Job, tallies: list[Tally], begin: float) -> Measured:
    done = [pair for tally in tallies for pair in tally.done]
    errors: dict[str, int] = {}
    for tally in tallies:
        for why, number in tally.errors.items():
            errors[why] = errors.get(why, 0) + number
    if job.seconds is None:
        seconds = max((ended for ended, _ in done), default=begin + 1) - begin
        spent = sorted(took for _, took in done)
    else:
        seconds = job.seconds
        opened = begin + job.warm
        spent = sorted(took for ended, took in done if opened <= ended < opened + seconds)
    return Measured(
        rate=len(spent) / seconds,
        spent=tuple(spent),
        errors=errors,
        seconds=seconds,
        total=len(done),
    )


def _work(job: Job, numbers: range, end: Connection) -> None:
    tally = Tally()
    if job.hands:
        django.setup()
    module, _, name = job.script.partition(":")
    script: Callable[..., Script] = getattr(import_module(module), name)
    scripts = [script(tally, number, *job.args) for number in numbers]
    run = _Hands(scripts).run if job.hands else Loop(scripts).run
    end.send("ready")
    begin = end.recv()
    time.sleep(max(0.0, begin - time.monotonic()))
    run(float("inf") if job.seconds is None else begin + job.warm + job.seconds)
    end.send(tally)


class _Hands:
    """One thread a script."""

    def __init__(self, scripts: list[Script]) -> None:
        self._go = threading.Event()
        self._until = 0.0
        ready = threading.Barrier(len(scripts) + 1)
        self._threads = [
            threading.Thread(target=self._live, args=(script, ready)) for script in scripts
        ]
        for thread in self._threads:
            thread.start()
        ready.wait()

    def run(self, until: float) -> None:
        self._until = until
        self._go.set()
        for thread in self._threads:
            thread.join()

    def _live(self, script: Script, ready: threading.Barrier) -> None:
        next(script)
        ready.wait()
        self._go.wait()
        for _ in script:
            if time.monotonic() >= self._until:
                return


@dataclass(eq=False, slots=True)
class _Client:
    """One buyer: a script and its connections, one an address."""

    script: Script
    sockets: dict[Address, socket.socket] = field(default_factory=dict)
    asked: Ask | None = None
    buffer: bytearray = field(default_factory=bytearray)


class Loop:
    """Sends what the scripts ask and hands them the answers, all in one thread."""

    def __init__(self, scripts: list[Script]) -> None:
        self._selector = selectors.DefaultSelector()
        self._resting: list[tuple[float, int, _Client]] = []
        self._order = count()
        self._clients = [_Client(script) for script in scripts]
        self._running = len(scripts)

    def run(self, until: float) -> None:
        clients = self._clients
        for client in clients:
            self._next(client, None)
        while self._running and (moment := time.monotonic()) < until:
            rest = min(until - moment, 0.5)
            if self._resting:
                rest = min(rest, max(0.0, self._resting[0][0] - moment))
            for key, _ in self._selector.select(rest):
                self._read(key.data, key.fileobj)
            while self._resting and self._resting[0][0] <= time.monotonic():
                self._next(heapq.heappop(self._resting)[2], None)
        for client in clients:
            for one in client.sockets.values():
                one.close()

    def _next(self, client: _Client, answer: Answer | None) -> None:
        try:
            wanted = client.script.send(answer)
        except StopIteration:
            self._running -= 1
            return
        if isinstance(wanted, Pause):
            due = time.monotonic() + wanted.seconds
            heapq.heappush(self._resting, (due, next(self._order), client))
            return
        if wanted is None:
            raise TypeError("a buyer asks or pauses")
        client.asked = wanted
        client.buffer.clear()
        self._connection(client, wanted.address).sendall(wanted.raw)

    def _connection(self, client: _Client, address: Address) -> socket.socket:
        known = client.sockets.get(address)
        if known is None:
            known = socket.create_connection(address)
            known.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.sockets[address] = known
            self._selector.register(known, selectors.EVENT_READ, client)
        return known

    def _read(self, client: _Client, ready: object) -> None:
        assert client.asked is not None
        one = client.sockets.get(client.asked.address)
        if (
            one is None or one is not ready
        ):  # a line that nobody speaks on was closed from the other side
            self._forget(client, ready)
            return
        more = one.recv(262_144)
        client.buffer += more
        answer = parse(bytes(client.buffer), ended=not more)
        if answer is None and more:
            return
        if not more or (answer is not None and answer.header(b"connection") == "close"):
            self._forget(client, one)
        if answer is None:
            answer = Answer(0, b"", b"")
        self._next(client, answer)

    def _forget(self, client: _Client, gone: object) -> None:
        for address, one in list(client.sockets.items()):
            if one is gone:
                self._selector.unregister(one)
                one.close()
                del client.sockets[address]


def parse(raw: bytes, *, ended: bool = False) -> Answer | None:
    """The answer when all of it is there. One without a length ends with its connection."""
    split = raw.find(b"\r\n\r\n")
    if split < 0:
        return None
    head, body = raw[:split], raw[split + 4 :]
    status = int(head[9:12])
    low = head.lower()
    at = low.find(b"content-length:")
    if at >= 0:
        length = int(low[at + 15 :].split(b"\r\n", 1)[0])
        return Answer(status, head, body) if len(body) >= length else None
    if status in (204, 304):
        return Answer(status, head, b"")
    if b"transfer-encoding: chunked" in low:
        return Answer(status, head, body) if body.endswith(b"0\r\n\r\n") else None
    return Answer(status, head, body) if ended else None


def get(address: Address, path: str, headers: str = "") -> Ask:
    host = f"{address[0]}:{address[1]}"
    return Ask(address, f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n".encode())


def post(address: Address, path: str, body: str, headers: str = "") -> Ask:
    host = f"{address[0]}:{address[1]}"
    raw = body.encode()
    return Ask(
        address,
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\n{headers}"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(raw)}\r\n\r\n".encode()
        + raw,
    )
