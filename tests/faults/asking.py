"""How the checker asks in a test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection

from tests.faults.checker import Rows


def rows(sql: str, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
    """Through Django's own connection."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


@contextmanager
def often() -> Iterator[Rows]:
    """Through a connection of its own, for the same few statements again and again: each is planned
    once, and for many rows. It sees what is committed."""
    with psycopg.connect(**_address(), autocommit=True) as own:
        own.execute("SET plan_cache_mode = force_generic_plan")
        own.execute("SET enable_seqscan = off")
        own.execute("SET jit = off")

        def ask(sql: str, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
            return own.execute(sql, values, prepare=True).fetchall()

        yield ask


def _address() -> dict[str, Any]:
    at = connection.settings_dict
    return {
        "host": at["HOST"],
        "port": at["PORT"],
        "dbname": at["NAME"],
        "user": at["USER"],
        "password": at["PASSWORD"],
    }
