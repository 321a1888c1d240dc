"""Tables without their keys and indexes while very much is put into them.

A row in a table with ten indexes costs ten writes at random places; the same rows are sorted into a
new index in one go at a small part of that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from django.db import connection

_KEYS = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
FROM pg_constraint
WHERE conparentid = 0 AND contype = ANY(%(kinds)s)
  AND (conrelid = ANY(%(tables)s::regclass[]) OR confrelid = ANY(%(tables)s::regclass[]))
ORDER BY oid
"""
_INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
FROM pg_index i
WHERE i.indrelid = ANY(%(tables)s::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid
                  AND c.conrelid = i.indrelid AND c.contype IN ('p', 'u', 'x'))
ORDER BY 1
"""


@contextmanager
def unindexed(tables: Sequence[str], tell: Callable[[str], None]) -> Iterator[None]:
    """Inside the block the tables have no keys, none point to them and no index is kept; after it
    all stand again, and each foreign key has been checked against every row."""
    there = {"tables": list(tables)}
    points = _rows(_KEYS, {**there, "kinds": ["f"]})
    keys = _rows(_KEYS, {**there, "kinds": ["p", "u", "x"]})
    indexes = _rows(_INDEXES, there)
    for table, name, _ in (*points, *keys):
        _do(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, _ in indexes:
        _do(f"DROP INDEX {name}")
    yield
    _do("SET maintenance_work_mem = '1GB'")
    tell(f"{len(keys)} keys, {len(indexes)} indexes")
    for table, name, kind in keys:
        _do(f"ALTER TABLE {table} ADD CONSTRAINT {name} {kind}")
    for _name, definition in indexes:
        _do(definition.replace(" ON ONLY ", " ON "))
    tell(f"{len(points)} foreign keys")
    for table, name, kind in points:
        _do(f"ALTER TABLE {table} ADD CONSTRAINT {name} {kind}")
    _do("RESET maintenance_work_mem")


def _rows(sql: str, values: dict[str, list[str]]) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[tuple[str, ...]] = cursor.fetchall()
    return found


def _do(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
