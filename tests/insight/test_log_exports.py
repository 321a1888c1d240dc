"""The log goes out in every form, and another program reads what we wrote."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pm4py
import pyarrow.parquet as pq
import pytest
from pm4py.objects.ocel.validation import ocel20_rel_validation

from shangliu.flow import checkout
from shangliu.insight.mining import log as logs
from shangliu.insight.mining.conformance import check
from shangliu.insight.mining.exports import WRITERS, export
from shangliu.insight.mining.files import Columns, from_csv, from_ocel, from_xes, import_log
from shangliu.platform.errors import Refused
from shangliu.process.models import Event
from shangliu.process.running import flow
from tests.insight import world

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

SINCE, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def events() -> list[Event]:
    shop = world.open_shop()
    world.completed(shop, world.paid(shop))
    world.paid(shop, remark="<请&快>")
    return list(Event.objects.order_by("at", "id"))


def test_csv_and_parquet_have_every_event_in_order(events: list[Event], tmp_path: Path) -> None:
    for form in ("csv", "parquet"):
        assert export(form, tmp_path / form, SINCE, UNTIL) == len(events)
    with (tmp_path / "csv").open(encoding="utf-8-sig", newline="") as lines:
        said = list(csv.DictReader(lines))
    named = [f"{one.process}.{one.step}" for one in events]
    assert [row["activity"] for row in said] == named
    table = pq.read_table(tmp_path / "parquet").to_pylist()
    assert [(row["id"], row["activity"]) for row in table] == [
        (one.id, f"{one.process}.{one.step}") for one in events
    ]


def test_xes_is_read_by_another_program_with_all_events(
    events: list[Event], tmp_path: Path
) -> None:
    file = tmp_path / "log.xes"
    assert export("xes", file, SINCE, UNTIL) == len(events)
    theirs = pm4py.read_xes(str(file))
    assert len(theirs) == len(events)
    assert theirs["case:concept:name"].nunique() == len({one.case_no for one in events})
    ours = list(from_xes(file))
    by_case = sorted(events, key=lambda one: (one.case_no, one.at, one.id))
    assert [(one.case, one.activity, one.at) for one in ours] == [
        (one.case_no, f"{one.process}.{one.step}", one.at) for one in by_case
    ]


def test_ocel_is_valid_and_read_with_all_events_and_objects(
    events: list[Event], tmp_path: Path
) -> None:
    objects = {(one.process, one.object_id) for one in events}
    cases = {one.case_no for one in events}
    relations = 2 * len(events)
    for form, read in (
        ("ocel.json", pm4py.read_ocel2_json),
        ("ocel.sqlite", pm4py.read_ocel2_sqlite),
    ):
        file = tmp_path / f"log.{form.rpartition('.')[2]}"
        assert export(form, file, SINCE, UNTIL) == len(events)
        theirs = read(str(file))
        assert len(theirs.events) == len(events)
        assert len(theirs.objects) == len(objects) + len(cases)
        assert len(theirs.relations) == relations
        ours = list(from_ocel(file, "order"))
        assert len(ours) == sum(one.process == "order" for one in events)


def test_the_relational_form_has_no_unsatisfied_rule(events: list[Event], tmp_path: Path) -> None:
    file = tmp_path / "log.sqlite"
    export("ocel.sqlite", file, SINCE, UNTIL)
    satisfied, unsatisfied = ocel20_rel_validation.apply(str(file))
    assert list(unsatisfied) == []
    assert len(satisfied) > 5


@pytest.mark.parametrize("form", ["csv", "xes", "ocel.json", "ocel.sqlite"])
def test_our_own_log_fits_the_definition_when_it_comes_back(tmp_path: Path, form: str) -> None:
    """Two lines make two reservations, which must not be taken for one."""
    shop = world.open_shop()
    wishes = checkout.Wishes(delivery="standard", remark="", purses=frozenset())
    order = world.placed_as(wishes, {shop.tea: 2, shop.cup: 1})
    world.pay(shop, order)
    world.completed(shop, world.paid(shop))
    file = tmp_path / f"log.{form.rpartition('.')[2]}"
    count = export(form, file, SINCE, UNTIL)
    found = {
        "csv": lambda: from_csv(
            file, Columns(case="case", activity="activity", at="timestamp", role="role")
        ),
        "xes": lambda: from_xes(file),
    }.get(form, lambda: from_ocel(file, "purchase"))()
    assert import_log(found, tmp_path / "log.parquet") == count
    log = logs.read(logs.connect(), "back", [tmp_path / "log.parquet"])
    assert check(log, flow()).share == 1.0


def test_an_unknown_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="没有这种格式"):
        export("docx", tmp_path / "x", SINCE, UNTIL)
    assert not (tmp_path / "x").exists()
    assert "xes" in WRITERS
