"""A shop after two busy days: some hundreds of cases, left all over the map at different hours."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from shangliu.domain.orders.models import Order
from shangliu.flow.order import services as orders
from shangliu.insight.models import Behaviour
from shangliu.platform import clock
from shangliu.process.roles import Role
from tests.insight import world

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=clock.SHOP_ZONE)
NOW = NOON + timedelta(minutes=25)
_ORDERS = 64
_VISITS = 240
_EVERY = timedelta(minutes=41)


def busy_shop() -> world.Shop:
    """What happened until noon of 10 March 2026, the oldest 44 hours before."""
    shop = world.open_shop()
    for i in range(_ORDERS):
        _purchase(shop, i, NOON - (_ORDERS - i) * _EVERY)
    for i in range(_VISITS):
        _visit(f"v{i}", i, NOON - i * timedelta(minutes=9))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return shop


def _purchase(shop: world.Shop, i: int, begun: datetime) -> None:
    def then(minutes: int) -> datetime:
        return min(begun + timedelta(minutes=minutes), NOON)

    kind = i % 8
    with clock.at(begun):
        order = world.placed(shop, remark="送礼" if kind in (2, 3) else "", quantity=1 + i % 2)
    if kind == 0:
        return
    if kind == 1:
        with clock.at(then(12)):
            orders.cancel(order=order, actor="guest", role=Role.BUYER, reason="不想要了")
        return
    with clock.at(then(3 + i % 20)):
        order = world.pay(shop, order)
        world.send_all()
    if kind == 3:
        with clock.at(then(60 + i)):
            world.step("order.approve", order, actor="wangfang")
    if kind >= 4:
        with clock.at(then(100 + i)):
            _onward(shop, order, kind)


def _onward(shop: world.Shop, order: Order, kind: int) -> None:
    if kind == 4:
        world.picked(order)
    elif kind == 5:
        world.packed(order)
    elif kind == 6:
        world.completed(shop, order)
    else:
        world.applied(world.delivered(shop, order))


def _visit(name: str, i: int, begun: datetime) -> None:
    seen = ("arrive", "browse", "view_product", "browse", "view_product")[: 1 + i % 5]
    for j, step in enumerate(seen):
        Behaviour.objects.create(
            at=begun + timedelta(seconds=20 * j),
            visit=name,
            step=step,
            prev=seen[j - 1] if j else "",
        )
