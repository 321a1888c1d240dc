"""The map's figures against SQL written another way, and the cases behind every number."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection

from shangliu.flow import steps
from shangliu.flow.drawing import graph
from shangliu.flow.layouts import OVERVIEW, sheet
from shangliu.insight import cases, figures
from shangliu.insight.figures import ways_of
from shangliu.insight.models import Behaviour
from shangliu.insight.waiting import waiting
from shangliu.insight.window import Period
from shangliu.platform import clock
from shangliu.process.drawing.figures import Level
from shangliu.process.roles import Role
from tests.insight import world

pytestmark = pytest.mark.django_db
ALL = 10_000


@pytest.fixture
def shop() -> world.Shop:
    """Ten purchases, each left somewhere else on the map."""
    shop = world.open_shop()
    world.placed(shop)
    world.placed(shop, quantity=2)
    world.paid(shop)
    world.paid(shop, variant=shop.cup)
    world.paid(shop, remark="请包扎实")
    world.picked(world.paid(shop))
    world.packed(world.paid(shop))
    world.shipped(world.paid(shop))
    world.completed(shop, world.paid(shop))
    refunded = world.paid(shop)
    world.applied(refunded)
    world.send_all()
    for step, before in (
        ("arrive", ""),
        ("browse", "arrive"),
        ("view_product", "browse"),
        ("browse", "view_product"),
    ):
        Behaviour.objects.create(at=clock.now(), visit="v1", step=step, prev=before)
    return shop


def _rows(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [tuple(row) for row in cursor.fetchall()]


def test_what_waits_equals_a_count_of_the_tables(shop: world.Shop) -> None:
    tables = {
        "order": ("orders_order", "('completed', 'cancelled', 'closed')"),
        "fulfilment": ("fulfilment_fulfilmenttask", "('handed_over', 'cancelled')"),
        "parcel": ("logistics_parcel", "('delivered', 'returned', 'voided')"),
        "settlement": ("settlement_settlemententry", "('paid_out')"),
        "reservation": ("inventory_reservation", "('shipped', 'released', 'expired')"),
    }
    found = {pair: (one.count, one.oldest) for pair, one in waiting().items()}
    for process, (table, ended) in tables.items():
        expected = {
            (process, row[0]): (row[1], row[2])
            for row in _rows(
                f"SELECT state, count(*), min(entered_at) FROM {table}"
                f" WHERE state NOT IN {ended} GROUP BY state"
            )
        }
        assert {pair: one for pair, one in found.items() if pair[0] == process} == expected


def test_badges_are_the_sum_of_their_states_and_list_exactly_these_objects(
    shop: world.Shop,
) -> None:
    drawn = graph()
    shown = figures.figures(drawn, figures.traffic(drawn, Period.DAY))
    now = waiting()
    counted = 0
    for node in drawn.nodes:
        expected = sum(now[pair].count for pair in node.waits if pair in now)
        figure = shown.nodes.get(node.key)
        assert (figure.waiting if figure else 0) == expected, node.key
        listed = cases.waiting_at(drawn, node.key, limit=ALL)
        assert len(listed) == expected, node.key
        assert [one.entered_at for one in listed] == sorted(one.entered_at for one in listed)
        counted += expected
    assert counted == sum(one.count for one in now.values())
    assert shown.nodes["order.approve"].waiting == 2


def test_node_counts_and_dwell_equal_the_event_log(shop: world.Shop) -> None:
    drawn = graph()
    moved = figures.traffic(drawn, Period.DAY)
    by_step: Counter[object] = Counter()
    for name, count in _rows("SELECT process||'.'||step, count(*) FROM process_event GROUP BY 1"):
        by_step[name] = int(str(count))
    by_step.update({"visit.arrive": 1, "visit.browse": 2, "visit.view_product": 1})
    drawn_once = [node for node in drawn.nodes if node.counts and not node.counts[1]]
    shared = Counter(node.counts[0] for node in drawn.nodes if node.counts)
    for node in drawn_once:
        assert node.counts is not None
        if shared[node.counts[0]] == 1:
            count = moved.nodes[node.key].count if node.key in moved.nodes else 0
            assert count == by_step[node.counts[0]], node.key
    (half, most) = _rows(
        "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY dwell_us),"
        " percentile_disc(0.95) WITHIN GROUP (ORDER BY dwell_us)"
        " FROM process_event WHERE process = 'order' AND step = 'pay'"
    )[0]
    assert moved.nodes["order.pay"].p50_us == pytest.approx(half, rel=0.0101)
    assert moved.nodes["order.pay"].p95_us == pytest.approx(most, rel=0.0101)


def test_every_edge_lists_exactly_as_many_cases_as_its_number_says(shop: world.Shop) -> None:
    drawn = graph()
    moved = figures.traffic(drawn, Period.DAY)
    assert sum(moved.edges.values()) > 100
    for edge in drawn.edges:
        listed = cases.passed_edge(drawn, edge.key, Period.DAY, limit=ALL)
        assert len(listed) == moved.edges.get(edge.key, 0), edge.key
        assert len({one.id for one in listed}) == len(listed), edge.key


def test_every_way_between_stages_lists_exactly_as_many_cases_as_its_number_says(
    shop: world.Shop,
) -> None:
    drawn = graph()
    blocks, _geometry = sheet(OVERVIEW)
    shown = figures.figures(drawn, figures.traffic(drawn, Period.DAY))
    assert len(blocks.edges) > 8
    for edge in blocks.edges:
        listed = cases.passed_edges(drawn, edge.origins, Period.DAY, limit=ALL)
        figure = shown.of_edge(edge)
        assert len(listed) == (figure.count if figure else 0), edge.key


def test_edges_out_of_the_rule_equal_the_decisions_in_the_log(shop: world.Shop) -> None:
    drawn = graph()
    shown = figures.figures(drawn, figures.traffic(drawn, Period.DAY))
    rows = _rows(
        "SELECT step, count(*) FROM process_event WHERE process = 'order'"
        " AND step IN ('auto_approve', 'refer') AND cause = 'order.pay' GROUP BY 1"
    )
    decided = {str(step): int(str(count)) for step, count in rows}
    ways = ways_of(drawn)
    for step, count in decided.items():
        (edge,) = [one for one in drawn.edges if one.target == f"order.{step}"]
        figure = shown.edges[edge.key]
        assert figure.count == count
        assert figure.share == pytest.approx(count / sum(decided.values()))
        assert ways.nodes[edge.source].counts is None
    assert decided == {"auto_approve": 6, "refer": 2}


def test_events_come_in_over_the_edges_of_their_node(shop: world.Shop) -> None:
    """Nothing that happened is lost on the way: what comes in is what was counted."""
    drawn = graph()
    moved = figures.traffic(drawn, Period.DAY)
    entering: Counter[str] = Counter()
    for key, count in moved.edges.items():
        entering[key.partition(">")[2]] += count
    starts = {edge.target for edge in drawn.edges if edge.source.endswith("?")}
    for key, dwell in moved.nodes.items():
        assert entering[key] == dwell.count or key in starts, key


def test_the_period_leaves_out_what_is_older(shop: world.Shop) -> None:
    drawn = graph()
    with clock.ahead(timedelta(days=2)):
        assert figures.traffic(drawn, Period.DAY).nodes == {}
        assert figures.traffic(drawn, Period.WEEK).nodes["order.place"].count == 10


def test_a_node_is_late_when_its_oldest_is_over_the_service_time(shop: world.Shop) -> None:
    drawn = graph()
    moved = figures.traffic(drawn, Period.DAY)
    assert figures.figures(drawn, moved).nodes["order.approve"].level is Level.OK
    with clock.ahead(timedelta(hours=3, minutes=30)):
        assert figures.figures(drawn, moved).nodes["order.approve"].level is Level.WARN
    with clock.ahead(timedelta(hours=5)):
        late = figures.figures(drawn, moved).nodes["order.approve"]
    assert late.level is Level.LATE
    assert late.oldest_seconds is not None
    assert late.oldest_seconds >= 5 * 3600


def test_waiting_cases_are_paged_without_gap_or_repeat(shop: world.Shop) -> None:
    whole = cases.waiting_at(graph(), "order.ship", limit=ALL)
    first = cases.waiting_at(graph(), "order.ship", limit=2)
    rest = cases.waiting_at(
        graph(), "order.ship", limit=ALL, after=(first[-1].entered_at, first[-1].pk)
    )
    assert len(whole) > 2
    assert [one.pk for one in first + rest] == [one.pk for one in whole]


def test_a_person_who_confirms_moves_the_case_over_the_drawn_edge(shop: world.Shop) -> None:
    order = world.delivered(shop, world.paid(shop))
    before = figures.traffic(graph(), Period.DAY).edges
    steps.take("order.confirm_receipt", order, actor="guest", roles=frozenset({Role.BUYER}))
    after = figures.traffic(graph(), Period.DAY).edges
    ways = [one.key for one in graph().edges if one.target == "order.confirm_receipt"]
    assert sum(after[key] for key in ways) == sum(before.get(key, 0) for key in ways) + 1


def test_the_cases_of_an_edge_are_paged_without_gap_or_repeat(shop: world.Shop) -> None:
    drawn = graph()
    key = "payment.send/>payment.succeed"
    whole = cases.passed_edge(drawn, key, Period.DAY, limit=ALL)
    first = cases.passed_edge(drawn, key, Period.DAY, limit=3)
    rest = cases.passed_edge(drawn, key, Period.DAY, limit=ALL, before=(first[-1].at, first[-1].id))
    assert len(whole) == 8
    assert [one.id for one in first + rest] == [one.id for one in whole]
