"""Moving stock. Every move is one statement: guarded counters and ledger rows together.

Rows are locked in the order of their ids, whatever the order of the demand, so that two buyers of
the same goods wait for each other and never for ever. States of reservations are the engine's;
this module moves the units that they stand for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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


_EFFECT: dict[Move, tuple[int, int, int, int]] = {
    Move.RECEIVE: (1, 0, 0, 0),
    Move.HOLD: (0, 1, 0, 0),
    Move.RELEASE: (0, -1, 0, 0),
    Move.COMMIT: (0, -1, 1, 0),
    Move.UNCOMMIT: (0, 0, -1, 0),
    Move.SHIP: (-1, 0, -1, 0),
    Move.RESTOCK: (1, 0, 0, 0),
    Move.SCRAP: (0, 0, 0, 1),
    Move.ADJUST: (1, 0, 0, 0),
}

_MOVE = """
WITH wanted AS (
  SELECT stock_id, sum(quantity)::int AS quantity
  FROM unnest(%(stocks)s::bigint[], %(quantities)s::int[]) AS w(stock_id, quantity)
  GROUP BY stock_id),
locked AS (
  SELECT s.id FROM inventory_stock s JOIN wanted w ON w.stock_id = s.id ORDER BY s.id FOR UPDATE),
moved AS (
  UPDATE inventory_stock s SET
    on_hand = s.on_hand + w.quantity * %(on_hand)s::int, held = s.held + w.quantity * %(held)s::int,
    committed = s.committed + w.quantity * %(committed)s::int,
    damaged = s.damaged + w.quantity * %(damaged)s::int
  FROM wanted w, locked l
  WHERE s.id = w.stock_id AND l.id = s.id
    AND (NOT %(claims)s::boolean OR s.on_hand - s.held - s.committed - s.safety >= w.quantity)
  RETURNING s.id, w.quantity)
INSERT INTO inventory_stockmovement
  (stock_id, kind, on_hand, held, committed, damaged, document, actor, why, at)
SELECT id, %(kind)s::text, quantity * %(on_hand)s::int, quantity * %(held)s::int,
  quantity * %(committed)s::int, quantity * %(damaged)s::int, %(document)s::text, %(actor)s::text,
  %(why)s::text, %(at)s::timestamptz
FROM moved RETURNING stock_id"""

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
  (stock_id, kind, on_hand, held, committed, damaged, document, actor, why, at)
SELECT id, 'hold', 0, %(quantity)s::int, 0, 0, %(document)s::text, %(actor)s::text, '',
  %(at)s::timestamptz
FROM moved RETURNING stock_id"""

_AVAILABLE = """
SELECT s.variant_id, sum(greatest(s.on_hand - s.held - s.committed - s.safety, 0))::int
FROM inventory_stock s JOIN inventory_warehouse w ON w.id = s.warehouse_id AND w.active
WHERE s.variant_id = ANY(%s) GROUP BY s.variant_id"""


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
    if not units:
        return
    on_hand, held, committed, damaged = _EFFECT[kind]
    given: dict[str, Any] = {
        "stocks": [one.stock_id for one in units],
        "quantities": [one.quantity for one in units],
        "on_hand": on_hand,
        "held": held,
        "committed": committed,
        "damaged": damaged,
        "claims": kind is Move.HOLD,
        "kind": kind.value,
        "document": document,
        "actor": actor,
        "why": why,
        "at": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, given)
        moved = {row[0] for row in cursor.fetchall()}
    if missing := {one.stock_id for one in units} - moved:
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
    rows = list(
        Stock.objects.select_for_update(of=("self",))
        .filter(variant_id=variant_id, warehouse__active=True)
        .order_by("id")
    )
    left = sum(max(row.available, 0) for row in rows)
    if left < quantity:
        raise OutOfStock(variant_id, left)
    taken: list[Units] = []
    for row in sorted(rows, key=lambda one: -one.available):
        share = min(max(row.available, 0), quantity - sum(one.quantity for one in taken))
        if share > 0:
            taken.append(Units(row.pk, share))
    move(Move.HOLD, taken, document=document, actor=actor)
    return taken
