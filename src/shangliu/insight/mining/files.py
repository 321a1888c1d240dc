"""Logs of other systems: CSV with named columns, XES, OCEL 2.0 (JSON or SQLite)."""

from __future__ import annotations

import csv
import heapq
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pyarrow as pa
import pyarrow.parquet as pq
from defusedxml.ElementTree import iterparse

from shangliu.insight.mining.log import OBJECT, RAW, connect, prepared
from shangliu.platform.errors import Refused
from shangliu.platform.text import Text

_BATCH = 50_000
_ARROW = pa.schema(
    [(name, pa.int64() if kind == "int64" else pa.string()) for name, kind in RAW.items()]
    + [(OBJECT, pa.string())]
)
_CHANGES = "changes"  # how our own export says which object an event changed


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """Which column of a CSV file holds what; `role` and `actor` may be empty."""

    case: str
    activity: str
    at: str
    role: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One event of a foreign log. `at` is aware; `object` what it changed, where that is told."""

    case: str
    activity: str
    at: datetime
    role: str = ""
    actor: str = ""
    object: str = ""


def import_log(events: Iterable[Found], target: Path) -> int:
    """Write the events as a log; gives how many. `Refused` for none: nothing is written then."""
    raw = target.with_suffix(".raw")
    count = 0
    try:
        with pq.ParquetWriter(raw, _ARROW, compression="zstd") as writer:
            for batch in _batches(events):
                writer.write_table(pa.Table.from_pylist(batch, schema=_ARROW))
                count += len(batch)
        if not count:
            raise Refused(Text("文件里没有事件", "There is no event in the file"))
        part = target.with_suffix(".part")
        prepared(connect().read_parquet(str(raw))).to_parquet(part)
        part.replace(target)
    finally:
        raw.unlink(missing_ok=True)
    return count


def header(file: Path) -> list[str]:
    """The column names of a CSV file; `Refused` for one that cannot be read as text."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        try:
            return next(csv.reader(lines), [])
        except (UnicodeDecodeError, csv.Error) as wrong:
            raise _unreadable("CSV", 1, str(wrong)) from wrong


def from_csv(file: Path, columns: Columns) -> Iterator[Found]:
    """Rows as events. `Refused` names the line that makes no sense."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines)
        wanted = [columns.case, columns.activity, columns.at]
        missing = [one for one in wanted if one not in (rows.fieldnames or ())]
        if missing:
            raise Refused(
                Text(f"找不到列：{'、'.join(missing)}", f"No such column: {', '.join(missing)}")
            )
        try:
            for row in rows:
                yield Found(
                    row[columns.case],
                    row[columns.activity],
                    moment(row[columns.at]),
                    row.get(columns.role) or "",
                    row.get(columns.actor) or "",
                    row.get(OBJECT) or "",
                )
        except (ValueError, UnicodeDecodeError, csv.Error) as wrong:
            raise _unreadable("CSV", rows.line_num, str(wrong)) from wrong


def from_xes(file: Path) -> Iterator[Found]:
    """Events with `concept:name` and `time:timestamp`; role and resource where they are given."""
    number = 0
    try:
        for _, element in iterparse(str(file)):
            if _tag(element) != "trace":
                continue
            number += 1
            case = _values(element).get("concept:name", str(number))
            for event in element:
                if _tag(event) == "event":
                    said = _values(event)
                    yield Found(
                        case,
                        said["concept:name"],
                        moment(said["time:timestamp"]),
                        said.get("org:role", ""),
                        said.get("org:resource", ""),
                        said.get(OBJECT, ""),
                    )
            element.clear()
    except (SyntaxError, KeyError, ValueError) as wrong:
        raise _unreadable("XES", number, str(wrong)) from wrong


_MET = """
SELECT o.ocel_type, count(DISTINCT eo.ocel_event_id) FROM event_object eo
JOIN object o ON o.ocel_id = eo.ocel_object_id GROUP BY 1"""


def object_types(file: Path) -> list[str]:
    """The object types of an OCEL log, that of the most events first: one of them is followed as
    the case."""
    met: Counter[str] = Counter()
    if file.suffix == ".sqlite":
        with closing(_open(file)) as base:
            known = [row[0] for row in base.execute("SELECT ocel_type FROM object_map_type")]
            met.update(dict(base.execute(_MET)))
    else:
        said = _json(file)
        known = [one["name"] for one in said["objectTypes"]]
        types = {one["id"]: one["type"] for one in said["objects"]}
        for event in said["events"]:
            met.update({types.get(one["objectId"], "") for one in event.get("relationships", ())})
    return sorted(known, key=lambda one: -met[one])


def from_ocel(file: Path, object_type: str) -> Iterator[Found]:
    """The events that concern an object of `object_type`, once for each such object."""
    try:
        yield from (_ocel_sqlite if file.suffix == ".sqlite" else _ocel_json)(file, object_type)
    except (KeyError, TypeError, ValueError, sqlite3.Error) as wrong:
        raise _unreadable("OCEL", 0, str(wrong)) from wrong


def moment(text: str) -> datetime:
    """ISO 8601, with or without zone (then UTC), or seconds since 1970."""
    text = text.strip()
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except ValueError:
        found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _batches(events: Iterable[Found]) -> Iterator[list[dict[str, object]]]:
    batch: list[dict[str, object]] = []
    for seq, one in enumerate(events):
        at_us = round(one.at.timestamp() * 1_000_000)
        process = one.activity.partition(".")[0] if "." in one.activity else ""
        batch.append(
            {
                "case": one.case,
                "activity": one.activity,
                "at_us": at_us,
                "seq": seq,
                "process": process,
                "role": one.role,
                "actor": one.actor,
                OBJECT: one.object,
            }
        )
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _ocel_json(file: Path, object_type: str) -> Iterator[Found]:
    said = _json(file)
    wanted = {one["id"] for one in said["objects"] if one["type"] == object_type}
    for event in said["events"]:
        values = {one["name"]: str(one["value"]) for one in event.get("attributes", ())}
        relations = event.get("relationships", ())
        changed = [one["objectId"] for one in relations if one.get("qualifier") == _CHANGES]
        for relation in relations:
            if relation["objectId"] in wanted:
                yield Found(
                    relation["objectId"],
                    event["type"],
                    moment(event["time"]),
                    values.get("role", ""),
                    values.get("actor", ""),
                    changed[0] if changed else "",
                )


def _ocel_sqlite(file: Path, object_type: str) -> Iterator[Found]:
    """In the order in which the file has its events: what happened at one time stays in order."""
    with closing(_open(file)) as base:
        kinds = dict(base.execute("SELECT ocel_type, ocel_type_map FROM event_map_type"))
        each = [_of_kind(base, kind, str(table), object_type) for kind, table in kinds.items()]
        for _place, found in heapq.merge(*each, key=itemgetter(0)):
            yield found


def _of_kind(
    base: sqlite3.Connection, kind: str, table: str, object_type: str
) -> Iterator[tuple[int, Found]]:
    name = table.replace('"', '""')
    rows = base.execute(
        "SELECT e.rowid, eo.ocel_object_id, t.ocel_time,"  # noqa: S608 - quoted
        " (SELECT c.ocel_object_id FROM event_object c WHERE c.ocel_event_id = e.ocel_id"
        "  AND c.ocel_qualifier = ? LIMIT 1)"
        " FROM event e JOIN event_object eo ON eo.ocel_event_id = e.ocel_id"
        " JOIN object o ON o.ocel_id = eo.ocel_object_id AND o.ocel_type = ?"
        f' JOIN "event_{name}" t ON t.ocel_id = e.ocel_id ORDER BY e.rowid',
        (_CHANGES, object_type),
    )
    for place, case, at, changed in rows:
        yield place, Found(case, kind, moment(at), object=changed or "")


def _open(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{file}?mode=ro", uri=True)


def _json(file: Path) -> Any:
    with file.open(encoding="utf-8") as said:
        return json.load(said)


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _values(element: Element) -> dict[str, str]:
    return {
        child.get("key", ""): child.get("value", "")
        for child in element
        if child.get("key") is not None
    }


def _unreadable(kind: str, place: int, why: str) -> Refused:
    return Refused(
        Text(f"{kind} 第 {place} 处无法读取：{why}", f"{kind} cannot be read at {place}: {why}")
    )
