"""A flash sale during which the web workers are killed: no piece is sold twice, none is lost."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from shangliu.platform.env import embedded_url
from tests.faults.buyers import Guest, Market
from tests.faults.killing import Killer
from tests.system import System, running

PIECES = 60
AT_ONCE = 16
KILLS = 5
ROUNDS = 6  # on a busy machine more than one guest in a row may lose patience


class _Hurried(Guest):
    """Wants one piece of the thing that is short, and orders it at once; nobody pays yet."""

    def live(self) -> None:
        self._fill_cart()
        self._submit()
        self.market.note("ordered")


@pytest.fixture(scope="module")
def shop() -> Iterator[System]:
    with running() as system:
        yield system


def _write(shop: System, sql: str) -> None:
    with psycopg.connect(embedded_url(shop.data)) as connection:
        connection.execute(sql.encode())


def _prepare(shop: System) -> int:
    """A shop with `PIECES` of one thing, which is hot from the first claim on."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.hands", "prepare", "0"],
        env={
            **shop.environ,
            "DATABASE_URL": embedded_url(shop.data),
            "DJANGO_SETTINGS_MODULE": "shangliu.config.settings",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    _write(
        shop,
        "INSERT INTO process_policyvalue (key, value, why, at)"
        " VALUES ('stock.hot_claims', 0, 'test', now())",
    )
    return int(json.loads(done.stdout.splitlines()[-1])["variants"][1])


def _sale(market: Market, guests: int) -> None:
    """So many guests, `AT_ONCE` at a time."""
    left = iter(range(guests))
    door = threading.Lock()

    def come() -> None:
        while True:
            with door:
                number = next(left, None)
            if number is None or market.stop.is_set():
                return
            guest = _Hurried(market, random.Random(number))
            guest.quietly(guest.live)
            guest.browser.close()

    threads = [threading.Thread(target=come) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _ordered(shop: System, variant: int) -> int:
    sql = "SELECT coalesce(sum(quantity), 0)::int FROM orders_orderline WHERE variant_id = %s"
    return int(shop.rows(sql, variant)[0][0])


def _left(shop: System, variant: int) -> int:
    sql = (
        "SELECT sum(on_hand - held - committed - safety)::int FROM inventory_stock"
        " WHERE variant_id = %s"
    )
    return int(shop.rows(sql, variant)[0][0])


def test_when_web_workers_are_killed_nothing_is_oversold_and_nothing_is_lost(shop: System) -> None:
    variant = _prepare(shop)
    market = Market(
        shop=shop.url,
        gateway=shop.alipay,
        gateway_line=shop.alipay,
        variants=[variant, variant],
        rows=shop.rows,
    )
    killer = Killer(shop.data, random.Random(7))
    over = threading.Event()

    def strike() -> None:
        while not over.wait(0.5) and killer.counts["web worker"] < KILLS:
            killer.kill("web worker")

    striking = threading.Thread(target=strike)
    striking.start()
    _sale(market, 60)
    over.set()
    striking.join()
    shop.wait_healthy()

    assert killer.counts["web worker"] >= 2
    assert _ordered(shop, variant) <= PIECES
    shop.run("stock", "verify")

    for _ in range(ROUNDS):
        _end_what_nobody_will_order(shop)
        if _ordered(shop, variant) == PIECES:
            break
        _sale(market, PIECES * 2)

    assert (_ordered(shop, variant), _left(shop, variant)) == (PIECES, 0)
    shop.run("stock", "verify")
    asked = {why for why in market.told if why.startswith("gave up")}
    assert asked <= {
        "gave up: told that it is sold out",
        "gave up: refused at checkout",
        "gave up: no answer for a long time",
    }


def _end_what_nobody_will_order(shop: System) -> None:
    """The holds of those whose answer was lost ring now instead of in a quarter of an hour."""
    waiting = "FROM inventory_reservation WHERE state = 'held' AND order_line_id IS NULL"
    _write(
        shop,
        "UPDATE inventory_reservation SET hold_until = now(), due_at = now()"
        " WHERE state = 'held' AND order_line_id IS NULL",
    )
    end = time.monotonic() + 40
    while shop.rows(f"SELECT 1 {waiting} LIMIT 1"):
        assert time.monotonic() < end, "the clock did not end the holds"
        time.sleep(0.2)
