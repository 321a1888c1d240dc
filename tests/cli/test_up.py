"""The whole product starts with one command, survives what is killed, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.system import System, running

CHILDREN = ("alipay", "kuaidi100", "finance", "wechat", "stripe", "worker", "web", "stream", "life")
EVERYTHING = ("guard", *CHILDREN)


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with running() as started:
        yield started


def _pid(system: System, name: str) -> int:
    known = json.loads((system.data / "run" / f"{name}.pid").read_text())
    return int(known["pid"])


def _postmaster(system: System) -> int:
    return int((system.data / "postgres" / "postmaster.pid").read_text().split()[0])


def _wait_for_another(system: System, name: str, before: int) -> None:
    end = time.monotonic() + 30
    while _pid(system, name) == before:
        assert time.monotonic() < end, f"{name} did not come back"
        time.sleep(0.1)
    system.wait_healthy(60)


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
        "wechat",
        "stripe",
    }
    assert all(component["ok"] for component in said["components"].values())
    assert f"{system.url}/staff/" in system.said
    assert "就绪" in system.said


@pytest.mark.parametrize("name", CHILDREN)
def test_a_killed_process_comes_back_by_itself(system: System, name: str) -> None:
    before = _pid(system, name)
    os.killpg(before, signal.SIGKILL)
    _wait_for_another(system, name, before)


def test_a_killed_database_comes_back_with_everything_that_was_committed(system: System) -> None:
    count = "SELECT count(*) FROM django_migrations"
    migrations = system.rows(count)
    os.kill(_postmaster(system), signal.SIGKILL)
    time.sleep(1)
    system.wait_healthy(90)
    assert system.rows(count) == migrations


def test_web_workers_that_lost_their_parent_give_way_to_new_ones(system: System) -> None:
    before = _pid(system, "web")
    os.kill(before, signal.SIGKILL)
    _wait_for_another(system, "web", before)
    assert _gone([process.pid for process in psutil.process_iter() if _group(process) == before])


def test_a_component_that_does_not_answer_is_down_until_it_does(system: System) -> None:
    carrier = _pid(system, "kuaidi100")
    os.kill(carrier, signal.SIGSTOP)
    try:
        began = time.monotonic()
        status, said = system.health()
        assert time.monotonic() - began < 3
    finally:
        os.kill(carrier, signal.SIGCONT)
    assert status == 503
    assert said["ok"] is False
    assert [name for name, one in said["components"].items() if not one["ok"]] == ["kuaidi100"]
    system.wait_healthy(20)
    assert "kuaidi100  ok" in system.run("check-health")


def test_a_second_start_on_the_same_data_is_refused_and_disturbs_nothing(system: System) -> None:
    before = [_pid(system, name) for name in EVERYTHING]
    done = subprocess.run(
        [sys.executable, "-m", "shangliu.config.command", "up", "--empty"],
        env=system.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"{system.data} 的商城已在运行" in done.stderr
    assert [_pid(system, name) for name in EVERYTHING] == before
    assert all(_alive(pid) for pid in before)


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
        pids = [_postmaster(system), *(_pid(system, name) for name in EVERYTHING)]
        system.process.kill()
        system.process.wait()
        assert _gone(pids, 20)
        _starts_again(system)


def test_when_everything_is_killed_at_once_the_next_start_is_clean() -> None:
    """All but the web's own workers, who know nothing of it and keep the port."""
    with running() as system:
        web = _pid(system, "web")
        doomed = [system.process.pid, *(_pid(system, name) for name in EVERYTHING)]
        for pid in (*doomed, _postmaster(system)):
            os.kill(pid, signal.SIGKILL)
        system.process.wait()
        assert [process for process in psutil.process_iter() if _group(process) == web]
        _starts_again(system)


def _starts_again(system: System) -> None:
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


def _group(process: psutil.Process) -> int:
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return 0


def test_ctrl_c_stops_everything() -> None:
    with running() as system:
        pids = [_pid(system, name) for name in EVERYTHING]
        postmaster = _postmaster(system)
        began = time.monotonic()
        assert system.stop() == 0
        assert time.monotonic() - began < 20
        assert _gone([*pids, postmaster])
        assert "已停止" in system.said
