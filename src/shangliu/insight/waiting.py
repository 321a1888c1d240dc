"""What waits where, straight from the objects' own tables, by their partial indexes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from shangliu.platform import outbox
from shangliu.platform.outbox import Undelivered
from shangliu.process.definition import Process
from shangliu.process.running import flow


@dataclass(frozen=True, slots=True)
class Waiting:
    count: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class WaitingCase:
    """One object that waits: `pk` in its process, `case_no` of its purchase."""

    process: str
    pk: int
    case_no: str
    state: str
    entered_at: datetime
    last_step: str


def resting(process: Process[Any]) -> tuple[str, ...]:
    """The states that are not counted as waiting: those that the model's index leaves out."""
    if process.model is None:
        return ()
    for index in process.model._meta.indexes:  # noqa: SLF001
        if index.name.endswith("_waiting") and index.condition is not None:
            for name, states in index.condition.children:
                if name == "state__in":
                    return tuple(str(state) for state in states)
    return tuple(str(state) for state in process.terminal)


def waiting() -> dict[tuple[str, str], Waiting]:
    """(process, state) -> how many wait there and since when the oldest. One statement."""
    parts = [
        f"SELECT '{process.name}', state, count(*), min(entered_at) FROM {table}"  # noqa: S608
        f" WHERE {condition} GROUP BY state"
        for process, table, condition in _tables()
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return {(row[0], row[1]): Waiting(row[2], row[3]) for row in cursor.fetchall()}


def letters() -> dict[str, Undelivered]:
    """Step (`order.pay`) -> what it sent that waits for another try or was given up."""
    return outbox.by_step()


@dataclass(frozen=True, kw_only=True, slots=True)
class Narrow:
    """Which of the waiting objects are meant. `before`: (process, state) -> entered before that
    moment; `cases`: of these purchases; `among`, `beside`: these objects only, all but these."""

    before: Mapping[tuple[str, str], datetime] | None = None
    cases: Sequence[str] | None = None
    among: Sequence[int] | None = None
    beside: Sequence[int] | None = None

    def clause(self, pair: tuple[str, str]) -> tuple[str, list[Any]]:
        parts: list[tuple[str, Any]] = []
        if self.before is not None:
            parts.append(("entered_at < %s", self.before.get(pair)))
        if self.cases is not None:
            parts.append(("case_no = ANY(%s)", list(self.cases)))
        if self.among is not None:
            parts.append(("id = ANY(%s)", list(self.among)))
        if self.beside is not None:
            parts.append(("id <> ALL(%s)", list(self.beside)))
        return "".join(f" AND {sql}" for sql, _ in parts), [given for _, given in parts]


_ALL = Narrow()


def waiting_cases(
    waits: Sequence[tuple[str, str]],
    *,
    limit: int = 50,
    after: tuple[datetime, int] | None = None,
    narrow: Narrow = _ALL,
) -> list[WaitingCase]:
    """The objects that wait in these (process, state) pairs, the oldest first.

    `after`: go on behind this (entered_at, pk).
    """
    counted = {process.name: (table, condition) for process, table, condition in _tables()}
    parts, given = [], []
    for process, state in waits:
        if process not in counted:
            continue
        table, condition = counted[process]
        beyond = " AND (entered_at, id) > (%s, %s)" if after else ""
        only, asked = narrow.clause((process, state))
        parts.append(
            f"(SELECT '{process}' AS process, id, case_no, state, entered_at, last_step"  # noqa: S608
            f" FROM {table} WHERE {condition} AND state = %s{beyond}{only}"
            f" ORDER BY entered_at, id LIMIT {int(limit)})"
        )
        given += [state, *(after or ()), *asked]
    if not parts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT * FROM ({' UNION ALL '.join(parts)}) found"  # noqa: S608
            f" ORDER BY entered_at, id LIMIT {int(limit)}",
            given,
        )
        return [WaitingCase(*row) for row in cursor.fetchall()]


def _tables() -> Iterator[tuple[Process[Any], str, str]]:
    """Each process with its table and, letter for letter, its index's condition."""
    for process in flow().processes:
        if process.model is None:
            continue
        states = ", ".join(f"'{state}'" for state in resting(process))
        condition = f"NOT (state IN ({states}))" if states else "true"
        yield process, process.model._meta.db_table, condition  # noqa: SLF001
