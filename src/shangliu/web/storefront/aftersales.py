"""When something is not right: applying, following the case, sending back, appealing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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
from shangliu.domain.payments.provider import provider
from shangliu.domain.payments.queries import refunds_of_case
from shangliu.flow import steps
from shangliu.flow.aftersale.services import (
    REASONS,
    AfterSaleKind,
    Choice,
    Claim,
    Claimable,
    apply,
    claimable,
    refundable,
)
from shangliu.insight.trace import events_of
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.money import Money
from shangliu.platform.text import Text
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
        return personal(
            request, "storefront/after_sale_apply.html", _form(order, may, request.GET.dict())
        )
    try:
        case = apply(
            order=order,
            quantities=_quantities(request.POST),
            reason=_reason(request.POST),
            note=request.POST.get("note", ""),
            actor=actor_of(request),
            claim=_claim(request.POST, may),
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
    wanted = replace(_claim(request.GET, may, lenient=True), amount=None)
    return fragment(
        request,
        "storefront/_estimate.html",
        {"amount": _amount(order, _quantities(request.GET), wanted), "kind": wanted.kind},
    )


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
            "kind": case_kind(case),
            "label": words(process, case.state),
            "bar": bar_of(process, case.state, events_of("aftersale", case)),
            "buttons": _buttons(request, case),
            "refunds": [
                {
                    "refund": one,
                    "amount": Money(one.amount_fen),
                    "way": str(provider(one.payment.provider).label),
                }
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


def case_kind(case: Any) -> str:
    """What the case is about, in the buyer's words."""
    return _("未送达退回") if case.undelivered else str(_kinds()[case.kind])


def _kinds() -> dict[str, str]:
    return {
        "refund_only": _("仅退款"),
        "return": _("退货退款"),
        "allowance": _("仅退款（不退货）"),
        "lost": _("包裹丢失"),
    }


def _explained() -> dict[str, str]:
    return {
        "refund_only": _("商品还没有发出，选择不要的件数；全部退掉时运费一并退回。"),
        "return": _("选择要退的商品和数量，同意后按指引寄回。"),
        "allowance": _("商品留下，由商家同意后退还金额，例如破损、少件、降价补差。"),
    }


def _form(order: Order, may: Claimable, typed: dict[str, str]) -> dict[str, Any]:
    kind = _chosen(typed.get("kind", ""), may)
    chosen = next((one for one in may.choices if one.kind == kind), None)
    lines = [(line, most) for line, most in chosen.lines if most] if chosen is not None else []
    quantities = _quantities(typed) or {line.pk: most for line, most in lines}
    claim = Claim(kind=kind, freight=bool(typed.get("freight")))
    return {
        "order": order,
        "may": may,
        "kind": kind,
        "kinds": [_kind_choice(one) for one in may.choices],
        "text": _explained().get(kind or "", ""),
        "lines": [
            {
                "line": line,
                "left": most,
                "price": Money(line.price_fen),
                "quantity": quantities.get(line.pk, 0),
            }
            for line, most in lines
        ],
        "freight": chosen.freight if chosen is not None else None,
        "amount": _amount(order, quantities, claim),
        "choices": [(str(place), str(reason)) for place, reason in enumerate(REASONS)],
        "typed": typed,
        "why_not": "；".join(str(one) for one in may.reasons),
        "reasons": [],
    }


def _kind_choice(one: Choice) -> dict[str, str]:
    return {
        "value": one.kind.value,
        "label": _kinds()[one.kind],
        "text": _explained()[one.kind],
        "reason": str(one.why_not) if one.why_not is not None else "",
    }


def _chosen(typed: str, may: Claimable) -> AfterSaleKind | None:
    """The way that was chosen, if there is such a way; else the first that is open."""
    known = {one.kind.value: one.kind for one in may.choices}
    return known.get(typed, may.kind)


def _claim(posted: QueryDict, may: Claimable, *, lenient: bool = False) -> Claim:
    """`lenient`: an amount that cannot be read counts as none."""
    typed = posted.get("amount", "").strip().removeprefix("¥")
    kind = _chosen(posted.get("kind", ""), may)
    amount = None
    if typed and kind == AfterSaleKind.ALLOWANCE:
        try:
            amount = Money.parse(typed)
        except ValueError:
            if not lenient:
                raise Refused(
                    Text("退款金额要填数字，最多两位小数", "Enter the amount as 12 or 12.50")
                ) from None
    return Claim(kind=kind, amount=amount, freight=bool(posted.get("freight")))


def _amount(order: Order, quantities: dict[int, int], claim: Claim) -> Money:
    """The most that goes back for these pieces; nothing for what cannot be claimed."""
    try:
        return refundable(order, quantities, claim)
    except Refused:
        return Money(0, order.currency)


def _quantities(posted: Mapping[str, str]) -> dict[int, int]:
    """Order line id -> pieces; what is no number is left out."""
    found: dict[int, int] = {}
    for name, value in posted.items():
        pk, typed = name.removeprefix("quantity-"), value.strip()
        numbers = all(one.isascii() and one.isdigit() and len(one) < 12 for one in (pk, typed))
        if name.startswith("quantity-") and numbers:
            found[int(pk)] = min(int(typed), 99_999)
    return found


def _reason(posted: QueryDict) -> str:
    typed = posted.get("reason", "")
    if typed.isascii() and typed.isdigit() and int(typed) < len(REASONS):
        return REASONS[int(typed)].zh
    return ""
