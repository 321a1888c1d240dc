"""The living figures of a picture and how they are written for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shangliu.process.drawing.graph import Edge, Node, Shape


class Level(StrEnum):
    """How late the oldest waiting object is."""

    OK = "ok"
    WARN = "warn"
    LATE = "late"


_WORST = tuple(Level)


@dataclass(frozen=True, slots=True)
class NodeFigure:
    """`letters`: what the step sent that waits for another try; `dead`: what was given up."""

    waiting: int = 0
    oldest_seconds: int | None = None
    p50_us: int | None = None
    p95_us: int | None = None
    level: Level = Level.OK
    letters: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True)
class EdgeFigure:
    """`share` is the part (0 to 1) of what leaves the source; None where there is no choice."""

    count: int
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    nodes: Mapping[str, NodeFigure] = field(default_factory=dict)
    edges: Mapping[str, EdgeFigure] = field(default_factory=dict)

    def of_node(self, node: Node) -> NodeFigure | None:
        """A node's own figures; for a block of the overview those of its members together.

        A link event has none: they stand on the sheet of the step that it names.
        """
        if node.shape is not Shape.STAGE:
            return self.nodes.get(node.key)
        found = [self.nodes[key] for key in node.members if key in self.nodes]
        if not found:
            return None
        ages = [figure.oldest_seconds for figure in found if figure.oldest_seconds is not None]
        return NodeFigure(
            waiting=sum(figure.waiting for figure in found),
            oldest_seconds=max(ages, default=None),
            level=max((figure.level for figure in found), key=_WORST.index),
            letters=sum(figure.letters for figure in found),
            dead=sum(figure.dead for figure in found),
        )

    def of_edge(self, edge: Edge) -> EdgeFigure | None:
        if edge.key in self.edges or not edge.origins:
            return self.edges.get(edge.key)
        found = [self.edges[key] for key in edge.origins if key in self.edges]
        if not found:
            return None
        share = found[0].share if len(edge.origins) == 1 else None
        return EdgeFigure(sum(figure.count for figure in found), share)


def is_english(lang: str) -> bool:
    return lang.lower().startswith("en")


def human(number: int, lang: str) -> str:
    """1.2k and 3.4M, or 3.4万 and 1.2亿."""
    steps = ((10**6, "M"), (10**3, "k")) if is_english(lang) else ((10**8, "亿"), (10**4, "万"))
    for size, unit in steps:
        if number >= size:
            return _short(number, size) + unit
    return str(number)


def _short(number: int, size: int) -> str:
    tenths = (number * 10 + size // 2) // size
    if tenths >= 100 or tenths % 10 == 0:
        return str((number + size // 2) // size)
    return f"{tenths // 10}.{tenths % 10}"


_UNITS = ((86_400_000_000, "天", "d"), (3_600_000_000, "小时", "h"), (60_000_000, "分", "m"))


def duration(microseconds: int, lang: str) -> str:
    """`2分`, `3.9小时`, `5天`; in English `2m`, `3.9h`, `5d`."""
    for size, zh, en in _UNITS:
        if microseconds >= size:
            if microseconds < 10 * size and size > 60_000_000:
                text = _short(microseconds, size)
            else:
                text = str((microseconds + size // 2) // size)
            return text + (en if is_english(lang) else zh)
    return str((microseconds + 500_000) // 1_000_000) + ("s" if is_english(lang) else "秒")


def pill_text(figure: EdgeFigure, lang: str) -> str:
    if figure.share is None:
        return human(figure.count, lang)
    percent = figure.share * 100
    share = "<1%" if 0 < percent < 0.5 else f"{percent:.0f}%"
    return f"{human(figure.count, lang)} · {share}"


def dwell_text(figure: NodeFigure, lang: str) -> str:
    if figure.p50_us is None:
        return ""
    text = f"p50 {duration(figure.p50_us, lang)}"
    if figure.p95_us is None:
        return text
    return f"{text} · p95 {duration(figure.p95_us, lang)}"
