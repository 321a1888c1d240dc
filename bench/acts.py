"""What hands do in a thread: one call of a service a turn, timed alone."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Generator, Sequence

from django.db import transaction

from bench.load import Tally
from shangliu.domain.cart.models import Cart
from shangliu.domain.cart.queries import cart_view
from shangliu.domain.inventory.services import OutOfStock
from shangliu.domain.payments.models import Payment
from shangliu.flow import checkout
from shangliu.flow.cart import services as carts
from shangliu.flow.cart.effects import Span, claimed
from shangliu.flow.payment.definition import PAYMENT
from shangliu.flow.stock import rush
from shangliu.flow.stock.definition import RESERVATION
from shangliu.platform import clock, numbers
from shangliu.platform.money import Money
from shangliu.process import engine
from shangliu.process.definition import Context
from shangliu.process.roles import Role

Hands = Generator[None, None, None]
RECEIVER = checkout.Receiver(
    name="张三丰",
    phone="13912345678",
    province="浙江省",
    city="杭州市",
    district="西湖区",
    street="文三路 100 号 2 幢 301",
)


def add(tally: Tally, number: int, variants: Sequence[int]) -> Hands:
    """New guests, each putting one thing into a cart."""
    chance = random.Random(number)
    yield
    while True:
        began = time.monotonic()
        put(chance.choice(variants))
        tally.ok(began)
        yield


def hold(tally: Tally, number: int, variant_id: int) -> Hands:  # noqa: ARG001
    """Claims on one variant: units, ledger, reservation, event; or the answer "sold out"."""
    yield
    while True:
        began = time.monotonic()
        try:
            rush.hold(_wish(variant_id))
        except OutOfStock:
            tally.failed("sold out")
        tally.ok(began)
        yield


def hold_alone(tally: Tally, number: int, variant_id: int) -> Hands:  # noqa: ARG001
    """The same, each in a transaction of its own: what `hold` is compared with."""
    yield
    while True:
        began = time.monotonic()
        wish = _wish(variant_id)
        with transaction.atomic():
            born = claimed(
                cart_id=None,
                case_no=wish.case_no,
                variant_id=variant_id,
                quantity=1,
                actor=wish.actor,
            )
            engine.begin_all(RESERVATION, RESERVATION["hold"], list(born), _system())
        tally.ok(began)
        yield


def _wish(variant_id: int) -> rush.Wish:
    span = Span.fresh()
    return rush.Wish(
        variant_id=variant_id,
        quantity=1,
        case_no=f"C{secrets.token_hex(8)}",
        actor="guest",
        since=span.since,
        until=span.until,
    )


def place(tally: Tally, number: int, clients: int, cart_ids: Sequence[int]) -> Hands:
    """Every `clients`-th of the carts becomes an order."""
    mine = list(Cart.objects.filter(pk__in=cart_ids[number::clients]))
    totals = [checkout.preview(cart_view(cart)).total for cart in mine]
    yield
    for cart, total in zip(mine, totals, strict=True):
        began = time.monotonic()
        submit(cart, total)
        tally.ok(began)
        yield


def step(tally: Tally, number: int) -> Hands:
    """One step of an object over and over: a payment whose gateway has no news."""
    payment = waiting_payment(f"B{number:03d}")
    yield
    while True:
        began = time.monotonic()
        take(payment)
        tally.ok(began)
        yield


def put(variant_id: int) -> Cart:
    return carts.add(
        token=carts.new_token(), user_id=None, visit="", variant_id=variant_id, quantity=1
    )


def submit(cart: Cart, total: Money) -> None:
    checkout.place_order(
        cart=cart,
        receiver=RECEIVER,
        wishes=checkout.Wishes(delivery="standard", remark=""),
        submit_key=secrets.token_hex(16),
        expected=total,
        user_id=None,
    )


def take(payment: Payment) -> None:
    engine.fire(PAYMENT, PAYMENT["query"], payment, _system())


def waiting_payment(case_no: str) -> Payment:
    payment = Payment(
        number=numbers.new("A"),
        provider="alipay",
        amount_fen=100,
        subject="bench",
        expires_at=clock.now(),
        case_no=case_no,
    )
    engine.begin(PAYMENT, PAYMENT["start"], payment, Context(actor="guest", role=Role.BUYER))
    return payment


def _system() -> Context:
    return Context(actor="timer", role=Role.SYSTEM)
