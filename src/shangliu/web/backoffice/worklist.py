"""The cases behind a number of the map, as a list to work on: narrowed down, and many at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from shangliu.domain.crm import assignments
from shangliu.domain.crm import staff as people
from shangliu.domain.crm.assignments import Stay
from shangliu.domain.orders import queries as orders
from shangliu.flow import notices, steps
from shangliu.flow.drawing import graph
from shangliu.insight import cases
from shangliu.insight.archive import archived_until
from shangliu.insight.figures import allowed, ways_of
from shangliu.insight.waiting import Narrow, WaitingCase, waiting_cases
from shangliu.insight.window import Span
from shangliu.platform import clock
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.text import Text
from shangliu.process.definition import Process, Step
from shangliu.process.drawing.figures import EdgeFigure
from shangliu.process.roles import STAFF, Role
from shangliu.process.running import flow
from shangliu.web.backoffice import living, pictures, words
from shangliu.web.backoffice.access import actor, page, person, staff
from shangliu.web.backoffice.acting import again, back, ticked, typed
from shangliu.web.backoffice.looks import look_of

MOST = 100
MINE, NOBODY = "me", "none"


@dataclass(frozen=True, slots=True)
class Filters:
    """What was chosen above the list. `owner`: a login, `me`, `none`, or empty for all."""

    process: str
    state: str
    late: bool
    owner: str
    find: str

    def query(self, node: str) -> dict[str, str]:
        said = {
            "node": node,
            "process": self.process,
            "state": self.state,
            "late": "1" if self.late else "",
            "owner": self.owner,
            "find": self.find,
        }
        return {name: value for name, value in said.items() if value}


@staff()
@never_cache
@require_GET
def worklist(request: HttpRequest) -> HttpResponse:
    """`?node=`: who waits there, the oldest first; `?edge=`: who went along, the newest first."""
    if edge := request.GET.get("edge", ""):
        return _gone(request, edge)
    key = request.GET.get("node", "")
    node = ways_of(graph()).nodes.get(key)
    if node is None or not node.waits:
        raise NotFound
    chosen = _filters(request, node.waits)
    found = _found(node.waits, chosen, request)
    numbers = orders.order_numbers({one.case_no for one in found})
    owners = assignments.owners([_stay(one) for one in found])
    named = people.names(set(owners.values()))
    last = found[-1] if len(found) == MOST else None
    states = [state for process, state in node.waits if process == chosen.process]
    return page(
        request,
        "backoffice/worklist.html",
        {
            "title": str(node.label),
            "node": node,
            "stage": node.stage,
            "chosen": chosen,
            "processes": _processes(node.waits),
            "states": [(one, words.state_label(chosen.process, one)) for one in states],
            "staff": [one for one in people.staff_list() if one.is_active],
            "rows": [_row(one, numbers, owners, named) for one in found],
            "ticked": ticked(request, "pk"),
            "typed": typed(request),
            "bulk": _bulk(flow()[chosen.process], states, person(request).acts_as),
            "next": _next(chosen, key, last),
            "most": notices.MOST_LETTERS,
        },
    )


def _gone(request: HttpRequest, edge: str) -> HttpResponse:
    way = pictures.way(edge)
    if way is None:
        raise NotFound
    look = look_of(request)
    who = request.GET.get("actor", "").strip()
    found = cases.passed_edges(
        graph(), way.origins, look.span, limit=MOST, before=_place(request, "before"), by=who
    )
    numbers = orders.order_numbers({one.case_no for one in found})
    actors = {one.actor for one in found} | {one.login or "" for one in people.staff_list()}
    last = found[-1] if len(found) == MOST else None
    return page(
        request,
        "backoffice/worklist_gone.html",
        {
            "title": way.title,
            "way": way,
            "unlisted": _unlisted(look.span),
            "total": (living.figures(look.span).of_edge(way.edge) or EdgeFigure(0)).count,
            "look": look,
            "hidden": parse_qsl(look.query()),
            "actor": who,
            "actors": sorted(actors - {""}),
            "named": people.names(actors),
            "ticked": ticked(request, "case"),
            "typed": typed(request),
            "rows": [
                {
                    "number": numbers.get(one.case_no, ""),
                    "case_no": one.case_no,
                    "step": words.step_label(one.step),
                    "actor": one.actor,
                    "dwell": words.lasted(one.dwell_us),
                    "at": words.moment(one.at),
                }
                for one in found
            ],
            "next": look.query(edge=edge, actor=who, before=f"{last.at.isoformat()},{last.id}")
            if last
            else "",
            "most": notices.MOST_LETTERS,
        },
    )


def _unlisted(span: Span) -> str:
    """Until when the span lies in archived months: its number counts them, the list has none."""
    until = archived_until(settings.EVENT_ARCHIVE)
    if until is None or until <= span.stretch.ends[0]:
        return ""
    return f"{clock.local(until):%Y-%m-%d %H:%M}"


@staff()
@require_POST
def hand_over(request: HttpRequest) -> HttpResponse:
    """Give the chosen objects to a colleague, or back to nobody."""
    to = request.POST.get("to", "")
    process, found = _picked(request)
    to = (person(request).login or "") if to == MINE else "" if to == NOBODY else to
    if not found:
        return again(request, (_nothing(),))
    try:
        stays = [Stay(process.name, one.pk, one.case_no, one.entered_at) for one in found]
        changed = assignments.assign(stays, to=to, by=actor(request))
    except Refused as refused:
        return again(request, refused.reasons)
    name = people.names([to]).get(to, to) if to else _("无人负责")
    messages.success(request, _("{n} 单交给：{name}").format(n=changed, name=name))
    return redirect(back(request))


@staff(Role.OPERATIONS, Role.SERVICE)
@require_POST
def write(request: HttpRequest) -> HttpResponse:
    """Write to the buyers of the chosen cases; sending the form twice tells them once."""
    named = set(request.POST.getlist("case"))
    if request.POST.get("process"):
        named |= {one.case_no for one in _picked(request)[1]}
    if not named:
        return again(request, (_nothing(),))
    try:
        told = notices.write(
            sorted(named),
            request.POST.get("text", ""),
            actor=actor(request),
            key=request.POST.get("idempotency_key", "")[:30],
        )
    except Refused as refused:
        return again(request, refused.reasons)
    messages.success(request, _("已写给 {n} 位买家").format(n=told))
    return redirect(back(request))


def _nothing() -> Text:
    return Text("请先勾选要处理的单据", "Tick what to work on first")


def _picked(request: HttpRequest) -> tuple[Process[Any], list[Any]]:
    """The ticked objects of the process that the form names."""
    try:
        process = flow()[request.POST.get("process", "")]
    except KeyError:
        raise NotFound from None
    if process.model is None:
        raise NotFound
    chosen = [int(one) for one in request.POST.getlist("pk") if one.isdecimal()][:MOST]
    return process, list(process.model._default_manager.filter(pk__in=chosen))  # noqa: SLF001


def _filters(request: HttpRequest, waits: Sequence[tuple[str, str]]) -> Filters:
    known = [process for process, _ in _processes(waits)]
    asked = request.GET.get("process", "")
    process = asked if asked in known else known[0]
    state = request.GET.get("state", "")
    return Filters(
        process=process,
        state=state if (process, state) in waits else "",
        late=bool(request.GET.get("late")),
        owner=request.GET.get("owner", "").strip(),
        find=request.GET.get("find", "").strip(),
    )


def _processes(waits: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    names = dict.fromkeys(process for process, _ in waits)
    return [(name, str(flow()[name].label)) for name in names]


def _found(
    waits: Sequence[tuple[str, str]], chosen: Filters, request: HttpRequest
) -> list[WaitingCase]:
    pairs = [
        pair
        for pair in waits
        if pair[0] == chosen.process and (not chosen.state or pair[1] == chosen.state)
    ]
    return waiting_cases(
        pairs, limit=MOST, after=_place(request), narrow=_narrow(pairs, chosen, request)
    )


def _narrow(pairs: Sequence[tuple[str, str]], chosen: Filters, request: HttpRequest) -> Narrow:
    now = clock.now()
    spans = {pair: allowed(*pair) for pair in pairs}
    among = beside = None
    if chosen.owner == NOBODY:
        beside = list(_stays(chosen.process, ""))
    elif chosen.owner:
        login = (person(request).login or "") if chosen.owner == MINE else chosen.owner
        among = list(_stays(chosen.process, login))
    return Narrow(
        before={pair: now - span for pair, span in spans.items() if span} if chosen.late else None,
        cases=orders.cases_called(chosen.find) if chosen.find else None,
        among=among,
        beside=beside,
    )


def _stays(process: str, login: str) -> Collection[int]:
    """The objects that are still in the stay in which they were given to somebody."""
    model = flow()[process].model
    assert model is not None  # noqa: S101 - it waits, so it has a table
    meant = assignments.owned(process, login)
    here = model._default_manager.filter(pk__in=meant).values_list("pk", "entered_at")  # noqa: SLF001
    return [pk for pk, entered_at in here if meant[pk] == entered_at]


def _bulk(
    process: Process[Any], states: Collection[str], roles: frozenset[Role]
) -> list[tuple[str, str]]:
    """The steps from here that ask for nothing and that this person may take."""
    return [
        (f"{process.name}.{step.name}", str(step.label))
        for step in process.steps
        if _is_for_many(step, states) and steps.acting(step, roles) in STAFF
    ]


def _is_for_many(step: Step[Any], states: Collection[str]) -> bool:
    return not step.creates and step.asks is None and any(str(one) in states for one in step.source)


def _stay(one: WaitingCase) -> Stay:
    return Stay(one.process, one.pk, one.case_no, one.entered_at)


def _row(
    one: WaitingCase,
    numbers: Mapping[str, str],
    owners: Mapping[tuple[str, int], str],
    named: Mapping[str, str],
) -> dict[str, object]:
    within = allowed(one.process, one.state)
    owner = owners.get((one.process, one.pk), "")
    return {
        "pk": one.pk,
        "number": numbers.get(one.case_no, ""),
        "case_no": one.case_no,
        "state": words.state_label(one.process, one.state),
        "chip": words.chip(one.process, one.state),
        "since": words.moment(one.entered_at),
        "age": words.age(one.entered_at),
        "late": within is not None and clock.now() - one.entered_at > within,
        "owner": named.get(owner, owner),
    }


def _next(chosen: Filters, key: str, last: WaitingCase | None) -> str:
    if last is None:
        return ""
    after = f"{last.entered_at.isoformat()},{last.pk}"
    return urlencode({**chosen.query(key), "after": after})


def _place(request: HttpRequest, name: str = "after") -> tuple[datetime, int] | None:
    stamp, _comma, pk = request.GET.get(name, "").partition(",")
    try:
        return datetime.fromisoformat(stamp), int(pk)
    except ValueError:
        return None
