"""Carts that their buyers left alone: what is in them, and what it would have come to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from shangliu.platform.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftCart:
    """`value` is that of its lines at the prices they were put in at. `held` units are still kept
    for it; `had_hold`: there was a hold at all. `phone` and `name` only of buyers who signed in."""

    pk: int
    case_no: str
    visit: str
    user_id: int | None
    name: str
    phone: str
    created_at: datetime
    left_at: datetime
    goods: str
    pieces: int
    value: Money
    held: int
    had_hold: bool


@dataclass(frozen=True, slots=True)
class LeftWeek:
    """The carts that were left in the week of this Monday and are still left alone."""

    monday: date
    carts: int
    value: Money


@dataclass(frozen=True, slots=True)
class CartValue:
    """What a visit has in the cart that it began."""

    case_no: str
    state: str
    pieces: int
    value: Money


_LINES = (
    "JOIN LATERAL (SELECT string_agg(p.name || ' × ' || l.quantity, '、' ORDER BY l.id) AS goods,"
    " sum(l.quantity)::int AS pieces, sum(l.quantity * l.price_fen)::bigint AS fen"
    " FROM cart_cartline l JOIN catalog_variant v ON v.id = l.variant_id"
    " JOIN catalog_product p ON p.id = v.product_id WHERE l.cart_id = c.id) l ON l.pieces > 0"
)
_HOLDS = (
    "LEFT JOIN LATERAL (SELECT coalesce(sum(r.quantity) FILTER (WHERE r.state = 'held'), 0)::int"
    " AS held, count(*) > 0 AS had_hold FROM inventory_reservation r WHERE r.cart_id = c.id"
    " AND r.order_line_id IS NULL) h ON true"
)
_LEFT = "c.state = 'abandoned' AND c.entered_at >= %s AND c.entered_at < %s"


def left_carts(
    since: datetime, until: datetime, *, limit: int, after: tuple[datetime, int] | None = None
) -> list[LeftCart]:
    """Those left alone in this time and still so, the latest first. One statement."""
    beyond = " AND (c.entered_at, c.id) < (%s, %s)" if after else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id, c.case_no, c.visit, c.user_id, coalesce(u.name, ''),"  # noqa: S608
            " coalesce(u.phone, ''), c.created_at, c.entered_at, l.goods, l.pieces, l.fen, h.held,"
            f" h.had_hold FROM cart_cart c {_LINES} {_HOLDS}"
            f" LEFT JOIN crm_user u ON u.id = c.user_id WHERE {_LEFT}{beyond}"
            f" ORDER BY c.entered_at DESC, c.id DESC LIMIT {int(limit)}",
            [since, until, *(after or ())],
        )
        return [
            LeftCart(
                pk=row[0],
                case_no=row[1],
                visit=row[2],
                user_id=row[3],
                name=row[4],
                phone=row[5],
                created_at=row[6],
                left_at=row[7],
                goods=row[8],
                pieces=row[9],
                value=Money(row[10]),
                held=row[11],
                had_hold=row[12],
            )
            for row in cursor.fetchall()
        ]


def left_sum(since: datetime, until: datetime) -> tuple[int, Money]:
    """How many carts, and what they would have come to."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), coalesce(sum(l.fen), 0) FROM cart_cart c {_LINES} WHERE {_LEFT}",  # noqa: S608
            [since, until],
        )
        count, fen = cursor.fetchone()
    return count, Money(int(fen))


def left_by_week(since: datetime, until: datetime, *, zone: str) -> list[LeftWeek]:
    """Week by week, the earliest first; weeks without any are not among them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT date_trunc('week', c.entered_at AT TIME ZONE %s)::date, count(*), sum(l.fen)"  # noqa: S608
            f" FROM cart_cart c {_LINES} WHERE {_LEFT} GROUP BY 1 ORDER BY 1",
            [zone, since, until],
        )
        return [
            LeftWeek(monday, count, Money(int(fen))) for monday, count, fen in cursor.fetchall()
        ]


def of_visits(visits: Collection[str]) -> dict[str, CartValue]:
    """Visit -> the latest cart that it began and that still has something in it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.visit, c.case_no, c.state, l.pieces, l.fen FROM cart_cart c"  # noqa: S608
            f" {_LINES} WHERE c.visit = ANY(%s) AND c.visit <> '' ORDER BY c.id",
            [list(visits)],
        )
        rows: Sequence[tuple[str, str, str, int, int]] = cursor.fetchall()
    return {
        visit: CartValue(case_no, state, pieces, Money(fen))
        for visit, case_no, state, pieces, fen in rows
    }
