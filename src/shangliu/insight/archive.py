"""Old months of the event log as Parquet files. A month leaves the database only when its file
was read back and is the same, row by row; traces read both, so nothing is lost to anybody."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.db import connection, transaction

from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.platform.text import Text
from shangliu.process.models import Event

KEPT_FOR = timedelta(days=92)
_BATCH = 20_000  # rows of a group: read whole for one case, and its place kept in memory
_NAME = re.compile(r"process_event_(\d{4})_(\d{2})")
_TIME = pa.timestamp("us", tz="UTC")
_COLUMNS: dict[str, Any] = {
    "id": pa.int64(),
    "at": _TIME,
    "process": pa.string(),
    "object_id": pa.int64(),
    "case_no": pa.string(),
    "version": pa.int32(),
    "step": pa.string(),
    "source": pa.string(),
    "target": pa.string(),
    "prev": pa.string(),
    "cause": pa.string(),
    "lane": pa.string(),
    "role": pa.string(),
    "actor": pa.string(),
    "entered_at": _TIME,
    "dwell_us": pa.int64(),
    "facts": pa.string(),
    "key": pa.string(),
}
_SCHEMA = pa.schema(list(_COLUMNS.items()))


@dataclass(frozen=True, slots=True)
class Month:
    """A partition of the log. `name` is `2026-08`."""

    name: str
    table: str
    rows: int

    @property
    def over(self) -> datetime:
        year, month = (int(part) for part in self.name.split("-"))
        return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def months() -> list[Month]:
    """The months that are in the database, the oldest first."""
    return [_counted(name, table) for name, table in _tables()]


def due() -> list[Month]:
    """The months that are old enough to be archived, the oldest first."""
    oldest = clock.now() - KEPT_FOR
    return [
        _counted(name, table) for name, table in _tables() if Month(name, table, 0).over <= oldest
    ]


def _tables() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'process_event'::regclass ORDER BY 1"
        )
        found = [_NAME.fullmatch(row[0]) for row in cursor.fetchall()]
    return [(f"{one[1]}-{one[2]}", one[0]) for one in found if one]


def _counted(name: str, table: str) -> Month:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - its own name
        return Month(name, table, cursor.fetchone()[0])


def archive(month: Month, folder: Path) -> Path:
    """Write a month to its file, read it back, and drop it from the database. `Refused` for one
    that is not old enough, or whose file turns out different; then nothing was dropped."""
    if month.over > clock.now() - KEPT_FOR:
        raise Refused(
            Text(
                f"{month.name} 还不能归档，需满 {KEPT_FOR.days} 天",
                f"{month.name} is too young: {KEPT_FOR.days} days must have passed",
            )
        )
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{month.name}.parquet"
    part = file.with_suffix(".part")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {month.table} IN SHARE MODE")
        written = _write(month, part)
        if _digest(_read_back(part)) != written:
            raise Refused(
                Text(
                    f"{month.name} 的归档文件与数据库不一致，未删除任何数据",
                    f"The file of {month.name} differs from the database; nothing was dropped",
                )
            )
        part.replace(file)
        cursor.execute("SET LOCAL lock_timeout = '5s'")  # nobody waits behind us for longer
        cursor.execute(f"ALTER TABLE process_event DETACH PARTITION {month.table}")
        cursor.execute(f"DROP TABLE {month.table}")
    return file


@dataclass(frozen=True, slots=True)
class _Shelf:
    """A file that is known: between which cases each of its row groups lies."""

    metadata: pq.FileMetaData
    bounds: tuple[tuple[str, str], ...]

    def groups(self, cases: Collection[str]) -> list[int]:
        return [
            place
            for place, (first, last) in enumerate(self.bounds)
            if any(first <= case <= last for case in cases)
        ]


@lru_cache(maxsize=240)
def _shelf(file: Path, _written_ns: int) -> _Shelf:
    metadata = pq.read_metadata(file)
    column = _SCHEMA.get_field_index("case_no")
    found = [
        metadata.row_group(place).column(column).statistics
        for place in range(metadata.num_row_groups)
    ]
    return _Shelf(metadata, tuple((one.min, one.max) for one in found))


def archived(folder: Path, cases: Collection[str]) -> list[Event]:
    """The archived events of these cases; the files are sorted by case, so little is read."""
    if not folder.is_dir() or not cases:
        return []
    wanted = pc.field("case_no").isin(sorted(cases))
    rows: list[dict[str, Any]] = []
    for file in sorted(folder.glob("*.parquet")):
        shelf = _shelf(file, file.stat().st_mtime_ns)
        groups = shelf.groups(cases)
        if not groups:
            continue
        with pq.ParquetFile(file, metadata=shelf.metadata) as opened:
            for group in groups:
                if opened.read_row_group(group, columns=["case_no"]).filter(wanted).num_rows:
                    rows += opened.read_row_group(group).filter(wanted).to_pylist()
    rows.sort(key=lambda row: (row["at"], row["id"]))
    return [Event(**{**row, "facts": json.loads(row["facts"])}) for row in rows]


def archived_until(folder: Path) -> datetime | None:
    """The end of the last month that is in a file and no longer in the database; None without."""
    names = [file.stem for file in folder.glob("*.parquet")] if folder.is_dir() else []
    return Month(max(names), "", 0).over if names else None


def archived_between(
    folder: Path, since: datetime, until: datetime, columns: Sequence[str], order: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    """The archived events of a period, these columns of them, in this order."""
    files = [str(file) for file in sorted(folder.glob("*.parquet"))] if folder.is_dir() else []
    if not files:
        return
    table = ibis.duckdb.connect(threads=2).read_parquet(files)
    at = table.at.epoch_seconds()
    near = table.filter(at >= int(since.timestamp()) - 1, at <= int(until.timestamp()) + 1)
    with tempfile.NamedTemporaryFile(suffix=".parquet") as sorted_by:
        near.order_by(order).select(*columns).to_parquet(sorted_by.name)
        for batch in pq.ParquetFile(sorted_by.name).iter_batches(batch_size=_BATCH):
            for row in batch.to_pylist():
                if since <= row["at"] < until:
                    yield tuple(row[name] for name in columns)


def make_months() -> int:
    """Have partitions ready for this month and the next two; gives how many were made."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT process_event_months(%s, %s)", [clock.now(), clock.now() + timedelta(days=62)]
        )
        return int(cursor.fetchone()[0])


def _write(month: Month, file: Path) -> str:
    columns = ", ".join("facts::text" if name == "facts" else name for name in _COLUMNS)
    digest = hashlib.sha256()
    with (
        pq.ParquetWriter(file, _SCHEMA, compression="zstd") as writer,
        connection.chunked_cursor() as cursor,
    ):
        cursor.execute(f'SELECT {columns} FROM {month.table} ORDER BY case_no COLLATE "C", id')  # noqa: S608
        while rows := cursor.fetchmany(_BATCH):
            _add(digest, rows)
            by_column = zip(*rows, strict=True)
            arrays = [
                pa.array(list(values), kind)
                for values, kind in zip(by_column, _COLUMNS.values(), strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=_SCHEMA))
    return digest.hexdigest()


def _read_back(file: Path) -> Iterator[list[tuple[Any, ...]]]:
    for batch in pq.ParquetFile(file).iter_batches(batch_size=_BATCH):
        yield [tuple(row.values()) for row in batch.to_pylist()]


def _digest(batches: Iterable[list[tuple[Any, ...]]]) -> str:
    digest = hashlib.sha256()
    for rows in batches:
        _add(digest, rows)
    return digest.hexdigest()


def _add(digest: Any, rows: Iterable[tuple[Any, ...]]) -> None:
    for row in rows:
        said = (
            one.astimezone(UTC).isoformat() if isinstance(one, datetime) else one for one in row
        )
        digest.update(repr(tuple(said)).encode())
