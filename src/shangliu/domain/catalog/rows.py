"""The rows that pages of the catalogue are made of. They hold no rule and reach no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shangliu.platform.money import Money
from shangliu.platform.text import Text

SUGGESTED_PRICE = Text(zh="建议零售价", en="Suggested retail price")


@dataclass(frozen=True, kw_only=True, slots=True)
class CategoryNode:
    id: int
    parent_id: int | None
    slug: str
    name: str
    children: tuple[CategoryNode, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CategoryTree:
    """All categories; ask `category_tree()` once a request and hand it on."""

    roots: tuple[CategoryNode, ...]
    by_id: Mapping[int, CategoryNode]
    by_slug: Mapping[str, CategoryNode]

    def path(self, category_id: int) -> tuple[CategoryNode, ...]:
        """From the top down to the category itself."""
        found: list[CategoryNode] = []
        at: int | None = category_id
        while at is not None:
            node = self.by_id[at]
            found.append(node)
            at = node.parent_id
        return tuple(reversed(found))

    def ids_below(self, node: CategoryNode) -> list[int]:
        """The category's own id and those of everything under it."""
        found = [node.id]
        for child in node.children:
            found.extend(self.ids_below(child))
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductCard:
    """A product in a list. `price` is its lowest; stock is known to inventory, not here."""

    id: int
    code: str
    slug: str
    name: str
    tagline: str
    price: Money
    list_price: Money | None
    picture: str
    sold_count: int
    category_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FacetValue:
    value: str
    count: int
    chosen: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Facet:
    """An attribute to filter by. A count says how many would remain with this value chosen."""

    name: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What a list is narrowed to: any of the values of every named attribute, and a price."""

    attributes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    price_from: Money | None = None
    price_to: Money | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CategoryPage:
    category: CategoryNode
    breadcrumbs: tuple[CategoryNode, ...]
    children: tuple[CategoryNode, ...]
    products: tuple[ProductCard, ...]
    total: int
    facets: tuple[Facet, ...]
    page: int
    size: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchPage:
    """`loosened` tells that nothing had every word and the answer has some of them."""

    words: str
    products: tuple[ProductCard, ...]
    total: int
    facets: tuple[Facet, ...]
    loosened: bool
    page: int
    size: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))


@dataclass(frozen=True, kw_only=True, slots=True)
class HomeSection:
    category: CategoryNode
    products: tuple[ProductCard, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionRow:
    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class VariantRow:
    """`values` are pairs of option and value, in the order of the product's options."""

    id: int
    sku: str
    values: tuple[tuple[str, str], ...]
    price: Money
    list_price: Money | None
    weight_g: int

    @property
    def label(self) -> str:
        """What a buyer reads: `米白 / 1.5 m`."""
        return " / ".join(value for _, value in self.values)


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductPage:
    """One product for its page. A product off the shelf is shown, and cannot be bought.

    `limit`: the least that a buyer is limited to, of the product or of any of its variants.
    """

    id: int
    code: str
    slug: str
    name: str
    tagline: str
    brand: str
    unit: str
    keywords: str
    description: str
    picture: str
    sold_count: int
    on_shelf: bool
    price: Money
    list_price: Money | None
    breadcrumbs: tuple[CategoryNode, ...]
    options: tuple[OptionRow, ...]
    variants: tuple[VariantRow, ...]
    attributes: tuple[tuple[str, str], ...]
    limit: int | None = None

    @property
    def paragraphs(self) -> list[str]:
        return [part for part in self.description.split("\n") if part.strip()]

    @property
    def has_choice(self) -> bool:
        return len(self.variants) > 1

    @property
    def list_price_basis(self) -> Text | None:
        """What the crossed-out price is, because the law wants it said."""
        return SUGGESTED_PRICE if self.list_price is not None else None

    def variant(self, variant_id: int) -> VariantRow | None:
        return next((row for row in self.variants if row.id == variant_id), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class VariantFacts:
    """A variant with what a cart, an order line or a picking list says about its product."""

    id: int
    sku: str
    product_id: int
    code: str
    slug: str
    name: str
    unit: str
    picture: str
    values: tuple[tuple[str, str], ...]
    price: Money
    list_price: Money | None
    weight_g: int
    buyable: bool

    @property
    def label(self) -> str:
        return " / ".join(value for _, value in self.values)
