"""Every number of the map's pages against SQL of its own, in a usual and in a chosen period."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from shangliu.flow.drawing import graph
from shangliu.insight import rollup
from shangliu.insight.figures import ways_of
from shangliu.platform import clock
from shangliu.process.drawing.figures import duration
from shangliu.process.drawing.graph import Edge, Node, Shape
from shangliu.process.roles import Role
from shangliu.web.backoffice import living
from shangliu.web.backoffice.pictures import OVERVIEW, picture
from tests.web.backoffice import map_sql
from tests.web.backoffice.busy import NOON, NOW, busy_shop
from tests.web.backoffice.conftest import Enter

RIGHT = 0.0101  # a percentile is right to one percent
_DIAMONDS = (Shape.EXCLUSIVE, Shape.EVENT_BASED)
PERIODS = {
    "period=7d": map_sql.Stretch(NOON - timedelta(days=7), NOW),
    "since=2026-03-09T06:00&until=2026-03-10T03:00": map_sql.Stretch(
        NOON - timedelta(hours=30), NOON - timedelta(hours=9)
    ),
}


class Cells(HTMLParser):
    """The texts of a page's table cells: (row, name of the cell) -> text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[tuple[str, str], str] = {}
        self.row = ""
        self.cell = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "tr":
            self.row = said.get("data-row") or said.get("data-way") or ""
        self.cell = said.get("data-cell") or ""
        if self.row and self.cell:
            self.found[self.row, self.cell] = ""

    def handle_data(self, data: str) -> None:
        if self.row and self.cell:
            self.found[self.row, self.cell] += data

    def handle_endtag(self, tag: str) -> None:
        self.cell = ""


@pytest.fixture(autouse=True)
def _fresh() -> None:
    living.forget()
    rollup.forget()


@pytest.mark.django_db
@pytest.mark.parametrize("asked", PERIODS)
def test_all_numbers_equal_sql(enter: Enter, asked: str) -> None:
    """First with everything counted from the log, then with hours that are summed up."""
    busy_shop()
    client = enter(Role.OPERATIONS)
    with clock.at(NOW):
        truth = _Truth(asked)
        _check(client, asked, truth)
        assert rollup.seal(ways_of(graph()), most=100) > 40
        living.forget()
        _check(client, asked, truth)


class _Truth:
    """The numbers by SQL: of nodes (waiting, oldest in s, times, p50, p95), of edges."""

    def __init__(self, asked: str) -> None:
        drawn = graph()
        within = PERIODS[asked]
        is_past = within.until < NOW
        self.nodes: dict[str, tuple[Any, ...]] = {}
        for node in drawn.nodes:
            count, oldest = map_sql.waiting(node)
            if is_past:
                count, oldest = map_sql.waited(node, within.until), None
            passed = map_sql.passed(drawn, node, within) if node.counts else (0, None, None)
            age = int((NOW - oldest).total_seconds()) if oldest else None
            self.nodes[node.key] = (count, age, *passed)
        self.edges = map_sql.edges(drawn, within)
        self.leaving: dict[str, int] = {}
        for edge in drawn.edges:
            known = self.leaving.get(edge.source, 0)
            self.leaving[edge.source] = known + self.edges[edge.key]

    def share(self, edge: Edge) -> float | None:
        source = next(node for node in graph().nodes if node.key == edge.source)
        whole = self.leaving[edge.source]
        return self.edges[edge.key] / whole if source.shape in _DIAMONDS and whole else None


def _check(client: Client, asked: str, truth: _Truth) -> None:
    told = json.loads(client.get(f"/staff/map/figures.json?{asked}").content)
    _check_told(told, truth)
    _check_overview(client.get(f"/staff/?{asked}").content.decode(), told, truth)
    sheets = [stage.code for stage in graph().stages] + ["all"]
    for code in sheets:
        _check_sheet(code, client.get(f"/staff/map/{code}/?{asked}").content.decode(), truth)
    for key in ("order.approve", "order.pay", "fulfilment.wave"):
        _check_panel(client.get(f"/staff/map/panel/?{asked}&node={key}").content, truth.nodes[key])


def _check_told(told: Any, truth: _Truth) -> None:
    for key, expected in truth.nodes.items():
        waiting, oldest, p50, p95, _level, count, *_ = told["nodes"].get(key, [0, *[None] * 4, 0])
        assert (waiting, oldest, count) == expected[:3], key
        for shown, exact in ((p50, expected[3]), (p95, expected[4])):
            if exact is None:
                assert shown is None, key
            else:
                assert shown == pytest.approx(exact, rel=RIGHT, abs=1), key
    assert sum(count for _w, _o, count, *_ in truth.nodes.values()) > 300
    for edge in graph().edges:
        count, share = told["edges"][edge.key]
        assert count == truth.edges[edge.key], edge.key
        exact = truth.share(edge)
        assert share == (None if exact is None else round(exact, 4)), edge.key


def _together(truth: _Truth, node: Node) -> tuple[int, int | None, int]:
    """A block of the overview: its members together."""
    found = [truth.nodes[key] for key in node.members]
    ages = [one[1] for one in found if one[1] is not None]
    return sum(one[0] for one in found), max(ages, default=None), sum(one[2] for one in found)


def _age(seconds: int | None) -> str:
    return duration(seconds * 1_000_000, "zh") if seconds is not None else ""


def _check_overview(page: str, told: Any, truth: _Truth) -> None:
    blocks, _geometry = picture(OVERVIEW)
    cells = Cells(page).found
    for block in blocks.nodes:
        waiting, oldest, count = _together(truth, block)
        said = told["nodes"].get(block.key, [0, None, None, None, "ok", 0])
        assert (said[0], said[1], said[5]) == (waiting, oldest, count), block.key
        assert cells[block.key, "waiting"] == str(waiting)
        assert cells[block.key, "oldest"] == _age(oldest)
        assert cells[block.key, "count"] == str(count)
        key = re.escape(block.key)
        assert re.search(rf'data-badge="{key}"[^>]*>{waiting}</text>', page), block.key
        assert re.search(rf'data-stage-figure="{key}">{waiting}<', page), block.key
    for edge in blocks.edges:
        count = sum(truth.edges[key] for key in edge.origins)
        assert cells[edge.key, "count"] == str(count), edge.key


def _check_sheet(code: str, page: str, truth: _Truth) -> None:
    drawn, _geometry = picture(code)
    whole = {edge.key: edge for edge in graph().edges}
    cells = Cells(page).found
    for node in drawn.nodes:
        if node.counts is None:
            continue
        waiting, oldest, count, p50, p95 = truth.nodes[node.key]
        row = {name: cells[node.key, name] for name in ("waiting", "oldest", "count")}
        assert row == {"waiting": str(waiting), "oldest": _age(oldest), "count": str(count)}
        assert bool(cells[node.key, "p50"]) == (p50 is not None), node.key
        assert bool(cells[node.key, "p95"]) == (p95 is not None), node.key
        if waiting:
            at = page.index(f'data-badge="{node.key}"')
            assert re.search(r"<text[^>]*>(\d+)</text>", page[at:])[1] == str(waiting), node.key  # type: ignore[index]
    for edge in drawn.edges:
        origins = edge.origins or (edge.key,)
        count = sum(truth.edges[key] for key in origins)
        share = truth.share(whole[origins[0]]) if len(origins) == 1 else None
        assert cells[edge.key, "count"] == str(count), edge.key
        assert cells[edge.key, "share"] == ("" if share is None else f"{share:.1%}"), edge.key


def _check_panel(page: bytes, expected: tuple[Any, ...]) -> None:
    shown = re.findall(r"<strong[^>]*>([^<]*)</strong>", page.decode())
    waiting, oldest, count, *_ = expected
    assert shown[:3] == [str(waiting), _age(oldest) or "—", str(count)]
