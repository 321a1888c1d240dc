"""Holds of goods: at the cart or at checkout, renewed, taken over, ended, taken away; limits."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest

from shangliu.cli.stock import differences
from shangliu.domain.cart.models import Cart
from shangliu.domain.cart.queries import cart_view
from shangliu.domain.catalog.models import Product, Variant
from shangliu.domain.inventory.models import Reservation, Stock, StockMovement
from shangliu.domain.inventory.services import OutOfStock, receive
from shangliu.domain.notifications.models import Message
from shangliu.domain.orders.models import Order
from shangliu.flow import checkout, limits, steps
from shangliu.flow.cart import services as carts
from shangliu.flow.order import services as orders
from shangliu.flow.policies import Policies
from shangliu.flow.stock.effects import Reason
from shangliu.flow.timers import run_due
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.process import policies
from shangliu.process.models import Event
from shangliu.process.policies import Policy
from shangliu.process.roles import Role
from tests.insight.world import Shop, buyer, open_shop, send_all

pytestmark = pytest.mark.django_db

OPERATIONS = frozenset({Role.OPERATIONS})


@pytest.fixture
def shop() -> Shop:
    return open_shop()


@pytest.fixture(autouse=True)
def _books_balance() -> object:
    yield
    assert differences() == []


def decide(policy: Policy, value: int) -> None:
    policies.change(policy, value, user_id=None, why="test")


def put(shop: Shop, quantity: int = 1, *, token: str = "", user_id: int | None = None) -> Cart:
    return carts.add(
        token=token or carts.new_token(),
        user_id=user_id,
        visit="",
        variant_id=shop.tea.pk,
        quantity=quantity,
    )


def submit(cart: Cart, *, phone: str = "13912345678", user_id: int | None = None) -> Order:
    trade = checkout.place_order(
        cart=cart,
        receiver=checkout.Receiver(
            name="张三",
            phone=phone,
            province="浙江省",
            city="杭州市",
            district="西湖区",
            street="文三路 100 号",
        ),
        wishes=checkout.Wishes(),
        submit_key=secrets.token_hex(8),
        expected=checkout.preview(cart_view(cart)).total,
        user_id=user_id,
    )
    return trade.orders.get()


def held(shop: Shop) -> int:
    return sum(Stock.objects.filter(variant=shop.tea).values_list("held", flat=True))


def test_a_cart_holds_what_is_put_into_it_where_the_policy_says_so(shop: Shop) -> None:
    cart = put(shop, 3)
    claim = Reservation.objects.get()
    assert (claim.state, claim.quantity, claim.cart_id) == ("held", 3, cart.pk)
    assert held(shop) == 3


def test_without_that_policy_goods_are_held_when_the_order_is_placed(shop: Shop) -> None:
    decide(Policies.RESERVE_AT_CART, 0)
    cart = put(shop, 3)
    assert (Reservation.objects.count(), held(shop)) == (0, 0)
    order = submit(cart)
    claim = Reservation.objects.get()
    assert (claim.state, claim.case_no, claim.quantity) == ("held", order.case_no, 3)
    assert held(shop) == 3


def test_without_that_policy_the_last_pieces_go_to_who_orders_first(shop: Shop) -> None:
    decide(Policies.RESERVE_AT_CART, 0)
    first, second = put(shop, 600), put(shop, 600)
    submit(second)
    with pytest.raises(OutOfStock, match="仅剩 400 件"):
        submit(first)
    assert (Order.objects.count(), held(shop)) == (1, 600)


def test_what_is_sold_out_is_refused_before_anything_is_written(shop: Shop) -> None:
    with pytest.raises(OutOfStock, match="仅剩 1000 件"):
        put(shop, 999 + 2)
    assert (Cart.objects.count(), Event.objects.count(), held(shop)) == (0, 0, 0)


def test_changing_the_quantity_renews_the_hold_but_not_for_ever(shop: Shop) -> None:
    start = clock.now()
    with clock.at(start):
        cart = put(shop, 2)
    for minutes, until in ((10, 25), (24, 39), (38, 53), (52, 60), (59, 60)):
        with clock.at(start + timedelta(minutes=minutes)):
            carts.set_quantity(cart=cart, variant_id=shop.tea.pk, quantity=2 + minutes % 2)
        claim = Reservation.objects.get(state="held")
        assert claim.hold_until == start + timedelta(minutes=until)
    with clock.at(start + timedelta(minutes=61)):
        run_due()
        assert held(shop) == 0
        carts.set_quantity(cart=cart, variant_id=shop.tea.pk, quantity=4)
        assert held(shop) == 0, "an hour was all; now it is the others' turn"
    with clock.at(start + timedelta(minutes=77)):
        carts.set_quantity(cart=cart, variant_id=shop.tea.pk, quantity=5)
        assert held(shop) == 5


def test_a_cart_whose_holds_are_used_up_can_still_be_ordered(shop: Shop) -> None:
    start = clock.now()
    with clock.at(start):
        cart = put(shop, 2)
    with clock.at(start + timedelta(minutes=14)):
        carts.set_quantity(cart=cart, variant_id=shop.tea.pk, quantity=3)
    decide(Policies.HOLD_LONGEST, 15)
    with clock.at(start + timedelta(minutes=30)):
        run_due()
        carts.set_quantity(cart=cart, variant_id=shop.tea.pk, quantity=2)
        assert held(shop) == 0
        order = submit(cart)
    assert held(shop) == 2
    assert order.state == "awaiting_payment"


def test_at_sign_in_the_visitors_holds_become_the_persons(shop: Shop) -> None:
    person = buyer()
    own = put(shop, 1, user_id=person.pk)
    visitor = put(shop, 2)
    carts.adopt(token=visitor.token, user_id=person.pk)
    assert {one.cart_id for one in Reservation.objects.filter(state="held")} == {own.pk}
    assert {one.case_no for one in Reservation.objects.all()} == {own.case_no}
    assert own.lines.get().quantity == 3
    order = submit(own, user_id=person.pk)
    assert Reservation.objects.filter(case_no=order.case_no, state="held").count() == 2
    assert held(shop) == 3


def test_a_visitors_cart_that_was_left_alone_is_taken_over_too(shop: Shop) -> None:
    person, start = buyer(), clock.now()
    visitor = put(shop, 2)
    with clock.at(start + timedelta(hours=25)):
        run_due()
        visitor.refresh_from_db()
        assert visitor.state == "abandoned"
        carts.adopt(token=visitor.token, user_id=person.pk)
    visitor.refresh_from_db()
    assert visitor.user_id == person.pk


def test_a_hold_ends_by_its_time_and_the_buyer_is_told(shop: Shop) -> None:
    person = buyer()
    put(shop, 2, user_id=person.pk)
    with clock.ahead(timedelta(minutes=16)):
        run_due()
        send_all()
    assert Reservation.objects.get().state == "expired"
    assert held(shop) == 0
    assert Message.objects.get(user=person).template == "hold_expired"


def test_staff_take_a_hold_away_with_a_reason_and_the_buyer_is_told(shop: Shop) -> None:
    person = buyer()
    put(shop, 2, user_id=person.pk)
    claim = Reservation.objects.get()
    data = Reason(reason="盘亏，先保证已付款订单")
    steps.take("reservation.release_by_staff", claim, actor="yunying", roles=OPERATIONS, data=data)
    send_all()
    claim.refresh_from_db()
    assert (claim.state, held(shop)) == ("released", 0)
    line = StockMovement.objects.latest("id")
    assert (line.kind, line.actor, line.why) == ("release", "yunying", data.reason)
    event = Event.objects.get(step="release_by_staff")
    assert event.facts == {"reason": data.reason}
    assert Message.objects.get(user=person).template == "hold_released"


def test_a_hold_is_not_taken_away_without_a_reason_nor_from_an_order(shop: Shop) -> None:
    cart = put(shop, 2)
    claim = Reservation.objects.get()
    with pytest.raises(Refused, match="请写明释放原因"):
        steps.take(
            "reservation.release_by_staff",
            claim,
            actor="yunying",
            roles=OPERATIONS,
            data=Reason(reason=" "),
        )
    submit(cart)
    claim.refresh_from_db()
    with pytest.raises(Refused, match="请改为取消订单"):
        steps.take(
            "reservation.release_by_staff",
            claim,
            actor="yunying",
            roles=OPERATIONS,
            data=Reason(reason="清理"),
        )
    claim.refresh_from_db()
    assert (claim.state, held(shop)) == ("held", 2)


def limit(shop: Shop, *, variant: int | None = None, product: int | None = None) -> None:
    Variant.objects.filter(pk=shop.tea.pk).update(limit_per_buyer=variant)
    Product.objects.filter(pk=shop.tea.product_id).update(limit_per_buyer=product)


def test_a_guest_may_order_no_more_than_the_limit_under_one_phone_number(shop: Shop) -> None:
    limit(shop, variant=2)
    submit(put(shop, 2))
    with pytest.raises(Refused, match="每人限购 2 件，你已买 2 件，还可以买 0 件"):
        submit(put(shop, 1), phone="+86 139 1234 5678")
    assert Order.objects.count() == 1
    submit(put(shop, 2), phone="13812345678")
    assert Order.objects.count() == 2


def test_a_person_cannot_go_round_the_limit_as_a_guest_with_the_same_phone(shop: Shop) -> None:
    limit(shop, product=3)
    person = buyer(phone="+8613912345678")
    submit(put(shop, 2, user_id=person.pk), phone="13700001111", user_id=person.pk)
    submit(put(shop, 1))
    with pytest.raises(Refused, match="你已买 3 件"):
        submit(put(shop, 1, user_id=person.pk), phone="13700001111", user_id=person.pk)
    assert Order.objects.count() == 2


def test_a_cancelled_order_does_not_count(shop: Shop) -> None:
    limit(shop, variant=1)
    order = submit(put(shop, 1))
    orders.cancel(order=order, actor="guest", role=Role.BUYER, reason="不要了")
    assert submit(put(shop, 1)).state == "awaiting_payment"


def test_variants_of_a_product_share_its_limit(shop: Shop) -> None:
    limit(shop, product=2)
    other = Variant.objects.create(
        product=shop.tea.product, sku="TEA-2", price_fen=9900, weight_g=300, values=[]
    )
    receive(
        variant_id=other.pk, warehouse_id=shop.near.pk, quantity=9, document="D", actor="cangku"
    )
    cart = put(shop, 2)
    carts.add(token=cart.token, user_id=None, visit="", variant_id=other.pk, quantity=1)
    said = limits.notes(cart_view(cart), user_id=None)
    assert set(said) == {shop.tea.pk, other.pk}
    with pytest.raises(Refused, match="每人限购 2 件"):
        submit(cart)
    assert Order.objects.count() == 0


def test_the_cart_says_it_before_the_order_is_refused(shop: Shop) -> None:
    limit(shop, variant=2)
    cart = put(shop, 3)
    said = "“龙井 250 克”每人限购 2 件，请减少数量"
    assert [one.zh for one in checkout.preview(cart_view(cart)).warnings] == [said]
    with pytest.raises(Refused, match="每人限购 2 件，请减少数量"):
        submit(cart)
    assert Order.objects.count() == 0
