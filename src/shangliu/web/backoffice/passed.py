"""The steps and the outside calls of a purchase as rows: for the list, the table and the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from shangliu.insight.objects import Event
from shangliu.platform.models import OutsideCall
from shangliu.process.roles import Role
from shangliu.process.running import flow
from shangliu.web.backoffice import timeline, words
from shangliu.web.backoffice.case import Case
from shangliu.web.backoffice.told import Told
from shangliu.web.backoffice.veil import Veil, cell


@dataclass(frozen=True, kw_only=True, slots=True)
class Passed:
    """A step that was taken. `by` is its role, `who` the person where there was one."""

    id: int
    moment: datetime
    process: str
    object_id: int
    name: str
    at: str
    what: str
    step: str
    family: str
    source: str
    target: str
    chip: str
    by: str
    who: str
    cause: str
    facts: str
    dwell: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Called:
    """A call to an outside system, with what may be seen of it."""

    id: int
    moment: datetime
    process: str
    object_id: int | None
    at: str
    what: str
    system: str
    operation: str
    chip: str
    status: str
    duration: str
    attempt: int
    request: str
    answer: str


def passed(case: Case, hidden: Veil) -> list[Passed]:
    """Every step of the purchase, the oldest first."""
    numbers = _numbers(case)
    return [_step(event, case, numbers, hidden) for event in case.trace.events]


def called(case: Case, hidden: Veil) -> list[Called]:
    """Every outside call of the purchase, the oldest first."""
    numbers = _numbers(case)
    return [_call(call, numbers, hidden) for call in case.trace.calls]


def around(
    step: Passed, steps: Sequence[Passed], calls: Sequence[Called]
) -> tuple[list[Called], list[Called]]:
    """The calls about the step's object between its neighbours: those before it, those after it.

    A call that names no object counts for the step during which it was made.
    """
    same = [one for one in steps if _of(one) == _of(step)]
    here = same.index(step)
    since = same[here - 1].moment if here else step.moment - timedelta(minutes=1)
    until = same[here + 1].moment if here + 1 < len(same) else None
    near = [
        call
        for call in calls
        if (call.process, call.object_id) == _of(step)
        and since <= call.moment
        and (until is None or call.moment < until)
    ]
    following = next((one.moment for one in steps if one.moment > step.moment), None)
    loose = [
        call
        for call in calls
        if call.object_id is None
        and step.moment <= call.moment
        and (following is None or call.moment < following)
    ]
    before = [call for call in near if call.moment < step.moment]
    return before, [call for call in near if call.moment >= step.moment] + loose


Row = Passed | Called | Told


def rows(steps: Sequence[Passed], calls: Sequence[Called], notes: Sequence[Told]) -> list[Row]:
    """All in one order of time; of the same moment the step comes first."""
    both: list[Row] = [*steps, *calls, *notes]
    return sorted(both, key=lambda one: (one.moment, not isinstance(one, Passed)))


def sheet(both: Sequence[Row]) -> list[list[str]]:
    """The rows for a spreadsheet, with their head; safe to be opened."""
    head = [
        *(_("时间"), _("类别"), _("对象"), _("步骤"), _("原状态"), _("新状态"), _("角色")),
        *(_("操作者"), _("起因"), _("依据"), _("停留"), _("系统"), _("操作"), _("结果")),
        *(_("耗时"), _("第几次"), _("请求"), _("应答")),
    ]
    return [head, *([cell(value) for value in _cells(one)] for one in both)]


def _cells(one: Row) -> list[object]:
    stamp = one.moment.isoformat()
    if isinstance(one, Told):
        return [
            *(stamp, _("通知与记录"), *[""] * 5, one.party, "", one.text, "", "", one.title),
            *(one.status, *[""] * 4),
        ]
    if isinstance(one, Called):
        return [
            *(stamp, _("外部调用"), one.what, *[""] * 8, one.system, one.operation),
            *(one.status, one.duration, one.attempt, one.request, one.answer),
        ]
    return [
        *(stamp, _("步骤"), one.what, one.step, one.source, one.target, one.by, one.who),
        *(one.cause, one.facts, one.dwell, *[""] * 7),
    ]


def _of(step: Passed) -> tuple[str, int | None]:
    return step.process, step.object_id


def _numbers(case: Case) -> Mapping[tuple[str, int], str]:
    return {(part.process, part.one.pk): part.number for part in case.parts}


def object_label(process: str, pk: int | None, numbers: Mapping[tuple[str, int], str]) -> str:
    """`支付单 P2026…`; the kind of object alone where it is not known which."""
    known = {one.name: str(one.label) for one in flow().processes}
    label = known.get(process, process)
    return label if pk is None else f"{label} {numbers.get((process, pk), f'#{pk}')}"


def _step(event: Event, case: Case, numbers: Mapping[tuple[str, int], str], hidden: Veil) -> Passed:
    process = event.process
    name = f"{process}.{event.step}"
    person = case.names.get(event.actor, event.actor)
    nobody = person in ("system", "timer", "", event.role) or _only_followed(event)
    return Passed(
        id=event.pk,
        moment=event.at,
        process=process,
        object_id=event.object_id,
        name=name,
        at=words.exact(event.at),
        what=object_label(process, event.object_id, numbers),
        step=words.step_label(name),
        family=words.family_of_lane(event.lane),
        source=words.state_label(process, event.source) if event.source else _("新建"),
        target=words.state_label(process, event.target),
        chip=words.chip(process, event.target),
        by=str(Role(event.role).label),
        who="" if nobody else _("未登录") if person == "guest" else hidden.text(person),
        cause=words.step_label(event.cause) if event.cause else "",
        facts=hidden.text(timeline.explained(event.facts)),
        dwell=words.lasted(event.dwell_us),
    )


def _only_followed(event: Event) -> bool:
    """The system went on after somebody else's step; whose it was stands at that one."""
    return bool(event.cause) and event.role == Role.SYSTEM


def _call(call: OutsideCall, numbers: Mapping[tuple[str, int], str], hidden: Veil) -> Called:
    return Called(
        id=call.pk,
        moment=call.started_at,
        process=call.process,
        object_id=call.object_id,
        at=words.exact(call.started_at),
        what=object_label(call.process, call.object_id, numbers) if call.process else "",
        system=call.system,
        operation=call.operation,
        chip="done" if call.ok else "failed",
        status=str(call.status) if call.status else hidden.text(call.error[:40]) or _("没有应答"),
        duration=words.lasted(call.duration_us),
        attempt=call.attempt,
        request=hidden.content(call.request),
        answer=hidden.content(call.answer if call.answer is not None else call.error),
    )
