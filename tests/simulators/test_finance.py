"""The finance simulator takes only what is signed, fresh and new."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.simulators.running import Simulator, simulator

SECRET = "shared"


@pytest.fixture
def finance(tmp_path: Path) -> Iterator[Simulator]:
    with simulator("finance", tmp_path, "--secret", SECRET) as one:
        yield one


def _send(
    finance: Simulator, event: str, *, secret: str = SECRET, age: int = 0, tail: bytes = b""
) -> int:
    body = json.dumps({"id": event, "topic": "finance.order_paid", "case": "C1"}).encode()
    stamp = str(int(time.time()) - age)
    signature = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    answer = requests.post(
        f"{finance.url}/hook",
        data=body + tail,
        headers={
            "Shangliu-Timestamp": stamp,
            "Shangliu-Signature": signature,
            "Shangliu-Event-Id": event,
        },
        timeout=10,
    )
    return answer.status_code


def test_an_event_is_kept_once_and_acknowledged_again(finance: Simulator) -> None:
    assert _send(finance, "1") == 200
    assert _send(finance, "1") == 200
    assert _send(finance, "2") == 200

    kept = finance.look("events", case="C1")
    assert [(one["event_id"], one["deliveries"]) for one in kept] == [("1", 2), ("2", 1)]


def test_forged_changed_and_old_webhooks_are_refused(finance: Simulator) -> None:
    assert _send(finance, "1", secret="other") == 401
    assert _send(finance, "1", tail=b" ") == 401
    assert _send(finance, "1", age=301) == 400
    assert finance.look("events") == []


def test_it_fails_as_often_as_it_is_told(finance: Simulator) -> None:
    finance.sim("fail", times=2)

    assert [_send(finance, "1") for _ in range(3)] == [503, 503, 200]
    assert len(finance.look("events")) == 1
    assert "finance.order_paid" in requests.get(finance.url, timeout=10).text
