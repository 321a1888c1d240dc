"""Moving stock. Every move is one statement: guarded counters and ledger rows together.

Rows are locked in the order of their ids, whatever the order of the demand, so that two buyers of
the same goods wait for each other and never for ever. States of reservations are the engine's;
this module moves the units that they stand for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from django.db import connection

from shangliu.domain.inventory.models import Reservation, Stock, Warehouse
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.platform.text import Text


class Move(StrEnum):
    """Kinds of ledger lines, and what one unit of each does to the counters."""

    RECEIVE = "receive"
    HOLD = "hold"
    RELEASE = "release"
    COMMIT = "commit"
    UNCOMMIT = "uncommit"
    SHIP = "ship"
    RESTOCK = "restock"
    SCRAP = "scrap"
    ADJUST = "adjust"
    SEND = "send"
    ANNOUNCE = "announce"
    ARRIVE = "arrive"
    ARRIVE_DAMAGED = "arrive_damaged"
    LOSE = "lose"
    WRITE_OFF = "write_off"
    DISCARD = "discard"
    SAFETY = "safety"


class Effect(NamedTuple):
    """What one unit adds to each counter."""

    on_hand: int = 0
    held: int = 0
    committed: int = 0
    damaged: int = 0
    in_transit: int = 0
    safety: int = 0


_EFFECT: dict[Move, Effect] = {
    Move.RECEIVE: Effect(on_hand=1),
    Move.HOLD: Effect(held=1),
    Move.RELEASE: Effect(held=-1),
    Move.COMMIT: Effect(held=-1, committed=1),
    Move.UNCOMMIT: Effect(committed=-1),
    Move.SHIP: Effect(on_hand=-1, committed=-1),
    Move.RESTOCK: Effect(on_hand=1),
    Move.SCRAP: Effect(damaged=1),
    Move.ADJUST: Effect(on_hand=1),
    Move.SEND: Effect(on_hand=-1),
    Move.ANNOUNCE: Effect(in_transit=1),
    Move.ARRIVE: Effect(on_hand=1, in_transit=-1),
    Move.ARRIVE_DAMAGED: Effect(damaged=1, in_transit=-1),
    Move.LOSE: Effect(in_transit=-1),
    Move.WRITE_OFF: Effect(on_hand=-1, damaged=1),
    Move.DISCARD: Effect(damaged=-1),
    Move.SAFETY: Effect(safety=1),
}

_MOVE = """
WITH wanted AS (
  SELECT * FROM unnest(%(stocks)s::bigint[], %(quantities)s::int[], %(documents)s::text[],
    %(actors)s::text[]) AS w(stock_id, quantity, document, actor)),
total AS (SELECT stock_id, sum(quantity)::int AS quantity FROM wanted GROUP BY stock_id),
locked AS (
  SELECT s.id FROM inventory_stock s JOIN total w ON w.stock_id = s.id ORDER BY s.id FOR UPDATE),
moved AS (
  UPDATE inventory_stock s SET
    on_hand = s.on_hand + w.quantity * %(on_hand)s::int, held = s.held + w.quantity * %(held)s::int,
    committed = s.committed + w.quantity * %(committed)s::int,
    damaged = s.damaged + w.quantity * %(damaged)s::int,
    in_transit = s.in_transit + w.quantity * %(in_transit)s::int,
    safety = s.safety + w.quantity * %(safety)s::int
  FROM total w, locked l
  WHERE s.id = w.stock_id AND l.id = s.id
    AND (NOT %(claims)s::boolean OR s.on_hand - s.held - s.committed - s.safety >= w.quantity)
  RETURNING s.id)
INSERT INTO inventory_stockmovement
  (stock_id, kind, on_hand, held, committed, damaged, in_transit, safety, document, actor, why, at)
SELECT id, %(kind)s::text, quantity * %(on_hand)s::int, quantity * %(held)s::int,
  quantity * %(committed)s::int, quantity * %(damaged)s::int, quantity * %(in_transit)s::int,
  quantity * %(safety)s::int, document, actor, %(why)s::text, %(at)s::timestamptz
FROM moved JOIN wanted ON stock_id = id RETURNING stock_id"""

# The row is chosen and claimed in one statement; FOR UPDATE looks again at what it waited for.
_CLAIM = """
WITH chosen AS (
  SELECT s.id FROM inventory_stock s JOIN inventory_warehouse w ON w.id = s.warehouse_id
  WHERE s.variant_id = %(variant)s::bigint AND w.active
    AND s.on_hand - s.held - s.committed - s.safety >= %(quantity)s::int
  ORDER BY w.priority, w.id LIMIT 1 FOR UPDATE OF s),
moved AS (
  UPDATE inventory_stock s SET held = s.held + %(quantity)s::int FROM chosen
  WHERE s.id = chosen.id AND s.on_hand - s.held - s.committed - s.safety >= %(quantity)s::int
  RETURNING s.id)
INSERT INTO inventory_stockmovement
  (stock_id, kind, on_hand, held, committed, damaged, in_transit, safety, document, actor, why, at)
SELECT id, 'hold', 0, %(quantity)s::int, 0, 0, 0, 0, %(document)s::text, %(actor)s::text, '',
  %(at)s::timestamptz
FROM moved RETURNING stock_id"""

_AVAILABLE = """
SELECT s.variant_id, sum(greatest(s.on_hand - s.held - s.committed - s.safety, 0))::int
FROM inventory_stock s JOIN inventory_warehouse w ON w.id = s.warehouse_id AND w.active
WHERE s.variant_id = ANY(%s) GROUP BY s.variant_id"""


# Rows that have nothing to give are not locked: whoever comes too late waits for nobody.
_LOCKED = """
SELECT s.id, s.on_hand - s.held - s.committed - s.safety, w.priority, w.id
FROM inventory_stock s JOIN inventory_warehouse w ON w.id = s.warehouse_id
WHERE s.variant_id = %s AND w.active AND s.on_hand - s.held - s.committed - s.safety > 0
ORDER BY s.id FOR UPDATE OF s"""


class OutOfStock(Refused):
    """`left` is what could still be had of the variant."""

    def __init__(self, variant_id: int, left: int, label: str = "") -> None:
        name = f"“{label}”" if label else ""
        super().__init__(
            Text(
                f"{name}库存不足，仅剩 {left} 件，请减少数量",
                f"{name} only {left} left; choose fewer",
            )
            if left > 0
            else Text(f"{name}已售罄，请选择其他规格或商品", f"{name} is sold out; choose another")
        )
        self.variant_id = variant_id
        self.left = left


@dataclass(frozen=True, slots=True)
class Units:
    stock_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Claim:
    """Units of a variant that somebody wants to hold."""

    variant_id: int
    quantity: int
    document: str
    actor: str


def available(variant_ids: Iterable[int]) -> dict[int, int]:
    """Units that can be sold, over all active warehouses; 0 for a variant without stock rows."""
    ids = list(variant_ids)
    found = dict.fromkeys(ids, 0)
    with connection.cursor() as cursor:
        cursor.execute(_AVAILABLE, [ids])
        found.update(cursor.fetchall())
    return found


def claim(*, variant_id: int, quantity: int, document: str, actor: str) -> list[Units]:
    """Hold units: in the first warehouse that has them all, else spread over several.

    Raises `OutOfStock` when all warehouses together have too few; then nothing is held.
    """
    stock_id = _claim_whole(variant_id, quantity, document, actor)
    if stock_id is not None:
        return [Units(stock_id, quantity)]
    return _claim_spread(variant_id, quantity, document, actor)


def move(kind: Move, units: Sequence[Units], *, document: str, actor: str, why: str = "") -> None:
    """Move all of `units` or raise. `HOLD` needs available stock (`OutOfStock` otherwise)."""
    _move(kind, [(one, document, actor) for one in units], why)


def _move(kind: Move, rows: Sequence[tuple[Units, str, str]], why: str) -> None:
    """Each row a line of the ledger of its own: units, document, actor."""
    if not rows:
        return
    given: dict[str, Any] = _EFFECT[kind]._asdict() | {
        "stocks": [one.stock_id for one, _, _ in rows],
        "quantities": [one.quantity for one, _, _ in rows],
        "documents": [document for _, document, _ in rows],
        "actors": [actor for _, _, actor in rows],
        "claims": kind is Move.HOLD,
        "kind": kind.value,
        "why": why,
        "at": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, given)
        moved = {row[0] for row in cursor.fetchall()}
    if missing := {one.stock_id for one, _, _ in rows} - moved:
        stock = Stock.objects.get(pk=min(missing))
        raise OutOfStock(stock.variant_id, max(stock.available, 0))


def receive(
    *, variant_id: int, warehouse_id: int, quantity: int, document: str, actor: str, why: str = ""
) -> Stock:
    """Put `quantity` units into a warehouse (an opening balance, a delivery)."""
    stock, _ = Stock.objects.get_or_create(variant_id=variant_id, warehouse_id=warehouse_id)
    if quantity:
        move(Move.RECEIVE, [Units(stock.pk, quantity)], document=document, actor=actor, why=why)
    return stock


def receive_many(
    *, warehouse_id: int, quantities: dict[int, int], document: str, actor: str
) -> None:
    """Put units of many variants (by id) into one warehouse, in three statements."""
    Stock.objects.bulk_create(
        [Stock(variant_id=variant, warehouse_id=warehouse_id) for variant in quantities],
        ignore_conflicts=True,
    )
    rows = Stock.objects.filter(warehouse_id=warehouse_id, variant_id__in=list(quantities))
    move(
        Move.RECEIVE,
        [Units(row.pk, quantities[row.variant_id]) for row in rows if quantities[row.variant_id]],
        document=document,
        actor=actor,
    )


def default_warehouse() -> Warehouse:
    """The active warehouse of the highest priority; made on first use, as goods need a place."""
    found = Warehouse.objects.filter(active=True).order_by("priority", "id").first()
    return found or Warehouse.objects.create(
        code="MAIN",
        name="总仓",
        province="浙江省",
        city="杭州市",
        district="余杭区",
        street="仓前街道 1 号",
        contact="仓库",
        phone="+8657188880000",
    )


def units_of(reservations: Iterable[Reservation]) -> list[Units]:
    return [Units(one.stock_id, one.quantity) for one in reservations]


def _claim_whole(variant_id: int, quantity: int, document: str, actor: str) -> int | None:
    given: dict[str, Any] = {
        "variant": variant_id,
        "quantity": quantity,
        "document": document,
        "actor": actor,
        "at": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, given)
        row = cursor.fetchone()
    return row[0] if row else None


def _claim_spread(variant_id: int, quantity: int, document: str, actor: str) -> list[Units]:
    left = available([variant_id])[variant_id]
    if left < quantity:
        raise OutOfStock(variant_id, left)
    taken = claim_each([Claim(variant_id, quantity, document, actor)])[0]
    if isinstance(taken, OutOfStock):
        raise taken
    return taken


def claim_each(claims: Sequence[Claim]) -> list[list[Units] | OutOfStock]:
    """Decide several claims on one variant, first come first served: the units, or why not.

    The rows stay locked to the end of the transaction. Where nothing is left, no row is locked.
    """
    variant_id = claims[0].variant_id
    with connection.cursor() as cursor:
        cursor.execute(_LOCKED, [variant_id])
        rows = cursor.fetchall()
    left = {row[0]: row[1] for row in sorted(rows, key=lambda row: (row[2], row[3]))}
    found: list[list[Units] | OutOfStock] = []
    moves: list[tuple[Units, str, str]] = []
    for one in claims:
        units = _shares(left, one.quantity)
        found.append(units or OutOfStock(variant_id, sum(left.values())))
        for part in units:
            left[part.stock_id] -= part.quantity
            moves.append((part, one.document, one.actor))
    _move(Move.HOLD, moves, "")
    return found


def _shares(left: dict[int, int], quantity: int) -> list[Units]:
    """From the first row that has all, else from the fullest rows first; none when too few."""
    whole = next((pk for pk, number in left.items() if number >= quantity), None)
    if whole is not None:
        return [Units(whole, quantity)]
    if sum(left.values()) < quantity:
        return []
    taken: list[Units] = []
    for pk, number in sorted(left.items(), key=lambda pair: -pair[1]):
        share = min(number, quantity)
        quantity -= share
        if share:
            taken.append(Units(pk, share))
    return taken
