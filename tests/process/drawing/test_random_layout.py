"""Whatever the graph, its picture is sound."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shangliu.platform.text import Text
from shangliu.process.drawing.bpmn import to_bpmn
from shangliu.process.drawing.bpmn_import import from_bpmn
from shangliu.process.drawing.geometry import Geometry
from shangliu.process.drawing.graph import Edge, Graph, MessageFlow, Node, Shape
from shangliu.process.drawing.layout import lay_out
from shangliu.process.drawing.metrics import GATEWAYS
from shangliu.process.drawing.svg import to_svg
from tests.process.drawing import checks
from tests.process.drawing.sample import LANES, POOLS, STAGES

SHAPES = [shape for shape in Shape if shape is not Shape.STAGE]
LABELS = st.sampled_from(
    [
        Text("付款", "Pay"),
        Text("需要人工审核这张订单？", "Does a person review it?"),
        Text("A&B<", '"'),
    ]
)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    lanes = LANES[: draw(st.integers(1, 4))]
    stages = STAGES[: draw(st.integers(1, 3))]
    nodes = tuple(
        Node(
            f"n.{i}:a",
            draw(LABELS),
            draw(st.sampled_from(SHAPES)),
            draw(st.sampled_from(lanes)).code,
            draw(st.sampled_from(stages)).code,
            main=draw(st.booleans()),
        )
        for i in range(draw(st.integers(1, 9)))
    )
    keys = st.sampled_from([node.key for node in nodes])
    pairs = draw(st.lists(st.tuples(keys, keys), max_size=14, unique=True))
    edges = tuple(
        Edge(a, b, draw(st.none() | LABELS), draw(st.booleans()), draw(st.booleans()))
        for a, b in pairs
    )
    hosts = [node.key for node in nodes if node.shape not in GATEWAYS]
    ends = draw(
        st.lists(st.tuples(st.sampled_from(hosts), st.sampled_from(POOLS)), max_size=3, unique=True)
        if hosts
        else st.just([])
    )
    messages = tuple(
        MessageFlow(key, pool.code, draw(LABELS), draw(st.booleans())) for key, pool in ends
    )
    return Graph(Text("图", "Map"), "1", lanes, stages, POOLS, nodes, edges, messages)


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_shapes_keep_apart_inside_their_lanes_and_flows_go_around_them(graph: Graph) -> None:
    geometry = lay_out(graph)

    assert checks.overlapping_nodes(geometry) == []
    assert checks.outside_their_lane(graph, geometry) == []
    assert checks.through_nodes(geometry) == []


@settings(max_examples=30, deadline=None)
@given(graphs())
def test_a_graph_comes_back_from_bpmn_as_it_was(graph: Graph) -> None:
    assert from_bpmn(to_bpmn(graph, lay_out(graph), "en")) == graph


@settings(max_examples=20, deadline=None)
@given(graphs())
def test_a_picture_comes_back_from_json_and_draws_the_same(graph: Graph) -> None:
    geometry = lay_out(graph)
    again = Geometry.from_json(geometry.to_json())

    assert to_svg(again, graph) == to_svg(geometry, graph)
