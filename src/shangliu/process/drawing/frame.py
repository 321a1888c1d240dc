"""From grid lines to pixels: widths of columns, heights of rows, lanes, stages and pools."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

from shangliu.process.drawing.geometry import Band, Box
from shangliu.process.drawing.graph import Graph
from shangliu.process.drawing.grid import Grid, is_overview
from shangliu.process.drawing.metrics import CHANNEL, GAP, size_of

POOL_HEAD = 30
LANE_HEAD = 96
STAGE_HEAD = 34
POOL_HEIGHT = 40
POOL_MARGIN = 38
_POOL_GAP = 12
_EDGE = 52
_ARRIVAL = 22
_DEPARTURE = 80
_ROW = 72

Span = tuple[int, int]


@dataclass
class Extra:
    """Room added to gaps where labels did not fit at the first try."""

    x: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    y: dict[int, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(frozen=True)
class Frame:
    """`x[i]` and `y[j]` are the pixels of the grid's lines; `right` and `bottom` end the lanes."""

    x: tuple[int, ...]
    y: tuple[int, ...]
    right: int
    bottom: int
    stage_edges: tuple[int, ...]
    lane_edges: tuple[int, ...]
    left: int
    top: int


def make_frame(graph: Graph, grid: Grid, used: dict[tuple[bool, int], Span], extra: Extra) -> Frame:
    bare = is_overview(graph)
    left = 0 if bare else POOL_HEAD + LANE_HEAD
    top = 0 if bare else STAGE_HEAD + 8 + _pools_height(graph, top=True)
    xs, stage_edges, right = _columns(grid, used, extra, left)
    ys, lane_edges, bottom = _rows(grid, used, extra, top)
    return Frame(
        tuple(xs), tuple(ys), right, bottom, tuple(stage_edges), tuple(lane_edges), left, top
    )


def _pools_height(graph: Graph, *, top: bool) -> int:
    return POOL_MARGIN + POOL_HEIGHT if any(pool.top is top for pool in graph.pools) else 0


def _columns(
    grid: Grid, used: dict[tuple[bool, int], Span], extra: Extra, left: int
) -> tuple[list[int], list[int], int]:
    widths = [0] * grid.columns
    for (x, _), node in grid.node_at.items():
        widths[x // 2] = max(widths[x // 2], size_of(node.shape).w, 64)
    xs: list[int] = []
    edges: list[int] = []
    at = left
    for line in range(grid.width):
        if line % 2:
            xs.append(at + widths[line // 2] // 2)
            at += widths[line // 2]
            continue
        low, high = used.get((False, line), (0, 0))
        tracks = high - low + _ARRIVAL if (False, line) in used else 0
        outer = line in {0, grid.width - 1}
        room = _EDGE + tracks if outer else max(GAP, _DEPARTURE + tracks)
        end = at + room + extra.x[line]
        xs.append(at + _EDGE // 2 - low if line == grid.width - 1 else end - _ARRIVAL - high)
        edges.append(end - _ARRIVAL // 2)
        at = end
    return xs, edges, at


def _rows(
    grid: Grid, used: dict[tuple[bool, int], Span], extra: Extra, top: int
) -> tuple[list[int], list[int], int]:
    heights = [_ROW] * grid.rows
    for (_, y), node in grid.node_at.items():
        heights[y // 2 - 1] = max(heights[y // 2 - 1], size_of(node.shape).h)
    ys = [top]
    edges = [top]
    at = top
    for line in range(1, grid.height - 1):
        if line % 2 == 0:
            ys.append(at + heights[line // 2 - 1] // 2)
            at += heights[line // 2 - 1]
            continue
        low, high = used.get((True, line), (0, 0))
        room = CHANNEL + high - low + extra.y[line]
        middle = at + room // 2
        row = line // 2
        between_lanes = 0 < row < grid.rows and grid.lane_of_row[row - 1] != grid.lane_of_row[row]
        offset = -(low + high) // 2
        if between_lanes:
            edges.append(middle)
            offset += _aside(offset, low, high)
        ys.append(middle + offset)
        at += room
    ys.append(at)
    edges.append(at)
    return ys, edges, at


def _aside(offset: int, low: int, high: int) -> int:
    """Keep tracks off the border line between two lanes."""
    nearest = min(abs(offset + track) for track in range(low, high + 1, 7))
    return 7 if nearest < 4 else 0


def lane_bands(graph: Graph, frame: Frame) -> tuple[Band, ...]:
    return tuple(
        Band(
            lane.code,
            Box(POOL_HEAD, y, frame.right - POOL_HEAD, below - y),
            Box(POOL_HEAD, y, LANE_HEAD, below - y),
        )
        for lane, (y, below) in zip(graph.lanes, pairwise(frame.lane_edges), strict=True)
    )


def stage_bands(graph: Graph, grid: Grid, frame: Frame) -> tuple[Band, ...]:
    """Stages as neighbouring column groups; a stage without nodes has no band."""
    last: dict[str, int] = {}
    for (x, _), node in grid.node_at.items():
        last[node.stage] = max(last.get(node.stage, 0), x // 2)
    bands = []
    start = frame.left
    shown = [stage for stage in graph.stages if stage.code in last]
    for stage in shown:
        end = frame.right if stage is shown[-1] else frame.stage_edges[last[stage.code] + 1]
        head = Box(start, 0, end - start, STAGE_HEAD)
        bands.append(
            Band(stage.code, Box(start, frame.top, end - start, frame.bottom - frame.top), head)
        )
        start = end
    return tuple(bands)


def pool_bands(graph: Graph, frame: Frame, reach: dict[str, list[int]]) -> tuple[Band, ...]:
    """Outside parties above and below; those whose flows keep apart share one row."""
    bands = []
    for top in (True, False):
        pools = [pool.code for pool in graph.pools if pool.top is top]
        spans = _side_by_side(pools, reach, frame)
        y = frame.top - POOL_MARGIN - POOL_HEIGHT if top else frame.bottom + POOL_MARGIN
        for level, (code, low, high) in spans:
            shift = level * (POOL_HEIGHT + _POOL_GAP)
            box = Box(low, y - shift if top else y + shift, high - low, POOL_HEIGHT)
            bands.append(Band(code, box, box))
    order = {pool.code: i for i, pool in enumerate(graph.pools)}
    return tuple(sorted(bands, key=lambda band: order[band.code]))


def _side_by_side(
    pools: list[str], reach: dict[str, list[int]], frame: Frame
) -> list[tuple[int, tuple[str, int, int]]]:
    spans = {code: (min(reach.get(code, [0])), max(reach.get(code, [0]))) for code in pools}
    levels: list[list[str]] = []
    for code in sorted(pools, key=lambda code: spans[code]):
        fits = [level for level in levels if spans[level[-1]][1] + 220 < spans[code][0]]
        if fits:
            fits[0].append(code)
        else:
            levels.append([code])
    result = []
    for depth, level in enumerate(levels):
        start = POOL_HEAD
        for i, code in enumerate(level):
            last = i + 1 == len(level)
            end = frame.right if last else (spans[code][1] + spans[level[i + 1]][0]) // 2
            result.append((depth, (code, start, end if last else end - 6)))
            start = end + 6
    return result
