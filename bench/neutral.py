"""The neutral data of the comparison: 1,000 products in 50 categories, two variants each."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from shangliu.domain.catalog.incoming import (
    Catalogue,
    IncomingCategory,
    IncomingProduct,
    IncomingVariant,
)
from shangliu.domain.catalog.services import import_rows
from shangliu.domain.inventory.services import default_warehouse, receive_many

PRODUCTS = 1_000
CATEGORIES = 50
STOCK = 1_000_000
FEW = 100
SCARCE = 20
_WORDS = (
    *("轻薄", "耐用", "手工", "棉麻", "陶瓷", "竹制", "家用", "便携"),
    *("防滑", "加厚", "透气", "四季", "原木", "简约", "日常", "收纳"),
)
_LONG = 300  # characters of a description


@dataclass(frozen=True)
class Shop:
    """What a load generator has to know: the addresses of pages, of every product one variant, and
    variants of which there are few (`FEW`)."""

    categories: tuple[str, ...]
    products: tuple[str, ...]
    variants: tuple[int, ...]
    scarce: tuple[int, ...]


def make() -> Shop:
    """Write it through the services that an import uses."""
    chance = random.Random(20_261_123)
    categories = tuple(
        IncomingCategory(
            source_id=f"c{n}", parent_id="", name=f"分类 {n:02d}", slug=f"kind-{n:02d}"
        )
        for n in range(CATEGORIES)
    )
    products = tuple(_products(chance))
    done = import_rows(
        catalogue=Catalogue(source="neutral", categories=categories, products=products)
    )
    variants = [done.variant_ids[one.source_id] for each in products for one in each.variants]
    scarce = variants[1 : 2 * SCARCE : 2]
    receive_many(
        warehouse_id=default_warehouse().pk,
        quantities=dict.fromkeys(variants, STOCK) | dict.fromkeys(scarce, FEW),
        document="opening",
        actor="bench",
    )
    return Shop(
        categories=tuple(f"/c/{one.slug}/" for one in categories),
        products=tuple(f"/p/{one.slug}/" for one in products),
        variants=tuple(variants[::2]),
        scarce=tuple(scarce),
    )


def _products(chance: random.Random) -> Iterator[IncomingProduct]:
    for n in range(PRODUCTS):
        price = chance.randrange(1_000, 90_000, 10)
        yield IncomingProduct(
            source_id=f"p{n}",
            code=f"N{n:04d}",
            slug=f"thing-{n:04d}",
            name=f"{chance.choice(_WORDS)}{chance.choice(_WORDS)}用品 {n:04d}",
            category_id=f"c{n % CATEGORIES}",
            description=_text(chance),
            options=(("颜色", ("米白", "墨绿")),),
            variants=tuple(
                IncomingVariant(
                    source_id=f"p{n}-{colour}",
                    sku=f"N{n:04d}-{number}",
                    values=(("颜色", colour),),
                    price_fen=price + number * 100,
                )
                for number, colour in enumerate(("米白", "墨绿"))
            ),
        )


def _text(chance: random.Random) -> str:
    text = ""
    while len(text) < _LONG:
        text += "".join(chance.choices(_WORDS, k=8)) + "。"
    return text[:_LONG]
