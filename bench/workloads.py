"""The workloads of the comparison. Each gives one result for every figure that it measures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from bench import same
from bench.buying import Way
from bench.load import Address, Job, Measured, drive
from bench.neutral import Shop
from bench.pgbench import Pgbench
from bench.report import Result
from bench.stage import Stage

WELL_KNOWN = 100  # products whose pages are kept: what a busy shop's visitors mostly look at
RUSH_STOCK = 100
RUSH_GUESTS = 300
RUSH_AT_ONCE = 32
_COUNTED = """
SELECT coalesce(sum(s.calls), 0) FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
WHERE r.rolname = %s
  AND s.query !~* '^\\s*(begin|commit|rollback|savepoint|release|set|show|listen)'"""


@dataclass
class Run:
    """One round: where, with what, how long. `same` are the scripts of our own statements."""

    stage: Stage
    shop: Shop
    pgbench: Pgbench
    seconds: float
    warm: float
    round: int = 0
    limits: dict[str, float] = field(default_factory=dict)

    def drive(self, script: str, *args: Any, hands: bool = False, **more: Any) -> Measured:
        given = {"warm": self.warm, "seconds": self.seconds} | more
        return drive(Job(script=script, args=args, hands=hands, **given))

    @contextmanager
    def counted(self, *roles: str) -> Iterator[dict[str, int]]:
        """Statements of these database roles inside the block, without those that only frame a
        transaction."""
        found: dict[str, int] = {}
        with psycopg.connect(self.stage.url, autocommit=True) as connection:
            connection.execute("SELECT pg_stat_statements_reset()")
            yield found
            for role in roles:
                row = connection.execute(_COUNTED, [role]).fetchone()
                found[role] = int(row[0]) if row else 0

    def way(self) -> Way:
        return Way(
            shop=self.stage.shop,
            gateway=self.stage.gateway,
            products=self.shop.products[:WELL_KNOWN],
            variants=self.shop.variants[:WELL_KNOWN],
            database=self.stage.url,
        )


def pages(run: Run) -> list[Result]:
    """W1: category pages, against a view that does nothing."""
    bare = run.drive("bench.buying:look", run.stage.bare, ("/",))
    _visit_all(run, run.shop.categories)
    kept = _looked(run, run.stage.shop, run.shop.categories)
    made = _looked(run, run.stage.uncached, run.shop.categories)
    return [
        _page("W1 category page, cached", kept, target=("ratio", 0.6), limit=bare.rate),
        _page("W1 category page, uncached", made, target=("rate", 200.0), limit=bare.rate),
    ]


def products(run: Run) -> list[Result]:
    """W2: product pages; the well-known ones with the page cache, all without it."""
    bare = run.drive("bench.buying:look", run.stage.bare, ("/",))
    known = run.shop.products[:WELL_KNOWN]
    _visit_all(run, known)
    kept = _looked(run, run.stage.shop, known)
    made = _looked(run, run.stage.uncached, run.shop.products)
    return [
        _page("W2 product page, cached", kept, limit=bare.rate),
        _page("W2 product page, uncached", made, limit=bare.rate),
    ]


def orders(run: Run) -> list[Result]:
    """W2: add to cart and place order as services, against pgbench on the same statements."""
    folder = run.stage.env.data_dir
    batch = run.round * 8 * same.PER_CLIENT
    adding = same.of_add(folder / "add.sql", run.shop)
    placing = same.of_place(folder / "place.sql", run.shop)
    first = _newest_cart(run)
    add = run.drive("bench.acts:add", run.shop.variants, hands=True)
    add_limit = run.pgbench.same(folder / "add.sql", run.seconds, i=0, batch=batch)
    mine = _carts_after(run, first)
    place = run.drive("bench.acts:place", 8, mine, hands=True, warm=0.0, seconds=None)
    same.carts(run.shop, batch=batch, each=round(250 * run.seconds))
    place_limit = run.pgbench.same(folder / "place.sql", run.seconds, i=0, batch=batch)
    same_statements = "pgbench, same statements"
    return [
        _result("W2 add to cart", add, sql=adding, limit=add_limit, against=same_statements),
        _result(
            "W2 place order",
            place,
            sql=placing,
            limit=place_limit,
            against=same_statements,
            target=("ratio", 0.25),
        ),
    ]


def purchase(run: Run) -> list[Result]:
    """W4: a complete guest purchase of a well-known product over HTTP, the gateway's notification
    counted as a request."""
    _visit_all(run, run.shop.products[:WELL_KNOWN])
    with run.counted("web", "worker") as counted:
        done = run.drive("bench.buying:buy", run.way())
    each = max(done.total, 1)
    return [
        _result(
            "W4 full purchase",
            done,
            sql=counted["web"] / each,
            http=7,
            target=("rate", 20.0),
            facts={"worker_sql": counted["worker"] / each},
        )
    ]


def rush(run: Run) -> list[Result]:
    """W5: more guests than pieces, all at once. The rate is orders a second."""
    variant = run.shop.scarce[run.round]
    way = Way(
        shop=run.stage.shop,
        gateway=run.stage.gateway,
        products=(),
        variants=(variant,),
        database=run.stage.url,
    )
    began = time.monotonic()
    done = run.drive(
        "bench.buying:rush",
        way,
        RUSH_GUESTS,
        RUSH_AT_ONCE,
        clients=RUSH_AT_ONCE,
        warm=0.0,
        seconds=None,
    )
    wall = time.monotonic() - began
    ordered = _one(
        run,
        "SELECT coalesce(sum(quantity), 0) FROM orders_orderline WHERE variant_id = %s",
        variant,
    )
    other = {why: number for why, number in done.errors.items() if why != "sold out"}
    facts = {"orders": ordered, "sold_out": done.errors.get("sold out", 0), "wall_s": wall}
    if ordered != RUSH_STOCK:
        other["orders that should be 100"] = ordered
    return [_result("W5 flash sale, stock 100", done, errors=other, facts=facts)]


def steps(run: Run) -> list[Result]:
    """W6: one step of the engine: lock, guard, effect, conditional write, event, outbox."""
    script = run.stage.env.data_dir / "step.sql"
    statements, first = same.of_step(script)
    done = run.drive("bench.acts:step", hands=True)
    limit = run.pgbench.same(script, run.seconds, first=first)
    return [
        _result(
            "W6 engine step",
            done,
            sql=statements,
            limit=limit,
            against="pgbench, same statements",
        )
    ]


WORKLOADS: Mapping[str, tuple[Callable[[Run], list[Result]], ...]] = {
    "W1": (pages,),
    "W2": (products, orders),
    "W4": (purchase,),
    "W5": (rush,),
    "W6": (steps,),
}


def _visit_all(run: Run, paths: tuple[str, ...]) -> None:
    run.drive("bench.buying:walk", run.stage.shop, paths, warm=0.0, seconds=None)


def _looked(run: Run, address: Address, paths: tuple[str, ...]) -> tuple[Measured, float]:
    """The pages, and how many statements each of them took."""
    with run.counted("web") as counted:
        done = run.drive("bench.buying:look", address, paths)
    return done, counted["web"] / max(done.total, 1)


def _page(
    name: str,
    looked: tuple[Measured, float],
    *,
    limit: float,
    target: tuple[str, float] | None = None,
) -> Result:
    done, sql = looked
    return _result(name, done, sql=sql, http=1, limit=limit, against="bare view", target=target)


def _result(name: str, done: Measured, **more: Any) -> Result:
    given = {"errors": done.errors} | more
    return Result(name=name, rate=done.rate, p50_ms=done.p50_ms, p95_ms=done.p95_ms, **given)


def _newest_cart(run: Run) -> int:
    return _one(run, "SELECT coalesce(max(id), 0) FROM cart_cart")


def _carts_after(run: Run, first: int) -> list[int]:
    with psycopg.connect(run.stage.url) as connection:
        rows = connection.execute(
            "SELECT id FROM cart_cart WHERE id > %s AND state = 'open' AND token NOT LIKE 'K%%'"
            " ORDER BY id",
            [first],
        ).fetchall()
    return [row[0] for row in rows]


def _one(run: Run, query: str, *args: object) -> int:
    with psycopg.connect(run.stage.url) as connection:
        row = connection.execute(query, args).fetchone()
    return int(row[0]) if row else 0
