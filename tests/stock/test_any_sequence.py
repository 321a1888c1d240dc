"""Whatever people do with goods, in whatever order: the books agree and claims are covered."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from shangliu.cli.stock import differences
from shangliu.domain.cart.models import Cart
from shangliu.domain.cart.queries import cart_view
from shangliu.domain.inventory import handling
from shangliu.domain.inventory.models import Inbound, Reservation, Stock, StockMovement
from shangliu.domain.orders.models import Order
from shangliu.flow import checkout, steps
from shangliu.flow.cart import services as carts
from shangliu.flow.order import services as orders
from shangliu.flow.stock import rush
from shangliu.flow.stock.effects import Reason
from shangliu.flow.timers import run_due
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.process.roles import Role
from tests.insight.world import Shop, open_shop, pay, shipped, task_of

FEW = st.integers(1, 40)
ANY = st.integers(0, 10**6)
WHY = {"actor": "cangku", "why": "盘点"}
OPERATIONS = frozenset({Role.OPERATIONS})
RECEIVER = checkout.Receiver(
    name="张三",
    phone="13912345678",
    province="浙江省",
    city="杭州市",
    district="西湖区",
    street="文三路 100 号",
)


class Goods(RuleBasedStateMachine):
    """One thing in two warehouses, 30 pieces in each. `pieces` is what must be in the house, on its
    way to it or lying there broken, by the plain sums of what was done."""

    shop: Shop
    pieces: int

    def __init__(self) -> None:
        super().__init__()
        self.whole = transaction.atomic()
        self.whole.__enter__()
        self.now = clock.now()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.whole.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        self.shop = open_shop()
        for row in self._rows():
            handling.adjust(stock_id=row.pk, counted=30, **WHY)
        self.pieces = 60

    def _rows(self) -> list[Stock]:
        return list(Stock.objects.filter(variant=self.shop.tea).order_by("id"))

    def _done(self, act: Callable[[], object]) -> bool:
        """Did it happen? A refusal must leave nothing behind."""
        before = StockMovement.objects.count()
        try:
            with clock.at(self.now), transaction.atomic():
                act()
        except Refused:
            assert StockMovement.objects.count() == before
            return False
        return True

    def _pick(self, model: Any, pick: int, **where: object) -> Any:
        rows = list(model.objects.filter(**where).order_by("id"))
        return rows[pick % len(rows)] if rows else None

    @rule(pick=ANY, counted=FEW)
    def count(self, pick: int, counted: int) -> None:
        row = self._rows()[pick % 2]
        if self._done(lambda: handling.adjust(stock_id=row.pk, counted=counted, **WHY)):
            self.pieces += counted - row.on_hand

    @rule(pick=ANY, quantity=FEW)
    def write_off(self, pick: int, quantity: int) -> None:
        row = self._rows()[pick % 2]
        self._done(lambda: handling.write_off(stock_id=row.pk, quantity=quantity, **WHY))

    @rule(pick=ANY, quantity=FEW)
    def discard(self, pick: int, quantity: int) -> None:
        row = self._rows()[pick % 2]
        if self._done(lambda: handling.discard(stock_id=row.pk, quantity=quantity, **WHY)):
            self.pieces -= quantity

    @rule(pick=ANY, quantity=FEW)
    def keep_back(self, pick: int, quantity: int) -> None:
        row = self._rows()[pick % 2]
        self._done(lambda: handling.keep_back(stock_id=row.pk, quantity=quantity % 9, **WHY))

    @rule(pick=ANY, quantity=FEW)
    def send(self, pick: int, quantity: int) -> None:
        row, to = self._rows()[pick % 2], ("NB1", "HZ1")[pick % 2]
        self._done(lambda: handling.send(stock_id=row.pk, to=to, quantity=quantity, **WHY))

    @rule(pick=ANY, quantity=FEW)
    def announce(self, pick: int, quantity: int) -> None:
        to = ("NB1", "HZ1")[pick % 2]
        if self._done(lambda: handling.announce(sku="TEA-1", to=to, quantity=quantity, **WHY)):
            self.pieces += quantity

    @rule(pick=ANY, good=FEW, damaged=st.integers(0, 3), lost=st.integers(0, 3))
    def arrive(self, pick: int, good: int, damaged: int, lost: int) -> None:
        coming: Inbound | None = self._pick(Inbound, pick)
        if coming is not None and self._done(
            lambda: handling.arrive(
                number=coming.number, good=good, damaged=damaged, lost=lost, **WHY
            )
        ):
            self.pieces -= lost

    @rule(quantity=FEW, more=st.booleans(), pick=ANY)
    def put_in_a_cart(self, quantity: int, more: bool, pick: int) -> None:  # noqa: FBT001
        known: Cart | None = self._pick(Cart, pick, state="open") if more else None
        self._done(
            lambda: carts.add(
                token=known.token if known else carts.new_token(),
                user_id=None,
                visit="",
                variant_id=self.shop.tea.pk,
                quantity=quantity,
            )
        )

    @rule(pick=ANY, quantity=st.integers(0, 40))
    def change_a_cart(self, pick: int, quantity: int) -> None:
        cart: Cart | None = self._pick(Cart, pick, state="open", lines__isnull=False)
        if cart is not None:
            variant = self.shop.tea.pk
            self._done(lambda: carts.set_quantity(cart=cart, variant_id=variant, quantity=quantity))

    @rule(quantities=st.lists(FEW, min_size=1, max_size=6))
    def claim_together(self, quantities: list[int]) -> None:
        with clock.at(self.now):
            rush._decide.__wrapped__(  # type: ignore[attr-defined]
                [
                    rush.Wish(
                        variant_id=self.shop.tea.pk,
                        quantity=quantity,
                        case_no=f"C{secrets.token_hex(6)}",
                        actor="guest",
                        since=self.now,
                        until=self.now + timedelta(minutes=15),
                    )
                    for quantity in quantities
                ]
            )

    @rule(pick=ANY)
    def order(self, pick: int) -> None:
        cart: Cart | None = self._pick(Cart, pick, state="open")
        if cart is not None:
            self._done(
                lambda: checkout.place_order(
                    cart=cart,
                    receiver=RECEIVER,
                    wishes=checkout.Wishes(),
                    submit_key=secrets.token_hex(8),
                    expected=checkout.preview(cart_view(cart)).total,
                    user_id=None,
                )
            )

    @rule(pick=ANY)
    def pay(self, pick: int) -> None:
        order: Order | None = self._pick(Order, pick, state="awaiting_payment")
        if order is not None:
            self._done(lambda: pay(self.shop, order))

    @rule(pick=ANY)
    def ship(self, pick: int) -> None:
        order: Order | None = self._pick(Order, pick, state="awaiting_fulfilment")
        if order is not None and self._done(lambda: shipped(order)):
            parcel = task_of(order)  # an order that no warehouse has whole goes in two
            self.pieces -= sum(parcel.lines.values_list("quantity", flat=True))

    @rule(pick=ANY)
    def cancel(self, pick: int) -> None:
        order: Order | None = self._pick(Order, pick, state="awaiting_payment")
        if order is not None:
            self._done(
                lambda: orders.cancel(order=order, actor="guest", role=Role.BUYER, reason="不要")
            )

    @rule(pick=ANY)
    def take_a_hold_away(self, pick: int) -> None:
        claim: Reservation | None = self._pick(Reservation, pick, state="held")
        if claim is not None:
            data = Reason(reason="盘亏")
            name = "reservation.release_by_staff"
            self._done(
                lambda: steps.take(name, claim, actor="yunying", roles=OPERATIONS, data=data)
            )

    @rule(minutes=st.sampled_from((1, 10, 16, 40)))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        with clock.at(self.now):
            run_due()

    @invariant()
    def the_books_agree_and_claims_are_covered(self) -> None:
        assert differences() == []
        rows = self._rows() if hasattr(self, "shop") else []
        for row in rows:
            assert row.on_hand >= row.held + row.committed
            assert min(row.held, row.committed, row.damaged, row.in_transit, row.safety) >= 0
        if rows:
            assert sum(row.on_hand + row.in_transit + row.damaged for row in rows) == self.pieces


@pytest.mark.django_db
def test_any_sequence_leaves_the_books_right() -> None:
    run_state_machine_as_test(
        Goods,
        settings=settings(
            max_examples=25,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db
def test_an_order_from_two_warehouses_goes_a_parcel_at_a_time() -> None:
    goods = Goods()
    goods.begin()
    goods.put_in_a_cart(more=False, pick=0, quantity=31)
    goods.order(pick=0)
    goods.pay(pick=0)
    goods.ship(pick=0)
    goods.the_books_agree_and_claims_are_covered()
    assert goods.pieces in (30, 59)
    goods.teardown()
