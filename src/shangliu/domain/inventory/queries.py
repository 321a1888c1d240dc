"""Questions about stock: counters by warehouse, the ledger behind them, claims of a purchase."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.db.models import Case, F, Q, Sum, When

from shangliu.domain.inventory.models import Inbound, Reservation, Stock, StockMovement
from shangliu.platform.errors import NotFound
from shangliu.platform.summary import Summary

PAGE = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class StockRow:
    pk: int
    sku: str
    product: str
    options: str
    warehouse: str
    on_hand: int
    held: int
    committed: int
    damaged: int
    in_transit: int
    safety: int
    available: int
    on_sale: bool
    variant_id: int
    warehouse_code: str
    limit: int | None
    product_limit: int | None


def stock_list(
    *, query: str = "", warehouse: str = "", low: bool = False, after: int = 0, limit: int = PAGE
) -> list[StockRow]:
    """By id, behind `after`. `low`: nothing to sell any more."""
    rows = Stock.objects.select_related("variant__product", "warehouse").filter(pk__gt=after)
    if query.strip():
        words = query.strip()
        rows = rows.filter(
            Q(variant__sku__icontains=words) | Q(variant__product__name__icontains=words)
        )
    if warehouse:
        rows = rows.filter(warehouse__code=warehouse)
    if low:
        rows = rows.filter(on_hand__lte=F("held") + F("committed") + F("safety"))
    return [_row(stock) for stock in rows.order_by("pk")[:limit]]


def stock_row(pk: int) -> StockRow:
    found = Stock.objects.select_related("variant__product", "warehouse").filter(pk=pk).first()
    if found is None:
        raise NotFound
    return _row(found)


def ledger(stock_id: int, *, before: int | None = None, limit: int = PAGE) -> list[StockMovement]:
    """The movements of one row, the newest first."""
    rows = StockMovement.objects.filter(stock_id=stock_id)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.order_by("-pk")[:limit])


def claims_of_lines(order_line_ids: Collection[int]) -> list[Reservation]:
    return list(
        Reservation.objects.filter(order_line_id__in=order_line_ids)
        .select_related("stock__warehouse", "variant__product")
        .order_by("pk")
    )


def summaries(pks: Collection[int]) -> dict[int, Summary]:
    return {
        one.pk: Summary(
            number=f"{one.variant.sku} × {one.quantity}",
            text=f"{one.variant.product.name} {one.stock.warehouse.name}",
        )
        for one in Reservation.objects.filter(pk__in=pks).select_related(
            "variant__product", "stock__warehouse"
        )
    }


def _row(stock: Stock) -> StockRow:
    return StockRow(
        pk=stock.pk,
        sku=stock.variant.sku,
        product=stock.variant.product.name,
        options=" / ".join(str(pair[1]) for pair in stock.variant.values),
        warehouse=stock.warehouse.name,
        on_hand=stock.on_hand,
        held=stock.held,
        committed=stock.committed,
        damaged=stock.damaged,
        in_transit=stock.in_transit,
        safety=stock.safety,
        available=stock.available,
        on_sale=stock.variant.active and stock.variant.product.on_shelf,
        variant_id=stock.variant_id,
        warehouse_code=stock.warehouse.code,
        limit=stock.variant.limit_per_buyer,
        product_limit=stock.variant.product.limit_per_buyer,
    )


def inbound(*, stock_id: int | None = None, limit: int = PAGE) -> list[Inbound]:
    """Goods on their way, what is still expected first; of one stock row or of all."""
    rows = Inbound.objects.select_related(
        "stock__variant__product", "stock__warehouse", "origin__warehouse"
    )
    if stock_id is not None:
        rows = rows.filter(stock_id=stock_id)
    done = Case(When(quantity__gt=F("received") + F("damaged") + F("lost"), then=0), default=1)
    return list(rows.order_by(done, "-pk")[:limit])


@dataclass(frozen=True, slots=True)
class OnOffer:
    """What can be bought: its price, and how many are left of it in all warehouses."""

    price_fen: int
    left: int


_ON_OFFER = """
SELECT v.price_fen,
  coalesce((SELECT sum(greatest(s.on_hand - s.held - s.committed - s.safety, 0))
    FROM inventory_stock s JOIN inventory_warehouse w ON w.id = s.warehouse_id AND w.active
    WHERE s.variant_id = v.id), 0)::int
FROM catalog_variant v JOIN catalog_product p ON p.id = v.product_id
WHERE v.id = %s AND v.active AND p.on_shelf"""


def on_offer(variant_id: int) -> OnOffer | None:
    """None for what is not on sale. One statement that waits for nobody."""
    with connection.cursor() as cursor:
        cursor.execute(_ON_OFFER, [variant_id])
        row = cursor.fetchone()
    return OnOffer(*row) if row else None


def sold_out(product_ids: Collection[int]) -> frozenset[int]:
    """Those products of which no variant can be had. One statement."""
    if not product_ids:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.id FROM unnest(%s::bigint[]) AS p(id) WHERE NOT EXISTS ("
            " SELECT 1 FROM catalog_variant v JOIN inventory_stock s ON s.variant_id = v.id"
            " JOIN inventory_warehouse w ON w.id = s.warehouse_id AND w.active"
            " WHERE v.product_id = p.id AND v.active"
            " AND s.on_hand - s.held - s.committed - s.safety > 0)",
            [list(product_ids)],
        )
        return frozenset(row[0] for row in cursor.fetchall())


def on_shelf() -> dict[str, int]:
    """Pieces of each SKU that may be sold now, all warehouses together."""
    free = F("on_hand") - F("held") - F("committed") - F("safety")
    rows = Stock.objects.values_list("variant__sku").annotate(free=Sum(free))
    return {sku: max(0, pieces or 0) for sku, pieces in rows}
