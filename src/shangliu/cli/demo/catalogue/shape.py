"""How the demo shop's goods are written down."""

from __future__ import annotations

from dataclasses import dataclass

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that can be bought: chosen values, yuan, grams with packing, units in stock."""

    values: tuple[str, ...]
    price: str
    weight_g: int
    stock: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Goods:
    """A product. `key` names its picture and its address; `list_price` is the last kind's."""

    key: str
    code: str
    name: str
    tagline: str
    keywords: str
    kinds: tuple[Kind, ...]
    attributes: Pairs
    description: str
    unit: str = "件"
    options: tuple[tuple[str, tuple[str, ...]], ...] = ()
    list_price: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelf:
    """A category with its goods; a top category has shelves instead."""

    slug: str
    name: str
    goods: tuple[Goods, ...] = ()
    shelves: tuple[Shelf, ...] = ()
