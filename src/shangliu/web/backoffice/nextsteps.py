"""What can happen next to each object of a purchase, and why the rest cannot, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from shangliu.platform.text import read
from shangliu.process.definition import Context, Kind, Process, Step
from shangliu.process.roles import Role
from shangliu.process.running import flow
from shangliu.web.backoffice import offered, words
from shangliu.web.backoffice.case import Case, Part


@dataclass(frozen=True, kw_only=True, slots=True)
class Next:
    """One way on. `mine`: the button stands on the order's page; `why` is empty where it is."""

    name: str
    label: str
    by: str
    chip: str
    verdict: str
    why: tuple[str, ...]
    mine: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """An object that something is still possible for. `waits`: something is awaited."""

    part: Part
    waits: bool
    steps: tuple[Next, ...]


def next_steps(case: Case, held: Sequence[Part]) -> list[Open]:
    """Every step that leaves the state of every object, the possible ones first. `held`: the
    claims on stock, which are no parts of the order's page."""
    found: list[Open] = []
    for part in (*case.parts, *held):
        machine = flow()[part.process]
        steps = [step for step in machine.steps_from(part.state) if not step.creates]
        ways = [_next(machine, step, part, case) for step in steps]
        if ways:
            ways.sort(key=lambda way: _RANK[way.chip])
            waits = part.chip not in ("done", "off")
            found.append(Open(part=part, waits=waits, steps=tuple(ways)))
    return sorted(found, key=lambda one: not one.waits)


_RANK = {"done": 0, "waiting": 1, "off": 2}


def _next(machine: Process[Any], step: Step[Any], part: Part, case: Case) -> Next:
    name = f"{machine.name}.{step.name}"
    button = next((one for one in part.buttons if one.name == name), None)
    persons = sorted(step.by - {Role.SYSTEM})
    why: tuple[str, ...]
    if button is not None:
        possible, why = button.possible, button.reasons
    elif persons:
        why = tuple(str(reason) for reason in _reasons(name, step, part, persons[0], case))
        possible = not why
    else:
        possible, why = False, ()
    if persons:
        chip, verdict = ("done", _("现在可以")) if possible else ("off", _("现在不行"))
    else:
        chip, verdict = "waiting", _("等待")
    if Role.SYSTEM in step.by:
        why = (*why, *(_passed_over(name, step, part, case) or _awaited(name, step, part)))
    return Next(
        name=name,
        label=str(step.label),
        by=words.together(str(role.label) for role in (*persons, *sorted(step.by & {Role.SYSTEM}))),
        chip=chip,
        verdict=verdict,
        why=why,
        mine=button is not None and button.possible,
    )


def _reasons(name: str, step: Step[Any], part: Part, role: Role, case: Case) -> Sequence[object]:
    """Why the people who may take it could not take it now."""
    if part.process == "payment" and not offered.fits(step.name, part.one):
        return (_("这种付款方式不走这一步"),)
    if name in offered.ASKS_OUTSIDE:
        return ()
    user = case.order.user_id
    actor = role.value if role is not Role.BUYER else f"user:{user}" if user else "guest"
    return step.refusals(part.one, Context(actor=actor, role=role))


def _passed_over(name: str, step: Step[Any], part: Part, case: Case) -> list[str]:
    """Why a rule did not take the step when its hour came: the reason stands in the event that
    the rule's other way left, under the step's name, or the rule is asked once more."""
    for event in reversed(case.trace.events):
        if (event.process, event.object_id) != (part.process, part.one.pk):
            continue
        if reasons := event.facts.get(name):
            return [
                _("规则没有选这一步：{reason}").format(
                    reason=words.together(str(read(one)) for one in reasons)
                )
            ]
    if step.kind is Kind.RULE:
        refusals = step.refusals(part.one, Context(actor="system", role=Role.SYSTEM))
        why = words.together(str(reason) for reason in refusals)
        return [_("规则没有选这一步：{reason}").format(reason=why)] if why else []
    return []


def _awaited(name: str, step: Step[Any], part: Part) -> list[str]:
    """What has to come about before the system takes the step."""
    if part.process == "payment" and not offered.fits(step.name, part.one):
        return []
    if step.at is not None:
        moment = step.at(part.one, part.one.entered_at)
        return [
            _("等到 {moment}，系统自动执行").format(moment=words.moment(moment))
            if moment is not None
            else _("没有设定时间，系统不会自动执行")
        ]
    if step.hears is not None:
        return [_("等{party}的消息").format(party=step.hears.label)]
    if causes := _causes(name):
        quoted = words.together(f"“{cause}”" for cause in causes)
        return [_("在{steps}之后由系统执行").format(steps=quoted)]
    parties = [str(send.pool.label) for send in _sent(part) if send.pool is not None]
    if parties:
        return [
            _("等{party}应答，系统随后执行").format(party=words.together(dict.fromkeys(parties)))
        ]
    return [_("系统在处理到它时执行")] if step.by == {Role.SYSTEM} else []


def _causes(name: str) -> list[str]:
    """The steps that set this one off; those of the same name are said once."""
    labels = (words.step_label(link.after) for link in flow().links if name in link.fire)
    return list(dict.fromkeys(labels))


def _sent(part: Part) -> tuple[Any, ...]:
    """What the step that led here asked of others."""
    steps = flow()[part.process].steps
    return next((step.sends for step in steps if step.name == part.one.last_step), ())
