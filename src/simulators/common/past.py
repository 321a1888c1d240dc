"""What happened before a simulator's first start, told by a file beside its store."""

from __future__ import annotations

import json
from pathlib import Path

from simulators.common.store import Store


def take_in(store: Store, file: Path) -> int:
    """Add the rows of the file (`{"table": [{"column": value}]}`), then remove it; gives how many.

    A row that is there already stays as it is, so a start that was cut short can be repeated.
    """
    if not file.exists():
        return 0
    added = 0
    with store.transaction():
        for table, rows in json.loads(file.read_text(encoding="utf-8")).items():
            for row in rows:
                columns, marks = ", ".join(row), ", ".join("?" * len(row))
                added += store.run(
                    f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608
                    *row.values(),
                )
    file.unlink()
    return added
