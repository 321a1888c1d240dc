"""Questions of staff about orders, each a fixed number of statements."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet

from shangliu.domain.orders.models import Order, OrderLine, Trade
from shangliu.domain.orders.states import OrderState
from shangliu.platform.errors import NotFound
from shangliu.platform.money import Money
from shangliu.platform.summary import Summary

PAGE = 50
_NUMBER = re.compile(r"[A-Z]\d{6,}")


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderRow:
    """One row of the orders list. Name and phone are whole here: pages mask them."""

    pk: int
    number: str
    case_no: str
    state: str
    placed_at: datetime
    entered_at: datetime
    total: Money
    name: str
    phone: str
    city: str
    goods: str
    pieces: int
    held_for: str


def order_list(
    *, state: str = "", query: str = "", before: int | None = None, limit: int = PAGE
) -> list[OrderRow]:
    """The newest orders first, `before` this id. `query`: a number, the end of a phone number,
    a waybill is not looked for here. Two statements."""
    rows = _found(query)
    if state:
        rows = rows.filter(state=state)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    orders = list(rows.order_by("-pk")[:limit])
    lines = lines_of([order.pk for order in orders])
    return [_row(order, lines.get(order.pk, ())) for order in orders]


def counts_by_state() -> dict[str, int]:
    """How many orders are in each state."""
    counted = Order.objects.values_list("state").annotate(n=Count("pk")).order_by()
    return dict(counted)


def order_by_number(number: str) -> Order:
    """The order of that number, or the only order of that trade; `NotFound`."""
    found = (
        Order.objects.select_related("trade", "user").filter(number=number).first()
        or Order.objects.select_related("trade", "user").filter(case_no=number).first()
    )
    if found is None:
        raise NotFound
    return found


def orders_of_case(case_no: str) -> list[Order]:
    return list(
        Order.objects.filter(case_no=case_no).select_related("trade", "user").order_by("pk")
    )


def order_numbers(case_nos: Collection[str]) -> dict[str, str]:
    """Case number -> order number, also for the case of the cart that became the order."""
    rows = Order.objects.filter(case_no__in=case_nos).values_list("case_no", "number")
    carts = Order.objects.filter(trade__cart_case__in=case_nos).values_list(
        "trade__cart_case", "number"
    )
    return dict(carts) | dict(rows)


def cases_called(query: str, *, most: int = 200) -> list[str]:
    """The cases, those of their carts too, of the orders that a search for this finds; the words
    themselves may be a case number."""
    found = _found(query).values_list("case_no", "trade__cart_case")[:most]
    return [query.strip(), *(case for pair in found for case in pair if case)]


def lines_of(order_ids: Collection[int]) -> dict[int, list[OrderLine]]:
    found: dict[int, list[OrderLine]] = {}
    for line in OrderLine.objects.filter(order_id__in=order_ids).order_by("id"):
        found.setdefault(line.order_id, []).append(line)
    return found


def summaries(pks: Collection[int]) -> dict[int, Summary]:
    """Order id -> its line in a queue."""
    lines = lines_of(pks)
    return {
        order.pk: Summary(
            number=order.number,
            order=order.number,
            text=str(order.held_for) or order.remark or _goods(lines.get(order.pk, ()))[0],
            amount=order.total,
        )
        for order in Order.objects.filter(pk__in=pks)
    }


def cart_case(case_no: str) -> str:
    """The case that the cart's events stand under."""
    return Trade.objects.filter(number=case_no).values_list("cart_case", flat=True).first() or ""


def is_known_state(state: str) -> bool:
    return state in set(OrderState)


def _found(query: str) -> QuerySet[Order]:
    words = query.strip()
    orders = Order.objects.all()
    if not words:
        return orders
    if _NUMBER.fullmatch(words.upper()):
        by_number = orders.filter(number=words.upper())
        return by_number if by_number.exists() else orders.filter(case_no=words.upper())
    if words.isdigit():
        return orders.filter(receiver_phone__endswith=words)
    return orders.filter(receiver_name=words)


def _row(order: Order, lines: Sequence[OrderLine]) -> OrderRow:
    goods, pieces = _goods(lines)
    return OrderRow(
        pk=order.pk,
        number=order.number,
        case_no=order.case_no,
        state=order.state,
        placed_at=order.placed_at,
        entered_at=order.entered_at,
        total=order.total,
        name=order.receiver_name,
        phone=order.receiver_phone,
        city=order.city,
        goods=goods,
        pieces=pieces,
        held_for=str(order.held_for),
    )


def _goods(lines: Sequence[OrderLine]) -> tuple[str, int]:
    if not lines:
        return "", 0
    more = f" +{len(lines) - 1}" if len(lines) > 1 else ""
    return lines[0].name + more, sum(line.quantity for line in lines)


def pieces_of(case_nos: Collection[str]) -> dict[str, list[tuple[str, int]]]:
    """SKU and pieces of the lines of each purchase."""
    found: dict[str, list[tuple[str, int]]] = {}
    lines = OrderLine.objects.filter(order__case_no__in=case_nos).order_by("pk")
    for case_no, sku, quantity in lines.values_list("order__case_no", "sku", "quantity"):
        found.setdefault(case_no, []).append((sku, quantity))
    return found
