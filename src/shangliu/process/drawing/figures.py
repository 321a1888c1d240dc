"""The living figures of a picture and how they are written for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from shangliu.process.drawing.graph import Edge, Node, Shape


class Level(StrEnum):
    """How late the oldest waiting object is."""

    OK = "ok"
    WARN = "warn"
    LATE = "late"


_WORST = tuple(Level)
TASKS = frozenset(
    {Shape.USER_TASK, Shape.MANUAL_TASK, Shape.SERVICE_TASK, Shape.RULE_TASK, Shape.SEND_TASK}
)


@dataclass(frozen=True, slots=True)
class NodeFigure:
    """`letters`: what the step sent that waits for another try; `dead`: what was given up;
    `before`: the same of the span that this one is compared with."""

    waiting: int = 0
    oldest_seconds: int | None = None
    p50_us: int | None = None
    p95_us: int | None = None
    level: Level = Level.OK
    letters: int = 0
    dead: int = 0
    count: int = 0
    before: NodeFigure | None = None


@dataclass(frozen=True, slots=True)
class EdgeFigure:
    """`share` is the part (0 to 1) of what leaves the source; None where there is no choice."""

    count: int
    share: float | None = None
    before: EdgeFigure | None = None


@dataclass(frozen=True, slots=True)
class HeatMark:
    """How hot a node is: its band (1 is the coolest) and the value in words."""

    band: int
    words: str


@dataclass(frozen=True, slots=True)
class PassedMark:
    """What one case left on a node: when, by whom, how often, and the calls made from there."""

    at: str
    who: str = ""
    times: int = 1
    ok: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """`heat`: the marks of a sheet's nodes; None: the picture is drawn without heat. `beside`: each
    figure has that of another span beside it. `passed`: of a traced case, by node. `silent`: the
    stages that nothing is known of."""

    nodes: Mapping[str, NodeFigure] = field(default_factory=dict)
    edges: Mapping[str, EdgeFigure] = field(default_factory=dict)
    heat: Mapping[str, HeatMark] | None = None
    beside: bool = False
    passed: Mapping[str, PassedMark] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()

    def of_node(self, node: Node) -> NodeFigure | None:
        """A node's own figures; for a block of the overview those of its members together.

        A link event has none: they stand on the sheet of the step that it names.
        """
        if node.shape is not Shape.STAGE:
            return self.nodes.get(node.key)
        return self._together([self.nodes[key] for key in node.members if key in self.nodes])

    def _together(self, found: Sequence[NodeFigure]) -> NodeFigure | None:
        if not found:
            return None
        ages = [figure.oldest_seconds for figure in found if figure.oldest_seconds is not None]
        return NodeFigure(
            waiting=sum(figure.waiting for figure in found),
            oldest_seconds=max(ages, default=None),
            level=max((figure.level for figure in found), key=_WORST.index),
            letters=sum(figure.letters for figure in found),
            dead=sum(figure.dead for figure in found),
            count=sum(figure.count for figure in found),
            before=self._together([one.before for one in found if one.before is not None]),
        )

    def of_edge(self, edge: Edge) -> EdgeFigure | None:
        if edge.key in self.edges or not edge.origins:
            return self.edges.get(edge.key)
        found = [self.edges[key] for key in edge.origins if key in self.edges]
        if not found:
            return None
        if len(edge.origins) == 1:
            return found[0]
        earlier = [figure.before.count for figure in found if figure.before is not None]
        return EdgeFigure(
            sum(figure.count for figure in found),
            before=EdgeFigure(sum(earlier)) if earlier else None,
        )

    def compared(self, before: Figures) -> Figures:
        """The same figures, each with that of `before` beside it."""
        return Figures(
            {
                key: replace(
                    self.nodes.get(key, NodeFigure()), before=before.nodes.get(key, NodeFigure())
                )
                for key in {**self.nodes, **before.nodes}
            },
            {
                key: replace(figure, before=before.edges.get(key, EdgeFigure(0)))
                for key, figure in self.edges.items()
            },
            beside=True,
        )


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


def spell(seconds: float, lang: str) -> str:
    """`3分`, `2.5天`: seconds as people say them."""
    return duration(round(seconds * 1_000_000), lang)


def change_text(before: int, now: int, lang: str) -> str:
    """`▲12%`, `▼5%`, `=`; where there was nothing before, that it is new. No colour needed."""
    if before == now:
        return "="
    if before == 0:
        return "▲ new" if is_english(lang) else "▲新"
    percent = abs(now - before) * 100 / before
    sign = "▲" if now > before else "▼"
    if percent < 0.5:
        return f"{sign}<1%"
    return f"{sign}>999%" if percent > 999 else f"{sign}{percent:.0f}%"


def tag_text(node: Node, figure: NodeFigure, heat: HeatMark | None, lang: str) -> str:
    """What the tag on a node's corner says: the heat where the shape has no line for it, and the
    change: of what waits on a block, of what passed on a node."""
    said = [] if heat is None or node.shape in TASKS else [heat.words]
    if figure.before is not None and (node.counts or node.shape is Shape.STAGE):
        if node.shape is Shape.STAGE:
            said.append(change_text(figure.before.waiting, figure.waiting, lang))
        else:
            said.append(change_text(figure.before.count, figure.count, lang))
    return " ".join(said)


def passed_text(mark: PassedMark) -> str:
    """`11-23 14:02 仓储 ×2`"""
    times = f"×{mark.times}" if mark.times > 1 else ""
    return " ".join(filter(None, (mark.at, mark.who, times)))


def pill_text(figure: EdgeFigure, lang: str) -> str:
    if figure.before is not None:
        return f"{human(figure.count, lang)} {change_text(figure.before.count, figure.count, lang)}"
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
