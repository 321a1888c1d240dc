"""Writing the catalogue. An import is one transaction: all of it is taken or none of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from django.db import connection, transaction

from shangliu.domain.catalog.illustrations import illustration_for
from shangliu.domain.catalog.incoming import (
    Catalogue,
    Counts,
    Imported,
    IncomingCategory,
    IncomingProduct,
)
from shangliu.domain.catalog.models import (
    Brand,
    Category,
    OptionValue,
    Product,
    ProductAttribute,
    ProductOption,
    Variant,
)
from shangliu.domain.catalog.words import vector

Sourced = TypeVar("Sourced", Category, Product, Variant)
BATCH = 1000


@transaction.atomic
def import_rows(*, catalogue: Catalogue) -> Imported:
    """Take a checked catalogue in. What the source brought before is updated, never doubled.

    A variant that its product no longer has is withdrawn from sale and kept, because orders name
    it. Products that are missing altogether are left as they are.
    """
    source, products = catalogue.source, catalogue.products
    _one_at_a_time()
    category_counts, categories = _categories(source, catalogue.categories)
    product_counts, by_id = _products(source, products, categories)
    variant_counts, variants, new_variants = _variants(source, products, by_id)
    _options(products, by_id)
    imported = Imported(
        categories=category_counts,
        products=product_counts,
        variants=variant_counts,
        attributes=_attributes(products, by_id),
        withdrawn=_withdraw(products, by_id),
        variant_ids={source_id: variant.pk for source_id, variant in variants.items()},
        new_variants=new_variants,
    )
    index_words(product_ids=[product.pk for product in by_id.values()])
    return imported


@transaction.atomic
def index_words(*, product_ids: Sequence[int]) -> None:
    """Bring what products are found by up to date with what they say."""
    rows = Product.objects.filter(pk__in=product_ids).values_list(
        "pk", "name", "code", "keywords", "tagline", "brand__name", "category__name"
    )
    facts: defaultdict[int, list[str]] = defaultdict(list)
    attributes = ProductAttribute.objects.filter(product__in=product_ids)
    for product_id, value in attributes.values_list("product_id", "value"):
        if len(value) <= 20:
            facts[product_id].append(value)
    ids: list[int] = []
    vectors: list[str] = []
    for pk, name, code, keywords, tagline, brand, category in rows:
        weighted = [("A", name), ("A", code), ("B", keywords), ("B", brand or "")]
        weighted += [("C", category), ("C", tagline), ("D", " ".join(facts[pk]))]
        ids.append(pk)
        vectors.append(vector(weighted))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE catalog_product p SET words = n.words::tsvector"
            " FROM unnest(%s::bigint[], %s::text[]) AS n(id, words)"
            " WHERE p.id = n.id AND p.words IS DISTINCT FROM n.words::tsvector",
            [ids, vectors],
        )


@transaction.atomic
def count_sold(*, quantities: Mapping[int, int]) -> None:
    """Add to what the products of these variants have sold; negative when goods come back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE catalog_product p SET sold_count = greatest(0, p.sold_count + n.sold)"
            " FROM (SELECT v.product_id, sum(q.sold)::integer AS sold"
            "         FROM unnest(%s::bigint[], %s::bigint[]) AS q(variant, sold)"
            "         JOIN catalog_variant v ON v.id = q.variant GROUP BY v.product_id) AS n"
            " WHERE p.id = n.product_id",
            [list(quantities), list(quantities.values())],
        )


def _one_at_a_time() -> None:
    """Two imports at once would both find nothing to update; the second waits here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('catalog.import'))")


def _upsert(
    existing: Mapping[str, Sourced], wanted: Mapping[str, Sourced], fields: Sequence[str]
) -> Counts:
    """Create what is new and save what differs; existing rows carry the wanted values after."""
    new = [row for key, row in wanted.items() if key not in existing]
    changed: list[Sourced] = []
    touched: set[str] = set()
    for key, row in existing.items():
        want = wanted[key]
        differ = [field for field in fields if getattr(row, field) != getattr(want, field)]
        for field in differ:
            setattr(row, field, getattr(want, field))
        if differ:
            changed.append(row)
            touched.update(differ)
    if new:
        type(new[0]).objects.bulk_create(new, batch_size=BATCH)
    if changed:
        type(changed[0]).objects.bulk_update(changed, sorted(touched), batch_size=BATCH)
    return Counts(len(new), len(changed), len(existing) - len(changed))


def _known(model: type[Sourced], source: str, ids: Iterable[str]) -> dict[str, Sourced]:
    rows = model.objects.filter(source=source, source_id__in=list(ids))
    return {row.source_id: row for row in rows}


def _categories(
    source: str, rows: Sequence[IncomingCategory]
) -> tuple[Counts, dict[str, Category]]:
    existing = _known(Category, source, (row.source_id for row in rows))
    made: dict[str, Category] = {}
    counts, waiting = Counts(), list(enumerate(rows))
    while waiting:
        ready = [(at, row) for at, row in waiting if not row.parent_id or row.parent_id in made]
        waiting = [(at, row) for at, row in waiting if row.parent_id and row.parent_id not in made]
        if not ready:
            raise ValueError("categories name parents that do not come with them")
        wanted = {
            row.source_id: Category(
                source=source,
                source_id=row.source_id,
                parent=made.get(row.parent_id),
                name=row.name,
                slug=row.slug,
                position=at,
            )
            for at, row in ready
        }
        here = {key: existing[key] for key in wanted if key in existing}
        counts += _upsert(here, wanted, ("parent_id", "name", "slug", "position"))
        made.update({**wanted, **here})
    return counts, made


def _brands(names: Iterable[str]) -> dict[str, Brand]:
    wanted = {name for name in names if name}
    Brand.objects.bulk_create([Brand(name=name) for name in sorted(wanted)], ignore_conflicts=True)
    return {brand.name: brand for brand in Brand.objects.filter(name__in=wanted)}


PRODUCT_FIELDS = (
    "code",
    "slug",
    "name",
    "tagline",
    "category_id",
    "brand_id",
    "keywords",
    "unit",
    "description",
    "list_price_fen",
    "price_fen",
    "on_shelf",
    "picture",
    "weight_g",
    "position",
)


def _products(
    source: str, rows: Sequence[IncomingProduct], categories: Mapping[str, Category]
) -> tuple[Counts, dict[str, Product]]:
    existing = _known(Product, source, (row.source_id for row in rows))
    brands = _brands(row.brand for row in rows)
    wanted = {
        row.source_id: Product(
            source=source,
            source_id=row.source_id,
            code=row.code,
            slug=row.slug,
            name=row.name,
            tagline=row.tagline,
            category=categories[row.category_id],
            brand=brands.get(row.brand),
            keywords=row.keywords,
            unit=row.unit,
            description=row.description,
            list_price_fen=_comparable(row),
            price_fen=min(variant.price_fen for variant in row.variants),
            on_shelf=row.on_shelf,
            picture=row.picture or _illustration(row, categories),
            sold_count=row.sold_count,
            weight_g=row.weight_g,
            position=at,
        )
        for at, row in enumerate(rows)
    }
    counts = _upsert(existing, wanted, PRODUCT_FIELDS)
    return counts, {**wanted, **existing}


def _comparable(row: IncomingProduct) -> int | None:
    """A product's list price, where all its variants cost the same and it can only mean them."""
    prices = {variant.price_fen for variant in row.variants}
    return row.list_price_fen if len(prices) == 1 else None


def _illustration(row: IncomingProduct, categories: Mapping[str, Category]) -> str:
    names: list[str] = []
    at: Category | None = categories[row.category_id]
    while at is not None:
        names.append(at.name)
        at = at.parent
    return illustration_for(row.name, names)


VARIANT_FIELDS = (
    "product_id",
    "sku",
    "values",
    "price_fen",
    "list_price_fen",
    "weight_g",
    "position",
    "active",
)


def _variants(
    source: str, rows: Sequence[IncomingProduct], products: Mapping[str, Product]
) -> tuple[Counts, dict[str, Variant], frozenset[str]]:
    wanted = {
        variant.source_id: Variant(
            source=source,
            source_id=variant.source_id,
            product=products[row.source_id],
            sku=variant.sku,
            values=[list(pair) for pair in variant.values],
            price_fen=variant.price_fen,
            list_price_fen=variant.list_price_fen,
            weight_g=variant.weight_g,
            position=at,
        )
        for row in rows
        for at, variant in enumerate(row.variants)
    }
    existing = _known(Variant, source, wanted)
    counts = _upsert(existing, wanted, VARIANT_FIELDS)
    return counts, {**wanted, **existing}, frozenset(wanted.keys() - existing.keys())


def _withdraw(rows: Sequence[IncomingProduct], products: Mapping[str, Product]) -> int:
    kept = [variant.sku for row in rows for variant in row.variants]
    gone = Variant.objects.filter(product__in=products.values(), active=True).exclude(sku__in=kept)
    return gone.update(active=False)


def _options(rows: Sequence[IncomingProduct], products: Mapping[str, Product]) -> None:
    """Replace the options of products whose options differ; nothing else refers to them."""
    now: defaultdict[int, dict[str, list[str]]] = defaultdict(dict)
    found = ProductOption.objects.filter(product__in=products.values()).order_by("position", "id")
    for product_id, name, value in found.order_by(
        "position", "id", "values__position", "values__id"
    ).values_list("product_id", "name", "values__value"):
        now[product_id].setdefault(name, []).append(value)
    differ = [
        (products[row.source_id], row.options)
        for row in rows
        if list(now[products[row.source_id].pk].items())
        != [(name, list(values)) for name, values in row.options]
    ]
    ProductOption.objects.filter(product__in=[product for product, _ in differ]).delete()
    made = [
        (ProductOption(product=product, name=name, position=at), values)
        for product, options in differ
        for at, (name, values) in enumerate(options)
    ]
    ProductOption.objects.bulk_create([option for option, _ in made], batch_size=BATCH)
    OptionValue.objects.bulk_create(
        [
            OptionValue(option=option, value=value, position=at)
            for option, values in made
            for at, value in enumerate(values)
        ],
        batch_size=BATCH,
    )


def _attributes(rows: Sequence[IncomingProduct], products: Mapping[str, Product]) -> Counts:
    now: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    found = ProductAttribute.objects.filter(product__in=products.values())
    for product_id, name, value in found.order_by("position", "id").values_list(
        "product_id", "name", "value"
    ):
        now[product_id].append((name, value))
    counts, replaced, fresh = Counts(), [], []
    for row in rows:
        product = products[row.source_id]
        before = now[product.pk]
        same = sum(pair in before for pair in row.attributes)
        moved = min(len(before), len(row.attributes)) - same
        updated = max(0, moved)
        counts += Counts(len(row.attributes) - same - updated, updated, same)
        if before != list(row.attributes):
            replaced.append(product)
            fresh += [
                ProductAttribute(product=product, name=name, value=value, position=at)
                for at, (name, value) in enumerate(row.attributes)
            ]
    ProductAttribute.objects.filter(product__in=replaced).delete()
    ProductAttribute.objects.bulk_create(fresh, batch_size=BATCH)
    return counts
