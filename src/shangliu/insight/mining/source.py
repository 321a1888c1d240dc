"""Our own log for mining: Parquet files by day, written once the day is over, today's when asked.

The files stand beside the database. Before a month is archived its days are written, and stay;
until then they hold nothing that the database does not, and can be thrown away.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from django.db import connection, transaction

from shangliu.insight.archive import archive, due
from shangliu.insight.mining.log import SCHEMA, CaseOf
from shangliu.platform import clock

_BATCH = 20_000
_QUIET = timedelta(minutes=10)  # after midnight, until the last transaction of the day has ended
_FRESH = timedelta(seconds=60)

_ARROW = pa.schema(
    [(name, pa.int64() if kind == "int64" else pa.string()) for name, kind in SCHEMA.items()]
)

# The key is a hash: stable from day to day, and 2^64 is far from the number of cases.
_EVENTS = """
SELECT {case} AS case_name, e.process || '.' || e.step,
  (extract(epoch FROM e.at) * 1000000)::bigint, e.id, e.process, e.role, e.actor,
  hashtextextended({case}, 0),
  coalesce(before.process || '.' || before.step, ''), coalesce(before.role, ''),
  coalesce((extract(epoch FROM e.at - before.at) * 1000000)::bigint, 0),
  CASE WHEN e.prev = '' THEN '' ELSE e.process || '.' || e.prev END
FROM process_event e LEFT JOIN LATERAL (
  SELECT b.process, b.step, b.role, b.at FROM process_event b
  WHERE {same} AND b.id < e.id ORDER BY b.id DESC LIMIT 1) before ON true
WHERE e.at >= %s AND e.at < %s ORDER BY e.id"""

_OF = {
    CaseOf.PURCHASE: ("e.case_no", "b.case_no = e.case_no"),
    CaseOf.OBJECT: (
        "e.process || ':' || e.object_id",
        "b.process = e.process AND b.object_id = e.object_id",
    ),
}
_ORDER = (
    "case",
    "activity",
    "at_us",
    "seq",
    "process",
    "role",
    "actor",
    "key",
    "prev",
    "prev_role",
    "gap_us",
    "own_prev",
)


def refresh(root: Path, case_of: CaseOf) -> list[Path]:
    """Write the days that are over and not written yet, and today anew; gives all files, the
    oldest first. Each file appears whole or not at all, so two callers do no harm."""
    folder = root / case_of.value
    folder.mkdir(parents=True, exist_ok=True)
    today = _day_of(clock.now() - _QUIET)
    for day in _days(today):
        file = folder / f"{day:%Y-%m-%d}.parquet"
        if not file.exists():
            _write(file, case_of, day, day + timedelta(days=1))
    found = sorted(folder.glob("????-??-??.parquet"))
    running = folder / "running.parquet"
    if not running.exists() or _age(running) > _FRESH:
        _write(running, case_of, today, None)
    return [*found, running]


def archive_due(archives: Path, root: Path) -> Iterator[Path]:
    """Archive every month that is old enough; its days are written for mining before."""
    for month in due():
        for case_of in CaseOf:
            refresh(root, case_of)
        yield archive(month, archives)


def _days(before: date) -> Iterator[date]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(at) FROM process_event")
        row = cursor.fetchone()
    if row is None or row[0] is None:
        return
    day = _day_of(row[0])
    while day < before:
        yield day
        day += timedelta(days=1)


def _day_of(moment: datetime) -> date:
    return clock.local(moment).date()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=clock.SHOP_ZONE).astimezone(UTC)


def _age(file: Path) -> timedelta:
    return clock.now() - datetime.fromtimestamp(file.stat().st_mtime, UTC)


def _write(file: Path, case_of: CaseOf, first: date, until: date | None) -> None:
    end = _midnight(until) if until is not None else datetime.max.replace(tzinfo=UTC)
    part = file.with_suffix(f".{os.getpid()}.part")
    with pq.ParquetWriter(part, _ARROW, compression="zstd") as writer:
        for columns in _batches(case_of, _midnight(first), end):
            writer.write_table(pa.table(columns, schema=_ARROW))
    part.replace(file)


def _batches(
    case_of: CaseOf, since: datetime, until: datetime
) -> Iterator[dict[str, list[object]]]:
    case, same = _OF[case_of]
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(_EVENTS.format(case=case, same=same), [since, until])
        while rows := cursor.fetchmany(_BATCH):
            read = dict(
                zip(_ORDER, (list(column) for column in zip(*rows, strict=True)), strict=True)
            )
            yield {name: read[name] for name in SCHEMA}
