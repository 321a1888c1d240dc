"""What takes a purchase that went wrong back or puts it on another way: the compensating buttons
of the playbook. Each is made of steps that the definition has, taken as who pressed it.

Only what the alarm has seen is touched: objects of its cases, in the state that they stood in then.
What has moved on meanwhile, by an earlier press too, is not looked at any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db import transaction

from shangliu.domain.aftersales.models import AfterSale, AfterSaleKind
from shangliu.domain.aftersales.states import AfterSaleState
from shangliu.domain.fulfilment.models import FulfilmentTask
from shangliu.domain.fulfilment.states import TaskState
from shangliu.domain.inventory.models import Reservation
from shangliu.domain.inventory.states import ReservationState
from shangliu.domain.orders.models import Order
from shangliu.domain.orders.states import BEFORE_SHIPMENT, OrderState
from shangliu.domain.payments.models import Payment, Refund
from shangliu.domain.payments.states import PaymentState, RefundState
from shangliu.flow import steps
from shangliu.flow.fulfilment import allocation
from shangliu.flow.order.effects import Reason
from shangliu.flow.payment.effects import money_in_vain
from shangliu.flow.refund.definition import REFUND
from shangliu.flow.stock.effects import Reason as HoldReason
from shangliu.insight.alarms.signals import Depth, Play, Signal
from shangliu.insight.models import Alarm
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.platform.text import Text
from shangliu.process import engine
from shangliu.process.definition import Context
from shangliu.process.models import Event, Stateful
from shangliu.process.roles import Role

MOST = 50
_RECENT = timedelta(hours=1)
NOT_PACKED = (TaskState.CREATED, TaskState.IN_WAVE, TaskState.PICKING, TaskState.SHORT_PICK)
_GIVEN_UP = (OrderState.CANCELLED, OrderState.CLOSED)
_WHY = "告警处置"


@dataclass(frozen=True, kw_only=True, slots=True)
class Press:
    """Who pressed it on which alarm. `about`: the `process:state` that stands still."""

    alarm: Alarm
    about: str
    actor: str
    roles: frozenset[Role]

    @property
    def state(self) -> str:
        return self.about.partition(":")[2]


_STANDS: Mapping[str, tuple[str, ...]] = {
    "refund:failed": ("refund_late",),
    "refund:manual": ("refund_late",),
    "order:on_hold": ("cancel_order",),
    "fulfilment:short_pick": ("reallocate", "cancel_order"),
    **{f"fulfilment:{state}": ("reallocate",) for state in NOT_PACKED[:-1]},
    "reservation:held": ("release_holds",),
}
_HAPPENS: Mapping[str, str] = {
    "payment.succeed_late": "refund:failed",
    "payment.confirm_late": "refund:failed",
    "refund.fail": "refund:failed",
    "refund.give_up": "refund:manual",
    "fulfilment.report_short": "fulfilment:short_pick",
}


def fitted(signal: Signal) -> Signal:
    """With the compensations that fit it, before the escalation, and the cases that they are for:
    something stands still in a state, or goes wrong far too often."""
    process = signal.step.partition(".")[0]
    if signal.depth in (Depth.STALL, Depth.TIMER):
        about = f"{process}:{signal.state}"
    else:
        about = _HAPPENS.get(signal.step, "") if signal.depth is not Depth.RATE else ""
    fits = tuple(
        Play(code, about if code == "reallocate" else "") for code in _STANDS.get(about, ())
    )
    if not fits:
        return signal
    plays = (*signal.plays[:-1], *fits, *signal.plays[-1:])
    return replace(signal, plays=plays, cases=signal.cases or _behind(signal.step))


def _behind(step: str) -> tuple[str, ...]:
    """The cases in which the step was taken lately, the newest first."""
    process, _, name = step.partition(".")
    taken = Event.objects.filter(process=process, step=name, at__gte=clock.now() - _RECENT)
    newest = taken.order_by("-at").values_list("case_no", flat=True)[:MOST]
    return tuple(dict.fromkeys(newest))


def refund(press: Press) -> Text:
    """Money that no order takes: refunds that failed are tried again under their number, and what
    came after closing and was never sent back begins to go back."""
    failed = Refund.objects.filter(
        case_no__in=press.alarm.cases,
        state__in=(RefundState.FAILED, RefundState.MANUAL),
        entered_at__lte=press.alarm.seen_at,
    )
    late = Payment.objects.filter(
        case_no__in=press.alarm.cases,
        state=PaymentState.SUCCEEDED_LATE,
        entered_at__lte=press.alarm.seen_at,
    )
    return _each(
        [
            *((one, _retry) for one in failed.order_by("entered_at")[:MOST]),
            *((one, _give_back) for one in late.order_by("entered_at")[:MOST] if one.kept_fen),
        ],
        press,
    )


def _retry(one: Stateful, press: Press) -> bool:
    if one.state not in (RefundState.FAILED, RefundState.MANUAL):
        return False
    steps.take("refund.retry", one, actor=press.actor, roles=press.roles)
    return True


def _give_back(one: Stateful, press: Press) -> bool:
    orders = list(Order.objects.filter(case_no=one.case_no))
    if any(order.state not in _GIVEN_UP for order in orders):
        raise Refused(
            Text("订单还在进行，这笔钱归订单", "The order goes on and this money is for it")
        )
    ctx = Context(actor=press.actor, role=Role.FINANCE)
    going = [back for order in orders[:1] for back in money_in_vain(order, ctx)]
    for back in going:
        back.reason = "关闭后到账，人工退回"
    engine.begin_all(REFUND, REFUND["request"], going, ctx)
    return bool(going)


def cancel(press: Press) -> Text:
    """Orders that cannot be sent, and whose buyers asked for their money: their claim is approved,
    which stops the warehouse, frees the stock and refunds. Nobody but the buyer begins a claim."""
    orders = Order.objects.filter(case_no__in=press.alarm.cases, state__in=BEFORE_SHIPMENT)
    return _each(((one, _cancel) for one in orders.order_by("entered_at")[:MOST]), press)


def _cancel(one: Stateful, press: Press) -> bool:
    order = Order.objects.get(pk=one.pk)
    if order.state not in BEFORE_SHIPMENT:
        return False
    short = list(order.tasks.filter(state=TaskState.SHORT_PICK))
    if not short and order.state != OrderState.ON_HOLD:
        raise Refused(Text("订单没有缺货，也没有挂起", "It is neither short nor on hold"))
    if any(allocation.elsewhere(task) for task in short):
        raise Refused(Text("别的仓库有货，请改派", "Another warehouse has it; let that one ship"))
    claim = AfterSale.objects.filter(
        order=order, kind=AfterSaleKind.REFUND_ONLY, state=AfterSaleState.APPLIED
    ).first()
    if claim is None:
        raise Refused(
            Text("买家还没有申请退款，请先联系买家", "The buyer has not asked; get in touch first")
        )
    if claim.amount_fen != order.total_fen - order.refunded_fen:
        raise Refused(
            Text("买家只申请退一部分，请到售后单处理", "The claim is for a part; open it instead")
        )
    steps.take("aftersale.approve", claim, actor=press.actor, roles=press.roles)
    return True


def release(press: Press) -> Text:
    """Holds whose time is over, and those of orders that were given up."""
    held = Reservation.objects.filter(
        case_no__in=press.alarm.cases,
        state=ReservationState.HELD,
        entered_at__lte=press.alarm.seen_at,
    )
    return _each(((one, _release) for one in held.order_by("stock_id", "id")[:MOST]), press)


def _release(one: Stateful, press: Press) -> bool:
    hold = Reservation.objects.get(pk=one.pk)
    if hold.state != ReservationState.HELD:
        return False
    line = hold.order_line_id
    if line is not None and Order.objects.filter(lines__id=line, state__in=_GIVEN_UP).exists():
        steps.by_system("reservation.release", hold, actor=press.actor)
        return True
    if line is None and hold.hold_until > clock.now():
        raise Refused(Text("预占还没有到期", "The hold is not over yet"))
    steps.take(
        "reservation.release_by_staff",
        hold,
        actor=press.actor,
        roles=press.roles,
        data=HoldReason(reason="预占已到期"),
    )
    return True


def reallocate(press: Press) -> Text:
    """Tasks that do not move: a short one goes to another warehouse as it is; any other is recalled
    by holding its order, and made anew by clearing it again."""
    tasks = FulfilmentTask.objects.filter(
        case_no__in=press.alarm.cases,
        state__in={press.state} & {*NOT_PACKED},
        entered_at__lte=press.alarm.seen_at,
    )
    return _each(((one, _reallocate) for one in tasks.order_by("entered_at")[:MOST]), press)


def _reallocate(one: Stateful, press: Press) -> bool:
    task = FulfilmentTask.objects.select_related("order").get(pk=one.pk)
    if task.state != press.state:
        return False
    if task.state == TaskState.SHORT_PICK:
        steps.take("fulfilment.reallocate", task, actor=press.actor, roles=press.roles)
        return True
    done = (TaskState.HANDED_OVER, TaskState.CANCELLED)
    if task.order.tasks.exclude(pk=task.pk).exclude(state__in=done).exists():
        raise Refused(
            Text("订单的另一个任务在作业，请到订单处理", "Another task of the order is under way")
        )
    why = Reason(reason=f"{_WHY}：撤回并重新分配")
    for step, data in (("hold", why), ("resume", why), ("approve", None)):
        steps.take(f"order.{step}", task.order, actor=press.actor, roles=press.roles, data=data)
    return True


def _each(
    found: Iterable[tuple[Stateful, Callable[[Stateful, Press], bool]]], press: Press
) -> Text:
    """One transaction each, behind the lock of its case; says how many were done and why the
    others were not. At most `MOST`."""
    if press.alarm.cleared_at is not None:
        raise Refused(Text("这个告警已经消除", "This alarm is over"))
    done, refused = 0, Counter[Text]()
    for one, does in list(found)[:MOST]:
        try:
            done += _one(one, does, press)
        except Refused as no:
            refused[no.reasons[0]] += 1
        except engine.Conflict:
            refused[Text("刚被别人改动，请再看一次", "Somebody else just changed it")] += 1
    if not done and not refused:
        return Text("没有要补偿的", "nothing is left to compensate")
    why = [(reason, number) for reason, number in refused.most_common()]
    return Text(
        "；".join(
            [f"补偿 {done} 笔，拒绝 {refused.total()} 笔", *(f"{r.zh}（{n}）" for r, n in why)]
        ),
        "; ".join(
            [f"{done} compensated, {refused.total()} refused", *(f"{r.en} ({n})" for r, n in why)]
        ),
    )


@transaction.atomic
def _one(one: Stateful, does: Callable[[Stateful, Press], bool], press: Press) -> bool:
    engine.lock_case(one.case_no, Context(actor=press.actor, role=Role.SYSTEM))
    one.refresh_from_db()
    return one.entered_at <= press.alarm.seen_at and does(one, press)
