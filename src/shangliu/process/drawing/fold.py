"""A sheet that is much wider than paper, in rows one below the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

from shangliu.process.drawing.geometry import Geometry

_GAP = 48  # between two rows


@dataclass(frozen=True, slots=True)
class Piece:
    """What lies between `left` and `right` of the sheet, put with its left upper corner at `x`,
    `y` of the folded picture."""

    left: int
    right: int
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Folded:
    """`height` is that of all rows, `row_height` that of one, which is the sheet's."""

    width: int
    height: int
    row_height: int
    pieces: tuple[Piece, ...]
    rows: tuple[tuple[str, ...], ...]
    """The codes of the stages of each row."""


def fold(geometry: Geometry, aspect: float) -> Folded:
    """The sheet as large as it gets on paper `aspect` times as wide as high. It is cut between
    stages only, so no step is; each row begins with the names of the lanes. What has no stages
    stays one row."""
    last = len(geometry.stages)
    ways = (
        (0, *cuts, last)
        for number in range(max(last, 1))
        for cuts in combinations(range(1, last), number)
    )
    found = [_cut(geometry, cuts) for cuts in ways]
    return max(found, key=lambda one: min(aspect / one.width, 1 / one.height))


def _cut(geometry: Geometry, cuts: tuple[int, ...]) -> Folded:
    pieces = tuple(_pieces(geometry, cuts))
    rows = len(cuts) - 1
    return Folded(
        width=max(piece.x + piece.right - piece.left for piece in pieces),
        height=rows * (geometry.height + _GAP) - _GAP,
        row_height=geometry.height,
        pieces=pieces,
        rows=tuple(
            tuple(stage.code for stage in geometry.stages[first:end])
            for first, end in pairwise(cuts)
        ),
    )


def _pieces(geometry: Geometry, cuts: tuple[int, ...]) -> Iterator[Piece]:
    head = geometry.stages[0].box.x if geometry.stages else 0
    for place, (first, end) in enumerate(pairwise(cuts)):
        y = place * (geometry.height + _GAP)
        left = geometry.stages[first].box.x if place else 0
        right = geometry.width if end == len(geometry.stages) else geometry.stages[end].box.x
        if place:
            yield Piece(0, head, 0, y)
        yield Piece(left, right, head if place else 0, y)
