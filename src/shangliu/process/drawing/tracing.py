"""Finding one case's path on a picture: on the whole map, on a sheet, on the overview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from shangliu.process.drawing.graph import Edge, Graph, Node, Shape


@dataclass(frozen=True, slots=True)
class Trace:
    """What of a picture was visited. `current` is the node where the case stands now."""

    nodes: frozenset[str] = frozenset()
    edges: frozenset[str] = frozenset()
    current: str = ""

    def classes(self, node: Node) -> str:
        if node.key not in self.nodes:
            return ""
        return "visited current" if node.key == self.current else "visited"


def trace(graph: Graph, path: Sequence[str]) -> Trace:
    """`path` names nodes and edges of the whole map in the order of the visit.

    Edges may be left out: where two nodes follow each other, the edge between them counts.
    """
    passed = frozenset(path) | {f"{a}>{b}" for a, b in pairwise(path)}
    edges = frozenset(edge.key for edge in graph.edges if _was_taken(edge, passed))
    touched = {end for e in graph.edges if e.key in edges for end in (e.source, e.target)}
    nodes = frozenset(node.key for node in graph.nodes if _was_visited(node, passed, touched))
    known = {member: node.key for node in graph.nodes for member in _stands_for(node)}
    steps = [known[key] for key in path if key in known]
    last = next((key for key in reversed(path) if ">" not in key), "")
    return Trace(nodes, edges, steps[-1] if steps and last in known else "")


def _was_taken(edge: Edge, passed: frozenset[str]) -> bool:
    return edge.key in passed or not passed.isdisjoint(edge.origins)


def _was_visited(node: Node, passed: frozenset[str], touched: set[str]) -> bool:
    if node.shape in {Shape.LINK_IN, Shape.LINK_OUT}:
        return node.key in touched
    return not passed.isdisjoint(_stands_for(node))


def _stands_for(node: Node) -> tuple[str, ...]:
    return (node.key, *node.members) if node.shape is Shape.STAGE else (node.key,)
