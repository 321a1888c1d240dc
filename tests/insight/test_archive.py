"""Old months leave the database for files, and nobody misses them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from shangliu.domain.orders.models import Order
from shangliu.flow.drawing import graph
from shangliu.insight import archive as archives
from shangliu.insight.archive import archive, archived, archived_until, make_months, months
from shangliu.insight.mining import log as logs
from shangliu.insight.mining.exports import export
from shangliu.insight.mining.log import CaseOf
from shangliu.insight.mining.source import archive_due, refresh
from shangliu.insight.trace import events_of, trace
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.process.models import Event
from tests.insight import world

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture
def then() -> datetime:
    return clock.now() - timedelta(days=180)


@pytest.fixture
def shop(settings: Settings, tmp_path: Path, then: datetime) -> world.Shop:
    settings.EVENT_ARCHIVE = tmp_path / "events"
    with connection.cursor() as cursor:
        cursor.execute("SELECT process_event_months(%s, %s)", [then, then])
    with clock.at(then):
        return world.open_shop()


@pytest.fixture
def case_no(shop: world.Shop, then: datetime) -> str:
    """A purchase of half a year ago."""
    with clock.at(then):
        return world.completed(shop, world.paid(shop)).case_no


def test_an_archived_purchase_is_traced_as_before(case_no: str, settings: Settings) -> None:
    before = trace(graph(), cases=[case_no])
    assert archived_until(settings.EVENT_ARCHIVE) is None
    old = months()[0]
    assert old.rows == Event.objects.count() > 20
    file = archive(old, settings.EVENT_ARCHIVE)
    assert file.exists()
    assert not Event.objects.exists()
    assert archived_until(settings.EVENT_ARCHIVE) == old.over
    assert old.name not in {month.name for month in months()}
    after = trace(graph(), cases=[case_no])
    assert after.path == before.path
    for one, was in zip(after.events, before.events, strict=True):
        assert [getattr(one, field.attname) for field in Event._meta.fields] == [
            getattr(was, field.attname) for field in Event._meta.fields
        ]
    assert trace(graph(), cases=["T-unknown"]).events == ()


def test_each_of_many_purchases_is_found_in_its_part_of_the_file(
    shop: world.Shop,
    case_no: str,
    then: datetime,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archives, "_BATCH", 7)
    with clock.at(then):
        cases = [case_no, *(world.paid(shop).case_no for _ in range(4))]
    before = {case: trace(graph(), cases=[case]).events for case in cases}
    archive(months()[0], settings.EVENT_ARCHIVE)
    after = {case: trace(graph(), cases=[case]).events for case in cases}
    assert after == before
    assert sorted(archived(settings.EVENT_ARCHIVE, cases), key=lambda event: event.pk) == sorted(
        (event for events in before.values() for event in events), key=lambda event: event.pk
    )


def test_old_months_go_by_themselves_and_nothing_is_lost_to_a_page_a_miner_or_an_export(
    shop: world.Shop, case_no: str, then: datetime, settings: Settings, tmp_path: Path
) -> None:
    young = world.paid(shop).case_no
    since, until = then - timedelta(days=40), clock.now() + timedelta(days=1)
    order = Order.objects.get(case_no=case_no)
    life = [event.pk for event in events_of("order", order)]
    forms = ("csv", "xes")
    before = {form: _exported(form, tmp_path, since, until) for form in forms}
    mined = logs.read(logs.connect(), "own", refresh(tmp_path / "other", CaseOf.PURCHASE)).count()

    files = list(archive_due(settings.EVENT_ARCHIVE, tmp_path / "log"))
    assert [file.stem for file in files] == [f"{then:%Y-%m}"]
    assert set(Event.objects.values_list("case_no", flat=True)) >= {young}
    assert not Event.objects.filter(case_no=case_no).exists()
    assert [event.pk for event in events_of("order", order)] == life
    assert {form: _exported(form, tmp_path, since, until) for form in forms} == before
    again = refresh(tmp_path / "log", CaseOf.PURCHASE)
    assert logs.read(logs.connect(), "own", again).count() == mined
    assert list(archive_due(settings.EVENT_ARCHIVE, tmp_path / "log")) == []


def _exported(form: str, folder: Path, since: datetime, until: datetime) -> str:
    assert export(form, folder / form, since, until) > 30
    return (folder / form).read_text("utf-8")


def test_a_young_month_stays(case_no: str, settings: Settings) -> None:
    now = months()[-1]
    with pytest.raises(Refused, match="还不能归档"):
        archive(now, settings.EVENT_ARCHIVE)
    assert now.name in {month.name for month in months()}
    assert not settings.EVENT_ARCHIVE.exists()


def test_a_file_that_differs_drops_nothing(
    case_no: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_read_back", lambda file: iter([[("something else",)]]))
    rows = Event.objects.count()
    with pytest.raises(Refused, match="不一致"):
        archive(months()[0], settings.EVENT_ARCHIVE)
    assert Event.objects.count() == rows


def test_months_are_made_ahead(case_no: str) -> None:
    assert make_months() == 0
    with clock.ahead(timedelta(days=70)):
        assert make_months() >= 2
