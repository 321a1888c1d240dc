"""Doing something from any page of the room, and showing that page again when it is refused."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from shangliu.domain.crm import staff as people
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.text import Text
from shangliu.web.backoffice import offered
from shangliu.web.backoffice.access import actor, person, staff


@staff()
@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """Take the step that a button names, or show the page again with the reasons (409)."""
    name, pk = request.POST.get("step", ""), request.POST.get("pk", "")
    if not pk.isdigit():
        raise NotFound
    try:
        step = offered.take(
            name,
            int(pk),
            request.POST.dict(),
            actor=actor(request),
            roles=person(request).acts_as,
        )
    except Refused as refused:
        return again(request, refused.reasons)
    messages.success(request, _("“{step}”已完成").format(step=step.label))
    return redirect(back(request))


@staff()
@require_POST
def take_many(request: HttpRequest) -> HttpResponse:
    """Take one step on several objects, each on its own; says how many went and why others not.
    No transaction stands around it: some steps ask the gateway first."""
    name = request.POST.get("step", "")
    done, refusals = 0, list[Text]()
    for pk in dict.fromkeys(request.POST.getlist("pk")):
        if not pk.isdigit():
            continue
        try:
            offered.take(
                name,
                int(pk),
                request.POST.dict(),
                actor=actor(request),
                roles=person(request).acts_as,
            )
        except Refused as refused:
            refusals += refused.reasons
        else:
            done += 1
    if not done:
        return again(
            request, refusals or [Text("请先勾选要处理的单据", "Tick what to work on first")]
        )
    messages.success(
        request, _("“{step}”已完成 {n} 单").format(step=offered.named(name).label, n=done)
    )
    for reason in dict.fromkeys(refusals):
        messages.warning(request, str(reason))
    return redirect(back(request))


@staff()
@require_POST
def reveal(request: HttpRequest, number: str) -> HttpResponse:
    """Show a purchase's personal data for this sitting, once the reason is written down."""
    why = request.POST.get("why", "")
    try:
        people.reveal(user=person(request), case_no=number, why=why)
    except Refused as refused:
        return again(request, refused.reasons)
    request.session["revealed"] = [*request.session.get("revealed", []), number][-20:]
    return redirect(back(request))


def may_see(request: HttpRequest, case_no: str) -> bool:
    """Has this person said why, in this sitting?"""
    return case_no in request.session.get("revealed", [])


def back(request: HttpRequest) -> str:
    """Where the form came from; the home page for anything that is not ours."""
    asked = request.POST.get("next", "")
    ours = asked.startswith(reverse("staff_home"))
    safe = url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()})
    return asked if ours and safe else reverse("staff_home")


def again(request: HttpRequest, reasons: Sequence[Text]) -> HttpResponse:
    """The page that the form stood on, with the reasons and what was typed; status 409."""
    address = urlsplit(back(request))
    found = resolve(address.path)
    shown = copy(request)
    shown.method, shown.path, shown.path_info = "GET", address.path, address.path
    shown.GET = QueryDict(address.query)
    shown.META = {**request.META, "QUERY_STRING": address.query}
    shown.reasons = tuple(str(reason) for reason in reasons)  # type: ignore[attr-defined]
    shown.typed = request.POST.dict()  # type: ignore[attr-defined]
    shown.ticked = dict(request.POST.lists())  # type: ignore[attr-defined]
    response: HttpResponse = found.func(shown, *found.args, **found.kwargs)
    response.status_code = 409
    return response


def ticked(request: HttpRequest, name: str) -> frozenset[str]:
    """The boxes of this name that were ticked before a refusal."""
    kept: dict[str, list[str]] = getattr(request, "ticked", {})
    return frozenset(kept.get(name, ()))


def typed(request: HttpRequest) -> dict[str, str]:
    """What was filled in before a refusal."""
    kept: dict[str, str] = getattr(request, "typed", {})
    return kept
