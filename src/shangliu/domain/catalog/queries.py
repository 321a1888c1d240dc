"""Questions about the catalogue: each answers one screen in a fixed number of statements.

Lists are read as plain rows; no model instance is made on a page that many people see at once.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import connection

from shangliu.domain.catalog.illustrations import GENERAL
from shangliu.domain.catalog.listing import (
    CARD,
    Scope,
    card,
    cards,
    crossed_out,
    facets,
    pairs,
)
from shangliu.domain.catalog.rows import (
    CategoryNode,
    CategoryPage,
    CategoryTree,
    Filters,
    HomeSection,
    OptionRow,
    ProductCard,
    ProductPage,
    SearchPage,
    VariantFacts,
    VariantRow,
)
from shangliu.domain.catalog.words import question
from shangliu.platform.errors import NotFound
from shangliu.platform.money import Money

PICTURE_SIZES = (300, 600, 1200)
PAGE_SIZE = 24


def picture_url(key: str, size: int = 600) -> str:
    """The address of a picture; a product without one shows the general illustration."""
    return f"{settings.MEDIA_URL}products/{key or GENERAL}-{size}.webp"


def category_tree() -> CategoryTree:
    """All categories in order. One statement."""
    below: defaultdict[int | None, list[tuple[int, str, str]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, parent_id, slug, name FROM catalog_category ORDER BY position, id"
        )
        for pk, parent, slug, name in cursor.fetchall():
            below[parent].append((pk, slug, name))
    by_id: dict[int, CategoryNode] = {}

    def nodes(parent: int | None) -> tuple[CategoryNode, ...]:
        found = tuple(
            CategoryNode(id=pk, parent_id=parent, slug=slug, name=name, children=nodes(pk))
            for pk, slug, name in below.get(parent, ())
        )
        by_id.update((node.id, node) for node in found)
        return found

    roots = nodes(None)
    return CategoryTree(
        roots=roots, by_id=by_id, by_slug={node.slug: node for node in by_id.values()}
    )


def category_page(
    slug: str,
    *,
    page: int = 1,
    size: int = PAGE_SIZE,
    sort: str = "featured",
    filters: Filters | None = None,
    tree: CategoryTree | None = None,
) -> CategoryPage:
    """The products of a category and of all below it. Two statements, three without `tree`."""
    tree = tree or category_tree()
    node = tree.by_slug.get(slug)
    if node is None:
        raise NotFound
    filters = filters or Filters()
    scope = Scope("p.category_id = ANY(%s)", [tree.ids_below(node)])
    products, total = cards(scope, filters, sort=sort, page=page, size=size)
    return CategoryPage(
        category=node,
        breadcrumbs=tree.path(node.id),
        children=node.children,
        products=products,
        total=total,
        facets=facets(scope, filters),
        page=page,
        size=size,
    )


def search(
    words: str,
    *,
    page: int = 1,
    size: int = PAGE_SIZE,
    sort: str = "relevance",
    filters: Filters | None = None,
) -> SearchPage:
    """Products that have every word; if there are none, those that have some.

    Two statements, three when loosened, none when nothing was asked.
    """
    filters = filters or Filters()
    parts = question(words)
    products: tuple[ProductCard, ...] = ()
    total, loosened = 0, False
    scope = Scope("p.words @@ %s::tsquery", [" & ".join(parts)])
    if parts:
        products, total = cards(scope, filters, sort=sort, page=page, size=size)
    if not total and len(parts) > 1:
        scope, loosened = Scope(scope.sql, [" | ".join(parts)]), True
        products, total = cards(scope, filters, sort=sort, page=page, size=size)
    return SearchPage(
        words=words.strip(),
        products=products,
        total=total,
        facets=facets(scope, filters) if parts else (),
        loosened=loosened and total > 0,
        page=page,
        size=size,
    )


PRODUCT = """
SELECT p.id, p.code, p.slug, p.name, p.tagline, coalesce(b.name, ''), p.unit, p.keywords,
       p.description, p.picture, p.sold_count, p.on_shelf, p.price_fen, p.list_price_fen,
       p.category_id,
       (SELECT json_agg(json_build_array(o.name, (
                   SELECT json_agg(v.value ORDER BY v.position, v.id)
                     FROM catalog_optionvalue v WHERE v.option_id = o.id))
               ORDER BY o.position, o.id)
          FROM catalog_productoption o WHERE o.product_id = p.id)::text,
       (SELECT json_agg(json_build_array(v.id, v.sku, v.values, v.price_fen,
                                         coalesce(v.list_price_fen, p.list_price_fen),
                                         v.weight_g) ORDER BY v.position, v.id)
          FROM catalog_variant v WHERE v.product_id = p.id AND v.active)::text,
       (SELECT json_agg(json_build_array(a.name, a.value) ORDER BY a.position, a.id)
          FROM catalog_productattribute a WHERE a.product_id = p.id)::text,
       least(p.limit_per_buyer, (SELECT min(v.limit_per_buyer) FROM catalog_variant v
          WHERE v.product_id = p.id AND v.active))
  FROM catalog_product p LEFT JOIN catalog_brand b ON b.id = p.brand_id
 WHERE p.slug = %s OR p.code = %s
 ORDER BY p.slug = %s DESC
 LIMIT 1
"""


def product_page(slug: str, *, tree: CategoryTree | None = None) -> ProductPage:
    """Everything a product's page says, by slug or code. One statement, two without `tree`."""
    with connection.cursor() as cursor:
        cursor.execute(PRODUCT, [slug, slug, slug])
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    tree = tree or category_tree()
    options, variants, attributes = (json.loads(text or "[]") for text in row[15:18])
    return ProductPage(
        id=row[0],
        code=row[1],
        slug=row[2],
        name=row[3],
        tagline=row[4],
        brand=row[5],
        unit=row[6],
        keywords=row[7],
        description=row[8],
        picture=row[9],
        sold_count=row[10],
        on_shelf=row[11],
        price=Money(row[12]),
        list_price=crossed_out(row[13], row[12]),
        breadcrumbs=tree.path(row[14]),
        options=tuple(OptionRow(name=name, values=tuple(values or ())) for name, values in options),
        variants=tuple(_variant(*found) for found in variants),
        attributes=tuple((name, value) for name, value in attributes),
        limit=row[18],
    )


def _variant(
    pk: int, sku: str, values: list[list[str]], price: int, list_price: int | None, weight_g: int
) -> VariantRow:
    return VariantRow(
        id=pk,
        sku=sku,
        values=pairs(values),
        price=Money(price),
        list_price=crossed_out(list_price, price),
        weight_g=weight_g,
    )


VARIANTS = """
SELECT v.id, v.sku, p.id, p.code, p.slug, p.name, p.unit, p.picture, v.values::text, v.price_fen,
       coalesce(v.list_price_fen, p.list_price_fen), v.weight_g, v.active AND p.on_shelf
  FROM catalog_variant v JOIN catalog_product p ON p.id = v.product_id
 WHERE v.id = ANY(%s)
"""


def variants_by_id(ids: Iterable[int]) -> dict[int, VariantFacts]:
    """Variants with their products' facts; ids that do not exist are left out. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(VARIANTS, [list(ids)])
        return {row[0]: _facts(row) for row in cursor.fetchall()}


def _facts(row: tuple[Any, ...]) -> VariantFacts:
    return VariantFacts(
        id=row[0],
        sku=row[1],
        product_id=row[2],
        code=row[3],
        slug=row[4],
        name=row[5],
        unit=row[6],
        picture=row[7],
        values=pairs(json.loads(row[8])),
        price=Money(row[9]),
        list_price=crossed_out(row[10], row[9]),
        weight_g=row[11],
        buyable=row[12],
    )


HOME = """
SELECT ranked.* FROM (
  SELECT r.root, row_number() OVER (PARTITION BY r.root ORDER BY p.position, p.id) AS place, {card}
    FROM unnest(%s::bigint[], %s::bigint[]) AS r(category, root)
    JOIN catalog_product p ON p.category_id = r.category AND p.on_shelf
) AS ranked WHERE place <= %s ORDER BY place
""".replace("{card}", CARD)


def home_sections(*, size: int = 8, tree: CategoryTree | None = None) -> tuple[HomeSection, ...]:
    """The first products of every top category that has any. One statement, two without `tree`."""
    tree = tree or category_tree()
    roots = {pk: root.id for root in tree.roots for pk in tree.ids_below(root)}
    found: defaultdict[int, list[ProductCard]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(HOME, [list(roots), list(roots.values()), size])
        for row in cursor.fetchall():
            found[row[0]].append(card(row[2:]))
    return tuple(
        HomeSection(category=root, products=tuple(found[root.id]))
        for root in tree.roots
        if root.id in found
    )


def most_sold(*, size: int = 8) -> tuple[ProductCard, ...]:
    """What people buy most. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            " ".join(
                (
                    "SELECT",
                    CARD,
                    "FROM catalog_product p WHERE p.on_shelf",
                    "ORDER BY p.sold_count DESC, p.position, p.id LIMIT %s",
                )
            ),
            [size],
        )
        return tuple(card(row) for row in cursor.fetchall())


def beside(product: ProductPage, *, size: int = 6) -> tuple[ProductCard, ...]:
    """Other products of the same category, the most sold first. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            " ".join(
                (
                    "SELECT",
                    CARD,
                    "FROM catalog_product p WHERE p.on_shelf AND p.category_id = %s AND p.id <> %s",
                    "ORDER BY p.sold_count DESC, p.id LIMIT %s",
                )
            ),
            [product.breadcrumbs[-1].id, product.id, size],
        )
        return tuple(card(row) for row in cursor.fetchall())


def names_by_code(codes: Iterable[str]) -> dict[str, str]:
    """Product code -> name, of those that there are. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, name FROM catalog_product WHERE code = ANY(%s)", [list(set(codes))]
        )
        return dict(cursor.fetchall())
