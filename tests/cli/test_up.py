"""The whole product starts with one command, survives what is killed, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.system import System, running

CHILDREN = ("alipay", "kuaidi100", "finance", "worker", "web", "stream")


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with running() as started:
        yield started


def _pid(system: System, name: str) -> int:
    known = json.loads((system.data / "run" / f"{name}.pid").read_text())
    return int(known["pid"])


def _alive(pid: int) -> bool:
    said = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], check=False, capture_output=True, text=True
    ).stdout.strip()
    return bool(said) and not said.startswith("Z")


def _gone(pids: list[int], seconds: float = 15) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(_alive(pid) for pid in pids):
            return True
        time.sleep(0.2)
    return False


def test_the_ready_lines_say_where_everything_is(system: System) -> None:
    status, said = system.health()
    assert status == 200
    assert set(said["components"]) == {
        "database",
        "jobs",
        "outbox",
        "stream",
        "alipay",
        "kuaidi100",
        "finance",
    }
    assert all(component["ok"] for component in said["components"].values())
    assert f"{system.url}/staff/" in system.said
    assert "就绪" in system.said


@pytest.mark.parametrize("name", CHILDREN)
def test_a_killed_process_comes_back_by_itself(system: System, name: str) -> None:
    before = _pid(system, name)
    os.killpg(before, signal.SIGKILL)
    time.sleep(1)
    system.wait_healthy(60)
    assert _pid(system, name) != before


def test_a_killed_database_comes_back_with_everything_that_was_committed(system: System) -> None:
    count = "SELECT count(*) FROM django_migrations"
    migrations = system.rows(count)
    postmaster = int((system.data / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    time.sleep(1)
    system.wait_healthy(90)
    assert system.rows(count) == migrations


def test_a_taken_port_is_named_with_the_way_out(system: System) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "shangliu.config.command", "up", "--empty"],
        env={**system.environ, "DATA_DIR": str(system.data / "other")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"端口 {system.port}" in done.stderr
    assert "PORT=" in done.stderr


def test_a_killed_supervisor_leaves_no_orphans_and_the_next_start_is_clean() -> None:
    with running() as system:
        pids = [_pid(system, name) for name in CHILDREN]
        system.process.kill()
        system.process.wait()
        assert _gone(pids)
        again = subprocess.Popen(
            [sys.executable, "-m", "shangliu.config.command", "up", "--empty"],
            env=system.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            time.sleep(2)
            system.wait_healthy(90)
        finally:
            again.send_signal(signal.SIGINT)
            assert again.wait(60) == 0


def test_ctrl_c_stops_everything() -> None:
    with running() as system:
        pids = [_pid(system, name) for name in CHILDREN]
        postmaster = int((system.data / "postgres" / "postmaster.pid").read_text().split()[0])
        began = time.monotonic()
        assert system.stop() == 0
        assert time.monotonic() - began < 20
        assert _gone([*pids, postmaster])
        assert "已停止" in system.said
