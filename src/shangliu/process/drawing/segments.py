"""Straight pieces of routed paths, and which of two should run first where both share a line."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from shangliu.process.drawing.grid import Cell, Grid, Net
from shangliu.process.drawing.routing import Path

_PORT = 0.4
_SCALE = 4096


@dataclass(eq=False)
class Segment:
    """A piece on line `line` from `low` to `high` (grid units along it).

    `turn_low`/`turn_high`: -1 or 1 where the path goes on at that end, 0 at a node or a pool.
    `limit` is how far it may leave the line's middle because of the ports at its ends.
    """

    net: int
    index: int
    horizontal: bool
    line: int
    low: float
    high: float
    turn_low: int = 0
    turn_high: int = 0
    limit: int | None = None
    weight: int = 0
    offset: int = 0
    low_next: Segment | None = None
    high_next: Segment | None = None

    def span(self) -> tuple[float, float]:
        """The ends in fine units: where a neighbour has its track, that counts too."""
        low = self.low * _SCALE + (self.low_next.offset if self.low_next else 0)
        high = self.high * _SCALE + (self.high_next.offset if self.high_next else 0)
        return low, high


def segments_of(path: Path, net: Net, grid: Grid) -> list[Segment]:
    corners = _corners(path)
    pieces = [_piece(net, i, a, b) for i, (a, b) in enumerate(pairwise(corners))]
    for first, second in pairwise(pieces):
        _join(first, second)
    _end_at_port(pieces[0], corners[0], grid)
    if net.target is not None:
        _end_at_port(pieces[-1], corners[-1], grid)
    if len(pieces) == 1:
        pieces[0].weight += 2
    return pieces


def _corners(path: Path) -> list[Cell]:
    inner = [
        here
        for before, here, after in zip(path, path[1:], path[2:], strict=False)
        if (before[0] == here[0]) != (here[0] == after[0])
    ]
    return [path[0], *inner, path[-1]]


def _piece(net: Net, index: int, a: Cell, b: Cell) -> Segment:
    horizontal = a[1] == b[1]
    line = a[1] if horizontal else a[0]
    ends = (a[0], b[0]) if horizontal else (a[1], b[1])
    return Segment(
        net.index, index, horizontal, line, min(ends), max(ends), weight=3 if net.main else 0
    )


def _join(first: Segment, second: Segment) -> None:
    """Tell each of two consecutive pieces where the other goes on."""
    for here, there in ((first, second), (second, first)):
        away = 1 if there.high > here.line else -1
        if abs(here.low - there.line) < abs(here.high - there.line):
            here.turn_low, here.low_next = away, there
        else:
            here.turn_high, here.high_next = away, there


def _end_at_port(piece: Segment, cell: Cell, grid: Grid) -> None:
    along = cell[0] if piece.horizontal else cell[1]
    if piece.low == along and piece.turn_low == 0:
        piece.low += _PORT
    else:
        piece.high -= _PORT
    half = grid.half(cell, horizontal=not piece.horizontal)
    limit = half * 2 // 3 if half < 30 else half - 14 if piece.horizontal else half - 34
    piece.limit = limit if piece.limit is None else min(limit, piece.limit)


def meet(a: Segment, b: Segment, slack: float) -> bool:
    """Whether two pieces of one line overlap and so need tracks of their own."""
    (low, high), (low2, high2) = a.span(), b.span()
    return low < high2 + slack and low2 < high + slack


def crossings_if_before(a: Segment, b: Segment) -> float:
    """How many crossings follow from running `a` on the smaller side of `b`."""
    return _crossed(a, b, 1) + _crossed(b, a, -1)


def _crossed(a: Segment, b: Segment, towards: int) -> float:
    low, high = b.span()
    count = 0.0
    for end, turn, at_low in ((a.span()[0], a.turn_low, True), (a.span()[1], a.turn_high, False)):
        if turn != towards:
            continue
        if low < end < high:
            count += 1
        elif end in {low, high}:
            count += _tie(b, towards, at_low=end == low and at_low)
    return count


def _tie(b: Segment, towards: int, *, at_low: bool) -> float:
    """Both end on one line: running on in parallel is harmless, turning past each other is not."""
    other = b.turn_low if at_low else b.turn_high
    return 0.0 if other == towards else 0.4
