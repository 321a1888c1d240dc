"""Hears from the database which pages are no longer true."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg
from django.conf import settings

from shangliu.web.pagecache import Pages

CHANNEL = "shangliu_pages"
PATIENCE = 0.5  # seconds until it looks whether it should end


def listen(pages: Pages) -> Callable[[], None]:
    """Keep `pages` true from now on, in a thread of its own; one connection a process.

    Gives what ends it, which waits until the connection is closed.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_run, args=(pages, stop), name="page news", daemon=True)
    thread.start()

    def end() -> None:
        stop.set()
        thread.join()

    return end


def _run(pages: Pages, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            with psycopg.connect(**_address(), autocommit=True) as connection:
                connection.execute(f"LISTEN {CHANNEL}")
                pages.hear(listening=True)
                _hear(connection, pages, stop)
        except psycopg.OperationalError:
            pages.hear(listening=False)
            stop.wait(1)
    pages.hear(listening=False)


def _hear(connection: psycopg.Connection[Any], pages: Pages, stop: threading.Event) -> None:
    while not stop.is_set():
        for notice in connection.notifies(timeout=PATIENCE):
            pages.drop(notice.payload)


def _address() -> dict[str, Any]:
    database = settings.DATABASES["default"]
    given = {
        "dbname": database["NAME"],
        "user": database["USER"],
        "password": database["PASSWORD"],
        "host": database["HOST"],
        "port": database["PORT"],
    }
    return {name: value for name, value in given.items() if value}
