"""The living map: overview, a sheet per stage, the whole; panels of steps and ways."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from shangliu.domain.orders import queries as orders
from shangliu.flow.drawing import graph
from shangliu.flow.funnel import FUNNEL
from shangliu.insight import trace
from shangliu.insight.funnel import sessions
from shangliu.insight.heat import Heat
from shangliu.insight.meanings import meaning
from shangliu.insight.rollup import hour_of
from shangliu.insight.window import Period, previous
from shangliu.platform import clock
from shangliu.process.drawing.figures import Figures, Level, NodeFigure, pill_text, tag_text
from shangliu.process.drawing.svg import css
from shangliu.process.lint import lint
from shangliu.process.running import flow
from shangliu.web.backoffice import (
    alarms,
    finding,
    funneling,
    living,
    map_rows,
    panels,
    pictures,
    words,
)
from shangliu.web.backoffice.access import page, staff
from shangliu.web.backoffice.looks import Look, look_of


@staff()
@never_cache
@require_GET
def sheet(request: HttpRequest, code: str = pictures.OVERVIEW) -> HttpResponse:
    """A sheet with its figures; `?node=` or `?edge=` opens the panel beside it, `?order=` or
    `?visit=` shows a way."""
    if found := request.GET.get("find", "").strip():
        return redirect(finding.address(found))
    look = look_of(request)
    drawn, geometry = pictures.picture(code)
    shown = living.figures(look.span, compare=look.compare)
    heat = living.heated(look.span, look.heat, drawn, shown) if look.heat else None
    figures = replace(shown, heat=map_rows.marks(heat)) if heat else shown
    path = _path(request)
    number = request.GET.get("order", "") if path else ""
    is_overview = code == pictures.OVERVIEW
    context: dict[str, object] = {
        "code": code,
        "look": look,
        "period": look.span,
        "periods": tuple(Period),
        "svg": pictures.draw(
            code, figures, path=path, link=f"?{look.query(order=number)}&node={{key}}"
        ),
        "size": geometry,
        "fold": pictures.folded(code),
        "map_css": css(),
        "stages": map_rows.stages(figures),
        "rows": map_rows.steps(drawn, figures),
        "ways": map_rows.ways(drawn, figures),
        "suggestions": [*map_rows.suggestions(drawn), *finding.colleagues()],
        "heats": tuple(Heat),
        "bands": map_rows.bands(heat) if heat else [],
        "panel": panels.panel_of(request, look),
        "order_number": number,
        "title": _title(code),
        "defects": _defects(graph().version),
        "alarms": alarms.on_map(),
        "attention": _attention(shown) if is_overview and look.is_live else [],
        "funnel": funneling.box(look.span, request.GET.get("by", "")) if is_overview else None,
        "visit": request.GET.get("visit", "") if path else "",
        "stream_url": settings.STREAM_URL,
        "printed_at": words.moment(clock.now()),
    }
    return page(request, "backoffice/map.html", context | _dates(look) | _typed(request, look))


def _typed(request: HttpRequest, look: Look) -> dict[str, str]:
    """A period that cannot be stays in its fields, to be put right there."""
    if not look.wrong:
        return {}
    return {name: said for name in ("since", "until") if (said := request.GET.get(name, ""))}


def _dates(look: Look) -> dict[str, object]:
    """What stands in the fields for dates, and when what one looks at began and ended."""
    stretch = look.span.stretch
    until = min(stretch.until, clock.now())
    return {
        "meaning": meaning,
        "today": f"{clock.local(clock.now()):%Y-%m-%d}",
        "yesterday": f"{clock.local(clock.now() - timedelta(days=1)):%Y-%m-%d}",
        "since": f"{clock.local(stretch.since):%Y-%m-%dT%H:%M}",
        "until": f"{clock.local(hour_of(until)):%Y-%m-%dT%H:%M}",
        "from_to": f"{words.moment(stretch.since)} – {words.moment(until)}",
        "before": previous(look.span).label,
    }


@staff()
@never_cache
@require_GET
def panel(request: HttpRequest) -> HttpResponse:
    """Only the panel, for the page to put beside the map."""
    look = look_of(request)
    context = {"panel": panels.panel_of(request, look), "look": look, "period": look.span}
    return page(request, "backoffice/_panel.html", {**context, "meaning": meaning})


@staff()
@never_cache
@require_GET
def figures_json(request: HttpRequest) -> HttpResponse:
    """The same figures as the stream sends, for browsers that cannot listen; with `?compare=` and
    `?heat=` also what the tags of a sheet (`?code=`) say and how hot its nodes are."""
    look = look_of(request)
    if not (look.compare or look.heat):
        return JsonResponse(living.payload(look.span))
    drawn, _geometry = pictures.picture(request.GET.get("code", pictures.OVERVIEW))
    shown = living.figures(look.span, compare=look.compare)
    heat = living.heated(look.span, look.heat, drawn, shown) if look.heat else None
    marks = map_rows.marks(heat) if heat else {}
    lang = words.lang()
    figure = {node.key: shown.of_node(node) or NodeFigure() for node in drawn.nodes}
    return JsonResponse(
        living.figures_payload(look.span, shown)
        | {
            "heat": {key: [mark.band, mark.words] for key, mark in marks.items()},
            "tags": {
                node.key: tag_text(node, figure[node.key], marks.get(node.key), lang)
                for node in drawn.nodes
            },
            "pills": {
                edge.key: pill_text(known, lang)
                for edge in drawn.edges
                if (known := shown.of_edge(edge)) is not None
            },
        }
    )


def _title(code: str) -> str:
    if code == pictures.OVERVIEW:
        return _("流程地图")
    if code == pictures.WHOLE:
        return _("全流程")
    stage = next(stage for stage in flow().stages if stage.code == code)
    return f"{stage.number} {stage.label}"


def _path(request: HttpRequest) -> tuple[str, ...]:
    if visit := request.GET.get("visit", ""):
        known = sessions.cases_of(FUNNEL, visit)
        return trace.trace(graph(), cases=known, visit=visit).path
    number = request.GET.get("order", "")
    if not number:
        return ()
    order = orders.order_by_number(number)
    known = [order.case_no, *filter(None, [order.trade.cart_case])]
    return trace.trace(graph(), cases=known, visit=order.trade.visit).path


def _attention(figures: Figures) -> list[dict[str, object]]:
    """Where the oldest has waited too long, or nearly so; the worst first."""
    late = [
        (node, figure)
        for node in graph().nodes
        if (figure := figures.nodes.get(node.key)) is not None and figure.level is not Level.OK
    ]
    late.sort(key=lambda one: (one[1].level is Level.WARN, -(one[1].oldest_seconds or 0)))
    return [
        {
            "key": node.key,
            "label": node.label,
            "stage": node.stage,
            "family": words.family_of_lane(node.lane),
            "lane": words.lane_label(node.lane),
            "waiting": figure.waiting,
            "oldest": words.lasted((figure.oldest_seconds or 0) * 1_000_000),
            "level": figure.level.value,
        }
        for node, figure in late
    ]


@lru_cache(maxsize=2)
def _defects(version: str) -> int:
    """How many findings the linter has about the running definition."""
    return len(lint(flow()))
