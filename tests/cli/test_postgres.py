"""The embedded PostgreSQL: made, started, killed, moved out of the way."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from shangliu.cli.postgres import Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    data = Path(tempfile.mkdtemp(prefix="postgres-", dir=os.environ["DATA_DIR"]))
    data.chmod(0o755)
    server = Server(data)
    server.start(lambda text: None)
    yield server
    server.stop()
    shutil.rmtree(data)


def asked(server: Server, question: str, name: str = "postgres") -> object:
    with psycopg.connect(server.url(name)) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


def postmaster(server: Server) -> int:
    return int((server.cluster / "postmaster.pid").read_text().split()[0])


def test_a_database_keeps_chinese_words_whatever_the_machines_locale(server: Server) -> None:
    server.ensure_database("shop")
    server.ensure_database("shop")
    assert asked(server, "SHOW server_encoding", "shop") == "UTF8"
    assert (
        asked(server, "SELECT to_tsvector('simple', '龙井 茶')::text", "shop") == "'茶':2 '龙井':1"
    )
    assert asked(server, "SELECT upper('é')", "shop") == "É"


def test_commits_are_durable_and_only_this_machine_comes_in(server: Server) -> None:
    for setting, value in (
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("listen_addresses", "127.0.0.1"),
        ("max_connections", "200"),
        ("shared_buffers", "256MB"),
    ):
        assert asked(server, f"SHOW {setting}") == value


def test_another_user_of_the_machine_needs_the_password(server: Server) -> None:
    password = (server.data_dir / "postgres.password").read_text()
    stranger = server.url("postgres").replace(f":{password}@", "@")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(stranger, passfile=str(server.data_dir / "none"))
    mode = (server.data_dir / "postgres.password").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_starting_what_runs_changes_nothing(server: Server) -> None:
    before = postmaster(server)
    server.start(lambda text: None)
    assert postmaster(server) == before


def test_a_killed_server_starts_again_at_its_port_with_what_was_committed(server: Server) -> None:
    url = server.url("postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    os.kill(postmaster(server), signal.SIGKILL)
    deadline = time.monotonic() + 5
    while server.alive() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (server.cluster / "postmaster.pid").exists()
    server.start(lambda text: None)
    assert server.url("postgres") == url
    assert asked(server, "SELECT n FROM kept") == 7


def test_a_server_that_runs_and_does_not_answer_yet_keeps_its_port(server: Server) -> None:
    """A crash of one connection makes the server recover; who starts meanwhile waits for it."""
    before = server.url()
    os.kill(postmaster(server), signal.SIGSTOP)
    later = threading.Timer(1.5, os.kill, (postmaster(server), signal.SIGCONT))
    later.start()
    began = time.monotonic()
    server.start(lambda text: None)
    later.join()
    assert time.monotonic() - began >= 1
    assert server.url() == before
    assert asked(server, "SELECT 1") == 1


def test_a_pid_file_that_names_another_program_is_stale(server: Server) -> None:
    server.stop()
    assert not server.alive()
    file = server.cluster / "postmaster.pid"
    file.write_text(f"{os.getpid()}\n")
    assert not server.alive()
    file.unlink()
    server.start(lambda text: None)
    assert asked(server, "SELECT 1") == 1


def test_a_port_that_another_program_took_is_replaced(server: Server) -> None:
    before = server.url("postgres")
    port = int((server.data_dir / "postgres.port").read_text())
    server.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        server.start(lambda text: None)
    assert server.url("postgres") != before
    assert asked(server, "SELECT 1") == 1


def test_two_programs_that_start_it_at_once_start_one(server: Server) -> None:
    server.stop()
    command = [sys.executable, "-m", "shangliu.config.command", "db", "start"]
    environ = {**os.environ, "DATA_DIR": str(server.data_dir), "DATABASE_URL": ""}
    both = [subprocess.Popen(command, env=environ) for _ in range(2)]
    assert [one.wait(60) for one in both] == [0, 0]
    assert asked(server, "SELECT 1") == 1


def test_two_data_directories_are_two_servers(server: Server, tmp_path: Path) -> None:
    data = Path(tempfile.mkdtemp(prefix="postgres-", dir=os.environ["DATA_DIR"]))
    data.chmod(0o755)
    second = Server(data, durable=False)
    second.start(lambda text: None)
    try:
        assert second.url("postgres") != server.url("postgres")
        assert postmaster(second) != postmaster(server)
        assert asked(second, "SELECT 2") == 2
    finally:
        second.stop()
    assert asked(server, "SELECT 1") == 1


def test_an_interrupted_making_is_made_anew(tmp_path: Path) -> None:
    data = Path(tempfile.mkdtemp(prefix="postgres-", dir=os.environ["DATA_DIR"]))
    data.chmod(0o755)
    (data / "postgres-new").mkdir()
    (data / "postgres-new" / "PG_VERSION").write_text("18\n")
    server = Server(data, durable=False)
    server.start(lambda text: None)
    try:
        assert asked(server, "SELECT 1") == 1
        assert not (data / "postgres-new").exists()
    finally:
        server.stop()


def test_data_in_a_private_home_is_kept_where_the_servers_user_can_reach_it() -> None:
    home = Path(tempfile.mkdtemp(prefix="home-", dir=os.environ["DATA_DIR"]))
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    root = os.geteuid() == 0
    told: list[str] = []
    server = Server(home / "var", durable=False)
    server.start(told.append)
    place = server.cluster.parent
    try:
        assert place.parent == (Path("/var/lib") if root else home)
        assert (home / "var" / "postgres").is_symlink() == root
        assert (f"数据库放在 {place} / the database lies in {place}" in told) == root
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert asked(server, "SELECT 1") == 1
    finally:
        server.stop()
        shutil.rmtree(place)
