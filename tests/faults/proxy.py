"""A line between us and an outside system that can be cut: a TCP proxy in a thread."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from contextlib import suppress
from enum import StrEnum
from types import TracebackType
from typing import Self

_CHUNK = 65_536


class Cut(StrEnum):
    """What happens to a connection. All but `NONE` and `DELAY` end without a whole answer."""

    NONE = "none"
    REFUSE = "cut before the request"
    SWALLOW = "cut after the request was forwarded"
    HALF = "cut in the middle of the answer"
    DELAY = "delayed"
    BLACK_HOLE = "black hole"


CUTS = tuple(cut for cut in Cut if cut is not Cut.NONE)


class Proxy:
    """Forwards to `port` on this machine. A share of `rate` of the requests is cut in a way that
    `chance` picks; `rate` may be changed at any moment."""

    def __init__(
        self,
        port: int,
        *,
        chance: random.Random,
        rate: float = 0.0,
        cuts: tuple[Cut, ...] = CUTS,
        patience: float = 4.0,
    ) -> None:
        self.target = port
        self.rate = rate
        self.counts: Counter[Cut] = Counter()
        self._chance, self._cuts, self._patience = chance, cuts, patience
        self._next: list[Cut] = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"proxy-{port}", daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def next(self, *cuts: Cut) -> None:
        """Decide over the next requests, whatever the rate."""
        self._next += cuts

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = int(server.sockets[0].getsockname()[1])
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._loop.close()

    async def _end(self) -> None:
        """Nobody is served any more, and every connection is closed."""
        serving = asyncio.all_tasks() - {asyncio.current_task()}
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await asyncio.sleep(0.01)

    def _choose(self) -> Cut:
        if self._next:
            return self._next.pop(0)
        if self._chance.random() < self.rate:
            return self._chance.choice(self._cuts)
        return Cut.NONE

    async def _serve(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """Requests of one kept connection, one after the other, until one is cut."""
        try:
            with suppress(OSError, EOFError, asyncio.CancelledError):
                while head := await near.readuntil(b"\r\n\r\n"):
                    request = head + await near.readexactly(_length(head))
                    cut = self._choose()
                    self.counts[cut] += 1
                    if not await self._pass_on(cut, request, back):
                        break
        finally:
            back.close()

    async def _pass_on(self, cut: Cut, request: bytes, back: asyncio.StreamWriter) -> bool:
        """Whether the connection is still good afterwards."""
        if cut is Cut.REFUSE:
            back.transport.abort()
            return False
        if cut is Cut.BLACK_HOLE:
            await asyncio.sleep(self._patience)
            return False
        if cut is Cut.DELAY:
            await asyncio.sleep(self._patience / 4)
        answer = await self._asked(request)
        if cut is Cut.SWALLOW:
            back.transport.abort()
            return False
        if cut is Cut.HALF:
            back.write(answer[: self._chance.randrange(1, len(answer))])
            await back.drain()
            back.transport.abort()
            return False
        back.write(answer)
        await back.drain()
        return b"\r\nconnection: close" not in answer.partition(b"\r\n\r\n")[0].lower()

    async def _asked(self, request: bytes) -> bytes:
        """The whole answer of the system behind, on a connection of its own."""
        far, to = await asyncio.open_connection("127.0.0.1", self.target)
        try:
            to.write(request)
            await to.drain()
            head = await far.readuntil(b"\r\n\r\n")
            if _says_length(head):
                return head + await far.readexactly(_length(head))
            return head + await far.read()
        finally:
            to.close()


def _says_length(head: bytes) -> bool:
    return b"\r\ncontent-length:" in head.lower()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
