"""Filling and emptying a cart. Stock is held by the links of the cart's steps."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import replace

from django.db import transaction
from django.db.models import F

from shangliu.domain.cart.models import Cart, CartLine
from shangliu.domain.cart.queries import open_cart
from shangliu.domain.cart.states import CartState
from shangliu.domain.inventory.models import Reservation
from shangliu.domain.inventory.queries import on_offer
from shangliu.domain.inventory.services import OutOfStock
from shangliu.domain.inventory.states import ReservationState
from shangliu.flow.cart.checks import MOST_OF_ONE
from shangliu.flow.cart.definition import CART
from shangliu.flow.cart.effects import AddToCart, ChangeCart, Span
from shangliu.flow.policies import Policies
from shangliu.flow.stock.rush import Wish, give_back, hold, is_hot
from shangliu.platform import clock
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.text import Text
from shangliu.process import engine
from shangliu.process.definition import Context
from shangliu.process.roles import Role

MOST_LINES = 100


def new_token() -> str:
    return secrets.token_hex(16)


def add(*, token: str, user_id: int | None, visit: str, variant_id: int, quantity: int) -> Cart:
    """Put units into the buyer's cart and hold them; the cart is made when there is none. Without a
    `token` there is none yet: the new cart's is for the visitor to keep.

    Raises `Refused` (`OutOfStock` with what is left) and `NotFound` for what is not on sale. What
    is sold out is answered by reading alone: no row is written or waited for.
    """
    offer = on_offer(variant_id)
    if offer is None:
        raise NotFound
    actor = _actor(user_id)
    known = open_cart(token=token, user_id=user_id)
    cart = known or Cart(
        token=token if token and user_id is None else new_token(),
        user_id=user_id,
        visit=visit,
        created_at=clock.now(),
        case_no=f"C{secrets.token_hex(8)}",
    )
    data = AddToCart(variant_id=variant_id, quantity=quantity, price_fen=offer.price_fen)
    if Policies.RESERVE_AT_CART.is_on and quantity > 0:
        if offer.left < quantity:
            raise OutOfStock(variant_id, offer.left)
        data = replace(data, span=Span.of(known, variant_id))
    held = _held_ahead(cart, data, actor)
    try:
        _put_in(cart, replace(data, held=tuple(one.pk for one in held)), actor)
    except Exception:
        give_back(held, actor=actor)
        raise
    return cart


def _held_ahead(cart: Cart, data: AddToCart, actor: str) -> list[Reservation]:
    """Of goods that many want at this moment, the hold comes before the cart's own transaction."""
    if data.span is None or not is_hot(data.variant_id) or data.quantity > MOST_OF_ONE:
        return []
    return hold(
        Wish(
            variant_id=data.variant_id,
            quantity=data.quantity,
            case_no=cart.case_no,
            actor=actor,
            since=data.span.since,
            until=data.span.until,
        )
    )


@transaction.atomic
def _put_in(cart: Cart, data: AddToCart, actor: str) -> None:
    ctx = Context(actor=actor, role=Role.BUYER, data=data)
    if cart._state.adding:  # noqa: SLF001
        engine.begin(CART, CART["add"], cart, ctx)
        return
    if cart.lines.count() >= MOST_LINES:
        raise Refused(
            Text(
                f"购物车最多放 {MOST_LINES} 种商品，请先移除一些",
                f"A cart takes {MOST_LINES} kinds of goods; remove some first",
            )
        )
    wake(cart, actor)
    engine.fire(CART, CART["add"], cart, ctx)


@transaction.atomic
def set_quantity(*, cart: Cart, variant_id: int, quantity: int) -> None:
    """Give a line another quantity; 0 removes it. The hold follows."""
    if not cart.lines.filter(variant_id=variant_id).exists():
        raise NotFound
    actor = _actor(cart.user_id)
    wake(cart, actor)
    span = Span.of(cart, variant_id) if Policies.RESERVE_AT_CART.is_on else None
    data = ChangeCart(variant_id=variant_id, quantity=max(quantity, 0), span=span)
    engine.fire(CART, CART["change"], cart, Context(actor=actor, role=Role.BUYER, data=data))


def select(*, cart: Cart, variant_ids: Collection[int]) -> None:
    """Mark what is to be bought now."""
    cart.lines.update(selected=False)
    cart.lines.filter(variant_id__in=list(variant_ids)).update(selected=True)


@transaction.atomic
def adopt(*, token: str, user_id: int) -> None:
    """At sign-in: what the visitor collected becomes the person's, holds and all."""
    open_ones = (CartState.OPEN, CartState.ABANDONED)
    visitor = Cart.objects.filter(token=token, user=None, state__in=open_ones).first()
    if visitor is None:
        return
    ctx = Context(actor=_actor(user_id), role=Role.BUYER)
    engine.lock_case(visitor.case_no, ctx)
    own = open_cart(token="", user_id=user_id)
    if own is None:
        Cart.objects.filter(pk=visitor.pk).update(user_id=user_id)
        return
    engine.lock_case(own.case_no, ctx)
    for line in visitor.lines.all():
        if not own.lines.filter(variant_id=line.variant_id).update(
            quantity=F("quantity") + line.quantity, selected=True
        ):
            CartLine.objects.filter(pk=line.pk).update(cart=own)
    visitor.lines.all().delete()
    Reservation.objects.filter(cart_id=visitor.pk, state=ReservationState.HELD).update(
        cart_id=own.pk, case_no=own.case_no
    )


def wake(cart: Cart, actor: str) -> None:
    """A cart that was left alone is used again."""
    if cart.state == CartState.ABANDONED:
        engine.fire(CART, CART["come_back"], cart, Context(actor=actor, role=Role.BUYER))


def _actor(user_id: int | None) -> str:
    return f"user:{user_id}" if user_id is not None else "guest"
