"""Cutting the whole map into what one page can show: an overview of blocks, a sheet per stage."""

from __future__ import annotations

from dataclasses import replace

from shangliu.platform.text import Text
from shangliu.process.drawing.graph import (
    Edge,
    Graph,
    LaneSpec,
    Node,
    Shape,
    StageSpec,
    View,
)

_OVERVIEW_LANE = LaneSpec("overview", Text("全景", "Overview"), View.SYSTEM)


def block_key(stage_code: str) -> str:
    """The key of a stage's block in the overview."""
    return f"stage:{stage_code}"


def overview(graph: Graph) -> Graph:
    """One block a stage; a flow between two blocks stands for all flows that cross over."""
    views = {lane.code: lane.view for lane in graph.lanes}
    blocks = []
    for stage in graph.stages:
        inside = [node for node in graph.nodes if node.stage == stage.code]
        if inside:
            lane = views[_busiest_lane(inside)].value
            keys = tuple(node.key for node in inside)
            main = any(node.main for node in inside)
            blocks.append(
                Node(
                    block_key(stage.code),
                    stage.label,
                    Shape.STAGE,
                    lane,
                    stage.code,
                    main=main,
                    members=keys,
                )
            )
    lanes = tuple(replace(_OVERVIEW_LANE, code=view.value, view=view) for view in View)
    return Graph(graph.name, graph.version, lanes, graph.stages, (), tuple(blocks), _between(graph))


def _busiest_lane(nodes: list[Node]) -> str:
    """The lane of most of the happy path's steps gives the block its colour."""
    lanes = [node.lane for node in nodes if node.main] or [node.lane for node in nodes]
    return max(dict.fromkeys(lanes), key=lanes.count)


def _between(graph: Graph) -> tuple[Edge, ...]:
    stage_of = {node.key: node.stage for node in graph.nodes}
    number = {stage.code: stage.number for stage in graph.stages}
    crossing: dict[tuple[str, str], list[Edge]] = {}
    for edge in graph.edges:
        ends = stage_of[edge.source], stage_of[edge.target]
        if ends[0] != ends[1]:
            crossing.setdefault(ends, []).append(edge)
    return tuple(
        Edge(
            block_key(source),
            block_key(target),
            main=any(edge.main for edge in edges),
            problem=all(edge.problem for edge in edges) or number[target] < number[source],
            origins=tuple(edge.key for edge in edges),
        )
        for (source, target), edges in crossing.items()
    )


def stage_sheet(graph: Graph, stage_code: str) -> Graph:
    """The steps of one stage; where a flow leaves the sheet a link event says whereto."""
    inside = {node.key: node for node in graph.nodes if node.stage == stage_code}
    sheet = _Sheet(graph, inside, stage_code)
    edges = [made for edge in graph.edges if (made := sheet.edge(edge))]
    nodes = (*sheet.entries.values(), *inside.values(), *sheet.exits.values())
    messages = tuple(message for message in graph.messages if message.node in inside)
    pools = {message.pool for message in messages}
    lanes = {node.lane for node in nodes}
    stage = next(stage for stage in graph.stages if stage.code == stage_code)
    return Graph(
        name=stage.label,
        version=graph.version,
        lanes=tuple(lane for lane in graph.lanes if lane.code in lanes),
        stages=(stage,),
        pools=tuple(pool for pool in graph.pools if pool.code in pools),
        nodes=nodes,
        edges=_merged(edges),
        messages=messages,
    )


class _Sheet:
    """Makes one link event for each step beyond the edge of the sheet and each lane it meets."""

    def __init__(self, graph: Graph, inside: dict[str, Node], stage_code: str) -> None:
        self.all = {node.key: node for node in graph.nodes}
        self.stages = {stage.code: stage for stage in graph.stages}
        self.inside = inside
        self.stage = stage_code
        self.entries: dict[str, Node] = {}
        self.exits: dict[str, Node] = {}

    def edge(self, edge: Edge) -> Edge | None:
        source, target = self.inside.get(edge.source), self.inside.get(edge.target)
        if source and target:
            return edge
        if source:
            link = self._link(self.exits, Shape.LINK_OUT, self.all[edge.target], source, edge)
            return replace(edge, target=link, origins=(edge.key,))
        if target:
            link = self._link(self.entries, Shape.LINK_IN, self.all[edge.source], target, edge)
            return replace(edge, source=link, label=None, origins=(edge.key,))
        return None

    def _link(
        self, links: dict[str, Node], shape: Shape, beyond: Node, here: Node, edge: Edge
    ) -> str:
        anchor = here.key if shape is Shape.LINK_IN else here.lane
        key = f"{shape.value}:{beyond.key}:{anchor}"
        known = links.get(key)
        if known is None or (edge.main and not known.main):
            label = _sign(beyond, self.stages[beyond.stage])
            links[key] = Node(
                key,
                label,
                shape,
                here.lane,
                self.stage,
                main=edge.main,
                members=(beyond.key,),
            )
        return key


def _sign(beyond: Node, stage: StageSpec) -> Text:
    return Text(f"{stage.number} {beyond.label.zh}", f"{stage.number} {beyond.label.en}")


def _merged(edges: list[Edge]) -> tuple[Edge, ...]:
    """Flows that became the same on the sheet are drawn once."""
    merged: dict[str, Edge] = {}
    for edge in edges:
        known = merged.get(edge.key)
        merged[edge.key] = (
            edge
            if known is None
            else replace(
                known,
                main=known.main or edge.main,
                problem=known.problem and edge.problem,
                origins=known.origins + edge.origins,
            )
        )
    return tuple(merged.values())
