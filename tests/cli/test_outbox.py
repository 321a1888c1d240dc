"""`shangliu outbox`: reasons to read, letters to send again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.conf import settings

from shangliu.cli import main
from shangliu.platform import clock
from shangliu.platform.models import Outbox

pytestmark = pytest.mark.django_db


def dead(topic: str) -> Outbox:
    moment = clock.now()
    return Outbox.objects.create(
        topic=topic,
        ordering="T1",
        body={"process": "order", "id": 1, "step": "pay", "case": "T1"},
        event_id=1,
        created_at=moment,
        due_at=moment,
        dead_at=moment,
        attempts=10,
        error="ProviderError: finance answered 503",
    )


def shangliu(*command: str) -> int:
    return main.run(settings.SHANGLIU, command)


@pytest.fixture(autouse=True)
def _own_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command serves the embedded server of its environment; the test has its own."""
    monkeypatch.setattr(main, "serve", lambda env, tell: None)


def said(capsys: pytest.CaptureFixture[str], command: Sequence[str]) -> tuple[int, str]:
    status = shangliu("outbox", *command)
    return status, capsys.readouterr().out


def test_dead_letters_are_listed_with_their_reason(capsys: pytest.CaptureFixture[str]) -> None:
    one = dead("finance.order_paid")
    status, text = said(capsys, ["list"])
    assert status == 1
    assert f"{one.pk}  finance.order_paid  T1  已放弃 dead" in text
    assert "ProviderError: finance answered 503" in text
    assert "finance.order_paid: 等待 waiting 0, 已放弃 dead 1" in text
    assert said(capsys, ["list", "--topic", "notice.order_paid"])[0] == 0


def test_an_empty_outbox_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, ["list"]) == (0, "没有放弃的信件 / no dead letters\n")


def test_letters_are_sent_again_by_number_and_by_topic(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second, third = dead("finance.settled"), dead("refund.execute"), dead("refund.execute")
    assert said(capsys, ["redrive", str(first.pk)])[0] == 0
    assert Outbox.objects.get(pk=first.pk).dead_at is None
    assert said(capsys, ["redrive", "--topic", "refund.execute"])[1].startswith("重新投递 2 封")
    assert not Outbox.objects.filter(dead_at__isnull=False, pk__in=[second.pk, third.pk]).exists()
    assert said(capsys, ["redrive", str(first.pk)])[0] == 1


@pytest.mark.parametrize("command", [[], ["1", "--topic", "refund.execute"]])
def test_what_to_send_again_must_be_said_once(command: list[str]) -> None:
    one = dead("refund.execute")
    with pytest.raises(SystemExit, match="--topic"):
        shangliu("outbox", "redrive", *command)
    assert Outbox.objects.get(pk=one.pk).dead_at is not None
