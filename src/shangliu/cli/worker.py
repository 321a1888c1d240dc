"""`shangliu worker`: delivers the outbox and rings the timers, until told to stop.

All it needs to know is in the database, so it may be killed at any moment and started anywhere.
"""

from __future__ import annotations

import argparse
import logging
import signal
import threading
import time
from collections.abc import Callable
from typing import Final

import psycopg
from django.conf import settings
from django.db import OperationalError, close_old_connections, connection

from shangliu.domain.notifications.webhooks import Endpoint
from shangliu.flow import alarms
from shangliu.flow.drawing import graph
from shangliu.flow.funnel import FUNNEL
from shangliu.flow.outbox import Addresses, handlers
from shangliu.flow.popularity import count_sold
from shangliu.flow.reconciliation import services as reconciliation
from shangliu.flow.timers import run_due
from shangliu.insight.alarms.watch import forget_old
from shangliu.insight.archive import make_months
from shangliu.insight.figures import ways_of
from shangliu.insight.funnel import days, journeys
from shangliu.insight.mining.source import archive_due
from shangliu.insight.rollup import seal
from shangliu.platform import clock
from shangliu.platform.env import Env
from shangliu.platform.errors import Refused
from shangliu.platform.health import HOUSE, OUTBOX, OUTBOX_TOO, TIMERS, WATCH
from shangliu.platform.models import Heartbeat
from shangliu.platform.outbox import drain

log = logging.getLogger(__name__)

TIMERS_EVERY = 1.0
COUNT_EVERY = 60.0
BILLS_EVERY = 20.0  # a gateway that gives none is missed within a minute
WATCH_EVERY, WATCH_AT_MOST = 5.0, 10.0
ARCHIVE = "archive"  # not among the loops whose rest is an alarm: one turn may take minutes
ARCHIVE_AFTER, ARCHIVE_EVERY = 60.0, 3600.0
IDLE = 0.2


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("worker", help="后台任务 / background work")
    parser.set_defaults(run=run)


def addresses(env: Env) -> Addresses:
    """Where outside systems are, and where they reach us."""
    return Addresses(
        carrier_callback=f"{env.public_url}/carrier/push/kuaidi100/",
        finance=Endpoint(env.finance_url, env.finance_secret) if env.finance_url else None,
    )


def run(env: Env, args: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threads = [
        threading.Thread(target=_loop, args=(name, stop, once), daemon=True)
        for name, once in (
            (OUTBOX, _drain(env, stop)),
            (OUTBOX_TOO, _drain(env, stop)),
            (TIMERS, _timers(stop)),
            (HOUSE, _keeping_house(stop)),
            (WATCH, _watching(stop)),
            (ARCHIVE, _archiving(stop)),
        )
    ]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    while not stop.wait(0.5):
        if not all(thread.is_alive() for thread in threads):
            log.error("a loop has ended; leaving so that the supervisor starts anew")
            return 1
    for thread in threads:
        thread.join(timeout=5)
    return 0


class _Pulse:
    """The heartbeat of a loop, written every two seconds at most. Work that waits for outside
    systems calls it after each piece: a slow gateway does not make the loop look stuck."""

    def __init__(self, name: str) -> None:
        self._name: Final = name
        self._at = float("-inf")

    def __call__(self) -> None:
        if time.monotonic() - self._at > 2:
            Heartbeat.objects.update_or_create(name=self._name, defaults={"beat_at": clock.now()})
            self._at = time.monotonic()


_Once = Callable[[_Pulse], None]


def _drain(env: Env, stop: threading.Event) -> _Once:
    table = handlers(addresses(env))

    def once(beat: _Pulse) -> None:
        if not drain(table, after_each=beat):
            stop.wait(IDLE)

    return once


def _timers(stop: threading.Event) -> _Once:
    def once(beat: _Pulse) -> None:
        run_due(after_each=beat)
        stop.wait(TIMERS_EVERY)

    return once


def _keeping_house(stop: threading.Event) -> _Once:
    """What may take long and may wait: counts and sums for pages. Apart from the timers, so that
    none of them is late for it."""
    done_at, billed_at = [float("-inf")], [float("-inf")]

    def once(_beat: _Pulse) -> None:
        if time.monotonic() - billed_at[0] > BILLS_EVERY:
            reconciliation.run_due()
            billed_at[0] = time.monotonic()
        if time.monotonic() - done_at[0] > COUNT_EVERY:
            count_sold()
            make_months()
            forget_old()
            behind = journeys.seal(FUNNEL) > 1 or seal(ways_of(graph())) > 0
            days.roll(FUNNEL)
            done_at[0] = float("-inf") if behind else time.monotonic()
        stop.wait(TIMERS_EVERY)

    return once


def _archiving(stop: threading.Event) -> _Once:
    """Old months of the log go to files by themselves. By its own loop, as a month takes minutes;
    what cannot be archived now is tried again in an hour."""
    next_at = [time.monotonic() + ARCHIVE_AFTER]

    def once(_beat: _Pulse) -> None:
        stop.wait(TIMERS_EVERY)
        if time.monotonic() < next_at[0]:
            return
        next_at[0] = time.monotonic() + ARCHIVE_EVERY
        try:
            for file in archive_due(settings.EVENT_ARCHIVE, settings.MINED_LOG):
                log.info("archived %s", file)
        except Refused:
            log.exception("not archived")

    return once


def _watching(stop: threading.Event) -> _Once:
    """Look for what is wrong. A look that takes long is paid for by a longer pause."""

    def once(_beat: _Pulse) -> None:
        began = time.monotonic()
        alarms.look()
        stop.wait(min(max(WATCH_EVERY, 5 * (time.monotonic() - began)), WATCH_AT_MOST))

    return once


def _loop(name: str, stop: threading.Event, once: _Once) -> None:
    """Turn until stopped. A lost database is waited for; anything else ends the loop."""
    beat = _Pulse(name)
    while not stop.is_set():
        try:
            once(beat)
            beat()
        except (OperationalError, psycopg.OperationalError) as lost:
            log.warning("%s: no database (%s), trying again", name, lost)
            connection.close()
            stop.wait(1)
        close_old_connections()
