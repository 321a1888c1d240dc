"""The map cut into pages loses nothing and repeats nothing."""

from __future__ import annotations

from shangliu.process.drawing.graph import Shape
from shangliu.process.drawing.sheets import block_key, overview, stage_sheet
from tests.process.drawing.sample import STAGES, whole_map

MAP = whole_map()
SHEETS = {stage.code: stage_sheet(MAP, stage.code) for stage in STAGES}
LINKS = {Shape.LINK_IN, Shape.LINK_OUT}


def test_every_step_stands_on_exactly_one_sheet() -> None:
    shown = [n.key for sheet in SHEETS.values() for n in sheet.nodes if n.shape not in LINKS]

    assert sorted(shown) == sorted(node.key for node in MAP.nodes)


def test_every_flow_is_on_the_sheet_of_both_its_ends() -> None:
    stage = {node.key: node.stage for node in MAP.nodes}
    for edge in MAP.edges:
        for code in {stage[edge.source], stage[edge.target]}:
            keys = {key for e in SHEETS[code].edges for key in (e.origins or (e.key,))}
            assert edge.key in keys, (edge.key, code)


def test_a_link_event_names_the_step_and_its_stage() -> None:
    links = {n.members: n for n in SHEETS["payment"].nodes if n.shape is Shape.LINK_OUT}

    assert links[("commit",)].label.zh == "5 扣减库存"
    assert links[("commit",)].label.en == "5 Take the stock"
    assert links[("commit",)].lane == "orders"


def test_lanes_and_pools_without_a_step_are_left_out() -> None:
    sheet = SHEETS["cart"]

    assert [lane.code for lane in sheet.lanes] == [
        "buyer",
        "storefront",
        "orders",
        "inventory",
        "crm",
    ]
    assert sheet.pools == ()


def test_the_overview_has_a_block_a_stage_and_the_flows_between_them() -> None:
    picture = overview(MAP)

    assert [node.key for node in picture.nodes] == [block_key(stage.code) for stage in STAGES]
    assert sum(len(node.members) for node in picture.nodes) == len(MAP.nodes)
    assert picture.edges[0].key == "stage:browse>stage:cart"
    assert picture.edges[0].origins == ("interested>add",)
    assert picture.edges[0].main
    back = next(edge for edge in picture.edges if edge.key == "stage:delivery>stage:processing")
    assert back.problem
    assert back.origins == ("reallocate>hold", "returned>refund_all")
