"""A catalogue on its way in: rows already checked, in the words of the source it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shangliu.domain.catalog.models import DEFAULT_WEIGHT_G


@dataclass(frozen=True, kw_only=True, slots=True)
class IncomingCategory:
    """`parent_id` is the source's id of the parent, empty at the top."""

    source_id: str
    parent_id: str
    name: str
    slug: str


@dataclass(frozen=True, kw_only=True, slots=True)
class IncomingVariant:
    source_id: str
    sku: str
    values: tuple[tuple[str, str], ...]
    price_fen: int
    list_price_fen: int | None = None
    weight_g: int = DEFAULT_WEIGHT_G


@dataclass(frozen=True, kw_only=True, slots=True)
class IncomingProduct:
    """`category_id` is the source's id of a category; at least one variant."""

    source_id: str
    code: str
    slug: str
    name: str
    category_id: str
    variants: tuple[IncomingVariant, ...]
    options: tuple[tuple[str, tuple[str, ...]], ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    tagline: str = ""
    brand: str = ""
    keywords: str = ""
    unit: str = ""
    description: str = ""
    list_price_fen: int | None = None
    on_shelf: bool = True
    picture: str = ""
    sold_count: int = 0
    weight_g: int = DEFAULT_WEIGHT_G


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """`source` names where it comes from; the same source again updates what it brought before."""

    source: str
    categories: tuple[IncomingCategory, ...]
    products: tuple[IncomingProduct, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    new: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.new + other.new, self.updated + other.updated, self.unchanged + other.unchanged
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """What an import did. `variant_ids` maps the source's ids to ours; `new_variants` are its."""

    categories: Counts
    products: Counts
    variants: Counts
    attributes: Counts
    withdrawn: int
    variant_ids: Mapping[str, int]
    new_variants: frozenset[str]
