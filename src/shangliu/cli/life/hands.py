"""Who works on what the demo trade has sold: staff at their desks, buyers who have their goods,
couriers on the road. What is to be done is read from the states, so nothing is forgotten when the
process dies, and each object waits for its own, human while.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from shangliu.cli.life.outside import AwayError, Simulators
from shangliu.domain.aftersales.models import AfterSale
from shangliu.domain.crm.models import User
from shangliu.domain.fulfilment.models import FulfilmentTask
from shangliu.domain.life.models import Mark, Switch
from shangliu.domain.logistics.models import Parcel
from shangliu.domain.logistics.states import ParcelState
from shangliu.domain.orders.models import Order
from shangliu.domain.orders.states import BEFORE_SHIPMENT, OrderState
from shangliu.flow import steps
from shangliu.flow.aftersale import services as aftersales
from shangliu.flow.aftersale.effects import Answer, Inspection, ReturnWaybill
from shangliu.flow.fulfilment.effects import Scans, Wave, Weight
from shangliu.flow.order.effects import Reason
from shangliu.flow.refund.effects import ByHand
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.process.engine import Conflict
from shangliu.process.models import Stateful
from shangliu.process.roles import Role
from shangliu.process.running import flow

BATCH = 8
_AGAIN = 15.0  # seconds after which what was refused is tried again
_CLAIMS = 8  # of a hundred orders that arrived, those that come back
_REGRETS = 3  # of a hundred that are not shipped yet
_ROAD = (
    ParcelState.LABELLED,
    ParcelState.COLLECTED,
    ParcelState.IN_TRANSIT,
    ParcelState.OUT_FOR_DELIVERY,
    ParcelState.PROBLEM,
)
_STOP = 12.0  # seconds between two events of a parcel
_ANOTHER = "想换个颜色，未拆封"


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """Whoever has `role` takes `step` on what stands in `state`, after about `seconds`."""

    step: str
    state: str
    role: Role
    seconds: float
    data: Callable[[Stateful], object] = lambda _: None

    @property
    def process(self) -> str:
        return self.step.partition(".")[0]


def _counts(one: Stateful) -> Scans:
    counts: dict[str, int] = {}
    assert isinstance(one, FulfilmentTask)  # noqa: S101 - the job says so
    for line in one.lines.select_related("order_line"):
        counts[line.order_line.sku] = counts.get(line.order_line.sku, 0) + line.quantity
    return Scans(counts=counts)


def _weight(one: Stateful) -> Weight:
    assert isinstance(one, FulfilmentTask)  # noqa: S101 - the job says so
    return Weight(grams=one.expected_g)


def _wave(_: Stateful) -> Wave:
    return Wave(wave=f"W{clock.local(clock.now()):%m%d-%H}")


def _inspection(one: Stateful) -> Inspection:
    assert isinstance(one, AfterSale)  # noqa: S101 - the job says so
    return Inspection(
        accepted=True, found={line.pk: (line.quantity, 0) for line in one.lines.all()}
    )


def _waybill(one: Stateful) -> ReturnWaybill:
    return ReturnWaybill(carrier="zhongtong", waybill_no=f"73{one.pk:012d}")


def _voucher(one: Stateful) -> ByHand:
    return ByHand(voucher=f"HK{clock.local(clock.now()):%Y%m%d}-{one.pk}")


def _agreed(_: Stateful) -> Reason:
    return Reason(reason="已与买家确认，可以继续")


_O, _W, _S, _F, _B = Role.OPERATIONS, Role.WAREHOUSE, Role.SERVICE, Role.FINANCE, Role.BUYER
JOBS: tuple[Job, ...] = (
    Job(step="order.approve", state="awaiting_review", role=_O, seconds=30),
    Job(step="order.resume", state="on_hold", role=_O, seconds=60, data=_agreed),
    Job(step="fulfilment.wave", state="created", role=_W, seconds=20, data=_wave),
    Job(step="fulfilment.start_pick", state="in_wave", role=_W, seconds=10),
    Job(step="fulfilment.pick", state="picking", role=_W, seconds=20, data=_counts),
    Job(step="fulfilment.pack", state="picked", role=_W, seconds=15),
    Job(step="fulfilment.weigh", state="packed", role=_W, seconds=10, data=_weight),
    Job(step="fulfilment.hand_over", state="weighed", role=_W, seconds=25),
    Job(step="fulfilment.reallocate", state="short_pick", role=_O, seconds=30),
    Job(step="parcel.retry_label", state="label_failed", role=_W, seconds=30),
    Job(step="aftersale.approve", state="applied", role=_S, seconds=30),
    Job(step="aftersale.uphold", state="escalated", role=_O, seconds=45),
    Job(step="aftersale.receive", state="returning", role=_W, seconds=60),
    Job(step="aftersale.inspect", state="received", role=_W, seconds=30, data=_inspection),
    Job(
        step="aftersale.return_to_buyer",
        state="rejected_goods",
        role=_W,
        seconds=30,
        data=_waybill,
    ),
    Job(step="refund.retry", state="failed", role=_F, seconds=45),
    Job(step="refund.settle_by_hand", state="manual", role=_F, seconds=60, data=_voucher),
    Job(step="settlement.include", state="due", role=_F, seconds=30),
    Job(step="settlement.pay_out", state="in_statement", role=_F, seconds=60),
    Job(step="aftersale.send_back", state="awaiting_return", role=_B, seconds=40, data=_waybill),
    Job(
        step="aftersale.appeal",
        state="rejected",
        role=_B,
        seconds=40,
        data=lambda _: Answer(note="只是拆开看了看，照片可以证明"),
    ),
)


@dataclass
class Hands:
    """All of them. `seed` decides who is how quick and who sends things back."""

    outside: Simulators
    seed: int
    _staff: dict[Role, tuple[str, ...]] = field(default_factory=dict)
    _not_before: dict[tuple[str, int], float] = field(default_factory=dict)

    def work(self, switch: Switch) -> Iterator[str]:
        """One round over everything that waits; tells what was done, to be counted."""
        self._forget()
        for job in JOBS:
            if job.role.value not in switch.idle:
                yield from self._do(job, switch)
        yield from self._receive(switch)
        yield from self._ask_back(switch)
        if not switch.carrier_slow:
            yield from self._drive(switch)

    def _do(self, job: Job, switch: Switch) -> Iterator[str]:
        for one in self._waiting(job.process, (job.state,), job.seconds, switch):
            if self._take(job.step, one, job.role, job.data(one)):
                yield job.step

    def _waiting(
        self, process: str, states: tuple[str, ...], seconds: float, switch: Switch
    ) -> list[Stateful]:
        """The demo trade's objects in these states that have waited long enough, the oldest
        first; each has its own while, about `seconds` long."""
        model = flow()[process].model
        assert model is not None  # noqa: S101 - what jobs name has tables
        soonest = clock.now() - timedelta(seconds=seconds / 2 / switch.hurry)
        marked = Mark.objects.filter(kind=Mark.Kind.CASE).values("key")
        found = (
            model._default_manager.filter(  # noqa: SLF001
                state__in=states, entered_at__lte=soonest, case_no__in=marked
            )
            .exclude(pk__in=self._put_off(process))
            .order_by("entered_at")[: BATCH * 2]
        )
        now, ready = clock.now(), []
        for one in found:
            own = seconds * (0.5 + self._dice(process, one, "pace")) / switch.hurry
            if one.entered_at + timedelta(seconds=own) <= now:
                ready.append(one)
        return ready[:BATCH]

    def _take(self, step: str, one: Stateful, role: Role, data: object = None) -> bool:
        try:
            actor = self._buyer(one) if role is Role.BUYER else self._who(role, one)
            steps.take(step, one, actor=actor, roles=frozenset({role}), data=data)
        except (Refused, Conflict):
            self._later(step.partition(".")[0], one)
            return False
        return True

    def _receive(self, switch: Switch) -> Iterator[str]:
        """The goods are there, and the buyer says so."""
        for one in self._waiting("order", (OrderState.SHIPPED,), 20, switch):
            if not isinstance(one, Order) or one.delivered_at is None:
                self._later("order", one, 2 / switch.hurry)
            elif self._take("order.confirm_receipt", one, Role.BUYER):
                yield "order.confirm_receipt"

    def _ask_back(self, switch: Switch) -> Iterator[str]:
        """A few change their minds, before the goods are sent or after they have come."""
        for states, share in ((BEFORE_SHIPMENT, _REGRETS), ((OrderState.COMPLETED,), _CLAIMS)):
            for one in self._lately(states, switch):
                if self._dice("order", one, states[0]) * 100 < share and self._apply(one):
                    yield "aftersale.apply"

    def _lately(self, states: tuple[str, ...], switch: Switch) -> list[Order]:
        """Orders of the demo trade that came into these states in the last minute."""
        since = clock.now() - timedelta(seconds=max(60 / switch.hurry, 5))
        marked = Mark.objects.filter(kind=Mark.Kind.CASE).values("key")
        found = Order.objects.filter(state__in=states, entered_at__gt=since, case_no__in=marked)
        return list(found)

    def _apply(self, one: Stateful) -> bool:
        if not isinstance(one, Order) or one.after_sales.exists():
            return False
        early = one.state in BEFORE_SHIPMENT
        line = one.lines.order_by("id").first()
        assert line is not None  # noqa: S101 - every order has lines
        try:
            aftersales.apply(
                order=one,
                quantities={} if early else {line.pk: 1},
                reason="拍错或多拍" if early else "不想要了",
                note="" if early else _ANOTHER,
                actor=self._buyer(one),
            )
        except (Refused, Conflict):
            return False
        return True

    def _drive(self, switch: Switch) -> Iterator[str]:
        """Parcels that were handed over go on, event by event."""
        pause = _STOP / switch.hurry
        for one in self._waiting("parcel", _ROAD, pause / 4, switch):
            assert isinstance(one, Parcel)  # noqa: S101 - the process says so
            if one.state == ParcelState.LABELLED and not _handed_over(one):
                self._later("parcel", one, pause)
                continue
            self._later("parcel", one, pause * (0.5 + self._dice("parcel", one, one.state)))
            try:
                self.outside.move_parcel(one.waybill_no)
            except AwayError:
                continue
            yield "parcel.move"

    def _who(self, role: Role, one: Stateful) -> str:
        """One of the demo staff with that role, for each object the same."""
        if role not in self._staff:
            people = User.objects.filter(is_staff=True, is_active=True, is_demo=True)
            logins = [
                user.login or ""
                for user in people.order_by("pk")
                if set(user.roles) == {role.value}
            ]
            self._staff[role] = tuple(logins) or (f"life:{role.value}",)
        known = self._staff[role]
        return known[hash_of(self.seed, one.case_no) % len(known)]

    @staticmethod
    def _buyer(one: Stateful) -> str:
        order = Order.objects.filter(case_no=one.case_no).first()
        return f"user:{order.user_id}" if order is not None and order.user_id else "guest"

    def _dice(self, process: str, one: Stateful, what: str) -> float:
        """A number that is this object's own, the same at every look."""
        return Random(f"{self.seed} {process} {one.pk} {what}").random()

    def _put_off(self, process: str) -> list[int]:
        now = time.monotonic()
        return [pk for (name, pk), at in self._not_before.items() if name == process and at > now]

    def _later(self, process: str, one: Stateful, seconds: float = _AGAIN) -> None:
        self._not_before[process, one.pk] = time.monotonic() + seconds

    def _forget(self) -> None:
        """What was put off for long enough."""
        now = time.monotonic()
        self._not_before = {key: at for key, at in self._not_before.items() if at > now}


def _handed_over(parcel: Parcel) -> bool:
    task = FulfilmentTask.objects.filter(parcel=parcel).first()
    return task is not None and task.state == "handed_over"


def hash_of(seed: int, text: str) -> int:
    return Random(f"{seed} {text}").randrange(1 << 30)
