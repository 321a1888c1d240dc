"""The picture as BPMN 2.0 with its geometry, for every tool that reads the standard."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from shangliu.platform.text import Text
from shangliu.process.drawing.bpmn_notes import (
    BPMN,
    OURS,
    bpmn,
    note_edge,
    note_graph,
    note_message,
    note_node,
)
from shangliu.process.drawing.bpmn_parts import Element, Flow, Parts, Tag, identifier, parts_of
from shangliu.process.drawing.figures import is_english
from shangliu.process.drawing.geometry import Box, Geometry, Line, Point
from shangliu.process.drawing.graph import Graph, Shape
from shangliu.process.drawing.metrics import GATEWAYS

_BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
_DC = "http://www.omg.org/spec/DD/20100524/DC"
_DI = "http://www.omg.org/spec/DD/20100524/DI"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_PREFIXES = {"bpmn": BPMN, "bpmndi": _BPMNDI, "dc": _DC, "di": _DI, "xsi": _XSI, "flow": OURS}


def to_bpmn(graph: Graph, geometry: Geometry, lang: str = "zh") -> str:
    """BPMN 2.0 XML named in one language; both travel in the extension elements."""
    _refuse_messages_on_gateways(graph)
    for prefix, address in _PREFIXES.items():
        ET.register_namespace(prefix, address)
    return _Writer(graph, geometry, lang).write()


def _refuse_messages_on_gateways(graph: Graph) -> None:
    gateways = {node.key for node in graph.nodes if node.shape in GATEWAYS}
    wrong = [message.key for message in graph.messages if message.node in gateways]
    if wrong:
        raise ValueError(f"a message flow may not end on a gateway: {', '.join(wrong)}")


class _Writer:
    def __init__(self, graph: Graph, geometry: Geometry, lang: str) -> None:
        self.graph = graph
        self.geometry = geometry
        self.lang = lang
        self.parts: Parts = parts_of(graph, geometry)
        self.root = ET.Element(
            bpmn("definitions"),
            {
                "id": "definitions",
                "targetNamespace": OURS,
                "exporter": "Shangliu",
                "exporterVersion": graph.version,
            },
        )
        self.pool_ids: dict[str, str] = {}
        self.lane_ids: dict[str, str] = {}
        self.message_ids: list[str] = []

    def write(self) -> str:
        self._collaboration()
        self._process()
        self._diagram()
        ET.indent(self.root)
        body = ET.tostring(self.root, encoding="unicode")
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'

    def _say(self, text: Text) -> str:
        return text.en if is_english(self.lang) else text.zh

    def _collaboration(self) -> None:
        taken: set[str] = set()
        collaboration = ET.SubElement(self.root, bpmn("collaboration"), id="collaboration")
        ET.SubElement(
            collaboration,
            bpmn("participant"),
            id="participant",
            name=self._say(self.graph.name),
            processRef="process",
        )
        for pool in self.graph.pools:
            self.pool_ids[pool.code] = identifier("pool", pool.code, taken)
            ET.SubElement(
                collaboration,
                bpmn("participant"),
                id=self.pool_ids[pool.code],
                name=self._say(pool.label),
            )
        for message in self.graph.messages:
            inner = self.parts.element_of[message.node].id
            outer = self.pool_ids[message.pool]
            self.message_ids.append(identifier("m", message.key, taken))
            flow = ET.SubElement(
                collaboration,
                bpmn("messageFlow"),
                id=self.message_ids[-1],
                name=self._say(message.label),
                sourceRef=inner if message.outgoing else outer,
                targetRef=outer if message.outgoing else inner,
            )
            note_message(flow, message)

    def _process(self) -> None:
        process = ET.SubElement(
            self.root,
            bpmn("process"),
            id="process",
            name=self._say(self.graph.name),
            isExecutable="false",
        )
        note_graph(process, self.graph)
        self._lanes(process)
        for element in self.parts.elements:
            self._element(process, element)
        for flow in self.parts.flows:
            self._flow(process, flow)

    def _lanes(self, process: ET.Element) -> None:
        """Lanes hold their elements; the overview has none."""
        if not self.geometry.lanes:
            return
        taken: set[str] = set()
        lane_set = ET.SubElement(process, bpmn("laneSet"), id="lanes")
        for lane in self.graph.lanes:
            self.lane_ids[lane.code] = identifier("lane", lane.code, taken)
            made = ET.SubElement(
                lane_set, bpmn("lane"), id=self.lane_ids[lane.code], name=self._say(lane.label)
            )
            for element in self.parts.elements:
                if element.lane == lane.code:
                    ET.SubElement(made, bpmn("flowNodeRef")).text = element.id

    def _element(self, process: ET.Element, element: Element) -> None:
        made = ET.SubElement(process, bpmn(element.tag.value), id=element.id)
        if name := self._say(element.name):
            made.set("name", name)
        if element.tag is Tag.EXCLUSIVE and (default := self._default(element)) is not None:
            made.set("default", default.id)
        if element.node is not None:
            note_node(made, element.node)
        for flow in (flow for flow in self.parts.flows if flow.target is element):
            ET.SubElement(made, bpmn("incoming")).text = flow.id
        for flow in (flow for flow in self.parts.flows if flow.source is element):
            ET.SubElement(made, bpmn("outgoing")).text = flow.id
        if element.trigger:
            _trigger(made, element.trigger)

    def _flow(self, process: ET.Element, flow: Flow) -> None:
        made = ET.SubElement(
            process,
            bpmn("sequenceFlow"),
            id=flow.id,
            sourceRef=flow.source.id,
            targetRef=flow.target.id,
        )
        chosen = self._is_choice(flow) and self._default(flow.source) is not flow
        if chosen:
            name = self._say(_label_of(flow) or flow.target.name)
            made.set("name", name or self._say(self.graph.name))
        if flow.edge is not None:
            note_edge(made, flow.edge)
        if chosen:
            beyond = flow.edge.target if flow.edge is not None else flow.target.id
            _expression(made, "conditionExpression", f'chosen == "{beyond}"')

    def _default(self, gateway: Element) -> Flow | None:
        """The way of a decision that needs no word: the first that has none."""
        ways = [flow for flow in self.parts.flows if flow.source is gateway]
        unnamed = (flow for flow in ways if _label_of(flow) is None)
        return next(unnamed, None) if len(ways) > 1 else None

    def _is_choice(self, flow: Flow) -> bool:
        if flow.source.tag is not Tag.EXCLUSIVE:
            return False
        return sum(other.source is flow.source for other in self.parts.flows) > 1

    def _diagram(self) -> None:
        diagram = ET.SubElement(self.root, f"{{{_BPMNDI}}}BPMNDiagram", id="diagram")
        plane = ET.SubElement(
            diagram, f"{{{_BPMNDI}}}BPMNPlane", id="plane", bpmnElement="collaboration"
        )
        _shape(plane, "participant", self._whole(), horizontal=True)
        for band in self.geometry.lanes:
            _shape(plane, self.lane_ids[band.code], band.box, horizontal=True)
        for band in self.geometry.pools:
            _shape(plane, self.pool_ids[band.code], band.box, horizontal=True)
        labels = {place.key: place for place in self.geometry.nodes}
        for element in self.parts.elements:
            made = _shape(plane, element.id, element.box)
            if element.tag is Tag.EXCLUSIVE and element.node is not None:
                made.set("isMarkerVisible", "true")
            outside = element.node is not None and not labels[element.node.key].box.holds(
                labels[element.node.key].label.box
            )
            if outside and element.node is not None and element.node.shape is not Shape.STAGE:
                _label(made, labels[element.node.key].label.box)
        for flow in self.parts.flows:
            line = self.geometry.edges[flow.line] if flow.line is not None else None
            named = _label_of(flow) is not None and self._is_choice(flow)
            _edge(plane, flow.id, flow.points, line if named else None)
        for identity, drawn in zip(self.message_ids, self.geometry.messages, strict=True):
            _edge(plane, identity, drawn.points, drawn)

    def _whole(self) -> Box:
        """The participant's box; the overview has no band, so everything drawn is inside."""
        if self.geometry.lanes:
            return self.geometry.pool.box
        return Box(0, 0, self.geometry.width, self.geometry.height)


def _label_of(flow: Flow) -> Text | None:
    return flow.edge.label if flow.edge is not None else None


def _trigger(element: ET.Element, name: str) -> None:
    trigger = ET.SubElement(element, bpmn(f"{name}EventDefinition"))
    if name == "conditional":
        _expression(trigger, "condition", "")
    elif name == "timer":
        _expression(trigger, "timeDate", "due_at")


def _expression(parent: ET.Element, tag: str, text: str) -> None:
    made = ET.SubElement(parent, bpmn(tag))
    made.set(f"{{{_XSI}}}type", "bpmn:tFormalExpression")
    made.text = text or None


def _shape(plane: ET.Element, identity: str, box: Box, *, horizontal: bool = False) -> ET.Element:
    made = ET.SubElement(
        plane, f"{{{_BPMNDI}}}BPMNShape", id=f"{identity}_di", bpmnElement=identity
    )
    if horizontal:
        made.set("isHorizontal", "true")
    _bounds(made, box)
    return made


def _bounds(parent: ET.Element, box: Box) -> None:
    ET.SubElement(
        parent,
        f"{{{_DC}}}Bounds",
        x=str(box.x),
        y=str(box.y),
        width=str(box.w),
        height=str(box.h),
    )


def _label(parent: ET.Element, box: Box) -> None:
    _bounds(ET.SubElement(parent, f"{{{_BPMNDI}}}BPMNLabel"), box)


def _edge(plane: ET.Element, identity: str, points: tuple[Point, ...], line: Line | None) -> None:
    made = ET.SubElement(plane, f"{{{_BPMNDI}}}BPMNEdge", id=f"{identity}_di", bpmnElement=identity)
    for x, y in points:
        ET.SubElement(made, f"{{{_DI}}}waypoint", x=str(x), y=str(y))
    if line is not None and line.label is not None:
        _label(made, line.label.box)
