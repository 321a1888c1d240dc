"""The whole product under load while its programs are killed and its lines are cut.

Everything is decided by one seed: what each guest does, what is killed when, what is cut how.
(The order in which processes run is the machine's, so two runs are alike and not the same.)
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
import requests

from shangliu.platform.env import embedded_url
from tests.faults import checker
from tests.faults.buyers import Market, shopping
from tests.faults.checker import Moved, Violation
from tests.faults.killing import Killer
from tests.faults.proxy import Proxy
from tests.system import System, running

_RAISED = re.compile(r"\| ((?:\w+\.)+\w+(?:Error|Exception|Conflict|Refused|Timeout)):")
_SLOWEST = 120.0
SIMULATED = ("lost", "drop", "unknown", "unknown_done", "http_502", "hold", "lose", "delay")
LIES = ("notify/duplicate", "notify/probe", "notify/wrong-amount")
_BOOKS = {
    "orders": "SELECT state, count(*) FROM orders_order GROUP BY state",
    "payments": "SELECT state, count(*) FROM payments_payment GROUP BY state",
    "refunds": "SELECT state, count(*) FROM payments_refund GROUP BY state",
    "work in the warehouse": "SELECT step, count(*) FROM process_event"
    " WHERE process = 'fulfilment' GROUP BY step",
    "parcels": "SELECT state, count(*) FROM logistics_parcel GROUP BY state",
    "notifications": "SELECT verdict, count(*) FROM payments_gatewaynotification GROUP BY verdict",
    "letters": "SELECT CASE WHEN done_at IS NOT NULL THEN 'delivered' WHEN dead_at IS NOT NULL"
    " THEN 'dead' ELSE 'waiting' END, count(*) FROM platform_outbox GROUP BY 1",
    "tries per letter": "SELECT attempts::text, count(*) FROM platform_outbox GROUP BY attempts",
    "calls without an answer": "SELECT system, count(*) FROM platform_outsidecall"
    " WHERE status IS NULL GROUP BY system",
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    seconds: float
    seed: int
    clients: int = 8
    pause: float = 0.5
    kill_every: float = 3.0
    cut_rate: float = 0.25
    purchases: int = 5
    """So many are to be submitted and paid at the least: a machine on which programs start slowly
    gets the time for it after the last kill, with lines still being cut."""


@dataclass
class Outcome:
    """What was done to the shop, what it did, and what was wrong afterwards."""

    plan: Plan
    kills: Counter[str] = field(default_factory=Counter)
    cuts: dict[str, Counter[str]] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    guests: Counter[str] = field(default_factory=Counter)
    raised: Counter[str] = field(default_factory=Counter)
    books: dict[str, dict[str, int]] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    quiet_after: float = 0.0

    def __str__(self) -> str:
        blocks: list[tuple[str, Mapping[str, int]]] = [
            ("kill -9", self.kills),
            *((f"line to {name}", counts) for name, counts in self.cuts.items()),
            ("gateway's own faults", self.faults),
            ("guests", self.guests),
            ("raised in the programs", self.raised),
            *self.books.items(),
        ]
        lines = [f"seed {self.plan.seed}, {self.plan.seconds:.0f} s, {self.plan.clients} guests"]
        for name, counts in blocks:
            said = ", ".join(f"{what} {n}" for what, n in sorted(counts.items()))
            lines.append(f"{name} ({sum(counts.values())}): {said or 'none'}")
        lines.append(f"quiet {self.quiet_after:.0f} s after the storm")
        lines.append(f"violations: {len(self.violations)}")
        lines += [f"  {one}" for one in self.violations]
        return "\n".join(lines)


def blow(plan: Plan) -> Outcome:
    """Start the product, let the storm go over it, wait until it is quiet and look."""
    outcome = Outcome(plan)
    with ExitStack() as stack:
        lines = {
            name: stack.enter_context(Proxy(0, chance=random.Random(f"{plan.seed} {name}")))
            for name in ("alipay", "kuaidi100", "finance")
        }
        system = stack.enter_context(running(DEMO="0", **_through(lines)))
        for name, port in (("alipay", 11), ("kuaidi100", 12), ("finance", 13)):
            lines[name].target = system.port + port
        storm = _Storm(plan, system, lines, outcome)
        storm.rage()
        storm.calm()
        storm.look()
    return outcome


def _through(lines: Mapping[str, Proxy]) -> dict[str, Any]:
    return {
        "PAYMENTS_ALIPAY_GATEWAY": f"{lines['alipay'].url}/gateway.do",
        "CARRIERS_KUAIDI100_POLL_URL": lines["kuaidi100"].url,
        "CARRIERS_KUAIDI100_API_URL": lines["kuaidi100"].url,
        "FINANCE_WEBHOOK_URL": f"{lines['finance'].url}/hook",
    }


@dataclass
class _Storm:
    plan: Plan
    system: System
    lines: Mapping[str, Proxy]
    outcome: Outcome

    def rage(self) -> None:
        plan = self.plan
        chance = random.Random(plan.seed)
        variants = json.loads(self._hands("prepare", 0).splitlines()[-1])["variants"]
        market = Market(
            shop=self.system.url,
            gateway=self.system.alipay,
            gateway_line=self.lines["alipay"].url,
            variants=variants,
            rows=self.system.rows,
        )
        for line in self.lines.values():
            line.rate = plan.cut_rate
        killer = Killer(self.system.data, random.Random(chance.random()))
        threads = [
            threading.Thread(target=shopping, args=(market, chance.randrange(10**9), plan.pause))
            for _ in range(plan.clients)
        ]
        for thread in threads:
            thread.start()
        with self._working(chance, market.stop):
            self._strike(killer, chance, time.monotonic() + plan.seconds)
            self._stay_open(market)
            market.stop.set()
            for thread in threads:
                thread.join()
        self.outcome.kills += killer.counts
        self.outcome.guests = market.told

    def _stay_open(self, market: Market) -> None:
        end = time.monotonic() + _SLOWEST
        wanted = self.plan.purchases
        while time.monotonic() < end and wanted > min(
            market.told["orders submitted"], market.told["paid at the gateway"]
        ):
            time.sleep(0.2)

    def _strike(self, killer: Killer, chance: random.Random, end: float) -> None:
        """Kills, and beside it troubles the gateway, until the end."""
        over = threading.Event()
        seed = chance.random()
        liar = threading.Thread(target=self._trouble_gateway, args=(random.Random(seed), over))
        liar.start()
        while (now := time.monotonic()) < end:
            killer.kill()
            time.sleep(max(0.0, min(end - now, chance.expovariate(1 / self.plan.kill_every))))
        over.set()
        liar.join()

    def _trouble_gateway(self, chance: random.Random, over: threading.Event) -> None:
        """Something goes wrong at the gateway itself, or somebody lies in its name."""
        while not over.wait(self.plan.kill_every / 2):
            with suppress(requests.RequestException):
                kind = chance.choice(SIMULATED)
                self._sim("alipay", "faults", kind=kind, value="2", times="1")
                self.outcome.faults[kind] += 1
                trades = self._book("alipay", "trades")
                paid = [one["out_trade_no"] for one in trades[:30] if one["paid"]]
                if paid:
                    lie = chance.choice(LIES)
                    self._sim("alipay", lie, out_trade_no=chance.choice(paid))
                    self.outcome.faults[lie] += 1

    @contextmanager
    def _working(self, chance: random.Random, stop: threading.Event) -> Iterator[None]:
        """Two people at work; who is killed with the database, or by the harness, comes back."""

        def person(seed: int) -> None:
            mine = random.Random(seed)
            while not stop.is_set():
                process = self._start("work", mine.randrange(10**9))
                limit = time.monotonic() + 15 + mine.random() * 20
                while process.poll() is None and time.monotonic() < limit and not stop.is_set():
                    time.sleep(0.1)
                if process.poll() is None:
                    process.kill()
                    self.outcome.kills["person at work"] += 1
                process.wait()
                time.sleep(0.3)

        people = [
            threading.Thread(target=person, args=(chance.randrange(10**9),)) for _ in range(2)
        ]
        for one in people:
            one.start()
        try:
            yield
        finally:
            stop.set()
            for one in people:
                one.join()

    def calm(self) -> None:
        """Until nothing is under way: lines whole, timers rung, letters delivered."""
        began = time.monotonic()
        for line in self.lines.values():
            line.rate = 0.0
        self.system.wait_healthy(120)
        self._sim("alipay", "faults/clear")
        self._sim("alipay", "notify/release")
        for hours in (1, 2, 4, 8, 16):
            self._sim("alipay", "clock", advance="4000")
            time.sleep(1.0)
            self._hands("rest", hours)
            if not self._open():
                break
        self._sim("alipay", "clock", reset="1")
        end = time.monotonic() + 20
        while self._open() and time.monotonic() < end:
            time.sleep(0.5)
        self.outcome.quiet_after = time.monotonic() - began

    def _open(self) -> bool:
        waiting = [
            one
            for one in self._book("alipay", "notifications")
            if one["state"] == "waiting" and one["attempts"] == 0
        ]
        return bool(waiting or checker.at_rest(self._rows))

    def look(self) -> None:
        outcome = self.outcome
        outcome.violations += checker.at_rest(self._rows)
        outcome.violations += checker.against_gateways(self._rows, self._gateway_book())
        outcome.violations += checker.against_carrier(
            self._rows,
            {
                one["order_id"]: one["number"]
                for one in self._book("kuaidi100", "parcels")
                if one["order_id"]
            },
        )
        told = [(one["event_id"], one["topic"]) for one in self._book("finance", "events")]
        outcome.violations += checker.against_finance(self._rows, told)
        for name, line in self.lines.items():
            outcome.cuts[name] = Counter({cut.value: n for cut, n in line.counts.items()})
        outcome.raised = Counter(_RAISED.findall(self.system.said))
        for name, sql in _BOOKS.items():
            outcome.books[name] = {row[0]: row[1] for row in self.system.rows(sql)}

    def _gateway_book(self) -> list[Moved]:
        return [
            Moved("alipay", one["out_trade_no"], one["fen"], one["out_request_no"])
            for one in self._book("alipay", "ledger")
        ]

    def _rows(self, sql: str, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        with psycopg.connect(embedded_url(self.system.data)) as connection:
            return connection.execute(sql, values).fetchall()

    def _book(self, name: str, what: str) -> list[dict[str, Any]]:
        url = f"{getattr(self.system, _SIDES[name])}/_sim/{what}"
        found: list[dict[str, Any]] = requests.get(url, timeout=10).json()
        return found

    def _sim(self, name: str, verb: str, **said: str) -> None:
        requests.post(f"{getattr(self.system, _SIDES[name])}/_sim/{verb}", data=said, timeout=10)

    def _hands(self, action: str, number: int) -> str:
        process = self._start(action, number)
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, out + err
        return out

    def _start(self, action: str, number: int) -> subprocess.Popen[str]:
        whole = action != "work"
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults.hands", action, str(number)],
            env={
                **self.system.environ,
                "DATABASE_URL": embedded_url(self.system.data),
                "FINANCE_WEBHOOK_SECRET": _secret(self.system),
                "DJANGO_SETTINGS_MODULE": "shangliu.config.settings",
            },
            stdout=subprocess.PIPE if whole else subprocess.DEVNULL,
            stderr=subprocess.PIPE if whole else subprocess.DEVNULL,
            text=True,
        )


_SIDES = {"alipay": "alipay", "kuaidi100": "carrier", "finance": "finance"}


def _secret(system: System) -> str:
    return (system.data / "finance_secret").read_text().strip()
