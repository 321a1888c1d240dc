"""`shangliu stock verify`: do the counters equal the ledger? Repairs nothing."""

from __future__ import annotations

import argparse

from django.db import connection

from shangliu.platform.env import Env

_DIFFERENCES = """
SELECT s.id, v.sku, w.code, s.on_hand, s.held, s.committed, s.damaged,
  coalesce(m.on_hand, 0), coalesce(m.held, 0), coalesce(m.committed, 0), coalesce(m.damaged, 0)
FROM inventory_stock s
JOIN catalog_variant v ON v.id = s.variant_id
JOIN inventory_warehouse w ON w.id = s.warehouse_id
LEFT JOIN (
  SELECT stock_id, sum(on_hand)::int AS on_hand, sum(held)::int AS held,
    sum(committed)::int AS committed, sum(damaged)::int AS damaged
  FROM inventory_stockmovement GROUP BY stock_id) m ON m.stock_id = s.id
WHERE (s.on_hand, s.held, s.committed, s.damaged) IS DISTINCT FROM
  (coalesce(m.on_hand, 0), coalesce(m.held, 0), coalesce(m.committed, 0), coalesce(m.damaged, 0))
ORDER BY s.id"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("stock", help="库存 / stock")
    parser.add_argument("action", choices=("verify",))
    parser.set_defaults(run=run)


def differences() -> list[tuple[object, ...]]:
    """Stock rows whose counters are not the sums of their ledger."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES)
        return list(cursor.fetchall())


def run(env: Env, args: argparse.Namespace) -> int:
    found = differences()
    for row in found:
        print(f"{row[1]} @ {row[2]}: 计数 counters {row[3:7]} ≠ 流水 ledger {row[7:]}")
    print(
        "库存与流水一致 / counters equal the ledger"
        if not found
        else f"{len(found)} 处不一致，未作修改 / {len(found)} differences, nothing was changed"
    )
    return 1 if found else 0
