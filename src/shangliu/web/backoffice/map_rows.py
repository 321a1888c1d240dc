"""The map's numbers as rows: of the table beside a sheet, of the stages, of the legend of heat."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from shangliu.flow.drawing import graph
from shangliu.insight.heat import Heat, Heated
from shangliu.process.drawing.figures import (
    EdgeFigure,
    Figures,
    HeatMark,
    NodeFigure,
    change_text,
)
from shangliu.process.drawing.graph import Edge, Graph, Shape
from shangliu.process.running import flow
from shangliu.web.backoffice import pictures, words


def oldest(figure: NodeFigure | None) -> str:
    if figure is None or figure.oldest_seconds is None:
        return ""
    return words.lasted(figure.oldest_seconds * 1_000_000)


def change(before: int | None, now: int | None) -> str:
    return change_text(before or 0, now or 0, words.lang()) if before or now else ""


def steps(drawn: Graph, figures: Figures) -> list[dict[str, object]]:
    """A row for each step of a sheet."""
    found: list[dict[str, object]] = []
    for node in drawn.nodes:
        if node.counts is None and not node.waits:
            continue
        figure = figures.nodes.get(node.key) or NodeFigure()
        heat = (figures.heat or {}).get(node.key)
        found.append(
            {
                "key": node.key,
                "label": node.label,
                "lane": words.lane_label(node.lane),
                "family": words.family_of_lane(node.lane),
                "oldest": oldest(figure),
                "level": figure.level.value,
                "heat": heat.words if heat else "",
                "band": heat.band if heat else 0,
                **_numbers(figure),
                **(_compared(figure) if figures.beside else {}),
            }
        )
    return found


def _numbers(figure: NodeFigure) -> dict[str, object]:
    return {
        "waiting": figure.waiting,
        "count": figure.count,
        "p50": words.lasted(figure.p50_us),
        "p95": words.lasted(figure.p95_us),
    }


def _compared(figure: NodeFigure) -> dict[str, object]:
    """The same numbers of the span before, and how they changed."""
    before = figure.before or NodeFigure()
    return {
        "before": _numbers(before),
        "change": {
            "waiting": change(before.waiting, figure.waiting),
            "count": change(before.count, figure.count),
            "p50": change(before.p50_us, figure.p50_us) if before.p50_us and figure.p50_us else "",
            "p95": change(before.p95_us, figure.p95_us) if before.p95_us and figure.p95_us else "",
        },
    }


def ways(drawn: Graph, figures: Figures) -> list[dict[str, object]]:
    """A row for each way of a sheet, with the address of the way on the whole map."""
    labels = {node.key: node.label for node in drawn.nodes}
    found: list[dict[str, object]] = []
    for edge in drawn.edges:
        figure = figures.of_edge(edge) or EdgeFigure(0)
        before = figure.before.count if figure.before else 0
        found.append(
            {
                "key": edge.key,
                "open": edge.key if is_between_stages(edge) else (edge.origins or (edge.key,))[0],
                "label": f"{labels[edge.source]} → {labels[edge.target]}",
                "exit": edge.label or "",
                "count": figure.count,
                "share": "" if figure.share is None else f"{figure.share:.1%}",
                "before": before,
                "change": change(before, figure.count),
            }
        )
    return found


def is_between_stages(edge: Edge) -> bool:
    """Is it a way of the overview, which stands for all ways from a stage to another?"""
    return edge.key.startswith(f"{Shape.STAGE.value}:")


def stages(figures: Figures) -> list[dict[str, object]]:
    """The eight blocks as cards: the overview for narrow screens and for screen readers."""
    blocks, _geometry = pictures.picture(pictures.OVERVIEW)
    by_stage = {node.stage: node for node in blocks.nodes}
    found: list[dict[str, object]] = []
    for stage in flow().stages:
        block = by_stage.get(stage.code)
        figure = (figures.of_node(block) if block else None) or NodeFigure()
        heat = (figures.heat or {}).get(block.key) if block else None
        found.append(
            {
                "code": stage.code,
                "number": stage.number,
                "label": stage.label,
                "level": figure.level.value,
                "oldest": oldest(figure),
                "key": block.key if block else "",
                "heat": heat.words if heat else "",
                "band": heat.band if heat else 0,
                "waiting": figure.waiting,
                "count": figure.count,
                **(_compared(figure) if figures.beside else {}),
            }
        )
    return found


def heat_words(kind: Heat, value: float) -> str:
    """`12 个`, `2分`, `3 次`, `12.5%`."""
    if kind is Heat.DWELL:
        return words.lasted(round(value))
    if kind is Heat.LOSS:
        return f"{value:.1%}"
    unit = _("{n} 个") if kind is Heat.WAITING else _("{n} 次")
    return unit.format(n=round(value))


def marks(heated: Heated) -> dict[str, HeatMark]:
    return {
        key: HeatMark(heated.band(key), f"{heated.kind.label} {heat_words(heated.kind, value)}")
        for key, value in heated.values.items()
    }


def bands(heated: Heated) -> list[dict[str, object]]:
    """The legend: each band with its real least and greatest value."""
    return [
        {
            "band": i,
            "words": heat_words(heated.kind, least)
            if least == most
            else f"{heat_words(heated.kind, least)} – {heat_words(heated.kind, most)}",
        }
        for i, (least, most) in enumerate(heated.bands, start=1)
    ]


def suggestions(drawn: Graph) -> Sequence[str]:
    """The names of steps for the search box: the sheet's own first."""
    own = [str(node.label) for node in drawn.nodes if node.counts]
    return list(dict.fromkeys([*own, *(str(one.label) for one in graph().nodes if one.counts)]))
