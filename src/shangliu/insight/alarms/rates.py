"""Steps that are taken far more or far less often than they used to be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shangliu.insight.alarms.likely import binomial_at_most, poisson_at_least, poisson_at_most
from shangliu.insight.alarms.pace import SURE, WINDOWS, Log
from shangliu.insight.alarms.signals import Depth, Play, Signal, system_of
from shangliu.platform.text import Text
from shangliu.process.definition import Flow, Process, Step
from shangliu.process.drawing.figures import spell

_PART = 1 / 40  # of all that leaves a state goes wrong, as long as nothing is known
_PRIOR = 20  # passages that this is worth


def rates(flow: Flow, log: Log) -> list[Signal]:
    """Steps that are taken far less often than usual, and what goes wrong far more often."""
    found = []
    for name, process, step in flow.steps():
        pace = log.paces[name]
        for n, (width, count) in enumerate(zip(WINDOWS, pace.recent, strict=True)):
            usual = pace.usual(width)
            if (
                step.problem
                and _is_high(count, usual)
                and not _is_usual_part(process, step, n, log)
            ):
                signal = _surge(name, process, step, count, usual, width)
                found.append(replace(signal, fresh=pace.recent[0] > 0))
                break
            if usual is not None and step.main and _is_low(count, usual[0]):
                found.append(_drop(name, process, step, count, usual, width))
                break
    return found


def _is_low(count: int, least: float) -> bool:
    """Far too few, and less than half: buyers come in waves."""
    return count < least / 2 and poisson_at_most(count, least) < SURE


def _is_high(count: int, usual: tuple[float, float] | None) -> bool:
    most = usual[1] if usual is not None else 0.05
    return count > 1 and poisson_at_least(count, most) < SURE


def _is_usual_part(process: Process[Any], step: Step[Any], window: int, log: Log) -> bool:
    """Does it take no larger part than before of all that leaves the same states? Then there is
    only more trade. What little is known of a young shop counts as one in forty."""
    beside = {other.name for state in step.source for other in process.steps_from(str(state))}
    if not beside:
        return False
    paces = {name: log.paces[f"{process.name}.{name}"] for name in beside}
    past = {name: pace.before + sum(pace.weeks) for name, pace in paces.items()}
    part = (past[step.name] + _PRIOR * _PART) / (sum(past.values()) + _PRIOR)
    many = sum(pace.recent[window] for pace in paces.values())
    others = many - paces[step.name].recent[window]
    return binomial_at_most(others, many, 1 - part) >= SURE


def _surge(
    name: str,
    process: Process[Any],
    step: Step[Any],
    count: int,
    usual: tuple[float, float] | None,
    width: float,
) -> Signal:
    state = str(step.source[0]) if step.source else str(step.target)
    return Signal(
        depth=Depth.CHOICE,
        system=system_of(step),
        step=name,
        state=state,
        count=count,
        cause=Text(
            f"“{step.label.zh}”突然增多", f"“{step.label.en}” happens far more often than usual"
        ),
        evidence=(_counted(count, usual, width),),
        plays=(Play("cases", f"{process.name}:{step.target}"), Play("escalate")),
    )


def _drop(
    name: str,
    process: Process[Any],
    step: Step[Any],
    count: int,
    usual: tuple[float, float],
    width: float,
) -> Signal:
    state = str(step.source[0]) if step.source else str(step.target)
    return Signal(
        depth=Depth.RATE,
        system=system_of(step),
        step=name,
        state=state,
        count=max(1, round(usual[0]) - count),
        cause=Text(
            f"“{step.label.zh}”比平时少得多", f"“{step.label.en}” happens far less than usual"
        ),
        evidence=(_counted(count, usual, width),),
        plays=(Play("cases", f"{process.name}:{state}"), Play("escalate")),
    )


def _counted(count: int, usual: tuple[float, float] | None, width: float) -> Text:
    if usual is None:
        return Text(
            f"最近 {spell(width, 'zh')} {count} 次，之前两小时和前几周同一时段几乎没有",
            f"{count} in {spell(width, 'en')}; hardly any before, nor at this hour of former weeks",
        )
    low, high = usual
    return Text(
        f"最近 {spell(width, 'zh')} {count} 次，同一时段平时 {low:.1f} 到 {high:.1f} 次",
        f"{count} in the last {spell(width, 'en')}; usual at this hour {low:.1f} to {high:.1f}",
    )
