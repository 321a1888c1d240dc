"""What placing an order writes beside it: its lines, and the stock that they stand on."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from shangliu.domain.cart.queries import CartRow
from shangliu.domain.inventory.models import Reservation
from shangliu.domain.inventory.states import ReservationState
from shangliu.domain.orders.models import Order, OrderLine
from shangliu.flow.cart.effects import claimed
from shangliu.flow.stock.definition import RESERVATION
from shangliu.process import engine
from shangliu.process.definition import Context


@dataclass(frozen=True, kw_only=True, slots=True)
class Basket:
    """The chosen rows of a cart, as the buyer saw them."""

    cart_id: int
    rows: tuple[CartRow, ...]


def write_lines(order: Order, ctx: Context) -> None:
    """The order's lines in the words and prices of now, standing on held stock.

    What the cart holds is taken over; what is missing is held again or anew, or `OutOfStock`.
    """
    basket: Basket = order.basket  # type: ignore[attr-defined]
    lines = OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            variant_id=row.variant_id,
            sku=row.sku,
            name=row.name,
            options=row.options,
            picture=row.picture,
            price_fen=row.price.fen,
            quantity=row.quantity,
            amount_fen=row.amount.fen,
            weight_g=row.weight_g,
        )
        for row in basket.rows
    )
    ctx.note(lines=len(lines), total_fen=order.total_fen)
    claims = list(
        Reservation.objects.filter(
            cart_id=basket.cart_id,
            order_line_id=None,
            state__in=(ReservationState.HELD, ReservationState.EXPIRED),
        )
        .select_related("stock")
        .order_by("stock_id", "id")
    )
    taken: list[tuple[int, int]] = []
    for line in sorted(lines, key=lambda one: one.variant_id):
        mine = [claim for claim in claims if claim.variant_id == line.variant_id]
        taken += [(claim.pk, line.pk) for claim in _cover(order, basket.cart_id, line, mine, ctx)]
    _take_over(taken, order.case_no)


def _cover(
    order: Order, cart_id: int, line: OrderLine, claims: list[Reservation], ctx: Context
) -> list[Reservation]:
    held = [claim for claim in claims if claim.state == ReservationState.HELD]
    missing = line.quantity - sum(claim.quantity for claim in held)
    if missing == 0:
        return held
    inner = ctx.following("order.place")
    if missing < 0:
        engine.fire_all(RESERVATION, RESERVATION["release"], held, inner)
        held, missing = [], line.quantity
    for claim in claims:
        fits = claim.state == ReservationState.EXPIRED and claim.quantity == missing
        if fits and claim.stock.available >= missing:
            engine.fire(RESERVATION, RESERVATION["rehold"], claim, inner)
            return [*held, claim]
    new = list(
        claimed(
            cart_id=cart_id,
            case_no=order.case_no,
            variant_id=line.variant_id,
            quantity=missing,
            actor=ctx.actor,
        )
    )
    engine.begin_all(RESERVATION, RESERVATION["hold"], new, inner)
    return [*held, *new]


def _take_over(pairs: list[tuple[int, int]], case_no: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inventory_reservation r SET order_line_id = p.line, case_no = %s"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS p(id, line) WHERE r.id = p.id",
            [case_no, [pk for pk, _ in pairs], [line for _, line in pairs]],
        )
