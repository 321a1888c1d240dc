"""A parcel's way to the door, in the words of Chinese carriers."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime

from shangliu.cli.demo.aftercare import received
from shangliu.cli.demo.plans import Plan, Road
from shangliu.cli.demo.stage import Story
from shangliu.cli.demo.world import World
from shangliu.domain.fulfilment.models import FulfilmentTask
from shangliu.domain.logistics.models import Parcel
from shangliu.domain.logistics.provider import CARRIERS, TrackState
from shangliu.domain.orders.models import Order
from shangliu.domain.orders.states import OrderState
from shangliu.flow.parcel import services as parcels

_ROUNDS = ((8, 10), (13, 40))
_COURIERS = ("王师傅 130****6021", "李师傅 135****3387", "赵师傅 137****9145", "陈师傅 130****2708")
T = TrackState
Work = Generator[datetime, None, bool]


@dataclass(frozen=True)
class _Road:
    """Where it comes from and where it goes."""

    world: World
    plan: Plan
    parcel: Parcel
    origin: str
    target: str
    near: str
    courier: str
    pace: float

    def say(self, state: TrackState, place: str, text: str) -> None:
        parcel, carrier = self.parcel, self.world.outside.carrier
        parcels.take_push(
            gateway_code=carrier.code,
            headers={},
            body=carrier.tell(parcel.waybill_no, parcel.carrier, state, f"【{place}】{text}"),
        )

    def hours(self, least: float, most: float) -> datetime:
        return self.world.hours(least * self.pace, most * self.pace)

    def next_round(self) -> datetime:
        """Couriers leave the branch in the morning and after noon."""
        return self.world.next_of(_ROUNDS, self.plan, jitter=2400)


def journey(world: World, plan: Plan, parcel: Parcel, task: FulfilmentTask) -> Story:
    road = _road(world, plan, parcel, task)
    if not (yield from _to_the_city(road)):
        return
    yield road.next_round()
    if plan.road is Road.PROBLEM and not (yield from _trouble(road)):
        return
    said = f"{road.near}营业部{road.courier} 正在派件，请保持电话畅通"
    road.say(T.OUT_FOR_DELIVERY, road.target, said)
    if plan.stop == "parcel.deliver":
        return
    yield road.hours(0.7, 5.5)
    if plan.road is Road.SENT_BACK:
        yield from _send_back(road)
        return
    if plan.road is Road.LOCKER:
        road.say(T.AT_PICKUP_POINT, road.target, "快件已放入驿站，凭取件码领取")
        yield road.hours(1, 20)
        road.say(T.DELIVERED, road.target, "快件已从驿站取走，已签收")
    else:
        who = "邻居代收" if plan.road is Road.NEIGHBOUR else "本人"
        road.say(T.DELIVERED, road.target, f"快件已签收，签收人：{who}")
    order = Order.objects.get(pk=task.order_id)
    if order.delivered_at is not None and order.state == OrderState.SHIPPED:
        world.stage.begin(received(world, plan, order))


def _road(world: World, plan: Plan, parcel: Parcel, task: FulfilmentTask) -> _Road:
    order, house = task.order, task.warehouse
    speed = 0.35 if plan.hasty else 0.55 if plan.express else 1.0
    near = 0.5 if order.province == house.province else 1.0
    parcel.refresh_from_db()
    return _Road(
        world=world,
        plan=plan,
        parcel=parcel,
        origin=house.city,
        target=order.city,
        near=order.district,
        courier=world.rng.choice(_COURIERS),
        pace=speed * near,
    )


def _to_the_city(road: _Road) -> Work:
    name = CARRIERS[road.parcel.carrier].label.zh
    yield road.hours(0.3, 2)
    road.say(T.PICKED_UP, road.origin, f"{name}已揽收，揽投员{road.courier}")
    if road.plan.stop == "parcel.travel":
        return False
    yield road.hours(2, 5)
    road.say(T.IN_TRANSIT, road.origin, f"快件到达【{road.origin}转运中心】，正在分拣")
    if road.origin != road.target:
        yield road.hours(2, 6)
        leaving = f"快件离开【{road.origin}转运中心】，已发往【{road.target}转运中心】"
        road.say(T.IN_TRANSIT, road.origin, leaving)
        yield road.hours(9, 34)
        road.say(T.ARRIVED_CITY, road.target, f"快件到达【{road.target}转运中心】")
    yield road.hours(2, 7)
    road.say(T.IN_TRANSIT, road.target, f"快件到达【{road.near}营业部】")
    return True


def _trouble(road: _Road) -> Work:
    """Nobody answers the telephone; the next day it goes on."""
    road.say(T.EXCEPTION, road.target, "收件人电话无人接听，快件暂存网点，次日再派")
    if road.plan.stop == "parcel.go_on":
        return False
    yield road.hours(16, 26)
    road.say(T.IN_TRANSIT, road.target, "已与收件人重新约定派送时间")
    yield road.next_round()
    return True


def _send_back(road: _Road) -> Story:
    road.say(T.REFUSED, road.target, "收件人拒收，快件将退回寄件人")
    if road.plan.stop == "parcel.return":
        return
    yield road.hours(20, 40)
    road.say(T.RETURNED, road.origin, "退件已由寄件人签收")
