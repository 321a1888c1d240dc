"""The living figures of the map: what waits, how it goes, what share goes where.

What waits is counted at the moment of asking, or reckoned back to a moment that is over (`then`);
what moved is the sum of hours that are over (`rollup`) and of the log since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from shangliu.insight.passages import Dwell
from shangliu.insight.rollup import sums
from shangliu.insight.then import waited
from shangliu.insight.waiting import Waiting, letters, waiting
from shangliu.insight.ways import Passage, Ways
from shangliu.insight.window import Span, end_of
from shangliu.platform import clock
from shangliu.process.drawing.figures import EdgeFigure, Figures, Level, NodeFigure
from shangliu.process.drawing.graph import Graph, Node, Shape
from shangliu.process.running import flow

_WARN_FROM = 0.75  # of the service-level time


@dataclass(frozen=True, slots=True)
class Traffic:
    """What moved in a span: per node how often and how long, per edge how often; `passages` are
    the events that this was drawn from. `until` is None where the span reaches up to now."""

    since: datetime
    until: datetime | None
    nodes: Mapping[str, Dwell]
    edges: Mapping[str, int]
    passages: Mapping[Passage, int]


@lru_cache(maxsize=4)
def ways_of(graph: Graph) -> Ways:
    return Ways(graph)


def traffic(graph: Graph, span: Span) -> Traffic:
    """Everything that needs the log. The expensive half of the figures."""
    ways = ways_of(graph)
    stretch = span.stretch
    found = sums(ways, stretch)
    edges: dict[str, int] = defaultdict(int)
    for passage, count in found.passages.items():
        for edge in ways.edges(passage):
            edges[edge] += count
    for edge, count in found.ends.items():
        edges[edge] += count
    return Traffic(stretch.since, end_of(span), found.nodes, edges, found.passages)


def figures(graph: Graph, moved: Traffic, before: Traffic | None = None) -> Figures:
    """The figures of every node and edge of the whole map. What waits is counted now, or as it was
    when the span of `moved` ended. `before`: what moved in the span to compare with."""
    shown = _figures(graph, moved)
    return shown.compared(_figures(graph, before)) if before is not None else shown


def _figures(graph: Graph, moved: Traffic) -> Figures:
    is_live = moved.until is None
    known = waiting() if is_live else {}
    counts = {pair: one.count for pair, one in known.items()}
    if moved.until is not None:
        counts = waited(ways_of(graph), moved.until)
    undelivered = letters() if is_live else {}
    nodes = {}
    for node in graph.nodes:
        dwell = moved.nodes.get(node.key)
        here = sum(counts.get(pair, 0) for pair in node.waits)
        sent = undelivered.get(node.counts[0]) if node.counts else None
        if dwell is not None or node.waits or sent:
            figure = replace(_node_figure(node, known, dwell), waiting=here)
            nodes[node.key] = (
                replace(figure, letters=sent.waiting, dead=sent.dead) if sent else figure
            )
    return Figures(nodes, _edge_figures(graph, moved.edges))


def _node_figure(
    node: Node, known: Mapping[tuple[str, str], Waiting], dwell: Dwell | None
) -> NodeFigure:
    now = clock.now()
    oldest = min((known[pair].oldest for pair in node.waits if pair in known), default=None)
    return NodeFigure(
        oldest_seconds=max(0, int((now - oldest).total_seconds())) if oldest else None,
        p50_us=dwell.p50_us if dwell else None,
        p95_us=dwell.p95_us if dwell else None,
        level=_level(node, known, now),
        count=dwell.count if dwell else 0,
    )


def _level(node: Node, everywhere: Mapping[tuple[str, str], Waiting], now: datetime) -> Level:
    """Late when the oldest has waited longer than its state may last."""
    worst = Level.OK
    for process, state in node.waits:
        found = everywhere.get((process, state))
        within = allowed(process, state)
        if found is None or within is None:
            continue
        part = (now - found.oldest) / within
        if part >= 1:
            return Level.LATE
        if part >= _WARN_FROM:
            worst = Level.WARN
    return worst


def allowed(process: str, state: str) -> timedelta | None:
    """The service-level time of a state; None where none is set."""
    for known, words in flow()[process].states.items():
        if known == state and words.within is not None:
            return words.within.span
    return None


def _edge_figures(graph: Graph, counts: Mapping[str, int]) -> dict[str, EdgeFigure]:
    """A share is given where there is a choice: at the exits of a diamond."""
    diamonds = {
        node.key for node in graph.nodes if node.shape in (Shape.EXCLUSIVE, Shape.EVENT_BASED)
    }
    total: dict[str, int] = defaultdict(int)
    for edge in graph.edges:
        total[edge.source] += counts.get(edge.key, 0)
    return {
        edge.key: EdgeFigure(
            counts.get(edge.key, 0),
            counts.get(edge.key, 0) / total[edge.source]
            if edge.source in diamonds and total[edge.source]
            else None,
        )
        for edge in graph.edges
    }
