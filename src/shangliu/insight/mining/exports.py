"""Our own log for other programs: CSV, Parquet, XES and OCEL 2.0 (JSON and SQLite)."""

from __future__ import annotations

import csv
import heapq
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.db import connection, transaction

from shangliu.insight.archive import archived_between
from shangliu.platform.errors import Refused
from shangliu.platform.text import Text

PURCHASE = "purchase"
_BATCH = 10_000
_EVENTS = """
SELECT id, at, case_no, process, object_id, step, source, target, cause, lane, role, actor
FROM process_event WHERE at >= %s AND at < %s ORDER BY {order}"""


@dataclass(frozen=True, slots=True)
class Row:
    """An event as it is written out. No names, addresses or phone numbers are among these."""

    id: int
    at: datetime
    case_no: str
    process: str
    object_id: int
    step: str
    source: str
    target: str
    cause: str
    lane: str
    role: str
    actor: str

    @property
    def activity(self) -> str:
        return f"{self.process}.{self.step}"

    @property
    def object(self) -> str:
        return f"{self.process}:{self.object_id}"

    @property
    def time(self) -> str:
        """To the microsecond, so that the order is kept."""
        return self.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def rows(since: datetime, until: datetime, *, by_case: bool = False) -> Iterator[Row]:
    """The events of the period in order, or case by case; archived months are among them."""
    order = ("case_no", "at", "id") if by_case else ("at", "id")
    old = archived_between(settings.EVENT_ARCHIVE, since, until, Row.__slots__, order)
    both = heapq.merge(
        (Row(*row) for row in old), _kept(since, until, order), key=attrgetter(*order)
    )
    yield from both


def _kept(since: datetime, until: datetime, order: Sequence[str]) -> Iterator[Row]:
    sql = _EVENTS.format(order=", ".join(order).replace("case_no", 'case_no COLLATE "C"'))
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(sql, [since, until])
        while batch := cursor.fetchmany(_BATCH):
            for row in batch:
                yield Row(*row)


def to_csv(file: Path, since: datetime, until: datetime) -> int:
    count = 0
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(
            [
                "case",
                "activity",
                "timestamp",
                "role",
                "actor",
                "object",
                "source",
                "target",
                "cause",
            ]
        )
        for one in rows(since, until):
            count += 1
            writer.writerow(
                [
                    one.case_no,
                    one.activity,
                    one.time,
                    one.role,
                    one.actor,
                    one.object,
                    one.source,
                    one.target,
                    one.cause,
                ]
            )
    return count


def to_parquet(file: Path, since: datetime, until: datetime) -> int:
    names = ("case", "activity", "object", "source", "target", "cause", "lane", "role", "actor")
    schema = pa.schema(
        [("id", pa.int64()), ("at", pa.timestamp("us", tz="UTC"))]
        + [(name, pa.string()) for name in names]
    )
    count = 0
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in _batches(rows(since, until)):
            columns = [
                [one.id for one in batch],
                [one.at for one in batch],
                [one.case_no for one in batch],
                *([getattr(one, name) for one in batch] for name in names[1:]),
            ]
            arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(batch)
    return count


def to_xes(file: Path, since: datetime, until: datetime) -> int:
    """One trace a purchase (IEEE 1849), with the concept, time, organisational extensions."""
    count = 0
    with file.open("w", encoding="utf-8") as out:
        out.write(_XES_HEAD)
        for case, events in groupby(rows(since, until, by_case=True), key=attrgetter("case_no")):
            out.write(f"<trace><string key={_NAME} value={quoteattr(case)}/>\n")
            for one in events:
                count += 1
                out.write(_xes_event(one))
            out.write("</trace>\n")
        out.write("</log>\n")
    return count


def to_ocel_json(file: Path, since: datetime, until: datetime) -> int:
    """OCEL 2.0: every order, payment, parcel … is an object; all belong to a purchase."""
    events, objects, parts = [], {}, {}
    kinds: set[str] = set()
    for one in rows(since, until):
        objects[one.object], objects[one.case_no] = one.process, PURCHASE
        parts[one.object] = one.case_no
        kinds.add(one.activity)
        events.append(
            {
                "id": f"e{one.id}",
                "type": one.activity,
                "time": one.time,
                "attributes": [{"name": name, "value": getattr(one, name)} for name in _ATTRIBUTES],
                "relationships": [
                    {"objectId": one.object, "qualifier": "changes"},
                    {"objectId": one.case_no, "qualifier": "belongs to"},
                ],
            }
        )
    types = [{"name": name, "type": "string"} for name in _ATTRIBUTES]
    said = {
        "objectTypes": [{"name": n, "attributes": []} for n in sorted(set(objects.values()))],
        "eventTypes": [{"name": name, "attributes": types} for name in sorted(kinds)],
        "objects": [
            {
                "id": key,
                "type": kind,
                "attributes": [],
                "relationships": [{"objectId": parts[key], "qualifier": "part of"}]
                if key in parts
                else [],
            }
            for key, kind in objects.items()
        ],
        "events": events,
    }
    file.write_text(json.dumps(said, ensure_ascii=False), "utf-8")
    return len(events)


def to_ocel_sqlite(file: Path, since: datetime, until: datetime) -> int:
    """The same in OCEL 2.0's relational form, foreign keys declared."""
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as base, base:
        base.executescript(_OCEL_TABLES)
        count = 0
        tables: set[str] = set()
        for batch in _batches(rows(since, until)):
            count += len(batch)
            _ocel_objects(base, batch)
            for one in batch:
                if one.activity not in tables:
                    tables.add(one.activity)
                    _ocel_kind(base, one.activity)
                base.execute("INSERT INTO event VALUES (?, ?)", (f"e{one.id}", one.activity))
                base.execute(
                    f'INSERT INTO "event_{_mapped(one.activity)}" VALUES (?, ?, ?, ?, ?, ?)',  # noqa: S608
                    (f"e{one.id}", one.time, *(getattr(one, name) for name in _ATTRIBUTES)),
                )
            base.executemany(
                "INSERT INTO event_object VALUES (?, ?, ?)",
                [
                    relation
                    for one in batch
                    for relation in (
                        (f"e{one.id}", one.object, "changes"),
                        (f"e{one.id}", one.case_no, "belongs to"),
                    )
                ],
            )
    return count


WRITERS = {
    "csv": to_csv,
    "parquet": to_parquet,
    "xes": to_xes,
    "ocel.json": to_ocel_json,
    "ocel.sqlite": to_ocel_sqlite,
}


def export(form: str, file: Path, since: datetime, until: datetime) -> int:
    """Write the log of the period in one of `WRITERS`' forms; gives how many events."""
    if form not in WRITERS:
        known = "、".join(WRITERS)
        raise Refused(Text(f"没有这种格式，可选：{known}", f"Choose one of {known}"))
    return WRITERS[form](file, since, until)


_ATTRIBUTES = ("role", "actor", "source", "target")
_NAME = '"concept:name"'
_XES_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<global scope="trace"><string key="concept:name" value=""/></global>
<global scope="event"><string key="concept:name" value=""/>
<date key="time:timestamp" value="1970-01-01T00:00:00Z"/></global>
<classifier name="Activity" keys="concept:name"/>
"""
_OCEL_TABLES = """
CREATE TABLE event_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT);
CREATE TABLE object_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT);
CREATE TABLE event (ocel_id TEXT PRIMARY KEY, ocel_type TEXT,
  FOREIGN KEY (ocel_type) REFERENCES event_map_type (ocel_type));
CREATE TABLE object (ocel_id TEXT PRIMARY KEY, ocel_type TEXT,
  FOREIGN KEY (ocel_type) REFERENCES object_map_type (ocel_type));
CREATE TABLE event_object (ocel_event_id TEXT, ocel_object_id TEXT, ocel_qualifier TEXT,
  PRIMARY KEY (ocel_event_id, ocel_object_id, ocel_qualifier),
  FOREIGN KEY (ocel_event_id) REFERENCES event (ocel_id),
  FOREIGN KEY (ocel_object_id) REFERENCES object (ocel_id));
CREATE TABLE object_object (ocel_source_id TEXT, ocel_target_id TEXT, ocel_qualifier TEXT,
  PRIMARY KEY (ocel_source_id, ocel_target_id, ocel_qualifier),
  FOREIGN KEY (ocel_source_id) REFERENCES object (ocel_id),
  FOREIGN KEY (ocel_target_id) REFERENCES object (ocel_id));
"""


def _ocel_kind(base: sqlite3.Connection, activity: str) -> None:
    base.execute("INSERT INTO event_map_type VALUES (?, ?)", (activity, _mapped(activity)))
    columns = ", ".join(f"{name} TEXT" for name in _ATTRIBUTES)
    base.execute(
        f'CREATE TABLE "event_{_mapped(activity)}" (ocel_id TEXT PRIMARY KEY, ocel_time TIMESTAMP,'
        f" {columns}, FOREIGN KEY (ocel_id) REFERENCES event (ocel_id))"
    )


def _ocel_objects(base: sqlite3.Connection, batch: Iterable[Row]) -> None:
    for one in batch:
        for key, kind in ((one.object, one.process), (one.case_no, PURCHASE)):
            new = base.execute(
                "INSERT OR IGNORE INTO object_map_type VALUES (?, ?)", (kind, kind)
            ).rowcount
            if new:
                base.execute(
                    f'CREATE TABLE "object_{kind}" (ocel_id TEXT, ocel_time TIMESTAMP,'
                    " ocel_changed_field TEXT, FOREIGN KEY (ocel_id) REFERENCES object (ocel_id))"
                )
            if base.execute("INSERT OR IGNORE INTO object VALUES (?, ?)", (key, kind)).rowcount:
                base.execute(
                    f'INSERT INTO "object_{kind}" VALUES (?, ?, NULL)',  # noqa: S608 - a process name
                    (key, one.time),
                )
        base.execute(
            "INSERT OR IGNORE INTO object_object VALUES (?, ?, 'part of')",
            (one.object, one.case_no),
        )


def _mapped(activity: str) -> str:
    return activity.replace(".", "_")


def _xes_event(one: Row) -> str:
    return (
        f"<event><string key={_NAME} value={quoteattr(one.activity)}/>"
        f'<date key="time:timestamp" value="{one.time}"/>'
        f'<string key="org:role" value={quoteattr(one.role)}/>'
        f'<string key="org:resource" value={quoteattr(one.actor)}/>'
        f'<string key="object" value={quoteattr(one.object)}/></event>\n'
    )


def _batches(found: Iterable[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for one in found:
        batch.append(one)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
