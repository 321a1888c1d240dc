"""The line that can be cut does to a connection what it says."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from tests.faults.proxy import Cut, Proxy


class _Counting(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked: list[bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(body)
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"taken")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@pytest.fixture
def line() -> Iterator[tuple[Proxy, list[bytes]]]:
    asked: list[bytes] = []
    handler = type("Handler", (_Counting,), {"asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Proxy(server.server_port, chance=random.Random(1), patience=0.4) as proxy:
        yield proxy, asked
    server.shutdown()
    server.server_close()


def test_an_uncut_line_gives_request_and_answer_through(line: tuple[Proxy, list[bytes]]) -> None:
    proxy, asked = line
    with requests.Session() as session:
        for n in range(3):
            assert session.post(proxy.url, data=str(n), timeout=2).text == "taken"
    assert asked == [b"0", b"1", b"2"]
    assert proxy.counts == {Cut.NONE: 3}


@pytest.mark.parametrize(
    ("cut", "arrived"),
    [
        (Cut.REFUSE, 0),
        (Cut.BLACK_HOLE, 0),
        (Cut.SWALLOW, 1),
    ],
)
def test_a_cut_line_gives_no_answer_and_the_request_through_or_not(
    line: tuple[Proxy, list[bytes]], cut: Cut, arrived: int
) -> None:
    proxy, asked = line
    proxy.next(cut)
    with pytest.raises(requests.RequestException):
        requests.post(proxy.url, data="x", timeout=2)
    assert len(asked) == arrived
    assert requests.post(proxy.url, data="again", timeout=2).text == "taken"


def test_a_half_answer_is_never_taken_for_the_whole(line: tuple[Proxy, list[bytes]]) -> None:
    proxy, asked = line
    for _ in range(10):
        proxy.next(Cut.HALF)
        with suppress(requests.RequestException):
            assert requests.post(proxy.url, data="x", timeout=2).text != "taken"
    assert len(asked) == 10


def test_a_delayed_answer_comes(line: tuple[Proxy, list[bytes]]) -> None:
    proxy, asked = line
    proxy.next(Cut.DELAY)
    began = time.monotonic()
    assert requests.post(proxy.url, data="x", timeout=2).text == "taken"
    assert time.monotonic() - began >= 0.1
    assert asked == [b"x"]


def test_a_share_of_the_requests_is_cut(line: tuple[Proxy, list[bytes]]) -> None:
    proxy, _ = line
    proxy.rate = 0.5
    for _ in range(20):
        try:
            requests.post(proxy.url, data="x", timeout=2)
        except requests.RequestException:
            continue
    assert 3 <= proxy.counts[Cut.NONE] <= 17
    assert sum(proxy.counts.values()) == 20
