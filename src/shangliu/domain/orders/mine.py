"""Questions of a buyer about the own orders. What is somebody else's is not found."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import Count, Q, QuerySet

from shangliu.domain.orders.models import Order, OrderLine, Trade
from shangliu.domain.orders.states import OrderState
from shangliu.platform.errors import NotFound

__all__ = [
    "Order",
    "OrderLine",
    "OrderState",
    "Owner",
    "Trade",
    "counts",
    "order",
    "orders",
    "orders_of_trade",
    "trade",
    "trade_of_key",
]

PAGE = 10


class Owner:
    """Somebody who asks: signed in (`user_id`), or a guest who holds trade numbers."""

    def __init__(self, *, user_id: int | None, trades: Collection[str] = ()) -> None:
        self.user_id = user_id
        self.trades = frozenset(trades)

    @property
    def _trades(self) -> Q:
        held = Q(number__in=self.trades, user=None)
        return held if self.user_id is None else held | Q(user_id=self.user_id)

    @property
    def _orders(self) -> Q:
        held = Q(case_no__in=self.trades, user=None)
        return held if self.user_id is None else held | Q(user_id=self.user_id)

    def own_orders(self) -> QuerySet[Order]:
        return Order.objects.filter(self._orders)

    def own_trades(self) -> QuerySet[Trade]:
        return Trade.objects.filter(self._trades)


def trade(owner: Owner, number: str, *, secret: str = "") -> Trade:
    """The trade, if it is the asker's or `secret` opens it; `NotFound` otherwise."""
    found = owner.own_trades().filter(number=number).first()
    if found is None and secret:
        found = Trade.objects.filter(number=number, secret=secret, user=None).first()
    if found is None:
        raise NotFound
    return found


def orders_of_trade(one: Trade) -> list[Order]:
    return list(one.orders.prefetch_related("lines").order_by("pk"))


def order(owner: Owner, number: str, *, secret: str = "") -> Order:
    """The order, if it is the asker's or the secret of its trade opens it; `NotFound` otherwise."""
    whole = Order.objects.select_related("trade").filter(number=number)
    found = whole.filter(pk__in=owner.own_orders().values("pk")).first()
    if found is None and secret:
        found = whole.filter(trade__secret=secret, user=None).first()
    if found is None:
        raise NotFound
    return found


def orders(
    owner: Owner, *, states: Iterable[OrderState] = (), before: int | None = None, limit: int = PAGE
) -> list[Order]:
    """The newest first, with their lines. Two statements."""
    rows = owner.own_orders()
    if states:
        rows = rows.filter(state__in=list(states))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.prefetch_related("lines").order_by("-pk")[:limit])


def counts(owner: Owner) -> dict[str, int]:
    """How many of the own orders are in each state. One statement."""
    rows = owner.own_orders().values_list("state").annotate(n=Count("pk")).order_by()
    return dict(rows)


def trade_of_key(submit_key: str) -> Trade | None:
    """The trade that a form has already made; the key itself is a secret of that form."""
    return Trade.objects.filter(submit_key=submit_key).first() if len(submit_key) >= 32 else None
