"""How the map, a trace and mining behave when there is much of everything."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import quantiles

import duckdb
from django.conf import settings
from django.db import connection
from django.test import Client

from bench.growth import Grown, large
from bench.report import Result
from bench.workloads import Run
from shangliu.domain.crm.models import User
from shangliu.flow.definition import FLOW
from shangliu.flow.drawing import graph
from shangliu.insight import figures, rollup
from shangliu.insight.figures import ways_of
from shangliu.insight.mining import conformance, discovery, log, source
from shangliu.insight.mining.log import CaseOf, EventLog
from shangliu.insight.waiting import waiting
from shangliu.insight.window import Period

ORDERS = int(os.environ.get("ORDERS") or 100_000)
EVENTS = [int(one) for one in (os.environ.get("EVENTS") or "1000000").split(",")]
_REFRESH = 2.0  # seconds at most
_TRACE = 0.3
_MAP_OF_TEN_MILLION = 5.0


class Timed:
    """Seconds of each call, and the statements of the last one."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.statements = 0

    def call(self, act: Callable[[], object]) -> None:
        self.statements = 0
        began = time.perf_counter()
        with connection.execute_wrapper(self._count):
            act()
        self.seconds.append(time.perf_counter() - began)

    def result(self, name: str, *, at_most: float | None = None, **facts: float) -> Result:
        middle, most = _percentiles(self.seconds)
        return Result(
            name=name,
            rate=1 / middle,
            p50_ms=middle * 1000,
            p95_ms=most * 1000,
            sql=self.statements,
            target=("rate", 1 / at_most) if at_most else None,
            facts=facts,
        )

    def _count(
        self,
        execute: Callable[..., object],
        sql: str,
        params: object,
        many: bool,  # noqa: FBT001 - Django's signature
        context: object,
    ) -> object:
        self.statements += 1
        return execute(sql, params, many, context)


def overlay(run: Run) -> list[Result]:
    """W7: the map's figures, its page, and the trace of any order, at `ORDERS` orders."""
    with large(run.stage, ORDERS) as grown:
        drawn = graph()
        began = time.perf_counter()
        hours = rollup.seal(ways_of(drawn), most=100_000)
        sealing = time.perf_counter() - began
        facts = {
            "orders": grown.orders,
            "open_orders": grown.open_orders,
            "events": grown.events,
            "sealed_hours": hours,
            "sealing_s": sealing,
        }
        return [
            *_map(facts),
            *_traces(grown),
        ]


def _map(facts: dict[str, float]) -> list[Result]:
    drawn = graph()
    counted, first, whole = Timed(), Timed(), Timed()
    for _ in range(5):
        counted.call(waiting)
        rollup.forget()
        first.call(lambda: figures.traffic(drawn, Period.MONTH))
        whole.call(lambda: figures.figures(drawn, figures.traffic(drawn, Period.MONTH)))
    return [
        counted.result("W7 what waits now"),
        first.result("W7 30 days, nothing remembered", at_most=_REFRESH),
        whole.result("W7 overlay refresh", at_most=_REFRESH, **facts),
    ]


def _traces(grown: Grown) -> list[Result]:
    page, path = Timed(), Timed()
    views = {view: Timed() for view in ("graph", "timeline", "table")}
    client = _signed_in()
    for number in grown.numbers[:60]:
        page.call(partial(_opened, client, f"/staff/orders/{number}/"))
        path.call(partial(_opened, client, f"/staff/map/all/?order={number}"))
        for view, timed in views.items():
            timed.call(partial(_opened, client, f"/staff/orders/{number}/trace/?view={view}"))
    return [
        page.result("W7 trace of one order", at_most=_TRACE),
        path.result("W7 its way on the map"),
        *(timed.result(f"W7 trace as {view}", at_most=_TRACE) for view, timed in views.items()),
    ]


def _signed_in() -> Client:
    host = next(one for one in (*settings.ALLOWED_HOSTS, "localhost") if one and one[0] not in "*.")
    client = Client(HTTP_HOST=host)
    client.force_login(User.objects.get(login="admin"))
    return client


def _opened(client: Client, path: str) -> None:
    answer = client.get(path)
    if answer.status_code != 200:
        raise SystemExit(f"{path} answered {answer.status_code}")


def mining(run: Run) -> list[Result]:
    """W8: directly-follows map, variants and conformance on logs of `EVENTS` events."""
    found = []
    with large(run.stage, 1_000):
        files = source.refresh(run.stage.env.data_dir / "mined", CaseOf.PURCHASE)
    for wanted in EVENTS:
        with _enlarged(files, wanted, run.stage.env.data_dir / f"log-{wanted}.parquet") as whole:
            found += _mined(whole, wanted)
    return found


def _mined(whole: EventLog, events: int) -> list[Result]:
    drawn, ways, judged = Timed(), Timed(), Timed()
    drawn.call(lambda: discovery.discover(whole))
    ways.call(lambda: discovery.variants(whole))
    judged.call(lambda: conformance.check(whole, FLOW))
    size = f"{events / 1_000_000:g} M events"
    at_most = _MAP_OF_TEN_MILLION * max(events / 10_000_000, 0.2)
    return [
        drawn.result(f"W8 map of {size}", at_most=at_most),
        ways.result(f"W8 variants of {size}"),
        judged.result(f"W8 conformance of {size}"),
    ]


@contextmanager
def _enlarged(files: list[Path], wanted: int, target: Path) -> Iterator[EventLog]:
    """The log of the demo shop as often as needed, each time with other cases."""
    names = ", ".join(f"'{one}'" for one in files)
    with duckdb.connect() as base:
        row = base.execute(f"SELECT count(*) FROM read_parquet([{names}])").fetchone()  # noqa: S608
        there = int(row[0]) if row else 0
        base.execute(
            f'COPY (SELECT s.* REPLACE (s.key + k AS key, s."case" || \'-\' || k AS "case")'  # noqa: S608
            f" FROM read_parquet([{names}]) s, range({-(-wanted // there)}) r(k))"
            f" TO '{target}' (FORMAT parquet)"
        )
    try:
        yield log.read(log.connect(), "log", [target])
    finally:
        target.unlink()


def _percentiles(seconds: list[float]) -> tuple[float, float]:
    if len(seconds) == 1:
        return seconds[0], seconds[0]
    cuts = quantiles(seconds, n=20, method="inclusive")
    return cuts[9], cuts[18]
