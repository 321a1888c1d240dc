"""What a cart's steps do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from shangliu.domain.cart.models import Cart, CartLine
from shangliu.domain.inventory import services as inventory
from shangliu.domain.inventory.models import Reservation
from shangliu.domain.inventory.states import ReservationState
from shangliu.flow.policies import Policies
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.platform.text import Text
from shangliu.process.definition import Context


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when goods are held."""

    since: datetime
    until: datetime

    @classmethod
    def fresh(cls) -> Span:
        moment = clock.now()
        return cls(moment, moment + Policies.HOLD.span)

    @classmethod
    def of(cls, cart: Cart | None, variant_id: int) -> Span | None:
        """The next hold of a cart on a variant. Renewing does not go on for ever: after
        `HOLD_LONGEST` there is none, until the goods were free to others for one hold's time."""
        last = cart and (
            Reservation.objects.filter(cart_id=cart.pk, variant_id=variant_id, order_line_id=None)
            .exclude(held_since=None)
            .order_by("-id")
            .first()
        )
        fresh = cls.fresh()
        if not last or last.held_since is None:
            return fresh
        if (
            last.state != ReservationState.HELD
            and last.entered_at + Policies.HOLD.span <= fresh.since
        ):
            return fresh
        until = min(fresh.until, last.held_since + Policies.HOLD_LONGEST.span)
        return cls(last.held_since, until) if until > fresh.since else None


_PUT_IN = """
INSERT INTO cart_cartline AS l (cart_id, variant_id, quantity, price_fen, selected, added_at)
VALUES (%s, %s, %s, %s, true, %s)
ON CONFLICT (cart_id, variant_id) DO UPDATE
SET quantity = l.quantity + excluded.quantity, price_fen = excluded.price_fen, selected = true"""


@dataclass(frozen=True, kw_only=True, slots=True)
class AddToCart:
    """`price_fen`: the unit price that the buyer saw. `span`: how long the goods may be held, None
    for not at all; `held`: reservations that were taken for this beforehand (hot goods)."""

    variant_id: int
    quantity: int
    price_fen: int
    span: Span | None = None
    held: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeCart:
    """`quantity` 0 removes the line. `span` as of `AddToCart`."""

    variant_id: int
    quantity: int
    span: Span | None = None


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
    if not isinstance(wanted, AddToCart | ChangeCart) or wanted.span is None:
        return
    if isinstance(wanted, AddToCart) and wanted.held:
        _bind(cart, wanted.held)
        return
    if wanted.quantity > 0:
        yield from claimed(
            cart_id=cart.pk,
            case_no=cart.case_no,
            variant_id=wanted.variant_id,
            quantity=wanted.quantity,
            span=wanted.span,
            actor=ctx.actor,
        )


def _bind(cart: Cart, held: tuple[int, ...]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inventory_reservation SET cart_id = %s"
            " WHERE id = ANY (%s) AND cart_id IS NULL AND state = 'held'",
            [cart.pk, list(held)],
        )
        if cursor.rowcount != len(held):
            raise Refused(Text("请再试一次", "Please try again"))


def claimed(
    *,
    cart_id: int | None,
    case_no: str,
    variant_id: int,
    quantity: int,
    actor: str,
    span: Span | None = None,
) -> Iterator[Reservation]:
    """Unsaved reservations for units that are claimed by this call."""
    units = inventory.claim(variant_id=variant_id, quantity=quantity, document=case_no, actor=actor)
    span = span or Span.fresh()
    for one in units:
        yield Reservation(
            stock_id=one.stock_id,
            variant_id=variant_id,
            quantity=one.quantity,
            cart_id=cart_id,
            case_no=case_no,
            held_since=span.since,
            hold_until=span.until,
        )
