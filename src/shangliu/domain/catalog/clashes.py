"""Names of an incoming catalogue that something from another source already has."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Model, Q, QuerySet

from shangliu.domain.catalog.incoming import Catalogue
from shangliu.domain.catalog.models import Category, Product, Variant


def clashes(catalogue: Catalogue) -> dict[str, frozenset[str]]:
    """Taken values by what they name: `category`, `code`, `slug`, `sku`. Four statements."""
    return {
        "category": _taken(
            Category.objects.all(),
            "slug",
            ((row.source_id, row.slug) for row in catalogue.categories),
            catalogue.source,
        ),
        "code": _taken(
            Product.objects.all(),
            "code",
            ((row.source_id, row.code) for row in catalogue.products),
            catalogue.source,
        ),
        "slug": _taken(
            Product.objects.all(),
            "slug",
            ((row.source_id, row.slug) for row in catalogue.products),
            catalogue.source,
        ),
        "sku": _taken(
            Variant.objects.all(),
            "sku",
            ((one.source_id, one.sku) for row in catalogue.products for one in row.variants),
            catalogue.source,
        ),
    }


def _taken(
    rows: QuerySet[Model], field: str, wanted: Iterable[tuple[str, str]], source: str
) -> frozenset[str]:
    """Values that a row of another source, or a row of this one that is not updated, holds."""
    values = {value: source_id for source_id, value in wanted}
    held = rows.filter(Q(**{f"{field}__in": list(values)})).values_list(
        field, "source", "source_id"
    )
    return frozenset(
        value for value, other, source_id in held if other != source or values[value] != source_id
    )
