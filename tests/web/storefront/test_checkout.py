"""Submitting an order once, at the price that stood on the page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shangliu.domain.catalog.models import Variant
from shangliu.domain.crm.models import Address
from shangliu.domain.inventory.models import Reservation, Stock
from shangliu.domain.orders.models import Order, Trade
from shangliu.flow.timers import run_due
from shangliu.platform import clock
from tests.insight import world
from tests.web.storefront.walker import Walker

pytestmark = pytest.mark.django_db


def _at_checkout(walker: Walker, shop: world.Shop, quantity: int = 1) -> None:
    walker.put_in_cart(shop.tea.pk, quantity)
    walker.get("/checkout/?guest=1")
    assert "确认订单" in walker.text


def test_a_guest_orders_with_name_phone_and_address_only(shop: world.Shop, walker: Walker) -> None:
    _at_checkout(walker, shop, 2)
    walker.checkout(remark="放门口")
    order = Order.objects.get()
    assert walker.page.request["PATH_INFO"] == f"/pay/{order.case_no}/"
    assert (order.total_fen, order.freight_fen, order.user) == (25600, 0, None)
    assert order.receiver_phone == "+8613912345678"
    assert order.remark == "放门口"
    assert not Address.objects.exists()


def test_every_amount_is_explained(shop: world.Shop, walker: Walker) -> None:
    Variant.objects.filter(pk=shop.tea.pk).update(price_fen=5000)
    _at_checkout(walker, shop)
    for said in ("商品金额", "共 1 件", "运费", "¥10.00", "再买 ¥49.00 包邮", "¥ 60 .00"):
        assert said in walker.text
    walker.get("/checkout/amounts/?delivery=express")
    assert "¥22.00" in walker.text
    assert "¥ 72 .00" in walker.text


def test_nothing_that_costs_money_is_chosen_beforehand(shop: world.Shop, walker: Walker) -> None:
    _at_checkout(walker, shop)
    assert 'name="delivery" value="standard" checked' in walker.html
    assert 'name="delivery" value="express" checked' not in walker.html


def test_the_faster_delivery_costs_what_the_page_said(shop: world.Shop, walker: Walker) -> None:
    _at_checkout(walker, shop)
    walker.checkout(delivery="express")
    order = Order.objects.get()
    assert (order.delivery, order.freight_fen, order.total_fen) == ("express", 2200, 15000)


def test_the_same_form_twice_makes_one_order(shop: world.Shop, walker: Walker) -> None:
    _at_checkout(walker, shop)
    form = walker.order_form()
    token = walker.hidden("csrfmiddlewaretoken")
    places = [
        walker.client.post("/checkout/", {"csrfmiddlewaretoken": token, **form})["Location"]
        for _ in range(3)
    ]
    assert Trade.objects.count() == 1
    assert set(places) == {f"/pay/{Trade.objects.get().number}/"}


def test_the_back_button_makes_no_second_order(shop: world.Shop, walker: Walker) -> None:
    _at_checkout(walker, shop)
    walker.checkout()
    walker.get("/checkout/")
    assert "先选择要结算的商品" in walker.text
    assert Trade.objects.count() == 1


def test_a_key_that_somebody_else_used_shows_nothing(
    shop: world.Shop, walker: Walker, other: Walker
) -> None:
    walker.sign_in("13800138000")
    _at_checkout(walker, shop)
    key = walker.hidden("submit_key")
    walker.checkout()
    other.sign_in("13800138001")
    _at_checkout(other, shop)
    assert other.checkout(submit_key=key).status_code == 404
    assert Trade.objects.count() == 1


def test_a_changed_price_is_refused_and_what_was_typed_stays(
    shop: world.Shop, walker: Walker
) -> None:
    _at_checkout(walker, shop)
    Variant.objects.filter(pk=shop.tea.pk).update(price_fen=13800)
    answer = walker.checkout(remark="送人", street="解放路 8 号")
    assert answer.status_code == 409
    assert "应付金额由 ¥128.00 变为 ¥138.00" in walker.text
    assert "的价格由 ¥128.00 变为 ¥138.00" in walker.text
    assert 'value="解放路 8 号"' in walker.html
    assert 'value="送人"' in walker.html
    assert not Trade.objects.exists()
    walker.checkout()
    assert Order.objects.get().total_fen == 13800


def test_stock_that_went_meanwhile_is_refused(shop: world.Shop, walker: Walker) -> None:
    _at_checkout(walker, shop, 2)
    form = walker.order_form()
    token = walker.hidden("csrfmiddlewaretoken")
    with clock.ahead(timedelta(minutes=16)):
        run_due()
        Stock.objects.filter(variant=shop.tea).update(on_hand=0)
        answer = walker.client.post("/checkout/", {"csrfmiddlewaretoken": token, **form})
    assert answer.status_code == 409
    assert "已售罄" in answer.content.decode()
    assert not Trade.objects.exists()
    assert not Reservation.objects.filter(state="held").exists()


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", "", "请填写收货人"),
        ("street", " ", "请填写详细地址"),
        ("phone", "12", "手机号不正确"),
        ("expected-standard", "abc", "页面已过期"),
        ("address", "999999", "请填写"),
    ],
)
def test_a_missing_field_is_named_and_nothing_is_written(
    field: str, typed: str, said: str, shop: world.Shop, walker: Walker
) -> None:
    _at_checkout(walker, shop)
    more = {"name": "", "city": ""} if field == "address" else {}
    answer = walker.checkout(**more, **{field: typed})
    assert answer.status_code == 409
    assert said in walker.text
    assert not Trade.objects.exists()


def test_an_order_needs_a_token(shop: world.Shop, walker: Walker) -> None:
    _at_checkout(walker, shop)
    answer = walker.client.post("/checkout/", walker.order_form())
    assert answer.status_code == 403
    assert "页面停留太久" in answer.content.decode()
    assert not Trade.objects.exists()


def test_a_signed_in_buyer_keeps_the_address_and_uses_it_again(
    shop: world.Shop, walker: Walker
) -> None:
    walker.sign_in("13800138000")
    walker.put_in_cart(shop.tea.pk)
    walker.get("/checkout/")
    walker.checkout()
    kept = Address.objects.get()
    assert (kept.name, kept.city, kept.is_default) == ("李小满", "杭州市", True)
    walker.put_in_cart(shop.cup.pk)
    walker.get("/checkout/")
    assert f'name="address" value="{kept.pk}" checked' in walker.html
    walker.checkout(address=kept.pk, name="", street="")
    assert Order.objects.latest("id").street == "文三路 100 号 2 幢 301"
    assert Address.objects.count() == 1


def test_another_persons_address_cannot_be_used(
    shop: world.Shop, walker: Walker, other: Walker
) -> None:
    walker.sign_in("13800138000")
    walker.put_in_cart(shop.tea.pk)
    walker.get("/checkout/")
    walker.checkout()
    other.sign_in("13800138001")
    other.put_in_cart(shop.tea.pk)
    other.get("/checkout/")
    assert other.checkout(address=Address.objects.get().pk).status_code == 409
    assert Trade.objects.count() == 1


def test_an_ended_session_keeps_what_was_typed(shop: world.Shop, walker: Walker) -> None:
    walker.sign_in("13800138000")
    walker.put_in_cart(shop.tea.pk)
    walker.get("/checkout/")
    form = walker.order_form() | {"street": "解放路 8 号"}
    del walker.client.cookies["sessionid"]
    walker.send("/checkout/", **form)
    assert walker.page.request["PATH_INFO"] == "/sign-in/"
    walker.send("/sign-in/", phone="13800138002", next="/checkout/")
    assert not Trade.objects.exists()
    assert walker.client.session["checkout"]["street"] == "解放路 8 号"


def test_an_empty_cart_goes_back_to_the_cart(shop: world.Shop, walker: Walker) -> None:
    walker.get("/checkout/")
    assert walker.page.request["PATH_INFO"] == "/cart/"
    assert "先选择要结算的商品" in walker.text
