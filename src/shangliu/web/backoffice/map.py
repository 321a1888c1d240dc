"""The living map: overview, a sheet per stage, the whole; panels of steps and ways."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from shangliu.domain.orders import queries as orders
from shangliu.flow.drawing import graph
from shangliu.flow.funnel import FUNNEL
from shangliu.insight import trace
from shangliu.insight.figures import Period
from shangliu.insight.funnel import sessions
from shangliu.platform.errors import NotFound
from shangliu.process.drawing.figures import Figures, Level
from shangliu.process.drawing.graph import Graph, Node
from shangliu.process.drawing.svg import css
from shangliu.process.running import flow
from shangliu.web.backoffice import alarms, funneling, living, panels, pictures, words
from shangliu.web.backoffice.access import page, staff

MOST_CASES = 100


def period_of(request: HttpRequest) -> Period:
    try:
        return Period(request.GET.get("period", ""))
    except ValueError:
        return living.DEFAULT


@staff()
@never_cache
@require_GET
def sheet(request: HttpRequest, code: str = pictures.OVERVIEW) -> HttpResponse:
    """A sheet with its figures; `?node=` or `?edge=` opens the panel beside it, `?order=` or
    `?visit=` shows a way."""
    if found := request.GET.get("find", "").strip():
        return _find(request, found)
    period = period_of(request)
    drawn, geometry = pictures.picture(code)
    figures = living.figures(period)
    path = _path(request)
    link = f"?period={period.value}&node={{key}}"
    context: dict[str, object] = {
        "code": code,
        "period": period,
        "periods": tuple(Period),
        "svg": pictures.draw(code, figures, path=path, link=link),
        "size": geometry,
        "map_css": css(),
        "stages": _stages(figures),
        "rows": _rows(drawn, figures, period),
        "panel": panels.panel_of(request, period),
        "order_number": request.GET.get("order", "") if path else "",
        "title": _title(code),
        "alarms": alarms.on_map(),
        "attention": _attention(figures) if code == pictures.OVERVIEW else [],
        "funnel": funneling.box(period, request.GET.get("by", ""))
        if code == pictures.OVERVIEW
        else None,
        "visit": request.GET.get("visit", "") if path else "",
        "stream_url": settings.STREAM_URL,
    }
    return page(request, "backoffice/map.html", context)


@staff()
@never_cache
@require_GET
def panel(request: HttpRequest) -> HttpResponse:
    """Only the panel, for the page to put beside the map."""
    return page(
        request,
        "backoffice/_panel.html",
        {"panel": panels.panel_of(request, period_of(request)), "period": period_of(request)},
    )


@staff()
@never_cache
@require_GET
def figures_json(request: HttpRequest) -> HttpResponse:
    """The same figures as the stream sends, for browsers that cannot listen."""
    return JsonResponse(living.payload(period_of(request)))


def _find(request: HttpRequest, found: str) -> HttpResponse:
    """An order opens its path, a step its panel on its stage's sheet."""
    for node in graph().nodes:
        if found.lower() in (node.key, str(node.label).lower()):
            return _to_node(node)
    near = [n for n in graph().nodes if found in n.label.zh or found.lower() in n.label.en.lower()]
    if near:
        return _to_node(near[0])
    try:
        order = orders.order_by_number(found.upper())
    except NotFound:
        return redirect(f"{reverse('staff_search')}?q={found}")
    return redirect("staff_order", number=order.number)


def _to_node(node: Node) -> HttpResponse:
    return redirect(f"{reverse('staff_map', args=(node.stage,))}?node={pictures.quoted(node.key)}")


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


def _stages(figures: Figures) -> list[dict[str, object]]:
    """The eight blocks as cards: the overview for narrow screens and for screen readers."""
    blocks, _geometry = pictures.picture(pictures.OVERVIEW)
    by_stage = {node.stage: node for node in blocks.nodes}
    found: list[dict[str, object]] = []
    for stage in flow().stages:
        block = by_stage.get(stage.code)
        figure = figures.of_node(block) if block else None
        oldest = figure.oldest_seconds if figure else None
        found.append(
            {
                "code": stage.code,
                "number": stage.number,
                "label": stage.label,
                "waiting": figure.waiting if figure else 0,
                "level": figure.level.value if figure else "ok",
                "oldest": words.lasted(oldest * 1_000_000) if oldest is not None else "",
                "key": block.key if block else "",
            }
        )
    return found


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


def _rows(drawn: Graph, figures: Figures, period: Period) -> list[dict[str, object]]:
    """The picture's numbers as a table."""
    moved = living.traffic(period)
    found: list[dict[str, object]] = []
    for node in drawn.nodes:
        if node.counts is None:
            continue
        figure = figures.nodes.get(node.key)
        count = moved.nodes[node.key].count if node.key in moved.nodes else 0
        oldest = figure.oldest_seconds if figure else None
        found.append(
            {
                "key": node.key,
                "label": node.label,
                "lane": words.lane_label(node.lane),
                "family": words.family_of_lane(node.lane),
                "waiting": figure.waiting if figure else 0,
                "oldest": words.lasted(oldest * 1_000_000) if oldest is not None else "",
                "level": figure.level.value if figure else "ok",
                "count": count,
                "p50": words.lasted(figure.p50_us) if figure else "",
                "p95": words.lasted(figure.p95_us) if figure else "",
            }
        )
    return found
