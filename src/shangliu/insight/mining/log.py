"""An event log as a table: one row an event, with what came before it in its case.

Writing the transition and not only the event makes the map of a log a plain GROUP BY. Columns:

- `key` (int64): one number a case, which engines sort much faster than text; `case`: its name
- `activity` (`process.step` in our own log), `process`, `role`, `actor`: text, empty where unknown
- `at_us` (int64): microseconds since 1970 UTC, as engines disagree about time zones and casts
- `seq` (int64): breaks ties of time
- `prev`, `prev_role`, `gap_us`: the event before it in the case; empty and 0 for the first
- `own_prev`: the activity before it of the same object, else of the same process, in the case
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import ibis
from ibis.backends import BaseBackend
from ibis.expr import types as ir

RAW = {
    "case": "string",
    "activity": "string",
    "at_us": "int64",
    "seq": "int64",
    "process": "string",
    "role": "string",
    "actor": "string",
}
SCHEMA = RAW | {
    "key": "int64",
    "prev": "string",
    "prev_role": "string",
    "gap_us": "int64",
    "own_prev": "string",
}


OBJECT = "object"  # besides RAW: which object the event changed, where that is known


class Engine(StrEnum):
    """Who computes. Both give the same figures."""

    DUCKDB = "duckdb"
    SPARK = "spark"


class CaseOf(StrEnum):
    """What is followed through the log: the whole purchase, or each object by itself."""

    PURCHASE = "purchase"
    OBJECT = "object"


class EmptyLog(LookupError):
    """There is no event in the log, or in the period that was asked for."""


@dataclass(frozen=True, slots=True)
class EventLog:
    """`table` has the columns of `SCHEMA`. `name` is for people."""

    name: str
    table: ir.Table

    def between(self, since_us: int | None = None, until_us: int | None = None) -> EventLog:
        """The cases that began in the period, whole."""
        first = self.table.filter(self.table.prev == "")
        born = first.select("key", born=first.at_us)
        if since_us is not None:
            born = born.filter(born.born >= since_us)
        if until_us is not None:
            born = born.filter(born.born < until_us)
        return EventLog(self.name, self.table.semi_join(born, "key"))

    def of_process(self, process: str) -> EventLog:
        return EventLog(self.name, self.table.filter(self.table.process == process))

    def count(self) -> int:
        return int(self.table.count().execute())


def connect(engine: Engine = Engine.DUCKDB, *, threads: int = 2) -> BaseBackend:
    """A fresh connection. Spark needs a Java runtime and the `spark` extra; `RuntimeError` says
    what is missing."""
    if engine is Engine.DUCKDB:
        return ibis.duckdb.connect(threads=threads)
    return _spark(threads)


def prepared(raw: ir.Table) -> ir.Table:
    """Events with the columns of `RAW`, in any order, as a log with those of `SCHEMA`; what came
    before in the same process is that of the object where it is known, which may go on in another
    case (a reservation of a cart becomes an order's); else that of the case."""
    codes = raw.select("case").distinct()
    codes = codes.mutate(key=ibis.row_number().over(order_by=codes.case))
    table = raw.join(codes, "case")
    if OBJECT in raw.columns:
        table = table.mutate(whose=ibis.ifelse(table[OBJECT] == "", table.case, table[OBJECT]))
    else:
        table = table.mutate(whose=table.case)
    whole = ibis.window(group_by="key", order_by=["at_us", "seq"])
    own = ibis.window(group_by=["process", "whose"], order_by=["at_us", "seq"])
    table = table.mutate(
        prev=ibis.coalesce(table.activity.lag().over(whole), ""),
        prev_role=ibis.coalesce(table.role.lag().over(whole), ""),
        gap_us=ibis.coalesce(table.at_us - table.at_us.lag().over(whole), 0),
        own_prev=ibis.coalesce(table.activity.lag().over(own), ""),
    )
    return table.select(*SCHEMA)


def read(backend: BaseBackend, name: str, files: Sequence[Path]) -> EventLog:
    """The log in Parquet files of `SCHEMA`. `EmptyLog` when there is no file."""
    if not files:
        raise EmptyLog(name)
    paths = [str(path) for path in files]
    table = backend.read_parquet(paths if len(paths) > 1 else paths[0])
    return EventLog(name, table.select(*SCHEMA))


def _spark(threads: int) -> BaseBackend:
    try:
        backend = ibis.pyspark.connect()
    except ImportError as missing:
        raise RuntimeError(
            "Spark 未安装：pip install 'shangliu[spark]'，并安装 Java 17"
            " / install the extra `spark` and Java 17"
        ) from missing
    backend.raw_sql(f"SET spark.sql.shuffle.partitions = {threads * 2}")
    return backend
