"""The map's numbers asked for in another way: plain SQL over the log and the objects' tables.

Nothing of the counting code is used, only the picture itself: which node stands for which step,
and which edges lead where.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from shangliu.process.drawing.graph import Graph, Node
from shangliu.process.running import flow

STEP = "e.process || '.' || e.step"
IN = "e.at >= %s AND e.at < %s"


@dataclass(frozen=True)
class Stretch:
    since: datetime
    until: datetime


def rows(sql: str, *given: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(given))  # type: ignore[arg-type]
        return list(cursor.fetchall())


def causes(node: Node) -> list[str]:
    return [one for one in (node.counts or ("", ""))[1].split(",") if one]


def of_node(graph: Graph, node: Node) -> tuple[str, list[object]]:
    """The condition on events for those that are drawn on this node."""
    assert node.counts is not None
    name = node.counts[0]
    others = [one for one in graph.nodes if one.counts and one.counts[0] == name and one != node]
    taken = [cause for one in others for cause in causes(one)]
    if causes(node):
        return f"{STEP} = %s AND e.cause = ANY(%s)", [name, causes(node)]
    return f"{STEP} = %s AND NOT e.cause = ANY(%s)", [name, taken]


def passed(graph: Graph, node: Node, within: Stretch) -> tuple[int, int | None, int | None]:
    """Times, median and 95th percentile of the dwell in microseconds."""
    assert node.counts is not None
    process, _dot, step = node.counts[0].partition(".")
    if flow()[process].recorded:
        sql = f"SELECT count(*) FROM insight_behaviour e WHERE e.step = %s AND {IN}"
        return rows(sql, step, within.since, within.until)[0][0], None, None
    clause, given = of_node(graph, node)
    half, most = (
        f"percentile_disc({part}) WITHIN GROUP (ORDER BY e.dwell_us)" for part in (0.5, 0.95)
    )
    sql = f"SELECT count(*), {half}, {most} FROM process_event e WHERE {clause} AND {IN}"
    found = rows(sql, *given, within.since, within.until)[0]
    return found[0], found[1], found[2]


def waiting(node: Node) -> tuple[int, datetime | None]:
    """How many wait on a node now, and since when the oldest."""
    count, oldest = 0, None
    for process, state in node.waits:
        model = flow()[process].model
        assert model is not None
        sql = f"SELECT count(*), min(entered_at) FROM {model._meta.db_table} WHERE state = %s"
        number, first = rows(sql, state)[0]
        count += number
        oldest = min(filter(None, (oldest, first)), default=None)
    return count, oldest


def waited(node: Node, moment: datetime) -> int:
    """How many waited on a node then: objects whose last event by then led into its state."""
    sql = (
        "SELECT count(*) FROM (SELECT DISTINCT ON (object_id) target FROM process_event"
        " WHERE process = %s AND at < %s ORDER BY object_id, id DESC) e WHERE target = %s"
    )
    return sum(rows(sql, process, moment, state)[0][0] for process, state in node.waits)


def edges(graph: Graph, within: Stretch) -> Counter[str]:
    """Edge -> how often it was gone. An event came from that drawn step of those leading to it
    which happened last before it in the same case."""
    found: Counter[str] = Counter()
    routes = _routes(graph)
    drawn = {node.key: node for node in graph.nodes}
    for node in graph.nodes:
        if node.counts is None:
            continue
        if flow()[node.counts[0].partition(".")[0]].recorded:
            found.update(_visits(drawn, node, routes[node.key], within))
            continue
        entries = {key: path for key, path in routes[node.key].items() if drawn[key].counts}
        starts = [path for key, path in routes[node.key].items() if drawn[key].counts is None]
        for came, count in _origins(graph, node, entries, within):
            path = entries.get(came) or (starts[0] if starts else next(iter(entries.values())))
            for edge in path:
                found[edge] += count
    found.update(_ended(graph, within))
    return found


def _routes(graph: Graph) -> dict[str, dict[str, tuple[str, ...]]]:
    """Step node -> where a way to it begins -> its edges, through diamonds."""
    into = defaultdict(list)
    for edge in graph.edges:
        into[edge.target].append(edge)
    steps = {node.key for node in graph.nodes if node.counts}
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for key in steps:
        routes: dict[str, tuple[str, ...]] = {}
        front: list[tuple[str, ...]] = [(edge.key,) for edge in into[key]]
        while front:
            path = front.pop(0)
            source = path[0].partition(">")[0]
            if source in steps or not into[source]:
                routes.setdefault(source, path)
            else:
                front += [(one.key, *path) for one in into[source] if one.key not in path]
        found[key] = routes
    return found


def _origins(
    graph: Graph, node: Node, entries: dict[str, tuple[str, ...]], within: Stretch
) -> list[tuple[str, int]]:
    """Entry node -> events of this node whose case had been there last before."""
    drawn = {one.key: one for one in graph.nodes}
    clause, given = of_node(graph, node)
    marks, values = [], []
    for key in entries:
        sql, inner = of_node(graph, drawn[key])
        marks.append(f"WHEN {sql.replace('e.', 'b.')} THEN %s")
        values += [*inner, key]
    for key in entries:
        marks.append("WHEN b.process || '.' || b.step = ANY(%s) THEN %s")
        values += [_setting_off(drawn[key]), key]
    if not marks:
        sql = f"SELECT '', count(*) FROM process_event e WHERE {clause} AND {IN}"
        return [(row[0], row[1]) for row in rows(sql, *given, within.since, within.until) if row[1]]
    which = f"CASE {' '.join(marks)} END"
    sql = (
        f"SELECT coalesce((SELECT came FROM (SELECT b.id, {which} AS came FROM process_event b"
        " WHERE b.case_no = e.case_no AND b.id < e.id) x WHERE came IS NOT NULL"
        f" ORDER BY id DESC LIMIT 1), ''), count(*) FROM process_event e WHERE {clause} AND {IN}"
        " GROUP BY 1"
    )
    return [(row[0], row[1]) for row in rows(sql, *values, *given, within.since, within.until)]


def _setting_off(node: Node) -> list[str]:
    """The steps that set a node off in passing, at once or through others: where the definition
    leaves it out, they stand for it."""
    assert node.counts is not None
    front = causes(node) or _before_in_passing(node.counts[0])
    found: list[str] = []
    while front:
        found += front
        front = [one for name in front for one in _before_in_passing(name) if one not in found]
    return found


def _before_in_passing(name: str) -> list[str]:
    return [link.after for link in flow().links if name in link.fire]


def _visits(
    drawn: dict[str, Node], node: Node, routes: dict[str, tuple[str, ...]], within: Stretch
) -> Counter[str]:
    """The way from the step before; from outside the visit where there was none."""
    assert node.counts is not None
    process, _dot, step = node.counts[0].partition(".")
    sql = f"SELECT e.prev, count(*) FROM insight_behaviour e WHERE e.step = %s AND {IN} GROUP BY 1"
    found: Counter[str] = Counter()
    for prev, count in rows(sql, step, within.since, within.until):
        outside = [path for key, path in routes.items() if drawn[key].counts is None]
        path = routes.get(f"{process}.{prev}") or (outside or list(routes.values()))[0]
        for edge in path:
            found[edge] += count
    return found


def _ended(graph: Graph, within: Stretch) -> Counter[str]:
    """Edges into ends: from a step always; from a diamond where none of its other ways was gone."""
    drawn = {node.key: node for node in graph.nodes}
    found: Counter[str] = Counter()
    for edge in graph.edges:
        if not edge.target.endswith("!"):
            continue
        source = drawn[edge.source]
        entries = [source] if source.counts else _before(graph, source)
        others = [
            counts[0]
            for one in graph.edges
            if one.source == source.key and one != edge and (counts := drawn[one.target].counts)
        ]
        for entry in entries:
            clause, given = of_node(graph, entry)
            gone_on = (
                "EXISTS (SELECT 1 FROM process_event f WHERE f.case_no = e.case_no AND f.id > e.id"
                " AND f.process || '.' || f.step = ANY(%s)"
                f" AND (f.cause = {STEP} OR f.cause = e.cause))"
            )
            sql = f"SELECT count(*) FROM process_event e WHERE {clause} AND {IN} AND NOT {gone_on}"
            stretch = (within.since, within.until)
            count = rows(sql, *given, *stretch, [] if source.counts else others)[0][0]
            found[edge.key] += count
            if source.counts is None and others:
                found[f"{entry.key}>{source.key}"] += count
    return found


def _before(graph: Graph, node: Node) -> list[Node]:
    keys = {edge.source for edge in graph.edges if edge.target == node.key}
    return [one for one in graph.nodes if one.key in keys and one.counts]
