"""How often each way was gone, counted from the event log and from recorded visits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import ceil, exp
from typing import Any

from django.db import connection

from shangliu.insight.ways import NOT_SEEN, Passage, Ways
from shangliu.process.running import flow

# The same columns for both logs, so that pages can list either.
EVENTS = (
    "SELECT e.id, e.at, e.process || '.' || e.step AS step, e.case_no, e.object_id, e.actor,"
    " e.role, CASE WHEN e.prev = '' THEN '' ELSE e.process || '.' || e.prev END AS before, e.cause,"
    " e.dwell_us FROM process_event e"
)
VISITS = (
    "SELECT e.id, e.at, '{process}.' || e.step AS step, e.visit AS case_no, e.id AS object_id,"
    " CASE WHEN e.user_id IS NULL THEN 'guest' ELSE 'user:' || e.user_id END AS actor,"
    " 'buyer' AS role, CASE WHEN e.prev = '' THEN '' ELSE '{process}.' || e.prev END AS before,"
    " '' AS cause, NULL::bigint AS dwell_us FROM insight_behaviour e"
)

_IN = "e.at >= %s AND e.at < %s"
_COUNT = "SELECT step, before, cause, count(*) FROM ({log} WHERE {within}) e GROUP BY 1, 2, 3"

# The step that came last of those that the drawing knows before this one.
LAST_OF = (
    "SELECT b.process || '.' || b.step || '|' || b.cause FROM process_event b"
    " WHERE b.case_no = e.case_no AND b.id < e.id AND b.process || '.' || b.step = ANY(%s)"
    " ORDER BY b.id DESC LIMIT 1"
)


_FOR_EVER = datetime.max.replace(tzinfo=UTC)
_PER_E = 50  # buckets for each factor of e: 2 % wide, so a percentile is right to 1 %


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `since` on, up to but without `until`."""

    since: datetime
    until: datetime = _FOR_EVER

    @property
    def ends(self) -> list[datetime]:
        return [self.since, self.until]


@dataclass(frozen=True, slots=True)
class Dwell:
    """How often a step was taken and how long its objects had waited: `buckets` maps
    floor(ln(microseconds) * 50) to how many, so that stretches of time can be added up."""

    count: int
    buckets: Mapping[int, int]

    @property
    def p50_us(self) -> int | None:
        return self.percentile(0.5)

    @property
    def p95_us(self) -> int | None:
        return self.percentile(0.95)

    def percentile(self, part: float) -> int | None:
        """The middle of the bucket that the smallest value with at least that part of all at or
        below it falls into; None where nothing was measured."""
        wanted = ceil(part * sum(self.buckets.values()))
        for bucket in sorted(self.buckets):
            wanted -= self.buckets[bucket]
            if wanted <= 0:
                return round(exp((bucket + 0.5) / _PER_E))
        return None

    def __add__(self, other: Dwell) -> Dwell:
        both = Counter(self.buckets)
        both.update(other.buckets)
        return Dwell(self.count + other.count, both)


def log_of(process: str) -> str:
    """The statement that gives the log which this process is written to."""
    return VISITS.format(process=process) if flow()[process].recorded else EVENTS


def passages(ways: Ways, stretch: Stretch) -> Mapping[Passage, int]:
    """How many events there were of each kind, each kind with its origin decided."""
    logs = [EVENTS, *(log_of(one.name) for one in flow().processes if one.recorded)]
    found: dict[Passage, int] = {}
    with connection.cursor() as cursor:
        for log in logs:
            cursor.execute(_COUNT.format(log=log, within=_IN), stretch.ends)
            for step, before, cause, count in cursor.fetchall():
                found[Passage(step, before, cause)] = count
    for passage in list(found):
        if (entries := ways.undecided(passage)) and not _is_recorded(passage.step):
            del found[passage]
            found |= _with_origins(ways, passage, entries, stretch)
    return found


def dwells(ways: Ways, stretch: Stretch) -> Mapping[str, Dwell]:
    """How long objects had waited when they left by the step of a node."""
    names, causes, keys = [], [], []
    for node in ways.graph.nodes:
        if node.counts is not None and node.counts[1]:
            for cause in node.counts[1].split(","):
                names.append(node.counts[0])
                causes.append(cause)
                keys.append(node.key)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(m.key, e.process || '.' || e.step),"  # noqa: S608
            " CASE WHEN e.dwell_us IS NOT NULL"
            f" THEN floor(ln(greatest(e.dwell_us, 1)) * {_PER_E})::int END, count(*)"
            " FROM process_event e LEFT JOIN unnest(%s::text[], %s::text[], %s::text[])"
            " m(name, cause, key) ON m.name = e.process || '.' || e.step AND m.cause = e.cause"
            f" WHERE {_IN} GROUP BY 1, 2",
            [names, causes, keys, *stretch.ends],
        )
        found: dict[str, Dwell] = {}
        for key, bucket, count in cursor:
            one = Dwell(count, {} if bucket is None else {bucket: count})
            found[key] = found[key] + one if key in found else one
        for process in flow().processes:
            if process.recorded:
                cursor.execute(
                    f"SELECT step, count(*) FROM ({log_of(process.name)} WHERE {_IN}) e GROUP BY 1",  # noqa: S608
                    stretch.ends,
                )
                found |= {step: Dwell(count, {}) for step, count in cursor}
    return found


def ended(ways: Ways, stretch: Stretch) -> Mapping[str, int]:
    """How many cases went to each end, by edge."""
    found: dict[str, int] = {}
    for edge, entries, instead in ways.ends():
        for entry in entries:
            sql, given = ended_sql(ways, entry, instead)
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT count(*) FROM ({EVENTS} WHERE {sql} AND {_IN}) e",  # noqa: S608
                    [*given, *stretch.ends],
                )
                count = cursor.fetchone()[0]
            for key in {edge.key, f"{entry}>{edge.source}"} if instead else {edge.key}:
                found[key] = found.get(key, 0) + count
    return found


def ended_sql(ways: Ways, entry: str, instead: Sequence[str]) -> tuple[str, list[Any]]:
    """The condition on `e` for the events of `entry` that went to an end."""
    name, causes = counted(ways, entry)
    sql = "e.process || '.' || e.step = %s AND (%s OR e.cause = ANY(%s))"
    given: list[Any] = [name, not causes, list(causes)]
    others = [counted(ways, key)[0] for key in instead]
    if others:
        sql += (
            " AND NOT EXISTS (SELECT 1 FROM process_event f WHERE f.case_no = e.case_no"
            " AND f.id > e.id AND f.process || '.' || f.step = ANY(%s)"
            " AND f.cause IN (e.process || '.' || e.step, e.cause))"
        )
        given.append(others)
    return sql, given


def counted(ways: Ways, key: str) -> tuple[str, tuple[str, ...]]:
    """The step of a node and the causes it is drawn for (none: all that no other node has)."""
    counts = ways.nodes[key].counts or ("", "")
    return counts[0], tuple(filter(None, counts[1].split(",")))


def _with_origins(
    ways: Ways, passage: Passage, entries: Sequence[str], stretch: Stretch
) -> dict[Passage, int]:
    names = [counted(ways, key)[0] for key in entries if key]
    found: dict[Passage, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT ({LAST_OF}), count(*) FROM ({EVENTS} WHERE {_IN}) e"  # noqa: S608
            " WHERE step = %s AND before = %s AND cause = %s GROUP BY 1",
            [names, *stretch.ends, passage.step, passage.before, passage.cause],
        )
        for said, count in cursor.fetchall():
            found[replace(passage, origin=said or NOT_SEEN)] = count
    return found


def _is_recorded(step: str) -> bool:
    return flow()[step.partition(".")[0]].recorded
