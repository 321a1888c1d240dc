"""Heat: one value for every node of a picture, and the bands that the values fall into."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from django.db import connection

from shangliu.insight.figures import Traffic, ways_of
from shangliu.platform import clock
from shangliu.platform.text import Text
from shangliu.process.drawing.figures import Figures
from shangliu.process.drawing.graph import Graph, Node, Shape
from shangliu.process.running import flow

_BANDS = 5


class Heat(StrEnum):
    WAITING = "waiting"
    DWELL = "dwell"
    FAILURE = "failure"
    LOSS = "loss"

    @property
    def label(self) -> Text:
        return _LABELS[self]


_LABELS = {
    Heat.WAITING: Text("等待", "Waiting"),
    Heat.DWELL: Text("停留", "Dwell"),
    Heat.FAILURE: Text("失败", "Failures"),
    Heat.LOSS: Text("流失", "Loss"),
}


@dataclass(frozen=True, slots=True)
class Heated:
    """`values` of a picture's nodes (pieces, microseconds, or parts of 1) above nothing; `bands`
    from the coolest to the hottest, each with its least and greatest value."""

    kind: Heat
    values: Mapping[str, float]
    bands: tuple[tuple[float, float], ...]

    def band(self, key: str) -> int:
        """1 is the coolest; 0: no heat."""
        value = self.values.get(key, 0)
        return sum(1 for least, _ in self.bands if value >= least) if value else 0


@dataclass(frozen=True, slots=True)
class Parts:
    """How many there were of which how many were lost."""

    lost: int = 0
    whole: int = 0

    def __add__(self, other: Parts) -> Parts:
        return Parts(self.lost + other.lost, self.whole + other.whole)


def heated(drawn: Graph, whole: Graph, kind: Heat, moved: Traffic, shown: Figures) -> Heated:
    """The heat of a sheet (`drawn`) or of the overview, whose blocks gather that of their steps."""
    of = _VALUES[kind](whole, moved, shown)
    values = {node.key: value for node in drawn.nodes if (value := of(node)) > 0}
    return Heated(kind, values, _bands(values.values()))


def losses(whole: Graph, moved: Traffic) -> dict[str, Parts]:
    """Node -> what went on from it, and how much of that into a bad end."""
    ways = ways_of(whole)
    bad = bad_ends(whole)
    found: dict[str, Parts] = defaultdict(Parts)
    for passage, count in moved.passages.items():
        for leg in ways.legs(passage):
            if not leg.edges or leg.entry in bad:
                continue
            target = leg.edges[-1].partition(">")[2]
            found[leg.entry] += Parts(count if target in bad else 0, count)
    for edge in whole.edges:
        if ways.nodes[edge.source].counts is None and edge.source not in bad:
            count = moved.edges.get(edge.key, 0)
            found[edge.source] += Parts(count if edge.target in bad else 0, count)
    return found


def bad_ends(whole: Graph) -> frozenset[str]:
    """The nodes by which the good way is left for good: steps into a state in which an object ends
    or rests, and into which no step of the happy path leads; and those ends themselves."""
    bad: set[tuple[str, str]] = set()
    for process in flow().processes:
        good = {str(step.target) for step in process.steps if step.main}
        over = {str(state) for state, words in process.states.items() if words.rests}
        over |= {str(state) for state in process.terminal}
        if good and not process.recorded:
            bad |= {(process.name, state) for state in over - good}
    found = set()
    for node in whole.nodes:
        if node.counts is not None:
            process, step = flow().step(node.counts[0])
            pair = process.name, str(step.target)
        else:
            name, _colon, state = node.key.partition(":")
            pair = name, state.removesuffix("!")
        if pair in bad and (node.counts is not None or node.shape is Shape.END):
            found.add(node.key)
    return frozenset(found)


def failures(whole: Graph, moved: Traffic) -> dict[str, int]:
    """Node -> letters given up, calls that failed, steps that the definition calls a problem."""
    ways = ways_of(whole)
    found: dict[str, int] = defaultdict(int)
    for step, count in _given_up(moved) + _failed_calls(moved):
        for node in ways.nodes_of(step, "")[:1]:
            found[node.key] += count
    for node in whole.nodes:
        if node.counts is not None and flow().step(node.counts[0])[1].problem:
            found[node.key] += moved.nodes[node.key].count if node.key in moved.nodes else 0
    return {key: count for key, count in found.items() if count}


def _stretch(moved: Traffic) -> list[datetime]:
    return [moved.since, moved.until or clock.now()]


def _given_up(moved: Traffic) -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (body->>'process') || '.' || (body->>'step'), count(*) FROM platform_outbox"
            " WHERE dead_at >= %s AND dead_at < %s AND done_at IS NULL"
            " AND body->>'step' IS NOT NULL GROUP BY 1",
            _stretch(moved),
        )
        return list(cursor.fetchall())


def _failed_calls(moved: Traffic) -> list[tuple[str, int]]:
    """By the step that the object had taken last when the call was made. Read from the partial
    index of failed calls."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT step, count(*) FROM (SELECT (SELECT e.process || '.' || e.step"
            " FROM process_event e WHERE e.process = c.process AND e.object_id = c.object_id"
            " AND e.at <= c.started_at ORDER BY e.id DESC LIMIT 1) AS step"
            " FROM platform_outsidecall c WHERE NOT c.ok AND c.started_at >= %s"
            " AND c.started_at < %s AND c.object_id IS NOT NULL) found"
            " WHERE step IS NOT NULL GROUP BY 1",
            _stretch(moved),
        )
        return list(cursor.fetchall())


def _waiting(_whole: Graph, _moved: Traffic, shown: Figures) -> Callable[[Node], float]:
    return lambda node: figure.waiting if (figure := shown.of_node(node)) else 0


def _dwell(_whole: Graph, _moved: Traffic, shown: Figures) -> Callable[[Node], float]:
    """Of a block, that of its slowest step: medians cannot be added up."""
    return lambda node: max(
        (shown.nodes[key].p50_us or 0 for key in _stands_for(node) if key in shown.nodes),
        default=0,
    )


def _failure(whole: Graph, moved: Traffic, _shown: Figures) -> Callable[[Node], float]:
    counts = failures(whole, moved)
    return lambda node: sum(counts.get(key, 0) for key in _stands_for(node))


def _loss(whole: Graph, moved: Traffic, _shown: Figures) -> Callable[[Node], float]:
    parts = losses(whole, moved)
    steps = {node.key for node in whole.nodes if node.counts is not None}

    def of(node: Node) -> float:
        keys = _stands_for(node)
        inside = [key for key in keys if len(keys) == 1 or key in steps]
        together = sum((parts.get(key, Parts()) for key in inside), Parts())
        return together.lost / together.whole if together.whole else 0

    return of


_VALUES: Mapping[Heat, Callable[[Graph, Traffic, Figures], Callable[[Node], float]]] = {
    Heat.WAITING: _waiting,
    Heat.DWELL: _dwell,
    Heat.FAILURE: _failure,
    Heat.LOSS: _loss,
}


def _stands_for(node: Node) -> tuple[str, ...]:
    """Link events have no heat of their own: it stands on the sheet of their step."""
    if node.shape in (Shape.LINK_IN, Shape.LINK_OUT):
        return ()
    return node.members if node.shape is Shape.STAGE else (node.key,)


def _bands(values: Iterable[float]) -> tuple[tuple[float, float], ...]:
    """Up to five bands with about as many different values in each."""
    known = sorted(set(values))
    count = min(_BANDS, len(known))
    cuts = [round(i * len(known) / count) for i in range(count + 1)] if count else []
    return tuple((known[a], known[b - 1]) for a, b in pairwise(cuts))
