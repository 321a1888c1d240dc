"""A graph in the stricter words of BPMN: joins, splits, starts and ends made explicit.

Our pictures let several flows meet at a step and leave it; BPMN tools want a gateway there. What is
added is marked as such, so that an import can fold it back.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from shangliu.platform.text import Text
from shangliu.process.drawing.geometry import Box, Geometry, Point
from shangliu.process.drawing.graph import Edge, Graph, Node, Shape
from shangliu.process.drawing.metrics import GATEWAYS

_STARTS = frozenset({Shape.START, Shape.LINK_IN})
_ENDS = frozenset({Shape.END, Shape.LINK_OUT})
_CATCHES = frozenset({Shape.MESSAGE_CATCH, Shape.TIMER_CATCH})
_SMALL = 18
_ASIDE = 14


class Tag(StrEnum):
    """BPMN's element names."""

    START = "startEvent"
    END = "endEvent"
    CATCH = "intermediateCatchEvent"
    THROW = "intermediateThrowEvent"
    TASK = "task"
    USER = "userTask"
    MANUAL = "manualTask"
    SERVICE = "serviceTask"
    RULE = "businessRuleTask"
    SEND = "sendTask"
    EXCLUSIVE = "exclusiveGateway"
    EVENT_BASED = "eventBasedGateway"
    PARALLEL = "parallelGateway"


_TAGS = {
    Shape.USER_TASK: Tag.USER,
    Shape.MANUAL_TASK: Tag.MANUAL,
    Shape.SERVICE_TASK: Tag.SERVICE,
    Shape.RULE_TASK: Tag.RULE,
    Shape.SEND_TASK: Tag.SEND,
    Shape.MESSAGE_CATCH: Tag.CATCH,
    Shape.TIMER_CATCH: Tag.CATCH,
    Shape.EXCLUSIVE: Tag.EXCLUSIVE,
    Shape.EVENT_BASED: Tag.EVENT_BASED,
    Shape.PARALLEL: Tag.PARALLEL,
    Shape.STAGE: Tag.TASK,
}
_TRIGGERS = {Shape.MESSAGE_CATCH: "message", Shape.TIMER_CATCH: "timer"}


@dataclass
class Element:
    """`node` is None for what was added; `trigger` names the event definition."""

    id: str
    tag: Tag
    name: Text
    lane: str
    box: Box
    node: Node | None = None
    trigger: str = ""


@dataclass
class Flow:
    """`edge` is given where the flow is (the first piece of) one of the graph's."""

    id: str
    source: Element
    target: Element
    points: tuple[Point, ...]
    edge: Edge | None = None
    line: int | None = None


@dataclass
class Parts:
    elements: list[Element] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    element_of: dict[str, Element] = field(default_factory=dict)


def identifier(prefix: str, key: str, taken: set[str]) -> str:
    """An XML name made from `key` that nothing else has."""
    base = name = f"{prefix}_{re.sub(r'[^A-Za-z0-9_]', '_', key)}"
    count = 2
    while name in taken:
        name = f"{base}_{count}"
        count += 1
    taken.add(name)
    return name


def parts_of(graph: Graph, geometry: Geometry) -> Parts:
    return _Maker(graph, geometry).make()


class _Maker:
    def __init__(self, graph: Graph, geometry: Geometry) -> None:
        self.graph = graph
        self.lines = {i: line.points for i, line in enumerate(geometry.edges)}
        self.pills = {i: line.pill for i, line in enumerate(geometry.edges)}
        self.boxes = {place.key: place.box for place in geometry.nodes}
        self.incoming: dict[str, list[Edge]] = defaultdict(list)
        self.outgoing: dict[str, list[Edge]] = defaultdict(list)
        for edge in graph.edges:
            self.incoming[edge.target].append(edge)
            self.outgoing[edge.source].append(edge)
        self.taken: set[str] = set()
        self.parts = Parts()
        self.added: list[Element] = []
        self.extra: list[Flow] = []
        self.merge: dict[str, Element] = {}
        self.split: dict[str, Element] = {}

    def make(self) -> Parts:
        for node in self.graph.nodes:
            self._node(node)
        for node in self.graph.nodes:
            self._surround(node)
        self._open_and_close()
        for i, edge in enumerate(self.graph.edges):
            self._edge(i, edge)
        self.parts.elements += self.added
        self.parts.flows += self.extra
        self._one_blank_start()
        return self.parts

    def _node(self, node: Node) -> None:
        tag, trigger = self._tag(node)
        element = Element(
            identifier("n", node.key, self.taken),
            tag,
            node.label,
            node.lane,
            self.boxes[node.key],
            node,
            trigger,
        )
        self.parts.elements.append(element)
        self.parts.element_of[node.key] = element

    def _tag(self, node: Node) -> tuple[Tag, str]:
        """A gateway without choice, a start with a way in, an end with a way out: plain events."""
        into, out = len(self.incoming[node.key]), len(self.outgoing[node.key])
        if node.shape in _STARTS:
            return (Tag.THROW if into else Tag.START), ""
        if node.shape in _ENDS:
            return (Tag.THROW if out else Tag.END), ""
        joins = into > 1 and out == 1 and node.shape is not Shape.EVENT_BASED
        if node.shape in GATEWAYS and out < 2 and not joins:
            return Tag.THROW, ""
        return _TAGS[node.shape], _TRIGGERS.get(node.shape, "")

    def _surround(self, node: Node) -> None:
        element = self.parts.element_of[node.key]
        into, out = self.incoming[node.key], self.outgoing[node.key]
        gateway = element.tag in {Tag.EXCLUSIVE, Tag.EVENT_BASED, Tag.PARALLEL}
        if len(into) > 1 and not (gateway and len(out) == 1):
            self.merge[node.key] = self._beside(element, "merge", Tag.EXCLUSIVE, -1)
        elif not into and element.tag is not Tag.START:
            self._beside(element, "start", Tag.START, -1)
        if len(out) > 1 and not gateway:
            choice = any(edge.label for edge in out)
            tag = Tag.EXCLUSIVE if choice else Tag.PARALLEL
            self.split[node.key] = self._beside(element, "split", tag, 1)
        elif not out and element.tag is not Tag.END:
            self._beside(element, "end", Tag.END, 1)

    def _open_and_close(self) -> None:
        """Where all goes in a circle, the first step begins and the last one ends the process."""
        elements = self.parts.elements
        steps = [e for e in elements if e.node and e.node.shape not in GATEWAYS] or elements
        tags = {element.tag for element in (*elements, *self.added)}
        if Tag.START not in tags and steps[0].node is not None:
            key = steps[0].node.key
            if key not in self.merge:
                self.merge[key] = self._beside(steps[0], "merge", Tag.EXCLUSIVE, -1)
            self._beside(self.merge[key], "start", Tag.START, -1)
        if Tag.END not in tags and steps[-1].node is not None:
            key = steps[-1].node.key
            if key not in self.split:
                self.split[key] = self._beside(steps[-1], "split", Tag.EXCLUSIVE, 1)
            self._beside(self.split[key], "end", Tag.END, 1)

    def _beside(self, element: Element, what: str, tag: Tag, side: int) -> Element:
        """Add a small element before (-1) or behind (1) another one, and the flow between them."""
        box = element.box
        middle = box.x - _ASIDE if side < 0 else box.right + _ASIDE
        place = Box(middle - _SMALL // 2, box.cy - _SMALL // 2, _SMALL, _SMALL)
        named = (
            self._label(element) if what != "merge" and tag is not Tag.PARALLEL else Text("", "")
        )
        made = Element(identifier(what, element.id, self.taken), tag, named, element.lane, place)
        ends = (made, element) if side < 0 else (element, made)
        self.added.append(made)
        edges = (place.right, box.x) if side < 0 else (box.right, place.x)
        points = ((edges[0], box.cy), (edges[1], box.cy))
        self.extra.append(
            Flow(identifier("f", f"{ends[0].id}_{ends[1].id}", self.taken), *ends, points)
        )
        return made

    def _label(self, element: Element) -> Text:
        """A name for what stands beside a step; beside a nameless join, the picture's."""
        return element.name if element.name.zh and element.name.en else self.graph.name

    def _edge(self, index: int, edge: Edge) -> None:
        origin = self.parts.element_of[edge.source]
        source = self.split.get(edge.source, origin)
        target = self.merge.get(edge.target, self.parts.element_of[edge.target])
        points = self.lines[index]
        if source is not origin:
            points = _leave_by(points[::-1], origin.box, source.box)[::-1]
        if edge.target in self.merge:
            points = _leave_by(points, self.boxes[edge.target], target.box)
        identity = identifier("f", edge.key, self.taken)
        if source.tag is Tag.EVENT_BASED and not (
            target.node and target.node.shape in _CATCHES and target.tag is Tag.CATCH
        ):
            target = self._waited_for(index, edge, target, points)
            points = (*points[: self._leg(index, points) + 1], self._pill(index, points))
        self.parts.flows.append(Flow(identity, source, target, points, edge, index))

    def _waited_for(
        self, index: int, edge: Edge, target: Element, points: tuple[Point, ...]
    ) -> Element:
        """After an event-based gateway BPMN wants an event: a condition that comes true."""
        at = self._pill(index, points)
        name = edge.label or self.parts.element_of[edge.target].name
        box = Box(at[0] - _SMALL // 2, at[1] - _SMALL // 2, _SMALL, _SMALL)
        lane = self.parts.element_of[edge.source].lane
        made = Element(
            identifier("wait", edge.key, self.taken),
            Tag.CATCH,
            name,
            lane,
            box,
            None,
            "conditional",
        )
        self.added.append(made)
        rest = (at, *points[self._leg(index, points) + 1 :])
        identity = identifier("f", f"{made.id}_{target.id}", self.taken)
        self.extra.append(Flow(identity, made, target, rest))
        return made

    def _pill(self, index: int, points: tuple[Point, ...]) -> Point:
        return self.pills[index] or points[len(points) // 2]

    def _leg(self, index: int, points: tuple[Point, ...]) -> int:
        """The number of the leg that the pill stands on."""
        at = self._pill(index, points)
        for i, (a, b) in enumerate(pairwise(points)):
            if min(a[0], b[0]) <= at[0] <= max(a[0], b[0]) and (
                min(a[1], b[1]) <= at[1] <= max(a[1], b[1])
            ):
                return i
        return 0

    def _one_blank_start(self) -> None:
        """A process has one plain start; the others begin when a condition comes true."""
        starts = [element for element in self.parts.elements if element.tag is Tag.START]
        starts.sort(key=lambda element: not (element.node and element.node.main))
        for element in starts[1:]:
            element.trigger = "conditional"


def _leave_by(points: tuple[Point, ...], box: Box, via: Box) -> tuple[Point, ...]:
    """Lead a line that ended on `box` to the small element `via` beside it instead."""
    before, end = points[:-1], points[-1]
    near = via.x if via.cx < box.x else via.right
    on_side = end[0] <= box.x + 22 if via.cx < box.x else end[0] >= box.right - 22
    if end[1] == via.cy and on_side:
        return (*before, (near, via.cy))
    if on_side and box.y < end[1] < box.bottom:
        door = via.y if end[1] < via.cy else via.bottom
        return (*before, (via.cx, end[1]), (via.cx, door))
    return (*before, *_around(end, box, via))


def _around(end: Point, box: Box, via: Box) -> tuple[Point, ...]:
    """From another side of the shape along its outline."""
    above = end[1] <= box.cy
    level = box.y - _ASIDE if above else box.bottom + _ASIDE
    door = (via.cx, via.y if above else via.bottom)
    if box.y < end[1] < box.bottom:
        out = box.right + _ASIDE if end[0] > box.cx else box.x - _ASIDE
        return (out, end[1]), (out, level), (via.cx, level), door
    return (end[0], level), (via.cx, level), door
