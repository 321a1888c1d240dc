"""Many buyers of one thing at once, on real connections."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, connections, transaction

from shangliu.cli.stock import differences
from shangliu.domain.cart.models import Cart
from shangliu.domain.cart.queries import cart_view
from shangliu.domain.catalog.models import Variant
from shangliu.domain.inventory import services as inventory
from shangliu.domain.inventory.models import Reservation, Stock, StockMovement
from shangliu.domain.inventory.services import OutOfStock
from shangliu.domain.orders.models import Order
from shangliu.flow import checkout
from shangliu.flow.cart import services as carts
from shangliu.flow.cart.effects import Span
from shangliu.flow.policies import Policies
from shangliu.flow.stock import rush
from shangliu.flow.timers import run_due
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.platform.money import Money
from shangliu.process import policies
from shangliu.process.models import Event
from tests.insight.world import Shop, buyer, open_shop

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 24


@pytest.fixture
def shop() -> Shop:
    return open_shop()


@pytest.fixture(autouse=True)
def _books_balance() -> object:
    yield
    assert differences() == []


HOT, COLD = 0, Policies.HOT_CLAIMS.most


def make_hot(claims: int = HOT) -> None:
    """From so many claims a second on: from the first, or never."""
    policies.change(Policies.HOT_CLAIMS, claims, user_id=None, why="test")


def scarce(shop: Shop, near: int, far: int = 0) -> Variant:
    """A variant of which there are so many in the two warehouses."""
    one = Variant.objects.create(
        product=shop.tea.product, sku=secrets.token_hex(4), price_fen=9900, weight_g=300, values=[]
    )
    for house, quantity in ((shop.near, near), (shop.far, far)):
        inventory.receive(
            variant_id=one.pk,
            warehouse_id=house.pk,
            quantity=quantity,
            document="opening",
            actor="test",
        )
    return one


def at_once(act: Callable[[int], object], numbers: Sequence[int]) -> list[object]:
    """The answers, exceptions among them, of calls in many threads, each with a connection."""

    def call(number: int) -> object:
        try:
            return act(number)
        except Exception as error:  # noqa: BLE001 - the answer of this call
            return error

    def leave(_: int) -> None:
        together.wait(20)
        connections.close_all()

    together = threading.Barrier(AT_ONCE)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(call, numbers))
        list(pool.map(leave, range(AT_ONCE)))
    return answers


def grab(variant: Variant, quantity: int = 1) -> Cart:
    return carts.add(
        token=carts.new_token(), user_id=None, visit="", variant_id=variant.pk, quantity=quantity
    )


def wish(variant: Variant, quantity: int = 1) -> rush.Wish:
    span = Span.fresh()
    return rush.Wish(
        variant_id=variant.pk,
        quantity=quantity,
        case_no=f"C{secrets.token_hex(6)}",
        actor="guest",
        since=span.since,
        until=span.until,
    )


def submit(cart: Cart, *, key: str = "", expected: Money | None = None) -> Order:
    trade = checkout.place_order(
        cart=cart,
        receiver=checkout.Receiver(
            name="张三",
            phone="13912345678",
            province="浙江省",
            city="杭州市",
            district="西湖区",
            street="文三路 100 号",
        ),
        wishes=checkout.Wishes(),
        submit_key=key or secrets.token_hex(8),
        expected=expected or checkout.preview(cart_view(cart)).total,
        user_id=cart.user_id,
    )
    return trade.orders.get()


@pytest.mark.parametrize("claims", [HOT, COLD])
def test_a_hundred_pieces_go_to_exactly_a_hundred_of_three_hundred_guests(
    shop: Shop, claims: int
) -> None:
    make_hot(claims)
    one = scarce(shop, near=70, far=30)
    answers = at_once(lambda _: submit(grab(one)).pk, range(300))
    refused = [answer for answer in answers if not isinstance(answer, int)]
    assert {type(answer) for answer in refused} == {OutOfStock}
    assert (len(refused), Order.objects.count()) == (200, 100)
    rows = Stock.objects.filter(variant=one).order_by("id")
    assert [(row.held, row.available) for row in rows] == [(70, 0), (30, 0)]
    assert Reservation.objects.filter(variant=one, state="held").count() == 100
    assert StockMovement.objects.filter(stock__variant=one, kind="hold").count() == 100
    assert Event.objects.filter(process="reservation", step="hold").count() == 100


def test_held_at_checkout_a_hundred_pieces_go_to_exactly_a_hundred_too(shop: Shop) -> None:
    policies.change(Policies.RESERVE_AT_CART, 0, user_id=None, why="test")
    make_hot()
    one = scarce(shop, near=70, far=30)
    policies.forget()
    tabs = [grab(one) for _ in range(160)]
    assert not Reservation.objects.exists()
    answers = at_once(lambda number: submit(tabs[number]).pk, range(160))
    assert {type(one) for one in answers if not isinstance(one, int)} <= {OutOfStock, Refused}
    assert Order.objects.count() == 100
    claims = Reservation.objects.filter(variant=one, state="held")
    assert claims.count() == 100
    assert not claims.filter(order_line_id=None).exists()


def test_the_same_submit_twice_holds_nothing_more(shop: Shop) -> None:
    policies.change(Policies.RESERVE_AT_CART, 0, user_id=None, why="test")
    make_hot()
    cart = grab(scarce(shop, near=9), 2)
    first = submit(cart, key="once")
    assert submit(cart, key="once").pk == first.pk
    assert [(one.state, one.quantity) for one in Reservation.objects.order_by("id")] == [
        ("held", 2)
    ]
    with pytest.raises(Refused, match="应付金额"):
        submit(grab(shop.tea, 3), expected=Money(1))
    assert [one.state for one in Reservation.objects.order_by("id")] == ["held", "released"]


def test_one_piece_and_two_hundred_buyers_give_one_order(shop: Shop) -> None:
    make_hot()
    one = scarce(shop, near=1)
    answers = at_once(lambda _: submit(grab(one)).number, range(200))
    assert sum(isinstance(answer, str) for answer in answers) == 1
    assert Order.objects.count() == 1


def test_claims_of_several_pieces_are_decided_one_by_one_in_their_order(shop: Shop) -> None:
    one = scarce(shop, near=5, far=4)
    asked = [
        inventory.Claim(one.pk, quantity, f"C{quantity}", "guest") for quantity in (4, 4, 2, 1, 1)
    ]
    with transaction.atomic():
        answers = inventory.claim_each(asked)
    near, far = Stock.objects.filter(variant=one).order_by("id")
    units = inventory.Units
    assert answers[:2] == [[units(near.pk, 4)], [units(far.pk, 4)]]
    assert isinstance(answers[2], OutOfStock)
    assert answers[2].left == 1
    assert answers[3] == [units(near.pk, 1)]
    assert isinstance(answers[4], OutOfStock)
    for row in (near, far):
        row.refresh_from_db()
    assert (near.held, far.held) == (5, 4)
    documents = StockMovement.objects.filter(kind="hold").order_by("id")
    assert sorted(line.document for line in documents) == ["C1", "C4", "C4"]
    give_back = [units(near.pk, 5), units(far.pk, 4)]
    inventory.move(inventory.Move.RELEASE, give_back, document="C", actor="test")


@contextmanager
def somebody_holds_the_row(variant: Variant) -> Iterator[None]:
    """Another transaction has locked the variant's stock and does not end."""
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            list(Stock.objects.select_for_update().filter(variant=variant))
            locked.set()
            done.wait(20)
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait(20)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '300ms'")
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
        done.set()
        thread.join()


@pytest.mark.parametrize("claims", [HOT, COLD])
def test_sold_out_is_answered_without_waiting_for_anybody(shop: Shop, claims: int) -> None:
    make_hot(claims)
    gone, left = scarce(shop, near=0, far=0), scarce(shop, near=1)
    with somebody_holds_the_row(gone):
        with pytest.raises(OutOfStock, match="已售罄"):
            grab(gone)
        with pytest.raises(OutOfStock):
            rush.hold(wish(gone))
    with somebody_holds_the_row(left), pytest.raises(OperationalError, match="lock timeout"):
        grab(left)
    assert (Cart.objects.count(), Reservation.objects.count()) == (0, 0)
    assert grab(left).lines.get().quantity == 1


def test_units_that_come_back_are_sold_again_at_once(shop: Shop) -> None:
    make_hot()
    one = scarce(shop, near=1)
    first = grab(one)
    with pytest.raises(OutOfStock):
        grab(one)
    carts.set_quantity(cart=first, variant_id=one.pk, quantity=0)
    assert grab(one).pk != first.pk


def test_the_hold_belongs_to_the_cart_that_asked_for_it(shop: Shop) -> None:
    make_hot()
    one = scarce(shop, near=9)
    cart = grab(one, 2)
    carts.add(token=cart.token, user_id=None, visit="", variant_id=one.pk, quantity=3)
    claims = Reservation.objects.filter(state="held")
    assert {(claim.cart_id, claim.case_no) for claim in claims} == {(cart.pk, cart.case_no)}
    assert sorted(claim.quantity for claim in claims) == [2, 3]
    assert [event.cause for event in Event.objects.filter(step="hold")] == ["cart.add"] * 2


def test_a_hold_whose_cart_refuses_it_is_given_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_hot()
    one = scarce(shop, near=9)
    cart = grab(shop.cup)
    monkeypatch.setattr(carts, "MOST_LINES", 1)
    with pytest.raises(Refused, match="购物车最多放 1 种商品"):
        carts.add(token=cart.token, user_id=None, visit="", variant_id=one.pk, quantity=2)
    claim = Reservation.objects.get(variant=one)
    assert (claim.state, claim.cart_id) == ("released", None)
    assert Stock.objects.get(variant=one, warehouse=shop.near).held == 0


def test_a_hold_whose_program_died_ends_by_its_time(shop: Shop) -> None:
    one = scarce(shop, near=3)
    rush.hold(wish(one, 3))
    with pytest.raises(OutOfStock):
        grab(one)
    with clock.ahead(timedelta(minutes=16)):
        run_due()
        assert grab(one, 3).lines.get().quantity == 3


def test_when_the_writing_fails_everybody_is_told_and_the_next_one_writes(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = scarce(shop, near=50)
    real = inventory.claim_each
    calls: list[int] = []

    def sometimes(claims: Sequence[inventory.Claim]) -> list[list[inventory.Units] | OutOfStock]:
        calls.append(len(claims))
        time.sleep(0.05)
        if len(calls) == 2:
            raise OperationalError("the server closed the connection")
        return real(claims)

    monkeypatch.setattr(inventory, "claim_each", sometimes)
    answers = at_once(lambda _: len(rush.hold(wish(one))), range(AT_ONCE * 2))
    failed = [answer for answer in answers if isinstance(answer, OperationalError)]
    assert len(failed) == calls[1]
    assert sum(calls) == AT_ONCE * 2
    assert max(calls) > 1, "nobody waited together"
    assert Stock.objects.get(variant=one, warehouse=shop.near).held == AT_ONCE * 2 - len(failed)
    assert rush._lines == {}


def test_nobody_writes_for_others_inside_a_transaction(shop: Shop) -> None:
    make_hot()
    one = scarce(shop, near=9)
    assert rush.is_hot(one.pk)
    with transaction.atomic():
        assert not rush.is_hot(one.pk)
    with pytest.raises(RuntimeError), transaction.atomic():
        rush.hold(wish(one))
    assert rush._lines == {}


def test_two_tabs_of_one_buyer_cannot_pass_the_limit_together(shop: Shop) -> None:
    Variant.objects.filter(pk=shop.tea.pk).update(limit_per_buyer=1)
    person = buyer(phone="+8613912345678")
    tabs = [grab(shop.tea) for _ in range(7)]
    tabs.append(
        carts.add(token="", user_id=person.pk, visit="", variant_id=shop.tea.pk, quantity=1)
    )
    answers = at_once(lambda number: submit(tabs[number]).number, range(len(tabs)))
    assert sum(isinstance(answer, str) for answer in answers) == 1
    assert all(isinstance(answer, str | Refused) for answer in answers)
    assert Order.objects.count() == 1
