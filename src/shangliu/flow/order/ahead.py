"""Hot goods that the shop holds at checkout only: their claims come before the order's transaction.

What is held here belongs to no cart until the order's transaction takes it over; what that does
not want is given back, and ends by its time if the program dies in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from shangliu.domain.cart.models import Cart
from shangliu.domain.cart.queries import CartRow, cart_view
from shangliu.domain.inventory.models import Reservation
from shangliu.domain.inventory.services import OutOfStock
from shangliu.domain.inventory.states import ReservationState
from shangliu.flow.cart.effects import Span
from shangliu.flow.policies import Policies
from shangliu.flow.stock import rush

_CAUSE = "order.place"


@contextmanager
def held(cart: Cart, *, actor: str) -> Iterator[list[int]]:
    """The reservations that were made for the cart's chosen rows; `OutOfStock` where too few are
    left."""
    found: list[int] = []
    try:
        if not Policies.RESERVE_AT_CART.is_on and not connection.in_atomic_block:
            for row in cart_view(cart).chosen:
                found += _hold(row, cart, actor)
        yield found
    finally:
        if found:
            rush.give_back(_not_taken(found), actor=actor, cause=_CAUSE)


def take_over(cart: Cart, held: list[int]) -> None:
    """Make them the cart's own, in the transaction that places the order."""
    if held:
        Reservation.objects.filter(pk__in=held, cart_id=None, state=ReservationState.HELD).update(
            cart_id=cart.pk
        )


def _hold(row: CartRow, cart: Cart, actor: str) -> list[int]:
    missing = row.quantity - row.held
    if missing <= 0 or not rush.is_hot(row.variant_id):
        return []
    span = Span.fresh()
    wish = rush.Wish(
        variant_id=row.variant_id,
        quantity=missing,
        case_no=cart.case_no,
        actor=actor,
        since=span.since,
        until=span.until,
        cause=_CAUSE,
    )
    try:
        return [one.pk for one in rush.hold(wish)]
    except OutOfStock as refused:
        raise OutOfStock(row.variant_id, row.held + refused.left, row.name) from refused


def _not_taken(found: list[int]) -> list[Reservation]:
    return list(
        Reservation.objects.filter(
            pk__in=found, cart_id=None, state=ReservationState.HELD
        ).order_by("stock_id", "id")
    )
