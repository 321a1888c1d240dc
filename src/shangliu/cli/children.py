"""Child processes: started, watched, prefixed in the log, and never left behind."""

from __future__ import annotations

import ctypes
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
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_COLOURS = {"web": 36, "stream": 34, "worker": 35, "alipay": 32, "kuaidi100": 33, "finance": 90}
_PR_SET_PDEATHSIG = 1


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
        self._next_start = 0.0

    def start(self) -> None:
        self._ready.clear()
        self._process = subprocess.Popen(
            self.spec.command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            bufsize=1,
            start_new_session=True,
            preexec_fn=_die_with_parent(),
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
            wait = min(0.5 * 2**self._failures, 30.0)
            self._failures += 1
            self._next_start = time.monotonic() + wait
            self._say(f"ended with {self._process.returncode}; again in {wait:.1f} s")
        elif time.monotonic() >= self._next_start:
            self._next_start = 0.0
            end_group(self._process.pid)
            self.start()

    def wait_ready(self, seconds: float, stopping: threading.Event) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not stopping.is_set():
            if self._process is not None and self._process.poll() is not None:
                return False
            if self._ready.is_set() or self._healthy():
                return True
            time.sleep(0.1)
        return False

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float) -> None:
        """Wait for the end; whoever does not come to one is killed with all of its children."""
        if self._process is None:
            return
        try:
            self._process.wait(seconds)
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
        name = f"{self.spec.name:<9}"
        if sys.stdout.isatty():
            name = f"\x1b[{_COLOURS.get(self.spec.name, 37)}m{name}\x1b[0m"
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


def end_leftovers(run_dir: Path) -> None:
    """End what a killed supervisor left running: only processes that are really ours."""
    for file in run_dir.glob("*.pid"):
        try:
            known = json.loads(file.read_text())
        except ValueError:
            known = {}
        pid = known.get("pid")
        if isinstance(pid, int) and _is_ours(pid):
            end_group(pid)
        file.unlink(missing_ok=True)


def end_group(pid: int) -> None:
    """Kill a process with all of its children; they may be gone already."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def port_is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _is_ours(pid: int) -> bool:
    said = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], check=False, capture_output=True, text=True
    ).stdout
    return any(word in said for word in ("shangliu", "simulators."))


def _die_with_parent() -> Callable[[], None] | None:
    """On Linux the kernel ends a child whose parent was killed."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    return ask
