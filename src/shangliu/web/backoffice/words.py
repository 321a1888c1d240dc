"""How the control room writes times, amounts and states."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shangliu.insight.waiting import resting
from shangliu.platform import clock
from shangliu.platform.money import Money
from shangliu.process.drawing.figures import duration
from shangliu.process.policies import Policy, Unit
from shangliu.process.running import flow

_FAILED = ("fail", "problem", "short")
_ATTENTION = ("hold", "manual", "escalated", "reject", "late", "damaged")
_OFF = ("cancelled", "closed", "expired", "released", "voided", "abandoned", "returned")


def lang() -> str:
    return "en" if (get_language() or "zh").startswith("en") else "zh"


def together(parts: Iterable[str]) -> str:
    """Things of one kind, one after the other."""
    return (", " if lang() == "en" else "、").join(parts)


def clauses(parts: Iterable[str]) -> str:
    """Sayings, one after the other."""
    return ("; " if lang() == "en" else "；").join(parts)


def aside(name: str, more: str) -> str:
    """A name, with what more there is to say of it in brackets."""
    return f"{name} ({more})" if lang() == "en" else f"{name}（{more}）"


def moment(at: datetime | None) -> str:
    """`11-23 16:05`; with the year when it is another one, with seconds never."""
    if at is None:
        return ""
    local = clock.local(at)
    shape = "%m-%d %H:%M" if local.year == clock.local(clock.now()).year else "%Y-%m-%d %H:%M"
    return local.strftime(shape)


def exact(at: datetime) -> str:
    """To the millisecond, for traces."""
    local = clock.local(at)
    return f"{local:%m-%d %H:%M:%S}.{local.microsecond // 1000:03d}"


def age(since: datetime | None) -> str:
    """How long ago, in one unit."""
    return spell(clock.now() - since) if since is not None else ""


def spell(span: timedelta) -> str:
    return duration(max(0, int(span.total_seconds())) * 1_000_000, lang())


def lasted(microseconds: int | None) -> str:
    """A length of time as people read it; milliseconds where it was short."""
    if microseconds is None:
        return ""
    if microseconds < 1_000_000:
        return f"{microseconds / 1000:.0f} ms" if microseconds >= 1000 else "<1 ms"
    return duration(microseconds, lang())


def masked_name(name: str) -> str:
    """`张**`: enough to recognise a parcel, not a person."""
    return f"{name[:1]}{'*' * max(1, min(len(name) - 1, 2))}" if name else ""


def masked_phone(phone: str) -> str:
    digits = phone.removeprefix("+86")
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 8 else "****"


def state_label(process: str, state: str) -> str:
    for known, words in flow()[process].states.items():
        if known == state:
            return str(words.label)
    return state


def chip(process: str, state: str) -> str:
    """The shape and colour of a state: failed, attention, off, done or waiting."""
    for kind, words in (("failed", _FAILED), ("attention", _ATTENTION), ("off", _OFF)):
        if any(word in state for word in words):
            return kind
    machine = flow()[process]
    ended = {*map(str, machine.terminal), *(resting(machine) if machine.model else ())}
    return "done" if state in ended else "waiting"


def step_label(name: str) -> str:
    """`order.pay` in words; the name itself when the flow has forgotten it."""
    try:
        return str(flow().step(name)[1].label)
    except KeyError:
        return name


def family_of_lane(code: str) -> str:
    for lane in flow().lanes:
        if lane.code == code:
            return lane.view.value
    return "outside"


def lane_label(code: str) -> str:
    return next((str(lane.label) for lane in flow().lanes if lane.code == code), code)


def policy_value(policy: Policy, value: int | None = None) -> str:
    """A policy's value with its unit."""
    number = policy.value if value is None else value
    if policy.unit is Unit.SWITCH:
        return _("开") if number else _("关")
    if policy.unit is Unit.FEN:
        return str(Money(number))
    return {
        Unit.MINUTES: _("{n} 分钟"),
        Unit.HOURS: _("{n} 小时"),
        Unit.DAYS: _("{n} 天"),
        Unit.PERCENT: "{n}%",
        Unit.COUNT: "{n}",
    }[policy.unit].format(n=number)
