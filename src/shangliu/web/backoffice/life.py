"""The switch of the demo trade: on and off, how much, with which faults; and taking it away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from shangliu.domain.life import services as life
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.platform.text import Text
from shangliu.process.roles import Role
from shangliu.web.backoffice import words
from shangliu.web.backoffice.access import actor, page, staff
from shangliu.web.backoffice.acting import again, typed
from shangliu.web.demo import life_is_open

_ALIVE = timedelta(seconds=10)
_NUMBERS = ("rate", "hurry", *life.SHARES)


def _in_a_demo_shop(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    @wraps(view)
    def seen(request: HttpRequest) -> HttpResponseBase:
        if not life_is_open():
            raise Http404
        return view(request)

    return seen


@_in_a_demo_shop
@staff(Role.ADMIN)
@never_cache
@require_GET
def switch(request: HttpRequest) -> HttpResponse:
    """The switch with all that it chooses, and how the trade goes now."""
    row, given = life.switch(), typed(request)
    values = {name: given.get(name, getattr(row, name)) for name in _NUMBERS}
    context: dict[str, object] = {
        **_status(row),
        "values": values,
        "ticked": {name: name in given if given else getattr(row, name) for name in life.BOOLEANS},
        "most": life.MOST_A_MINUTE,
        "shares": [(name, _label(name), values[name]) for name in life.SHARES],
        "roles": [{"value": role.value, "label": str(role.label)} for role in life.IDLE_ROLES],
    }
    return page(request, "backoffice/life.html", context)


@_in_a_demo_shop
@staff(Role.ADMIN)
@never_cache
@require_GET
def status(request: HttpRequest) -> HttpResponse:
    """The part of the page that changes by itself."""
    return render(request, "backoffice/_life.html", _status(life.switch()), using="jinja2")


@_in_a_demo_shop
@staff(Role.ADMIN)
@require_POST
def turn(request: HttpRequest) -> HttpResponse:
    """`do` says what: `on` and `save` take what was chosen, `off` only closes."""
    asked = request.POST.get("do", "")
    if asked == "off":
        life.turn(actor=actor(request), on=False)
        messages.success(request, _("演示生意已停"))
        return redirect("staff_life")
    try:
        values = _chosen(request)
        if asked == "on":
            values["on"] = True
        life.turn(actor=actor(request), **values)
    except Refused as refused:
        return again(request, refused.reasons)
    messages.success(request, _("演示生意已开") if asked == "on" else _("设置已保存"))
    return redirect("staff_life")


@_in_a_demo_shop
@staff(Role.ADMIN)
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    if request.POST.get("sure") != "1":
        reason = Text("请先勾选“全部移除”", "Tick the box first")
        return again(request, [reason])
    life.begin_removing(actor=actor(request))
    messages.success(request, _("开始移除演示数据"))
    return redirect("staff_life")


def _chosen(request: HttpRequest) -> dict[str, object]:
    """The form's values; `Refused` for what is not a number."""
    found: dict[str, object] = {}
    for name in _NUMBERS:
        said = request.POST.get(name, "").strip()
        if not (said.isdigit() and len(said) <= 3):
            raise Refused(Text("请填整数", "Enter whole numbers"))
        found[name] = int(said)
    found |= {name: request.POST.get(name) == "1" for name in life.BOOLEANS}
    return found | {"idle": request.POST.getlist("idle")}


def _status(row: life.Switch) -> dict[str, object]:
    alive = row.beat_at is not None and clock.now() - row.beat_at < _ALIVE
    today = row.made_on == clock.local(clock.now()).date()
    marked = life.marked()
    return {
        "row": row,
        "chip": _chip(row, alive=alive),
        "today": [
            (label, getattr(row, name) if today else 0)
            for name, label in (
                ("visits", _("今日访问")),
                ("orders", _("今日下单")),
                ("paid", _("今日付款")),
                ("missed", _("积压时放过")),
            )
        ],
        "marked": marked,
        "error_at": words.moment(row.error_at) if row.error_at else "",
        "words": words,
    }


def _chip(row: life.Switch, *, alive: bool) -> tuple[str, str]:
    if row.removing:
        return "progress", _("正在移除")
    if not row.on:
        return "off", _("已停")
    if not alive:
        return "waiting", _("已开，等待进程")
    return "done", _("正在营业")


def _label(name: str) -> str:
    return {
        "leaves": _("下单后不付款"),
        "refused": _("付款被拒"),
        "notices_lost": _("付款通知丢失"),
        "notices_late": _("付款通知迟到"),
        "notices_twice": _("付款通知重复"),
    }[name]
