"""The drawn map: addressable, refreshable, readable."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from shangliu.process.drawing.figures import (
    EdgeFigure,
    Figures,
    Level,
    NodeFigure,
    duration,
    human,
)
from shangliu.process.drawing.sheets import overview
from shangliu.process.drawing.svg import css, standalone, to_svg
from tests.process.drawing.test_layout import LAID_OUT, MAP, PICTURES

SVG = "{http://www.w3.org/2000/svg}"
FIGURES = Figures(
    nodes={
        "pay": NodeFigure(37, 7_200, 120_000_000, 900_000_000, Level.OK),
        "review": NodeFigure(124, 300_000, 2_700_000_000, 14_040_000_000, Level.LATE),
    },
    edges={
        "pay>wait_payment": EdgeFigure(72_300),
        "genuine>alarm": EdgeFigure(34, 0.004),
        "interested>add": EdgeFigure(81_800, 0.83),
    },
)


def _drawn(**options: object) -> ET.Element:
    return ET.fromstring(to_svg(LAID_OUT["whole"], MAP, figures=FIGURES, **options))  # type: ignore[arg-type]  # noqa: S314


def _by(root: ET.Element, attribute: str, value: str) -> ET.Element:
    return next(element for element in root.iter() if element.get(attribute) == value)


def _text(element: ET.Element) -> str:
    return "".join(element.itertext())


def test_every_node_is_a_link_with_a_title_and_every_flow_can_be_found() -> None:
    root = _drawn(href=lambda key: f"/map/{key}")
    links = {a.get("data-node"): a for a in root.iter(f"{SVG}a")}

    assert set(links) == {node.key for node in MAP.nodes}
    assert links["pay"].get("href") == "/map/pay"
    assert (
        links["pay"].findtext(f"{SVG}title")
        == "完成支付，37 个等待，最久 2小时，p50 2分 · p95 15分"
    )
    assert {e.get("data-edge") for e in root.iter() if e.get("data-edge")} == {
        edge.key for edge in MAP.edges
    }


def test_figures_stand_in_elements_that_can_be_refreshed() -> None:
    root = _drawn(lang="en")

    assert _text(_by(root, "data-badge", "review")) == "124"
    assert _by(root, "data-node", "review").get("data-level") == "late"
    assert _text(_by(root, "data-dwell", "review")) == "p50 45m · p95 3.9h"
    assert _text(_by(root, "data-pill", "pay>wait_payment")) == "72k"
    assert _text(_by(root, "data-pill", "genuine>alarm")) == "34 · <1%"
    assert _text(_by(root, "data-pill", "interested>add")) == "82k · 83%"


def test_what_has_no_figure_is_hidden_but_there() -> None:
    root = ET.fromstring(to_svg(LAID_OUT["whole"], MAP))  # noqa: S314

    assert _by(root, "data-badge", "review").get("visibility") == "hidden"
    assert _by(root, "data-pill", "pay>wait_payment").get("visibility") == "hidden"


def test_flows_are_as_thick_as_their_share() -> None:
    root = _drawn()

    def width(key: str) -> float:
        line = _by(root, "data-edge", key).find(f"{SVG}path")
        assert line is not None
        return float(line.get("stroke-width", "0"))

    assert width("interested>add") == 5.0
    assert width("interested>add") > width("pay>wait_payment") > width("genuine>alarm")


def test_a_trace_marks_what_was_visited_and_where_it_is_now() -> None:
    root = _drawn(path=("place", "place>create_order", "create_order"))

    assert "traced" in root.get("class", "")
    assert _by(root, "data-node", "place").get("class", "").split()[-1] == "visited"
    assert _by(root, "data-node", "create_order").get("class", "").endswith("visited current")
    assert _by(root, "data-edge", "place>create_order").get("class", "").endswith("visited")
    assert "visited" not in _by(root, "data-node", "pay").get("class", "")


def test_a_block_of_the_overview_adds_up_its_members() -> None:
    picture = overview(MAP)
    root = ET.fromstring(  # noqa: S314
        to_svg(LAID_OUT["overview"], picture, figures=FIGURES, lang="en")
    )

    assert _text(_by(root, "data-badge", "stage:payment")) == "37"
    assert _by(root, "data-node", "stage:processing").get("data-level") == "late"


def test_a_link_event_leads_to_the_step_beyond() -> None:
    root = ET.fromstring(to_svg(LAID_OUT["payment"], PICTURES["payment"]))  # noqa: S314

    assert _by(root, "data-node", "link_out:commit:orders").get("href") == "#commit"


def test_a_file_of_its_own_carries_its_style() -> None:
    whole = standalone(to_svg(LAID_OUT["cart"], PICTURES["cart"], title="购物车 & 库存"))

    root = ET.fromstring(whole)  # noqa: S314
    assert root.findtext(f"{SVG}style") == css()
    assert root.get("aria-label") == "购物车 & 库存"


@pytest.mark.parametrize(
    ("number", "zh", "en"),
    [
        (0, "0", "0"),
        (940, "940", "940"),
        (1_180, "1180", "1.2k"),
        (9_999, "9999", "10k"),
        (34_000, "3.4万", "34k"),
        (120_400, "12万", "120k"),
        (250_000_000, "2.5亿", "250M"),
    ],
)
def test_numbers_are_short(number: int, zh: str, en: str) -> None:
    assert (human(number, "zh"), human(number, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0, "0秒", "0s"),
        (42, "42秒", "42s"),
        (120, "2分", "2m"),
        (14_040, "3.9小时", "3.9h"),
        (86_400 * 5, "5天", "5d"),
    ],
)
def test_durations_are_short(seconds: int, zh: str, en: str) -> None:
    assert duration(seconds * 1_000_000, "zh") == zh
    assert duration(seconds * 1_000_000, "en") == en
