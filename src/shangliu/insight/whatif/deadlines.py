"""Which clocks ran, and what would have come of it had they run longer or shorter.

A timer and the other ways out of its state compete: the first one wins, and of the others the log
shows only that they would have come later. A shorter clock is answered by the log itself: who came
after the new deadline would have come too late. A longer one is not: who ran out of time might
have come. We let them come as often as others came in the last third of the old time, fading as it
faded from the third before. Nobody is assumed to hurry or to dawdle because of the new deadline.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import log
from random import Random
from typing import Any

from shangliu.insight.whatif.model import HOUR, Case, Deadline, Did
from shangliu.process.definition import Process, Step
from shangliu.process.policies import Policy, Unit
from shangliu.process.running import flow

SPANS = {Unit.MINUTES: HOUR // 60, Unit.HOURS: HOUR, Unit.DAYS: 24 * HOUR}
_NEAR = HOUR // 4


def timers() -> Iterator[tuple[str, Process[Any], Step[Any]]]:
    for name, process, step in flow().steps():
        if step.at is not None and not process.recorded:
            yield name, process, step


def spans(values: Mapping[str, int]) -> dict[str, int]:
    """The policies that are lengths of time, in microseconds."""
    return {
        policy.key: values[policy.key] * SPANS[policy.unit]
        for policy in flow().policies
        if policy.unit in SPANS and policy.key in values
    }


def objects(case: Case, process: str) -> list[list[int]]:
    """The numbers of the events of each object of a process, in order."""
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for number, event in enumerate(case.events):
        if event.thing[0] == process:
            found[event.thing].append(number)
    return list(found.values())


def leaves(event: Did, timer: Step[Any]) -> bool:
    """Whether it is a way out of a state in which this timer runs."""
    return event.target != event.source and event.source in {str(one) for one in timer.source}


def learn(cases: Sequence[Case], values: Mapping[str, int]) -> tuple[Deadline, ...]:
    """Each timer with the step that its time counted from and the policy that it is as long as."""
    known = spans(values)
    found: list[Deadline] = []
    for name, process, timer in timers():
        lives = [
            [case.events[number] for number in life]
            for case in cases
            for life in objects(case, process.name)
        ]
        pairs = (_seen(name, lives, known) or _said(process, timer)) if lives else ()
        for anchor, policy in pairs:
            if policy in known:
                before, last = _rates(lives, name, timer, anchor, known[policy])
                fade = min(1.0, last / before) if before else 1.0
                found.append(Deadline(name, anchor, policy, last, fade))
    return tuple(found)


def _seen(
    name: str, lives: Sequence[Sequence[Did]], known: Mapping[str, int]
) -> tuple[tuple[str, str], ...]:
    pairs: Counter[tuple[str, str]] = Counter()
    rung = 0
    for life in lives:
        for number, event in enumerate(life):
            if event.step == name:
                rung += 1
                if pair := _nearest(life[:number], event, known):
                    pairs[pair] += 1
    return tuple(pair for pair, count in pairs.items() if count * 50 >= rung)


def _nearest(before: Sequence[Did], event: Did, known: Mapping[str, int]) -> tuple[str, str] | None:
    """The step before and the policy whose length lies between it and the timer."""
    best: tuple[float, str, str] | None = None
    for one in before:
        for policy in _policies(event.step, one.step):
            if policy.key not in known:
                continue
            off = abs(event.at - one.at - known[policy.key])
            if off <= max(known[policy.key] // 10, _NEAR):
                found = (off / known[policy.key], one.step, policy.key)
                best = min(best, found) if best else found
    return best[1:] if best else None


def _policies(timer: str, anchor: str) -> tuple[Policy, ...]:
    return (*flow().step(timer)[1].policies, *flow().step(anchor)[1].policies)


def _said(process: Process[Any], timer: Step[Any]) -> tuple[tuple[str, str], ...]:
    """Where it never rang: the first length that the definition names, from entering the state."""
    key = next((policy.key for policy in timer.policies if policy.unit in SPANS), None)
    if key is None:
        return ()
    return tuple(
        (f"{process.name}.{step.name}", key)
        for step in process.steps
        if step.target in timer.source and (step.creates or step.target not in step.source)
    )


def came_later(clock: Deadline, span: int, random: Random) -> float | None:
    """How long after the old deadline somebody would have come who had not by then; None: never."""
    if not clock.rate:
        return None
    third = span / 3
    drawn = random.expovariate(1.0)
    if clock.fade >= 1:
        return drawn / clock.rate
    slope = log(clock.fade)
    reached = 1 + drawn * slope / (clock.rate * clock.fade**0.5 * third)
    return third * log(reached) / slope if reached > 0 else None


def _rates(
    lives: Sequence[Sequence[Did]], name: str, timer: Step[Any], anchor: str, span: int
) -> tuple[float, float]:
    """Other ways out per microsecond in the second and in the last third of the time."""
    exposed, came = [0.0, 0.0], [0, 0]
    for life in lives:
        since = next((one.at for one in life if one.step == anchor), None)
        out = next(
            (one for one in life if since is not None and one.at >= since and leaves(one, timer)),
            None,
        )
        if since is None or out is None:
            continue
        lasted = out.at - since
        for part in (0, 1):
            begins, ends = span * (part + 1) / 3, span * (part + 2) / 3
            exposed[part] += max(0.0, min(lasted, ends) - begins)
            came[part] += out.step != name and begins <= lasted <= ends
    before, last = (c / e if e else 0.0 for c, e in zip(came, exposed, strict=True))
    return before, last
