"""The map's figures for pages, polling and the stream: one counting serves all who look."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

from shangliu.flow.drawing import graph
from shangliu.insight import figures as counting
from shangliu.insight.figures import Traffic
from shangliu.insight.heat import Heat, Heated
from shangliu.insight.heat import heated as heating
from shangliu.insight.window import Period, Span, previous
from shangliu.platform import clock
from shangliu.process.drawing.figures import EdgeFigure, Figures, NodeFigure
from shangliu.process.drawing.graph import Graph
from shangliu.web.backoffice.pictures import OVERVIEW, picture

DEFAULT = Period.FORTNIGHT
_MOST_KEPT = 40
_FRESH = 1.0  # seconds that counted traffic is good for, at least
_PAUSE = 10  # times as long as counting took, so that counting never takes more than a tenth


@dataclass
class _Counted:
    traffic: Traffic
    version: str
    at: float
    took: float


_counted: dict[tuple[Span, bool], _Counted] = {}
_busy = threading.Lock()


def traffic(span: Span, *, before: bool = False) -> Traffic:
    """What moved in the span, or in the one before it; counted anew when the last counting is too
    old."""
    drawn = graph()
    key = (span, before)
    known = _counted.get(key)
    if known is not None and known.version == drawn.version and _is_fresh(known):
        return known.traffic
    with _busy:
        known = _counted.get(key)
        if known is None or known.version != drawn.version or not _is_fresh(known):
            started = time.monotonic()
            moved = counting.traffic(drawn, previous(span) if before else span)
            done = time.monotonic()
            known = _Counted(moved, drawn.version, done, done - started)
            while len(_counted) >= _MOST_KEPT:
                _counted.pop(next(iter(_counted)))
            _counted[key] = known
    return known.traffic


def figures(span: Span, *, compare: bool = False) -> Figures:
    earlier = traffic(span, before=True) if compare else None
    return counting.figures(graph(), traffic(span), earlier)


def heated(span: Span, kind: Heat, drawn: Graph, shown: Figures) -> Heated:
    return heating(drawn, graph(), kind, traffic(span), shown)


def forget() -> None:
    """Count anew at the next question (for tests)."""
    _counted.clear()


def payload(span: Span) -> dict[str, Any]:
    """What a page needs to refresh its figures in place; the overview's blocks included."""
    return figures_payload(span, figures(span))


def figures_payload(span: Span, found: Figures) -> dict[str, Any]:
    blocks, _ = picture(OVERVIEW)
    nodes = {key: _node(figure) for key, figure in found.nodes.items()}
    for block in blocks.nodes:
        figure = found.of_node(block)
        if figure is not None:
            nodes[block.key] = _node(figure)
    edges = {key: _edge(figure) for key, figure in found.edges.items()}
    for edge in blocks.edges:
        known = found.of_edge(edge)
        if known is not None:
            edges[edge.key] = _edge(known)
    return {
        "at": clock.now().isoformat(timespec="milliseconds"),
        "period": span.value,
        "version": graph().version,
        "nodes": nodes,
        "edges": edges,
    }


def _is_fresh(known: _Counted) -> bool:
    return time.monotonic() - known.at < max(_FRESH, known.took * _PAUSE)


def _node(figure: NodeFigure) -> list[object]:
    return [
        figure.waiting,
        figure.oldest_seconds,
        figure.p50_us,
        figure.p95_us,
        figure.level.value,
        figure.count,
        figure.letters,
        figure.dead,
    ]


def _edge(figure: EdgeFigure) -> list[object]:
    return [figure.count, None if figure.share is None else round(figure.share, 4)]
