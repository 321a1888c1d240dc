"""Which drawn way an event came by: from (step, step before, cause) to a node and its edges.

An event stands for one passage into its node. The passage is drawn as the edges from the step
node before it, through diamonds, to the node. Where several step nodes come before, the one that
the event names as its cause, or as the step before, decides; a step that is set off in passing
stands for the step that set it off. What visitors do is logged apart from objects, so a step of a
visit that no step of a visit leads to came by the way from an object. An event that took a way
which is not drawn belongs to no edge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shangliu.process.drawing.graph import Edge, Graph, Node
from shangliu.process.running import flow

NOT_SEEN = "-"


@dataclass(frozen=True, slots=True)
class Passage:
    """What events are grouped by. `origin`: the last step in the case (`step|cause`) of those that
    the drawing knows before this one; asked only where cause and step before do not decide."""

    step: str
    before: str
    cause: str
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Leg:
    """The edges from one step node to the next; `entry` names the step it begins with."""

    entry: str
    edges: tuple[str, ...]
    main: bool


class Ways:
    """The picture's answer to where an event belongs. Built once for a picture."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: Mapping[str, Node] = {node.key: node for node in graph.nodes}
        self._fired = flow().fired()
        self._into: dict[str, list[Edge]] = defaultdict(list)
        for edge in graph.edges:
            self._into[edge.target].append(edge)
        self._of_step: dict[str, list[Node]] = defaultdict(list)
        for node in graph.nodes:
            if node.counts is not None:
                self._of_step[node.counts[0]].append(node)
        self._legs = {key: self._legs_into(key) for key, node in self.nodes.items() if node.counts}

    def nodes_of(self, step: str, cause: str) -> tuple[Node, ...]:
        """The nodes on which an event of `step` is counted: those drawn for its cause, else the
        one drawn for all others."""
        drawn = self._of_step.get(step, [])
        for_cause = [node for node in drawn if cause and cause in _causes(node)]
        return tuple(for_cause or [node for node in drawn if not _causes(node)] or drawn[:1])

    def legs(self, passage: Passage) -> tuple[Leg, ...]:
        """The way into each node of the event; less than one a node where nothing decides."""
        found = []
        for node in self.nodes_of(passage.step, passage.cause):
            leg = self._choose(node.key, passage)
            if leg is not None:
                found.append(leg)
        return tuple(found)

    def edges(self, passage: Passage) -> tuple[str, ...]:
        return tuple(edge for leg in self.legs(passage) for edge in leg.edges)

    def undecided(self, passage: Passage) -> tuple[str, ...]:
        """The steps to look for in the case when the event does not say where it came from."""
        for node in self.nodes_of(passage.step, passage.cause):
            legs = self._legs[node.key]
            if len(legs) > 1 and self._named(node.key, passage) is None:
                return tuple(dict.fromkeys(leg.entry for leg in legs))
        return ()

    def ends(self) -> Iterable[tuple[Edge, tuple[str, ...], tuple[str, ...]]]:
        """Edges into ends: each with the steps that come to it and, where it leaves a diamond,
        the steps that were possible instead."""
        for edge in self.graph.edges:
            if not edge.target.endswith("!"):
                continue
            if self.nodes[edge.source].counts is not None:
                yield edge, (edge.source,), ()
            else:
                entries = tuple(
                    one.source
                    for one in self._into[edge.source]
                    if self.nodes[one.source].counts is not None
                )
                others = tuple(
                    one.target
                    for one in self.graph.edges
                    if one.source == edge.source and one.target != edge.target
                )
                yield edge, entries, others

    def _legs_into(self, key: str) -> tuple[Leg, ...]:
        legs: list[Leg] = []
        paths: list[tuple[Edge, ...]] = [(edge,) for edge in self._into[key]]
        while paths:
            path = paths.pop(0)
            source = self.nodes[path[0].source]
            edges = tuple(edge.key for edge in path)
            main = all(edge.main for edge in path)
            if source.counts is not None:
                legs.append(Leg(source.key, edges, main))
            elif not self._into[source.key]:
                legs.append(Leg("", edges, main))
            else:
                paths += [(edge, *path) for edge in self._into[source.key] if edge.key not in edges]
        return tuple(legs)

    def _choose(self, key: str, passage: Passage) -> Leg | None:
        legs = self._legs[key]
        if len(legs) == 1:
            return legs[0]
        named = self._named(key, passage)
        if named is not None:
            return named
        if passage.origin not in ("", NOT_SEEN):
            name, _, cause = passage.origin.partition("|")
            entries = {node.key for node in self.nodes_of(name, cause)}
            return next((leg for leg in legs if leg.entry in entries), None)
        if self._is_recorded(passage.step):
            return _main_first(leg for leg in legs if not self._is_recorded(leg.entry))
        if passage.before or passage.cause:
            return None
        recorded = [leg for leg in legs if self._is_recorded(leg.entry)]
        return _main_first(recorded) or next((leg for leg in legs if leg.main), None)

    def _named(self, key: str, passage: Passage) -> Leg | None:
        for origin in (passage.cause, passage.before):
            if origin:
                near = [
                    (distance, not leg.main, leg.entry, leg)
                    for leg in self._legs[key]
                    if leg.entry and (distance := self._distance(leg.entry, origin)) is not None
                ]
                if near:
                    return min(near, key=lambda one: one[:3])[3]
        return None

    def _distance(self, entry: str, origin: str) -> int | None:
        """How many steps set off in passing lie between `origin` and the entry; None: no way."""
        seen, front, steps = {entry}, [entry], 0
        while front:
            names = [node.counts[0] for key in front if (node := self.nodes[key]).counts]
            if origin in names:
                return steps
            front = [key for one in front if self._passes(one) for key in self._before(one)]
            front = [key for key in dict.fromkeys(front) if key not in seen]
            seen.update(front)
            steps += 1
        return None

    def _passes(self, key: str) -> bool:
        counts = self.nodes[key].counts
        return counts is None or counts[0] in self._fired

    def _before(self, key: str) -> list[str]:
        return [edge.source for edge in self._into[key]]

    @staticmethod
    def _is_recorded(entry: str) -> bool:
        process = entry.partition(".")[0]
        return not entry or flow()[process].recorded


def _main_first(legs: Iterable[Leg]) -> Leg | None:
    return min(legs, key=lambda leg: not leg.main, default=None)


def _causes(node: Node) -> tuple[str, ...]:
    return tuple(filter(None, node.counts[1].split(","))) if node.counts else ()
