"""Which row of its lane a node stands in: the happy path on one line, side paths beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from shangliu.process.drawing.graph import Graph, Node

_MOST = 40


@dataclass(frozen=True)
class Rows:
    """`row` of each node counted over the whole picture; `lane_of` tells each row's lane."""

    row: dict[str, int]
    lane_of: tuple[int, ...]


def rows(graph: Graph, column: dict[str, int], sides: Sequence[int]) -> Rows:
    """`sides` says for each lane where a side path is tried first: 1 below, -1 above."""
    row: dict[str, int] = {}
    lane_of: list[int] = []
    for index, lane in enumerate(graph.lanes):
        members = [node for node in graph.nodes if node.lane == lane.code]
        local = _Lane(graph, index, members, column, sides[index]).rows()
        levels = sorted(set(local.values())) or [0]
        row |= {key: len(lane_of) + levels.index(level) for key, level in local.items()}
        lane_of += [index] * len(levels)
    return Rows(row, tuple(lane_of))


class _Lane:
    def __init__(
        self, graph: Graph, index: int, members: list[Node], column: dict[str, int], first: int
    ) -> None:
        self.tried = [0, *(side * row for row in range(1, _MOST) for side in (first, -first))]
        self.members = members
        self.column = column
        self.taken: set[tuple[int, int]] = set()
        self.kept: dict[tuple[int, int], int] = defaultdict(int)
        self.row: dict[str, int] = {}
        self.around: dict[str, list[str]] = defaultdict(list)
        self.pull: dict[str, int] = defaultdict(int)
        lanes = {lane.code: i for i, lane in enumerate(graph.lanes)}
        lane_of = {node.key: lanes.get(node.lane, 0) for node in graph.nodes}
        own = {node.key for node in members}
        for edge in graph.edges:
            for here, there in ((edge.source, edge.target), (edge.target, edge.source)):
                if here in own:
                    self.around[here].append(there)
                    self.pull[here] += (lane_of[there] > index) - (lane_of[there] < index)

    def rows(self) -> dict[str, int]:
        order = sorted(
            range(len(self.members)),
            key=lambda i: (not self.members[i].main, self.column[self.members[i].key], i),
        )
        for i in order:
            node = self.members[i]
            self._place(node)
        return self.row

    def _place(self, node: Node) -> None:
        column = self.column[node.key]
        free = [r for r in self.tried if (column, r) not in self.taken]
        row = min(free, key=lambda r: (self._cost(node, r), self.tried.index(r)))
        self.row[node.key] = row
        self.taken.add((column, row))
        for other in self.around[node.key]:
            if self.row.get(other) == row:
                low, high = sorted((column, self.column[other]))
                for between in range(low + 1, high):
                    self.kept[between, row] += 3 if node.main else 1

    def _cost(self, node: Node, row: int) -> float:
        """Rows are dear, then straight lines to neighbours, then a clear way out of the lane."""
        if node.main:
            return abs(row) * 10
        column = self.column[node.key]
        cost = abs(row) * 3.0 + 3.0 * self.kept[column, row]
        if self.pull[node.key] * row < 0:
            cost += 1.5
        for other in self.around[node.key]:
            if other in self.row:
                cost += 1.0 if self.row[other] != row else 0.0
                cost += 4.0 * self._blocked(column, self.column[other], row, self.row[other])
        return cost

    def _blocked(self, column: int, other: int, row: int, other_row: int) -> bool:
        if row != other_row:
            return False
        low, high = sorted((column, other))
        return any((between, row) in self.taken for between in range(low + 1, high))
