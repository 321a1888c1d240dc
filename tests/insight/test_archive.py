"""Old months leave the database for files, and nobody misses them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from shangliu.flow.drawing import graph
from shangliu.insight import archive as archives
from shangliu.insight.archive import archive, make_months, months
from shangliu.insight.trace import trace
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.process.models import Event
from tests.insight import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def case_no(settings: Settings, tmp_path: Path) -> str:
    """A purchase of half a year ago."""
    settings.EVENT_ARCHIVE = tmp_path / "events"
    then = clock.now() - timedelta(days=180)
    with connection.cursor() as cursor:
        cursor.execute("SELECT process_event_months(%s, %s)", [then, then])
    with clock.at(then):
        shop = world.open_shop()
        return world.completed(shop, world.paid(shop)).case_no


def test_an_archived_purchase_is_traced_as_before(case_no: str, settings: Settings) -> None:
    before = trace(graph(), cases=[case_no])
    old = months()[0]
    assert old.rows == Event.objects.count() > 20
    file = archive(old, settings.EVENT_ARCHIVE)
    assert file.exists()
    assert not Event.objects.exists()
    assert old.name not in {month.name for month in months()}
    after = trace(graph(), cases=[case_no])
    assert after.path == before.path
    for one, was in zip(after.events, before.events, strict=True):
        assert [getattr(one, field.attname) for field in Event._meta.fields] == [
            getattr(was, field.attname) for field in Event._meta.fields
        ]
    assert trace(graph(), cases=["T-unknown"]).events == ()


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
