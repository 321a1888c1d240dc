"""Finding a free place for every label and every figure: on no shape, no line, no other label."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise

from shangliu.platform.text import Text
from shangliu.process.drawing.geometry import Box, Label, Point
from shangliu.process.drawing.graph import Graph, Node, Shape
from shangliu.process.drawing.metrics import (
    EVENTS,
    GATEWAYS,
    ICON_WIDTH,
    NODE_FONT,
    PILL,
    SMALL_FONT,
    badge_room,
    label_of,
)

_CELL = 128
_WIDEST = 108
_WIDEST_EXIT = 96
_FURTHEST = 48


@dataclass
class Placed:
    """What was placed; `cramped` are the flows whose label or figure found no free place."""

    nodes: dict[str, Label] = field(default_factory=dict)
    exits: dict[int, Label] = field(default_factory=dict)
    pills: dict[int, Point] = field(default_factory=dict)
    cramped: set[int] = field(default_factory=set)
    cramped_nodes: set[str] = field(default_factory=set)


class Space:
    """Boxes and lines that are taken, looked up by place."""

    def __init__(self) -> None:
        self.boxes: dict[tuple[int, int], list[tuple[Box, int]]] = defaultdict(list)

    def add(self, box: Box, owner: int = -1) -> None:
        for cell in _cells(box):
            self.boxes[cell].append((box, owner))

    def add_line(self, points: Iterable[Point], owner: int) -> None:
        for (x, y), (x2, y2) in pairwise(points):
            left, top = min(x, x2), min(y, y2)
            self.add(Box(left - 1, top - 1, abs(x - x2) + 2, abs(y - y2) + 2), owner)

    def hits(self, box: Box, but: int = -2) -> int:
        found = {
            other
            for cell in _cells(box)
            for other, owner in self.boxes.get(cell, ())
            if owner != but and box.overlaps(other)
        }
        return len(found)


def _cells(box: Box) -> Iterator[tuple[int, int]]:
    for x in range(box.x // _CELL, box.right // _CELL + 1):
        for y in range(box.y // _CELL, box.bottom // _CELL + 1):
            yield x, y


def place(graph: Graph, boxes: dict[str, Box], lines: list[tuple[Point, ...]]) -> Placed:
    """Labels of nodes, then of exits, then the figures; `lines` in the order of edges, messages."""
    space = _taken(graph, boxes, lines)
    placed = Placed()
    for node in graph.nodes:
        _place_node(node, boxes[node.key], space, placed)
    order = sorted(range(len(graph.edges)), key=lambda i: (not graph.edges[i].main, i))
    for i in order:
        if words := graph.edges[i].label:
            _place_exit(i, words, lines[i], space, placed)
    for i in order:
        _place_pill(i, lines[i], space, placed)
    for i, message in enumerate(graph.messages, len(graph.edges)):
        label = label_of(message.label, _WIDEST, SMALL_FONT, 2)
        _settle(_beside(label, lines[i], from_end=True), space, i, placed.exits)
    return placed


def _taken(graph: Graph, boxes: dict[str, Box], lines: list[tuple[Point, ...]]) -> Space:
    space = Space()
    for node in graph.nodes:
        space.add(boxes[node.key].grown(2))
        if badge := badge_room(node, boxes[node.key]):
            space.add(badge)
    for owner, points in enumerate(lines):
        space.add_line(points, owner)
    return space


def _place_node(node: Node, box: Box, space: Space, placed: Placed) -> None:
    if node.shape is Shape.STAGE:
        label = label_of(node.label, box.w - 72, 20, 2)
        placed.nodes[node.key] = _at(label, box.x + 64, box.y + 16, "start")
        return
    if node.shape not in GATEWAYS | EVENTS:
        label = label_of(node.label, box.w - ICON_WIDTH - 10, NODE_FONT, 3)
        top = box.y + max(6, (box.h - 18 - label.box.h) // 2)
        placed.nodes[node.key] = _at(label, box.x + ICON_WIDTH, top, "start")
        return
    wide = label_of(node.label, _WIDEST, SMALL_FONT, 3)
    narrow = label_of(node.label, 66, SMALL_FONT, 3)
    found: dict[int, Label] = {}
    near = (_around(wide, box), _around(narrow, box), _further_out(narrow, box))
    if not _settle(chain.from_iterable(near), space, 0, found):
        placed.cramped_nodes.add(node.key)
    placed.nodes[node.key] = found[0]


def _around(label: Label, box: Box) -> Iterator[Label]:
    """Below or above the shape, then in its corners."""
    w, h = label.box.w, label.box.h
    above, below = box.y - h - 3, box.bottom + 3
    gateway = box.w > 40
    if gateway:
        yield _at(label, box.cx - w // 2, above, "middle")
    yield _at(label, box.cx - w // 2, below, "middle")
    yield _at(label, box.cx - w // 2, above, "middle")
    inset = 8 if gateway else 12
    for down in (0, 6, 12):
        for y in (above + inset + 2 - down, below - inset - 2 + down):
            yield _at(label, box.cx - w - 9, y, "end")
            yield _at(label, box.cx + 9, y, "start")
    for y in (box.cy - h - 5, box.cy + 5, box.cy - h // 2):
        yield _at(label, box.right + 5, y, "start")
        yield _at(label, box.x - w - 5, y, "end")


def _further_out(label: Label, box: Box) -> Iterator[Label]:
    """Rings around the shape, for one that flows leave on every side; the nearest ring first."""
    w, h = label.box.w, label.box.h
    for away in range(6, _FURTHEST, 6):
        for across in range(-w, box.w + 1, 8):
            yield _at(label, box.x + across, box.y - h - away, "middle")
            yield _at(label, box.x + across, box.bottom + away, "middle")


def _at(label: Label, x: int, y: int, anchor: str) -> Label:
    return replace(label, box=replace(label.box, x=x, y=y), anchor=anchor)


def _settle(candidates: Iterable[Label], space: Space, key: int, found: dict[int, Label]) -> bool:
    """Take the first free candidate, else the one that covers least."""
    tried: list[tuple[int, int, Label]] = []
    for label in candidates:
        tried.append((space.hits(label.box), len(tried), label))
        if not tried[-1][0]:
            break
    hits, _, best = min(tried, key=lambda one: one[:2])
    found[key] = best
    space.add(best.box)
    return not hits


def _place_exit(
    index: int, words: Text, points: tuple[Point, ...], space: Space, placed: Placed
) -> None:
    label = label_of(words, _WIDEST_EXIT, SMALL_FONT, 2)
    if not _settle(_beside(label, points, from_end=False), space, index, placed.exits):
        placed.cramped.add(index)


def _beside(label: Label, points: tuple[Point, ...], *, from_end: bool) -> Iterator[Label]:
    """Along the flow, nearest to the end that the label belongs to."""
    legs = [leg for leg in pairwise(points[::-1] if from_end else points) if leg[0] != leg[1]]
    for (x, y), (x2, y2) in legs[:3]:
        if y == y2:
            yield from _along_x(label, x, x2, y)
        else:
            yield from _along_y(label, x, y, y2)


def _along_x(label: Label, x: int, x2: int, y: int) -> Iterator[Label]:
    w, h = label.box.w, label.box.h
    for away in range(5, max(6, abs(x2 - x) - w + 1), 8):
        left = x + away if x2 > x else x - away - w
        anchor = "start" if x2 > x else "end"
        yield _at(label, left, y - h - 10, anchor)
        yield _at(label, left, y + 10, anchor)


def _along_y(label: Label, x: int, y: int, y2: int) -> Iterator[Label]:
    w, h = label.box.w, label.box.h
    for away in range(3, max(4, abs(y2 - y) - h + 1), 6):
        top = y + away if y2 > y else y - away - h
        yield _at(label, x + 6, top, "start")
        yield _at(label, x - w - 6, top, "end")


def _place_pill(index: int, points: tuple[Point, ...], space: Space, placed: Placed) -> None:
    width, height = PILL
    tried: list[tuple[int, int, Point]] = []
    for x, y in _along(points):
        box = Box(x - width // 2 - 1, y - height // 2 - 1, width + 2, height + 2)
        tried.append((space.hits(box, but=index), len(tried), (x, y)))
        if not tried[-1][0]:
            break
    hits, _, (x, y) = min(tried)
    placed.pills[index] = (x, y)
    space.add(Box(x - width // 2, y - height // 2, width, height), index)
    if hits:
        placed.cramped.add(index)


def _along(points: tuple[Point, ...]) -> Iterator[Point]:
    """Places on the flow: level legs first, long before short, from the middle outwards."""
    legs = [leg for leg in pairwise(points) if leg[0] != leg[1]]
    arrow = len(legs) - 1

    def rank(i: int) -> tuple[bool, int]:
        (x, y), (x2, y2) = legs[i]
        level = y == y2
        return (not level or abs(x - x2) < PILL[0]), -abs(x - x2) - abs(y - y2)

    for i in sorted(range(len(legs)), key=rank):
        (x, y), (x2, y2) = legs[i]
        level = y == y2
        length = abs(x - x2) + abs(y - y2) - (10 if i == arrow else 0)
        room = length - (PILL[0] if level else PILL[1])
        for step in range(max(0, room) // 12 + 1):
            shift = (step + 1) // 2 * 6 * (1 if step % 2 else -1)
            at = length // 2 + shift
            if level:
                yield x + (at if x2 > x else -at), y
            else:
                yield x, y + (at if y2 > y else -at)
