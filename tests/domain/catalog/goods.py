"""Small catalogues for tests."""

from __future__ import annotations

from shangliu.domain.catalog import services
from shangliu.domain.catalog.incoming import (
    Catalogue,
    Imported,
    IncomingCategory,
    IncomingProduct,
    IncomingVariant,
)

TEA = IncomingCategory(source_id="tea", parent_id="", name="茶事", slug="tea")
GREEN = IncomingCategory(source_id="green", parent_id="tea", name="绿茶", slug="green")
WARE = IncomingCategory(source_id="ware", parent_id="tea", name="茶器", slug="ware")
FOOD = IncomingCategory(source_id="food", parent_id="", name="粮果", slug="food")


def product(key: str, category: IncomingCategory, fen: int, **more: object) -> IncomingProduct:
    """One product with one variant, named after its key unless told otherwise."""
    given: dict[str, object] = {
        "source_id": key,
        "code": key.upper(),
        "slug": key,
        "name": key,
        "category_id": category.source_id,
        "variants": (IncomingVariant(source_id=key, sku=key, values=(), price_fen=fen),),
    }
    return IncomingProduct(**(given | more))  # type: ignore[arg-type]


LONGJING = product(
    "longjing",
    GREEN,
    12800,
    name="明前龙井",
    tagline="一芽一叶",
    brand="山川集",
    keywords="春茶 西湖",
    unit="罐",
    description="第一段。\n第二段。",
    options=(("净含量", ("50 克", "100 克")),),
    variants=(
        IncomingVariant(
            source_id="lj50", sku="LJ-50", values=(("净含量", "50 克"),), price_fen=12800
        ),
        IncomingVariant(
            source_id="lj100",
            sku="LJ-100",
            values=(("净含量", "100 克"),),
            price_fen=23800,
            list_price_fen=26800,
            weight_g=260,
        ),
    ),
    attributes=(("产地", "杭州"), ("工艺", "手工")),
    picture="demo/longjing",
)
BILUOCHUN = product(
    "biluochun", GREEN, 6600, name="洞庭碧螺春", attributes=(("产地", "苏州"), ("工艺", "手工"))
)
MAOFENG = product(
    "maofeng", GREEN, 5200, name="黄山毛峰", attributes=(("产地", "黄山"), ("工艺", "机制"))
)
GAIWAN = product(
    "gaiwan", WARE, 16800, name="青花盖碗", list_price_fen=19800, attributes=(("产地", "景德镇"),)
)
HIDDEN = product("hidden", GREEN, 100, name="下架的绿茶", on_shelf=False)
HONEY = product("honey", FOOD, 5800, name="百花蜂蜜")

SHOP = Catalogue(
    source="test",
    categories=(TEA, GREEN, WARE, FOOD),
    products=(LONGJING, BILUOCHUN, MAOFENG, GAIWAN, HIDDEN, HONEY),
)


def stock_the_shelves() -> Imported:
    return services.import_rows(catalogue=SHOP)
