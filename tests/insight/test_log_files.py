"""Logs of other systems come in as they are, or not at all."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from shangliu.insight.mining import log as logs
from shangliu.insight.mining.discovery import discover
from shangliu.insight.mining.files import (
    Columns,
    Found,
    from_csv,
    from_ocel,
    from_xes,
    header,
    import_log,
    moment,
    object_types,
)
from shangliu.platform.errors import Refused

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

CSV = """订单,动作,时间,角色
A1,下单,2026-11-01 08:00:00+08:00,buyer
A1,付款,2026-11-01 08:05:00+08:00,buyer
A2,下单,1793404800,buyer
A1,发货,2026-11-01T12:00:00+08:00,staff
"""
MAPPING = Columns(case="订单", activity="动作", at="时间", role="角色")

XES = """<?xml version="1.0" encoding="UTF-8"?>
<log xmlns="http://www.xes-standard.org/">
 <trace><string key="concept:name" value="A1"/>
  <event><string key="concept:name" value="下单"/>
   <date key="time:timestamp" value="2026-11-01T00:00:00Z"/></event>
  <event><string key="concept:name" value="付款"/>
   <date key="time:timestamp" value="2026-11-01T00:05:00.250Z"/>
   <string key="org:role" value="buyer"/></event>
 </trace>
</log>
"""

OCEL = {
    "objectTypes": [{"name": "item", "attributes": []}, {"name": "order", "attributes": []}],
    "eventTypes": [{"name": "下单", "attributes": []}],
    "objects": [{"id": "o1", "type": "order"}, {"id": "i1", "type": "item"}],
    "events": [
        {
            "id": "e1",
            "type": "下单",
            "time": "2026-11-01T00:00:00Z",
            "relationships": [
                {"objectId": "o1", "qualifier": ""},
                {"objectId": "i1", "qualifier": ""},
            ],
        },
        {
            "id": "e2",
            "type": "付款",
            "time": "2026-11-01T00:01:00Z",
            "relationships": [{"objectId": "o1", "qualifier": ""}],
        },
    ],
}


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def test_a_csv_file_is_read_by_the_columns_that_were_named(tmp_path: Path) -> None:
    file = written(tmp_path, "log.csv", CSV)
    assert header(file) == ["订单", "动作", "时间", "角色"]
    target = tmp_path / "log.parquet"
    assert import_log(from_csv(file, MAPPING), target) == 4
    drawn = discover(logs.read(logs.connect(), "log", [target]))
    assert drawn.cases == 2
    arrows = {(one.source, one.target): (one.count, one.p50_us) for one in drawn.arrows}
    assert arrows == {
        ("下单", "付款"): (1, 300_000_000),
        ("付款", "发货"): (1, 14_100_000_000),
    }


def test_a_line_that_makes_no_sense_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    file = written(tmp_path, "log.csv", CSV + "A3,下单,昨天,buyer\n")
    target = tmp_path / "log.parquet"
    with pytest.raises(Refused, match="第 6 处"):
        import_log(from_csv(file, MAPPING), target)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["log.csv"]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, "log.csv", CSV)
    with pytest.raises(Refused, match="找不到列：没有"):
        import_log(from_csv(file, Columns(case="没有", activity="动作", at="时间")), tmp_path / "x")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, "log.csv", "订单,动作,时间\n")
    with pytest.raises(Refused, match="没有事件"):
        import_log(from_csv(file, MAPPING), tmp_path / "log.parquet")


def test_xes_keeps_names_times_and_roles(tmp_path: Path) -> None:
    found = list(from_xes(written(tmp_path, "log.xes", XES)))
    assert found == [
        Found("A1", "下单", moment("2026-11-01T00:00:00Z")),
        Found("A1", "付款", moment("2026-11-01T00:05:00.250Z"), "buyer"),
    ]


@pytest.mark.parametrize(
    "text",
    ["<log><trace>", "<log><trace><event/></trace></log>", '<!DOCTYPE x [<!ENTITY y "z">]><x/>'],
)
def test_xes_that_cannot_be_read_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Refused):
        list(from_xes(written(tmp_path, "log.xes", text)))


def test_ocel_json_follows_the_objects_of_one_type(tmp_path: Path) -> None:
    file = written(tmp_path, "log.json", json.dumps(OCEL))
    assert object_types(file) == ["order", "item"]
    assert [(one.case, one.activity) for one in from_ocel(file, "order")] == [
        ("o1", "下单"),
        ("o1", "付款"),
    ]
    assert [(one.case, one.activity) for one in from_ocel(file, "item")] == [("i1", "下单")]


def test_ocel_sqlite_says_the_same(tmp_path: Path) -> None:
    file = tmp_path / "log.sqlite"
    with closing(sqlite3.connect(file)) as base:
        base.executescript(
            """
            CREATE TABLE event_map_type (ocel_type TEXT, ocel_type_map TEXT);
            CREATE TABLE object_map_type (ocel_type TEXT, ocel_type_map TEXT);
            CREATE TABLE event (ocel_id TEXT, ocel_type TEXT);
            CREATE TABLE object (ocel_id TEXT, ocel_type TEXT);
            CREATE TABLE event_object
              (ocel_event_id TEXT, ocel_object_id TEXT, ocel_qualifier TEXT);
            CREATE TABLE event_place (ocel_id TEXT, ocel_time TEXT);
            INSERT INTO event_map_type VALUES ('下单', 'place');
            INSERT INTO object_map_type VALUES ('order', 'order');
            INSERT INTO event VALUES ('e1', '下单');
            INSERT INTO object VALUES ('o1', 'order'), ('x', 'item');
            INSERT INTO event_object VALUES ('e1', 'o1', ''), ('e1', 'x', '');
            INSERT INTO event_place VALUES ('e1', '2026-11-01T00:00:00Z');
            """
        )
        base.commit()
    assert object_types(file) == ["order"]
    assert list(from_ocel(file, "order")) == [Found("o1", "下单", moment("2026-11-01T00:00:00Z"))]
