"""A sheet that is much wider than paper, in rows one below the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

from shangliu.process.drawing.geometry import Geometry

_GAP = 48  # between two rows
_MARGIN = 12  # of a block: its line and what stands on its corners reach that far
_WORTH = 0.95  # one more fold has to gain more than this costs, as a fold is a leap for the reader


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
    """The codes of the stages of each row, or the keys of its blocks where each stage is one."""


@dataclass(frozen=True, slots=True)
class _Band:
    """What is never cut: from `left`, if it begins a row, to `right`, if it ends one."""

    code: str
    left: int
    right: int


def fold(geometry: Geometry, aspect: float) -> Folded:
    """The sheet as large as it gets on paper `aspect` times as wide as high. It is cut between
    stages only, so no step is; each row begins with the names of the lanes. The ways between two
    blocks are shown in both rows, with what is written on them."""
    bands = _stages(geometry) if geometry.stages else _blocks(geometry)
    last = len(bands)
    ways = (
        (0, *cuts, last) for number in range(last) for cuts in combinations(range(1, last), number)
    )
    found = [_cut(geometry, bands, cuts) for cuts in ways]
    return max(
        found, key=lambda one: min(aspect / one.width, 1 / one.height) * _WORTH ** len(one.rows)
    )


def _stages(geometry: Geometry) -> list[_Band]:
    starts = [0, *(stage.box.x for stage in geometry.stages[1:]), geometry.width]
    return [
        _Band(stage.code, left, right)
        for stage, (left, right) in zip(geometry.stages, pairwise(starts), strict=True)
    ]


def _blocks(geometry: Geometry) -> list[_Band]:
    boxes = [node.box for node in geometry.nodes]
    lefts = [0, *(box.x + box.w + _MARGIN for box in boxes[:-1])]
    rights = [*(box.x - _MARGIN for box in boxes[1:]), geometry.width]
    return [
        _Band(node.key, left, right)
        for node, left, right in zip(geometry.nodes, lefts, rights, strict=True)
    ]


def _cut(geometry: Geometry, bands: list[_Band], cuts: tuple[int, ...]) -> Folded:
    rows = [bands[first:end] for first, end in pairwise(cuts)]
    pieces = tuple(_pieces(geometry, rows))
    return Folded(
        width=max(piece.x + piece.right - piece.left for piece in pieces),
        height=len(rows) * (geometry.height + _GAP) - _GAP,
        row_height=geometry.height,
        pieces=pieces,
        rows=tuple(tuple(band.code for band in row) for row in rows),
    )


def _pieces(geometry: Geometry, rows: list[list[_Band]]) -> Iterator[Piece]:
    head = geometry.stages[0].box.x if geometry.stages else 0
    for place, row in enumerate(rows):
        y = place * (geometry.height + _GAP)
        if place and head:
            yield Piece(0, head, 0, y)
        yield Piece(row[0].left, row[-1].right, head if place else 0, y)
