"""The map's pictures, with figures, paths and links on them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from django.urls import reverse

from shangliu.flow.drawing import graph
from shangliu.flow.layouts import OVERVIEW, WHOLE, names
from shangliu.flow.layouts import sheet as laid_out
from shangliu.platform.errors import NotFound
from shangliu.process.drawing.figures import Figures
from shangliu.process.drawing.fold import fold
from shangliu.process.drawing.geometry import Geometry
from shangliu.process.drawing.graph import Edge, Graph, Shape
from shangliu.process.drawing.svg import to_svg
from shangliu.web.backoffice import words

__all__ = [
    "OVERVIEW",
    "WHOLE",
    "Way",
    "draw",
    "folded",
    "on_sheet",
    "picture",
    "quoted",
    "stage_of",
    "stages_of",
    "way",
]

_PAPER = 404 / 248  # what remains of A3 beside the edges and below the heading, as in map.css


def picture(sheet: str) -> tuple[Graph, Geometry]:
    """The sheet (`overview`, `all` or a stage's code) and where everything stands on it."""
    if sheet not in names():
        raise NotFound
    return laid_out(sheet)


def draw(sheet: str, figures: Figures | None, *, path: Sequence[str] = (), link: str = "") -> str:
    """The sheet as SVG. `path` is that of a trace on the whole map; `link` leads to a node's panel
    and takes the key in the place of `{key}`."""
    drawn, geometry = picture(sheet)
    return to_svg(
        geometry,
        drawn,
        figures=figures,
        lang=words.lang(),
        path=on_sheet(drawn, path),
        href=(lambda key: _address(drawn, key, link)) if link else None,
    )


def folded(sheet: str) -> str:
    """In JSON how the sheet is printed in rows; empty for one that fills its page as it is."""
    found = fold(picture(sheet)[1], _PAPER)
    return json.dumps(asdict(found)) if len(found.rows) > 1 else ""


def _address(drawn: Graph, key: str, link: str) -> str:
    """Where a node leads: a step to its panel, one that stands on another sheet there, a block of
    the overview to its stage."""
    leads_to = link.replace("{key}", quoted(key))
    here = next((node for node in drawn.nodes if node.key == key), None)
    if here is None:
        beyond = next(node for node in graph().nodes if node.key == key)
        return reverse("staff_map", args=(beyond.stage,)) + leads_to
    if here.shape is Shape.STAGE:
        look = leads_to.rpartition("&node=")[0]
        return reverse("staff_map", args=(here.stage,)) + look
    return leads_to


@dataclass(frozen=True, slots=True)
class Way:
    """A way of a picture that can be opened: the ways of the whole map that it stands for."""

    key: str
    title: str
    stage: str
    origins: tuple[str, ...]
    edge: Edge


def way(key: str) -> Way | None:
    """A way of the whole map, or one between two stages of the overview."""
    for drawn in (graph(), picture(OVERVIEW)[0]):
        edge = next((one for one in drawn.edges if one.key == key), None)
        if edge is not None:
            ends = {node.key: node for node in drawn.nodes}
            source, target = ends[edge.source], ends[edge.target]
            title = f"{source.label} → {target.label}"
            return Way(key, title, target.stage, edge.origins or (key,), edge)
    return None


def on_sheet(drawn: Graph, path: Sequence[str]) -> tuple[str, ...]:
    """The path as far as it runs on this sheet, its ways over the edge included."""
    if not path:
        return ()
    by_origin: Mapping[str, str] = {
        origin: edge.key for edge in drawn.edges for origin in (*edge.origins, edge.key)
    }
    ends = {edge.key: (edge.source, edge.target) for edge in drawn.edges}
    keys = {node.key for node in drawn.nodes}
    members = {member: node.key for node in drawn.nodes for member in node.members}
    found: list[str] = []
    for one in path:
        edge = by_origin.get(one)
        if edge is not None:
            source, target = ends[edge]
            found += [source, edge, target]
        elif one in keys:
            found.append(one)
        elif one in members and members[one].startswith("stage:"):
            found.append(members[one])
    return tuple(found)


def stage_of(path: Sequence[str]) -> str:
    """The stage in which a path stands at its end."""
    stages = {node.key: node.stage for node in graph().nodes}
    return next((stages[key] for key in reversed(path) if key in stages), "")


def stages_of(path: Sequence[str]) -> tuple[str, ...]:
    """The stages that a path has touched, in order."""
    stages = {node.key: node.stage for node in graph().nodes}
    return tuple(dict.fromkeys(stages[key] for key in path if key in stages))


def quoted(key: str) -> str:
    return "".join(
        letter if letter.isalnum() or letter in "._-~" else f"%{ord(letter):02X}" for letter in key
    )
