"""The demo trade lives on a running shop, bears faults, and goes without a trace in the sums."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import psycopg
import pytest

from shangliu.platform.env import embedded_url
from tests.system import System, make_staff, running

_SHOP = "import django; django.setup(); from tests.insight.world import open_shop; open_shop()"
_SHIPPED = "SELECT count(*) FROM orders_order WHERE state IN ('shipped', 'completed')"
_ORDERS = "SELECT count(*) FROM orders_order"
_PATIENCE = 60.0


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with running(LIFE="7") as started:
        assert started.rows('SELECT "on", rate FROM life_switch') == [(True, 7)]
        started.run("life", "off")
        make_staff(started)
        _run_in(started, _SHOP)
        yield started


def _run_in(system: System, program: str) -> None:
    subprocess.run(
        [sys.executable, "-c", program],
        env={
            **system.environ,
            "DATABASE_URL": embedded_url(system.data),
            "DJANGO_SETTINGS_MODULE": "shangliu.config.settings",
        },
        check=True,
    )


def _set(system: System, sql: str) -> None:
    with psycopg.connect(embedded_url(system.data)) as connection:
        connection.execute(f"UPDATE life_switch SET {sql}")


def _one(system: System, sql: str) -> object:
    return system.rows(sql)[0][0]


def _wait(system: System, sql: str, wanted: object = True) -> None:  # noqa: FBT002
    end = time.monotonic() + _PATIENCE
    while (found := _one(system, sql)) != wanted:
        trouble = system.rows("SELECT last_error FROM life_switch")
        assert time.monotonic() < end, f"{sql}: {found}, {trouble}\n{system.said[-3000:]}"
        time.sleep(0.3)


def _books_add_up(system: System) -> None:
    assert "库存与流水一致" in system.run("stock", "verify")
    assert _one(system, "SELECT coalesce(sum(amount_fen), 0) FROM ledger_posting") == 0


def test_purchases_go_through_to_the_buyer_and_can_be_taken_away(system: System) -> None:
    before = system.rows("SELECT id, on_hand, held, committed FROM inventory_stock ORDER BY id")
    system.run("life", "on", "--rate", "60", "--hurry", "40")
    _wait(system, f"SELECT ({_SHIPPED}) >= 3")
    _wait(system, "SELECT count(*) > 0 FROM insight_behaviour WHERE step = 'view_product'")
    _wait(system, "SELECT count(*) > 0 FROM orders_order WHERE state = 'completed'")
    system.run("life", "off")
    assert _one(system, "SELECT orders > 2 AND paid > 2 AND visits > orders FROM life_switch")
    assert not _one(
        system,
        "SELECT count(*) FROM orders_trade t WHERE NOT EXISTS"
        " (SELECT 1 FROM life_mark m WHERE m.key = t.visit)",
    )
    _books_add_up(system)

    assert "已移除" in system.run("life", "remove")

    for table in ("orders_order", "payments_payment", "logistics_parcel", "cart_cart"):
        assert _one(system, f"SELECT count(*) FROM {table}") == 0, table
    for table in ("process_event", "life_mark", "inventory_reservation", "platform_outbox"):
        assert _one(system, f"SELECT count(*) FROM {table}") == 0, table
    after = system.rows("SELECT id, on_hand, held, committed FROM inventory_stock ORDER BY id")
    assert after == before
    _books_add_up(system)
    uneven = "SELECT account FROM ledger_posting GROUP BY account HAVING sum(amount_fen) <> 0"
    assert system.rows(uneven) == []


def test_payments_are_refused_where_that_is_the_chosen_fault(system: System) -> None:
    system.run("life", "on", "--rate", "60", "--hurry", "40")
    _set(system, "refused = 100, notices_twice = 100")
    _wait(system, "SELECT count(*) > 0 FROM payments_payment WHERE state = 'failed'")
    twice = (
        "SELECT count(*) > 0 FROM (SELECT 1 FROM payments_gatewaynotification"
        " WHERE notification_id <> '' GROUP BY notification_id HAVING count(*) > 1) found"
    )
    _wait(system, twice)
    system.run("life", "off")
    _books_add_up(system)


def test_idle_staff_leave_their_work_and_go_on_when_they_are_back(system: System) -> None:
    _set(system, "refused = 0, notices_twice = 0, idle = '[\"warehouse\"]'")
    system.run("life", "on")
    done = "SELECT count(*) FROM process_event WHERE process = 'fulfilment' AND step = 'wave'"
    waits = "SELECT count(*) FROM fulfilment_fulfilmenttask WHERE state = 'created'"
    time.sleep(1.5)  # what was in somebody's hands when the warehouse went home
    before = _one(system, done)
    _wait(system, f"SELECT ({waits}) >= 2")
    assert _one(system, done) == before
    _set(system, "idle = '[]'")
    _wait(system, f"SELECT ({done}) >= {before} + 2")


def test_it_goes_on_after_the_database_was_killed_and_stops_when_it_is_told(
    system: System,
) -> None:
    postmaster = int((system.data / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    time.sleep(1)
    system.wait_healthy(90)
    before = _one(system, _ORDERS)
    _wait(system, f"SELECT ({_ORDERS}) > {before}")
    system.run("life", "off")
    time.sleep(2)
    orders, visits = _one(system, _ORDERS), _one(system, "SELECT count(*) FROM life_mark")
    time.sleep(3)
    assert (_one(system, _ORDERS), _one(system, "SELECT count(*) FROM life_mark")) == (
        orders,
        visits,
    )
    life = json.loads((system.data / "run" / "life.pid").read_text())["pid"]
    assert psutil.Process(life).is_running()


def test_the_button_in_the_back_office_has_the_process_remove_everything(system: System) -> None:
    _set(system, "removing = true")
    _wait(system, "SELECT removing FROM life_switch", wanted=False)
    assert _one(system, _ORDERS) == 0
    assert _one(system, "SELECT count(*) FROM insight_behaviour") == 0
    _books_add_up(system)
