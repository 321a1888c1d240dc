"""The living figures of the map: what waits, how it goes, what share goes where.

What waits is counted at the moment of asking; what moved is the sum of hours that are over
(`rollup`) and of the log since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from shangliu.insight.passages import Dwell, Stretch
from shangliu.insight.rollup import hour_of, sums
from shangliu.insight.waiting import Waiting, letters, waiting
from shangliu.insight.ways import Ways
from shangliu.platform import clock
from shangliu.platform.text import Text
from shangliu.process.drawing.figures import EdgeFigure, Figures, Level, NodeFigure
from shangliu.process.drawing.graph import Graph, Node, Shape
from shangliu.process.running import flow

_WARN_FROM = 0.75  # of the service-level time


class Period(StrEnum):
    DAY = "24h"
    WEEK = "7d"
    FORTNIGHT = "14d"
    MONTH = "30d"

    @property
    def span(self) -> timedelta:
        return _SPANS[self]

    @property
    def stretch(self) -> Stretch:
        """From the full hour in which the period began, so that whole hours can be added up."""
        return Stretch(hour_of(clock.now() - self.span))

    @property
    def label(self) -> Text:
        return _LABELS[self]


_SPANS = {
    Period.DAY: timedelta(hours=24),
    Period.WEEK: timedelta(days=7),
    Period.FORTNIGHT: timedelta(days=14),
    Period.MONTH: timedelta(days=30),
}
_LABELS = {
    Period.DAY: Text("24 小时", "24 hours"),
    Period.WEEK: Text("7 天", "7 days"),
    Period.FORTNIGHT: Text("14 天", "14 days"),
    Period.MONTH: Text("30 天", "30 days"),
}


@dataclass(frozen=True, slots=True)
class Traffic:
    """What moved in a period: per node how often and how long, per edge how often."""

    period: Period
    since: datetime
    nodes: Mapping[str, Dwell]
    edges: Mapping[str, int]


@lru_cache(maxsize=4)
def ways_of(graph: Graph) -> Ways:
    return Ways(graph)


def traffic(graph: Graph, period: Period) -> Traffic:
    """Everything that needs the log. The expensive half of the figures."""
    ways = ways_of(graph)
    stretch = period.stretch
    found = sums(ways, stretch)
    edges: dict[str, int] = defaultdict(int)
    for passage, count in found.passages.items():
        for edge in ways.edges(passage):
            edges[edge] += count
    for edge, count in found.ends.items():
        edges[edge] += count
    return Traffic(period, stretch.since, found.nodes, edges)


def figures(graph: Graph, moved: Traffic) -> Figures:
    """The figures of every node and edge of the whole map; what waits is counted now."""
    now_waiting, undelivered = waiting(), letters()
    nodes = {}
    for node in graph.nodes:
        dwell = moved.nodes.get(node.key)
        here = [now_waiting[pair] for pair in node.waits if pair in now_waiting]
        sent = undelivered.get(node.counts[0]) if node.counts else None
        if dwell is not None or here or node.waits or sent:
            figure = _node_figure(node, here, dwell, now_waiting)
            nodes[node.key] = (
                replace(figure, letters=sent.waiting, dead=sent.dead) if sent else figure
            )
    return Figures(nodes, _edge_figures(graph, moved.edges))


def _node_figure(
    node: Node,
    here: list[Waiting],
    dwell: Dwell | None,
    everywhere: Mapping[tuple[str, str], Waiting],
) -> NodeFigure:
    now = clock.now()
    oldest = min((one.oldest for one in here), default=None)
    return NodeFigure(
        waiting=sum(one.count for one in here),
        oldest_seconds=max(0, int((now - oldest).total_seconds())) if oldest else None,
        p50_us=dwell.p50_us if dwell else None,
        p95_us=dwell.p95_us if dwell else None,
        level=_level(node, everywhere, now),
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
