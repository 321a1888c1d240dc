"""How far visits come: counted once each, compared fairly, and the same as asking by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from shangliu.domain.cart.models import Cart
from shangliu.domain.orders.models import Order, Trade
from shangliu.flow.funnel import FUNNEL
from shangliu.insight.funnel import journeys
from shangliu.insight.funnel.by import By, Choice, Span
from shangliu.insight.funnel.compare import Part, change
from shangliu.insight.funnel.figures import Figures, figures
from shangliu.insight.funnel.sessions import Place, cases_of, ended_at_step
from shangliu.insight.models import Behaviour, Journey, Sealed
from shangliu.platform import clock
from shangliu.process.running import flow
from tests.insight import world

pytestmark = pytest.mark.django_db

ARRIVE, VIEW, ADD, PREVIEW, PLACE, PAY = FUNNEL.steps


@pytest.fixture
def start() -> Iterator[datetime]:
    """Five days ago: the week before it is empty."""
    with clock.at(clock.now() - timedelta(days=5)):
        yield clock.now()


def visit(name: str, *steps: str, at: datetime, about: str = "TEA-1", **where: Any) -> str:
    """A visit that was seen doing this, ten seconds apart."""
    code = name.ljust(32, "0")
    last = ""
    for number, step in enumerate(("arrive", *steps)):
        Behaviour.objects.create(
            at=at + timedelta(seconds=10 * number),
            visit=code,
            step=step,
            prev=last,
            about=about if step == "view_product" else "",
            **where,
        )
        last = step
    return code


def carries(order: Order, code: str) -> Order:
    """The order and its cart came from this visit."""
    Trade.objects.filter(pk=order.trade_id).update(visit=code)
    Cart.objects.filter(case_no=order.trade.cart_case).update(visit=code)
    return order


@pytest.fixture
def shop(start: datetime) -> world.Shop:
    """Nine visits of this week, one of the week before."""
    shop = world.open_shop()
    phone: dict[str, Any] = {"device": "mobile", "source": "douyin", "known": False}
    desk: dict[str, Any] = {"device": "desktop", "referrer": "www.zhihu.com", "known": True}
    visit("bounced1", at=start, **phone)
    visit("bounced2", at=start, **desk)
    visit("looked1", "browse", "view_product", at=start, **phone)
    visit("looked2", "view_product", "view_product", at=start, **desk)
    visit("previewed", "view_product", "preview", at=start, **phone)
    carries(world.placed(shop), visit("placed", "view_product", "preview", at=start, **phone))
    for name, more in (("paid1", phone), ("paid2", desk)):
        order = world.placed(shop, variant=shop.cup if name == "paid2" else None)
        about = "CUP-1" if name == "paid2" else "TEA-1"
        code = visit(name, "view_product", "preview", at=start, about=about, **more)
        world.pay(shop, carries(order, code))
    carries(world.paid(shop), visit("listed", at=start, device="wechat"))
    visit("before", "view_product", at=start - timedelta(days=7), **phone)
    return shop


def week(start: datetime) -> Span:
    return Span(start - timedelta(days=2), start + timedelta(days=5))


def counts(found: Figures) -> dict[str, int]:
    return {one.step: one.count for one in found.levels}


def by_hand(span: Span, extra: str = "true") -> dict[str, int]:
    """The same numbers from the plain tables, one question for each step."""
    ways = {
        ARRIVE: "true",
        VIEW: "EXISTS (SELECT 1 FROM insight_behaviour x WHERE x.visit = v.visit"
        " AND x.step = 'view_product')",
        ADD: "EXISTS (SELECT 1 FROM cart_cart x WHERE x.visit = v.visit)",
        PREVIEW: "EXISTS (SELECT 1 FROM insight_behaviour x WHERE x.visit = v.visit"
        " AND x.step = 'preview')",
        PLACE: "EXISTS (SELECT 1 FROM orders_trade x WHERE x.visit = v.visit)",
        PAY: "EXISTS (SELECT 1 FROM orders_order o JOIN orders_trade x ON x.id = o.trade_id"
        " WHERE x.visit = v.visit AND o.paid_at IS NOT NULL)",
    }
    found = {}
    for place, step in enumerate(FUNNEL.steps):
        far = " OR ".join(ways[later] for later in FUNNEL.steps[place:])
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM (SELECT visit, min(at) AS at FROM insight_behaviour"
                f" WHERE {extra} GROUP BY visit) v WHERE at >= %s AND at < %s AND ({far})",
                [span.since, span.until],
            )
            found[step] = cursor.fetchone()[0]
    return found


def test_the_steps_are_steps_of_the_flow() -> None:
    for name in FUNNEL.steps:
        process, step = flow().step(name)
        assert name == f"{process.name}.{step.name}"


def test_a_visit_counts_once_at_each_step_up_to_its_farthest(
    shop: world.Shop, start: datetime
) -> None:
    found = figures(FUNNEL, week(start), by=By.DEVICE)
    assert counts(found) == {ARRIVE: 9, VIEW: 7, ADD: 5, PREVIEW: 5, PLACE: 4, PAY: 3}
    assert counts(found) == by_hand(week(start))
    assert [one.lost for one in found.levels] == [2, 2, 0, 1, 1, 0]
    assert found.levels[0].lost_share == pytest.approx(2 / 9)
    assert found.levels[5].share == pytest.approx(3 / 9)
    assert (found.levels[0].before, found.levels[1].before, found.levels[2].before) == (1, 1, 0)


@pytest.mark.parametrize(
    ("by", "value", "extra"),
    [
        (By.DEVICE, "mobile", "device = 'mobile'"),
        (By.SOURCE, "douyin", "source = 'douyin'"),
        (By.SOURCE, "www.zhihu.com", "referrer = 'www.zhihu.com'"),
        (By.SOURCE, "-", "source = '' AND referrer = ''"),
        (By.VISITOR, "returning", "known"),
        (By.VISITOR, "new", "NOT known"),
        (By.VISITOR, "-", "known IS NULL"),
    ],
)
def test_each_row_of_a_break_down_is_what_asking_by_hand_gives(
    shop: world.Shop, start: datetime, by: By, value: str, extra: str
) -> None:
    expected = by_hand(week(start), extra)
    assert expected[ARRIVE] > 0
    groups = {one.value or "-": one for one in figures(FUNNEL, week(start), by=by).groups}
    assert {one.step: one.count for one in groups[value].levels} == expected
    chosen = figures(FUNNEL, week(start), by=By.SOURCE, choice=Choice({by: value}))
    assert counts(chosen) == expected


def test_the_category_is_that_of_the_product_looked_at_first(
    shop: world.Shop, start: datetime
) -> None:
    slug = shop.tea.product.category.slug
    groups = figures(FUNNEL, week(start), by=By.CATEGORY).groups
    assert {one.value: one.levels[0].count for one in groups} == {slug: 6, "": 3}


def test_the_time_to_the_next_step_is_the_median_of_those_that_took_both(
    shop: world.Shop, start: datetime
) -> None:
    levels = figures(FUNNEL, week(start), by=By.SOURCE).levels
    assert levels[0].next_ms == 10_000
    assert levels[5].next_ms is None


def test_kept_sums_and_live_ones_say_the_same(shop: world.Shop, start: datetime) -> None:
    before = figures(FUNNEL, week(start), by=By.SOURCE)
    with clock.at(start + timedelta(hours=2)):
        assert journeys.seal(FUNNEL, most=500) > 0
    assert Journey.objects.count() == 10
    assert figures(FUNNEL, week(start), by=By.SOURCE) == before


def test_a_visit_that_goes_on_after_it_was_summed_up_moves_on(
    shop: world.Shop, start: datetime
) -> None:
    with clock.at(start + timedelta(minutes=20)):
        journeys.seal(FUNNEL, most=500)
    late = start + timedelta(minutes=25)
    with clock.at(late):
        waiting = Order.objects.get(trade__visit="placed".ljust(32, "0"))
        world.pay(shop, waiting)
        assert counts(figures(FUNNEL, week(start), by=By.SOURCE))[PAY] == 4
    assert Journey.objects.get(visit="placed".ljust(32, "0")).reached == 4
    with clock.at(late + timedelta(hours=1)):
        journeys.seal(FUNNEL, most=500)
    assert Journey.objects.get(visit="placed".ljust(32, "0")).reached == 5
    assert counts(figures(FUNNEL, week(start), by=By.SOURCE))[PAY] == 4


def test_what_may_still_be_written_is_not_sealed(shop: world.Shop, start: datetime) -> None:
    with clock.at(start + timedelta(minutes=30)):
        journeys.seal(FUNNEL, most=500)
    until = Sealed.objects.get(version=FUNNEL.version).until
    assert until == start + timedelta(minutes=20)


def test_the_sessions_of_a_step_are_those_that_came_no_farther(
    shop: world.Shop, start: datetime
) -> None:
    found = ended_at_step(FUNNEL, week(start), 1, choice=Choice(), limit=10)
    assert {(one.visit.rstrip("0"), one.last_step, one.last_about) for one in found} == {
        ("looked1", "view_product", "TEA-1"),
        ("looked2", "view_product", "TEA-1"),
    }
    phones = ended_at_step(FUNNEL, week(start), 1, choice=Choice({By.DEVICE: "mobile"}), limit=10)
    assert [one.visit.rstrip("0") for one in phones] == ["looked1"]


def test_the_sessions_are_paged_without_gap_or_repeat(shop: world.Shop, start: datetime) -> None:
    span = week(start)
    whole = ended_at_step(FUNNEL, span, 5, choice=Choice(), limit=10)
    first = ended_at_step(FUNNEL, span, 5, choice=Choice(), limit=2)
    rest = ended_at_step(
        FUNNEL,
        span,
        5,
        choice=Choice(),
        limit=10,
        after=Place(first[-1].began_at, first[-1].visit),
    )
    assert len(whole) == 3
    assert [one.visit for one in first + rest] == [one.visit for one in whole]


def test_a_visit_leads_to_its_cart_and_its_purchase(shop: world.Shop) -> None:
    code = "paid1".ljust(32, "0")
    trade = Trade.objects.get(visit=code)
    assert set(cases_of(FUNNEL, code)) == {trade.number, trade.cart_case}


def test_a_difference_is_clear_only_when_chance_would_hardly_give_it() -> None:
    clear = change(Part(300, 1000), Part(250, 1000))
    assert clear.points == pytest.approx(5.0)
    assert clear.p == pytest.approx(0.01228, abs=0.0001)
    assert clear.is_clear
    same = change(Part(30, 100), Part(25, 100))
    assert same.enough
    assert not same.is_clear


def test_few_visits_say_nothing() -> None:
    assert not change(Part(4, 8), Part(1, 9)).enough
    assert not change(Part(0, 900), Part(0, 800)).enough
    assert change(Part(4, 8), Part(0, 0)).points is None
