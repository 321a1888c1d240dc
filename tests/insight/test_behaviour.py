"""What visitors do is written down in batches, all of a batch or nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError

from shangliu.insight import behaviour
from shangliu.insight.behaviour import Seen
from shangliu.insight.models import Behaviour

AT = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nobody_else_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer's thread would take what a test means to flush itself, on another connection."""
    monkeypatch.setattr(behaviour._Writer, "_start", lambda self: None)
    monkeypatch.setattr(behaviour, "_writer", behaviour._Writer())


@pytest.mark.django_db
def test_what_was_seen_is_written_as_it_was() -> None:
    behaviour.record(Seen(at=AT, visit="v1", step="browse", about="a\tb\\c\n", source="站外"))
    behaviour.record(Seen(at=AT, visit="v1", step="view_product", prev="browse", user_id=7))

    assert behaviour.flush() == 2

    rows = Behaviour.objects.filter(visit="v1").order_by("id")
    assert list(rows.values_list("at", "step", "prev", "about", "source", "user_id")) == [
        (AT, "browse", "", "a\tb\\c\n", "站外", None),
        (AT, "view_product", "browse", "", "", 7),
    ]


@pytest.mark.django_db
def test_a_batch_that_cannot_be_written_waits_for_the_next_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    behaviour.record(Seen(at=AT, visit="v2", step="browse"))
    with monkeypatch.context() as broken:
        broken.setattr(Behaviour._meta, "db_table", "no_such_table")
        with pytest.raises(DatabaseError):
            behaviour.flush()

    assert behaviour.flush() == 1
    assert Behaviour.objects.filter(visit="v2").count() == 1
