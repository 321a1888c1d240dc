"""The pieces of the benchmark: what it writes down, sends, sums up and says. No timing here."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from bench import buying, faults, load, report, same, statements
from bench.fault_list import FAULTS
from bench.load import Ask, Loop, Script, Tally
from bench.neutral import Shop
from bench.pgbench import program
from bench.report import Result
from django.db import connection

from shangliu.domain.inventory.models import Stock
from tests.insight import world

pytestmark = pytest.mark.django_db


def test_a_statement_is_written_down_with_its_values() -> None:
    with statements.written_down() as written, connection.cursor() as cursor:
        cursor.execute("SELECT %s::text, %s::int", ["it's", 5])

    assert written == ["SELECT 'it''s'::text, 5::int"]


def test_a_script_varies_what_is_known_inside_and_outside_of_literals() -> None:
    born = 'INSERT INTO "orders_trade" (x) VALUES (1) RETURNING "orders_trade"."id"'
    made = statements.script(
        [
            "SELECT 7100000001, '{7100000001}', 'pass:open', 'C1'",
            born,
            "SELECT 7300000009",
        ],
        {"7100000001": ":cart", "C1": "('CB' || :n)"},
        [r"\set cart 5"],
    )

    assert made.split("\n") == [
        r"\set cart 5",
        "BEGIN;",
        r"SELECT :cart, ('{' || (:cart)::text || '}'), E'pass\x3aopen', ((('CB' || :n))::text);",
        born + r" \gset orders_trade_",
        "SELECT :orders_trade_id;",
        "COMMIT;",
        "",
    ]


def test_a_row_that_returns_more_than_its_id_is_known_too() -> None:
    born = 'INSERT INTO "orders_order" (x) VALUES (1) RETURNING "orders_order"."id", '
    born += '"orders_order"."hold_reason_en"'

    made = statements.script([born, "SELECT 7400000005"], {}, [])

    assert made.split("\n")[1:3] == [born + r" \gset orders_order_", "SELECT :orders_order_id;"]


def test_the_services_become_scripts_that_name_no_row_of_the_run(tmp_path: Path) -> None:
    statements.mark_ids()
    opened = world.open_shop()
    tea = opened.tea.pk
    assert Stock.objects.filter(variant_id=tea).exists()
    shop = Shop(categories=(), products=(), variants=(tea,) * 4, scarce=())

    same.of_add(tmp_path / "add.sql", shop)
    same.of_place(tmp_path / "place.sql", shop)
    same.of_step(tmp_path / "step.sql")

    for name, most in (("add", 8), ("place", 12), ("step", 3)):
        text = (tmp_path / f"{name}.sql").read_text()
        body = text[text.index("BEGIN;") : text.index("COMMIT;")].splitlines()[1:]
        assert 1 < len([line for line in body if "SAVEPOINT" not in line]) <= most
        assert not [mark for mark in ("71000", "72000", "73000", "74000") if mark in "".join(body)]


class _Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b"here" if self.path == "/here" else b"not"
        self.send_response(200 if self.path == "/here" else 404)
        self.send_header("Set-Cookie", "cart=abc; Path=/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Tests are quiet."""


@pytest.fixture
def server() -> Iterator[load.Address]:
    one = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield ("127.0.0.1", one.server_port)
    one.shutdown()
    one.server_close()
    thread.join()


def test_the_loop_drives_scripts_to_their_end_and_hands_them_the_answers(
    server: load.Address,
) -> None:
    heard: list[tuple[int, bytes, dict[str, str]]] = []

    def script(asks: list[Ask]) -> Script:
        for ask in asks:
            answer = yield ask
            assert answer is not None
            heard.append((answer.status, answer.body, answer.cookies()))
            yield load.Pause(0)

    Loop([script([load.get(server, "/here"), load.get(server, "/gone")])]).run(float("inf"))

    assert heard == [(200, b"here", {"cart": "abc"}), (404, b"not", {"cart": "abc"})]


def test_an_answer_is_there_when_all_of_it_is() -> None:
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere"

    assert load.parse(whole[:-1]) is None
    found = load.parse(whole)
    assert found is not None
    assert (found.status, found.body, found.header(b"content-length")) == (200, b"here", "4")


def test_what_is_not_expected_ends_a_purchase_with_its_name() -> None:
    with pytest.raises(buying.WentWrong, match="submit: 409"):
        buying.expect(302, load.Answer(409, b"", b""), "submit")


def test_errors_are_counted_by_what_they_are() -> None:
    tally = Tally()
    tally.failed("sold out")
    tally.failed("sold out")

    assert tally.errors == {"sold out": 2}


def test_the_table_and_the_file_say_the_same(tmp_path: Path) -> None:
    results = [
        Result(
            name="W1 page",
            rate=250.0,
            p50_ms=3.25,
            p95_ms=9.0,
            sql=2.0,
            http=1,
            limit=1000.0,
            against="bare view",
            target=("ratio", 0.3),
        ),
        Result(name="W4 purchase", rate=21.5, target=("rate", 20.0), errors={"cart: 500": 2}),
    ]

    lines = report.table(results).splitlines()
    report.write(tmp_path / "var" / "latest.json", results, {"pgbench": 1234.5678}, rounds=1)

    assert " ".join(lines[1].split()) == "W1 page 250 3.2 9.0 2.0 1 1,000 25% >= 30% NO"
    assert " ".join(lines[2].split()) == "W4 purchase 21.5 >= 20 yes cart: 500 × 2"
    said = json.loads((tmp_path / "var" / "latest.json").read_text())
    page = said["workloads"]["W1 page"]
    assert (page["ratio"], page["met"], page["limit"]) == (0.25, False, 1000.0)
    assert page["yardsticks"] == {"pgbench": 1234.568}
    assert said["workloads"]["W4 purchase"]["errors"] == {"cart: 500": 2}


def test_the_median_run_is_shown_with_the_errors_of_all() -> None:
    runs = [Result(name="W", rate=rate, errors={"x": 1}) for rate in (10.0, 30.0, 20.0)]

    shown = report.middle(runs)

    assert (shown.rate, shown.errors) == (20.0, {"x": 3})


def test_pgbench_is_there() -> None:
    assert Path(program()).name == "pgbench"


def test_a_fault_is_named_by_system_stage_and_decision_while_it_goes_on() -> None:
    fault = next(one for one in FAULTS if one.name == "carrier refuses waybills")
    right = ("delivery", "kuaidi100", "parcel.label", "it turns the request down", True)

    assert faults.names(fault, right)
    for n, other in enumerate(("payment", "alipay", "order.pay")):
        wrong = [*right]
        wrong[n] = other
        assert not faults.names(fault, wrong)
    assert not faults.names(fault, (*right[:4], False)), "what is over names nothing"


def test_the_score_stands_beside_the_other_workloads(tmp_path: Path) -> None:
    file = tmp_path / "latest.json"
    one, other = FAULTS[:2]
    found = [
        faults.Named(fault=one, seconds=12.34, said="a"),
        faults.Named(fault=other, seconds=None, said="b"),
    ]

    faults.write(file, found)
    report.write(file, [Result(name="W", rate=1.0)], {})

    said = json.loads(file.read_text())
    assert (said["faults"]["named_first"], said["faults"]["of"]) == (1, 2)
    assert said["faults"]["seconds"] == {one.name: 12.3, other.name: None}
    assert "W" in said["workloads"]
    assert "named first within 60 s: 1 of 2" in faults.table(found)


def test_the_suite_covers_every_party_with_at_least_twenty_faults() -> None:
    assert len(FAULTS) >= 20
    assert len({one.name for one in FAULTS}) == len(FAULTS)
    groups = {one.group for one in FAULTS}
    assert groups >= {"gateway", "notification path", "stock", "rules", "WMS", "carrier", "mail"}
    assert groups >= {"worker", "database", "finance"}
