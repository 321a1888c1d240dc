"""Ways to decide many claims on one stock row, measured against each other in the same minutes.

`python -m bench.hot_ways [way ...]`; `SECONDS` and `ROUNDS` as for the benchmark. Each way writes
what a shop needs of a claim: the counter, the ledger's line, the reservation and its event, the
last two by the engine (`one_statement` alone goes past it, to show what a row can give at most).
The figures, and what was chosen, are in docs/adr/0008-hot-goods.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from statistics import median

import django
from django.db import connection

from bench import surroundings
from bench.load import Job, drive

CLIENTS = 32
WAYS = (
    "for_update",
    "guarded",
    "cte",
    "late",
    "advisory",
    "one_a_process",
    "one_statement",
    "buckets",
    "in_front",
    "writer",
    "combined",
    "sold_out_locking",
    "sold_out_reading",
)
_TABLES = (
    "CREATE TABLE hot_bucket (id int PRIMARY KEY, units int NOT NULL CHECK (units >= 0))",
    "INSERT INTO hot_bucket SELECT n, 1000000 FROM generate_series(1, 64) n",
    "CREATE TABLE hot_queue (id bigserial PRIMARY KEY, case_no text, decided bool DEFAULT false)",
    "CREATE INDEX ON hot_queue (id) WHERE NOT decided",
    "VACUUM ANALYZE",
)
Figures = tuple[float, float, float]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.hot_ways")
    parser.add_argument("ways", nargs="*", metavar="way", help=", ".join(WAYS))
    ways = [name for name in WAYS if name in parser.parse_args().ways] or list(WAYS)
    seconds = float(os.environ.get("SECONDS") or 4)
    rounds = int(os.environ.get("ROUNDS") or 3)
    found: dict[str, list[Figures]] = {name: [] for name in ways}
    with surroundings.made():
        django.setup()
        stage = import_module("bench.stage")
        with stage.database():
            stock_id, variant_id = _opened()
            for _ in range(rounds):
                for name in ways:
                    found[name].append(_measured(name, stock_id, variant_id, seconds))
    base = median(one[0] for one in found[ways[0]])
    for name, runs in found.items():
        rate, p50, p95 = (median(one[n] for one in runs) for n in range(3))
        print(f"{name:17}{rate:9,.0f}/s  p50 {p50:6.1f}  p95 {p95:6.1f} ms  x {rate / base:.1f}")
    return 0


def _opened() -> tuple[int, int]:
    """One variant of the neutral shop, of which there is more than anybody can buy."""
    variant_id = import_module("bench.neutral").make().variants[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inventory_stock SET on_hand = 100000000 WHERE variant_id = %s RETURNING id",
            [variant_id],
        )
        stock_id = int(cursor.fetchone()[0])
        for statement in _TABLES:
            cursor.execute(statement)
    return stock_id, variant_id


def _measured(name: str, stock_id: int, variant_id: int, seconds: float) -> Figures:
    job = Job(
        script="bench.hot_acts:claim",
        args=(name, stock_id, variant_id),
        clients=CLIENTS,
        hands=True,
        warm=1.0,
        seconds=seconds,
    )
    with _decider(stock_id, variant_id, wanted=name == "in_front"):
        done = drive(job)
    if done.errors:
        raise SystemExit(f"{name}: {done.errors}")
    print(f"{name:17}{done.rate:9,.0f}/s", flush=True)
    return done.rate, done.p50_ms, done.p95_ms


@contextmanager
def _decider(stock_id: int, variant_id: int, *, wanted: bool) -> Iterator[None]:
    """The program behind the queue in front."""
    if not wanted:
        yield
        return
    program = "from bench.hot_acts import decide; decide(*map(int, __import__('sys').argv[1:]))"
    setup = f"import django; django.setup(); {program}"
    process = subprocess.Popen([sys.executable, "-c", setup, str(stock_id), str(variant_id)])
    time.sleep(2)
    try:
        yield
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    raise SystemExit(main())
