"""A day played again: what moves, what waited, and what a page is told of a sample."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from shangliu.flow.drawing import graph
from shangliu.insight import rollup
from shangliu.insight.figures import ways_of
from shangliu.insight.playback import Played, play
from shangliu.platform import clock
from shangliu.process.models import Event
from shangliu.process.roles import Role
from shangliu.web.backoffice import living
from tests.insight import world
from tests.web.backoffice import map_sql
from tests.web.backoffice.busy import NOON, NOW
from tests.web.backoffice.conftest import Enter

MIDNIGHT = NOON - timedelta(hours=12)


@pytest.fixture
def client(shop: world.Shop, enter: Enter) -> Client:
    living.forget()
    rollup.forget()
    with clock.at(MIDNIGHT - timedelta(hours=3)):
        world.paid(shop, remark="昨天的")
    with clock.at(MIDNIGHT + timedelta(minutes=20)):
        world.paid(shop, remark="送礼")
    with clock.at(MIDNIGHT + timedelta(hours=9)):
        world.picked(world.paid(shop))
    return enter(Role.OPERATIONS)


def played(client: Client, day: str = "2026-03-10") -> Any:
    with clock.at(NOW):
        return json.loads(client.get(f"/staff/map/playback.json?day={day}").content)


def test_what_moves_are_the_passages_of_the_day(client: Client) -> None:
    told = played(client)
    paths = [tuple(told["paths"][path]) for _second, path, _case in told["passages"]]
    (paying,) = {path for path in paths if path[-1].endswith(">payment.succeed")}
    seconds = [one[0] for one in told["passages"] if tuple(told["paths"][one[1]]) == paying]
    assert seconds == [20 * 60, 9 * 3600]
    edges = {edge.key for edge in graph().edges}
    assert {key for path in told["paths"] for key in path} <= edges
    within = map_sql.Stretch(MIDNIGHT, NOW)
    counted = map_sql.edges(graph(), within)
    assert sum(path.count(paying[-1]) for path in paths) == counted[paying[-1]] == 2


def test_what_waited_at_each_quarter_equals_the_log(client: Client) -> None:
    told = played(client)
    assert len(told["waiting"]) == 12 * 4 + 3
    nodes = {node.key: node for node in graph().nodes if node.waits}
    for quarter in (0, 1, 2, 35, 36, 37, 48):
        moment = MIDNIGHT + quarter * timedelta(minutes=15)
        shown = dict(zip(told["nodes"], told["waiting"][quarter], strict=True))
        for key, node in nodes.items():
            assert shown[key] == map_sql.waited(node, moment), (quarter, key)
    approving = told["nodes"].index("order.approve")
    assert [told["waiting"][i][approving] for i in (0, 1, 2)] == [1, 1, 2]


def test_a_block_of_the_overview_has_its_steps_together(client: Client) -> None:
    told = played(client)
    last = dict(zip(told["nodes"], told["waiting"][-1], strict=True))
    inside = [node.key for node in graph().nodes if node.waits and node.stage == "processing"]
    assert last["stage:processing"] == sum(last[key] for key in inside) == 2


def test_a_day_that_is_too_large_is_sampled_by_whole_cases_and_says_so(
    client: Client, shop: world.Shop
) -> None:
    while len(chosen := taken_of_two()) != 2:
        with clock.at(NOON - timedelta(hours=1)):
            world.paid(shop)
    with clock.at(NOW):
        whole = play(ways_of(graph()), MIDNIGHT, NOW)
        sample = play(ways_of(graph()), MIDNIGHT, NOW, most=-(-len(whole.moves) // 2))
    assert (whole.one_in, sample.one_in) == (1, 2)
    stories, kept = by_case(whole), by_case(sample)
    assert len(kept) == chosen[True]
    assert len(stories) == chosen[True] + chosen[False]
    assert Counter(kept) <= Counter(stories)
    assert sample.waiting == whole.waiting
    assert played(client)["note"].endswith("全部在走")


def taken_of_two() -> dict[bool, int]:
    """How many cases of the day a sample of one in two takes, and how many it leaves."""
    sql = (
        "SELECT hashtext(case_no) & 1 = 0, count(DISTINCT case_no) FROM process_event"
        " WHERE at >= %s AND at < %s GROUP BY 1"
    )
    return dict(map_sql.rows(sql, MIDNIGHT, NOW))


def by_case(day: Played) -> list[tuple[tuple[float, tuple[str, ...]], ...]]:
    """What each case did, and when."""
    found: dict[int, list[tuple[float, tuple[str, ...]]]] = {}
    for move in day.moves:
        found.setdefault(move.case, []).append((move.second, day.paths[move.path]))
    return [tuple(one) for one in found.values()]


@pytest.mark.parametrize(
    ("day", "said"),
    [("", "请选一个日期"), ("2026-02-30", "请选一个日期"), ("2026-03-11", "还没到")],
)
def test_a_day_that_cannot_be_played_is_refused_with_a_sentence(
    client: Client, day: str, said: str
) -> None:
    with clock.at(NOW):
        answer = client.get(f"/staff/map/playback.json?day={day}")
    assert answer.status_code == 400
    assert said in json.loads(answer.content)["error"]


def test_a_day_on_which_nothing_happened_is_quiet(client: Client) -> None:
    told = played(client, "2026-03-01")
    assert (told["passages"], told["note"]) == ([], "这一天没有单据走动")
    assert not any(any(row) for row in told["waiting"])


def test_only_staff_see_a_day(client: Client, shop: world.Shop) -> None:
    assert Event.objects.exists()
    assert Client().get("/staff/map/playback.json?day=2026-03-10").status_code == 302


def test_the_page_of_a_day_has_a_player_and_keeps_it_on_other_sheets(client: Client) -> None:
    with clock.at(NOW):
        page = client.get("/staff/map/payment/?play=2026-03-10").content.decode()
        future = client.get("/staff/map/payment/?play=2027-01-01").content.decode()
    assert 'data-src="/staff/map/playback.json?day=2026-03-10"' in page
    assert 'href="/staff/map/delivery/?play=2026-03-10"' in page
    assert "data-player" not in future
    assert "没有这一天可以回放" in future
