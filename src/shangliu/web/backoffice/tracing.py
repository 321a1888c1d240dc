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

from shangliu.insight.squeezed import IDLE, Life, lives, squeeze
from shangliu.insight.waiting import resting
from shangliu.platform import clock
from shangliu.process.drawing.svg import css
from shangliu.process.running import flow
from shangliu.web.backoffice import lifelines, pictures, words
from shangliu.web.backoffice.access import actor, page, person, staff
from shangliu.web.backoffice.acting import may_see
from shangliu.web.backoffice.case import Case, claim_parts, look_up
from shangliu.web.backoffice.lifelines import Tick
from shangliu.web.backoffice.nextsteps import next_steps
from shangliu.web.backoffice.passed import (
    Called,
    Passed,
    Row,
    around,
    called,
    object_label,
    passed,
    rows,
    sheet,
)
from shangliu.web.backoffice.told import Told, told
from shangliu.web.backoffice.veil import veil
from shangliu.web.backoffice.waymarks import marks, opened

FOLDED = frozenset({"reservation"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """The purchase as the page draws it."""

    case: Case
    steps: Sequence[Passed]
    calls: Sequence[Called]
    notes: Sequence[Told]


@staff()
@never_cache
@require_GET
def trace(request: HttpRequest, number: str) -> HttpResponse:
    """`?view=graph|timeline|table`; `?at=` opens a step, `?format=csv` gives the table to keep."""
    who, roles = actor(request), person(request).acts_as
    case = look_up(number, actor=who, roles=roles)
    if case.order.number != number:
        return redirect("staff_trace", number=case.order.number)
    hidden = veil([part.one for part in case.of("order")], lifted=may_see(request, case.case_no))
    seen = Seen(
        case=case,
        steps=passed(case, hidden),
        calls=called(case, hidden),
        notes=told(case, hidden),
    )
    if request.GET.get("format") == "csv":
        return _file(seen)
    view = request.GET.get("view", "")
    view = view if view in _VIEWS else "graph"
    node = request.GET.get("node", "")
    nexts = next_steps(case, claim_parts(case, actor=who, roles=roles))
    context: dict[str, object] = {
        "case": case,
        "order": case.order,
        "state_label": words.state_label("order", case.order.state),
        "chip": words.chip("order", case.order.state),
        "view": view,
        "views": (("graph", _("图")), ("timeline", _("时间轴")), ("table", _("表格"))),
        "steps": seen.steps,
        "calls": seen.calls,
        "notes": seen.notes,
        "chosen": _chosen(request, seen),
        "nexts": nexts,
        "opened": opened(node, case.trace, seen.steps, nexts) if node else None,
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
            code,
            marks(seen.case.trace, seen.steps, seen.calls),
            path=path,
            link=f"?view=graph&sheet={code}&node={{key}}#step",
        )
        if path
        else "",
    }


def _timeline(request: HttpRequest, seen: Seen) -> dict[str, object]:
    real = request.GET.get("scale") == "real"
    events, now = seen.case.trace.events, clock.now()
    order = [process.name for process in flow().processes]
    lines = lives(events, now=now, ended=_ended, order=_first_order(order), folded=FOLDED)
    moments = [event.at for event in events]
    moments += [call.moment for call in seen.calls] + [note.moment for note in seen.notes]
    if any(stay.open for life in lines for stay in life.stays):
        moments.append(now)
    axis = squeeze(moments, width=lifelines.WIDTH, idle=None if real else IDLE)
    label = _labels(seen)
    more, ticks = _ticks(lines, seen)
    return {
        "real": real,
        "idle": int(IDLE.total_seconds()) // 60,
        "breaks": [(words.moment(b.begin), words.spell(b.lasted)) for b in axis.breaks],
        "svg": lifelines.draw(axis, lines, ticks, label=label, more=more) if events else "",
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
    return {"rows": [(one, type(one).__name__.lower()) for one in _all(seen)]}


def _all(seen: Seen) -> list[Row]:
    return rows(seen.steps, seen.calls, seen.notes)


_VIEWS: dict[str, Callable[[HttpRequest, Seen], dict[str, object]]] = {
    "graph": _graph,
    "timeline": _timeline,
    "table": _table,
}


def _chosen(request: HttpRequest, seen: Seen) -> dict[str, object] | None:
    """The step that `?at=` names, or the last one of `?node=`, with its calls."""
    found = _by_id(request.GET.get("at", ""), seen) or _last_at(request.GET.get("node", ""), seen)
    if found is None:
        return None
    before, after = around(found, seen.steps, seen.calls)
    return {"step": found, "before": before, "after": after}


def _by_id(said: str, seen: Seen) -> Passed | None:
    return next((one for one in seen.steps if said == str(one.id)), None)


def _last_at(key: str, seen: Seen) -> Passed | None:
    went = seen.case.trace.at(key) if key else ()
    return _by_id(str(went[-1].pk), seen) if went else None


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


def _ticks(lines: Sequence[Life], seen: Seen) -> tuple[list[str], list[Tick]]:
    """The names of the rows that belong to no object, and what stands on all of them."""
    places = {(life.process, pk): row for row, life in enumerate(lines) for pk in life.ids}
    loose = [call for call in seen.calls if (call.process, call.object_id or 0) not in places]
    more = [_("其他外部调用")] if loose else []
    below = len(lines) + len(more)
    more += [_("通知与记录")] if seen.notes else []
    ticks = [
        Tick(
            row=places.get((call.process, call.object_id or 0), len(lines)),
            at=call.moment,
            kind="ok" if call.chip == "done" else "failed",
            says=f"{call.system} {call.operation} · {call.status} · {call.duration} · {call.at}",
        )
        for call in seen.calls
    ]
    ticks += [
        Tick(
            row=below,
            at=one.moment,
            kind="told",
            says=" · ".join(filter(None, (one.party, one.title, one.status, one.at))),
        )
        for one in seen.notes
    ]
    return more, ticks


def _file(seen: Seen) -> HttpResponse:
    out = io.StringIO()
    csv.writer(out).writerows(sheet(_all(seen)))
    name = f"trace-{seen.case.order.number}.csv"
    return HttpResponse(
        out.getvalue().encode("utf-8-sig"),
        content_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
