"""The demo shop's warehouses, goods and stock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from shangliu.cli.demo.catalogue.shop import import_shop, opening_stock
from shangliu.domain.catalog.models import Variant
from shangliu.domain.inventory import services as inventory
from shangliu.domain.inventory.handling import keep_back
from shangliu.domain.inventory.models import Stock, Warehouse

SOLD_OUT = 4  # units that the one scarce variant begins with, in the first warehouse
SAFETY = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """A warehouse to be; `share` of the opening stock in percent."""

    code: str
    name: str
    province: str
    city: str
    district: str
    street: str
    contact: str
    phone: str
    share: int


_HOUSES = (
    _Place(
        code="HZ-YH",
        name="杭州余杭中心仓",
        province="浙江省",
        city="杭州市",
        district="余杭区",
        street="仓前街道绿汀路 18 号 3 号库",
        contact="周大勇",
        phone="+8657189770031",
        share=46,
    ),
    _Place(
        code="HZ-XS",
        name="杭州萧山前置仓",
        province="浙江省",
        city="杭州市",
        district="萧山区",
        street="宁围街道建设四路 266 号",
        contact="吴春生",
        phone="+8657182930086",
        share=22,
    ),
    _Place(
        code="CD-XJ",
        name="成都新津西南仓",
        province="四川省",
        city="成都市",
        district="新津区",
        street="普兴街道物流大道 9 号 B 栋",
        contact="罗小川",
        phone="+862882510077",
        share=32,
    ),
)


@dataclass(frozen=True, slots=True)
class Article:
    variant_id: int
    product: str
    category: str
    price_fen: int


@dataclass(frozen=True, slots=True)
class Stall:
    """What is sold: articles with how much each is wanted, and the warehouses. `few` are the
    variants that are nearly or soon sold out."""

    articles: tuple[Article, ...]
    wanted: tuple[float, ...]
    houses: tuple[Warehouse, ...]
    few: frozenset[int]

    def pick(self, rng: Random) -> Article:
        return rng.choices(self.articles, self.wanted)[0]


def open_stall(rng: Random, tell: Callable[[str], None]) -> Stall:
    """Goods, warehouses and the opening stock: one variant is scarce, three are low."""
    import_shop()
    articles = _articles()
    wanted = _demand(rng, len(articles))
    scarce, low = _scarce(articles, wanted)
    amounts = _amounts(scarce, low)
    few = scarce | low
    houses = []
    for at, place in enumerate(_HOUSES, start=1):
        house = Warehouse.objects.create(
            code=place.code,
            name=place.name,
            province=place.province,
            city=place.city,
            district=place.district,
            street=place.street,
            contact=place.contact,
            phone=place.phone,
            priority=at,
        )
        houses.append(house)
        parts = {pk: max(amount * place.share // 100, 1) for pk, amount in amounts.items()}
        if at == 1:
            parts |= {pk: amounts[pk] for pk in few}
        else:
            parts |= dict.fromkeys(few, 0)
        inventory.receive_many(
            warehouse_id=house.pk, quantities=parts, document="期初库存", actor="system"
        )
    for pk in Stock.objects.exclude(variant_id__in=few).order_by("id").values_list("id", flat=True):
        keep_back(stock_id=pk, quantity=SAFETY, actor="system", why="期初安全库存")
    tell(f"商品规格 {len(articles)} 种，仓库 {len(houses)} 座 / {len(articles)} variants")
    return Stall(articles, wanted, tuple(houses), few)


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
