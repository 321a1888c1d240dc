"""Learn the model from the log of the last days.

Cases are run again whole, as they were observed, and not put together from the shares and dwells
of single states: what belongs together in a purchase (who pays late also receives late; a parcel
leaves when its goods do) stays together, and the unchanged process gives the observed lead times.
Queues are the one thing that is computed anew. For every step that a person took the log tells
when it could begin and when it was done; the pool as we model it explains a part of that, and the
rest (breaks, batches, looking once an hour) is kept with the event. So the model has to be right
only about differences.

When a person was busy is seen from the same person's step before: in a row of steps without a
pause it is the time between two. The people of an hour are those who did anything in it.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from random import Random
from typing import Any

from django.db import connection

from shangliu.insight.whatif.deadlines import learn
from shangliu.insight.whatif.engine import Pool, hour_of_week
from shangliu.insight.whatif.model import BEGINS, HOUR, Calendar, Case, Did, Model, words
from shangliu.insight.whatif.splice import ended
from shangliu.platform import clock
from shangliu.process.roles import STAFF
from shangliu.process.running import flow

MOST_CASES = 20_000
_LONGEST_WORK = HOUR // 2
_BUSY_ENOUGH = 10
_STAFF = sorted(role.value for role in STAFF)

_SINCE = """
SELECT at FROM process_event WHERE process = %s AND step = %s AND at >= %s
ORDER BY at DESC OFFSET %s LIMIT 1"""

_EVENTS = """
WITH begun AS (
  SELECT DISTINCT case_no FROM process_event
  WHERE process = %s AND step = %s AND at >= %s AND at < %s),
busy AS (
  SELECT id, lag(at) OVER (PARTITION BY actor ORDER BY id) AS since FROM process_event
  WHERE at >= %s AND role = ANY(%s))
SELECT e.case_no, (extract(epoch FROM e.at) * 1000000)::bigint, e.process, e.object_id, e.step,
  e.source, e.target, e.prev, e.cause, e.role, e.actor,
  (extract(epoch FROM e.at - busy.since) * 1000000)::bigint,
  CASE WHEN jsonb_typeof(e.facts->'total_fen') = 'number' THEN (e.facts->>'total_fen')::bigint END
FROM process_event e JOIN begun USING (case_no) LEFT JOIN busy ON busy.id = e.id
WHERE e.at >= %s ORDER BY e.case_no, e.id"""


class TooLittle(LookupError):
    """No purchase began in the period."""


@dataclass(frozen=True, slots=True)
class _Row:
    """An event as the log has it. `since_last`: since the same person's step before."""

    case: str
    at: int
    process: str
    pk: int
    step: str
    source: str
    target: str
    prev: str
    cause: str
    role: str
    actor: str
    since_last: int | None
    total_fen: int | None

    @property
    def name(self) -> str:
        return f"{self.process}.{self.step}"

    @property
    def pool(self) -> str:
        return self.role if self.role in _STAFF else ""


def purchases(days: int) -> int:
    """How many purchases there are to learn from; no more than are learned from."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT 1 FROM process_event WHERE process = %s AND step = %s"
            " AND at >= %s LIMIT %s) found",
            [*BEGINS.split("."), clock.now() - timedelta(days=days), MOST_CASES],
        )
        return int(cursor.fetchone()[0])


def calibrate(days: int) -> Model:
    """The model of the last days, or of the last 20,000 purchases if there were more. `TooLittle`
    when there was none."""
    began = time.monotonic()
    until = clock.now()
    first = flow().step(BEGINS)
    begins = [first[0].name, first[1].name]
    since = until - timedelta(days=days)
    with connection.cursor() as cursor:
        cursor.execute(_SINCE, [*begins, since, MOST_CASES - 1])
        if row := cursor.fetchone():
            since = row[0]
        cursor.execute(_EVENTS, [*begins, since, until, since, _STAFF, since])
        rows = [_Row(*row) for row in cursor.fetchall()]
    if not rows:
        raise TooLittle
    us = [round(moment.timestamp() * 1_000_000) for moment in (since, until)]
    return replace(learned(rows, us[0], us[1], us[1]), seconds=time.monotonic() - began)


def learned(rows: Sequence[_Row], since_us: int, until_us: int, read_us: int) -> Model:
    """The model of these events, ordered by case and number, as they stood at `read_us`."""
    growing = [_grown(list(group)) for _, group in groupby(rows, key=lambda row: row.case)]
    calendars = _calendars(rows)
    cases = _explained(_with_work(growing), calendars)
    values = {policy.key: policy.value for policy in flow().policies}
    found = tuple(cases)
    return Model(
        since_us,
        until_us,
        read_us,
        found,
        tuple(ended(found, read_us, Random(1))),  # noqa: S311 - the same model every time
        calendars,
        learn(found, values),
        values,
    )


@dataclass(frozen=True, slots=True)
class _Grown:
    case: Case
    rows: Sequence[_Row]


def _grown(rows: Sequence[_Row]) -> _Grown:
    """The events of one case as a tree."""
    begins = next((row.at for row in rows if row.name == BEGINS), rows[0].at)
    tree = _Tree()
    events: list[Did] = []
    for row in rows:
        parent = tree.parent(row)
        at = max(0, row.at - begins, events[parent].at if parent >= 0 else 0)
        events.append(
            Did(
                row.name,
                at,
                parent,
                tree.thing(row),
                row.source,
                row.target,
                f"{row.process}.{row.prev}" if row.prev else "",
                row.cause,
                row.pool if parent >= 0 else "",
            )
        )
        tree.grow(row)
    total = next((row.total_fen for row in rows if row.total_fen is not None), 0)
    return _Grown(Case(rows[0].case, begins, total or 0, tuple(events), _is_open(events)), rows)


def _is_open(events: Sequence[Did]) -> bool:
    said = words(flow())
    last = {event.thing: event for event in events if event.thing[0] == said.root.name}
    return any(event.target not in said.resting for event in last.values())


class _Tree:
    """Finds what let an event happen: what set it off; else, of the object's own step before and
    of what the definition says its way goes on from, the last; for a new object the state from
    which it is begun."""

    def __init__(self) -> None:
        self._size = 0
        self._of_step: dict[str, int] = {}
        self._of_object: dict[tuple[str, int], int] = {}
        self._into: dict[tuple[str, str], int] = {}
        self._things: dict[tuple[str, int], tuple[str, int]] = {}
        self._many: Counter[str] = Counter()

    def thing(self, row: _Row) -> tuple[str, int]:
        mark = (row.process, row.pk)
        if mark not in self._things:
            self._many[row.process] += 1
            self._things[mark] = (row.process, self._many[row.process])
        return self._things[mark]

    def parent(self, row: _Row) -> int:
        if row.cause in self._of_step:
            return self._of_step[row.cause]
        found = [self._of_object.get((row.process, row.pk), -1)]
        for before, after in flow().goes_on.items():
            if f"{row.process}:{row.source}" in after or row.name in after:
                found.append(self._of_step.get(before, -1))
        if not row.source:
            found += [
                self._into.get((bridge.process, bridge.state), -1)
                for bridge in flow().bridges
                if bridge.begins == row.name
            ]
        latest = max(found)
        return latest if latest >= 0 else self._size - 1

    def grow(self, row: _Row) -> None:
        self._of_step[row.name] = self._size
        self._of_object[row.process, row.pk] = self._size
        self._into[row.process, row.target] = self._size
        self._size += 1


def _calendars(rows: Sequence[_Row]) -> dict[str, Calendar]:
    """Who was there: of the days of a kind (weekdays, weekends) the fourth busiest of five."""
    there: dict[tuple[str, int], set[str]] = defaultdict(set)
    hours = set()
    for row in rows:
        if row.pool:
            there[row.pool, row.at // HOUR].add(row.actor)
            hours.add(row.at // HOUR)
    if not hours:
        return {}
    days = Counter(_kind(hour_of_week(hour * HOUR)) for hour in range(min(hours), max(hours) + 1))
    seen: dict[tuple[str, tuple[bool, int]], list[int]] = defaultdict(list)
    for (pool, hour), actors in there.items():
        seen[pool, _kind(hour_of_week(hour * HOUR))].append(len(actors))
    return {
        pool: Calendar(tuple(_heads(seen, days, pool, hour) for hour in range(168)))
        for pool in sorted({pool for pool, _ in seen})
    }


def _kind(hour: int) -> tuple[bool, int]:
    return hour >= 5 * 24, hour % 24


def _heads(
    seen: dict[tuple[str, tuple[bool, int]], list[int]],
    days: Counter[tuple[bool, int]],
    pool: str,
    hour: int,
) -> int:
    kind = _kind(hour)
    if not days[kind]:
        kind = (not kind[0], kind[1])
    found = sorted(seen.get((pool, kind), []))
    if not found:
        return 0
    missing = max(0, days[kind] - len(found))
    every = [0] * missing + found
    return max(1, every[min(len(every) - 1, len(every) * 4 // 5)])


def _with_work(grown: Iterable[_Grown]) -> list[Case]:
    """How long people were busy with each step, bounded by what their uninterrupted rows show."""
    kept = list(grown)
    rows_of_work: dict[str, list[int]] = defaultdict(list)
    bounds: dict[str, list[int]] = defaultdict(list)
    for one in kept:
        for event, row, dwell in _staffed(one):
            bounds[event.step].append(min(dwell, _busy(row, dwell)))
            if row.since_last is not None and row.since_last <= min(dwell, 2 * HOUR):
                rows_of_work[event.step].append(row.since_last)
    most = {
        step: min(
            _LONGEST_WORK,
            _part(rows_of_work[step], 0.9)
            if len(rows_of_work[step]) >= _BUSY_ENOUGH
            else _part(found, 0.5),
        )
        for step, found in bounds.items()
    }
    return [_worked(one, most) for one in kept]


def _worked(one: _Grown, most: dict[str, int]) -> Case:
    events = list(one.case.events)
    for number, (event, row) in enumerate(zip(events, one.rows, strict=True)):
        if event.pool:
            dwell = event.at - events[event.parent].at
            work = min(dwell, _busy(row, dwell), most[event.step])
            events[number] = replace(event, work=work)
    return replace(one.case, events=tuple(events))


def _staffed(one: _Grown) -> Iterator[tuple[Did, _Row, int]]:
    for event, row in zip(one.case.events, one.rows, strict=True):
        if event.pool:
            yield event, row, event.at - one.case.events[event.parent].at


def _busy(row: _Row, dwell: int) -> int:
    return dwell if row.since_last is None else row.since_last


def _part(found: list[int], part: float) -> int:
    ordered = sorted(found)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def _explained(cases: Sequence[Case], calendars: dict[str, Calendar]) -> list[Case]:
    """Put every task through its pool at the moment at which it was there to be taken; what the
    queue and the work do not explain is `beyond`."""
    waiting = sorted(
        (
            (case.begun_us + case.events[event.parent].at, number, which)
            for number, case in enumerate(cases)
            for which, event in enumerate(case.events)
            if event.pool
        ),
        key=itemgetter(0, 1, 2),
    )
    pools = {name: Pool(calendar) for name, calendar in calendars.items()}
    events = [list(case.events) for case in cases]
    for moment, number, which in waiting:
        event = events[number][which]
        start = pools[event.pool].take(moment, event.work)
        if start is not None:
            done = cases[number].begun_us + event.at
            events[number][which] = replace(event, beyond=done - start - event.work)
    return [replace(case, events=tuple(found)) for case, found in zip(cases, events, strict=True)]


def rows_of(found: Iterable[Sequence[Any]]) -> list[_Row]:
    """Events given as tuples in the order of the columns; for logs from elsewhere."""
    return [_Row(*one) for one in found]
