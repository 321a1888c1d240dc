"""When something is not right: applying, following the case, sending back, appealing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shangliu.domain.aftersales.queries import case_by_number
from shangliu.domain.logistics.provider import CARRIERS
from shangliu.domain.orders import mine
from shangliu.domain.orders.mine import Order
from shangliu.domain.payments.queries import refunds_of_case
from shangliu.flow import steps
from shangliu.flow.aftersale.services import REASONS, Claimable, apply, claimable, refundable
from shangliu.insight.trace import events_of
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.money import Money
from shangliu.process.running import flow
from shangliu.web.forms import LABELS, filled, names
from shangliu.web.roles import BUYER, actor_of, owner_of
from shangliu.web.storefront.frame import fragment, personal
from shangliu.web.storefront.progress import bar_of, words


@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, number: str) -> HttpResponse:
    """The form, made of what can still be claimed; and sending it."""
    order = mine.order(owner_of(request), number)
    may = claimable(order)
    if request.method != "POST":
        return personal(request, "storefront/after_sale_apply.html", _form(order, may, {}))
    try:
        case = apply(
            order=order,
            quantities=_quantities(request.POST, may),
            reason=_reason(request.POST),
            note=request.POST.get("note", ""),
            actor=actor_of(request),
        )
    except Refused as refused:
        context = _form(order, may, request.POST.dict())
        context["reasons"] = [str(reason) for reason in refused.reasons]
        return personal(request, "storefront/after_sale_apply.html", context, status=409)
    messages.success(request, _("售后申请已提交"))
    return redirect("after_sale", case.number)


@require_safe
def estimate(request: HttpRequest, number: str) -> HttpResponse:
    """What goes back for the chosen pieces, while they are being chosen."""
    order = mine.order(owner_of(request), number)
    may = claimable(order)
    amount = _amount(order, may, _quantities(request.GET, may))
    return fragment(request, "storefront/_estimate.html", {"amount": amount})


@require_safe
def detail(request: HttpRequest, number: str) -> HttpResponse:
    case = _mine(request, number)
    process = flow()["aftersale"]
    return personal(
        request,
        "storefront/after_sale.html",
        {
            "case": case,
            "order": case.order,
            "lines": [
                {"line": one.order_line, "quantity": one.quantity, "amount": Money(one.amount_fen)}
                for one in case.lines.all()
            ],
            "label": words(process, case.state),
            "bar": bar_of(process, case.state, events_of("aftersale", case.pk)),
            "buttons": _buttons(request, case),
            "refunds": [
                {"refund": one, "amount": Money(one.amount_fen)}
                for one in refunds_of_case(case.case_no)
                if one.after_sale_id == case.pk
            ],
            "carriers": [(one.code, str(one.label)) for one in CARRIERS.values()],
        },
    )


@require_POST
def take(request: HttpRequest, number: str, step: str) -> HttpResponse:
    case = _mine(request, number)
    try:
        found = flow()["aftersale"][step]
    except KeyError:
        raise NotFound from None
    data = filled(found.asks, request.POST.dict()) if found.asks is not None else None
    steps.take(f"aftersale.{step}", case, actor=actor_of(request), roles=BUYER, data=data)
    messages.success(request, _("“{step}”已完成").format(step=found.label))
    return redirect("after_sale", number)


def _mine(request: HttpRequest, number: str) -> Any:
    """The case, if its order may be seen."""
    case = case_by_number(number)
    mine.order(owner_of(request), case.order.number)
    return case


def _buttons(request: HttpRequest, case: Any) -> list[dict[str, Any]]:
    return [
        {
            "label": str(offer.step.label),
            "action": reverse("after_sale_take", args=(case.number, offer.step.name)),
            "reason": "；".join(str(one) for one in offer.reasons),
            "kind": "main" if offer.step.main else "plain",
            "id": f"do-{offer.step.name}",
            "fields": [
                {"name": name, "label": str(LABELS[name]).removeprefix("the ")}
                for name in names(offer.step.asks)
            ],
        }
        for offer in steps.offers("aftersale", case, actor=actor_of(request), roles=BUYER)
    ]


def _form(order: Order, may: Claimable, typed: dict[str, str]) -> dict[str, Any]:
    whole = may.kind == "refund_only"
    quantities = {line.pk: left for line, left in may.lines if left}
    chosen = (
        {
            pk: int(typed[f"quantity-{pk}"])
            for pk in quantities
            if typed.get(f"quantity-{pk}", "").isdigit()
        }
        if typed
        else quantities
    )
    return {
        "order": order,
        "may": may,
        "whole": whole,
        "lines": [
            {
                "line": line,
                "left": left,
                "price": Money(line.price_fen),
                "quantity": chosen.get(line.pk, 0),
            }
            for line, left in may.lines
            if left
        ],
        "amount": _amount(order, may, quantities),
        "choices": [(str(place), str(reason)) for place, reason in enumerate(REASONS)],
        "typed": typed,
        "why_not": "；".join(str(one) for one in may.reasons),
        "reasons": [],
    }


def _amount(order: Order, may: Claimable, quantities: dict[int, int]) -> Money:
    """Before shipment all that was paid; afterwards the shares of the chosen pieces."""
    if may.kind is None or may.kind == "refund_only":
        return may.most
    return refundable(order, quantities)


def _quantities(posted: QueryDict, may: Claimable) -> dict[int, int]:
    found: dict[int, int] = {}
    for line, _left in may.lines:
        typed = posted.get(f"quantity-{line.pk}", "").strip()
        if typed.isascii() and typed.isdigit() and len(typed) < 6:
            found[line.pk] = int(typed)
    return found


def _reason(posted: QueryDict) -> str:
    typed = posted.get("reason", "")
    if typed.isascii() and typed.isdigit() and int(typed) < len(REASONS):
        return REASONS[int(typed)].zh
    return ""
