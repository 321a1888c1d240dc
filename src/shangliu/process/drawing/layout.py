"""Laying out a graph: lanes as bands, time from left to right, every label readable."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from shangliu.process.drawing import frame as frames
from shangliu.process.drawing.frame import Extra, Frame
from shangliu.process.drawing.geometry import Band, Box, Geometry, Line, NodeBox, Point
from shangliu.process.drawing.graph import Graph, MessageFlow
from shangliu.process.drawing.grid import Cell, Grid, is_overview, make_grid, nets
from shangliu.process.drawing.labels import Placed, place
from shangliu.process.drawing.pixels import box_of, polyline
from shangliu.process.drawing.quality import price
from shangliu.process.drawing.routing import Router
from shangliu.process.drawing.segments import Segment, segments_of
from shangliu.process.drawing.tracks import spread

_TRIES = 8
_LAST_TRIES = 40
_MARGIN = 8
_DROPS = (11, 3, 1, 6)
_FEWEST, _MOST = 2, 40
_EFFORT = 140_000
_CRAMPED = 2_000


def lay_out(graph: Graph) -> Geometry:
    """The picture of `graph`; the same graph always gives the same picture."""
    if not graph.nodes:
        raise ValueError("nothing to draw")
    return _Search(graph).best()


@dataclass(frozen=True, slots=True)
class _Found:
    """An arrangement; `cramped`: labels and figures without a free place."""

    price: int
    cramped: int
    geometry: Geometry
    grid: Grid


class _Search:
    """Tries arrangements, as many as the size of the graph leaves time for, and keeps the best."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        effort = len(graph.nodes) * (len(graph.edges) + len(graph.messages) + 1)
        self.left = max(_FEWEST, min(_MOST, _EFFORT // effort))
        self.found: dict[tuple[tuple[str, Cell], ...], _Found] = {}

    def best(self) -> Geometry:
        """First how far steps may drop, then for each lane on which side its side paths run."""
        lanes = len(self.graph.lanes)
        starts = [(drop, (side,) * lanes) for drop in _DROPS for side in (1, -1)]
        drop, sides = min(starts, key=lambda one: self._cost(*one))
        for lane in range(lanes):
            flipped = (*sides[:lane], -sides[lane], *sides[lane + 1 :])
            if self._cost(drop, flipped) < self._cost(drop, sides):
                sides = flipped
        found = min(self.found.values(), key=lambda one: one.price)
        if found.cramped:
            return _draw(self.graph, found.grid, _LAST_TRIES)[0]
        return found.geometry

    def _cost(self, drop: int, sides: tuple[int, ...]) -> float:
        grid = make_grid(self.graph, drop, sides)
        cells = tuple(grid.cell_of.items())
        if cells not in self.found:
            if not self.left:
                return float("inf")
            self.left -= 1
            geometry, cramped = _draw(self.graph, grid, _TRIES)
            cost = price(geometry) + _CRAMPED * cramped
            self.found[cells] = _Found(cost, cramped, geometry, grid)
        return self.found[cells].price


def _draw(graph: Graph, grid: Grid, most: int) -> tuple[Geometry, int]:
    """One arrangement in pixels, widened up to `most` times where it is too tight; and how many
    labels and figures stayed without a free place."""
    flows = nets(graph, grid)
    paths = Router(grid).route(flows)
    pieces = [segments_of(path, net, grid) for path, net in zip(paths, flows, strict=True)]
    used = spread(segment for line in pieces for segment in line)
    extra = Extra()
    tries = 0
    while True:
        frame = frames.make_frame(graph, grid, used, extra)
        boxes = {node.key: box_of(frame, grid.cell_of[node.key], node) for node in graph.nodes}
        lines = [polyline(frame, grid, net, p) for net, p in zip(flows, pieces, strict=True)]
        placed = place(graph, boxes, lines)
        cramped = len(placed.cramped) + len(placed.cramped_nodes)
        tries += 1
        if tries == most or not cramped:
            return _geometry(graph, grid, frame, lines, placed), cramped
        _widen(extra, placed, [line[tries // 3 % len(line) :] for line in pieces], grid)


def _widen(extra: Extra, placed: Placed, pieces: list[list[Segment]], grid: Grid) -> None:
    """Give room in the gaps that the cramped flows start in, after a few tries in those that they
    come to next, and where the cramped shapes stand."""
    for line in {_first_gap(pieces[index]) for index in placed.cramped}:
        room = extra.x if line[0] == "x" else extra.y
        room[line[1]] += 36 if line[0] == "x" else 22
    for x, y in sorted(grid.cell_of[key] for key in placed.cramped_nodes):
        extra.x[x - 1] += 24
        extra.y[y + 1] += 12


def _first_gap(line: list[Segment]) -> tuple[str, int]:
    """The gap next to the flow's start; for a flow that leaves upright, where it turns."""
    first = line[0]
    if first.horizontal:
        at_low = first.turn_low == 0 and first.low != int(first.low)
        return "x", round(first.low + 0.6) if at_low else round(first.high - 0.6)
    if len(line) > 1 and line[1].horizontal:
        return "x", int(line[1].low + line[1].high) // 4 * 2
    return "y", int(first.low + first.high) // 4 * 2 + 1


def _geometry(
    graph: Graph, grid: Grid, frame: Frame, lines: list[tuple[Point, ...]], placed: Placed
) -> Geometry:
    bare = is_overview(graph)
    count = len(graph.edges)
    reach: dict[str, list[int]] = defaultdict(list)
    for message, points in zip(graph.messages, lines[count:], strict=True):
        reach[message.pool].append(points[-1 if message.outgoing else 0][0])
    pools = frames.pool_bands(graph, frame, reach)
    edges = tuple(
        Line(edge.key, lines[i], placed.pills[i], placed.exits.get(i))
        for i, edge in enumerate(graph.edges)
    )
    by_code = {band.code: band for band in pools}
    messages = tuple(
        Line(m.key, _to_pool(lines[i], m, by_code[m.pool]), None, placed.exits.get(i))
        for i, m in enumerate(graph.messages, count)
    )
    nodes = tuple(
        NodeBox(n.key, box_of(frame, grid.cell_of[n.key], n), placed.nodes[n.key])
        for n in graph.nodes
    )
    body = Box(0, frame.top, frame.right, frame.bottom - frame.top)
    return Geometry(
        width=frame.right + _MARGIN,
        height=max([frame.bottom, *(band.box.bottom for band in pools)]) + _MARGIN,
        pool=Band("", body, Box(0, frame.top, frames.POOL_HEAD, body.h)),
        stages=() if bare else frames.stage_bands(graph, grid, frame),
        lanes=() if bare else frames.lane_bands(graph, frame),
        pools=pools,
        nodes=nodes,
        edges=edges,
        messages=messages,
    )


def _to_pool(points: tuple[Point, ...], message: MessageFlow, band: Band) -> tuple[Point, ...]:
    """A pool in the second row stands further out: lengthen the flow up to its border."""
    at = -1 if message.outgoing else 0
    x, y = points[at]
    above = band.box.cy < y
    border = (x, band.box.bottom if above else band.box.y)
    return (*points[:-1], border) if message.outgoing else (border, *points[1:])
