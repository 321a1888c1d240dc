"""Where a run takes place: a database of its own, the shop's programs as `shangliu up` starts them.

Each program has a database role of its own, so that the statements of the web workers can be told
from those of the worker.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

import psycopg
from django.db import connections
from psycopg import sql

from shangliu.cli.children import Child, Spec
from shangliu.cli.database import collect_static, migrate
from shangliu.cli.postgres import Server
from shangliu.cli.up import specs
from shangliu.platform.env import Env, database_of, embedded_url, read

ROLES = ("web", "worker")
_NEEDED = ("alipay", "finance", "worker", "web")


@dataclass(frozen=True)
class Stage:
    """`uncached` is the same shop without its page cache, `bare` what the server itself can do."""

    env: Env
    server: Server

    @property
    def shop(self) -> tuple[str, int]:
        return ("127.0.0.1", self.env.port)

    @property
    def uncached(self) -> tuple[str, int]:
        return ("127.0.0.1", self.env.port + 20)

    @property
    def bare(self) -> tuple[str, int]:
        return ("127.0.0.1", self.env.port + 30)

    @property
    def gateway(self) -> tuple[str, int]:
        return ("127.0.0.1", self.env.alipay_port)

    @property
    def url(self) -> str:
        return embedded_url(self.env.data_dir)


@contextmanager
def database() -> Iterator[Stage]:
    """A durable PostgreSQL in the directory of this run; Django and the environment point at it."""
    env = read(os.environ)
    server = Server(env.data_dir)
    try:
        server.start(print)
        _prepare(server)
        os.environ["DATABASE_URL"] = server.url()
        connections["default"].settings_dict.update(database_of(server.url()))
        migrate(verbosity=0)
        collect_static()
        yield Stage(env, server)
    finally:
        connections.close_all()
        server.stop()


@contextmanager
def programs(stage: Stage) -> Iterator[None]:
    """The shop, its worker and the simulators that a purchase needs, all answering."""
    children = [(Child(spec, stage.env.data_dir / "run"), env) for spec, env in _wanted(stage)]
    before = dict(os.environ)
    try:
        for child, environ in children:
            os.environ |= environ
            child.start()
            os.environ.clear()
            os.environ |= before
        for child, _ in children:
            if not child.wait_ready(60):
                raise SystemExit(f"{child.spec.name} did not start")
        yield
    finally:
        for child, _ in reversed(children):
            child.ask_to_stop()
        end = time.monotonic() + 8
        for child, _ in reversed(children):
            child.wait(end)


def _wanted(stage: Stage) -> list[tuple[Spec, dict[str, str]]]:
    known = {spec.name: spec for spec in specs(stage.env)}
    elsewhere = {spec.name: spec for spec in specs(replace(stage.env, port=stage.uncached[1]))}
    urls = {role: stage.url.replace("//postgres", f"//{role}", 1) for role in ROLES}
    found = [
        (known[one], {"DATABASE_URL": urls["worker" if one == "worker" else "web"]})
        for one in _NEEDED
    ]
    plain = replace(elsewhere["web"], name="uncached")
    found.append((plain, {"DATABASE_URL": urls["web"], "PAGE_CACHE": "0"}))
    found.append((_bare(stage), {}))
    return found


def _bare(stage: Stage) -> Spec:
    host, port = stage.bare
    command = (
        *(sys.executable, "-m", "granian", "--interface", "wsgi"),
        *("--host", host, "--port", str(port), "--workers", str(stage.env.workers)),
        *("--blocking-threads", "4", "--backlog", "1024", "--no-ws", "--log-level", "warning"),
        "bench.bare:application",
    )
    return Spec("bare", command, f"http://{host}:{port}/")


def _prepare(server: Server) -> None:
    """Roles, the counter of statements (it must be loaded at the start), the shop's database."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        for role in ROLES:
            secret = unquote(urlsplit(server.url()).password or "")
            connection.execute(
                sql.SQL("CREATE ROLE {} SUPERUSER LOGIN PASSWORD {}").format(
                    sql.Identifier(role), sql.Literal(secret or None)
                )
            )
        connection.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
    server.stop()
    server.start(print)
    server.ensure_database("shangliu")
    server.ensure_database("yardstick")
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pg_stat_statements")
