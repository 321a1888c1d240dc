"""What a picture must keep to, measured on its geometry alone."""

from __future__ import annotations

from itertools import combinations, pairwise

from shangliu.process.drawing.geometry import Box, Geometry, Line, Point
from shangliu.process.drawing.graph import Graph
from shangliu.process.drawing.metrics import PILL

Leg = tuple[Point, Point]


def legs(line: Line) -> list[Leg]:
    return [leg for leg in pairwise(line.points) if leg[0] != leg[1]]


def leg_box(leg: Leg) -> Box:
    (x, y), (x2, y2) = leg
    return Box(min(x, x2), min(y, y2), abs(x - x2) + 1, abs(y - y2) + 1)


def pill_box(line: Line) -> Box:
    assert line.pill is not None
    return Box(line.pill[0] - PILL[0] // 2, line.pill[1] - PILL[1] // 2, *PILL)


def labels(graph: Graph, geometry: Geometry) -> dict[str, Box]:
    """Every text that stands outside of a shape."""
    outside = {
        f"label of {node.key}": node.label.box
        for node in geometry.nodes
        if not node.box.holds(node.label.box)
    }
    exits = {
        f"exit {line.key}": line.label.box
        for line in (*geometry.edges, *geometry.messages)
        if line.label
    }
    return outside | exits


def overlapping_nodes(geometry: Geometry) -> list[tuple[str, str]]:
    return [(a.key, b.key) for a, b in combinations(geometry.nodes, 2) if a.box.overlaps(b.box)]


def outside_their_lane(graph: Graph, geometry: Geometry) -> list[str]:
    lanes = {band.code: band for band in geometry.lanes}
    return [
        place.key
        for node, place in zip(graph.nodes, geometry.nodes, strict=True)
        if not lanes[node.lane].box.holds(place.box) or lanes[node.lane].head.overlaps(place.box)
    ]


def through_nodes(geometry: Geometry) -> list[tuple[str, str]]:
    return [
        (line.key, node.key)
        for line in (*geometry.edges, *geometry.messages)
        for leg in legs(line)
        for node in geometry.nodes
        if leg_box(leg).overlaps(node.box.grown(-13 if node.box.w < 60 else -1))
    ]


def through_labels(graph: Graph, geometry: Geometry) -> list[tuple[str, str]]:
    return [
        (line.key, name)
        for line in (*geometry.edges, *geometry.messages)
        for leg in legs(line)
        for name, box in labels(graph, geometry).items()
        if leg_box(leg).overlaps(box)
    ]


def overlapping_labels(graph: Graph, geometry: Geometry) -> list[tuple[str, str]]:
    boxes = labels(graph, geometry)
    boxes |= {f"node {node.key}": node.box for node in geometry.nodes}
    return [(a, b) for a, b in combinations(boxes, 2) if boxes[a].overlaps(boxes[b])]


def covered_by_pills(graph: Graph, geometry: Geometry) -> list[tuple[str, str]]:
    boxes = labels(graph, geometry) | {f"node {n.key}": n.box for n in geometry.nodes}
    boxes |= {f"pill {line.key}": pill_box(line) for line in geometry.edges}
    found = [
        (line.key, name)
        for line in geometry.edges
        for name, box in boxes.items()
        if name != f"pill {line.key}" and pill_box(line).overlaps(box)
    ]
    return found + [
        (line.key, f"line {other.key}")
        for line in geometry.edges
        for other in (*geometry.edges, *geometry.messages)
        for leg in legs(other)
        if other is not line and pill_box(line).overlaps(leg_box(leg))
    ]


def crossings(geometry: Geometry) -> list[tuple[str, str]]:
    lines = [(line.key, leg) for line in geometry.edges for leg in legs(line)]
    return [(a, b) for (a, one), (b, two) in combinations(lines, 2) if a != b and _cross(one, two)]


def _cross(one: Leg, two: Leg) -> bool:
    if (one[0][1] == one[1][1]) == (two[0][1] == two[1][1]):
        return False
    a, b = leg_box(one), leg_box(two)
    return a.overlaps(b)


def too_close(geometry: Geometry, least: int = 10) -> list[tuple[str, str]]:
    """Pairs of different flows that run side by side nearer than `least`."""
    lines = [(i, line.key, leg) for i, line in enumerate(geometry.edges) for leg in legs(line)]
    return [
        (a, b)
        for (i, a, one), (j, b, two) in combinations(lines, 2)
        if i != j and _beside(one, two, least)
    ]


def _beside(one: Leg, two: Leg, least: int) -> bool:
    level = one[0][1] == one[1][1]
    if level != (two[0][1] == two[1][1]):
        return False
    axis = 0 if level else 1
    low, high = sorted((one[0][axis], one[1][axis]))
    low2, high2 = sorted((two[0][axis], two[1][axis]))
    return (
        min(high, high2) - max(low, low2) > 0 and abs(one[0][1 - axis] - two[0][1 - axis]) < least
    )
