"""Do the counters say what the ledger, the reservations and the goods on their way say?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction

from shangliu.domain.inventory.models import Stock, StockMovement
from shangliu.domain.inventory.services import Effect, Move
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.platform.text import Text

COUNTERS = Effect._fields

# Columns of one row: the counters, the sums of the ledger, then what holds, sold lines and
# shipments on the way add up to (the last three counters that something else can prove).
_SUMS = """
SELECT s.id, v.sku, w.code,
  s.on_hand, s.held, s.committed, s.damaged, s.in_transit, s.safety,
  coalesce(m.on_hand, 0), coalesce(m.held, 0), coalesce(m.committed, 0), coalesce(m.damaged, 0),
  coalesce(m.in_transit, 0), coalesce(m.safety, 0),
  coalesce(r.held, 0), coalesce(r.committed, 0), coalesce(i.coming, 0)
FROM inventory_stock s
JOIN catalog_variant v ON v.id = s.variant_id
JOIN inventory_warehouse w ON w.id = s.warehouse_id
LEFT JOIN (
  SELECT stock_id, sum(on_hand)::int AS on_hand, sum(held)::int AS held,
    sum(committed)::int AS committed, sum(damaged)::int AS damaged,
    sum(in_transit)::int AS in_transit, sum(safety)::int AS safety
  FROM inventory_stockmovement WHERE {some} GROUP BY stock_id) m ON m.stock_id = s.id
LEFT JOIN (
  SELECT stock_id, sum(quantity) FILTER (WHERE state = 'held')::int AS held,
    sum(quantity) FILTER (WHERE state = 'committed')::int AS committed
  FROM inventory_reservation WHERE state IN ('held', 'committed') AND {some} GROUP BY stock_id) r
  ON r.stock_id = s.id
LEFT JOIN (
  SELECT stock_id, sum(quantity - received - damaged - lost)::int AS coming
  FROM inventory_inbound WHERE {some} GROUP BY stock_id) i ON i.stock_id = s.id
WHERE {row} AND ((s.on_hand, s.held, s.committed, s.damaged, s.in_transit, s.safety)
    IS DISTINCT FROM (coalesce(m.on_hand, 0), coalesce(m.held, 0), coalesce(m.committed, 0),
      coalesce(m.damaged, 0), coalesce(m.in_transit, 0), coalesce(m.safety, 0))
  OR (s.held, s.committed, s.in_transit) IS DISTINCT FROM
    (coalesce(r.held, 0), coalesce(r.committed, 0), coalesce(i.coming, 0)))
ORDER BY s.id"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One counter that two books disagree on. `proof`: what reservations or goods on their way add
    up to, None for a counter that only the ledger explains."""

    stock_id: int
    sku: str
    warehouse: str
    counter: str
    counted: int
    ledger: int
    proof: int | None

    @property
    def truth(self) -> int:
        """What a repair would make of it: the proof where there is one, else the counter, which
        is what every claim was decided on."""
        return self.counted if self.proof is None else self.proof


def differences() -> list[Difference]:
    """All of them, from one snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS.format(some="true", row="true"))
        return [one for row in cursor.fetchall() for one in _of_row(row)]


def differences_of(stock_ids: Sequence[int]) -> list[Difference]:
    """Those of some rows of stock; only their own books are added up."""
    if not stock_ids:
        return []
    ids = [*stock_ids]
    with connection.cursor() as cursor:
        cursor.execute(
            _SUMS.format(some="stock_id = ANY(%s)", row="s.id = ANY(%s)"), [ids, ids, ids, ids]
        )
        return [one for row in cursor.fetchall() for one in _of_row(row)]


def _of_row(row: tuple[object, ...]) -> Iterator[Difference]:
    stock_id, sku, warehouse, *rest = row
    numbers = [int(str(one)) for one in rest]
    counted, ledger = numbers[:6], numbers[6:12]
    proofs = dict(zip(("held", "committed", "in_transit"), numbers[12:], strict=True))
    for name, number, written in zip(COUNTERS, counted, ledger, strict=True):
        proof = proofs.get(name)
        if number != written or (proof is not None and proof != number):
            yield Difference(
                stock_id=int(str(stock_id)),
                sku=str(sku),
                warehouse=str(warehouse),
                counter=name,
                counted=number,
                ledger=written,
                proof=proof,
            )


@transaction.atomic
def repair(*, actor: str, why: str) -> list[Difference]:
    """Bring counters and ledger to what is true, by lines of the ledger that say why.

    Nobody sells meanwhile. Gives what was put right; `Refused` without a reason, or where claims
    would exceed what is there: that is for people to decide, and nothing is changed.
    """
    if not why.strip():
        raise Refused(Text("请写明修复原因", "Say why the books are repaired"))
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE inventory_stock IN SHARE ROW EXCLUSIVE MODE")
    found = differences()
    for stock_id in dict.fromkeys(one.stock_id for one in found):
        _repair_row(stock_id, [one for one in found if one.stock_id == stock_id], actor, why)
    return found


def _repair_row(stock_id: int, wrong: list[Difference], actor: str, why: str) -> None:
    try:
        with transaction.atomic():
            Stock.objects.filter(pk=stock_id).update(**{one.counter: one.truth for one in wrong})
    except IntegrityError as error:
        one = wrong[0]
        raise Refused(
            Text(
                f"{one.sku} @ {one.warehouse}：在库少于已被预占和售出的数量，请先盘点",
                f"{one.sku} @ {one.warehouse}: claims exceed what is on hand; count it first",
            )
        ) from error
    changes = {one.counter: one.truth - one.ledger for one in wrong}
    if any(changes.values()):
        StockMovement.objects.create(
            stock_id=stock_id,
            kind=Move.ADJUST.value,
            document="repair",
            actor=actor,
            why=why.strip()[:120],
            at=clock.now(),
            **changes,
        )


# What the documents have moved so far, turned round: counters and ledger in one statement.
_TAKE_BACK = """
WITH moved AS (
  SELECT stock_id, sum(on_hand)::int AS on_hand, sum(held)::int AS held,
    sum(committed)::int AS committed, sum(damaged)::int AS damaged,
    sum(in_transit)::int AS in_transit, sum(safety)::int AS safety
  FROM inventory_stockmovement WHERE document = ANY(%(documents)s) GROUP BY stock_id),
wrong AS (
  SELECT m.* FROM moved m JOIN inventory_stock s ON s.id = m.stock_id
  WHERE (m.on_hand, m.held, m.committed, m.damaged, m.in_transit, m.safety)
    <> (0, 0, 0, 0, 0, 0)
  ORDER BY s.id FOR UPDATE OF s),
back AS (
  UPDATE inventory_stock s SET on_hand = s.on_hand - w.on_hand, held = s.held - w.held,
    committed = s.committed - w.committed, damaged = s.damaged - w.damaged,
    in_transit = s.in_transit - w.in_transit, safety = s.safety - w.safety
  FROM wrong w WHERE s.id = w.stock_id RETURNING s.id)
INSERT INTO inventory_stockmovement
  (stock_id, kind, on_hand, held, committed, damaged, in_transit, safety, document, actor, why, at)
SELECT stock_id, 'adjust', -on_hand, -held, -committed, -damaged, -in_transit, -safety,
  %(document)s, %(actor)s, %(why)s, %(at)s
FROM wrong JOIN back ON back.id = wrong.stock_id"""


def take_back(documents: Sequence[str], *, actor: str, why: str) -> int:
    """Undo all that these documents have moved, by lines of the ledger under the first of them;
    gives how many. A second call finds nothing left to undo. The caller sees to the reservations
    in the same transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE_BACK,
            {
                "documents": list(documents),
                "document": documents[0],
                "actor": actor[:80],
                "why": why[:120],
                "at": clock.now(),
            },
        )
        return int(cursor.rowcount)
