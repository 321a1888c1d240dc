"""What happened in a purchase, line by line: steps, messages, notices, looks at data."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from shangliu.domain.crm import staff as people
from shangliu.domain.notifications import queries as notifications
from shangliu.domain.payments import queries as payments
from shangliu.platform.money import Money
from shangliu.platform.text import read
from shangliu.process.roles import Role
from shangliu.web.backoffice import words
from shangliu.web.backoffice.case import Case
from shangliu.web.backoffice.veil import Veil

_MOST = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of the history component; `when` sorts."""

    when: datetime
    at: str
    title: str
    who: str = ""
    family: str = "outside"
    text: str = ""
    state: str = ""
    state_label: str = ""
    duration: str = ""


def history(case: Case, hidden: Veil) -> list[Line]:
    """Everything in time order, the newest first."""
    lines = sorted([*_steps(case), *beside(case)], key=lambda line: line.when, reverse=True)
    return [
        replace(
            line,
            title=hidden.text(line.title),
            who=hidden.text(line.who),
            text=hidden.text(line.text),
        )
        for line in lines[:_MOST]
    ]


def beside(case: Case) -> list[Line]:
    """What is no step: messages, notices, pushes, looks at personal data; in no order."""
    return [
        *_messages(case.case_no),
        *_notified(case.case_no),
        *_pushed([event.pk for event in case.trace.events]),
        *_looked(case.case_no),
    ]


def calls(case: Case, hidden: Veil) -> list[dict[str, object]]:
    """Calls to outside systems, the newest first."""
    return [
        {
            "at": words.exact(call.started_at),
            "system": call.system,
            "title": call.operation,
            "state": "done" if call.ok else "failed",
            "state_label": str(call.status)
            if call.status
            else hidden.text(call.error[:40]) or _("没有应答"),
            "duration": words.lasted(call.duration_us),
            "attempts": call.attempt,
            "request": hidden.content(call.request),
            "answer": hidden.content(call.answer if call.answer is not None else call.error),
        }
        for call in reversed(case.trace.calls)
    ]


def _steps(case: Case) -> Iterator[Line]:
    for event in case.trace.events:
        process = event.process
        yield Line(
            when=event.at,
            at=words.exact(event.at),
            title=words.step_label(f"{process}.{event.step}"),
            who=_who(event, case.names),
            family=words.family_of_lane(event.lane),
            text=explained(event.facts),
            state=words.chip(process, event.target),
            state_label=words.state_label(process, event.target),
            duration=words.lasted(event.dwell_us),
        )


def _who(event: Any, names: Mapping[str, str]) -> str:
    role = str(Role(event.role).label)
    name = names.get(event.actor, event.actor)
    return role if name in ("system", "timer", "", event.role) else words.aside(name, role)


def explained(facts: Mapping[str, object]) -> str:
    """What a decision rested on, as `name value` pairs; amounts in yuan."""
    known = {name: value for name, value in facts.items() if value not in ("", None)}
    return words.clauses(
        f"{_fact_label(name)} {_said(name, value)}" for name, value in known.items()
    )


def _said(name: str, value: object) -> str:
    if isinstance(value, bool) or name == "automatic":
        return _("是") if value else _("否")
    if name.endswith("_fen") and isinstance(value, int):
        return str(Money(value))
    if isinstance(value, list | tuple):
        return words.together(str(read(one)) for one in value)
    if name == "found" and isinstance(value, dict):
        return words.together(
            _("完好 {good}，残次 {damaged}").format(good=good, damaged=damaged)
            for good, damaged in value.values()
        )
    value = read(value)
    if isinstance(value, dict):
        return words.together(f"{key} × {one}" for key, one in value.items())
    return words.moment(datetime.fromisoformat(str(value))) if name == "due" else str(value)


def _fact_label(name: str) -> str:
    if "." in name:
        return _("没有走“{step}”：").format(step=words.step_label(name))
    return {
        "reason": _("原因"),
        "note": _("说明"),
        "payment": _("支付单"),
        "amount_fen": _("金额"),
        "provider_id": _("渠道交易号"),
        "automatic": _("自动审核"),
        "total_fen": _("订单金额"),
        "limit_fen": _("上限"),
        "address_plausible": _("地址完整"),
        "remark": _("有留言"),
        "could_ship_whole": _("可整单发货"),
        "chosen": _("选定"),
        "why": _("依据"),
        "grams": _("实重（克）"),
        "expected_g": _("预计（克）"),
        "tolerance_percent": _("允许偏差（%）"),
        "scans": _("扫码"),
        "waybill": _("运单号"),
        "accepted": _("接受退货"),
        "found": _("验货"),
        "warehouse": _("仓库"),
        "answer": _("应答"),
        "voucher": _("凭证号"),
        "variant": _("规格编号"),
        "quantity": _("数量"),
        "lines": _("商品行"),
        "kind": _("类型"),
        "inferred_from": _("由承运商状态推断"),
        "waived_fen": _("免收"),
        "asked_fen": _("申请金额"),
        "agreed_fen": _("同意金额"),
        "missing_fen": _("差额"),
        "less_fen": _("少收"),
        "points": _("积分"),
        "short": _("缺少"),
        "due": _("预定时间"),
    }.get(name, name)


def _messages(case_no: str) -> Iterable[Line]:
    for message in notifications.messages_of_case(case_no):
        yield Line(
            when=message.created_at,
            at=words.exact(message.created_at),
            title=message.title,
            who=_("通知买家"),
            family="buyer",
            text=message.text,
        )


def _notified(case_no: str) -> Iterable[Line]:
    for one in payments.notifications_of_case(case_no):
        yield Line(
            when=one.received_at,
            at=words.exact(one.received_at),
            title=_("收到支付通知"),
            who=one.provider,
            text=f"{one.number} {one.verdict}",
            state="done" if one.verdict in ("applied", "duplicate", "refund news") else "attention",
            state_label=one.verdict,
        )


def _pushed(events: Collection[int]) -> Iterable[Line]:
    for one in notifications.deliveries_of_events(events):
        yield Line(
            when=one.delivered_at,
            at=words.exact(one.delivered_at),
            title=_("推送给财务系统"),
            who=one.url,
            text=one.topic,
            state="done",
            state_label=str(one.status),
        )


def _looked(case_no: str) -> Iterable[Line]:
    for one in people.reveals_of(case_no):
        yield Line(
            when=one.at,
            at=words.exact(one.at),
            title=_("查看了个人信息"),
            who=str(one.user),
            family="management",
            text=one.why,
        )
