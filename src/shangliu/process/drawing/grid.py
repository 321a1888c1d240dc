"""The coarse grid that lines are routed on, before anything has a place in pixels.

Vertical lines: even indices are the gaps between columns, odd ones the columns' centres.
Horizontal lines: odd indices are the gaps between rows, even ones the rows' centres; the first and
the last line are the borders to the outside pools.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shangliu.process.drawing.graph import Graph, Node, Shape
from shangliu.process.drawing.metrics import GATEWAYS, size_of
from shangliu.process.drawing.ranks import columns
from shangliu.process.drawing.rows import rows

Cell = tuple[int, int]


@dataclass(frozen=True)
class Net:
    """One flow to route; without a `target` it goes to the pools at `side` (-1 above, 1 below)."""

    index: int
    source: Cell
    target: Cell | None
    main: bool = False
    side: int = 0
    incoming: bool = False


@dataclass(frozen=True)
class Grid:
    columns: int
    rows: int
    lane_of_row: tuple[int, ...]
    node_at: dict[Cell, Node]
    cell_of: dict[str, Cell]
    width: int
    height: int
    top: int
    bottom: int

    def is_gateway(self, cell: Cell) -> bool:
        return self.node_at[cell].shape in GATEWAYS

    def half(self, cell: Cell, *, horizontal: bool) -> int:
        size = size_of(self.node_at[cell].shape)
        return (size.w if horizontal else size.h) // 2


def is_overview(graph: Graph) -> bool:
    """Stage blocks stand in one row; their lanes only lend them a colour."""
    return all(node.shape is Shape.STAGE for node in graph.nodes)


def make_grid(graph: Graph, longest_drop: int, sides: Sequence[int]) -> Grid:
    if is_overview(graph):
        lane = graph.lanes[:1]
        nodes = tuple(replace(node, lane=lane[0].code) for node in graph.nodes)
        graph = replace(graph, lanes=lane, nodes=nodes)
    column = columns(graph, longest_drop)
    placed = rows(graph, column, sides)
    count = max(column.values(), default=0) + 1
    cell_of = {
        node.key: (2 * column[node.key] + 1, 2 * placed.row[node.key] + 2) for node in graph.nodes
    }
    return Grid(
        columns=count,
        rows=len(placed.lane_of),
        lane_of_row=placed.lane_of,
        node_at={cell_of[node.key]: node for node in graph.nodes},
        cell_of=cell_of,
        width=2 * count + 1,
        height=2 * len(placed.lane_of) + 3,
        top=0,
        bottom=2 * len(placed.lane_of) + 2,
    )


def nets(graph: Graph, grid: Grid) -> list[Net]:
    """Sequence flows first, then message flows, in the graph's order."""
    tops = {pool.code: pool.top for pool in graph.pools}
    flows = [
        Net(i, grid.cell_of[edge.source], grid.cell_of[edge.target], edge.main)
        for i, edge in enumerate(graph.edges)
    ]
    return flows + [
        Net(
            len(flows) + i,
            grid.cell_of[message.node],
            None,
            side=-1 if tops[message.pool] else 1,
            incoming=not message.outgoing,
        )
        for i, message in enumerate(graph.messages)
    ]
