"""States in which things wait for longer than they should."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from shangliu.insight.alarms.pace import Log
from shangliu.insight.alarms.signals import Depth, Play, Signal, awaited, state_named, system_of
from shangliu.insight.waiting import waiting_cases
from shangliu.platform import clock
from shangliu.platform.text import Text
from shangliu.process.definition import Flow, Kind, Process, Step
from shangliu.process.drawing.figures import spell

_PATIENCE = 20.0  # seconds that nothing is late before
_BUYERS = frozenset({"buyer", "storefront"})  # lanes where the next step is up to buyers
_TIMES = 3  # as long as it usually takes is late


def stalls(flow: Flow, log: Log) -> list[Signal]:
    """States in which things wait much longer than they used to, and that nothing leaves; and
    those whose service-level time is over."""
    found = []
    idle = not _buyers_come(flow, log)
    for (name, state), here in log.waiting.items():
        process = flow[name]
        step = awaited(process, state)
        if step is None:
            continue
        age = (clock.now() - here.oldest).total_seconds()
        usual = log.leaving.get((name, state))
        words = state_named(process, state)
        allowed = words.within.span.total_seconds() if words and words.within else None
        if usual is not None and idle and step.lane.code in _BUYERS:
            continue
        if usual is not None and _has_stopped(log, (name, state), usual):
            late = _late(name, state, max(_TIMES * usual, _PATIENCE))
            if late:
                found.append(_stall(process, step, state, late, usual=usual, age=age))
        elif allowed is not None and age > allowed:
            late = _late(name, state, allowed)
            found.append(_stall(process, step, state, late, usual=allowed, age=age, slow=True))
    return found


def _buyers_come(flow: Flow, log: Log) -> bool:
    """Was there a visit lately? Without one it means nothing that buyers do not go on."""
    return any(
        log.paces[f"{one.name}.{step.name}"].recent[2]
        for one in flow.processes
        if one.recorded
        for step in one.steps
    )


def _has_stopped(log: Log, at: tuple[str, str], usual: float) -> bool:
    """Nothing has left for much longer than it takes, while something waits longer than usual."""
    here, silent = log.waiting[at], max(_TIMES * usual, _PATIENCE)
    last = log.last.get(at)
    since = min(silent, 60.0) if silent < 600 else silent
    quiet = last is None or (clock.now() - last).total_seconds() > since
    return quiet and (clock.now() - here.oldest).total_seconds() > silent


def _late(process: str, state: str, seconds: float) -> Sequence[str]:
    until = clock.now() - timedelta(seconds=seconds)
    known = waiting_cases([(process, state)], limit=20)
    return tuple(one.case_no for one in known if one.entered_at < until)


def _stall(
    process: Process[Any],
    step: Step[Any],
    state: str,
    late: Sequence[str],
    *,
    usual: float,
    age: float,
    slow: bool = False,
) -> Signal:
    words = state_named(process, state)
    label = words.label if words else Text(state, state)
    kind = Text("时限", "limit") if slow else Text("平时 95% 在", "usually 95% within")
    return Signal(
        depth=Depth.STALL,
        system=_party(process, step, state),
        step=f"{process.name}.{step.name}",
        state=state,
        count=len(late),
        fresh=not slow,
        cause=Text(
            f"{process.label.zh}停在“{label.zh}”，没有等到“{step.label.zh}”",
            f"{process.label.en} stays in “{label.en}”; “{step.label.en}” does not come",
        ),
        evidence=(
            Text(
                f"{len(late)} 个超过应有的时间，最久 {spell(age, 'zh')}；"
                f"{kind.zh} {spell(usual, 'zh')}",
                f"{len(late)} waited too long, the oldest {spell(age, 'en')}; "
                f"{kind.en} {spell(usual, 'en')}",
            ),
        ),
        cases=tuple(late),
        plays=_plays(process, step, state),
    )


def _plays(process: Process[Any], step: Step[Any], state: str) -> tuple[Play, ...]:
    if step.hears is not None:
        return (Play("query", process.name), Play("ring"), Play("escalate"))
    if step.kind in (Kind.USER, Kind.MANUAL):
        return (Play("cases", f"{process.name}:{state}"), Play("escalate"))
    return (Play("ring"), Play("cases", f"{process.name}:{state}"), Play("escalate"))


def _party(process: Process[Any], step: Step[Any], state: str) -> str:
    """Of an outside party, the one that the oldest object waits for; one statement."""
    if step.hears is None or process.model is None:
        return system_of(step)
    names = {one.name for one in process.model._meta.get_fields()}  # noqa: SLF001
    column = next((one for one in ("provider", "gateway") if one in names), None)
    if column is None:
        return system_of(step)
    waits = process.model._default_manager.filter(state=state).order_by("entered_at")  # noqa: SLF001
    return str(waits.values_list(column, flat=True).first() or system_of(step))
