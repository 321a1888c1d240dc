"""The worker dies at the worst moment: between a commit and what must follow it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import connection

from shangliu.domain.notifications.models import Message, WebhookDelivery
from shangliu.domain.notifications.webhooks import sign
from shangliu.platform import clock
from shangliu.platform.models import Outbox
from tests.insight.world import buyer, open_shop, paid

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "finance-secret"


class Receiver(ThreadingHTTPServer):
    """A finance system that can be told not to answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.arrived: list[tuple[int, str]] = []
        self.answering = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        said = json.loads(body)
        right = sign(SECRET, self.headers["Shangliu-Timestamp"], body)
        assert self.headers["Shangliu-Signature"] == right
        self.server.arrived.append((said["id"], said["topic"]))
        self.server.answering.wait(30)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@contextmanager
def worker(receiver: Receiver) -> Iterator[subprocess.Popen[str]]:
    """A real worker process on the test's own database."""
    at = connection.settings_dict
    who = f"{at['USER']}:{at['PASSWORD']}"
    url = f"postgresql://{who}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
    process = subprocess.Popen(
        [sys.executable, "-m", "shangliu.config.command", "worker"],
        env={
            **os.environ,
            "DATABASE_URL": url,
            "FINANCE_WEBHOOK_URL": receiver.url,
            "FINANCE_WEBHOOK_SECRET": SECRET,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_what_a_killed_worker_was_sending_is_sent_by_the_next_one_and_booked_once() -> None:
    receiver = Receiver()
    paid(open_shop(), user=buyer())
    waiting = Outbox.objects.filter(done_at__isnull=True)
    letters = waiting.count()
    assert letters == 3

    with worker(receiver) as first:
        until(lambda: len(receiver.arrived) == 1)
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    receiver.answering.set()
    assert waiting.filter(topic="finance.order_paid").count() == 1
    assert not WebhookDelivery.objects.exists()

    waiting.update(due_at=clock.now() - timedelta(seconds=1))
    with worker(receiver):
        until(lambda: not waiting.exists())

    events = {event for event, _ in receiver.arrived}
    assert len(receiver.arrived) >= 2
    assert len(events) == 1
    assert WebhookDelivery.objects.count() == 1
    templates = Message.objects.filter(channel="site").values_list("template", flat=True)
    assert sorted(templates) == ["order_paid", "order_placed"]


def test_a_receiver_that_refuses_is_asked_again_later_and_nothing_is_lost() -> None:
    receiver = Receiver()
    receiver.shutdown()
    receiver.server_close()
    paid(open_shop(), user=buyer())
    pushed = Outbox.objects.filter(topic="finance.order_paid")
    with worker(receiver):
        until(lambda: pushed.get().attempts >= 2)
    letter = pushed.get()
    told = Message.objects.filter(channel="site").values_list("template", flat=True)
    assert sorted(told) == ["order_paid", "order_placed"], "others do not wait for finance"
    assert letter.done_at is None
    assert letter.dead_at is None
    assert letter.error.startswith("ProviderError: finance")
    assert letter.due_at > letter.created_at
