"""From deviations to a ranked list: what is nearest to the root first, its consequences below."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shangliu.insight.alarms.signals import (
    LEDGER,
    STOCK,
    WORKER,
    Depth,
    Signal,
    decision_of,
    owner_of,
    place,
    stage_of,
    step_of,
    system_label,
)
from shangliu.platform.text import Text
from shangliu.process.definition import Flow
from shangliu.process.roles import Role


@dataclass(frozen=True, kw_only=True, slots=True)
class Located:
    """An alarm as it is shown. `by`: the key of what explains it; empty for a root."""

    key: str
    depth: Depth
    stage: str
    system: str
    step: str
    state: str
    decision: Text | None
    owner: Role
    signal: Signal
    by: str = ""

    @property
    def fresh(self) -> bool:
        return self.signal.fresh


_INSIDE = (Depth.LETTER, Depth.CHOICE, Depth.TIMER, Depth.STALL, Depth.RATE)
_PACE = (Depth.CHOICE, Depth.STALL, Depth.RATE)


def locate(flow: Flow, signals: Sequence[Signal]) -> list[Located]:
    """One alarm for each place and system, the likeliest cause first."""
    found = [_located(flow, one) for one in _joined(signals)]
    named = [replace(one, by=_explained(flow, one, found)) for one in found]
    return sorted(
        named,
        key=lambda one: (
            bool(one.by),
            not one.fresh,
            one.depth,
            place(flow, one.signal),
            -one.signal.count,
        ),
    )


def _located(flow: Flow, signal: Signal) -> Located:
    step = step_of(flow, signal.step)
    state = signal.state or (str(step.source[0]) if step is not None and step.source else "")
    return Located(
        key=":".join((signal.depth.name.lower(), signal.system, signal.step)),
        depth=signal.depth,
        stage=stage_of(flow, signal),
        system=signal.system,
        step=signal.step,
        state=state,
        decision=decision_of(flow, signal),
        owner=owner_of(flow, signal),
        signal=signal,
    )


def _joined(signals: Sequence[Signal]) -> list[Signal]:
    """What one system does wrong at one step is one alarm, with all the evidence."""
    kept: defaultdict[tuple[int, str, str], list[Signal]] = defaultdict(list)
    for one in signals:
        kept[one.depth, one.system, one.step].append(one)
    joined = []
    for many in kept.values():
        first = max(many, key=lambda one: (one.fresh, one.count))
        rest = [one for one in many if one is not first]
        evidence = (*first.evidence, *(line for one in rest for line in one.evidence))
        joined.append(
            replace(
                first,
                evidence=evidence[:8],
                count=sum(one.count for one in many),
                cases=tuple(dict.fromkeys(case for one in (first, *rest) for case in one.cases))[
                    :50
                ],
                plays=tuple(dict.fromkeys(play for one in (first, *rest) for play in one.plays)),
            )
        )
    return joined


def _explained(flow: Flow, one: Located, found: Sequence[Located]) -> str:
    roots = [other for other in found if other is not one and _explains(flow, other, one)]
    return min(roots, key=lambda other: other.depth).key if roots else ""


def _explains(flow: Flow, root: Located, one: Located) -> bool:
    """Whether `root` being so makes `one` what has to be expected."""
    if _order(flow, root) >= _order(flow, one) or (one.fresh and not root.fresh):
        return False
    if root.depth <= Depth.PROGRAM:
        return _house_explains(root, one)
    if root.depth in (Depth.CALL, Depth.LETTER, Depth.NOTICE):
        return _same_party(flow, root, one)
    if one.depth is Depth.RATE:
        return root.depth is Depth.BOOKS or root.step == one.step or _is_behind(flow, root, one)
    if root.depth in _PACE and (_only_follows(flow, root, one) or _same_people(root, one)):
        return True
    return one.depth in _PACE and root.depth <= Depth.CHOICE and _process(root) == _process(one)


def _house_explains(root: Located, one: Located) -> bool:
    """A database that hangs explains whatever else hangs; a worker or a program, what they do."""
    if root.depth is Depth.DATABASE:
        return one.depth is not Depth.DATABASE and one.system not in (STOCK, LEDGER)
    return one.depth in _INSIDE or (one.system == WORKER and one.depth > root.depth)


def _order(flow: Flow, one: Located) -> tuple[int, bool, tuple[int, int]]:
    """No two alarms may explain each other: the smaller may explain the larger."""
    return one.depth.value, one.step in flow.fired(), place(flow, one.signal)


def _same_party(flow: Flow, root: Located, one: Located) -> bool:
    """The same outside system, or what waits for the answer of the one that fails."""
    if root.system == one.system or (root.step != "" and root.step == one.step):
        return True
    waits = _process(root) in {name.partition(".")[0] for name in _heard(flow)}
    return waits and _process(root) == _process(one) and one.depth > root.depth


def _heard(flow: Flow) -> list[str]:
    """The steps that an outside party reports."""
    return [name for name, _, step in flow.steps() if step.hears is not None]


def _process(one: Located) -> str:
    return one.step.partition(".")[0]


def _is_behind(flow: Flow, root: Located, one: Located) -> bool:
    return _is_upstream(flow, root, one) or _only_follows(flow, root, one)


def _same_people(root: Located, one: Located) -> bool:
    """Who does not take one step of a kind of document does not take the next one either."""
    return _process(root) == _process(one) and root.system == one.system


def _only_follows(flow: Flow, root: Located, one: Located) -> bool:
    """A step that is only set off by others does not come because they do not."""
    fired = flow.fired()
    return one.step in fired and root.step not in fired


def _is_upstream(flow: Flow, root: Located, one: Located) -> bool:
    if not root.step or not one.step:
        return False
    return place(flow, root.signal) < place(flow, one.signal)


def title(flow: Flow, one: Located) -> Text:
    """`支付处理 · 支付宝 · 付款结果？`"""
    stage = next((known.label for known in flow.stages if known.code == one.stage), None)
    parts = [stage or Text("全部阶段", "All stages"), system_label(flow, one.system)]
    if one.decision is not None:
        parts.append(one.decision)
    return Text(" · ".join(p.zh for p in parts), " · ".join(p.en for p in parts))
