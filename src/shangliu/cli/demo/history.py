"""Two weeks of the demo shop, made through the services and the engine with a moved clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from shangliu.cli.demo import people, shop
from shangliu.cli.demo.accounting import keep_books
from shangliu.cli.demo.aftercare import pay_days
from shangliu.cli.demo.behaviour import Visits
from shangliu.cli.demo.buying import purchase
from shangliu.cli.demo.keepsakes import Keepsakes
from shangliu.cli.demo.outside import Outside, stand_ins
from shangliu.cli.demo.plans import Plan, moments, plan, showcases
from shangliu.cli.demo.stage import Stage, Story
from shangliu.cli.demo.world import World
from shangliu.domain.orders.models import Order
from shangliu.flow.outbox import Addresses, handlers
from shangliu.flow.popularity import count_sold
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.process.models import Event

VISITS_PER_ORDER = 11
CARTS_PER_ORDER = 1.6  # not everybody who fills a cart orders

Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """What came of it. `refused`: what the business refused to the people of the stories."""

    orders: int
    events: int
    visits: int
    calls: int
    refused: tuple[Refused, ...]


def make(
    *,
    end: datetime,
    days: int,
    orders_per_day: int,
    dice: int,
    tell: Tell,
    keepsakes: Keepsakes | None = None,
) -> Made:
    """The shop, its people and its history up to `end`; `keepsakes` are for the simulators."""
    rng = Random(dice)  # noqa: S311 - a play, not a secret
    start = end - timedelta(days=days)
    with stand_ins(rng) as outside:
        with clock.at(start - timedelta(days=1)):
            world = _open(rng, start, end, outside, tell)
        plans = _plans(rng, start, end, orders_per_day)
        for one in plans:
            world.stage.begin(purchase(world, one), one.start)
        _arrivals(world, start, end, orders_per_day)
        pay_days(world)
        keep_books(world, days)
        for day in range(3, days, 4):
            world.stage.begin(_delivery(world, day), start + timedelta(days=day))
        for day in range(1, days + 1):
            world.stage.play(start + timedelta(days=day))
            tell(f"第 {day}/{days} 天，订单 {Order.objects.count()} 笔 / day {day}")
        world.visits.write()
        calls = outside.write()
        if keepsakes is not None:
            keepsakes.leave(outside.gateways)
    count_sold(since=timedelta(days=3650))
    return Made(
        orders=Order.objects.count(),
        events=Event.objects.count(),
        visits=world.visits.written,
        calls=calls,
        refused=tuple(world.stage.refused),
    )


def _open(rng: Random, start: datetime, end: datetime, outside: Outside, tell: Tell) -> World:
    stall = shop.open_stall(rng, tell)
    crew = people.hire()
    buyers = people.crowd(rng)
    tell(f"员工与买家 {len(buyers)} 位 / staff and {len(buyers)} buyers")
    table = handlers(Addresses(carrier_callback="demo:push", finance=None))
    stage = Stage(start, end, {**table, "finance.*": outside.finance.take})
    return World(rng, stage, outside, Visits(rng, stall), stall, crew, buyers)


def _plans(rng: Random, start: datetime, end: datetime, orders_per_day: int) -> list[Plan]:
    per_day = orders_per_day * CARTS_PER_ORDER
    ordinary = [plan(rng, moment) for moment in moments(rng, start, end, per_day)]
    return ordinary + [one for one in showcases(end) if one.start > start]


def _arrivals(world: World, start: datetime, end: datetime, orders_per_day: int) -> None:
    for moment in moments(world.rng, start, end, orders_per_day * VISITS_PER_ORDER):
        world.visits.stroll(moment)


def _delivery(world: World, day: int) -> Story:
    """Goods arrive from suppliers."""
    shop.restock(world.stall, f"采购入库 {day // 4 + 1}", world.crew.warehouse[0])
    yield from ()
