"""The signed webhook and the finance simulator, over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shangliu.domain.notifications.models import WebhookDelivery
from shangliu.domain.notifications.webhooks import Endpoint, NotTaken, push
from shangliu.platform import clock
from tests.simulators.running import Simulator, simulator

SECRET = "shared"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def finance(tmp_path: Path) -> Iterator[Simulator]:
    with simulator("finance", tmp_path, "--secret", SECRET) as one:
        yield one


def _push(finance: Simulator, *, secret: str = SECRET) -> None:
    push(
        Endpoint(f"{finance.url}/hook", secret),
        event_id=7,
        topic="finance.order_paid",
        case_no="C1",
        payload={"amount_fen": 8800},
    )


def test_an_event_arrives_once_however_often_it_is_pushed(finance: Simulator) -> None:
    _push(finance)
    _push(finance)

    kept = finance.look("events", case="C1")
    assert [(one["event_id"], one["topic"], one["deliveries"]) for one in kept] == [
        ("7", "finance.order_paid", 1)
    ]
    assert WebhookDelivery.objects.get().status == 200


def test_a_failing_receiver_gets_it_again(finance: Simulator) -> None:
    finance.sim("fail", times=1)

    with pytest.raises(NotTaken):
        _push(finance)
    assert not WebhookDelivery.objects.exists()
    _push(finance)

    assert len(finance.look("events")) == 1


def test_another_secret_or_an_old_clock_is_not_taken(finance: Simulator) -> None:
    with pytest.raises(NotTaken, match="401"):
        _push(finance, secret="guessed")
    with clock.at(clock.now() - timedelta(minutes=6)), pytest.raises(NotTaken, match="400"):
        _push(finance)

    assert finance.look("events") == []
