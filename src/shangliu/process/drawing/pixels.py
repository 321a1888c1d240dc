"""From routed and spread segments to polylines in pixels, ending on the outlines of the shapes."""

from __future__ import annotations

import math
from itertools import pairwise

from shangliu.process.drawing.frame import POOL_MARGIN, Frame
from shangliu.process.drawing.geometry import Box, Point
from shangliu.process.drawing.graph import Node
from shangliu.process.drawing.grid import Cell, Grid, Net
from shangliu.process.drawing.metrics import EVENTS, GATEWAYS, size_of
from shangliu.process.drawing.segments import Segment


def box_of(frame: Frame, cell: Cell, node: Node) -> Box:
    size = size_of(node.shape)
    return Box(frame.x[cell[0]] - size.w // 2, frame.y[cell[1]] - size.h // 2, size.w, size.h)


def polyline(frame: Frame, grid: Grid, net: Net, line: list[Segment]) -> tuple[Point, ...]:
    """The flow's points in its own direction; a message flow ends at the border of the pools."""
    corners = [_corner(frame, a, b) for a, b in pairwise(line)]
    start = _port(frame, grid, net.source, line[0])
    if net.target is not None:
        end = _port(frame, grid, net.target, line[-1])
    else:
        y = frame.top - POOL_MARGIN if net.side < 0 else frame.bottom + POOL_MARGIN
        end = (frame.x[line[-1].line] + line[-1].offset, y)
    points = (start, *corners, end)
    return points[::-1] if net.incoming else points


def _corner(frame: Frame, a: Segment, b: Segment) -> Point:
    across, down = (a, b) if a.horizontal else (b, a)
    return frame.x[down.line] + down.offset, frame.y[across.line] + across.offset


def _port(frame: Frame, grid: Grid, cell: Cell, segment: Segment) -> Point:
    along = cell[0] if segment.horizontal else cell[1]
    away = 1 if abs(segment.low - along) < abs(segment.high - along) else -1
    reach = away * _reach(grid.node_at[cell], segment)
    x, y = frame.x[cell[0]], frame.y[cell[1]]
    if segment.horizontal:
        return x + reach, y + segment.offset
    return x + segment.offset, y + reach


def _reach(node: Node, segment: Segment) -> int:
    """From the middle of the shape to its outline, along the segment."""
    size = size_of(node.shape)
    half = (size.w if segment.horizontal else size.h) // 2
    aside = abs(segment.offset)
    if node.shape in GATEWAYS:
        return max(0, half - aside)
    if node.shape in EVENTS:
        return round(math.sqrt(max(0, half * half - aside * aside)))
    return half
