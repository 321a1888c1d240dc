"""The buyer's own orders, and nobody else's."""

from __future__ import annotations

import pytest

from shangliu.domain.aftersales.models import AfterSale
from shangliu.domain.crm.models import Address, User
from shangliu.domain.inventory.models import Stock
from shangliu.domain.orders.models import Order
from shangliu.process.models import Event
from tests.insight import world
from tests.web.storefront.walker import Walker

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(walker: Walker) -> User:
    walker.sign_in("13800138000")
    return User.objects.get()


def _steps(order: Order) -> list[str]:
    return list(
        Event.objects.filter(process="order", object_id=order.pk).values_list("step", flat=True)
    )


def test_the_list_has_tabs_by_state(shop: world.Shop, walker: Walker, person: User) -> None:
    waiting = world.placed(shop, user=person)
    paid = world.paid(shop, user=person)
    walker.get("/orders/")
    assert waiting.number in walker.text
    assert paid.number in walker.text
    walker.get("/orders/?tab=to_pay")
    assert waiting.number in walker.text
    assert paid.number not in walker.text
    assert walker.get("/orders/?tab=nonsense").status_code == 404


def test_the_detail_draws_its_way_from_the_definition(
    shop: world.Shop, walker: Walker, person: User
) -> None:
    order = world.paid(shop, user=person)
    walker.get(f"/orders/{order.number}/")
    bar = walker.html.split('<ol class="steps"')[1].split("</ol>")[0]
    marks = [part.split('"')[0] for part in bar.split("steps__one--")[1:]]
    assert marks == ["past", "now", "next", "next"]
    for said in ("待付款", "待发货", "已发货", "已完成", "预计"):
        assert said in bar


def test_a_cancelled_order_ends_its_bar(shop: world.Shop, walker: Walker, person: User) -> None:
    order = world.placed(shop, user=person)
    walker.get(f"/orders/{order.number}/")
    walker.send(f"/orders/{order.number}/cancel/", reason="不想买了")
    assert "订单已取消" in walker.text
    bar = walker.html.split('<ol class="steps"')[1].split("</ol>")[0]
    assert [part.split('"')[0] for part in bar.split("steps__one--")[1:]] == ["past", "failed"]
    assert Stock.objects.get(variant=shop.tea, warehouse=shop.near).held == 0


def test_the_phone_is_masked(shop: world.Shop, walker: Walker, person: User) -> None:
    order = world.placed(shop, user=person)
    walker.get(f"/orders/{order.number}/")
    assert "139****5678" in walker.text
    assert "13912345678" not in walker.text


def test_buttons_come_from_the_definition(shop: world.Shop, walker: Walker, person: User) -> None:
    order = world.delivered(shop, world.paid(shop, user=person))
    walker.get(f"/orders/{order.number}/")
    assert "确认收货" in walker.text
    assert "延长收货" in walker.text
    assert "取消订单" not in walker.text
    walker.send(f"/orders/{order.number}/do/extend_receipt/")
    assert "收货时间只能延长一次" in walker.text
    walker.send(f"/orders/{order.number}/do/confirm_receipt/")
    order.refresh_from_db()
    assert order.state == "completed"
    assert _steps(order)[-1] == "confirm_receipt"


@pytest.mark.parametrize("step", ["approve", "ship", "nonsense", "auto_complete"])
def test_a_step_that_is_not_the_buyers_is_refused(
    step: str, shop: world.Shop, walker: Walker, person: User
) -> None:
    order = world.placed(shop, user=person)
    before = _steps(order)
    walker.get(f"/orders/{order.number}/")
    assert walker.send(f"/orders/{order.number}/do/{step}/").status_code in (404, 409)
    order.refresh_from_db()
    assert order.state == "awaiting_payment"
    assert _steps(order) == before


def test_another_buyers_order_does_not_exist(
    shop: world.Shop, walker: Walker, person: User, other: Walker
) -> None:
    order = world.paid(shop, user=person)
    before = _steps(order)
    other.sign_in("13800138001")
    other.get("/account/")
    assert other.get(f"/orders/{order.number}/").status_code == 404
    assert other.get(f"/orders/{order.number}/?t={order.trade.secret}").status_code == 404
    assert other.get(f"/orders/{order.number}/after-sale/").status_code == 404
    for address in ("cancel/", "do/confirm_receipt/", "after-sale/"):
        other.get("/account/")
        assert other.send(f"/orders/{order.number}/{address}").status_code == 404
    assert order.number not in other.get("/orders/").content.decode()
    assert _steps(order) == before
    assert not AfterSale.objects.exists()


def test_a_guests_order_opens_with_its_secret_only(shop: world.Shop, other: Walker) -> None:
    order = world.paid(shop)
    assert other.get(f"/orders/{order.number}/").status_code == 404
    assert other.get(f"/orders/{order.number}/?t={order.trade.secret}").status_code == 200
    assert other.page.request["QUERY_STRING"] == ""
    assert order.number in other.get("/orders/").content.decode()


def test_a_visitor_is_asked_to_sign_in_and_comes_back(walker: Walker) -> None:
    answer = walker.client.get("/orders/?tab=to_pay")
    assert answer["Location"] == "/sign-in/?next=%2Forders%2F%3Ftab%3Dto_pay"


def test_the_track_of_the_parcel_is_shown(shop: world.Shop, walker: Walker, person: User) -> None:
    order = world.shipped(world.paid(shop, user=person))
    walker.get(f"/orders/{order.number}/")
    assert "包裹" in walker.text
    assert "等待承运商揽收" in walker.text


def test_an_address_can_be_forgotten_by_its_owner_only(
    walker: Walker, person: User, other: Walker
) -> None:
    kept = Address.objects.create(
        user=person, name="李", phone="+8613912345678", province="浙江省", city="杭州市", street="1"
    )
    other.sign_in("13800138001")
    other.get("/account/")
    assert other.send(f"/account/addresses/{kept.pk}/forget/").status_code == 404
    assert Address.objects.exists()
    walker.get("/account/")
    walker.send(f"/account/addresses/{kept.pk}/forget/")
    assert not Address.objects.exists()
