"""The whole demo shop, in the shape in which a catalogue is imported."""

from __future__ import annotations

from collections.abc import Iterator

from shangliu.cli.demo.catalogue.cloth import BED, WEAR
from shangliu.cli.demo.catalogue.desk import FOOD, PAPER
from shangliu.cli.demo.catalogue.rooms import HOME, KIDS, ROAD
from shangliu.cli.demo.catalogue.shape import Goods, Shelf
from shangliu.cli.demo.catalogue.table import KITCHEN, TABLE
from shangliu.cli.demo.catalogue.tea import TEA
from shangliu.domain.catalog import services
from shangliu.domain.catalog.incoming import (
    Catalogue,
    Imported,
    IncomingCategory,
    IncomingProduct,
    IncomingVariant,
)
from shangliu.platform.money import Money

SOURCE = "demo"
BRAND = "山川集"
SHELVES: tuple[Shelf, ...] = (TEA, TABLE, KITCHEN, BED, WEAR, PAPER, FOOD, HOME, ROAD, KIDS)


def import_shop() -> Imported:
    """Bring the demo shop's goods in, or up to date. Stock is not touched; see `opening_stock`."""
    return services.import_rows(catalogue=catalogue())


def catalogue() -> Catalogue:
    return Catalogue(
        source=SOURCE,
        categories=tuple(_categories(SHELVES, "")),
        products=tuple(
            _product(goods, shelf) for shelf in leaves(SHELVES) for goods in shelf.goods
        ),
    )


def opening_stock() -> dict[str, int]:
    """Units to begin with, by SKU."""
    return {
        _sku(goods, at): kind.stock
        for shelf in leaves(SHELVES)
        for goods in shelf.goods
        for at, kind in enumerate(goods.kinds, start=1)
    }


def leaves(shelves: tuple[Shelf, ...]) -> Iterator[Shelf]:
    """The shelves that goods stand on, in order."""
    for shelf in shelves:
        yield from leaves(shelf.shelves)
        if shelf.goods:
            yield shelf


def _categories(shelves: tuple[Shelf, ...], parent: str) -> Iterator[IncomingCategory]:
    for shelf in shelves:
        yield IncomingCategory(
            source_id=shelf.slug, parent_id=parent, name=shelf.name, slug=shelf.slug
        )
        yield from _categories(shelf.shelves, shelf.slug)


def _product(goods: Goods, shelf: Shelf) -> IncomingProduct:
    return IncomingProduct(
        source_id=goods.code,
        code=goods.code,
        slug=goods.key,
        name=goods.name,
        tagline=goods.tagline,
        category_id=shelf.slug,
        brand=BRAND,
        keywords=goods.keywords,
        unit=goods.unit,
        description=goods.description,
        list_price_fen=_fen(goods.list_price),
        picture=f"demo/{goods.key}",
        options=goods.options,
        attributes=goods.attributes,
        weight_g=goods.kinds[0].weight_g,
        variants=tuple(
            IncomingVariant(
                source_id=_sku(goods, at),
                sku=_sku(goods, at),
                values=tuple(
                    (option, value)
                    for (option, _), value in zip(goods.options, kind.values, strict=True)
                ),
                price_fen=Money.parse(kind.price).fen,
                list_price_fen=_fen(goods.list_price) if at == len(goods.kinds) else None,
                weight_g=kind.weight_g,
            )
            for at, kind in enumerate(goods.kinds, start=1)
        ),
    )


def _sku(goods: Goods, at: int) -> str:
    return f"{goods.code}-{at:02d}"


def _fen(yuan: str) -> int | None:
    return Money.parse(yuan).fen if yuan else None
