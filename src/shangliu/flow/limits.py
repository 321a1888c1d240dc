"""How many pieces of limited goods one buyer may have in live orders.

A buyer is a user, and whoever orders with the user's phone number; a guest is a phone number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from shangliu.domain.cart.queries import CartRow, CartView
from shangliu.domain.crm.models import User
from shangliu.domain.orders.states import OrderState
from shangliu.platform.errors import Refused
from shangliu.platform.text import Text

_BOUGHT = """
SELECT l.variant_id, v.product_id, sum(l.quantity - l.returned)::int
FROM orders_order o
JOIN orders_orderline l ON l.order_id = o.id
JOIN catalog_variant v ON v.id = l.variant_id
WHERE (o.user_id = %(user)s::bigint OR (o.receiver_phone = %(phone)s::text AND %(phone)s::text <> ''
    AND (%(user)s::bigint IS NULL OR o.user_id IS NULL)))
  AND o.state <> ALL (%(dead)s::text[]) AND v.product_id = ANY (%(products)s::bigint[])
GROUP BY l.variant_id, v.product_id"""
_DEAD = [OrderState.CANCELLED.value, OrderState.CLOSED.value]


@dataclass(frozen=True, slots=True)
class _Buyer:
    user_id: int | None
    phone: str


def notes(view: CartView, *, user_id: int | None) -> dict[int, Text]:
    """What the cart says beside a limited variant that is chosen too often. A guest's phone number
    is not known yet, so only the cart itself counts."""
    rows = _limited(view)
    if not rows:
        return {}
    buyer = _buyer(user_id, "")
    return {row.variant_id: said for row, said in _too_many(view, rows, buyer)}


def check(view: CartView, *, user_id: int | None, phone: str) -> None:
    """Raise `Refused` when the chosen rows exceed a limit.

    Inside the transaction that places the order: until its end the same buyer waits here.
    """
    rows = _limited(view)
    if not rows:
        return
    buyer = _buyer(user_id, phone)
    _one_at_a_time(buyer, phone)
    if reasons := [said for _, said in _too_many(view, rows, buyer)]:
        raise Refused(*reasons)


def _buyer(user_id: int | None, phone: str) -> _Buyer:
    if user_id is None:
        return _Buyer(None, phone)
    known = User.objects.filter(pk=user_id).values_list("phone", flat=True).first()
    return _Buyer(user_id, known or "")


def _limited(view: CartView) -> list[CartRow]:
    return [row for row in view.chosen if row.limit or row.product_limit]


def _too_many(view: CartView, rows: list[CartRow], buyer: _Buyer) -> Iterator[tuple[CartRow, Text]]:
    variants, products = _bought(buyer, rows)
    wanted: Counter[int] = Counter()
    for row in view.chosen:
        wanted[row.product_id] += row.quantity
    for row in rows:
        limits = (
            (row.limit, row.quantity, variants[row.variant_id]),
            (row.product_limit, wanted[row.product_id], products[row.product_id]),
        )
        for limit, quantity, bought in limits:
            if limit and quantity + bought > limit:
                yield row, _sentence(row.name, limit, bought)
                break


def _bought(buyer: _Buyer, rows: list[CartRow]) -> tuple[Counter[int], Counter[int]]:
    variants: Counter[int] = Counter()
    products: Counter[int] = Counter()
    given = {
        "user": buyer.user_id,
        "phone": buyer.phone,
        "dead": _DEAD,
        "products": [row.product_id for row in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(_BOUGHT, given)
        for variant_id, product_id, number in cursor.fetchall():
            variants[variant_id] += number
            products[product_id] += number
    return variants, products


def _sentence(name: str, limit: int, bought: int) -> Text:
    left = max(limit - bought, 0)
    if not bought:
        return Text(
            f"“{name}”每人限购 {limit} 件，请减少数量",
            f"“{name}” is limited to {limit} a buyer; choose fewer",
        )
    return Text(
        f"“{name}”每人限购 {limit} 件，你已买 {bought} 件，还可以买 {left} 件",
        f"“{name}” is limited to {limit} a buyer; you have {bought}, {left} more can be bought",
    )


def _one_at_a_time(buyer: _Buyer, phone: str) -> None:
    """Two tabs of a buyer, or a person and a guest with the same number, wait for each other."""
    marks = {f"limit:user:{buyer.user_id}"} if buyer.user_id is not None else set()
    marks |= {f"limit:phone:{one}" for one in (buyer.phone, phone) if one}
    with connection.cursor() as cursor:
        for mark in sorted(marks):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [mark])
