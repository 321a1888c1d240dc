"""Which column a node stands in: stages one after the other, time from left to right.

A step may stand right below or above the one before it when their lanes differ and nothing is in
between: that keeps the picture narrow without turning time around.
"""

from __future__ import annotations

import heapq
from collections import defaultdict

from shangliu.process.drawing.graph import Edge, Graph, Node, Shape

_DEEPEST_CELL = 2


def columns(graph: Graph, longest_drop: int) -> dict[str, int]:
    """The column of every node; those of a stage are left of those of the next.

    `longest_drop` is how many lanes further a step may stand in the column of the one before.
    """
    order = {stage.code: index for index, stage in enumerate(graph.stages)}
    by_stage: dict[int, list[Node]] = defaultdict(list)
    for node in graph.nodes:
        by_stage[order.get(node.stage, 0)].append(node)
    lanes = {lane.code: index for index, lane in enumerate(graph.lanes)}
    result: dict[str, int] = {}
    start = 0
    for stage in sorted(by_stage):
        local = _Stage(by_stage[stage], graph.edges, lanes, longest_drop).columns()
        result |= {key: start + column for key, column in local.items()}
        start += max(local.values()) + 1
    return result


class _Stage:
    def __init__(
        self, nodes: list[Node], edges: tuple[Edge, ...], lanes: dict[str, int], longest_drop: int
    ) -> None:
        self.longest_drop = longest_drop
        self.nodes = {node.key: node for node in nodes}
        self.lane = {node.key: lanes.get(node.lane, 0) for node in nodes}
        inner = [e for e in edges if e.source in self.nodes and e.target in self.nodes]
        inner.sort(key=lambda e: (not e.main, e.problem))
        self.after: dict[str, list[str]] = defaultdict(list)
        for edge in inner:
            self.after[edge.source].append(edge.target)
        self.fed = {e.target for e in edges if e.source not in self.nodes}
        self.column: dict[str, int] = {}
        self.cells: dict[tuple[int, int], int] = defaultdict(int)
        self.corridors: set[tuple[int, int]] = set()
        self.sides: set[tuple[str, int]] = set()

    def columns(self) -> dict[str, int]:
        before = self._forward()
        order = self._in_time(before)
        for key in order:
            self._place(key, before[key])
        for key in reversed(order):
            side = not self.nodes[key].main or self.nodes[key].shape is Shape.LINK_IN
            if side and not before[key] and key not in self.fed:
                self._pull_right(key)
        return _without_holes(self.column)

    def _in_time(self, before: dict[str, list[str]]) -> list[str]:
        """After all its predecessors, the happy path as early as can be."""
        rank = {key: (not node.main, i) for i, (key, node) in enumerate(self.nodes.items())}
        missing = {key: len(set(sources)) for key, sources in before.items()}
        ready = [(rank[key], key) for key, count in missing.items() if not count]
        heapq.heapify(ready)
        order = []
        while ready:
            _, key = heapq.heappop(ready)
            order.append(key)
            for target in dict.fromkeys(self.after[key]):
                if key in before[target]:
                    missing[target] -= 1
                    if not missing[target]:
                        heapq.heappush(ready, (rank[target], target))
        return order

    def _forward(self) -> dict[str, list[str]]:
        """Each node's predecessors, the edges that lead back in time left out."""
        state: dict[str, int] = {}
        before: dict[str, list[str]] = {key: [] for key in self.nodes}
        for root in self._roots():
            if root in state:
                continue
            state[root] = 1
            stack = [(root, iter(self.after[root]))]
            while stack:
                key, targets = stack[-1]
                target = next(targets, None)
                if target is None:
                    state[key] = 2
                    stack.pop()
                elif state.get(target) != 1:
                    before[target].append(key)
                    if target not in state:
                        state[target] = 1
                        stack.append((target, iter(self.after[target])))
        return before

    def _roots(self) -> list[str]:
        entered = {target for targets in self.after.values() for target in targets}
        return sorted(
            self.nodes,
            key=lambda key: (
                key in entered and key not in self.fed,
                not self.nodes[key].main,
                self.nodes[key].shape is not Shape.START,
            ),
        )

    def _place(self, key: str, before: list[str]) -> None:
        nearest = max((self.column[u] for u in before), default=-1)
        last = [u for u in before if self.column[u] == nearest]
        if len(last) == 1 and self._may_drop(last[0], key):
            self._drop(last[0], key)
            return
        column = nearest + 1
        while not self._has_room(column, key):
            column += 1
        self._take(key, column)

    def _has_room(self, column: int, key: str) -> bool:
        cell = (column, self.lane[key])
        if cell in self.corridors:
            return False
        return self.cells[cell] < (1 if self.nodes[key].main else _DEEPEST_CELL)

    def _take(self, key: str, column: int) -> None:
        self.column[key] = column
        self.cells[column, self.lane[key]] += 1

    def _may_drop(self, above: str, key: str) -> bool:
        here, there = self.lane[above], self.lane[key]
        down = 1 if there > here else -1
        if here == there or abs(here - there) > self.longest_drop:
            return False
        if (above, down) in self.sides or self.nodes[key].shape is Shape.START:
            return False
        column = self.column[above]
        between = range(here + down, there + down, down)
        alone = self.cells[column, here] == 1
        return alone and all(
            not self.cells[column, lane] and (column, lane) not in self.corridors
            for lane in between
        )

    def _drop(self, above: str, key: str) -> None:
        here, there = self.lane[above], self.lane[key]
        down = 1 if there > here else -1
        column = self.column[above]
        self.sides |= {(above, down), (key, -down)}
        self.corridors |= {(column, lane) for lane in range(here + down, there, down)}
        self.corridors |= {(column, here), (column, there)}
        self._take(key, column)

    def _pull_right(self, key: str) -> None:
        """An entry without predecessors stands just before what it leads to."""
        targets = [self.column[t] for t in self.after[key] if t != key]
        column = min(targets, default=0) - 1
        if column > self.column[key] and self._has_room(column, key):
            self.cells[self.column[key], self.lane[key]] -= 1
            self._take(key, column)


def _without_holes(column: dict[str, int]) -> dict[str, int]:
    used = {old: new for new, old in enumerate(sorted(set(column.values())))}
    return {key: used[old] for key, old in column.items()}
