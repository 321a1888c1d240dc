"""What mining says about a log, against figures worked out by hand and by another program."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pm4py
import pytest

from shangliu.flow.definition import FLOW
from shangliu.insight.mining import log as logs
from shangliu.insight.mining.conformance import Fault, check, first_deviations
from shangliu.insight.mining.discovery import discover, variants
from shangliu.insight.mining.log import EmptyLog, Engine, EventLog
from shangliu.insight.mining.performance import bottlenecks, handovers, rework

# The engines' own code says much about what it will not be one day.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

SECOND = 1_000_000
ENGINES = [Engine.DUCKDB, Engine.SPARK]


def events(cases: Iterable[tuple[str, list[tuple[str, int, str]]]]) -> pd.DataFrame:
    """Rows of cases; each event is (activity, second, role)."""
    rows = [
        (case, activity, at * SECOND, i, activity.partition(".")[0], role, "someone")
        for case, steps in cases
        for i, (activity, at, role) in enumerate(steps)
    ]
    return pd.DataFrame(rows, columns=list(logs.RAW))


SMALL = events(
    [
        ("A", [("a.x", 0, "buyer"), ("a.y", 10, "system"), ("a.z", 30, "staff")]),
        ("B", [("a.x", 5, "buyer"), ("a.y", 25, "system"), ("a.y", 26, "system")]),
        ("C", [("a.x", 7, "buyer"), ("a.y", 13, "system"), ("a.z", 53, "staff")]),
    ]
)


@pytest.fixture(scope="module", params=ENGINES)
def backend(request: pytest.FixtureRequest) -> Any:
    return logs.connect(request.param)


def opened(backend: Any, tmp_path: Path, frame: pd.DataFrame, name: str) -> EventLog:
    """The events as a log in a file, read by the engine under test."""
    raw = tmp_path / f"{name}.raw.parquet"
    ibis.memtable(frame, schema=ibis.schema(logs.RAW)).to_parquet(raw)
    ready = tmp_path / f"{name}.parquet"
    duck = logs.connect(Engine.DUCKDB)
    logs.prepared(duck.read_parquet(raw)).to_parquet(ready)
    return logs.read(backend, name, [ready])


def test_the_map_has_every_arrow_with_its_count_and_times(backend: Any, tmp_path: Path) -> None:
    drawn = discover(opened(backend, tmp_path, SMALL, "small"))
    assert (drawn.cases, drawn.events) == (3, 9)
    seen = {
        (one.source, one.target): (one.count, one.p50_us // SECOND, one.total_us // SECOND)
        for one in drawn.arrows
    }
    assert seen == {
        ("a.x", "a.y"): (3, 10, 36),
        ("a.y", "a.z"): (2, 30, 60),
        ("a.y", "a.y"): (1, 1, 1),
    }
    told = {one.name: (one.count, one.cases, one.first, one.last) for one in drawn.activities}
    assert told == {"a.x": (3, 3, 3, 0), "a.y": (4, 3, 0, 1), "a.z": (2, 2, 0, 2)}


def test_the_sliders_leave_no_activity_cut_off(backend: Any, tmp_path: Path) -> None:
    drawn = discover(opened(backend, tmp_path, SMALL, "small"))
    few = drawn.shown(activities=0.7, paths=0.0)
    assert {one.name for one in few.activities} == {"a.y", "a.x"}
    assert {(one.source, one.target) for one in few.arrows} == {("a.x", "a.y")}
    assert drawn.shown() == drawn


def test_variants_are_counted_with_their_share_and_length(backend: Any, tmp_path: Path) -> None:
    found, in_all = variants(opened(backend, tmp_path, SMALL, "small"))
    assert in_all == 2
    first, second = found
    assert (first.path, first.cases) == (("a.x", "a.y", "a.z"), 2)
    assert (first.share, first.p50_us) == (2 / 3, 38 * SECOND)
    assert (second.path, second.cases, second.example) == (("a.x", "a.y", "a.y"), 1, "B")


def test_waiting_rework_and_handovers(backend: Any, tmp_path: Path) -> None:
    log = opened(backend, tmp_path, SMALL, "small")
    worst = bottlenecks(discover(log))[0]
    assert (worst.source, worst.target, worst.share) == ("a.y", "a.z", 60 / 97)
    (again,) = rework(log)
    assert (again.activity, again.cases, again.extra, again.most) == ("a.y", 1, 1, 2)
    hands = {(one.source, one.target): one.count for one in handovers(log)}
    assert hands == {("buyer", "system"): 3, ("system", "staff"): 2, ("system", "system"): 1}


GOOD = [("refund.request", 0, ""), ("refund.send", 1, ""), ("refund.succeed", 2, "")]
BAD = events(
    [
        ("good", GOOD),
        ("mixed", [("order.place", 0, ""), *GOOD[:1], ("order.pay", 3, ""), *GOOD[1:]]),
        ("skips", [GOOD[0], GOOD[2]]),
        ("headless", GOOD[1:]),
        ("strange", [*GOOD, ("refund.dance", 9, ""), ("refund.request", 10, "")]),
    ]
)


def test_every_deviation_from_the_definition_is_found(backend: Any, tmp_path: Path) -> None:
    log = opened(backend, tmp_path, BAD, "bad")
    found = check(log, FLOW)
    assert (found.cases, found.fitting, found.deviating_events) == (5, 2, 4)
    told = {(one.fault, one.before, one.activity, one.count) for one in found.deviations}
    assert told == {
        (Fault.ORDER, "refund.request", "refund.succeed", 1),
        (Fault.BEGINNING, "", "refund.send", 1),
        (Fault.UNKNOWN, "refund.succeed", "refund.dance", 1),
        (Fault.ORDER, "refund.dance", "refund.request", 1),
    }
    first = {one.case: (one.fault, one.activity) for one in first_deviations(log, FLOW)}
    assert first == {
        "skips": (Fault.ORDER, "refund.succeed"),
        "headless": (Fault.BEGINNING, "refund.send"),
        "strange": (Fault.UNKNOWN, "refund.dance"),
    }


def test_a_period_takes_whole_cases_by_their_beginning(backend: Any, tmp_path: Path) -> None:
    log = opened(backend, tmp_path, SMALL, "small").between(5 * SECOND, 7 * SECOND)
    assert discover(log).events == 3
    with pytest.raises(EmptyLog):
        discover(log.between(99 * SECOND))


def random_log(cases: int) -> pd.DataFrame:
    """Walks over a dozen activities with loops, ties of time and one-event cases."""
    rng = random.Random(11)  # noqa: S311 - the same log every time
    names = [f"p.step{i}" for i in range(12)]

    def walk() -> list[tuple[str, int, str]]:
        at, place, steps = rng.randrange(10**6), 0, []
        for _ in range(rng.randrange(1, 15)):
            steps.append((names[place], at, rng.choice(["buyer", "system", "staff"])))
            place = max(0, min(11, place + rng.choice([1, 1, 1, 2, 0, -1])))
            at += rng.choice([0, 1, 60, 3600, 86400]) * rng.randrange(1, 9)
        return steps

    return events((f"case{i:05d}", walk()) for i in range(cases))


def test_another_program_counts_the_same(backend: Any, tmp_path: Path) -> None:
    frame = random_log(1500)
    log = opened(backend, tmp_path, frame, "random")
    theirs = frame.assign(at=pd.to_datetime(frame.at_us, unit="us", utc=True)).sort_values(
        ["case", "at_us", "seq"]
    )
    theirs = pm4py.format_dataframe(
        theirs, case_id="case", activity_key="activity", timestamp_key="at"
    )
    counts, starts, ends = pm4py.discover_dfg(theirs)
    drawn = discover(log)
    assert {(one.source, one.target): one.count for one in drawn.arrows} == dict(counts)
    assert {one.name: one.first for one in drawn.activities if one.first} == dict(starts)
    assert {one.name: one.last for one in drawn.activities if one.last} == dict(ends)
    times, _, _ = pm4py.discover_performance_dfg(theirs)
    for one in drawn.arrows:
        assert one.p50_us / SECOND == pytest.approx(times[one.source, one.target]["median"])
    ways = {
        path: len(cases) if isinstance(cases, list) else cases
        for path, cases in pm4py.get_variants(theirs).items()
    }
    found, in_all = variants(log, top=10_000)
    assert in_all == len(ways)
    assert {one.path: one.cases for one in found} == ways
