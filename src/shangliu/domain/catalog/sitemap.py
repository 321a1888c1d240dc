"""Which categories and products have a page of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection


@dataclass(frozen=True, slots=True)
class Addresses:
    categories: tuple[str, ...]
    products: tuple[tuple[str, datetime], ...]


def addresses(*, most: int = 45_000) -> Addresses:
    """Slugs, products with the time they came in; a sitemap holds 50,000 at most."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT slug FROM catalog_category ORDER BY position, id")
        categories = tuple(row[0] for row in cursor.fetchall())
        cursor.execute(
            "SELECT slug, created_at FROM catalog_product WHERE on_shelf ORDER BY id LIMIT %s",
            [most],
        )
        return Addresses(categories, tuple(cursor.fetchall()))
