"""The demo shop is fit to be seen: texts within bounds, a picture for everything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from shangliu.cli.demo.catalogue.shop import SHELVES, catalogue, import_shop, leaves, opening_stock
from shangliu.cli.demo.pictures.album import album
from shangliu.cli.demo.pictures.render import save
from shangliu.domain.catalog.illustrations import all_keys
from shangliu.domain.catalog.incoming import Counts
from shangliu.domain.catalog.models import Product, Variant

SUPERLATIVES = re.compile(
    r"[!！]|最(?!近|后)|顶级|极致|绝佳|首选|唯一|国家级|完美|独家|永久|纯天然|养生|祛"
)


def test_every_text_is_within_bounds_and_boasts_of_nothing() -> None:
    for shelf in leaves(SHELVES):
        for goods in shelf.goods:
            said = f"{goods.name}{goods.tagline}{goods.description}"
            assert not SUPERLATIVES.search(said), goods.name
            assert 150 <= len(goods.description.replace("\n", "")) <= 300, goods.name
            assert goods.description.count("\n") >= 1, goods.name


def test_every_product_has_its_own_picture_and_every_kind_an_illustration() -> None:
    pictures = album()

    wanted = {product.picture for product in catalogue().products} | set(all_keys())
    assert wanted == set(pictures)
    drawings = [pictures[product.picture].draw for product in catalogue().products]
    assert len({id(draw) for draw in drawings}) == len(drawings)


@pytest.mark.parametrize("key", ["demo/longjing", "category/bedding"])
def test_a_picture_is_written_square_in_every_size(tmp_path: Path, key: str) -> None:
    save(tmp_path, key, album()[key])

    sizes = {file.name: size_of(file) for file in tmp_path.rglob("*.webp")}
    name = key.rpartition("/")[2]
    assert sizes == {f"{name}-{side}.webp": (side, side) for side in (300, 600, 1200)}


def size_of(file: Path) -> tuple[int, int]:
    with Image.open(file) as image:
        return image.size


@pytest.mark.django_db
def test_the_shop_comes_in_once_and_every_variant_has_its_stock() -> None:
    first, again = import_shop(), import_shop()

    assert first.products == Counts(new=43)
    assert again.products == Counts(unchanged=43)
    assert again.variants.new == again.variants.updated == 0
    assert set(Variant.objects.values_list("sku", flat=True)) == set(opening_stock())
    assert Product.objects.filter(picture__startswith="demo/").count() == 43
