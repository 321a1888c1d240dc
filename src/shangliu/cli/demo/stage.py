"""What happens when: stories that wait, in the order of their times, with the clock moved to each.

A story is a generator. It does something, then yields the moment at which it wants to go on.
Timers ring between two actions, and what the actions have put into the outbox is delivered after
each, as the background work would do it.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count

from django.db import connection

from shangliu.flow.timers import run_due
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.platform.outbox import Handler, drain
from shangliu.process.running import flow

Story = Generator[datetime, None, None]

_NEVER = datetime.max.replace(tzinfo=UTC)
# A letter behind another one of its case waits for that one, whatever its own time.
_NEXT_LETTER = (
    "SELECT min(o.due_at) FROM platform_outbox o WHERE o.done_at IS NULL AND o.dead_at IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM platform_outbox b WHERE b.ordering = o.ordering"
    " AND b.id < o.id AND b.done_at IS NULL AND b.dead_at IS NULL)"
)
_POST = timedelta(milliseconds=400)  # after an action its letters are delivered


@dataclass
class Stage:
    """`refused`: what the business refused; the story that asked for it ended there."""

    start: datetime
    end: datetime
    handlers: Mapping[str, Handler]
    refused: list[Refused] = field(default_factory=list)
    actions: int = 0
    _waiting: list[tuple[datetime, int, Story]] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)
    _timer: datetime = _NEVER
    _letter: datetime = _NEVER

    def begin(self, story: Story, at: datetime | None = None) -> None:
        """Let a story begin at `at`, or now."""
        moment = at or clock.now()
        heapq.heappush(self._waiting, (moment, next(self._numbers), story))

    def play(self, until: datetime | None = None) -> None:
        """Everything up to `until` (the end by default)."""
        until = until or self.end
        while self._waiting and self._waiting[0][0] <= until:
            self._ring(self._waiting[0][0])
            moment, _, story = heapq.heappop(self._waiting)
            self._act(moment, story)
        self._ring(until)

    def _act(self, moment: datetime, story: Story) -> None:
        self.actions += 1
        with clock.at(moment):
            try:
                wake = next(story, None)
            except Refused as refused:
                self.refused.append(refused)
                wake = None
        if wake is not None:
            heapq.heappush(self._waiting, (max(wake, moment), next(self._numbers), story))
        self._look()
        self._deliver(moment)

    def _ring(self, until: datetime) -> None:
        """Timers and letters that are due by then, each at its time."""
        while (due := min(self._timer, self._letter)) <= until:
            with clock.at(due):
                if due == self._timer:
                    run_due()
                    self._look()
            self._deliver(due)

    def _deliver(self, moment: datetime) -> None:
        while self._letter <= moment:
            with clock.at(moment + _POST):
                drain(self.handlers)
            self._look()

    def _look(self) -> None:
        """When the next timer rings and the next letter is due, in one question."""
        with connection.cursor() as cursor:
            cursor.execute(_when())
            timer, letter = cursor.fetchone()
        self._timer, self._letter = timer or _NEVER, letter or _NEVER


@cache
def _when() -> str:
    tables = [
        process.model._meta.db_table  # noqa: SLF001
        for process in flow().processes
        if process.model is not None and any(step.at for step in process.steps)
    ]
    timers = ", ".join(f"(SELECT min(due_at) FROM {table})" for table in tables)  # noqa: S608
    return f"SELECT least({timers}), ({_NEXT_LETTER})"
