"""One claim on one stock row, in each of the ways that `bench.hot_ways` compares."""

from __future__ import annotations

import queue
import secrets
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from django.db import connection, transaction

from bench.load import Tally
from shangliu.domain.inventory import services
from shangliu.domain.inventory.models import Reservation
from shangliu.flow.cart.effects import Span, claimed
from shangliu.flow.stock import rush
from shangliu.flow.stock.definition import RESERVATION
from shangliu.process import engine
from shangliu.process.definition import Context
from shangliu.process.roles import Role

Hands = Generator[None, None, None]
_FREE = "on_hand - held - committed - safety"
_LEDGER = """
INSERT INTO inventory_stockmovement
  (stock_id, kind, on_hand, held, committed, damaged, in_transit, safety, document, actor, why, at)
SELECT %s, 'hold', 0, 1, 0, 0, 0, 0, unnest(%s::text[]), 'guest', '', now()"""
_ALL_IN_ONE = """
WITH moved AS (
  UPDATE inventory_stock SET held = held + 1
  WHERE id = %(stock)s::bigint AND on_hand - held - committed - safety >= 1 RETURNING id),
ledger AS (
  INSERT INTO inventory_stockmovement (stock_id, kind, on_hand, held, committed, damaged,
    in_transit, safety, document, actor, why, at)
  SELECT id, 'hold', 0, 1, 0, 0, 0, 0, %(case)s::text, 'guest', '', now() FROM moved),
born AS (
  INSERT INTO inventory_reservation (stock_id, variant_id, quantity, cart_id, case_no, hold_until,
    state, entered_at, due_at, last_step, flow_version)
  SELECT id, %(variant)s::bigint, 1, 1, %(case)s::text, now() + interval '15 minutes', 'held',
    now(), now() + interval '15 minutes', 'hold', 1 FROM moved RETURNING id)
INSERT INTO process_event (at, process, object_id, case_no, version, step, source, target, prev,
  cause, lane, role, actor, entered_at, dwell_us, facts, key)
SELECT now(), 'reservation', id, %(case)s::text, 1, 'hold', '', 'held', '', 'cart.add',
  'inventory', 'system', 'guest', NULL, NULL, '{}', NULL FROM born RETURNING id"""


def claim(tally: Tally, number: int, way: str, stock_id: int, variant_id: int) -> Hands:  # noqa: ARG001
    """One claim a turn."""
    act = _WAYS[way]
    act(stock_id, variant_id)
    yield
    while True:
        began = time.monotonic()
        act(stock_id, variant_id)
        tally.ok(began)
        yield


def _case() -> str:
    return f"C{secrets.token_hex(8)}"


def _begin(stock_id: int, variant_id: int, cases: Sequence[str]) -> None:
    span = Span.fresh()
    born = [
        Reservation(
            stock_id=stock_id,
            variant_id=variant_id,
            quantity=1,
            case_no=case,
            held_since=span.since,
            hold_until=span.until,
        )
        for case in cases
    ]
    engine.begin_all(RESERVATION, RESERVATION["hold"], born, _guest())


def _guest() -> Context:
    return Context(actor="guest", role=Role.SYSTEM)


@transaction.atomic(savepoint=False)
def _write(stock_id: int, variant_id: int, cases: Sequence[str]) -> None:
    """The claims of several at once: the row is locked once."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE inventory_stock SET held = held + %s WHERE id = %s AND {_FREE} >= %s",  # noqa: S608
            [len(cases), stock_id, len(cases)],
        )
        assert cursor.rowcount == 1
        cursor.execute(_LEDGER, [stock_id, list(cases)])
    _begin(stock_id, variant_id, cases)


@transaction.atomic
def for_update(stock_id: int, variant_id: int) -> None:
    """Look under a lock, then write."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_FREE} FROM inventory_stock WHERE id = %s FOR UPDATE",  # noqa: S608
            [stock_id],
        )
        assert cursor.fetchone()[0] > 0
    _write(stock_id, variant_id, [_case()])


def guarded(stock_id: int, variant_id: int) -> None:
    """An update on condition, the ledger, the reservation, the event: statement by statement."""
    _write(stock_id, variant_id, [_case()])


@transaction.atomic(savepoint=False)
def cte(stock_id: int, variant_id: int) -> None:  # noqa: ARG001
    """The counter and the ledger in one statement: what the shop does for ordinary goods."""
    born = claimed(cart_id=None, case_no=_case(), variant_id=variant_id, quantity=1, actor="guest")
    engine.begin_all(RESERVATION, RESERVATION["hold"], list(born), _guest())


@transaction.atomic
def late(stock_id: int, variant_id: int) -> None:
    """The row last: it is locked only while the transaction ends."""
    case = _case()
    _begin(stock_id, variant_id, [case])
    services.claim(variant_id=variant_id, quantity=1, document=case, actor="guest")


@transaction.atomic
def advisory(stock_id: int, variant_id: int) -> None:
    """Admitted one by one by an advisory lock, so that nobody queues for the row itself."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [variant_id])
    cte(stock_id, variant_id)


_turn = threading.Lock()


def one_a_process(stock_id: int, variant_id: int) -> None:
    """Of each process one thread at a time goes to the database."""
    with _turn:
        cte(stock_id, variant_id)


def one_statement(stock_id: int, variant_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_ALL_IN_ONE, {"stock": stock_id, "variant": variant_id, "case": _case()})
        assert cursor.fetchone()


@transaction.atomic
def buckets(stock_id: int, variant_id: int) -> None:
    """The stock split over 64 rows; each claim takes one that nobody has locked."""
    case = _case()
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH b AS (SELECT id FROM hot_bucket WHERE units > 0 LIMIT 1 FOR UPDATE SKIP LOCKED)"
            " UPDATE hot_bucket h SET units = h.units - 1 FROM b WHERE h.id = b.id RETURNING h.id"
        )
        assert cursor.fetchone()
        cursor.execute(_LEDGER, [stock_id, [case]])
    _begin(stock_id, variant_id, [case])


@dataclass
class _Writer:
    """A thread of the process that writes what has queued; no waiting for more."""

    waiting: queue.SimpleQueue[tuple[str, Future[None]]] = field(default_factory=queue.SimpleQueue)
    started: bool = False

    def start(self, stock_id: int, variant_id: int) -> None:
        with _turn:
            if not self.started:
                self.started = True
                given = (stock_id, variant_id)
                threading.Thread(target=self._live, args=given, daemon=True).start()

    def _live(self, stock_id: int, variant_id: int) -> None:
        while True:
            taken = [self.waiting.get()]
            while not self.waiting.empty():
                taken.append(self.waiting.get())
            _write(stock_id, variant_id, [case for case, _ in taken])
            for _, done in taken:
                done.set_result(None)


_writer = _Writer()


def writer(stock_id: int, variant_id: int) -> None:
    _writer.start(stock_id, variant_id)
    mine: Future[None] = Future()
    _writer.waiting.put((_case(), mine))
    mine.result()


def combined(stock_id: int, variant_id: int) -> None:  # noqa: ARG001
    """The shop's own: whoever comes first writes for those who come meanwhile."""
    span = Span.fresh()
    rush.hold(
        rush.Wish(
            variant_id=variant_id,
            quantity=1,
            case_no=_case(),
            actor="guest",
            since=span.since,
            until=span.until,
        )
    )


_asked: dict[int, Future[None]] = {}
_looking = [False]


def in_front(stock_id: int, variant_id: int) -> None:  # noqa: ARG001
    """A row in a queue; another program decides, and this one looks for the answer."""
    with _turn:
        if not _looking[0]:
            _looking[0] = True
            threading.Thread(target=_look, daemon=True).start()
    mine: Future[None] = Future()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO hot_queue (case_no) VALUES (%s) RETURNING id", [_case()])
        _asked[cursor.fetchone()[0]] = mine
    mine.result()


def _look() -> None:
    while True:
        time.sleep(0.002)
        if not _asked:
            continue
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM hot_queue WHERE id = ANY(%s) AND decided", [list(_asked)]
            )
            for (one,) in cursor.fetchall():
                _asked.pop(one).set_result(None)


def decide(stock_id: int, variant_id: int) -> None:
    """The program behind the queue, for ever."""
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, case_no FROM hot_queue WHERE NOT decided ORDER BY id LIMIT 200"
            )
            rows = cursor.fetchall()
            if rows:
                _write(stock_id, variant_id, [row[1] for row in rows])
                cursor.execute(
                    "UPDATE hot_queue SET decided = true WHERE id = ANY(%s)",
                    [[row[0] for row in rows]],
                )
        if not rows:
            time.sleep(0.002)


def sold_out_locking(stock_id: int, variant_id: int) -> None:  # noqa: ARG001
    """ "Sold out" found under the row's lock."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_FREE} FROM inventory_stock WHERE id = %s FOR UPDATE",  # noqa: S608
            [stock_id],
        )


def sold_out_reading(stock_id: int, variant_id: int) -> None:  # noqa: ARG001
    """ "Sold out" found by reading what is committed."""
    services.available([variant_id])


_WAYS: dict[str, Callable[[int, int], None]] = {
    one.__name__: one
    for one in (
        for_update,
        guarded,
        cte,
        late,
        advisory,
        one_a_process,
        one_statement,
        buckets,
        in_front,
        writer,
        combined,
        sold_out_locking,
        sold_out_reading,
    )
}
