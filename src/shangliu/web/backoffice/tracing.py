"""One purchase as a graph over the map, as a timeline and as a table; and what can come next."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from shangliu.domain.orders import queries as orders
from shangliu.flow.drawing import graph
from shangliu.insight.figures import ways_of
from shangliu.insight.squeezed import IDLE, Life, lives, squeeze
from shangliu.insight.waiting import resting
from shangliu.platform import clock
from shangliu.process.drawing.svg import css
from shangliu.process.running import flow
from shangliu.web.backoffice import lifelines, pictures, words
from shangliu.web.backoffice.access import actor, page, person, staff
from shangliu.web.backoffice.acting import may_see
from shangliu.web.backoffice.case import Case, look_up
from shangliu.web.backoffice.lifelines import Tick
from shangliu.web.backoffice.nextsteps import next_steps
from shangliu.web.backoffice.passed import (
    Called,
    Passed,
    around,
    called,
    object_label,
    passed,
    rows,
    sheet,
)
from shangliu.web.backoffice.veil import veil

FOLDED = frozenset({"reservation"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """The purchase as the page draws it."""

    case: Case
    steps: Sequence[Passed]
    calls: Sequence[Called]


@staff()
@never_cache
@require_GET
def trace(request: HttpRequest, number: str) -> HttpResponse:
    """`?view=graph|timeline|table`; `?at=` opens a step, `?format=csv` gives the table to keep."""
    case = look_up(number, actor=actor(request), roles=person(request).acts_as)
    if case.order.number != number:
        return redirect("staff_trace", number=case.order.number)
    owners = [part.one for part in case.of("order")] or [orders.order_by_number(number)]
    hidden = veil(owners, lifted=may_see(request, case.case_no))
    seen = Seen(case=case, steps=passed(case, hidden), calls=called(case, hidden))
    if request.GET.get("format") == "csv":
        return _file(seen)
    view = request.GET.get("view", "")
    view = view if view in _VIEWS else "graph"
    context: dict[str, object] = {
        "case": case,
        "order": case.order,
        "state_label": words.state_label("order", case.order.state),
        "chip": words.chip("order", case.order.state),
        "view": view,
        "views": (("graph", _("图")), ("timeline", _("时间轴")), ("table", _("表格"))),
        "steps": seen.steps,
        "calls": seen.calls,
        "chosen": _chosen(request, seen),
        "nexts": next_steps(case),
        "map_css": css() if view == "graph" else "",
    }
    return page(request, "backoffice/trace.html", context | _VIEWS[view](request, seen))


def _graph(request: HttpRequest, seen: Seen) -> dict[str, object]:
    """The way on the whole map or on one sheet; a node leads to the last step taken on it."""
    path = seen.case.trace.path
    touched = pictures.stages_of(path)
    asked = request.GET.get("sheet", "")
    code = asked if asked in touched else pictures.WHOLE
    here = pictures.stage_of(path)
    return {
        "sheet": code,
        "sheets": [(stage, stage.code == here) for stage in flow().stages if stage.code in touched],
        "svg": pictures.draw(
            code, None, path=path, link=f"?view=graph&sheet={code}&node={{key}}#step"
        )
        if path
        else "",
    }


def _timeline(request: HttpRequest, seen: Seen) -> dict[str, object]:
    real = request.GET.get("scale") == "real"
    events, now = seen.case.trace.events, clock.now()
    order = [process.name for process in flow().processes]
    lines = lives(events, now=now, ended=_ended, order=_first_order(order), folded=FOLDED)
    moments = [event.at for event in events] + [call.moment for call in seen.calls]
    if any(stay.open for life in lines for stay in life.stays):
        moments.append(now)
    axis = squeeze(moments, width=lifelines.WIDTH, idle=None if real else IDLE)
    label = _labels(seen)
    return {
        "real": real,
        "idle": int(IDLE.total_seconds()) // 60,
        "breaks": [(words.moment(b.begin), words.spell(b.lasted)) for b in axis.breaks],
        "svg": lifelines.draw(axis, lines, _ticks(lines, seen.calls), label=label)
        if events
        else "",
        "stays": [
            {
                "what": label(life),
                "state": " / ".join(words.state_label(life.process, one) for one in stay.states),
                "chip": words.chip(life.process, stay.states[0]),
                "begin": words.moment(stay.begin),
                "end": ""
                if stay.end is None
                else _("至今")
                if stay.open
                else words.moment(stay.end),
                "lasted": lifelines.span(stay) if stay.end is not None else "",
            }
            for life in lines
            for stay in life.stays
        ],
    }


def _table(request: HttpRequest, seen: Seen) -> dict[str, object]:
    return {"rows": [(one, isinstance(one, Called)) for one in rows(seen.steps, seen.calls)]}


_VIEWS: dict[str, Callable[[HttpRequest, Seen], dict[str, object]]] = {
    "graph": _graph,
    "timeline": _timeline,
    "table": _table,
}


def _chosen(request: HttpRequest, seen: Seen) -> dict[str, object] | None:
    """The step that `?at=` (an event) or `?node=` (a place on the map) names, with its calls."""
    found = _by_id(request.GET.get("at", ""), seen) or _by_node(request.GET.get("node", ""), seen)
    if found is None:
        return None
    before, after = around(found, seen.steps, seen.calls)
    return {"step": found, "before": before, "after": after}


def _by_id(said: str, seen: Seen) -> Passed | None:
    return next((one for one in seen.steps if said == str(one.id)), None)


def _by_node(key: str, seen: Seen) -> Passed | None:
    if not key:
        return None
    known = ways_of(graph())
    events = {event.pk: event for event in seen.case.trace.events}
    for one in reversed(seen.steps):
        nodes = known.nodes_of(one.name, events[one.id].cause)[:1]
        if any(node.key == key for node in nodes):
            return one
    return None


def _first_order(names: Sequence[str]) -> list[str]:
    """The purchase itself first, what it began with last."""
    late = ("reservation", "cart")
    return [*(name for name in names if name not in late), *late]


def _ended(process: str, state: str) -> bool:
    machine = flow()[process]
    return state in {*map(str, machine.terminal), *resting(machine)}


def _labels(seen: Seen) -> Callable[[Life], str]:
    numbers = {(part.process, part.one.pk): part.number for part in seen.case.parts}

    def label(life: Life) -> str:
        if len(life.ids) > 1:
            return f"{flow()[life.process].label} × {len(life.ids)}"
        return object_label(life.process, life.ids[0], numbers)

    return label


def _ticks(lines: Sequence[Life], calls: Sequence[Called]) -> list[Tick]:
    places = {(life.process, pk): row for row, life in enumerate(lines) for pk in life.ids}
    return [
        Tick(
            row=places.get((call.process, call.object_id or 0), len(lines)),
            at=call.moment,
            ok=call.chip == "done",
            says=f"{call.system} {call.operation} · {call.status} · {call.duration} · {call.at}",
        )
        for call in calls
    ]


def _file(seen: Seen) -> HttpResponse:
    out = io.StringIO()
    csv.writer(out).writerows(sheet(rows(seen.steps, seen.calls)))
    name = f"trace-{seen.case.order.number}.csv"
    return HttpResponse(
        out.getvalue().encode("utf-8-sig"),
        content_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
