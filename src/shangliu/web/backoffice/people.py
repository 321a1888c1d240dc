"""Staff accounts: who works here, in which roles."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from shangliu.domain.crm import staff as accounts
from shangliu.platform.errors import Refused
from shangliu.process.roles import STAFF, Role
from shangliu.web.backoffice import words
from shangliu.web.backoffice.access import page, staff
from shangliu.web.backoffice.acting import again, typed

_ORDER = (Role.OPERATIONS, Role.WAREHOUSE, Role.SERVICE, Role.FINANCE, Role.ADMIN)


@staff(Role.ADMIN)
@never_cache
@require_GET
def people(request: HttpRequest) -> HttpResponse:
    context: dict[str, object] = {
        "people": [
            {
                "person": one,
                "roles": [(role, role.label) for role in _ORDER if role in one.acts_as],
                "last": words.moment(one.last_login),
                "joined": words.moment(one.joined_at),
            }
            for one in accounts.staff_list()
        ],
        "roles": [(role.value, str(role.label)) for role in _ORDER],
        "typed": typed(request),
        "opened": request.GET.get("open", ""),
    }
    return page(request, "backoffice/people.html", context)


@sensitive_post_parameters("password")
@staff(Role.ADMIN)
@require_POST
def create(request: HttpRequest) -> HttpResponse:
    try:
        person = accounts.create_staff(
            login=request.POST.get("login", "").strip(),
            name=request.POST.get("name", ""),
            password=request.POST.get("password", ""),
            roles=_roles(request),
        )
    except Refused as refused:
        return again(request, refused.reasons)
    messages.success(request, _("已创建账号 {login}").format(login=person.login))
    return redirect("staff_people")


@staff(Role.ADMIN)
@require_POST
def change(request: HttpRequest, login: str) -> HttpResponse:
    """Set the roles, or let the person in or not."""
    try:
        if "active" in request.POST:
            accounts.set_active(login=login, active=request.POST["active"] == "1")
        else:
            accounts.set_roles(login=login, roles=_roles(request))
    except Refused as refused:
        return again(request, refused.reasons)
    messages.success(request, _("已更新账号 {login}").format(login=login))
    return redirect("staff_people")


def _roles(request: HttpRequest) -> list[Role]:
    return [role for role in STAFF if role.value in request.POST.getlist("roles")]
