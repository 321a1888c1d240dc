"""`shangliu migrate` and `shangliu db`: the database's tables, and its server."""

from __future__ import annotations

import argparse
import os

from django.core.management import call_command
from django.db import connection

from shangliu.cli.postgres import Server, serve
from shangliu.platform.env import Env

_ONE_AT_A_TIME = 7_305_114_001  # the key of the lock under which tables are made


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    migrating = subparsers.add_parser("migrate", help="建表与升级 / make and upgrade the tables")
    migrating.set_defaults(run=_migrate)
    manage = subparsers.add_parser("manage", help="Django 管理命令 / Django's own commands")
    manage.add_argument("rest", nargs=argparse.REMAINDER)
    manage.set_defaults(run=_manage)
    server = subparsers.add_parser("db", help="内置数据库 / the embedded database")
    server.add_argument("action", choices=("start", "stop", "url", "psql"))
    server.set_defaults(run=_server, needs_database=False)


def migrate(verbosity: int = 1) -> int:
    """Bring the tables up to date; two programs at once wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_ONE_AT_A_TIME])
    try:
        call_command("migrate", interactive=False, verbosity=verbosity)
        call_command("createcachetable", verbosity=0)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_ONE_AT_A_TIME])
    return 0


def collect_static() -> None:
    """Put styles and scripts where the web workers serve them, under names that never change."""
    call_command("collectstatic", interactive=False, verbosity=0)


def _migrate(env: Env, args: argparse.Namespace) -> int:
    return migrate()


def _manage(env: Env, args: argparse.Namespace) -> int:
    call_command(*args.rest)
    return 0


def _server(env: Env, args: argparse.Namespace) -> int:
    if env.database_url and args.action != "psql":
        print("数据库由 DATABASE_URL 指定，不归这里管 / DATABASE_URL names another database")
        return 1
    server = Server(env.data_dir)
    if args.action == "start":
        server.start(print)
        server.ensure_database("shangliu")
    elif args.action == "stop":
        server.stop()
    elif args.action == "url":
        print(server.url())
    else:
        serve(env, print)
        psql = str(server.program("psql"))
        os.execv(psql, [psql, env.database_url or server.url()])  # noqa: S606 - it is ours
    return 0
