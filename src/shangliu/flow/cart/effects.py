"""What a cart's steps do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from shangliu.domain.cart.models import Cart, CartLine
from shangliu.domain.inventory import services as inventory
from shangliu.domain.inventory.models import Reservation
from shangliu.domain.inventory.states import ReservationState
from shangliu.flow.policies import Policies
from shangliu.platform import clock
from shangliu.process.definition import Context

_PUT_IN = """
INSERT INTO cart_cartline AS l (cart_id, variant_id, quantity, price_fen, selected, added_at)
VALUES (%s, %s, %s, %s, true, %s)
ON CONFLICT (cart_id, variant_id) DO UPDATE
SET quantity = l.quantity + excluded.quantity, price_fen = excluded.price_fen, selected = true"""


@dataclass(frozen=True, kw_only=True, slots=True)
class AddToCart:
    """`price_fen`: the unit price that the buyer saw."""

    variant_id: int
    quantity: int
    price_fen: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeCart:
    """`quantity` 0 removes the line."""

    variant_id: int
    quantity: int


def put_in(cart: Cart, ctx: Context) -> None:
    added = ctx.data
    assert isinstance(added, AddToCart)  # noqa: S101 - the step asks for it
    ctx.note(variant=added.variant_id, quantity=added.quantity)
    with connection.cursor() as cursor:
        cursor.execute(
            _PUT_IN, [cart.pk, added.variant_id, added.quantity, added.price_fen, clock.now()]
        )


def set_quantity(cart: Cart, ctx: Context) -> None:
    changed = ctx.data
    assert isinstance(changed, ChangeCart)  # noqa: S101 - the step asks for it
    ctx.note(variant=changed.variant_id, quantity=changed.quantity)
    lines = CartLine.objects.filter(cart=cart, variant_id=changed.variant_id)
    if changed.quantity <= 0:
        lines.delete()
    else:
        lines.update(quantity=changed.quantity)


def held_before(cart: Cart, ctx: Context) -> list[Reservation]:
    """The holds that a change of quantity gives up before it takes the new one."""
    assert isinstance(ctx.data, ChangeCart)  # noqa: S101 - the step asks for it
    return list(
        Reservation.objects.filter(
            cart_id=cart.pk, variant_id=ctx.data.variant_id, state=ReservationState.HELD
        )
    )


def new_holds(cart: Cart, ctx: Context) -> Iterator[Reservation]:
    """Claims the units that were asked for; raises `OutOfStock` when they are not there."""
    wanted = ctx.data
    if not Policies.RESERVE_AT_CART.is_on or not isinstance(wanted, AddToCart | ChangeCart):
        return
    if wanted.quantity > 0:
        yield from claimed(
            cart_id=cart.pk,
            case_no=cart.case_no,
            variant_id=wanted.variant_id,
            quantity=wanted.quantity,
            actor=ctx.actor,
        )


def claimed(
    *, cart_id: int | None, case_no: str, variant_id: int, quantity: int, actor: str
) -> Iterator[Reservation]:
    """Unsaved reservations for units that are claimed by this call."""
    units = inventory.claim(variant_id=variant_id, quantity=quantity, document=case_no, actor=actor)
    until = clock.now() + Policies.HOLD.span
    for one in units:
        yield Reservation(
            stock_id=one.stock_id,
            variant_id=variant_id,
            quantity=one.quantity,
            cart_id=cart_id,
            case_no=case_no,
            hold_until=until,
        )
