"""Decisions of rules that go another way than they used to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from shangliu.insight.alarms.likely import binomial_at_most
from shangliu.insight.alarms.pace import LEAST, SURE, WINDOWS, Log
from shangliu.insight.alarms.signals import RULES, Depth, Play, Signal
from shangliu.platform.text import Text
from shangliu.process.definition import Flow, Kind, Process, Step
from shangliu.process.drawing.figures import spell

_ODD = 0.2


def choices(flow: Flow, log: Log) -> list[Signal]:
    """Decisions that a rule makes and that suddenly go another way."""
    found = []
    for process in flow.processes:
        for state in process.states:
            ways = [one for one in process.steps_from(state) if one.kind is Kind.RULE]
            if len(ways) > 1 and (signal := _shifted(process, str(state), ways, log)):
                found.append(signal)
    return found


def _shifted(
    process: Process[Any], state: str, ways: Sequence[Step[Any]], log: Log
) -> Signal | None:
    paces = {one.name: log.paces[f"{process.name}.{one.name}"] for one in ways}
    before = {name: pace.before + sum(pace.weeks) for name, pace in paces.items()}
    total = sum(before.values())
    if total < LEAST:
        return None
    usual = max(ways, key=lambda one: before[one.name])
    part = before[usual.name] / total
    for n, width in enumerate(WINDOWS[:3]):
        now = {name: pace.recent[n] for name, pace in paces.items()}
        many = sum(now.values())
        if many >= 3 and binomial_at_most(now[usual.name], many, min(part, 0.98)) < SURE:
            instead = max((one for one in ways if one is not usual), key=lambda one: now[one.name])
            found = _shift(process, state, (usual, instead), (now[usual.name], many, part), width)
            last = {name: pace.recent[0] for name, pace in paces.items()}
            return replace(found, fresh=_goes_on(last, usual.name, part))
    return None


def _goes_on(last: Mapping[str, int], usual: str, part: float) -> bool:
    """False once the last decisions go the usual way again; without any nothing has changed."""
    many = sum(last.values())
    return not many or binomial_at_most(last[usual], many, min(part, 0.98)) < _ODD


def _shift(
    process: Process[Any],
    state: str,
    ways: tuple[Step[Any], Step[Any]],
    counts: tuple[int, int, float],
    width: float,
) -> Signal:
    usual, instead = ways
    some, many, part = counts
    policies = [*usual.policies]
    for known, decision in process.decisions.items():
        if known == state:
            policies += [one for one in decision.policies if one not in policies]
    return Signal(
        depth=Depth.RULE,
        system=RULES,
        step=f"{process.name}.{usual.name}",
        state=state,
        count=many - some,
        cause=Text(
            f"规则不再让“{usual.label.zh}”，都走“{instead.label.zh}”",
            f"The rule gives “{instead.label.en}” instead of “{usual.label.en}”",
        ),
        evidence=(
            Text(
                f"最近 {spell(width, 'zh')} {many} 次里“{usual.label.zh}”{some} 次，"
                f"平时占 {part:.0%}",
                f"“{usual.label.en}” {some} of {many} in {spell(width, 'en')}; usually {part:.0%}",
            ),
        ),
        plays=(
            *(Play("policy", one.key) for one in policies),
            Play("cases", f"{process.name}:{state}"),
            Play("escalate"),
        ),
        policy=",".join(one.key for one in policies),
    )
