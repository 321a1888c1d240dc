"""What waited at a moment that is over, without reading the log again.

What waits in a state now, less what came into it since and more what left it, is what waited then.
Both are in the passages that are summed up by the hour: a step names the state it leads to, the
step before it the state it left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from shangliu.insight.passages import Stretch
from shangliu.insight.rollup import sums
from shangliu.insight.waiting import waiting
from shangliu.insight.ways import Passage, Ways
from shangliu.process.running import flow


def waited(ways: Ways, moment: datetime) -> dict[tuple[str, str], int]:
    """(process, state) -> how many waited there at `moment`."""
    counts = Counter({pair: one.count for pair, one in waiting().items()})
    counts.subtract(net(sums(ways, Stretch(moment)).passages))
    waits = {pair for node in ways.graph.nodes for pair in node.waits}
    return {pair: count for pair, count in counts.items() if count > 0 and pair in waits}


def net(passages: Mapping[Passage, int]) -> Counter[tuple[str, str]]:
    """(process, state) -> how many more came into it than left it."""
    found: Counter[tuple[str, str]] = Counter()
    for passage, count in passages.items():
        for pair, sign in moves(passage.step, passage.before):
            found[pair] += sign * count
    return found


def moves(step: str, before: str) -> tuple[tuple[tuple[str, str], int], ...]:
    """The state that an event of `step` led to (+1) and the one that it left (-1)."""
    into, left = _target(step), _target(before)
    if into is None or into == left:
        return ()
    return ((into, 1),) if left is None else ((into, 1), (left, -1))


def _target(name: str) -> tuple[str, str] | None:
    if not name:
        return None
    try:
        process, step = flow().step(name)
    except KeyError:
        return None
    return None if process.recorded else (process.name, str(step.target))
