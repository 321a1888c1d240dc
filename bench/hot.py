"""One SKU, thousands of buyers: decisions a second, and whether each of them is true afterwards."""

from __future__ import annotations

import psycopg

from bench.load import Measured
from bench.report import Result
from bench.workloads import Run
from shangliu.domain.inventory.handling import keep_back
from shangliu.domain.inventory.models import Stock

CLIENTS = 32
_FIRST = 200  # variants before it belong to the other workloads
_BOOKS = """
SELECT greatest(s.held + s.committed + s.safety - s.on_hand, 0),
  abs(s.held - (SELECT coalesce(sum(quantity), 0) FROM inventory_reservation
    WHERE stock_id = s.id AND state = 'held')),
  abs(s.held - (SELECT coalesce(sum(held), 0) FROM inventory_stockmovement WHERE stock_id = s.id)),
  (SELECT count(*) FROM inventory_reservation WHERE stock_id = s.id)
FROM inventory_stock s WHERE s.variant_id = %s"""


def goods(run: Run) -> list[Result]:
    """Claims by the service and through HTTP, on plenty of one thing and on nothing of another."""
    alone = _held(run, "bench.acts:hold_alone", 0)
    together = _held(run, "bench.acts:hold", 1)
    carts = _held(run, "bench.acts:add", 2)
    bought = _held(run, "bench.buying:grab", 3)
    gone = _variant(run, 4)
    _sell_out(gone)
    refused = _driven(run, "bench.acts:hold", gone)
    shown = _driven(run, "bench.buying:grab", gone)
    return [
        _result("hot claim, each alone", alone),
        _result(
            "hot claim, decided together",
            together,
            target=("rate", 1500.0),
            limit=alone[0].rate,
            against="each alone",
        ),
        _result("hot cart by service", carts),
        _result("hot cart over HTTP", bought, target=("rate", 200.0)),
        _result("sold out by service", (refused, {}), limit=together[0].rate, against="claims"),
        _result("sold out over HTTP", (shown, {}), limit=bought[0].rate, against="carts"),
    ]


Held = tuple[Measured, dict[str, float]]


def _held(run: Run, script: str, turn: int) -> Held:
    """The claims, and how far the books and the buyers disagree. What a buyer was still waiting for
    when the time was up may be held without being counted: the hold ends by its time."""
    variant = _variant(run, turn)
    done = _driven(run, script, variant)
    with psycopg.connect(run.stage.url) as connection:
        row = connection.execute(_BOOKS, [variant]).fetchone()
    assert row is not None
    oversold, unheld, unwritten, made = (int(value) for value in row)
    lost = max(done.total - made, 0)
    facts = {"oversold": oversold, "lost": lost, "off_the_books": unheld + unwritten}
    return done, {name: float(value) for name, value in facts.items()}


def _driven(run: Run, script: str, variant: int) -> Measured:
    over_http = script.startswith("bench.buying")
    chosen: object = (variant,) if script.endswith(":add") else variant
    args = (run.stage.shop, chosen) if over_http else (chosen,)
    return run.drive(script, *args, clients=CLIENTS, hands=not over_http)


def _variant(run: Run, turn: int) -> int:
    return run.shop.variants[_FIRST + run.round * 10 + turn]


def _sell_out(variant: int) -> None:
    """All that is left of it is kept back."""
    stock = Stock.objects.get(variant_id=variant)
    keep_back(stock_id=stock.pk, quantity=stock.on_hand, actor="bench", why="sold out")


def _result(
    name: str,
    held: Held,
    *,
    target: tuple[str, float] | None = None,
    limit: float | None = None,
    against: str = "",
) -> Result:
    done, facts = held
    errors = {why: number for why, number in done.errors.items() if why != "sold out"}
    errors |= {f"units {name}": int(number) for name, number in facts.items() if number}
    return Result(
        name=name,
        rate=done.rate,
        p50_ms=done.p50_ms,
        p95_ms=done.p95_ms,
        target=target,
        limit=limit,
        against=against,
        errors=errors,
        facts=facts,
    )
