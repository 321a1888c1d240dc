"""Child processes: started, watched, prefixed in the log, and never left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from shangliu.cli.processes import end_group

_COLOURS = {
    "web": 36,
    "stream": 34,
    "worker": 35,
    "alipay": 32,
    "kuaidi100": 33,
    "finance": 90,
    "wechat": 92,
    "stripe": 95,
    "life": 94,
}
_CALM = (
    60.0  # seconds after which a process that runs is no longer taken for one that keeps crashing
)


@dataclass(frozen=True, slots=True)
class Spec:
    """A program. `health` None: it is ready when it says `ready` on a line of its own."""

    name: str
    command: tuple[str, ...]
    health: str | None


class Child:
    """One running program. A crash is answered by a new start, ever more slowly."""

    def __init__(self, spec: Spec, run_dir: Path) -> None:
        self.spec = spec
        self._file = run_dir / f"{spec.name}.pid"
        self._process: subprocess.Popen[str] | None = None
        self._ready = threading.Event()
        self._failures = 0
        self._next_start = self._started = 0.0

    def start(self) -> None:
        """Start it. Its standard input says nothing, and ends when this process does."""
        self._ready.clear()
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            self.spec.command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.PIPE,
            text=True,
            errors="replace",
            bufsize=1,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps({"pid": self._process.pid, "name": self.spec.name}))
        threading.Thread(target=self._forward, args=(self._process,), daemon=True).start()

    def keep_alive(self) -> None:
        """Start again what has ended by itself: after 0.5, 1, 2 … at most 30 seconds."""
        if self._process is None or self._process.poll() is None:
            return
        if self._next_start == 0.0:
            if time.monotonic() - self._started > _CALM:
                self._failures = 0
            wait = min(0.5 * 2**self._failures, 30.0)
            self._failures += 1
            self._next_start = time.monotonic() + wait
            self._say(f"ended with {self._process.returncode}; again in {wait:.1f} s")
        elif time.monotonic() >= self._next_start:
            self._next_start = 0.0
            end_group(self._process.pid)
            self.start()

    def wait_ready(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._process is not None and self._process.poll() is not None:
                return False
            if self._ready.is_set() or self._healthy():
                return True
            time.sleep(0.1)
        return False

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def wait(self, end: float) -> None:
        """Wait until `end` on the monotonic clock; who still runs then is killed, children too."""
        if self._process is None:
            return
        try:
            self._process.wait(max(end - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            self._say("does not stop, killed")
        end_group(self._process.pid)
        self._file.unlink(missing_ok=True)

    def _healthy(self) -> bool:
        return self.spec.health is not None and answers(self.spec.health)

    def _forward(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None  # noqa: S101 - it is piped
        for line in process.stdout:
            if line.strip() == "ready":
                self._ready.set()
            else:
                self._say(line.rstrip())

    def _say(self, text: str) -> None:
        say(self.spec.name, text)


def say(who: str, text: str) -> None:
    """A line of the common log. Work goes on when nobody reads it any more."""
    name = f"{who:<9}"
    if sys.stdout.isatty():
        name = f"\x1b[{_COLOURS.get(who, 37)}m{name}\x1b[0m"
    with suppress(OSError):
        print(f"{name} | {text}", flush=True)


def answers(url: str) -> bool:
    """Whether something answers there at all (also with an error: it is up)."""
    try:
        with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - our own loopback addresses
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def port_is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
