"""The picture of a realistic map keeps everything readable."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from shangliu.process.drawing.geometry import Geometry
from shangliu.process.drawing.graph import Graph
from shangliu.process.drawing.layout import lay_out
from shangliu.process.drawing.sheets import overview, stage_sheet
from tests.process.drawing import checks
from tests.process.drawing.sample import STAGES, whole_map

MAP = whole_map()
PICTURES = {
    "whole": MAP,
    "overview": overview(MAP),
    **{stage.code: stage_sheet(MAP, stage.code) for stage in STAGES},
}
LAID_OUT = {name: lay_out(graph) for name, graph in PICTURES.items()}
MOST_CROSSINGS = {"whole": 30, "payment": 9}


@pytest.fixture(params=PICTURES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def graph(name: str) -> Graph:
    return PICTURES[name]


@pytest.fixture
def geometry(name: str) -> Geometry:
    return LAID_OUT[name]


def test_no_two_shapes_overlap(geometry: Geometry) -> None:
    assert checks.overlapping_nodes(geometry) == []


def test_every_step_stands_in_its_lane(graph: Graph, geometry: Geometry) -> None:
    if geometry.lanes:
        assert checks.outside_their_lane(graph, geometry) == []


def test_no_flow_runs_through_a_shape(geometry: Geometry) -> None:
    assert checks.through_nodes(geometry) == []


def test_no_flow_runs_through_a_label(graph: Graph, geometry: Geometry) -> None:
    assert checks.through_labels(graph, geometry) == []


def test_labels_cover_neither_each_other_nor_a_shape(graph: Graph, geometry: Geometry) -> None:
    assert checks.overlapping_labels(graph, geometry) == []


def test_figures_cover_no_label_no_shape_and_no_other_flow(
    graph: Graph, geometry: Geometry
) -> None:
    assert checks.covered_by_pills(graph, geometry) == []


def test_flows_side_by_side_keep_apart(geometry: Geometry) -> None:
    assert checks.too_close(geometry) == []


def test_few_flows_cross(name: str, geometry: Geometry) -> None:
    assert len(checks.crossings(geometry)) <= MOST_CROSSINGS.get(name, 5)


def test_everything_is_inside_the_picture(geometry: Geometry) -> None:
    points = [p for line in (*geometry.edges, *geometry.messages) for p in line.points]
    boxes = [node.box for node in geometry.nodes] + [band.box for band in geometry.pools]

    assert all(0 <= x <= geometry.width and 0 <= y <= geometry.height for x, y in points)
    assert all(box.x >= 0 and box.right <= geometry.width for box in boxes)
    assert all(box.y >= 0 and box.bottom <= geometry.height for box in boxes)


def test_a_geometry_survives_its_json(geometry: Geometry) -> None:
    assert Geometry.from_json(geometry.to_json()) == geometry


def test_stages_stand_one_after_the_other() -> None:
    geometry = LAID_OUT["whole"]
    band_of = {band.code: band.box for band in geometry.stages}

    for node, place in zip(MAP.nodes, geometry.nodes, strict=True):
        assert band_of[node.stage].x <= place.box.x
        assert place.box.right <= band_of[node.stage].right


def test_columns_leave_room_for_a_label_and_a_figure_between_them() -> None:
    geometry = LAID_OUT["whole"]
    spans = sorted({(place.box.x, place.box.right) for place in geometry.nodes})
    columns: list[tuple[int, int]] = []
    for left, right in spans:
        if columns and left < columns[-1][1]:
            columns[-1] = (columns[-1][0], max(right, columns[-1][1]))
        else:
            columns.append((left, right))

    gaps = [after[0] - before[1] for before, after in pairwise(columns)]
    assert min(gaps) >= 96


def test_the_happy_path_runs_straight_where_it_stays_in_its_lane() -> None:
    geometry = LAID_OUT["whole"]
    lane = {node.key: node.lane for node in MAP.nodes}
    straight = [
        len(line.points) == 2
        for edge, line in zip(MAP.edges, geometry.edges, strict=True)
        if edge.main and lane[edge.source] == lane[edge.target]
    ]

    assert straight.count(False) <= 2


def test_the_same_graph_gives_the_same_picture() -> None:
    sheet = PICTURES["payment"]

    assert lay_out(sheet).to_json() == LAID_OUT["payment"].to_json()


def test_the_whole_map_takes_seconds_and_a_sheet_less() -> None:
    started = time.process_time()
    lay_out(MAP)
    whole = time.process_time() - started
    lay_out(PICTURES["processing"])
    sheet = time.process_time() - started - whole

    assert whole < 10
    assert sheet < 1
