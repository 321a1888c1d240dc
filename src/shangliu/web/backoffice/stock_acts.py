"""What staff do with goods from their pages: count, move, take in, write off, keep back, limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from shangliu.domain.catalog.limits import limit_purchases
from shangliu.domain.fulfilment import queries as fulfilment
from shangliu.domain.inventory import handling
from shangliu.domain.inventory import queries as inventory
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.text import Text
from shangliu.process.roles import Role
from shangliu.web.backoffice import words
from shangliu.web.backoffice.access import actor, page, person, staff
from shangliu.web.backoffice.acting import again, typed

_BOTH = frozenset({Role.OPERATIONS, Role.WAREHOUSE})
Form = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Act:
    """`fields`: what the form asks for beside the reason, with labels; `why`: whether for that."""

    label: Any
    fields: tuple[tuple[str, Any], ...]
    does: Callable[[int, Form, str], None]
    by: frozenset[Role] = _BOTH
    to: bool = False
    why: bool = True


def acts_for(roles: frozenset[Role]) -> dict[str, Act]:
    """What these roles may do with a stock row, by its code."""
    return {code: act for code, act in _ACTS.items() if roles & {*act.by, Role.ADMIN}}


@staff(Role.OPERATIONS, Role.WAREHOUSE)
@require_POST
def do(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    act = acts_for(person(request).acts_as).get(code)
    if act is None:
        raise NotFound
    try:
        act.does(pk, request.POST.dict(), actor(request))
    except Refused as refused:
        return again(request, refused.reasons)
    messages.success(request, _("“{act}”已完成").format(act=act.label))
    return redirect("staff_ledger", pk)


@staff(Role.OPERATIONS, Role.WAREHOUSE)
@never_cache
@require_GET
def on_the_way(request: HttpRequest) -> HttpResponse:
    """Transfers and announced deliveries; `?at=` opens the form for taking one in."""
    coming = inventory.inbound()
    at = request.GET.get("at", "")
    context: dict[str, object] = {
        "rows": [(one, words.moment(one.created_at)) for one in coming],
        "current": next((one for one in coming if one.number == at and one.on_the_way), None),
        "houses": [(one.code, one.name) for one in fulfilment.warehouses()],
        "form": typed(request),
    }
    return page(request, "backoffice/inbound.html", context)


@staff(Role.OPERATIONS, Role.WAREHOUSE)
@require_POST
def announce(request: HttpRequest) -> HttpResponse:
    form = request.POST.dict()
    try:
        made = handling.announce(
            sku=form.get("sku", ""),
            to=form.get("to", ""),
            quantity=_number(form, "quantity"),
            actor=actor(request),
            why=form.get("why", ""),
        )
    except Refused as refused:
        return again(request, refused.reasons)
    messages.success(request, _("已登记在途 {number}").format(number=made.number))
    return redirect("staff_inbound")


@staff(Role.OPERATIONS, Role.WAREHOUSE)
@require_POST
def arrive(request: HttpRequest, number: str) -> HttpResponse:
    form = request.POST.dict()
    try:
        handling.arrive(
            number=number,
            good=_number(form, "good", empty=0),
            damaged=_number(form, "damaged", empty=0),
            lost=_number(form, "lost", empty=0),
            actor=actor(request),
            why=form.get("why", ""),
        )
    except Refused as refused:
        return again(request, refused.reasons)
    messages.success(request, _("{number} 已收货").format(number=number))
    return redirect("staff_inbound")


def _number(form: Form, name: str, *, empty: int | None = None) -> int:
    text = form.get(name, "").strip()
    if not text and empty is not None:
        return empty
    if not text.isascii() or not text.isdigit() or len(text) > 8:
        raise Refused(Text("数量不正确，请填整数", "Enter a whole number"))
    return int(text)


def _maybe(form: Form, name: str) -> int | None:
    return _number(form, name) if form.get(name, "").strip() else None


def _adjust(pk: int, form: Form, who: str) -> None:
    handling.adjust(
        stock_id=pk, counted=_number(form, "counted"), actor=who, why=form.get("why", "")
    )


def _send(pk: int, form: Form, who: str) -> None:
    handling.send(
        stock_id=pk,
        to=form.get("to", ""),
        quantity=_number(form, "quantity"),
        actor=who,
        why=form.get("why", ""),
    )


def _write_off(pk: int, form: Form, who: str) -> None:
    handling.write_off(
        stock_id=pk, quantity=_number(form, "quantity"), actor=who, why=form.get("why", "")
    )


def _discard(pk: int, form: Form, who: str) -> None:
    handling.discard(
        stock_id=pk, quantity=_number(form, "quantity"), actor=who, why=form.get("why", "")
    )


def _keep_back(pk: int, form: Form, who: str) -> None:
    handling.keep_back(
        stock_id=pk, quantity=_number(form, "quantity"), actor=who, why=form.get("why", "")
    )


def _limit(pk: int, form: Form, who: str) -> None:
    limit_purchases(
        variant_id=inventory.stock_row(pk).variant_id,
        of_variant=_maybe(form, "limit"),
        of_product=_maybe(form, "product_limit"),
    )


_QUANTITY = (("quantity", gettext_lazy("数量")),)
_ACTS: Mapping[str, Act] = {
    "adjust": Act(
        label=gettext_lazy("盘点"),
        fields=(("counted", gettext_lazy("实际在库数量")),),
        does=_adjust,
    ),
    "send": Act(label=gettext_lazy("调拨到别仓"), fields=_QUANTITY, does=_send, to=True),
    "write-off": Act(label=gettext_lazy("报损"), fields=_QUANTITY, does=_write_off),
    "discard": Act(label=gettext_lazy("处置残次品"), fields=_QUANTITY, does=_discard),
    "safety": Act(
        label=gettext_lazy("设安全库存"),
        fields=(("quantity", gettext_lazy("安全库存")),),
        does=_keep_back,
        by=frozenset({Role.OPERATIONS}),
    ),
    "limit": Act(
        label=gettext_lazy("设每人限购"),
        fields=(
            ("limit", gettext_lazy("这个规格每人限购（留空不限）")),
            ("product_limit", gettext_lazy("整个商品每人限购（留空不限）")),
        ),
        does=_limit,
        by=frozenset({Role.OPERATIONS}),
        why=False,
    ),
}
