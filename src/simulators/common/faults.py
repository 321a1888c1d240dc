"""What shall go wrong next, and how often."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from simulators.common.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL, subject TEXT NOT NULL, method TEXT NOT NULL,
    value INTEGER NOT NULL, times INTEGER NOT NULL
);
"""


class Faults:
    """`kinds`: the names of what can go wrong."""

    def __init__(self, store: Store, kinds: Collection[str]) -> None:
        self._store, self._kinds = store, kinds

    def add(
        self, kind: str, *, subject: str = "", method: str = "", value: int = 0, times: int = 1
    ) -> None:
        """`subject` and `method` empty: any. `times` -1: until cleared."""
        if kind not in self._kinds:
            raise ValueError(f"unknown fault {kind!r}")
        self._store.insert(
            "faults", kind=kind, subject=subject, method=method, value=value, times=times
        )

    def take(self, kind: str, *, subject: str = "", method: str = "") -> int | None:
        """The value of a fault that applies now, which uses it once; None if there is none."""
        with self._store.transaction():
            found = self._store.row(
                "SELECT id, value FROM faults WHERE kind = ? AND times <> 0"
                " AND subject IN ('', ?) AND method IN ('', ?) ORDER BY id LIMIT 1",
                kind,
                subject,
                method,
            )
            if found is None:
                return None
            self._store.run(
                "UPDATE faults SET times = times - 1 WHERE id = ? AND times > 0", found["id"]
            )
            return int(found["value"])

    def active(self) -> list[sqlite3.Row]:
        return self._store.rows("SELECT * FROM faults WHERE times <> 0 ORDER BY id")

    def clear(self) -> None:
        self._store.run("DELETE FROM faults")
