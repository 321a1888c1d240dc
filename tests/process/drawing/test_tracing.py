"""One case's path is found on the map, on a sheet and on the overview."""

from __future__ import annotations

from shangliu.process.drawing.sheets import overview, stage_sheet
from shangliu.process.drawing.tracing import trace
from tests.process.drawing.sample import whole_map

MAP = whole_map()
PATH = ("place", "create_order", "send_payment", "pay")


def test_nodes_that_follow_each_other_mark_the_flow_between_them() -> None:
    found = trace(MAP, PATH)

    assert found.nodes == set(PATH)
    assert found.edges == {
        "place>create_order",
        "create_order>send_payment",
        "send_payment>pay",
    }
    assert found.current == "pay"


def test_a_sheet_shows_its_part_and_where_the_case_came_from() -> None:
    found = trace(stage_sheet(MAP, "payment"), PATH)

    assert found.nodes == {"link_in:create_order:send_payment", "send_payment", "pay"}
    assert found.edges == {
        "link_in:create_order:send_payment>send_payment",
        "send_payment>pay",
    }
    assert found.current == "pay"


def test_the_sheet_that_a_case_has_left_has_no_current_step() -> None:
    found = trace(stage_sheet(MAP, "checkout"), PATH)

    assert "create_order" in found.nodes
    assert found.current == ""


def test_the_overview_shows_the_stages_that_were_visited() -> None:
    found = trace(overview(MAP), PATH)

    assert found.nodes == {"stage:checkout", "stage:payment"}
    assert found.edges == {"stage:checkout>stage:payment"}
    assert found.current == "stage:payment"


def test_nothing_is_visited_without_a_path() -> None:
    assert trace(MAP, ()).nodes == frozenset()
