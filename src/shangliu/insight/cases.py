"""Exactly the cases behind a number of the map."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from shangliu.insight.figures import Period, ways_of
from shangliu.insight.passages import EVENTS, LAST_OF, counted, ended_sql, log_of, passages
from shangliu.insight.waiting import WaitingCase, waiting_cases
from shangliu.insight.ways import NOT_SEEN, Passage, Ways
from shangliu.platform import clock
from shangliu.process.drawing.graph import Graph
from shangliu.process.running import flow

_COLUMNS = (
    "e.id, e.at, e.step, e.case_no, e.object_id, e.actor, e.role, e.before, e.cause, e.dwell_us"
)


@dataclass(frozen=True, slots=True)
class Passed:
    """One event as a page lists it. `step` and `before` with their process (`order.pay`)."""

    id: int
    at: datetime
    step: str
    case_no: str
    object_id: int
    actor: str
    role: str
    before: str
    cause: str
    dwell_us: int | None


def waiting_at(
    graph: Graph, key: str, *, limit: int = 50, after: tuple[datetime, int] | None = None
) -> list[WaitingCase]:
    """The objects in the badge of a node, the oldest first."""
    node = ways_of(graph).nodes[key]
    return waiting_cases(node.waits, limit=limit, after=after)


def passed_node(
    graph: Graph, key: str, period: Period, *, limit: int = 50, before_id: int | None = None
) -> list[Passed]:
    """The events counted on a node, the newest first."""
    ways = ways_of(graph)
    name, causes = counted(ways, key)
    if not name:
        return []
    taken = [
        cause
        for other in ways.graph.nodes
        if other.key != key and other.counts is not None and other.counts[0] == name
        for cause in counted(ways, other.key)[1]
    ]
    sql = "e.step = %s AND (e.cause = ANY(%s) OR (%s AND e.cause <> ALL(%s)))"
    given: list[Any] = [name, list(causes), not causes, taken]
    return _listed(log_of(name.partition(".")[0]), sql, given, period, limit, before_id)


def passed_edge(
    graph: Graph, key: str, period: Period, *, limit: int = 50, before_id: int | None = None
) -> list[Passed]:
    """The events counted on an edge, the newest first."""
    ways = ways_of(graph)
    for edge, entries, instead in ways.ends():
        if edge.key == key:
            parts = [ended_sql(ways, entry, instead) for entry in entries]
            clause = " OR ".join(f"({sql})" for sql, _ in parts) or "false"
            given = [one for _, values in parts for one in values]
            return _listed(f"{EVENTS} WHERE {clause}", "true", given, period, limit, before_id)
    since = clock.now() - period.span
    gone = [one for one in passages(ways, since) if key in ways.edges(one)]
    if not gone:
        return []
    clauses, given = [], []
    for one in gone:
        sql, values = _same(ways, one)
        clauses.append(sql)
        given += values
    log = log_of(gone[0].step.partition(".")[0])
    return _listed(log, f"({' OR '.join(clauses)})", given, period, limit, before_id)


def _same(ways: Ways, one: Passage) -> tuple[str, list[Any]]:
    sql = "(e.step = %s AND e.before = %s AND e.cause = %s"
    given: list[Any] = [one.step, one.before, one.cause]
    if one.origin:
        names = [counted(ways, key)[0] for key in ways.undecided(one) if key]
        sql += f" AND coalesce(({LAST_OF}), '{NOT_SEEN}') = %s"
        given += [names, one.origin]
    return sql + ")", given


def _listed(
    log: str,
    clause: str,
    given: list[Any],
    period: Period,
    limit: int,
    before_id: int | None,
) -> list[Passed]:
    beyond = "" if before_id is None else " AND e.id < %s"
    if before_id is not None:
        given = [*given, before_id]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM ({log}) e WHERE {clause}{beyond} AND e.at >= %s"  # noqa: S608
            f" ORDER BY e.id DESC LIMIT {int(limit)}",
            [*given, clock.now() - period.span],
        )
        return [Passed(*row) for row in cursor.fetchall()]


def known(graph: Graph, key: str) -> bool:
    """Is there such a node or edge in the picture?"""
    return key in ways_of(graph).nodes or any(edge.key == key for edge in graph.edges)


def recorded(step: str) -> bool:
    """Is this a step that is seen in behaviour, not taken by the engine?"""
    return flow()[step.partition(".")[0]].recorded
