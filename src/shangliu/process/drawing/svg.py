"""The living map as SVG: our own look, refreshed in place by what carries a data attribute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources import files
from xml.sax.saxutils import escape, quoteattr

from shangliu.platform.text import Text
from shangliu.process.drawing.figures import (
    EdgeFigure,
    Figures,
    NodeFigure,
    change_text,
    is_english,
    pill_text,
)
from shangliu.process.drawing.geometry import Band, Geometry, Line, Point
from shangliu.process.drawing.graph import Edge, Graph, Shape, View
from shangliu.process.drawing.metrics import LINE_HEIGHT, PILL, text_width, wrap
from shangliu.process.drawing.svg_nodes import Face, draw_node, text
from shangliu.process.drawing.tracing import Trace, trace

_RADIUS = 9
_TIP = 8
_THIN, _STRONG = 1.5, 5.0


def css() -> str:
    """The picture's style sheet, for pages; every colour is a variable with a fallback."""
    return files("shangliu.process.drawing").joinpath("map.css").read_text("utf-8")


def standalone(svg: str) -> str:
    """The same picture as a file of its own: with its style and an XML head."""
    head, rest = svg.split(">", 1)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}><style>{css()}</style>{rest}'


def to_svg(
    geometry: Geometry,
    graph: Graph,
    *,
    figures: Figures | None = None,
    lang: str = "zh",
    title: str = "",
    path: Sequence[str] = (),
    href: Callable[[str], str] | None = None,
) -> str:
    """Draw `graph`. `path` lists the visited nodes (and edges) of the whole map in their order.

    `href` gives the address of a node's page. The style is apart: `css` or `standalone`.
    """
    pen = _Pen(geometry, graph, figures, lang)
    found = trace(graph, path)
    name = title or _say(graph.name, lang)
    kind = "flow-map traced" if path else "flow-map"
    if figures is not None and figures.heat is not None:
        kind += " heated"
    return "".join(
        (
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" class="{kind}" role="group"'
                f' lang="{"en" if is_english(lang) else "zh-CN"}" aria-label={quoteattr(name)}'
                f' viewBox="0 0 {geometry.width} {geometry.height}"'
                f' width="{geometry.width}" height="{geometry.height}">'
            ),
            f"<title>{escape(name)}</title>",
            _MARKERS,
            f'<rect class="ground" width="{geometry.width}" height="{geometry.height}"/>',
            *pen.bands(),
            *pen.edges(found),
            *pen.nodes(found, href or (lambda key: f"#{key}")),
            *pen.messages(),
            "</svg>",
        )
    )


_MARKERS = "<defs>{}</defs>".format(
    "".join(
        f'<marker id="fm-{kind}" class="tip {kind}" markerUnits="userSpaceOnUse" orient="auto"'
        ' markerWidth="14" markerHeight="14" refX="2" refY="7" viewBox="0 0 14 14">'
        f"{shape}</marker>"
        for kind, shape in (
            ("side", '<path d="M0 2L10 7L0 12Z"/>'),
            ("main", '<path d="M0 1L10 7L0 13Z"/>'),
            ("wrong", '<path d="M0 2L10 7L0 12Z"/>'),
            ("visited", '<path d="M0 1L10 7L0 13Z"/>'),
            ("message", '<path d="M1 2.5L9.4 7L1 11.5Z"/>'),
        )
    )
    + '<marker id="fm-begin" class="tip message" markerUnits="userSpaceOnUse" markerWidth="8"'
    ' markerHeight="8" refX="4" refY="4"><circle cx="4" cy="4" r="3"/></marker>'
)


def _say(words: Text, lang: str) -> str:
    return words.en if is_english(lang) else words.zh


class _Pen:
    def __init__(
        self, geometry: Geometry, graph: Graph, figures: Figures | None, lang: str
    ) -> None:
        self.geometry = geometry
        self.graph = graph
        self.figures = figures
        self.lang = lang
        self.view = {lane.code: lane.view for lane in graph.lanes}
        self.names = {node.key: _say(node.label, lang) for node in graph.nodes}
        self.number = {stage.code: stage.number for stage in graph.stages}
        counts = [f.count for e in graph.edges if (f := self._figure(e))]
        self.most = max(counts, default=0)

    def _figure(self, edge: Edge) -> EdgeFigure | None:
        return self.figures.of_edge(edge) if self.figures else None

    def bands(self) -> list[str]:
        """Lanes with their tint, the stages' heads above them, the outside parties around."""
        lanes = {lane.code: lane for lane in self.graph.lanes}
        stages = {stage.code: stage for stage in self.graph.stages}
        pools = {pool.code: pool for pool in self.graph.pools}
        drawn = [
            f'<g class="lane view-{lanes[band.code].view.value}" data-lane="{escape(band.code)}">'
            f"{_rect(band, 'tint')}</g>"
            for band in self.geometry.lanes
        ]
        for i, band in enumerate(self.geometry.stages):
            stage = stages[band.code]
            number = f"{stage.number}  {_say(stage.label, self.lang)}"
            shade = _rect(band, "shade") if i % 2 else ""
            drawn.append(
                f'<g class="stage" data-stage="{escape(band.code)}">{shade}'
                f"{_head(band, number, 'start', self.lang)}</g>"
            )
        for band in self.geometry.lanes:
            label = _say(lanes[band.code].label, self.lang)
            drawn.append(
                f'<g class="lane view-{lanes[band.code].view.value}">'
                f"{_head(band, label, 'middle', self.lang)}</g>"
            )
        if self.geometry.lanes:
            drawn.append(_pool_head(self.geometry.pool, _say(self.graph.name, self.lang)))
        for band in self.geometry.pools:
            label = _say(pools[band.code].label, self.lang)
            drawn.append(
                f'<g class="pool view-{View.OUTSIDE.value}" data-pool="{escape(band.code)}">'
                f"{_head(band, label, 'start', self.lang)}</g>"
            )
        return drawn

    def edges(self, found: Trace) -> list[str]:
        order = sorted(
            zip(self.graph.edges, self.geometry.edges, strict=True),
            key=lambda pair: (pair[0].main, not pair[0].problem),
        )
        return [self._edge(edge, line, found) for edge, line in order]

    def _edge(self, edge: Edge, line: Line, found: Trace) -> str:
        kind = "main" if edge.main else "wrong" if edge.problem else "side"
        visited = edge.key in found.edges
        figure = self._figure(edge)
        classes = f"edge {kind}{' visited' if visited else ''}"
        origins = f" data-origins={quoteattr(' '.join(edge.origins))}" if edge.origins else ""
        label = text(line.label, self.lang, "exit") if line.label else ""
        return (
            f'<g class="{classes}" data-edge={quoteattr(edge.key)}{origins}>'
            f'<path class="line" d="{_rounded(line.points, _TIP)}"'
            f' stroke-width="{self._width(edge, figure)}"'
            f' marker-end="url(#fm-{"visited" if visited else kind})"/>'
            f"{self._edge_title(edge, figure)}{label}{self._pill(edge, line, figure)}</g>"
        )

    def _edge_title(self, edge: Edge, figure: EdgeFigure | None) -> str:
        if figure is None:
            return ""
        said = [" → ".join(self.names.get(key, key) for key in (edge.source, edge.target))]
        said.append(f"{figure.count} times" if is_english(self.lang) else f"{figure.count} 次")
        if figure.share is not None:
            said.append(f"{figure.share:.1%}")
        if figure.before is not None:
            change = change_text(figure.before.count, figure.count, self.lang)
            said.append(f"{figure.before.count} → {figure.count} {change}")
        return f"<title>{escape(' · '.join(said))}</title>"

    def _width(self, edge: Edge, figure: EdgeFigure | None) -> str:
        """Thickness by share of the busiest flow; without figures the happy path is stronger."""
        if figure is None or not self.most:
            return "3" if edge.main else f"{_THIN}"
        return f"{_THIN + (_STRONG - _THIN) * (figure.count / self.most) ** 0.5:.1f}"

    def _pill(self, edge: Edge, line: Line, figure: EdgeFigure | None) -> str:
        if line.pill is None:
            return ""
        x, y = line.pill
        words = pill_text(figure, self.lang) if figure else ""
        width = min(PILL[0], max(28, round(text_width(words, 10.5)) + 12))
        hidden = "" if words else ' visibility="hidden"'
        return (
            f'<g class="pill" data-pill={quoteattr(edge.key)}'
            f' transform="translate({x} {y})"{hidden}>'
            f'<rect x="{-width / 2:g}" y="-9" width="{width}" height="18" rx="9"/>'
            f'<text y="3.8" text-anchor="middle">{escape(words)}</text></g>'
        )

    def messages(self) -> list[str]:
        return [
            f'<g class="message" data-message={quoteattr(message.key)}>'
            f"<title>{escape(_say(message.label, self.lang))}</title>"
            f'<path class="line" d="{_rounded(line.points, _TIP)}"'
            ' marker-start="url(#fm-begin)" marker-end="url(#fm-message)"/>'
            f"{text(line.label, self.lang, 'exit') if line.label else ''}</g>"
            for message, line in zip(self.graph.messages, self.geometry.messages, strict=True)
        ]

    def nodes(self, found: Trace, href: Callable[[str], str]) -> list[str]:
        drawn = []
        heat = self.figures.heat if self.figures else None
        for node, place in zip(self.graph.nodes, self.geometry.nodes, strict=True):
            beyond = node.members[0] if _is_link(node.shape) and node.members else node.key
            face = Face(
                view=self.view.get(node.lane, View.SYSTEM),
                figure=(self.figures.of_node(node) if self.figures else None) or NodeFigure(),
                lang=self.lang,
                href=href(beyond),
                classes=found.classes(node),
                stage_number=self.number.get(node.stage, 0),
                silent=self.figures is not None and node.stage in self.figures.silent,
                heated=heat is not None,
                heat=heat.get(node.key) if heat else None,
                passed=self.figures.passed.get(node.key) if self.figures else None,
            )
            drawn.append(draw_node(node, place, face))
        return drawn


def _is_link(shape: Shape) -> bool:
    return shape in {Shape.LINK_IN, Shape.LINK_OUT}


def _rect(band: Band, classes: str) -> str:
    box = band.box
    return f'<rect class="{classes}" x="{box.x}" y="{box.y}" width="{box.w}" height="{box.h}"/>'


def _head(band: Band, label: str, anchor: str, lang: str) -> str:
    """A band's name in its head, broken to fit and centred in height."""
    box = band.head
    lines = wrap(label, max(40, box.w - 14), 13, 3) if lang else ()
    x = box.x + 14 if anchor == "start" else box.cx
    y = box.cy - LINE_HEIGHT * len(lines) // 2 + 12
    spans = "".join(
        f'<tspan x="{x}" y="{y + i * LINE_HEIGHT}">{escape(line)}</tspan>'
        for i, line in enumerate(lines)
    )
    return (
        f'<rect class="head" x="{box.x}" y="{box.y}" width="{box.w}" height="{box.h}"/>'
        f'<text class="head-name" text-anchor="{anchor}">{spans}</text>'
    )


def _pool_head(band: Band, label: str) -> str:
    box = band.head
    return (
        f'<rect class="pool-head" x="{box.x}" y="{box.y}" width="{box.w}" height="{box.h}"/>'
        f'<text class="pool-name" text-anchor="middle"'
        f' transform="translate({box.cx + 5} {box.cy}) rotate(-90)">{escape(label)}</text>'
    )


def _rounded(points: Sequence[Point], tip: int) -> str:
    """The polyline with round corners; it ends before its tip, which the marker draws."""
    line = [*points[:-1], _towards(points[-1], points[-2], tip)]
    parts = [f"M{line[0][0]} {line[0][1]}"]
    for i in range(1, len(line) - 1):
        before, here, after = line[i - 1 : i + 2]
        radius = min(_RADIUS, _length(before, here) // 2, _length(here, after) // 2)
        a, b = _towards(here, before, radius), _towards(here, after, radius)
        parts.append(f"L{a[0]} {a[1]}Q{here[0]} {here[1]} {b[0]} {b[1]}")
    parts.append(f"L{line[-1][0]} {line[-1][1]}")
    return "".join(parts)


def _length(a: Point, b: Point) -> int:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _towards(start: Point, goal: Point, by: int) -> Point:
    whole = max(1, _length(start, goal))
    by = min(by, whole)
    return (
        start[0] + (goal[0] - start[0]) * by // whole,
        start[1] + (goal[1] - start[1]) * by // whole,
    )
