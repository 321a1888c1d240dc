"""Reading our own BPMN files back: what the export added is folded away again."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from xml.etree import ElementTree as ET

from shangliu.platform.text import Text
from shangliu.process.drawing.bpmn_notes import (
    bpmn,
    find,
    read_edge,
    read_frame,
    read_message,
    read_node,
)
from shangliu.process.drawing.graph import Edge, Graph, Node

_FLOW = bpmn("sequenceFlow")


def from_bpmn(xml: str) -> Graph:
    """The graph of a file that `to_bpmn` wrote; a modeller may have moved shapes or rewired flows.

    Raises `ValueError` where the file is not ours or a step in it carries no key.
    """
    if "<!DOCTYPE" in xml or "<!ENTITY" in xml:
        raise ValueError("document types and entities are not accepted")
    root = ET.fromstring(xml)  # noqa: S314
    process = root.find(bpmn("process"))
    if process is None:
        raise ValueError("the file holds no process")
    frame = read_frame(process)
    nodes = _nodes(process)
    messages = (find(flow, "message") for flow in root.iter(bpmn("messageFlow")))
    return replace(
        frame,
        nodes=tuple(nodes.values()),
        edges=_Folder(process, {element: node.key for element, node in nodes.items()}).edges(),
        messages=tuple(read_message(note) for note in messages if note is not None),
    )


def _nodes(process: ET.Element) -> dict[str, Node]:
    """Nodes by the id of their element, in the file's order."""
    nodes = {}
    for element in process:
        note = find(element, "node")
        if note is not None:
            nodes[element.get("id", "")] = read_node(note)
    return nodes


class _Folder:
    """Follows flows through the gateways and events that carry no key of ours."""

    def __init__(self, process: ET.Element, key_of: dict[str, str]) -> None:
        self.key_of = key_of
        self.flows = process.findall(_FLOW)
        self.into: dict[str, list[ET.Element]] = defaultdict(list)
        self.out: dict[str, list[ET.Element]] = defaultdict(list)
        for flow in self.flows:
            self.into[flow.get("targetRef", "")].append(flow)
            self.out[flow.get("sourceRef", "")].append(flow)

    def edges(self) -> tuple[Edge, ...]:
        found = []
        for flow in self.flows:
            note = find(flow, "edge")
            source, target = flow.get("sourceRef", ""), flow.get("targetRef", "")
            if note is not None:
                found.append(read_edge(note, self._before(source), self._behind(target)))
            elif source in self.key_of and target in self.key_of:
                name = flow.get("name")
                label = Text(name, name) if name else None
                found.append(Edge(self.key_of[source], self.key_of[target], label))
        return tuple(found)

    def _before(self, element: str) -> str:
        return self._follow(element, self.into, "sourceRef")

    def _behind(self, element: str) -> str:
        return self._follow(element, self.out, "targetRef")

    def _follow(self, element: str, flows: dict[str, list[ET.Element]], end: str) -> str:
        seen = set()
        while element not in self.key_of:
            if element in seen or len(flows[element]) != 1:
                raise ValueError(f"element {element} carries no key and does not lead to one step")
            seen.add(element)
            element = flows[element][0].get(end, "")
        return self.key_of[element]
