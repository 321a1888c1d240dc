"""One purchase on the map: its events, its way, where it stands."""

from __future__ import annotations

import pytest

from shangliu.domain.orders.queries import cart_case
from shangliu.flow.drawing import graph
from shangliu.insight.trace import trace
from tests.insight import world

pytestmark = pytest.mark.django_db


def _path(case_no: str) -> tuple[str, ...]:
    return trace(graph(), cases=[case_no, cart_case(case_no)]).path


def test_the_way_of_a_completed_order_goes_through_the_main_steps_in_order() -> None:
    shop = world.open_shop()
    order = world.completed(shop, world.paid(shop))
    path = _path(order.case_no)
    steps = [
        "cart.add", "order.place", "payment.start", "payment.succeed", "order.pay",
        "order.auto_approve", "fulfilment.create", "fulfilment.wave", "fulfilment.pick",
        "fulfilment.pack", "parcel.label", "fulfilment.weigh", "fulfilment.hand_over",
        "order.ship", "parcel.collect", "parcel.deliver", "order.mark_delivered",
        "order.confirm_receipt", "settlement.accrue",
    ]  # fmt: skip
    assert [path.index(step) for step in steps] == sorted(path.index(step) for step in steps)
    assert path[-1] == "settlement.accrue"
    assert "order.refer" not in path
    known = {node.key for node in graph().nodes} | {edge.key for edge in graph().edges}
    assert set(path) <= known


def test_a_trace_holds_the_events_of_its_own_case_only_in_time_order() -> None:
    shop = world.open_shop()
    mine, other = world.paid(shop), world.paid(shop)
    seen = trace(graph(), cases=[mine.case_no, cart_case(mine.case_no)])
    assert {event.case_no for event in seen.events} == {mine.case_no, mine.trade.cart_case}
    assert [event.at for event in seen.events] == sorted(event.at for event in seen.events)
    assert other.case_no not in {event.case_no for event in seen.events}


def test_a_referred_order_stands_at_the_reviewers_diamond() -> None:
    shop = world.open_shop()
    path = _path(world.paid(shop, remark="送礼").case_no)
    assert "order.refer" in path
    assert "order.auto_approve" not in path
    assert path[-1] == "order.refer"
