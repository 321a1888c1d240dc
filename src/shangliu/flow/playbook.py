"""What the buttons beside an alarm do: each is something that the shop can do anyway."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from shangliu.domain.crm.models import User
from shangliu.domain.inventory.books import repair as repair_stock
from shangliu.domain.logistics.models import Parcel
from shangliu.domain.logistics.provider import carrier_gateway
from shangliu.domain.logistics.states import ParcelState
from shangliu.domain.notifications.models import Message
from shangliu.domain.payments.models import Payment, Refund
from shangliu.domain.payments.provider import ProviderError
from shangliu.domain.payments.states import OPEN_PAYMENTS, RefundState
from shangliu.flow import compensation
from shangliu.flow.compensation import Press
from shangliu.flow.parcel import services as parcels
from shangliu.flow.payment import services as payments
from shangliu.flow.refund import services as refunds
from shangliu.flow.timers import run_due
from shangliu.insight.alarms import watch
from shangliu.insight.models import Alarm
from shangliu.platform import clock, http, outbox
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.outbox import Handler
from shangliu.platform.text import Text
from shangliu.process import policies
from shangliu.process.models import PolicyValue
from shangliu.process.roles import Role
from shangliu.process.running import flow

_MOST = 50
_UNDER_WAY = (
    ParcelState.LABELLED,
    ParcelState.COLLECTED,
    ParcelState.IN_TRANSIT,
    ParcelState.OUT_FOR_DELIVERY,
    ParcelState.PROBLEM,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One press of a button: which alarm, what about it, by whom, and who takes letters."""

    alarm: Alarm
    about: str
    actor: str
    roles: frozenset[Role]
    handlers: Mapping[str, Handler]


@dataclass(frozen=True, slots=True)
class Button:
    """`by` empty: whoever sees the page. `sure`: what is asked before it is done."""

    label: Text
    does: Callable[[Asked], Text]
    by: frozenset[Role] = frozenset()
    sure: Text | None = None


def press(
    pk: int, code: str, about: str, by: tuple[str, frozenset[Role]], handlers: Mapping[str, Handler]
) -> Text:
    """Do it, once, and write it down beside the alarm. `Refused` for who may not, and for what the
    alarm does not offer."""
    actor, roles = by
    alarm = Alarm.objects.filter(pk=pk).first()
    button = BUTTONS.get(code)
    if alarm is None or button is None:
        raise NotFound
    if [code, about] not in alarm.plays:
        raise Refused(Text("这个告警没有这项处置", "This alarm does not offer that"))
    if not may(button, roles):
        wanted = "、".join(role.label.zh for role in sorted(button.by))
        raise Refused(Text(f"这项处置由{wanted}操作", "This is not for your role"))
    said = button.does(Asked(alarm=alarm, about=about, actor=actor, roles=roles, handlers=handlers))
    watch.note_act(pk, actor=actor, code=code, said=said)
    return said


def may(button: Button, roles: frozenset[Role]) -> bool:
    return not button.by or Role.ADMIN in roles or bool(button.by & roles)


def _redrive(asked: Asked) -> Text:
    number = outbox.redrive_topic(asked.about)
    return Text(f"重新投递 {number} 条消息", f"{number} letters are sent again")


def _deliver(asked: Asked) -> Text:
    number = outbox.drain_all(asked.handlers, rounds=20)
    return Text(f"投递了 {number} 条消息", f"{number} letters were delivered")


def _ring(_: Asked) -> Text:
    number = run_due()
    return Text(f"执行了 {number} 个到期的定时任务", f"{number} timers were rung")


def _query(asked: Asked) -> Text:
    """Ask about what waits: the payments of a gateway, refunds on their way, or parcels."""
    if asked.about in ("parcel", "kuaidi100", "carrier"):
        return _query_parcels(asked)
    if asked.about == "refund":
        return _query_refunds()
    waiting = Payment.objects.filter(state__in=OPEN_PAYMENTS).order_by("entered_at")
    if asked.about not in ("payment", "gateway"):
        waiting = waiting.filter(provider=asked.about)
    answers = [payments.query(one, actor=asked.actor) for one in waiting[:_MOST]]
    moved = answers.count("applied")
    return Text(
        f"向网关查询 {len(answers)} 笔，{moved} 笔已付款入账",
        f"asked about {len(answers)} payments; {moved} were paid",
    )


def _query_refunds() -> Text:
    waiting = Refund.objects.filter(state__in=(RefundState.REQUESTED, RefundState.PROCESSING))
    failed = 0
    found = list(waiting.order_by("entered_at")[:_MOST])
    for one in found:
        try:
            refunds.execute(one.pk)
        except ProviderError:
            failed += 1
    return Text(
        f"查询 {len(found)} 笔退款，{failed} 笔仍无应答",
        f"asked about {len(found)} refunds; {failed} had no answer",
    )


def _query_parcels(asked: Asked) -> Text:
    heard, found = 0, Parcel.objects.filter(state__in=_UNDER_WAY).order_by("entered_at")[:_MOST]
    for one in found:
        with http.about(case_no=one.case_no, process="parcel", object_id=one.pk):
            try:
                push = carrier_gateway(one.gateway).query(
                    waybill_no=one.waybill_no,
                    carrier=one.carrier,
                    phone=one.receiver.get("phone", ""),
                )
            except ProviderError as error:
                http.note(error)
                continue
        parcels.follow(one, push, actor=asked.actor)
        heard += 1
    return Text(
        f"查询 {len(found)} 个包裹，{heard} 个有应答",
        f"asked about {len(found)} parcels, heard of {heard}",
    )


def _repair(asked: Asked) -> Text:
    done = repair_stock(actor=asked.actor, why="告警处置")
    return Text(f"修正了 {len(done)} 个计数", f"{len(done)} counters were put right")


def _restore(asked: Asked) -> Text:
    """The value that the policy had before its last change."""
    policy = next((one for one in flow().policies if one.key == asked.about), None)
    if policy is None:
        raise NotFound
    newest = list(PolicyValue.objects.filter(key=policy.key).order_by("-id")[:2])
    if not newest:
        raise Refused(Text("这项策略没有改过", "This policy was never changed"))
    value = newest[1].value if len(newest) > 1 else policy.default
    person = User.objects.filter(login=asked.actor).first()
    policies.change(policy, value, user_id=person.pk if person else None, why="告警处置：恢复原值")
    return Text(f"“{policy.label.zh}”恢复为 {value}", f"“{policy.label.en}” is back at {value}")


def _unlock(asked: Asked) -> Text:
    """End the session that others wait for, if they still do."""
    if not asked.about.isdigit():
        raise NotFound
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(%s) WHERE EXISTS (SELECT 1 FROM pg_stat_activity a"
            " WHERE %s = ANY(pg_blocking_pids(a.pid)))",
            [int(asked.about), int(asked.about)],
        )
        done = cursor.fetchone()
    if not done:
        raise Refused(Text("这个会话已不再挡着别人", "That session blocks nobody any more"))
    return Text(f"已结束会话 {asked.about}", f"session {asked.about} was ended")


def _escalate(asked: Asked) -> Text:
    """A message to everybody in the owner's role and to the administrators; once each."""
    wanted = {asked.alarm.owner, Role.ADMIN.value}
    staff = [one for one in User.objects.filter(is_staff=True) if wanted & {*one.roles}]
    Message.objects.bulk_create(
        [
            Message(
                unique_key=f"alarm:{asked.alarm.pk}:{one.pk}",
                channel=Message.Channel.SITE,
                user=one,
                template="alarm",
                title="告警需要处理",
                text=str(asked.alarm.cause[0])[:500],
                link=f"/staff/alarms/#alarm-{asked.alarm.pk}",
                created_at=clock.now(),
            )
            for one in staff
        ],
        ignore_conflicts=True,
    )
    return Text(f"已通知 {len(staff)} 人", f"{len(staff)} people were told")


def _compensates(does: Callable[[Press], Text]) -> Callable[[Asked], Text]:
    """A button that takes something back: it knows the roles, as it takes steps of people."""

    def do(asked: Asked) -> Text:
        return does(
            Press(alarm=asked.alarm, about=asked.about, actor=asked.actor, roles=asked.roles)
        )

    return do


_MONEY = frozenset({Role.FINANCE, Role.OPERATIONS})
_OPERATIONS = frozenset({Role.OPERATIONS})

BUTTONS: Mapping[str, Button] = {
    "redrive": Button(Text("重新投递", "Send again"), _redrive, _MONEY),
    "deliver": Button(Text("立即投递到期消息", "Deliver what is due"), _deliver, _OPERATIONS),
    "ring": Button(Text("立即执行到期任务", "Ring what is due"), _ring, _MONEY),
    "query": Button(Text("向对方查询", "Ask the other side"), _query, _MONEY | {Role.WAREHOUSE}),
    "repair": Button(Text("按单据修正库存", "Repair the stock books"), _repair, _OPERATIONS),
    "policy": Button(Text("恢复策略原值", "Restore the policy"), _restore, _OPERATIONS),
    "refund_late": Button(
        Text("补偿：原路退款", "Compensate: refund"),
        _compensates(compensation.refund),
        frozenset({Role.FINANCE}),
        Text(
            "失败的退款同号重试，关闭后到账的钱原路退回",
            "Failed refunds are tried again under their number; late money goes back",
        ),
    ),
    "cancel_order": Button(
        Text("补偿：取消订单并退款", "Compensate: cancel and refund"),
        _compensates(compensation.cancel),
        frozenset({Role.SERVICE}),
        Text(
            "同意买家的退款申请：任务撤下，库存返还，全额退款",
            "Claims are approved: tasks stop, stock is free, all of the money goes back",
        ),
    ),
    "release_holds": Button(
        Text("补偿：释放过期预占", "Compensate: release holds"),
        _compensates(compensation.release),
        _OPERATIONS,
        Text(
            "到期的预占被释放，买家会收到通知",
            "Holds that are over are released; their buyers are told",
        ),
    ),
    "reallocate": Button(
        Text("补偿：撤回任务重新分配", "Compensate: allocate anew"),
        _compensates(compensation.reallocate),
        _OPERATIONS,
        Text(
            "缺货的改由别仓发货，其余撤回货物后重新生成任务",
            "Short tasks go to another warehouse; others are recalled and made anew",
        ),
    ),
    "unlock": Button(
        Text("结束占锁的会话", "End the blocking session"),
        _unlock,
        frozenset({Role.ADMIN}),
        Text("该会话未提交的修改会被撤销", "What it has not committed is undone"),
    ),
    "escalate": Button(Text("上报负责人", "Escalate"), _escalate),
}


def offered(alarm: Alarm) -> list[tuple[str, str, Any]]:
    """The buttons of an alarm as (code, about, Button); what only leads to a page is left out."""
    return [(code, about, BUTTONS[code]) for code, about in alarm.plays if code in BUTTONS]
