"""What a purchase left on the nodes of its map: when, by whom, the calls; and one node opened."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from shangliu.flow.drawing import graph
from shangliu.insight.figures import ways_of
from shangliu.insight.trace import Trace
from shangliu.process.drawing.figures import Figures, PassedMark
from shangliu.process.drawing.graph import Node
from shangliu.web.backoffice import words
from shangliu.web.backoffice.nextsteps import Next, Open
from shangliu.web.backoffice.passed import Called, Passed


def marks(trace: Trace, steps: Sequence[Passed], calls: Sequence[Called]) -> Figures:
    """By node: its last step and how often it was taken, the calls made from there by outcome."""
    last: dict[str, Passed] = {}
    times: Counter[str] = Counter()
    for place, step in enumerate(steps):
        node = trace.node_of(place)
        last[node] = step
        times[node] += 1
    made = Counter((_made_from(call, trace, steps), call.chip) for call in calls)
    return Figures(
        passed={
            node: PassedMark(
                at=words.moment(step.moment),
                who=step.by,
                times=times[node],
                ok=made[node, "done"],
                failed=made[node, "failed"],
            )
            for node, step in last.items()
            if node
        }
    )


def _made_from(call: Called, trace: Trace, steps: Sequence[Passed]) -> str:
    """The node of the last step before the call: of its object, or of any where it names none."""
    own = [
        place
        for place, step in enumerate(steps)
        if call.object_id is None
        or (step.process, step.object_id) == (call.process, call.object_id)
    ]
    if not own:
        return ""
    before = bisect_right([steps[place].moment for place in own], call.moment)
    return trace.node_of(own[max(before - 1, 0)])


def opened(
    key: str, trace: Trace, steps: Sequence[Passed], nexts: Sequence[Open]
) -> dict[str, object] | None:
    """What the node stands for in this purchase: the steps that went through it, or why there are
    none; None for what is not on the map."""
    node = ways_of(graph()).nodes.get(key)
    if node is None:
        return None
    ids = {event.pk for event in trace.at(key)}
    ways = {} if ids else _ways_on(node, nexts)
    return {
        "label": str(node.label),
        "key": key,
        "steps": [step for step in steps if step.id in ids],
        "nexts": ways.items(),
        "why": "" if ids else _absent(key, trace, ahead=bool(ways)),
    }


def _ways_on(node: Node, nexts: Sequence[Open]) -> Mapping[str, Next]:
    """The node's step, or those that leave the diamond, where they can come next; by the object
    that could take them."""
    nodes = ways_of(graph()).nodes
    ahead = [node, *(nodes[edge.target] for edge in graph().edges if edge.source == node.key)]
    names = {one.counts[0] for one in (ahead if node.counts is None else ahead[:1]) if one.counts}
    return {
        f"{one.part.title} {one.part.number} · {way.label}": way
        for one in nexts
        for way in one.steps
        if way.name in names
    }


def _absent(key: str, trace: Trace, *, ahead: bool) -> str:
    if ahead:
        return _("还没有走到这里。")
    if key in trace.path:
        return _("访问时经过，没有改变任何单据。")
    return _("这笔订单没有经过这里。")
