"""A made-up log: purchases that are paid or not, two pickers, one packer, a carrier, receipts."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from shangliu.insight.whatif.calibrate import learned, rows_of
from shangliu.insight.whatif.model import DAY, HOUR, Model
from shangliu.platform import clock
from shangliu.process.models import Event

MINUTE = HOUR // 60
FIRST = 1_772_380_800_000_000  # Monday, 2 March 2026, 0:00 in Shanghai
PAY_WITHIN = 30 * MINUTE
Line = tuple[Any, ...]


class Worker:
    """Works from 8 to 20 o'clock, one thing after another."""

    def __init__(self, name: str, random: Random, mean: int) -> None:
        self.name, self._random, self._mean, self._free, self.last = name, random, mean, 0, 0

    def done(self, ready: int) -> tuple[int, int | None]:
        start = max(ready, self._free)
        hour = (start - FIRST) % DAY
        if hour < 8 * HOUR:
            start += 8 * HOUR - hour
        elif hour >= 20 * HOUR:
            start += 32 * HOUR - hour
        self._free = start + round(self._random.uniform(0.5, 1.5) * self._mean)
        since = self._free - self.last if self.last else None
        self.last = self._free
        return self._free, since

    @property
    def free(self) -> int:
        return self._free


class Log:
    """The lines of the cases, each case with its own objects."""

    def __init__(self) -> None:
        self.lines: dict[str, list[Line]] = {}

    def add(
        self,
        case: int,
        at: int,
        step: str,
        source: str,
        target: str,
        prev: str = "",
        **more: object,
    ) -> None:
        process, _, name = step.partition(".")
        line = (
            f"{case:06d}", at, process, case, name, source, target, prev, more.get("cause", ""),
            more.get("role", "system"), more.get("actor", "system"), more.get("since"),
            more.get("total"),
        )  # fmt: skip
        self.lines.setdefault(f"{case:06d}", []).append(line)

    def rows(self) -> Iterator[Line]:
        for case in sorted(self.lines):
            yield from sorted(self.lines[case], key=lambda line: line[1])


def stored(log: Log, later_us: int) -> None:
    """The log in the database, moved to later; what has not happened yet is left out."""
    now = round(clock.now().timestamp() * 1_000_000)
    Event.objects.bulk_create(
        Event(
            at=clock.from_us(line[1] + later_us),
            process=line[2],
            object_id=line[3],
            case_no=line[0],
            version=1,
            step=line[4],
            source=line[5],
            target=line[6],
            prev=line[7],
            cause=line[8],
            lane="",
            role=line[9],
            actor=line[10],
            facts={} if line[12] is None else {"total_fen": line[12]},
        )
        for line in sorted(log.rows(), key=lambda line: line[1])
        if line[1] + later_us <= now
    )


def purchases(many: int = 400, *, days: int = 14, pick_minutes: int = 20) -> Model:
    """The model learned from such a log; read a month after its end."""
    rows = rows_of(made(many, days=days, pick_minutes=pick_minutes).rows())
    return learned(rows, FIRST, FIRST + days * DAY, FIRST + (days + 30) * DAY)


def made(
    many: int = 400, *, seed: int = 1, days: int = 14, pick_minutes: int = 20, paid: float = 0.85
) -> Log:
    """Such a log."""
    random = Random(seed)  # noqa: S311 - the same log every time
    log = Log()
    begun = sorted(
        FIRST + random.randrange(days) * DAY + round(random.triangular(6, 24, 20) * HOUR)
        for _ in range(many)
    )
    ready = []
    for case, at in enumerate(begun):
        if (paid_at := _ordered(log, random, case, at, paid)) is not None:
            ready.append((paid_at, case))
    pickers = [
        Worker("p1", random, pick_minutes * MINUTE),
        Worker("p2", random, pick_minutes * MINUTE),
    ]
    picked = []
    for at, case in sorted(ready):
        worker = min(pickers, key=lambda one: one.free)
        done, since = worker.done(at)
        picked.append((done, case))
        log.add(case, done, "fulfilment.pick", "picking", "picked", "start_pick",
                role="warehouse", actor=worker.name, since=since)  # fmt: skip
    packer = Worker("q1", random, 3 * MINUTE)
    for at, case in sorted(picked):
        done, since = packer.done(at)
        _sent(log, random, case, done, since)
    return log


def _ordered(log: Log, random: Random, case: int, at: int, paid: float) -> int | None:
    log.add(case, at, "order.place", "", "awaiting_payment", role="buyer", actor=f"user:{case}",
            total=10_000 + 100 * random.randrange(100))  # fmt: skip
    takes = round(random.expovariate(1 / (8 * MINUTE)))
    if random.random() > paid or takes > PAY_WITHIN:
        log.add(case, at + PAY_WITHIN, "order.time_out", "awaiting_payment", "cancelled", "place")
        return None
    at += takes
    log.add(case, at, "order.pay", "awaiting_payment", "awaiting_review", "place")
    log.add(case, at + 1, "order.auto_approve", "awaiting_review", "awaiting_fulfilment", "pay",
            cause="order.pay")  # fmt: skip
    log.add(case, at + 2, "fulfilment.create", "", "created", cause="order.auto_approve")
    log.add(case, at + 3, "fulfilment.start_pick", "in_wave", "picking", "create")
    return at + 3


def _sent(log: Log, random: Random, case: int, at: int, since: int | None) -> None:
    log.add(case, at, "fulfilment.hand_over", "weighed", "handed_over", "pick",
            role="warehouse", actor="q1", since=since)  # fmt: skip
    log.add(case, at + 1, "order.ship", "awaiting_fulfilment", "shipped", "auto_approve",
            cause="fulfilment.hand_over")  # fmt: skip
    there = at + round(random.uniform(20, 60) * HOUR)
    log.add(case, there, "parcel.deliver", "out_for_delivery", "delivered", cause="")
    log.add(case, there + 1, "order.mark_delivered", "shipped", "shipped", "ship",
            cause="parcel.deliver")  # fmt: skip
    if random.random() < 0.5:
        then = there + round(random.uniform(1, 6.9) * DAY)
        log.add(case, then, "order.confirm_receipt", "shipped", "completed", "mark_delivered",
                role="buyer", actor=f"user:{case}")  # fmt: skip
    else:
        log.add(case, there + 7 * DAY, "order.auto_complete", "shipped", "completed",
                "mark_delivered")  # fmt: skip
