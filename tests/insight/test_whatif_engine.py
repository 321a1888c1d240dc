"""The run of a What-if: queues as the theory has them, the same for the same seed."""

from __future__ import annotations

from math import factorial
from random import Random

import pytest

from shangliu.insight.whatif.engine import (
    Pool,
    Setting,
    Template,
    arrivals,
    compiled,
    hour_of_week,
    next_pickup,
    run,
)
from shangliu.insight.whatif.model import DAY, HOUR, WEEK_HOURS, Calendar, Case, Did

MINUTE = HOUR // 60
MONDAY = 1_772_380_800_000_000  # 2 March 2026, 0:00 in Shanghai
ALWAYS = (1,) * WEEK_HOURS


def a_case(
    number: str, begun: int, work: int, *, beyond: int = 0, after: int = 0, wait: int = 0
) -> Case:
    """Begin, wait, let a person do something, and be done some time after."""
    thing = ("a", 1)
    did = wait + work + beyond
    return Case(
        number,
        begun,
        0,
        (
            Did("a.begin", 0, -1, thing, "", "begun"),
            Did("a.ready", wait, 0, thing, "begun", "ready"),
            Did("a.do", did, 1, thing, "ready", "done", pool="desk", work=work, beyond=beyond),
            Did("a.arrive", did + after, 2, thing, "done", "there"),
        ),
    )


def setting(heads: tuple[int, ...] = ALWAYS, **more: object) -> Setting:
    return Setting(calendars={"desk": Calendar(heads)}, marks=("a.arrive",), **more)  # type: ignore[arg-type]


def ready(case: Case, how: Setting, freed: int | None = None) -> tuple[int, Template]:
    return case.begun_us, compiled(case, how.marks, frozenset({"a.do"}), freed=freed)


def erlang_c(servers: int, load: float) -> float:
    """The mean wait in an M/M/c queue, in mean times of service."""
    offered = servers * load
    top = offered**servers / factorial(servers) / (1 - load)
    below = sum(offered**k / factorial(k) for k in range(servers)) + top
    return top / below / (servers * (1 - load))


def waited(seed: int, servers: int, load: float, jobs: int) -> float:
    random, moment, found = Random(seed), 0, 0  # noqa: S311 - the same queue every time
    pool = Pool(Calendar((servers,) * WEEK_HOURS))
    for _ in range(jobs):
        moment += round(random.expovariate(servers * load / MINUTE))
        start = pool.take(moment, round(random.expovariate(1 / MINUTE)))
        assert start is not None
        found += start - moment
    return found / jobs / MINUTE


def test_five_people_wait_as_erlang_says() -> None:
    seen = [waited(seed, 5, 0.7, 50_000) for seed in range(6)]
    assert sum(seen) / 6 == pytest.approx(erlang_c(5, 0.7), rel=0.05)


def test_one_after_the_other_is_served_in_the_order_of_coming() -> None:
    how = setting()
    out = run([ready(a_case(str(n), MONDAY + n, 10 * MINUTE), how) for n in range(3)], how)
    assert out.queued["desk"] == [0, 10 * MINUTE - 1, 20 * MINUTE - 2]
    assert out.longest["desk"] == 2
    assert list(out.reached["a.arrive"].values()) == [10 * MINUTE, 20 * MINUTE - 1, 30 * MINUTE - 2]


def test_what_lies_outside_the_queue_is_added_to_it() -> None:
    how = setting()
    case = a_case("1", MONDAY, MINUTE, beyond=3 * MINUTE, after=DAY, wait=HOUR)
    out = run([ready(case, how)], how)
    assert list(out.reached["a.arrive"].values()) == [HOUR + 4 * MINUTE + DAY]
    assert out.dwelt["a.do"] == [4 * MINUTE]
    assert out.steps == {"a.begin": 1, "a.ready": 1, "a.do": 1, "a.arrive": 1}


def test_nobody_begins_outside_the_shift_and_who_began_finishes() -> None:
    shift = tuple(1 if 9 <= hour % 24 < 18 and hour < 5 * 24 else 0 for hour in range(WEEK_HOURS))
    desk = Pool(Calendar(shift))
    friday = MONDAY + 4 * DAY
    assert desk.take(friday + 8 * HOUR, HOUR) == friday + 9 * HOUR
    assert desk.take(friday + 17 * HOUR + MINUTE, 2 * HOUR) == friday + 17 * HOUR + MINUTE
    assert desk.take(friday + 18 * HOUR, HOUR) == MONDAY + 7 * DAY + 9 * HOUR
    assert hour_of_week(friday) == 96


def test_more_people_at_noon_are_there_at_noon_only() -> None:
    heads = tuple(2 if hour % 24 == 12 else 1 for hour in range(WEEK_HOURS))
    desk = Pool(Calendar(heads))
    assert [desk.take(MONDAY + 11 * HOUR, 4 * HOUR) for _ in range(2)] == [
        MONDAY + 11 * HOUR,
        MONDAY + 12 * HOUR,
    ]


def test_a_pool_without_people_leaves_its_work_undone() -> None:
    how = setting((0,) * WEEK_HOURS)
    out = run([ready(a_case("1", MONDAY, MINUTE), how)], how)
    assert (out.undone, out.reached["a.arrive"]) == (1, {})


def test_goods_wait_for_the_carrier_to_come() -> None:
    how = setting(pickups=(10, 17))
    out = run([ready(a_case("1", MONDAY + 11 * HOUR, MINUTE), how)], how)
    assert list(out.reached["a.arrive"].values()) == [6 * HOUR]
    assert next_pickup(MONDAY + 18 * HOUR, (10, 17)) == MONDAY + 34 * HOUR
    assert next_pickup(MONDAY + 17 * HOUR, (10, 17)) == MONDAY + 17 * HOUR


def test_work_that_takes_longer_makes_the_others_wait() -> None:
    slow = setting(work={"desk": 2.0})
    out = run([ready(a_case(str(n), MONDAY, 10 * MINUTE), slow) for n in range(2)], slow)
    assert list(out.reached["a.arrive"].values()) == [20 * MINUTE, 40 * MINUTE]


def test_the_shelf_is_empty_until_what_was_not_paid_comes_back() -> None:
    how = setting(shelf={"cup": 1}, wanted={str(n): [("cup", 1)] for n in range(3)})
    coming = [
        ready(a_case("0", MONDAY, MINUTE), how, freed=HOUR),
        ready(a_case("1", MONDAY + MINUTE, MINUTE), how),
        ready(a_case("2", MONDAY + 2 * HOUR, MINUTE), how),
    ]
    out = run(coming, how)
    assert (out.orders, out.sold_out) == (3, 1)
    assert out.steps["a.do"] == 2


def test_the_same_seed_gives_the_same_run_and_another_a_different_one() -> None:
    how = setting()
    templates = [ready(a_case(str(n), MONDAY + n * HOUR, MINUTE), how)[1] for n in range(50)]

    def coming(seed: int) -> list[tuple[int, Template]]:
        return arrivals(templates, range(50), Random(seed))  # noqa: S311 - it is about seeds

    assert coming(1) == coming(1)
    assert run(coming(1), how) == run(coming(1), how)
    assert [at for at, _ in coming(1)] != [at for at, _ in coming(2)]
