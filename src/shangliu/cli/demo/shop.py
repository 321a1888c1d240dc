"""The demo shop's warehouses, goods and stock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from shangliu.cli.demo.catalogue.shop import import_shop, opening_stock
from shangliu.cli.demo.pictures.render import render_all
from shangliu.domain.catalog.models import Variant
from shangliu.domain.inventory import services as inventory
from shangliu.domain.inventory.models import Stock, Warehouse

SOLD_OUT = 4  # units that the one scarce variant begins with, in the first warehouse
SAFETY = 2

_HOUSES = (
    ("HZ-YH", "杭州余杭中心仓", "浙江省", "杭州市", "余杭区", "仓前街道绿汀路 18 号 3 号库", "周大勇",
     "+8657189770031", 1, 46),
    ("HZ-XS", "杭州萧山前置仓", "浙江省", "杭州市", "萧山区", "宁围街道建设四路 266 号", "吴春生",
     "+8657182930086", 2, 22),
    ("CD-XJ", "成都新津西南仓", "四川省", "成都市", "新津区", "普兴街道物流大道 9 号 B 栋", "罗小川",
     "+862882510077", 3, 32),
)  # the last two numbers: priority, and the share of the stock in percent


@dataclass(frozen=True, slots=True)
class Article:
    variant_id: int
    product: str
    category: str
    price_fen: int


@dataclass(frozen=True, slots=True)
class Stall:
    """What is sold: articles with how much each is wanted, and the warehouses by code."""

    articles: tuple[Article, ...]
    wanted: tuple[float, ...]
    houses: tuple[Warehouse, ...]

    def pick(self, rng: Random) -> Article:
        return rng.choices(self.articles, self.wanted)[0]


def draw_pictures(media: Path, tell: Callable[[str], None]) -> None:
    media.mkdir(parents=True, exist_ok=True)
    tell("绘制商品图片 / drawing the pictures")
    count = render_all(media)
    tell(f"商品图片 {count} 幅 / {count} pictures")


def open_stall(rng: Random, tell: Callable[[str], None]) -> Stall:
    """Goods, warehouses and the opening stock: one variant is scarce, three are low."""
    import_shop()
    houses = tuple(_house(*row[:9]) for row in _HOUSES)
    articles = _articles()
    wanted = _demand(rng, len(articles))
    scarce, low = _scarce(articles, wanted)
    amounts = _amounts(scarce, low)
    for house, row in zip(houses, _HOUSES, strict=True):
        first = house is houses[0]
        inventory.receive_many(
            warehouse_id=house.pk,
            quantities={
                variant: (amount if first else 0)
                if variant in scarce | low
                else max(amount * row[9] // 100, 1)
                for variant, amount in amounts.items()
            },
            document="期初库存",
            actor="system",
        )
    Stock.objects.exclude(variant_id__in=scarce | low).update(safety=SAFETY)
    tell(f"商品规格 {len(articles)} 种，仓库 {len(houses)} 座 / {len(articles)} variants")
    return Stall(articles, wanted, houses)


def restock(stall: Stall, document: str, actor: str) -> None:
    """A delivery from suppliers: what runs low is filled up, the scarce and the low stay so."""
    for house in stall.houses:
        rows = Stock.objects.filter(warehouse=house, safety=SAFETY, on_hand__lt=18)
        inventory.receive_many(
            warehouse_id=house.pk,
            quantities={row.variant_id: 40 for row in rows},
            document=document,
            actor=actor,
        )


def _house(
    code: str,
    name: str,
    province: str,
    city: str,
    district: str,
    street: str,
    contact: str,
    phone: str,
    priority: int,
) -> Warehouse:
    return Warehouse.objects.create(
        code=code,
        name=name,
        province=province,
        city=city,
        district=district,
        street=street,
        contact=contact,
        phone=phone,
        priority=priority,
    )


def _articles() -> tuple[Article, ...]:
    rows = Variant.objects.filter(active=True, product__on_shelf=True).order_by("sku")
    return tuple(
        Article(*row)
        for row in rows.values_list("id", "product__code", "product__category__slug", "price_fen")
    )


def _demand(rng: Random, count: int) -> tuple[float, ...]:
    """A few articles are bought all the time, many now and then."""
    places = list(range(count))
    rng.shuffle(places)
    return tuple(1 / (4 + place) for place in places)


def _scarce(
    articles: tuple[Article, ...], wanted: tuple[float, ...]
) -> tuple[frozenset[int], frozenset[int]]:
    """The one that will sell out is much wanted; those that stay low are hardly wanted."""
    ranked = sorted(zip(wanted, articles, strict=True), key=lambda pair: -pair[0])
    cheap = [article for _, article in ranked if article.price_fen < 20_000]
    return frozenset({cheap[1].variant_id}), frozenset(one.variant_id for one in cheap[-3:])


def _amounts(scarce: frozenset[int], low: frozenset[int]) -> dict[int, int]:
    opening = opening_stock()
    amounts = {pk: opening[sku] for pk, sku in Variant.objects.values_list("id", "sku")}
    return amounts | dict.fromkeys(scarce, SOLD_OUT) | dict.fromkeys(low, 5)
