"""The picture as a Mermaid flowchart, for documents that draw their own boxes."""

from __future__ import annotations

from shangliu.platform.text import Text
from shangliu.process.drawing.figures import is_english
from shangliu.process.drawing.graph import Edge, Graph, Node, Shape
from shangliu.process.drawing.metrics import EVENTS, GATEWAYS


def to_mermaid(graph: Graph, lang: str = "zh") -> str:
    """A flowchart with one subgraph a lane; the happy path has thick arrows."""
    names = {node.key: f"n{i}" for i, node in enumerate(graph.nodes)}
    names |= {pool.code: f"p{i}" for i, pool in enumerate(graph.pools)}
    lines = ["flowchart LR"]
    for i, lane in enumerate(graph.lanes):
        inside = [node for node in graph.nodes if node.lane == lane.code]
        if inside:
            lines.append(f"  subgraph l{i}[{_quoted(lane.label, lang)}]")
            lines += [f"    {names[node.key]}{_shape(node, lang)}" for node in inside]
            lines.append("  end")
    lines += [f"  {names[pool.code]}[[{_quoted(pool.label, lang)}]]" for pool in graph.pools]
    lines += [f"  {names[e.source]} {_arrow(e, lang)} {names[e.target]}" for e in graph.edges]
    for message in graph.messages:
        ends = (names[message.node], names[message.pool])
        source, target = ends if message.outgoing else ends[::-1]
        lines.append(f"  {source} -. {_quoted(message.label, lang)} .-> {target}")
    return "\n".join(lines) + "\n"


def _quoted(text: Text, lang: str) -> str:
    words = text.en if is_english(lang) else text.zh
    return '"' + words.replace("&", "#amp;").replace('"', "#quot;") + '"'


def _shape(node: Node, lang: str) -> str:
    label = _quoted(node.label, lang)
    if node.shape in GATEWAYS:
        return f"{{{label}}}"
    if node.shape is Shape.END:
        return f"((({label})))"
    if node.shape in EVENTS:
        return f"(({label}))"
    return f"({label})"


def _arrow(edge: Edge, lang: str) -> str:
    arrow = "==>" if edge.main else "-.->" if edge.problem else "-->"
    return f"{arrow}|{_quoted(edge.label, lang)}|" if edge.label else arrow
