"""The cart of a visitor and of a person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shangliu.domain.cart.models import Cart, CartLine
from shangliu.domain.catalog.limits import limit_purchases
from shangliu.domain.catalog.models import Variant
from shangliu.domain.inventory.models import Reservation, Stock
from shangliu.flow.timers import run_due
from shangliu.platform import clock
from tests.insight import world
from tests.web.storefront.walker import OURS, Walker

pytestmark = pytest.mark.django_db


def test_a_visitor_fills_a_cart_without_a_session(shop: world.Shop, walker: Walker) -> None:
    walker.put_in_cart(shop.tea.pk, 2)
    assert "龙井 250 克" in walker.text
    assert "¥ 256 .00" in walker.text
    assert "保留" in walker.text
    line = CartLine.objects.get()
    assert (line.variant_id, line.quantity) == (shop.tea.pk, 2)
    assert walker.client.cookies["cart"]["httponly"]
    assert Reservation.objects.get().quantity == 2


def test_the_same_goods_twice_are_one_line(shop: world.Shop, walker: Walker) -> None:
    walker.put_in_cart(shop.tea.pk, 2)
    walker.put_in_cart(shop.tea.pk, 1)
    assert CartLine.objects.get().quantity == 3


def test_a_purchase_limit_is_said_on_the_page_in_the_cart_and_at_submit(
    shop: world.Shop, walker: Walker
) -> None:
    limit_purchases(variant_id=shop.tea.pk, of_variant=2, of_product=None)
    assert "每人限购 2 件" in walker.client.get("/p/tea-1/").content.decode()
    walker.put_in_cart(shop.tea.pk, 3)
    said = "“龙井 250 克”每人限购 2 件，请减少数量"
    assert said in walker.text
    assert said in walker.client.get("/checkout/?guest=1").content.decode()


def test_a_form_from_another_site_puts_nothing_in(shop: world.Shop, walker: Walker) -> None:
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {},
    ):
        answer = walker.client.post("/cart/add/", {"variant": shop.tea.pk}, headers=headers)
        assert answer.status_code == 403
    assert not Cart.objects.exists()


def test_a_browser_without_scripts_chooses_by_option(shop: world.Shop, walker: Walker) -> None:
    choice = {"product": "tea-1", "variant": "", "option-颜色": "绿"}
    Variant.objects.create(
        product=shop.tea.product, sku="TEA-2", price_fen=9900, weight_g=1, values=[["颜色", "红"]]
    )
    option = shop.tea.product.options.create(name="颜色", position=1)
    for place, value in enumerate(("绿", "红")):
        option.values.create(value=value, position=place)
    walker.client.post("/cart/add/", choice, headers=OURS)
    assert CartLine.objects.get().variant_id == shop.tea.pk
    answer = walker.client.post("/cart/add/", {**choice, "option-颜色": "蓝"}, headers=OURS)
    assert answer.status_code == 409
    assert "请选择完整的规格" in answer.content.decode()


@pytest.mark.parametrize("quantity", ["x", "", "-1", "1.5", "99999999"])
def test_an_odd_quantity_is_refused_in_words(
    quantity: str, shop: world.Shop, walker: Walker
) -> None:
    answer = walker.put_in_cart(shop.tea.pk, quantity)  # type: ignore[arg-type]
    assert answer.status_code == 409
    assert "数量要填整数" in walker.text
    assert not Cart.objects.exists()


def test_more_than_there_is_is_refused_and_nothing_is_held(
    shop: world.Shop, walker: Walker
) -> None:
    Stock.objects.filter(variant=shop.tea, warehouse=shop.far).update(on_hand=0)
    Stock.objects.filter(variant=shop.tea, warehouse=shop.near).update(on_hand=3)
    answer = walker.put_in_cart(shop.tea.pk, 4)
    assert answer.status_code == 409
    assert "库存不足，仅剩 3 件" in walker.text
    assert not CartLine.objects.exists()
    assert not Reservation.objects.exists()


def test_quantities_change_and_a_line_can_go(shop: world.Shop, walker: Walker) -> None:
    walker.put_in_cart(shop.tea.pk, 1)
    walker.put_in_cart(shop.cup.pk, 1)
    tea, cup = shop.tea.pk, shop.cup.pk
    walker.send("/cart/update/", **{f"quantity-{tea}": 4, "chosen": [tea]})
    assert CartLine.objects.get(variant=tea).quantity == 4
    assert not CartLine.objects.get(variant=cup).selected
    assert "¥ 512 .00" in walker.text
    walker.send("/cart/update/", remove=cup, chosen=[tea])
    assert CartLine.objects.get().variant_id == tea


def test_an_ended_hold_is_said_and_the_goods_can_still_be_bought(
    shop: world.Shop, walker: Walker
) -> None:
    walker.put_in_cart(shop.tea.pk, 1)
    with clock.ahead(timedelta(minutes=16)):
        run_due()
        walker.get("/cart/")
    assert "保留时间已到，库存已释放，结算时重新占用" in walker.text
    assert Stock.objects.get(variant=shop.tea, warehouse=shop.near).held == 0


def test_a_changed_price_is_said(shop: world.Shop, walker: Walker) -> None:
    walker.put_in_cart(shop.tea.pk, 1)
    Variant.objects.filter(pk=shop.tea.pk).update(price_fen=13800)
    walker.get("/cart/")
    assert "价格由 ¥128.00 变为 ¥138.00" in walker.text


def test_what_cannot_be_bought_stands_apart(shop: world.Shop, walker: Walker) -> None:
    walker.put_in_cart(shop.tea.pk, 1)
    shop.tea.product.on_shelf = False
    shop.tea.product.save()
    walker.get("/cart/")
    assert "暂时不能购买" in walker.text
    assert "已下架" in walker.text
    assert f'name="chosen" value="{shop.tea.pk}"' not in walker.html


def test_buying_now_chooses_only_that(shop: world.Shop, walker: Walker) -> None:
    walker.put_in_cart(shop.cup.pk, 1)
    walker.put_in_cart(shop.tea.pk, 2, then="buy")
    chosen = CartLine.objects.filter(selected=True)
    assert [(line.variant_id, line.quantity) for line in chosen] == [(shop.tea.pk, 2)]
    assert CartLine.objects.count() == 2


def test_signing_in_keeps_what_was_collected(shop: world.Shop, walker: Walker) -> None:
    walker.put_in_cart(shop.tea.pk, 2)
    walker.sign_in("13800138000", then="/cart/")
    assert "龙井 250 克" in walker.text
    cart = Cart.objects.get()
    assert cart.user is not None
    assert cart.user.phone == "+8613800138000"


def test_the_badge_counts_pieces(shop: world.Shop, walker: Walker, other: Walker) -> None:
    walker.put_in_cart(shop.tea.pk, 2)
    assert 'data-count="2"' in walker.get("/me/badge/").content.decode()
    assert 'data-count="0"' in other.get("/me/badge/").content.decode()
