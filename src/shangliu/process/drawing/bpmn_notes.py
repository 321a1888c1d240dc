"""What BPMN has no words for: our own extension elements, written and read back."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from shangliu.platform.text import Text
from shangliu.process.drawing.graph import (
    Edge,
    Graph,
    LaneSpec,
    MessageFlow,
    Node,
    PoolSpec,
    Shape,
    StageSpec,
    View,
)

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
OURS = "urn:shangliu:flow:1"
_YES = "true"


def bpmn(tag: str) -> str:
    return f"{{{BPMN}}}{tag}"


def ours(tag: str) -> str:
    return f"{{{OURS}}}{tag}"


def _note(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    holder = parent.find(bpmn("extensionElements"))
    if holder is None:
        holder = ET.SubElement(parent, bpmn("extensionElements"))
    return ET.SubElement(holder, ours(tag), {k: v for k, v in attributes.items() if v})


def _words(text: Text | None) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en} if text else {}


def _text(element: ET.Element) -> Text:
    return Text(element.get("zh", ""), element.get("en", ""))


def _flag(value: bool) -> str:  # noqa: FBT001
    return _YES if value else ""


def find(parent: ET.Element, tag: str) -> ET.Element | None:
    """Our note of that name in an element's extensions."""
    return parent.find(f"{bpmn('extensionElements')}/{ours(tag)}")


def note_graph(process: ET.Element, graph: Graph) -> None:
    """The frame of the picture: its name, and every lane, stage and pool, with nodes or not."""
    _note(process, "graph", version=graph.version, **_words(graph.name))
    for lane in graph.lanes:
        _note(process, "lane", code=lane.code, view=lane.view.value, **_words(lane.label))
    for stage in graph.stages:
        _note(process, "stage", code=stage.code, number=str(stage.number), **_words(stage.label))
    for pool in graph.pools:
        _note(process, "pool", code=pool.code, top=_flag(pool.top), **_words(pool.label))


def read_frame(process: ET.Element) -> Graph:
    head = find(process, "graph")
    if head is None:
        raise ValueError("not one of our files: the process carries no description of its graph")
    notes = process.findall(f"{bpmn('extensionElements')}/*")

    def named(tag: str) -> list[ET.Element]:
        return [note for note in notes if note.tag == ours(tag)]

    return Graph(
        name=_text(head),
        version=head.get("version", ""),
        lanes=tuple(
            LaneSpec(n.get("code", ""), _text(n), View(n.get("view", ""))) for n in named("lane")
        ),
        stages=tuple(
            StageSpec(n.get("code", ""), int(n.get("number", "0")), _text(n))
            for n in named("stage")
        ),
        pools=tuple(
            PoolSpec(n.get("code", ""), _text(n), n.get("top") == _YES) for n in named("pool")
        ),
        nodes=(),
        edges=(),
    )


def note_node(element: ET.Element, node: Node) -> None:
    note = _note(
        element,
        "node",
        key=node.key,
        shape=node.shape.value,
        lane=node.lane,
        stage=node.stage,
        main=_flag(node.main),
        **_words(node.label),
    )
    for process, state in node.waits:
        ET.SubElement(note, ours("waits"), process=process, state=state)
    if node.counts is not None:
        ET.SubElement(note, ours("counts"), step=node.counts[0], cause=node.counts[1])
    for member in node.members:
        ET.SubElement(note, ours("member"), key=member)


def read_node(note: ET.Element) -> Node:
    counts = note.find(ours("counts"))
    return Node(
        key=note.get("key", ""),
        label=_text(note),
        shape=Shape(note.get("shape", "")),
        lane=note.get("lane", ""),
        stage=note.get("stage", ""),
        waits=tuple(
            (n.get("process", ""), n.get("state", "")) for n in note.findall(ours("waits"))
        ),
        main=note.get("main") == _YES,
        counts=None if counts is None else (counts.get("step", ""), counts.get("cause", "")),
        members=tuple(n.get("key", "") for n in note.findall(ours("member"))),
    )


def note_edge(element: ET.Element, edge: Edge) -> None:
    note = _note(
        element,
        "edge",
        main=_flag(edge.main),
        problem=_flag(edge.problem),
        labelled=_flag(edge.label is not None),
        **_words(edge.label),
    )
    for origin in edge.origins:
        ET.SubElement(note, ours("origin"), key=origin)


def read_edge(note: ET.Element, source: str, target: str) -> Edge:
    return Edge(
        source,
        target,
        label=_text(note) if note.get("labelled") == _YES else None,
        main=note.get("main") == _YES,
        problem=note.get("problem") == _YES,
        origins=tuple(n.get("key", "") for n in note.findall(ours("origin"))),
    )


def note_message(element: ET.Element, message: MessageFlow) -> None:
    _note(
        element,
        "message",
        node=message.node,
        pool=message.pool,
        sent=_flag(message.outgoing),
        **_words(message.label),
    )


def read_message(note: ET.Element) -> MessageFlow:
    return MessageFlow(
        note.get("node", ""), note.get("pool", ""), _text(note), note.get("sent") == _YES
    )
