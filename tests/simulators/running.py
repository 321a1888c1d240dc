"""Simulators as real programs of their own, and an ear for what they send."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import requests

SOURCES = Path(__file__).resolve().parents[2] / "src"


@dataclass
class Simulator:
    """A running simulator. `sim` posts to its control interface, `look` reads from it."""

    name: str
    port: int
    folder: Path
    more: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", f"simulators.{self.name}", "--port", str(self.port)),
                *("--data", str(self.folder), *self.more),
            ],
            env={**os.environ, "PYTHONPATH": str(SOURCES)},
            stdout=subprocess.DEVNULL,
        )
        until(self._answers, "the simulator answers", seconds=20)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(10)

    def sim(self, path: str, **said: object) -> Any:
        answer = requests.post(f"{self.url}/_sim/{path}", data=said, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def look(self, path: str, **said: str) -> Any:
        answer = requests.get(f"{self.url}/_sim/{path}", params=said, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def wait_attempts(self, path: str, count: int) -> None:
        """Until the newest message of the list at `path` was sent `count` times."""
        until(lambda: self.look(path)[0]["attempts"] == count, f"send {count} is written down")

    def _answers(self) -> bool:
        assert self.process.poll() is None, f"{self.name} ended with {self.process.returncode}"
        try:
            return requests.get(f"{self.url}/healthz", timeout=1).status_code == 200
        except requests.ConnectionError:
            return False


@contextmanager
def simulator(name: str, folder: Path, *more: str) -> Iterator[Simulator]:
    one = Simulator(name, free_port(), folder, more)
    one.start()
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.stop()


class Ear:
    """Keeps every body that is posted to it and its headers; answers with `answer` (status and
    body)."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.answer = (200, b"success")
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, said = ear.answer
                self.send_response(status)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)
                ear.headers.append(dict(self.headers.items()))
                ear.heard.append(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Tests are quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hear"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def forms(self) -> list[dict[str, str]]:
        return [dict(parse_qsl(body.decode())) for body in self.heard]

    def wait(self, count: int) -> list[dict[str, str]]:
        """The forms, once there are `count` of them."""
        until(lambda: len(self.heard) >= count, f"{count} messages; there are {len(self.heard)}")
        return self.forms()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@contextmanager
def ear() -> Iterator[Ear]:
    one = Ear()
    try:
        yield one
    finally:
        one.close()


def until(true: Callable[[], object], what: str, *, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s in vain for: {what}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
