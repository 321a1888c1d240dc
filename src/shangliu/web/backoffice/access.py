"""Who may see which page of the control room, and the frame that every page stands in."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from shangliu.domain.crm.staff import User
from shangliu.domain.payments import queries as payments
from shangliu.domain.payments.states import PaymentState
from shangliu.insight.alarms.watch import alarmed
from shangliu.insight.figures import allowed
from shangliu.insight.waiting import Waiting, waiting
from shangliu.platform import clock
from shangliu.platform.errors import NotFound
from shangliu.process.roles import STAFF, Role
from shangliu.web.backoffice import words
from shangliu.web.backoffice.menu import ENTRIES, Entry
from shangliu.web.demo import life_is_open

View = Callable[..., HttpResponseBase]


def staff(*roles: Role) -> Callable[[View], View]:
    """Only for staff, and of these roles if any are named; an administrator may see every page."""

    def wrap(view: View) -> View:
        @wraps(view)
        def seen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = request.user
            if not user.is_authenticated:
                asked = urlencode({"next": request.get_full_path()})
                return redirect(f"{reverse('staff_sign_in')}?{asked}")
            if not (user.is_staff and user.acts_as & STAFF):
                return forbidden(request, ())
            if roles and not user.acts_as & {*roles, Role.ADMIN}:
                return forbidden(request, roles)
            try:
                return view(request, *args, **kwargs)
            except NotFound:
                raise Http404 from None

        return seen

    return wrap


def person(request: HttpRequest) -> User:
    """The signed-in member of staff; only behind `staff`."""
    assert isinstance(request.user, User)  # noqa: S101 - the decorator looked
    return request.user


def actor(request: HttpRequest) -> str:
    return person(request).login or f"user:{request.user.pk}"


def forbidden(request: HttpRequest, roles: tuple[Role, ...]) -> HttpResponse:
    """403 with the sentence who may; nothing of the page is shown."""
    if roles:
        wanted = words.together(str(role.label) for role in roles)
        why = _("这一页给{roles}使用。需要时请管理员调整你的角色。").format(roles=wanted)
    else:
        why = _("这里是员工工作台。你可以回到商城继续购物。")
    return page(request, "backoffice/forbidden.html", {"why": why}, status=403)


def page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, object] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """The template in the room's frame: menu with counts, who is signed in, what was refused."""
    user = request.user
    inside = isinstance(user, User) and user.is_staff
    frame: dict[str, object] = {
        "messages": messages.get_messages(request),
        "nav": _menu(request) if inside else [],
        "user": str(user) if inside else None,
        "role": _badge(user) if isinstance(user, User) and inside else None,
        "refused": getattr(request, "reasons", ()),
        "token": secrets.token_hex(12),
        "words": words,
        "here": request.get_full_path(),
        "now": clock.now(),
    }
    return render(request, template, {**frame, **(context or {})}, using="jinja2", status=status)


def _badge(user: User) -> dict[str, str]:
    roles = sorted(user.acts_as & STAFF, key=lambda role: role is not Role.ADMIN)
    label = words.together(str(role.label) for role in roles[:2])
    more = f" +{len(roles) - 2}" if len(roles) > 2 else ""
    return {"family": "management", "label": label + more}


def _menu(request: HttpRequest) -> list[dict[str, object]]:
    acts = person(request).acts_as
    now_waiting = waiting()
    groups = list(dict.fromkeys(str(entry.group) for entry in ENTRIES))
    return [
        _line(entry, request.path, now_waiting)
        for entry in sorted(ENTRIES, key=lambda one: groups.index(str(one.group)))
        if (not entry.roles or acts & {*entry.roles, Role.ADMIN})
        and (not entry.demo or life_is_open())
    ]


def _line(
    entry: Entry, path: str, now_waiting: Mapping[tuple[str, str], Waiting]
) -> dict[str, object]:
    href = reverse(entry.name, args=entry.args)
    here = _here(entry, now_waiting)
    home = reverse("staff_home")
    return {
        "label": str(entry.label),
        "href": href,
        "icon": entry.icon,
        "group": str(entry.group),
        "family": entry.family,
        "current": path == href or (href != home and path.startswith(href)),
        "count": (alarmed() if entry.name == "staff_alarms" else 0)
        or sum(one.count for one in here.values())
        or None,
        "late": entry.name == "staff_alarms"
        or any(
            (within := allowed(*pair)) is not None and clock.now() - one.oldest > within
            for pair, one in here.items()
        ),
    }


def _here(
    entry: Entry, now_waiting: Mapping[tuple[str, str], Waiting]
) -> dict[tuple[str, str], Waiting]:
    """What waits behind the line, by process and state."""
    if not entry.by:
        return {pair: now_waiting[pair] for pair in entry.waits if pair in now_waiting}
    found = {}
    for pair in entry.waits:
        count, oldest = (
            payments.waiting_count(entry.by, [PaymentState(pair[1])])
            if pair in now_waiting
            else (0, None)
        )
        if oldest is not None:
            found[pair] = Waiting(count, oldest)
    return found
