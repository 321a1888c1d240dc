"""Hours that are over are summed up once, and the sums say what the log says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shangliu.flow.drawing import graph
from shangliu.insight import rollup
from shangliu.insight.figures import traffic, ways_of
from shangliu.insight.models import Behaviour, HourFigure, Sealed
from shangliu.insight.passages import Stretch
from shangliu.insight.rollup import counted, differing, hour_of, seal, sums
from shangliu.insight.window import Period
from shangliu.platform import clock
from tests.insight import world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    rollup.forget()
    yield
    rollup.forget()


@pytest.fixture
def shop() -> world.Shop:
    """Business in three hours, the last one still running."""
    start = hour_of(clock.now()) - timedelta(hours=3)
    with clock.at(start + timedelta(minutes=5)):
        shop = world.open_shop()
        world.completed(shop, world.paid(shop))
        Behaviour.objects.create(at=clock.now(), visit="v1", step="arrive")
    with clock.at(start + timedelta(hours=1, minutes=20)):
        world.paid(shop, remark="请尽快")
        world.placed(shop)
    with clock.at(start + timedelta(hours=3, minutes=1)):
        world.paid(shop)
    return shop


def test_sealed_hours_and_the_live_rest_add_up_to_the_log(shop: world.Shop) -> None:
    ways = ways_of(graph())
    before = traffic(graph(), Period.DAY)
    with clock.at(hour_of(clock.now()) + timedelta(minutes=15)):
        assert seal(ways) == 3
    sealed = Sealed.objects.get()
    assert sealed.until == hour_of(clock.now())
    stretch = Stretch(sealed.first)
    assert sums(ways, stretch) == counted(ways, stretch)
    after = traffic(graph(), Period.DAY)
    assert (after.nodes, after.edges) == (before.nodes, before.edges)
    assert differing(ways) == []


def test_an_hour_is_not_sealed_while_a_transaction_may_still_write_into_it(
    shop: world.Shop,
) -> None:
    with clock.at(hour_of(clock.now()) + timedelta(minutes=9)):
        assert seal(ways_of(graph())) == 2
    assert Sealed.objects.get().until == hour_of(clock.now()) - timedelta(hours=1)


def test_sealing_again_does_nothing(shop: world.Shop) -> None:
    ways = ways_of(graph())
    with clock.at(hour_of(clock.now()) + timedelta(minutes=15)):
        seal(ways)
        rows = HourFigure.objects.count()
        assert seal(ways) == 0
    assert HourFigure.objects.count() == rows


def test_sums_that_differ_from_the_log_are_named(shop: world.Shop) -> None:
    ways = ways_of(graph())
    with clock.at(hour_of(clock.now()) + timedelta(minutes=15)):
        seal(ways)
    row = HourFigure.objects.filter(kind="node").order_by("hour")[0]
    HourFigure.objects.filter(pk=row.pk).update(count=row.count + 1)
    assert differing(ways) == [row.hour]
