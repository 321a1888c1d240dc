"""`/healthz`: what is down is named, and nobody waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.conf import settings
from django.test import Client, override_settings

from shangliu.platform import clock
from shangliu.platform.models import Heartbeat, Outbox

pytestmark = pytest.mark.django_db


class Stream(BaseHTTPRequestHandler):
    """A stream process that is well, or one that takes its time."""

    wait = 0.0

    def do_GET(self) -> None:
        time.sleep(self.wait)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


class SlowStream(Stream):
    wait = 4.0


@contextmanager
def stream(handler: type[Stream] = Stream) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        env = replace(settings.SHANGLIU, port=server.server_port - 1, simulators=False)
        with override_settings(SHANGLIU=env):
            yield
        server.shutdown()


def beat(seconds_ago: float = 0) -> None:
    at = clock.now() - timedelta(seconds=seconds_ago)
    Heartbeat.objects.update_or_create(name="outbox", defaults={"beat_at": at})


def down() -> tuple[int, list[str]]:
    answer = Client().get("/healthz")
    components = answer.json()["components"]
    assert answer.json()["ok"] == all(one["ok"] for one in components.values())
    return answer.status_code, [name for name, one in components.items() if not one["ok"]]


def test_all_is_well_when_every_component_answers() -> None:
    beat()
    with stream():
        assert down() == (200, [])


@pytest.mark.parametrize(("age", "answer"), [(20, (200, [])), (31, (503, ["jobs"]))])
def test_a_worker_that_went_silent_is_down_after_half_a_minute(
    age: float, answer: tuple[int, list[str]]
) -> None:
    beat(seconds_ago=age)
    with stream():
        assert down() == answer


def test_without_any_worker_the_jobs_are_down() -> None:
    with stream():
        assert down() == (503, ["jobs"])


def test_a_letter_that_waits_for_five_minutes_is_a_fault() -> None:
    beat()
    waiting = clock.now() - timedelta(minutes=6)
    Outbox.objects.create(topic="mail", ordering="T1", body={}, created_at=waiting, due_at=waiting)
    with stream():
        assert down() == (503, ["outbox"])


def test_each_topic_says_what_it_still_holds() -> None:
    beat()
    waiting = clock.now() - timedelta(seconds=90)
    given = {"ordering": "T1", "body": {}, "created_at": waiting, "due_at": waiting}
    Outbox.objects.create(topic="refund.execute", **given)
    Outbox.objects.create(topic="finance.settled", dead_at=waiting, error="away", **given)
    with stream():
        answer = Client().get("/healthz").json()["components"]["outbox"]
    assert answer["ok"] is True
    assert answer["dead"] == 1
    assert list(answer["topics"]) == ["finance.settled", "refund.execute"]
    assert answer["topics"]["finance.settled"] == {"waiting": 0, "lag_seconds": 0.0, "dead": 1}
    assert answer["topics"]["refund.execute"]["waiting"] == 1
    assert 90 <= answer["topics"]["refund.execute"]["lag_seconds"] < 100


def test_a_component_that_hangs_is_given_one_second() -> None:
    beat()
    with stream(SlowStream):
        began = time.monotonic()
        assert down() == (503, ["stream"])
        assert time.monotonic() - began < 2.5
