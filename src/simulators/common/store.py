"""One SQLite file a simulator. A committed row survives kill -9."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

Value = str | int | float | None


class Store:
    """One connection behind a lock: writers queue here and never meet `database is locked`."""

    def __init__(self, file: Path, *schemas: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        for schema in schemas:
            self._db.executescript(schema)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; joins a transaction that is open already in this thread."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def run(self, sql: str, *values: Value) -> int:
        """Execute one statement; gives the number of rows that it changed."""
        with self._lock:
            return self._db.execute(sql, values).rowcount

    def insert(self, table: str, **values: Value) -> int:
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        with self._lock:
            done = self._db.execute(
                f"INSERT INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608 - own names
                tuple(values.values()),
            )
            return int(done.lastrowid or 0)

    def row(self, sql: str, *values: Value) -> sqlite3.Row | None:
        with self._lock:
            found: sqlite3.Row | None = self._db.execute(sql, values).fetchone()
            return found

    def rows(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def number(self, sql: str, *values: Value) -> int:
        """The first column of the first row as an integer; 0 when there is none."""
        found = self.row(sql, *values)
        return int(found[0] or 0) if found is not None else 0

    def close(self) -> None:
        with self._lock:
            self._db.close()
