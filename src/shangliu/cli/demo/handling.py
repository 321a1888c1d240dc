"""From the paid order to the carrier: review and warehouse."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import datetime

from shangliu.cli.demo.aftercare import regret
from shangliu.cli.demo.journeys import journey
from shangliu.cli.demo.plans import Plan
from shangliu.cli.demo.stage import Story
from shangliu.cli.demo.world import World
from shangliu.domain.fulfilment.models import FulfilmentTask
from shangliu.domain.fulfilment.states import TaskState
from shangliu.domain.logistics.models import Parcel
from shangliu.domain.orders.models import Order
from shangliu.domain.orders.states import BEFORE_SHIPMENT, OrderState
from shangliu.flow import steps
from shangliu.flow.fulfilment.allocation import elsewhere
from shangliu.flow.fulfilment.effects import Scans, Shortage, Wave, Weight
from shangliu.flow.order.effects import Reason
from shangliu.platform import clock
from shangliu.process.roles import Role

_WAVES = ((8, 40), (11, 30), (14, 30), (17, 30))
_PICK_UPS = ((11, 50), (16, 40), (19, 50))
_MISSING = ("货位上只有一件，系统显示还有", "外盒破损，不能发", "货位为空，盘点差异")


def review(world: World, plan: Plan, order: Order) -> Story:
    """Until the warehouse has it: by rule at once, or by the staff."""
    if plan.regrets:
        soon = (0.2, 1) if plan.hasty else (3, 400)
        world.stage.begin(regret(world, plan, order), world.minutes(*soon))
        if plan.hasty:
            return
    if order.state == OrderState.AWAITING_REVIEW:
        if plan.stop == "order.approve":
            return
        yield world.at_work(world.minutes(6, 100), plan)
    if plan.doubt:
        yield from _hold(world, plan, order, plan.doubt)
    if plan.stop != "order.resume":
        _approve(world, plan, order)


def _hold(world: World, plan: Plan, order: Order, why: str) -> Generator[datetime, None, None]:
    order.refresh_from_db()
    if order.state not in BEFORE_SHIPMENT:
        return
    if order.state != OrderState.ON_HOLD:
        world.staff("order.hold", order, Role.OPERATIONS, Reason(reason=why))
    if plan.stop == "order.resume":
        return
    yield world.at_work(world.hours(0.5, 5), plan)
    said = Reason(reason="已与买家确认，可以继续")
    world.staff("order.resume", order, world.rng.choice((Role.OPERATIONS, Role.SERVICE)), said)
    yield world.at_work(world.minutes(5, 60), plan)


def _approve(world: World, plan: Plan, order: Order) -> None:
    """Approve what still waits for it, and let the warehouse begin."""
    order.refresh_from_db()
    if order.state == OrderState.AWAITING_REVIEW:
        world.staff("order.approve", order, Role.OPERATIONS)
    for task in order.tasks.filter(state=TaskState.CREATED).select_related("warehouse"):
        world.stage.begin(fulfil(world, plan, task))


@dataclass(frozen=True)
class _Bench:
    """One task in the hands of one person."""

    world: World
    plan: Plan
    task: FulfilmentTask
    person: str

    def do(self, name: str, data: object = None) -> None:
        roles = frozenset({Role.WAREHOUSE})
        steps.take(f"fulfilment.{name}", self.task, actor=self.person, roles=roles, data=data)

    def stops(self, name: str) -> bool:
        return self.plan.stop == f"fulfilment.{name}"

    def is_gone(self) -> bool:
        """The order was stopped meanwhile."""
        self.task.refresh_from_db()
        return self.task.state == TaskState.CANCELLED


def fulfil(world: World, plan: Plan, task: FulfilmentTask) -> Story:
    """Pick, pack, weigh and hand over what one warehouse ships."""
    bench = _Bench(world, plan, task, world.picker(task.warehouse.code))
    for work in (_start, _pick, _pack, _hand_over):
        if not (yield from work(bench)):
            return
    world.stage.begin(journey(world, plan, Parcel.objects.get(task=task), task))


Work = Generator[datetime, None, bool]


def _start(bench: _Bench) -> Work:
    """Into a wave, then somebody takes it up."""
    for name in ("wave", "start_pick"):
        if bench.stops(name):
            return False
        if name == "wave":
            yield bench.world.next_of(_WAVES, bench.plan, jitter=90)
        else:
            yield bench.world.minutes(4, 50)
        if bench.is_gone():
            return False
        bench.do(name, Wave(wave=_wave()) if name == "wave" else None)
    return not bench.stops("pick")


def _pick(bench: _Bench) -> Work:
    yield bench.world.minutes(3, 22)
    if bench.is_gone():
        return False
    if bench.plan.short:
        yield from _run_short(bench)
        return False
    counts: dict[str, int] = {}
    for line in bench.task.lines.select_related("order_line"):
        counts[line.order_line.sku] = counts.get(line.order_line.sku, 0) + line.quantity
    bench.do("pick", Scans(counts=counts))
    return not bench.stops("pack")


def _run_short(bench: _Bench) -> Generator[datetime, None, None]:
    """Something is missing: another warehouse ships, or the order waits for goods."""
    world, task = bench.world, bench.task
    bench.do("report_short", Shortage(reason=world.rng.choice(_MISSING)))
    if bench.stops("reallocate"):
        return
    yield world.at_work(world.minutes(10, 150), bench.plan)
    if bench.is_gone():
        return
    plan = replace(bench.plan, short=False)
    if elsewhere(task):
        world.staff("fulfilment.reallocate", task, Role.OPERATIONS)
        again = FulfilmentTask.objects.select_related("warehouse").get(pk=task.pk)
        world.stage.begin(fulfil(world, plan, again))
        return
    yield from _hold(world, plan, task.order, "仓库缺货，等待到货")
    _approve(world, plan, task.order)


def _pack(bench: _Bench) -> Work:
    world, task, plan = bench.world, bench.task, bench.plan
    yield world.minutes(4, 45)
    if bench.is_gone():
        return False
    bench.do("pack")
    if plan.no_label:
        reference = Parcel.objects.values_list("reference", flat=True).get(task=task)
        world.outside.carrier.refuses.add(reference)
        yield world.minutes(3, 20)
        if not bench.stops("weigh"):
            world.outside.carrier.refuses.discard(reference)
    if bench.stops("weigh"):
        return False
    yield world.minutes(2, 12)
    if plan.off_weight and not bench.is_gone():
        bench.do("repack")
        yield world.minutes(4, 20)
        if bench.is_gone():
            return False
        bench.do("pack")
        yield world.minutes(2, 6)
    if bench.is_gone():
        return False
    off = round(task.expected_g * world.rng.uniform(-0.04, 0.05))
    bench.do("weigh", Weight(grams=task.expected_g + off))
    return not bench.stops("hand_over")


def _hand_over(bench: _Bench) -> Work:
    if bench.plan.no_label:
        yield bench.world.hours(0.6, 1)
    yield bench.world.next_of(_PICK_UPS, bench.plan, jitter=600)
    if bench.is_gone():
        return False
    bench.do("hand_over")
    return bench.plan.stop != "parcel.collect"


def _wave() -> str:
    """`W1123-2`: the second wave of that day."""
    now = clock.local(clock.now())
    before = sum((now.hour, now.minute) >= wave for wave in _WAVES)
    return f"W{now:%m%d}-{max(before, 1)}"
