"""How the checker asks: through Django in a test, beside a running shop by a connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection


def rows(sql: str, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
    """The test's own database."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
