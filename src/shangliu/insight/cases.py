"""Exactly the cases behind a number of the map."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection

from shangliu.insight.figures import ways_of
from shangliu.insight.passages import EVENTS, LAST_OF, Stretch, counted, ended_sql, log_of
from shangliu.insight.rollup import sums
from shangliu.insight.waiting import WaitingCase, waiting_cases
from shangliu.insight.ways import NOT_SEEN, Passage, Ways
from shangliu.insight.window import Span
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
    graph: Graph,
    key: str,
    span: Span,
    *,
    limit: int = 50,
    before: tuple[datetime, int] | None = None,
) -> list[Passed]:
    """The events counted on a node, the newest first; `before` this (at, id)."""
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
    part = _Part(log_of(name.partition(".")[0]), sql, [name, list(causes), not causes, taken])
    return _listed([part], span, limit, before)


def passed_edge(
    graph: Graph,
    key: str,
    span: Span,
    *,
    limit: int = 50,
    before: tuple[datetime, int] | None = None,
) -> list[Passed]:
    """The events counted on an edge, the newest first; `before` this (at, id)."""
    return passed_edges(graph, (key,), span, limit=limit, before=before)


def passed_edges(
    graph: Graph,
    keys: Collection[str],
    span: Span,
    *,
    limit: int = 50,
    before: tuple[datetime, int] | None = None,
    by: str = "",
) -> list[Passed]:
    """The events counted on one of these edges, each once, the newest first; `by` one actor."""
    ways = ways_of(graph)
    parts = [*_gone(ways, keys, span.stretch), *_ended(ways, keys)]
    if by:
        parts = [replace(one, clause=f"({one.clause}) AND e.actor = %s", by=by) for one in parts]
    return _listed(parts, span, limit, before) if parts else []


def done_by(actor: str, span: Span, *, limit: int = 50) -> list[Passed]:
    """What somebody did in the span, the newest first."""
    return _listed([_Part(EVENTS, "e.actor = %s", [actor])], span, limit, None)


def counts_of(actor: str, span: Span) -> list[tuple[str, int]]:
    """The steps that somebody took in the span, with how often; the most frequent first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT process || '.' || step, count(*) FROM process_event"
            " WHERE at >= %s AND at < %s AND actor = %s GROUP BY 1 ORDER BY 2 DESC, 1",
            [*span.stretch.ends, actor],
        )
        return list(cursor.fetchall())


@dataclass(frozen=True, slots=True)
class _Part:
    """Events of one log under one condition on `e`."""

    log: str
    clause: str
    given: list[Any]
    by: str = ""

    @property
    def values(self) -> list[Any]:
        return [*self.given, self.by] if self.by else self.given


def _gone(ways: Ways, keys: Collection[str], stretch: Stretch) -> Iterator[_Part]:
    """What went along the edges to a step: visits and objects stand in different logs."""
    by_log: dict[str, _Part] = {}
    for one in sums(ways, stretch).passages:
        if not {*keys}.isdisjoint(ways.edges(one)):
            log = log_of(one.step.partition(".")[0])
            sql, given = _same(ways, one)
            known_part = by_log.get(log)
            by_log[log] = (
                _Part(log, f"{known_part.clause} OR {sql}", [*known_part.given, *given])
                if known_part
                else _Part(log, sql, given)
            )
    yield from by_log.values()


def _ended(ways: Ways, keys: Collection[str]) -> Iterator[_Part]:
    """What went along the edges to an end."""
    for edge, entries, instead in ways.ends():
        for entry in entries:
            if edge.key in keys or (instead and f"{entry}>{edge.source}" in keys):
                sql, given = ended_sql(ways, entry, instead)
                yield _Part(f"{EVENTS} WHERE {sql}", "true", given)


def _same(ways: Ways, one: Passage) -> tuple[str, list[Any]]:
    sql = "(e.step = %s AND e.before = %s AND e.cause = %s"
    given: list[Any] = [one.step, one.before, one.cause]
    if one.origin:
        names = [counted(ways, key)[0] for key in ways.undecided(one) if key]
        sql += f" AND coalesce(({LAST_OF}), '{NOT_SEEN}') = %s"
        given += [names, one.origin]
    return sql + ")", given


def _listed(
    parts: Sequence[_Part], span: Span, limit: int, before: tuple[datetime, int] | None
) -> list[Passed]:
    stretch = span.stretch
    beyond = "" if before is None else " AND (e.at, e.id) < (%s, %s)"
    each = (
        f"(SELECT {_COLUMNS} FROM ({part.log}) e WHERE ({part.clause})"  # noqa: S608
        f" AND e.at >= %s AND e.at < %s{beyond} ORDER BY e.at DESC, e.id DESC LIMIT {int(limit)})"
        for part in parts
    )
    given = [one for part in parts for one in (*part.values, *stretch.ends, *(before or ()))]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT * FROM ({' UNION ALL '.join(each)}) found"  # noqa: S608
            f" ORDER BY at DESC, id DESC LIMIT {int(limit)}",
            given,
        )
        return [Passed(*row) for row in cursor.fetchall()]


def known(graph: Graph, key: str) -> bool:
    """Is there such a node or edge in the picture?"""
    return key in ways_of(graph).nodes or any(edge.key == key for edge in graph.edges)


def recorded(step: str) -> bool:
    """Is this a step that is seen in behaviour, not taken by the engine?"""
    return flow()[step.partition(".")[0]].recorded
