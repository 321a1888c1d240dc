"""A mined map as a drawing: our own activities stand in their lanes, others in one band."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shangliu.insight.mining.discovery import ProcessMap
from shangliu.platform.text import Text
from shangliu.process.definition import Flow, Step
from shangliu.process.drawing.figures import EdgeFigure, Figures, NodeFigure
from shangliu.process.drawing.graph import Edge, Graph, LaneSpec, Node, Shape, StageSpec, View

_STRANGE = LaneSpec("log", Text("日志", "Log"), View.OUTSIDE)
_WHOLE = StageSpec("whole", 1, Text("全部", "All"))
_PART_OF_MAIN = 0.5  # an arrow that this part of an activity's cases takes is drawn as the main way


def as_graph(drawn: ProcessMap, flow: Flow, name: Text) -> Graph:
    """Nodes are activities, edges the arrows; nothing is drawn twice. An arrow from an activity to
    itself is left out: the table has it."""
    steps = {name: step for name, _, step in flow.steps()}
    out: dict[str, int] = {}
    for arrow in drawn.arrows:
        out[arrow.source] = out.get(arrow.source, 0) + arrow.count
    nodes = tuple(_node(one.name, steps) for one in drawn.activities)
    used = {node.lane for node in nodes}
    return Graph(
        name=name,
        version="mined",
        lanes=tuple(lane for lane in (*flow.lanes, _STRANGE) if lane.code in used),
        stages=(_WHOLE,),
        pools=(),
        nodes=nodes,
        edges=tuple(
            Edge(one.source, one.target, main=one.count >= _PART_OF_MAIN * out[one.source])
            for one in drawn.arrows
            if one.source != one.target
        ),
    )


def figures_of(drawn: ProcessMap) -> Figures:
    """Counts on the arrows with their share; how long cases took to get to an activity."""
    out: dict[str, int] = {}
    into: dict[str, tuple[int, int, int]] = {}
    for arrow in drawn.arrows:
        out[arrow.source] = out.get(arrow.source, 0) + arrow.count
        if arrow.count > into.get(arrow.target, (0, 0, 0))[0]:
            into[arrow.target] = (arrow.count, arrow.p50_us, arrow.p95_us)
    return Figures(
        {
            one.name: NodeFigure(
                waiting=one.count,
                p50_us=into[one.name][1] if one.name in into else None,
                p95_us=into[one.name][2] if one.name in into else None,
            )
            for one in drawn.activities
        },
        {
            f"{one.source}>{one.target}": EdgeFigure(one.count, one.count / out[one.source])
            for one in drawn.arrows
        },
    )


def _node(name: str, steps: Mapping[str, Step[Any]]) -> Node:
    step = steps.get(name)
    if step is None:
        return Node(
            name, Text(name, name), Shape.SERVICE_TASK, _STRANGE.code, _WHOLE.code, main=True
        )
    return Node(name, step.label, Shape.SERVICE_TASK, step.lane.code, _WHOLE.code, main=step.main)
