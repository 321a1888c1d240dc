"""Days that are over are counted once, and whatever happens later the numbers are the visits'."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

import pytest
from django.db import connection

from shangliu.domain.life import services as life
from shangliu.domain.orders.models import Trade
from shangliu.flow import removal
from shangliu.flow.funnel import FUNNEL
from shangliu.insight.funnel import days, journeys
from shangliu.insight.funnel.by import By, Choice, Span
from shangliu.insight.funnel.days import counted, day_of, pieces
from shangliu.insight.models import Behaviour, Journey, JourneyCount, JourneyDay, JourneyTime
from shangliu.platform import clock
from tests.insight import world
from tests.insight.test_funnel import carries, visit

pytestmark = pytest.mark.django_db

_STEPS: tuple[tuple[str, ...], ...] = (
    (),
    ("view_product",),
    ("view_product", "preview"),
    ("preview",),
)
_WHERE: tuple[dict[str, Any], ...] = (
    {"device": "mobile", "source": "douyin", "known": False},
    {"device": "mobile", "source": "baidu", "known": True},
    {"device": "desktop", "referrer": "www.zhihu.com", "known": None},
    {"device": "wechat", "known": False},
)


@pytest.fixture
def now() -> Iterator[datetime]:
    """Twenty to one in the night of the shop: a new day that is not sealed yet."""
    midnight = day_of(clock.now()).since
    with clock.at(midnight + timedelta(minutes=40)):
        yield clock.now()


def world_of(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same each time


def wander(name: str, at: datetime, chance: random.Random) -> str:
    """A visit at this time, each step after a time of its own."""
    code = name.ljust(32, "0")
    where = chance.choice(_WHERE)
    for step in ("arrive", *chance.choice(_STEPS)):
        Behaviour.objects.create(
            at=at,
            visit=code,
            step=step,
            about=chance.choice(("TEA-1", "CUP-1")) if step == "view_product" else "",
            **where,
        )
        at += timedelta(milliseconds=chance.randrange(1, 4_000_000))
    return code


def crowd(now: datetime, chance: random.Random, number: int = 120) -> None:
    """Visits of five days, many of them just before, at and just after a midnight of the shop."""
    midnight = day_of(now).since
    for one in range(number):
        edge = midnight - timedelta(days=chance.randrange(5))
        near = timedelta(microseconds=chance.choice((-1, 0, 1)))
        far = timedelta(seconds=chance.randrange(-80_000, 1))
        wander(f"v{one}x", edge + chance.choice((near, far)), chance)


def plain(span: Span, by: By, choice: Choice) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """The same from the log alone, visit by visit."""
    sql, given = journeys.summed(FUNNEL, "SELECT DISTINCT visit FROM insight_behaviour", [])
    clause, chosen = choice.clause()
    now: dict[str, Counter[int]] = defaultdict(Counter)
    before: dict[str, Counter[int]] = defaultdict(Counter)
    medians = ", ".join(
        f"percentile_disc(0.5) WITHIN GROUP (ORDER BY took[{place}])"
        for place in range(1, len(FUNNEL.steps))
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT began_at, {by.sql}, reached FROM ({sql}) j WHERE {clause}", [*given, *chosen]
        )
        for began_at, value, reached in cursor.fetchall():
            if span.since <= began_at < span.until:
                now[value][reached] += 1
            elif span.before.since <= began_at < span.since:
                before[value][reached] += 1
        cursor.execute(
            f"SELECT {medians} FROM ({sql}) j WHERE {clause} AND began_at >= %s AND began_at < %s",
            [*given, *chosen, span.since, span.until],
        )
        found = cursor.fetchone()
    return now, before, {place: brought(ms) for place, ms in enumerate(found) if ms is not None}


def brought(ms: int) -> int:
    """Down to a twentieth of the power of ten below."""
    return ms - ms % max(1, int("1".ljust(len(str(ms)), "0")) // 20)


def spans(now: datetime) -> list[Span]:
    midnight = day_of(now).since
    day = timedelta(days=1)
    return [
        Span(midnight - 2 * day, now),
        Span(midnight - 2 * day, midnight),
        Span(midnight - day, midnight),
        Span(now - 3 * day, now),
        Span(midnight - 4 * day + timedelta(hours=5), midnight - day - timedelta(hours=3)),
        Span(now - timedelta(hours=1), now),
    ]


def choices() -> list[Choice]:
    given = {By.DEVICE: "mobile", By.SOURCE: "-", By.VISITOR: "new", By.CATEGORY: "-"}
    one = [Choice({by: value}) for by, value in given.items()]
    return [Choice(), *one, Choice({By.DEVICE: "mobile", By.VISITOR: "new"})]


def assert_right(now: datetime) -> None:
    """In every span, by everything and narrowed down in every way."""
    for span in spans(now):
        for by, choice in zip(cycle(By), choices(), strict=False):
            found = counted(FUNNEL, span, by, choice)
            assert (found.now, found.before, found.middles) == plain(span, by, choice)


def settle(now: datetime) -> None:
    while journeys.seal(FUNNEL, most=500):
        pass
    days.roll(FUNNEL, most=500)


@pytest.mark.parametrize("seed", range(3))
def test_counted_days_and_the_rest_say_what_the_visits_say(now: datetime, seed: int) -> None:
    world.open_shop()
    crowd(now, world_of(seed))
    assert_right(now)
    settle(now)
    assert JourneyDay.objects.count() >= 5
    assert_right(now)


def test_only_whole_days_of_the_shop_that_are_sealed_are_counted(now: datetime) -> None:
    midnight = day_of(now).since
    for number, at in enumerate((midnight - timedelta(microseconds=1), midnight)):
        visit(f"edge{number}", at=at)
    settle(now)
    (day,) = JourneyDay.objects.all()
    assert (day.since, day.until) == (midnight - timedelta(days=1), midnight)
    assert [sum(one.counts) for one in JourneyCount.objects.all()] == [1]
    assert day.until - day.since == timedelta(days=1)
    assert clock.local(day.since).hour == 0


def test_a_day_whose_last_minutes_may_still_be_written_is_not_counted(now: datetime) -> None:
    midnight = day_of(now).since
    visit("yesterday", at=midnight - timedelta(hours=1))
    with clock.at(midnight + timedelta(minutes=9)):
        settle(clock.now())
    assert not JourneyDay.objects.exists()


def test_counting_again_changes_nothing(now: datetime) -> None:
    crowd(now, world_of(7), number=40)
    settle(now)
    kept = sorted(JourneyCount.objects.values_list("day", "source", "device", "category", "counts"))
    times = JourneyTime.objects.count()
    assert days.roll(FUNNEL) == 0
    JourneyDay.objects.all().delete()
    assert days.roll(FUNNEL) > 0
    again = JourneyCount.objects.values_list("day", "source", "device", "category", "counts")
    assert sorted(again) == kept
    assert JourneyTime.objects.count() == times


def test_what_arrives_late_for_a_counted_day_counts_before_and_after_it_is_counted_anew(
    now: datetime,
) -> None:
    chance = world_of(11)
    shop = world.open_shop()
    crowd(now, chance)
    settle(now)
    midnight = day_of(now).since
    with clock.at(now + timedelta(hours=2)):
        later = clock.now()
        for name in ("v3x", "v4x", "v5x", "v6x"):
            Behaviour.objects.create(at=later, visit=name.ljust(32, "0"), step="preview")
        world.pay(shop, carries(world.placed(shop), "v7x".ljust(32, "0")))
        assert_right(later)
    with clock.at(now + timedelta(hours=4)):
        while journeys.seal(FUNNEL, most=500):
            pass
        assert JourneyDay.objects.filter(until__lte=midnight).count() < 5
        assert_right(clock.now())
        assert days.roll(FUNNEL) > 0
        assert JourneyDay.objects.filter(until__lte=midnight).count() >= 5
        assert_right(clock.now())


def test_a_removed_visit_of_the_demo_trade_counts_no_more(now: datetime) -> None:
    shop = world.open_shop()
    crowd(now, world_of(13), number=30)
    with clock.at(day_of(now).since - timedelta(days=2, hours=3)):
        code = visit("gone", "view_product", at=clock.now(), device="mobile", source="baidu")
        carries(world.completed(shop, world.paid(shop)), code)
        life.mark_visit(code)
        bounced = visit("bounced", at=clock.now(), device="mobile", source="baidu")
        life.mark_visit(bounced)
    settle(now)
    number = Journey.objects.count()
    for one in (code, bounced):
        removal.remove(removal.purchase(one), actor="test")
        assert_right(now)
    assert Journey.objects.count() == number - 2
    assert days.roll(FUNNEL) == 1
    assert_right(now)


def test_a_visit_that_paid_for_a_removed_cart_stays_as_far_as_it_came_itself(
    now: datetime,
) -> None:
    shop = world.open_shop()
    with clock.at(now - timedelta(days=2)):
        code = visit("filled", "view_product", at=clock.now())
        back = visit("returned", "view_product", at=clock.now())
        order = carries(world.completed(shop, world.paid(shop)), code)
        Trade.objects.filter(pk=order.trade_id).update(visit=back)
        life.mark_visit(code)
    settle(now)
    assert Journey.objects.get(visit=back).reached == FUNNEL.steps.index("order.pay")
    removal.remove(removal.purchase(code), actor="test")
    assert Journey.objects.get().reached == FUNNEL.steps.index("visit.view_product")
    assert_right(now)


def test_pieces_are_cut_at_the_midnights_of_the_shop() -> None:
    midnight = day_of(clock.now()).since
    hour = timedelta(hours=1)
    found = pieces(midnight - 25 * hour, midnight - hour, midnight + hour)
    assert [(one.since - midnight, one.until - midnight) for one in found] == [
        (-25 * hour, -24 * hour),
        (-24 * hour, -hour),
        (-hour, 0 * hour),
        (0 * hour, hour),
    ]
