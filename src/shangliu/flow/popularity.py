"""How often a product was sold: counted from paid orders, never typed and never guessed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.db import connection

from shangliu.platform import clock

LOOK_BACK = timedelta(hours=1)

_COUNT = """
WITH touched AS (
  SELECT DISTINCT v.product_id FROM orders_order o
  JOIN orders_orderline l ON l.order_id = o.id
  JOIN catalog_variant v ON v.id = l.variant_id
  WHERE o.paid_at >= %s OR o.state = 'closed' AND o.entered_at >= %s),
sold AS (
  SELECT v.product_id, sum(l.quantity - l.returned)::int AS pieces
  FROM touched t
  JOIN catalog_variant v ON v.product_id = t.product_id
  JOIN orders_orderline l ON l.variant_id = v.id
  JOIN orders_order o ON o.id = l.order_id AND o.paid_at IS NOT NULL
  GROUP BY v.product_id)
UPDATE catalog_product p SET sold_count = s.pieces FROM sold s
WHERE p.id = s.product_id AND p.sold_count <> s.pieces"""

_AGAIN = """
UPDATE catalog_product p SET sold_count = coalesce((
  SELECT sum(l.quantity - l.returned)::int FROM orders_orderline l
  JOIN orders_order o ON o.id = l.order_id AND o.paid_at IS NOT NULL
  JOIN catalog_variant v ON v.id = l.variant_id WHERE v.product_id = p.id), 0)
WHERE p.id = ANY(%s)"""


def count_sold(*, since: timedelta = LOOK_BACK) -> int:
    """Bring the counts of what was paid or closed lately up to date; gives how many changed."""
    moment = clock.now() - since
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [moment, moment])
        return int(cursor.rowcount)


def count_again(product_ids: Collection[int]) -> None:
    """Count these from the beginning: lines of theirs have been taken away."""
    with connection.cursor() as cursor:
        cursor.execute(_AGAIN, [list(product_ids)])
