"""Lists of products and the facets beside them, for whatever scope a page gives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from shangliu.domain.catalog.rows import Facet, FacetValue, Filters, ProductCard
from shangliu.platform.money import Money

CARD = (
    "p.id, p.code, p.slug, p.name, p.tagline, p.price_fen, p.list_price_fen, p.picture,"
    " p.sold_count, p.category_id"
)
SORTS = {
    "featured": "p.position, p.id",
    "sold": "p.sold_count DESC, p.id",
    "price": "p.price_fen, p.id",
    "-price": "p.price_fen DESC, p.id",
    "newest": "p.created_at DESC, p.id DESC",
}
HAS = (
    "EXISTS (SELECT 1 FROM catalog_productattribute f"
    " WHERE f.product_id = p.id AND f.name = %s AND f.value = ANY(%s))"
)
LONGEST_FACET_VALUE = 12
MOST_FACETS = 6
MOST_VALUES = 12


@dataclass(frozen=True, slots=True)
class Scope:
    """Which products a page is about, before the buyer's filters."""

    sql: str
    params: list[Any]


def crossed_out(list_fen: int | None, fen: int) -> Money | None:
    """A list price is shown only where it is above what is asked."""
    return Money(list_fen) if list_fen is not None and list_fen > fen else None


def pairs(values: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((option, value) for option, value in values)


def card(row: Sequence[Any]) -> ProductCard:
    return ProductCard(
        id=row[0],
        code=row[1],
        slug=row[2],
        name=row[3],
        tagline=row[4],
        price=Money(row[5]),
        list_price=crossed_out(row[6], row[5]),
        picture=row[7],
        sold_count=row[8],
        category_id=row[9],
    )


def cards(
    scope: Scope, filters: Filters, *, sort: str, page: int, size: int
) -> tuple[tuple[ProductCard, ...], int]:
    """One page of products and how many there are in all; both empty past the last page."""
    where, params = _where(scope, filters)
    order = SORTS.get(sort)
    if order is None and "tsquery" in scope.sql:
        order = "ts_rank(p.words, %s::tsquery) DESC, p.sold_count DESC, p.id"
        params += scope.params
    statement = " ".join(
        (
            "SELECT count(*) OVER (),",
            CARD,
            "FROM catalog_product p WHERE",
            where,
            "ORDER BY",
            order or SORTS["featured"],
            "LIMIT %s OFFSET %s",
        )
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*params, size, (max(page, 1) - 1) * size])
        rows = cursor.fetchall()
    return tuple(card(row[1:]) for row in rows), rows[0][0] if rows else 0


def facets(scope: Scope, filters: Filters) -> tuple[Facet, ...]:
    """Attributes worth filtering by; an attribute's own choice does not narrow its own counts."""
    where, params = _where(scope, filters, attributes=False)
    failed, failed_params = _failed(filters)
    statement = " ".join(
        (
            "SELECT a.name, a.value, count(DISTINCT a.product_id) FROM (SELECT p.id,",
            failed,
            "AS failed FROM catalog_product p WHERE",
            where,
            ") AS p JOIN catalog_productattribute a ON a.product_id = p.id",
            "WHERE char_length(a.value) <= %s",
            "AND (p.failed = '{}' OR p.failed = ARRAY[a.name::text])",
            "GROUP BY a.name, a.value",
        )
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*failed_params, *params, LONGEST_FACET_VALUE])
        rows = cursor.fetchall()
    return _worthwhile(rows, filters)


def _where(scope: Scope, filters: Filters, *, attributes: bool = True) -> tuple[str, list[Any]]:
    parts, params = [scope.sql, "p.on_shelf"], list(scope.params)
    if filters.price_from is not None:
        parts.append("p.price_fen >= %s")
        params.append(filters.price_from.fen)
    if filters.price_to is not None:
        parts.append("p.price_fen <= %s")
        params.append(filters.price_to.fen)
    for name, values in filters.attributes.items() if attributes else ():
        parts.append(HAS)
        params += [name, sorted(values)]
    return " AND ".join(parts), params


def _failed(filters: Filters) -> tuple[str, list[Any]]:
    """SQL for the names of the filters that a product does not meet."""
    cases = [f"CASE WHEN {HAS} THEN NULL ELSE %s::text END" for _ in filters.attributes]
    params: list[Any] = []
    for name, values in filters.attributes.items():
        params += [name, sorted(values), name]
    return f"array_remove(ARRAY[{', '.join(cases)}]::text[], NULL)", params


def _worthwhile(rows: Sequence[tuple[str, str, int]], filters: Filters) -> tuple[Facet, ...]:
    by_name: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for name, value, count in rows:
        by_name[name].append((value, count))
    kept = [
        name
        for name, values in by_name.items()
        if name in filters.attributes or 2 <= len(values) <= MOST_VALUES
    ]
    kept.sort(key=lambda name: (-sum(count for _, count in by_name[name]), name))
    return tuple(
        Facet(
            name=name,
            values=tuple(
                FacetValue(
                    value=value, count=count, chosen=value in filters.attributes.get(name, ())
                )
                for value, count in sorted(by_name[name], key=lambda pair: (-pair[1], pair[0]))
            ),
        )
        for name in kept[:MOST_FACETS]
    )
