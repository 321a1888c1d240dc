"""Spreading flows that share a line onto parallel tracks, in the order that crosses least."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from shangliu.process.drawing.metrics import TRACK
from shangliu.process.drawing.segments import Segment, crossings_if_before, meet

_SLACK_FREE = 8.0


def spread(segments: Iterable[Segment]) -> dict[tuple[bool, int], tuple[int, int]]:
    """Set every segment's offset; answer the least and the greatest of each (horizontal, line)."""
    lines: dict[tuple[bool, int], list[Segment]] = defaultdict(list)
    for segment in segments:
        lines[segment.horizontal, segment.line].append(segment)
    gaps_first = sorted(lines, key=lambda key: (key[1] % 2 != key[0], key))
    for _ in range(2):
        for key in gaps_first:
            for group in _groups(lines[key]):
                _spread_group(group)
    return {
        key: (min(s.offset for s in line), max(s.offset for s in line))
        for key, line in lines.items()
    }


def _groups(line: list[Segment]) -> list[list[Segment]]:
    """Runs of segments that overlap each other, directly or through others."""
    groups: list[list[Segment]] = []
    for segment in sorted(line, key=lambda s: (s.span(), s.net, s.index)):
        touching = [g for g in groups if any(meet(segment, other, _SLACK_FREE) for other in g)]
        rest = [g for g in groups if g not in touching]
        groups = [*rest, [*(s for g in touching for s in g), segment]]
    return groups


def _spread_group(group: list[Segment]) -> None:
    if len(group) == 1:
        group[0].offset = 0
        return
    order = _ordered(group)
    track: dict[int, int] = {}
    for i, segment in enumerate(order):
        below = [track[j] for j in range(i) if meet(segment, order[j], _SLACK_FREE)]
        track[i] = max(below, default=-1) + 1
    count = max(track.values()) + 1
    middle = _middle(order, track, count)
    for i, segment in enumerate(order):
        segment.offset = round((track[i] - middle) * TRACK)


def _middle(order: list[Segment], track: dict[int, int], count: int) -> float:
    """The track (or half track) that runs on the line itself: the weightiest straight piece's."""
    heavy = max(range(len(order)), key=lambda i: (order[i].weight, -i))
    if order[heavy].weight >= 2 and order[heavy].limit is not None:
        return float(track[heavy])
    if all(segment.limit is None for segment in order):
        return (count - 1) / 2
    wanted = sorted(
        (segment.limit, track[i]) for i, segment in enumerate(order) if segment.limit is not None
    )
    tight = [t for limit, t in wanted if limit == wanted[0][0]]
    return sum(tight) / len(tight)


def _ordered(group: list[Segment]) -> list[Segment]:
    """Insertion by least crossings: small groups, so plain repetition is good enough."""
    order: list[Segment] = []
    for segment in sorted(group, key=lambda s: (s.turn_low + s.turn_high, s.net, s.index)):
        order = _inserted(order, segment)
    for segment in list(order):
        order.remove(segment)
        order = _inserted(order, segment)
    return order


def _inserted(order: list[Segment], segment: Segment) -> list[Segment]:
    costs = []
    for at in range(len(order) + 1):
        before = sum(crossings_if_before(o, segment) for o in order[:at] if _near(o, segment))
        after = sum(crossings_if_before(segment, o) for o in order[at:] if _near(o, segment))
        costs.append(before + after)
    lowest = min(costs)
    best = [i for i, cost in enumerate(costs) if cost == lowest]
    lean = segment.turn_low + segment.turn_high
    at = best[-1] if lean > 0 else best[0] if lean < 0 else best[len(best) // 2]
    return [*order[:at], segment, *order[at:]]


def _near(a: Segment, b: Segment) -> bool:
    return meet(a, b, _SLACK_FREE)
