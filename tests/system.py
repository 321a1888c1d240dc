"""The whole product, started as its users start it, on ports and data of its own."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from shangliu.platform.env import embedded_url

STAFF = {
    "yunying": ["operations"],
    "cangku": ["warehouse"],
    "kefu": ["service"],
    "caiwu": ["finance"],
    "admin": ["admin"],
}
PASSWORD = "shangliu-test-2026"
_OFFSETS = (0, 1, 11, 12, 13, 14, 15)

_MAKE_STAFF = """
import django; django.setup()
import json, sys
from shangliu.domain.crm.models import User
for login, roles in json.loads(sys.argv[1]).items():
    user = User(login=login, name=login, roles=roles, is_staff=True)
    user.set_password(sys.argv[2])
    user.save()
"""


@dataclass
class System:
    """A running shop. `said` is what the supervisor printed so far."""

    port: int
    data: Path
    process: subprocess.Popen[str]
    log: Path
    environ: Mapping[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def alipay(self) -> str:
        return f"http://127.0.0.1:{self.port + 11}"

    @property
    def carrier(self) -> str:
        return f"http://127.0.0.1:{self.port + 12}"

    @property
    def wechat(self) -> str:
        return f"http://127.0.0.1:{self.port + 14}"

    @property
    def stripe(self) -> str:
        return f"http://127.0.0.1:{self.port + 15}"

    @property
    def finance(self) -> str:
        return f"http://127.0.0.1:{self.port + 13}"

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8")

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the shop's database beside the shop."""
        with psycopg.connect(embedded_url(self.data)) as connection:
            return connection.execute(sql, values).fetchall()

    def run(self, *command: str) -> str:
        """Run a `shangliu` command on this shop's data."""
        done = subprocess.run(
            [sys.executable, "-m", "shangliu.config.command", *command],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def health(self) -> tuple[int, dict[str, Any]]:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def wait_healthy(self, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with suppress(OSError):
                if self.health()[0] == 200:
                    return
            time.sleep(0.3)
        raise AssertionError(f"not healthy in {seconds} s:\n{self.said[-4000:]}")

    def wait_ready(self, seconds: float) -> None:
        """Healthy, and the supervisor has seen it too: its ready lines are printed."""
        end = time.monotonic() + seconds
        self.wait_healthy(seconds)
        while "就绪" not in self.said:
            assert time.monotonic() < end, f"no ready line in {seconds} s:\n{self.said[-4000:]}"
            time.sleep(0.1)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@contextmanager
def running(*, demo: bool = False, **environ: str) -> Iterator[System]:
    """`shangliu up` in a fresh data directory; everything of it is gone afterwards."""
    data = Path(tempfile.mkdtemp(prefix="system-", dir=os.environ["DATA_DIR"]))
    data.chmod(0o755)
    port = free_ports()
    given = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "DEBUG", "SECRET_KEY")
    }
    given |= {"DATA_DIR": str(data), "PORT": str(port), "PYTHONUNBUFFERED": "1", **environ}
    log = data / "supervisor.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "shangliu.config.command", "up", *([] if demo else ["--empty"])],
            env=given,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
        )
    system = System(port, data, process, log, given)
    try:
        system.wait_ready(240 if demo else 90)
        yield system
    finally:
        if process.poll() is None:
            try:
                system.stop()
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(data, ignore_errors=True)


def make_staff(system: System) -> None:
    """One account for every role, all with `PASSWORD`."""
    subprocess.run(
        [sys.executable, "-c", _MAKE_STAFF, json.dumps(STAFF), PASSWORD],
        env={
            **system.environ,
            "DATABASE_URL": embedded_url(system.data),
            "DJANGO_SETTINGS_MODULE": "shangliu.config.settings",
        },
        check=True,
    )


def free_ports() -> int:
    """A port that is free together with those that count up from it. They lie below those that
    systems give to outgoing connections, which may take one at any moment."""
    for port in random.sample(range(10_000, 32_000, 20), 200):
        if all(_is_free(port + offset) for offset in _OFFSETS):
            return port
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
