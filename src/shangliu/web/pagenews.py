"""Hears from the database which pages are no longer true."""

from __future__ import annotations

import threading
import time
from typing import Any

import psycopg
from django.conf import settings

from shangliu.web.pagecache import Pages

CHANNEL = "shangliu_pages"


def listen(pages: Pages) -> None:
    """Keep `pages` true from now on, in a thread of its own; one connection a process."""
    threading.Thread(target=_run, args=(pages,), name="page news", daemon=True).start()


def _run(pages: Pages) -> None:
    while True:
        try:
            with psycopg.connect(**_address(), autocommit=True) as connection:
                connection.execute(f"LISTEN {CHANNEL}")
                pages.hear(listening=True)
                for notice in connection.notifies():
                    pages.drop(notice.payload)
        except psycopg.OperationalError:
            pages.hear(listening=False)
            time.sleep(1)


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
