"""Finding each flow's way over the coarse grid: short, few bends, few crossings, no node."""

from __future__ import annotations

import heapq
from collections import defaultdict
from itertools import pairwise

from shangliu.process.drawing.grid import Cell, Grid, Net

Path = list[Cell]

EAST, SOUTH, WEST, NORTH = range(4)
_STEP = ((1, 0), (0, 1), (-1, 0), (0, -1))
_BEND = 60
_CROSSING = 55
_TOUCH = 14
_SHARED_GAP = 7
_SHARED_CENTRE = 60
_ALONG_X = 70
_ALONG_Y = 42
_LEAVE = (0, 30, 90, 30)
_ARRIVE = (90, 26, 0, 26)
_PORT_TAKEN = (35, 190)
_KEPT_FOR_EXITS = 70
_PASSES = 3


class Router:
    """Routes in order of importance, then gives every flow a second chance among the others."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.across: dict[Cell, int] = defaultdict(int)
        self.down: dict[Cell, int] = defaultdict(int)
        self.through_x: dict[Cell, int] = defaultdict(int)
        self.through_y: dict[Cell, int] = defaultdict(int)
        self.turns: dict[Cell, int] = defaultdict(int)
        self.near: dict[Cell, list[tuple[int, Cell]]] = {}
        self.ports: dict[tuple[Cell, int], int] = defaultdict(int)

    def neighbours(self, at: Cell) -> list[tuple[int, Cell]]:
        """The next points in each direction that lie on the grid."""
        if at not in self.near:
            x, y = at
            self.near[at] = [
                (direction, (x + dx, y + dy))
                for direction, (dx, dy) in enumerate(_STEP)
                if 0 <= x + dx < self.grid.width and 0 <= y + dy < self.grid.height
            ]
        return self.near[at]

    def route(self, nets: list[Net]) -> list[Path]:
        paths: dict[int, Path] = {}
        order = sorted(nets, key=self._importance)
        for attempt in range(_PASSES):
            for net in order:
                if attempt:
                    self._mark(paths[net.index], -1)
                paths[net.index] = _search(self, net)
                self._mark(paths[net.index], 1)
        return [paths[net.index] for net in nets]

    def _importance(self, net: Net) -> tuple[bool, bool, int, int]:
        """The happy path first, what can run straight before what must turn, near before far."""
        if net.target is None:
            return True, True, 1000, net.index
        dx, dy = abs(net.source[0] - net.target[0]), abs(net.source[1] - net.target[1])
        return not net.main, bool(dx and dy), dx + dy, net.index

    def _mark(self, path: Path, by: int) -> None:
        for (x, y), (x2, y2) in pairwise(path):
            if y == y2:
                self.across[min(x, x2), y] += by
            else:
                self.down[x, min(y, y2)] += by
        for i in range(1, len(path) - 1):
            (x0, y0), here, (x2, y2) = path[i - 1 : i + 2]
            kind = self.through_x if y0 == y2 else self.through_y if x0 == x2 else self.turns
            kind[here] += by
        self.ports[path[0], heading(path[0], path[1])] += by
        if path[-1] in self.grid.node_at:
            self.ports[path[-1], heading(path[-1], path[-2])] += by

    def port_cost(self, cell: Cell, side: int, net: Net, *, arriving: bool) -> int:
        taken = self.ports.get((cell, side), 0)
        if net.target is None:
            return 90 * taken + (40 if side in {EAST, WEST} else 0)
        gateway = self.grid.is_gateway(cell)
        upright = side in {NORTH, SOUTH} and not gateway
        price = (_PORT_TAKEN[gateway] + (50 if upright else 0)) * taken
        if gateway and arriving and side in {NORTH, SOUTH}:
            price += _KEPT_FOR_EXITS
        return price + (_ARRIVE if arriving else _LEAVE)[side]

    def step_cost(self, at: Cell, to: Cell, direction: int) -> int:
        x, y = min(at[0], to[0]), min(at[1], to[1])
        if direction in {EAST, WEST}:
            shared = self.across.get((x, y), 0)
            return _ALONG_X + shared * (_SHARED_GAP if y % 2 else _SHARED_CENTRE)
        shared = self.down.get((x, y), 0)
        return _ALONG_Y + shared * (_SHARED_CENTRE if x % 2 else _SHARED_GAP)

    def point_cost(self, at: Cell, came: int, goes: int) -> int:
        if came != goes:
            passing = self.through_x.get(at, 0) + self.through_y.get(at, 0)
            return _BEND + _TOUCH * passing
        met = self.through_y if came in {EAST, WEST} else self.through_x
        return _CROSSING * met.get(at, 0) + _TOUCH * self.turns.get(at, 0)


def heading(start: Cell, end: Cell) -> int:
    if end[1] == start[1]:
        return EAST if end[0] > start[0] else WEST
    return SOUTH if end[1] > start[1] else NORTH


def _search(router: Router, net: Net) -> Path:
    """A* over (point, direction); a node's own cell is entered only to end there."""
    best: dict[tuple[Cell, int], float] = {}
    came: dict[tuple[Cell, int], tuple[Cell, int] | None] = {}
    queue: list[tuple[float, int, float, Cell, int]] = []
    tick = 0
    for direction, to in router.neighbours(net.source):
        if not _is_open(router.grid, net, to):
            continue
        cost: float = router.port_cost(net.source, direction, net, arriving=False)
        cost += router.step_cost(net.source, to, direction)
        best[to, direction] = cost
        came[to, direction] = None
        heapq.heappush(queue, (cost + _ahead(router.grid, net, to), tick, cost, to, direction))
        tick += 1
    while queue:
        _, _, cost, at, direction = heapq.heappop(queue)
        if _is_end(router.grid, net, at):
            return _walk(came, (at, direction), net.source)
        if cost > best[at, direction]:
            continue
        for goes, to, more in _moves(router, net, at, direction):
            total = cost + more
            if total < best.get((to, goes), 1e18):
                best[to, goes] = total
                came[to, goes] = (at, direction)
                tick += 1
                estimate = total + _ahead(router.grid, net, to)
                heapq.heappush(queue, (estimate, tick, total, to, goes))
    raise ValueError(f"no way from {net.source} to {net.target}")


def _moves(router: Router, net: Net, at: Cell, direction: int) -> list[tuple[int, Cell, int]]:
    moves = []
    back = (direction + 2) % 4
    for goes, to in router.neighbours(at):
        if goes == back or not _is_open(router.grid, net, to):
            continue
        cost = router.step_cost(at, to, goes) + router.point_cost(at, direction, goes)
        if to == net.target:
            cost += router.port_cost(to, (goes + 2) % 4, net, arriving=True)
        moves.append((goes, to, cost))
    return moves


def _is_end(grid: Grid, net: Net, at: Cell) -> bool:
    if net.target is not None:
        return at == net.target
    return at[1] == (grid.top if net.side < 0 else grid.bottom)


def _is_open(grid: Grid, net: Net, at: Cell) -> bool:
    """Not through nodes, and onto the border only where the flow goes to a pool there."""
    if at[1] == grid.top or at[1] == grid.bottom:
        return _is_end(grid, net, at)
    return at not in grid.node_at or at == net.target


def _ahead(grid: Grid, net: Net, at: Cell) -> int:
    if net.target is None:
        return _ALONG_Y * abs(at[1] - (grid.top if net.side < 0 else grid.bottom))
    dx, dy = abs(at[0] - net.target[0]), abs(at[1] - net.target[1])
    return _ALONG_X * dx + _ALONG_Y * dy + (_BEND if dx and dy else 0)


def _walk(
    came: dict[tuple[Cell, int], tuple[Cell, int] | None], end: tuple[Cell, int], source: Cell
) -> Path:
    path = []
    state: tuple[Cell, int] | None = end
    while state is not None:
        path.append(state[0])
        state = came[state]
    return [source, *path[::-1]]
