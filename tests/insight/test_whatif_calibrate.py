"""What is learned from the log in the database."""

from __future__ import annotations

import pytest

from shangliu.flow.drawing import graph
from shangliu.insight.figures import ways_of
from shangliu.insight.whatif.calibrate import TooLittle, calibrate
from shangliu.insight.whatif.drawn import figures_of
from shangliu.insight.whatif.model import DAY
from shangliu.insight.whatif.scenario import Scenario
from shangliu.insight.whatif.simulate import Ground, Prepared
from shangliu.platform import clock
from tests.insight import synthetic, world

pytestmark = pytest.mark.django_db


def fill(many: int, *, days_ago: int = 24) -> None:
    later = round(clock.now().timestamp() * 1_000_000) - synthetic.FIRST - days_ago * DAY
    synthetic.stored(synthetic.made(many, days=14), later - later % DAY)


def test_no_purchase_is_said() -> None:
    with pytest.raises(TooLittle):
        calibrate(14)


def test_only_the_purchases_of_the_period_are_learned() -> None:
    fill(60)
    assert len(calibrate(90).cases) == 60
    assert 0 < len(calibrate(18).cases) < 60


def test_pools_shifts_and_clocks_are_seen() -> None:
    fill(200)
    found = calibrate(90)
    assert list(found.calendars) == ["warehouse"]
    assert 2 <= found.calendars["warehouse"].peak <= 3
    clocks = {(one.step, one.anchor, one.policy) for one in found.deadlines}
    assert ("order.time_out", "order.place", "payment.minutes") in clocks
    assert ("order.auto_complete", "order.mark_delivered", "receipt.days_after_delivery") in clocks
    work = [event.work for case in found.cases for event in case.events if event.pool]
    assert all(0 <= one <= 40 * synthetic.MINUTE for one in work)


def test_purchases_under_way_are_led_to_an_end() -> None:
    fill(300, days_ago=16)
    found = calibrate(30)
    under_way = sum(case.open for case in found.cases)
    assert under_way > 20
    assert sum(case.open for case in found.ended) < under_way / 4
    assert len(found.ended) == len(found.cases)


def test_the_services_own_log_becomes_cases_that_hang_together() -> None:
    shop = world.open_shop()
    order = world.completed(shop, world.paid(shop))
    found = calibrate(1).cases
    assert [case.number for case in found] == [order.case_no]
    assert found[0].total_fen == order.total_fen
    names = [event.step for event in found[0].events]
    parent = {event.step: names[event.parent] for event in found[0].events if event.parent >= 0}
    assert parent["order.pay"] == "payment.succeed"
    assert parent["fulfilment.create"] == "order.auto_approve"
    assert parent["parcel.collect"] == "fulfilment.hand_over"
    assert parent["order.mark_delivered"] == "parcel.deliver"
    pools = {event.step: event.pool for event in found[0].events}
    assert (pools["fulfilment.pick"], pools["order.auto_approve"]) == ("warehouse", "")


def test_the_map_of_a_run_counts_what_ran() -> None:
    shop = world.open_shop()
    for _ in range(3):
        world.completed(shop, world.paid(shop))
    prepared = Prepared(Ground(calibrate(1)), Scenario(volume=200))
    run = prepared.seed(0)
    drawn = figures_of(ways_of(graph()), prepared.model, run)
    assert run.orders == 6
    into_pay = [
        figure.count for key, figure in drawn.edges.items() if key.endswith(">order.auto_approve")
    ]
    assert sum(into_pay) == 6
    assert drawn.nodes["parcel.collect"].p50_us is not None
    assert drawn.silent == frozenset({"browse"})
    assert not [key for key in drawn.edges if key.startswith("visit.arrive")]
