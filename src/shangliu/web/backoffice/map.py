"""The living map: overview, a sheet per stage, the whole; panels of steps and ways."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from shangliu.domain.orders import queries as orders
from shangliu.flow.drawing import graph
from shangliu.insight import cases, trace
from shangliu.insight.figures import Period, allowed, ways_of
from shangliu.platform import clock
from shangliu.platform.errors import NotFound
from shangliu.process.definition import Process, Step
from shangliu.process.drawing.figures import Figures, Level
from shangliu.process.drawing.graph import Graph, Node, Shape
from shangliu.process.drawing.svg import css
from shangliu.process.running import flow
from shangliu.web.backoffice import living, pictures, words
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
    """A sheet with its figures; `?node=` or `?edge=` opens the panel beside it, `?order=` a way."""
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
        "panel": _panel(request, period),
        "order_number": request.GET.get("order", "") if path else "",
        "title": _title(code),
        "attention": _attention(figures) if code == pictures.OVERVIEW else [],
        "funnel": _funnel(period) if code == pictures.OVERVIEW else [],
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
        {"panel": _panel(request, period_of(request)), "period": period_of(request)},
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


_FUNNEL = ("visit.arrive", "visit.view_product", "cart.add", "order.place", "order.pay")


def _funnel(period: Period) -> list[dict[str, object]]:
    """From the visit to the paid order: counts of the map's own steps, and what part is left."""
    moved = living.traffic(period).nodes
    counts = [(name, moved[name].count if name in moved else 0) for name in _FUNNEL]
    first = counts[0][1]
    return [
        {
            "label": words.step_label(name),
            "count": count,
            "part": f"{count / first:.1%}" if first else "",
            "width": min(100, round(100 * count / first)) if first else 0,
        }
        for name, count in counts
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


def _panel(request: HttpRequest, period: Period) -> dict[str, object] | None:
    key, edge = request.GET.get("node", ""), request.GET.get("edge", "")
    if not (key or edge):
        return None
    known = ways_of(graph())
    if key and key in known.nodes:
        return _node_panel(known.nodes[key], period, request)
    if edge and cases.known(graph(), edge):
        return _edge_panel(edge, period, request)
    beyond = _beyond(key)
    return _node_panel(beyond, period, request) if beyond is not None else None


def _beyond(key: str) -> Node | None:
    """The node that a link event on a sheet stands for (`link_out:order.pay:lane`)."""
    shape, _colon, rest = key.partition(":")
    if shape not in (Shape.LINK_IN.value, Shape.LINK_OUT.value):
        return None
    nodes = ways_of(graph()).nodes
    near = [nodes[name] for name in nodes if rest.startswith(f"{name}:")]
    return max(near, key=lambda node: len(node.key), default=None)


def _node_panel(node: Node, period: Period, request: HttpRequest) -> dict[str, object]:
    moved = living.traffic(period)
    figure = living.figures(period).nodes.get(node.key)
    waits = cases.waiting_at(graph(), node.key, limit=MOST_CASES, after=_after(request))
    events = cases.passed_node(graph(), node.key, period, limit=12)
    numbers = orders.order_numbers({one.case_no for one in waits} | {one.case_no for one in events})
    dwell = moved.nodes.get(node.key)
    hours = period.span.total_seconds() / 3600
    count = dwell.count if dwell else 0
    return {
        "kind": "node",
        "key": node.key,
        "title": node.label,
        "shape": node.shape.value,
        "lane": words.lane_label(node.lane),
        "family": words.family_of_lane(node.lane),
        "stage": next(stage for stage in flow().stages if stage.code == node.stage),
        "figure": figure,
        "oldest": words.lasted(figure.oldest_seconds * 1_000_000)
        if figure and figure.oldest_seconds is not None
        else "",
        "p50": words.lasted(dwell.p50_us) if dwell else "",
        "p95": words.lasted(dwell.p95_us) if dwell else "",
        "count": count,
        "rate": f"{count / hours:.1f}",
        "waits": [(words.state_label(*pair), allowed(*pair)) for pair in node.waits],
        "facts": _definition(node),
        "waiting": [_waiting_row(one, numbers) for one in waits],
        "more": waits[-1] if len(waits) == MOST_CASES else None,
        "events": [_event_row(one, numbers) for one in events],
        "ways": _ways(node, period),
    }


def _edge_panel(key: str, period: Period, request: HttpRequest) -> dict[str, object]:
    source, _gt, target = key.partition(">")
    nodes = ways_of(graph()).nodes
    before = request.GET.get("before", "")
    events = cases.passed_edge(
        graph(), key, period, limit=MOST_CASES, before_id=int(before) if before.isdigit() else None
    )
    numbers = orders.order_numbers({one.case_no for one in events})
    figure = living.figures(period).edges.get(key)
    return {
        "kind": "edge",
        "key": key,
        "title": f"{nodes[source].label} → {nodes[target].label}",
        "figure": figure,
        "share": f"{figure.share * 100:.1f}%" if figure and figure.share is not None else "",
        "events": [_event_row(one, numbers) for one in events],
        "more": events[-1].id if len(events) == MOST_CASES else None,
    }


def _after(request: HttpRequest) -> tuple[datetime, int] | None:
    stamp, _comma, pk = request.GET.get("after", "").partition(",")
    try:
        return datetime.fromisoformat(stamp), int(pk)
    except ValueError:
        return None


def _waiting_row(one: Any, numbers: Mapping[str, str]) -> dict[str, object]:
    within = allowed(one.process, one.state)
    return {
        "number": numbers.get(one.case_no, ""),
        "case_no": one.case_no,
        "state": words.state_label(one.process, one.state),
        "chip": words.chip(one.process, one.state),
        "age": words.age(one.entered_at),
        "late": within is not None and clock.now() - one.entered_at > within,
        "entered_at": one.entered_at,
        "pk": one.pk,
    }


def _event_row(one: Any, numbers: Mapping[str, str]) -> dict[str, object]:
    return {
        "number": numbers.get(one.case_no, ""),
        "case_no": one.case_no,
        "at": words.exact(one.at),
        "who": one.actor,
        "dwell": words.lasted(one.dwell_us),
    }


def _ways(node: Node, period: Period) -> list[dict[str, object]]:
    """Where it goes on from here, with count and share."""
    edges = living.figures(period).edges
    nodes = ways_of(graph()).nodes
    return [
        {
            "key": edge.key,
            "label": nodes[edge.target].label,
            "exit": edge.label or "",
            "count": edges[edge.key].count if edge.key in edges else 0,
            "share": edges[edge.key].share if edge.key in edges else None,
        }
        for edge in graph().edges
        if edge.source == node.key
    ]


def _definition(node: Node) -> list[tuple[str, object]]:
    """What the definition says about a step, or about the state that a diamond asks in."""
    if node.counts is not None:
        process, step = flow().step(node.counts[0])
        return list(_about_step(node.counts[0], process, step))
    name, _colon, state = node.key.partition(":")
    if name not in {process.name for process in flow().processes}:
        return []
    for asked, decision in flow()[name].decisions.items():
        if state.startswith(str(asked)):
            return [(str(policy.label), words.policy_value(policy)) for policy in decision.policies]
    return []


def _about_step(name: str, process: Process[Any], step: Step[Any]) -> Any:
    yield _("对象"), process.label
    yield _("步骤代码"), name
    states = [words.state_label(process.name, str(state)) for state in step.source]
    target = words.state_label(process.name, str(step.target))
    yield _("状态变化"), f"{' / '.join(states) or _('新建')} → {target}"
    yield _("谁来做"), "、".join(str(role.label) for role in sorted(step.by))
    if step.within is not None:
        yield _("时限"), words.policy_value(step.within)
    if step.needs:
        yield _("条件"), "；".join(_first_line(check) for check in step.needs)
    for policy in step.policies:
        yield str(policy.label), words.policy_value(policy)
    if step.tells:
        yield _("通知"), "、".join(step.tells)
    if step.sends:
        yield _("发往外部"), "、".join(str(send.label) for send in step.sends)
    links = flow().links_after(name)
    if links:
        follow = [words.step_label(fired) for link in links for fired in link.fire]
        yield _("随后触发"), "、".join(dict.fromkeys(follow))
    yield _("代码"), _code_of(process, step)


def _first_line(check: Any) -> str:
    return str(check.__name__).replace("_", " ")


def _code_of(process: Process[Any], step: Step[Any]) -> str:
    """Where the work is written: the module and line of the first effect or check."""
    for function in (*step.does, *step.needs):
        try:
            line = inspect.getsourcelines(function)[1]
        except (OSError, TypeError):
            continue
        return f"{function.__module__.replace('.', '/')}.py:{line}"
    return f"shangliu/flow/{process.name}/definition.py"
