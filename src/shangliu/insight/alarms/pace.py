"""How the business moves and how it used to: the history that `stalls`, `rates` and `choices` need.

What is usual is learnt from the same hour of the same weekday in former weeks (`HourFigure`) and
from the last two hours of the log. Where there is too little of both, only the service-level times
of the definition speak, and the evidence says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db import connection

from shangliu.insight.models import HourFigure
from shangliu.insight.passages import Dwell
from shangliu.insight.rollup import hour_of
from shangliu.insight.waiting import Waiting, waiting
from shangliu.platform import clock
from shangliu.process.definition import Flow

WINDOWS = (45, 120, 600, 3600)  # seconds; the shortest that tells is used
LEAST = 5  # passages that make a history
SURE = 0.002  # what is less likely than this does not happen by chance
_BACK = timedelta(hours=2)
_WEEKS = 8


@dataclass(slots=True)
class Pace:
    """One step's counts in the windows, and what was before."""

    recent: tuple[int, ...] = (0,) * len(WINDOWS)
    before: int = 0
    spanned: float = 0.0
    weeks: Sequence[int] = ()

    def usual(self, seconds: float) -> tuple[float, float] | None:
        """The least and the most that is usual in so many seconds; None without a history."""
        found = []
        if self.before >= LEAST and 0 < seconds <= WINDOWS[1] <= 3 * self.spanned:
            found.append(self.before / self.spanned * seconds)
        if len(self.weeks) >= 2:
            middle = median(self.weeks)
            spread = median(abs(one - middle) for one in self.weeks)
            found += [max(0.0, middle - 3 * spread) / 3600 * seconds]
            found += [(middle + 3 * spread) / 3600 * seconds]
        return (min(found), max(found)) if found else None


@dataclass(slots=True)
class Log:
    """All that the looks need, read by a few statements."""

    paces: dict[str, Pace] = field(default_factory=lambda: defaultdict(Pace))
    leaving: dict[tuple[str, str], float] = field(default_factory=dict)
    waiting: Mapping[tuple[str, str], Waiting] = field(default_factory=dict)
    last: dict[tuple[str, str], datetime] = field(default_factory=dict)


_COUNTS = """
SELECT process || '.' || step, process, source,
  count(*) FILTER (WHERE at >= %(w0)s), count(*) FILTER (WHERE at >= %(w1)s),
  count(*) FILTER (WHERE at >= %(w2)s), count(*) FILTER (WHERE at >= %(w3)s),
  count(*) FILTER (WHERE at < %(w1)s), min(at), max(at),
  percentile_disc(0.95) WITHIN GROUP (ORDER BY dwell_us)
    FILTER (WHERE source <> target AND at < %(w1)s) / 1e6
FROM process_event WHERE at >= %(back)s GROUP BY 1, 2, 3"""
_VISITS = """
SELECT '{process}.' || step, '{process}', '',
  count(*) FILTER (WHERE at >= %(w0)s), count(*) FILTER (WHERE at >= %(w1)s),
  count(*) FILTER (WHERE at >= %(w2)s), count(*) FILTER (WHERE at >= %(w3)s),
  count(*) FILTER (WHERE at < %(w1)s), min(at), max(at), NULL
FROM insight_behaviour WHERE at >= %(back)s GROUP BY 1"""


def read(flow: Flow, version: str) -> Log:
    """Four statements, by the index on the time of the log and the waiting indexes."""
    now = clock.now()
    given: dict[str, Any] = {
        f"w{n}": now - timedelta(seconds=width) for n, width in enumerate(WINDOWS)
    }
    given["back"] = now - _BACK
    statements = [_COUNTS]
    statements += [_VISITS.format(process=one.name) for one in flow.processes if one.recorded]
    log = Log(waiting=waiting())
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(statements), given)
        rows = cursor.fetchall()
    begun = min((row[8] for row in rows if row[8] is not None), default=now)
    spanned = max(0.0, (now - begun).total_seconds() - WINDOWS[1])
    for name, process, source, *counts, before, _, last, p95 in rows:
        pace = log.paces[name]
        pace.recent = tuple(a + b for a, b in zip(pace.recent, counts, strict=True))
        pace.before += before
        pace.spanned = spanned
        if p95 is not None and before >= LEAST:
            at = (process, source)
            log.leaving[at] = max(log.leaving.get(at, 0.0), float(p95))
        log.last[process, source] = max(log.last.get((process, source), begun), last)
    _former_weeks(flow, version, log)
    return log


def _former_weeks(flow: Flow, version: str, log: Log) -> None:
    hour = hour_of(clock.now())
    hours = [hour - timedelta(weeks=n) for n in range(1, _WEEKS + 1)]
    rows = HourFigure.objects.filter(version=version, hour__in=hours, kind=HourFigure.Kind.NODE)
    weeks: defaultdict[str, list[int]] = defaultdict(list)
    dwells: defaultdict[str, Dwell] = defaultdict(lambda: Dwell(0, {}))
    for key, count, buckets in rows.values_list("key", "count", "buckets"):
        weeks[key].append(count)
        dwells[key] += Dwell(count, {int(one): n for one, n in buckets.items()})
    for name, process, step in flow.steps():
        log.paces[name].weeks = tuple(weeks.get(name, ()))
        p95 = dwells[name].p95_us if name in dwells else None
        if p95 is None or dwells[name].count < LEAST:
            continue
        for state in step.source:
            if state != step.target:
                at = (process.name, str(state))
                log.leaving[at] = max(log.leaving.get(at, 0.0), p95 / 1e6)
