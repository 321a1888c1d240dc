"""What placing an order writes beside it: its lines, and the stock that they stand on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connection

from shangliu.domain.cart.queries import CartRow
from shangliu.domain.inventory.models import Reservation
from shangliu.domain.inventory.states import ReservationState
from shangliu.domain.orders.models import Order, OrderLine
from shangliu.flow.cart.effects import claimed
from shangliu.flow.stock.definition import RESERVATION
from shangliu.process import engine
from shangliu.process.definition import Context


@dataclass(kw_only=True)
class Basket:
    """The chosen rows of a cart as the buyer saw them; `short` are lines that no hold covers yet,
    `lapsed` the cart's holds that ended, `claims` those that the order stands on by now."""

    cart_id: int
    rows: tuple[CartRow, ...]
    short: list[tuple[OrderLine, int]] = field(default_factory=list)
    lapsed: list[Reservation] = field(default_factory=list)
    claims: list[Reservation] = field(default_factory=list)


def write_lines(order: Order, ctx: Context) -> None:
    """The order's lines in the words and prices of now, standing on what the cart holds."""
    basket = _basket(order)
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
    claims = _claims_of_cart(basket.cart_id)
    basket.lapsed = [one for one in claims if one.state == ReservationState.EXPIRED]
    for line in sorted(lines, key=lambda one: one.variant_id):
        held = [
            one
            for one in claims
            if one.variant_id == line.variant_id and one.state == ReservationState.HELD
        ]
        missing = line.quantity - sum(one.quantity for one in held)
        if missing < 0:
            engine.fire_all(RESERVATION, RESERVATION["release"], held, ctx.following("order.place"))
            held, missing = [], line.quantity
        for one in held:
            one.order_line_id, one.case_no = line.pk, order.case_no
        basket.claims += held
        if missing:
            basket.short.append((line, missing))
    _take_over(basket.claims, order.case_no)


def to_hold_again(order: Order, ctx: Context) -> list[Reservation]:
    """Holds that ended and fit what is short, where the stock is still there."""
    basket = _basket(order)
    again: list[Reservation] = []
    left: list[tuple[OrderLine, int]] = []
    for line, missing in basket.short:
        fit = next(
            (
                one
                for one in basket.lapsed
                if one.variant_id == line.variant_id
                and one.quantity == missing
                and one.stock.available >= missing
            ),
            None,
        )
        if fit is None:
            left.append((line, missing))
        else:
            fit.order_line_id, fit.case_no = line.pk, order.case_no
            again.append(fit)
    _take_over(again, order.case_no)
    basket.short = left
    basket.claims += again
    return again


def to_hold_anew(order: Order, ctx: Context) -> Iterator[Reservation]:
    """New holds for what is still short; raises `OutOfStock` where there is too little."""
    basket = _basket(order)
    for line, missing in basket.short:
        for one in claimed(
            cart_id=basket.cart_id,
            case_no=order.case_no,
            variant_id=line.variant_id,
            quantity=missing,
            actor=ctx.actor,
        ):
            one.order_line_id = line.pk
            basket.claims.append(one)
            yield one


def to_renew(order: Order, ctx: Context) -> list[Reservation]:
    """All that the order stands on, in the order in which stock rows are locked."""
    return sorted(_basket(order).claims, key=lambda one: (one.stock_id, one.pk))


def _basket(order: Order) -> Basket:
    basket: Basket = order.basket  # type: ignore[attr-defined]
    return basket


def _claims_of_cart(cart_id: int) -> list[Reservation]:
    return list(
        Reservation.objects.filter(
            cart_id=cart_id,
            order_line_id=None,
            state__in=(ReservationState.HELD, ReservationState.EXPIRED),
        )
        .select_related("stock")
        .order_by("stock_id", "id")
    )


def _take_over(claims: list[Reservation], case_no: str) -> None:
    if not claims:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inventory_reservation r SET order_line_id = p.line, case_no = %s"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS p(id, line) WHERE r.id = p.id",
            [case_no, [one.pk for one in claims], [one.order_line_id for one in claims]],
        )
