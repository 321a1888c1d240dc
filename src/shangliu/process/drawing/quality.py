"""How easy a picture is to read, as one number: the lower the better."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import pairwise

from shangliu.process.drawing.geometry import Geometry, Line

_CROSSING = 80
_BEND = 12
_WIDTH = 2
_HEIGHT = 3
_LENGTH = 90


def price(geometry: Geometry) -> int:
    """Crossings above all, then bends, then size and the length of lines."""
    lines = (*geometry.edges, *geometry.messages)
    bends = sum(max(0, len(line.points) - 2) for line in lines)
    length = sum(
        abs(x - x2) + abs(y - y2) for line in lines for (x, y), (x2, y2) in pairwise(line.points)
    )
    size = geometry.width // _WIDTH + geometry.height // _HEIGHT
    return _CROSSING * crossings(lines) + _BEND * bends + size + length // _LENGTH


def crossings(lines: Iterable[Line]) -> int:
    """How often level legs cross upright ones."""
    level, upright = [], []
    for line in lines:
        for (x, y), (x2, y2) in pairwise(line.points):
            if y == y2:
                level.append((min(x, x2), max(x, x2), y))
            else:
                upright.append((x, min(y, y2), max(y, y2)))
    upright.sort()
    xs = [x for x, _, _ in upright]
    return sum(
        low < y < high
        for left, right, y in level
        for _, low, high in upright[bisect_right(xs, left) : bisect_left(xs, right)]
    )
