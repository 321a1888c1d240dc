"""Checkout on one page: where to, how, what it costs, and submitting it once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from shangliu.domain.cart.queries import CartView, cart_view, open_cart
from shangliu.domain.crm import buyers
from shangliu.domain.ledger.services import Purse
from shangliu.domain.orders.mine import Trade, trade_of_key
from shangliu.flow.checkout import (
    Preview,
    Receiver,
    Wishes,
    checked,
    place_order,
    preview,
)
from shangliu.flow.policies import Policies
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.money import Money
from shangliu.platform.text import Text
from shangliu.web import visits
from shangliu.web.roles import cart_token, hold_trade, user_id_of, user_of
from shangliu.web.storefront import purses
from shangliu.web.storefront.divisions import PROVINCES
from shangliu.web.storefront.frame import fragment, personal

FIELDS = (
    "name",
    "phone",
    "province",
    "city",
    "district",
    "street",
    "remark",
    "delivery",
    "address",
)
DRAFT = "checkout"
NEW = "new"


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    return _submit(request) if request.method == "POST" else _show(request)


@require_safe
def amounts(request: HttpRequest) -> HttpResponse:
    """The sum again, for another way of delivery, with other wallets."""
    view = cart_view(open_cart(token=cart_token(request), user_id=user_id_of(request)))
    summary = preview(
        view,
        delivery=request.GET.get("delivery", "standard"),
        user_id=user_id_of(request),
    )
    chosen = purses.wanted(request.GET.getlist("purse"))
    purse = purses.offered(summary.total, user_id_of(request), chosen)
    return fragment(request, "storefront/_amounts_again.html", {"preview": summary, "purse": purse})


def _show(request: HttpRequest) -> HttpResponse:
    view = cart_view(open_cart(token=cart_token(request), user_id=user_id_of(request)))
    if not view.chosen:
        messages.info(request, _("先选择要结算的商品"))
        return redirect("cart")
    if user_of(request) is None and not _as_guest(request):
        return redirect(f"{reverse('sign_in')}?{urlencode({'next': reverse('checkout')})}")
    typed = request.session.get(DRAFT, {})
    response = _page(request, view, typed, key=secrets.token_hex(16))
    return visits.seen(response, "preview")


def _as_guest(request: HttpRequest) -> bool:
    """A guest is asked once whether to sign in, and may go on without."""
    if not Policies.GUESTS.is_on:
        return False
    if "guest" in request.GET:
        request.session["guest"] = True
    return bool(request.session.get("guest"))


def _submit(request: HttpRequest) -> HttpResponse:
    key = request.POST.get("submit_key", "")
    if (before := trade_of_key(key)) is not None:
        return _to_cashier(request, before)
    typed = {name: request.POST.get(name, "").strip()[:200] for name in FIELDS}
    typed["purse"] = " ".join(request.POST.getlist("purse"))[:40]
    user_id = user_id_of(request)
    cart = open_cart(token=cart_token(request), user_id=user_id)
    if cart is None or (user_id is None and not _as_guest(request)):
        request.session[DRAFT] = typed
        messages.warning(request, _("登录已过期，请重新登录。已填写的内容会保留"))
        return redirect(f"{reverse('sign_in')}?{urlencode({'next': reverse('checkout')})}")
    try:
        receiver = _receiver(user_id, typed)
        trade = place_order(
            cart=cart,
            receiver=receiver,
            wishes=Wishes(
                delivery=typed["delivery"] or "standard",
                remark=typed["remark"],
                purses=purses.wanted(typed["purse"].split())
                if user_id is not None
                else frozenset(),
            ),
            submit_key=key or secrets.token_hex(16),
            expected=_expected(request.POST, typed["delivery"] or "standard"),
            user_id=user_id,
        )
    except Refused as refused:
        reasons = [str(reason) for reason in refused.reasons]
        return _page(request, cart_view(cart), typed, key=key, reasons=reasons, status=409)
    if user_id is not None and typed["address"] in ("", NEW):
        buyers.keep_address(user_id=user_id, place=_place(receiver))
    request.session.pop(DRAFT, None)
    return _to_cashier(request, trade)


def _purses(typed: Mapping[str, str], user_id: int | None) -> frozenset[Purse]:
    return purses.wanted(typed["purse"].split()) if user_id is not None else frozenset()


def _to_cashier(request: HttpRequest, trade: Trade) -> HttpResponse:
    if trade.user_id is None:
        hold_trade(request, trade.number)
    elif trade.user_id != user_id_of(request):
        raise NotFound
    return redirect("pay", trade.number)


def _expected(posted: Mapping[str, str], delivery: str) -> Money:
    """The total that stood on the page beside the chosen way of delivery."""
    typed = posted.get(f"expected-{delivery}", "")
    if not typed.isascii() or not typed.isdigit() or len(typed) > 15:
        raise Refused(Text("页面已过期，请核对金额后重新提交", "Check the amount and submit again"))
    return Money(int(typed))


def _receiver(user_id: int | None, typed: Mapping[str, str]) -> Receiver:
    """The chosen address of the book, or the one that was typed."""
    if user_id is not None and typed["address"].isdigit():
        for one in buyers.addresses(user_id):
            if str(one.pk) == typed["address"]:
                return Receiver(
                    name=one.name,
                    phone=one.phone,
                    province=one.province,
                    city=one.city,
                    district=one.district,
                    street=one.street,
                )
        raise Refused(Text("这个地址已不在地址簿，请重新选择", "Choose another address"))
    return checked(
        Receiver(
            name=typed["name"],
            phone=typed["phone"],
            province=typed["province"],
            city=typed["city"],
            district=typed["district"],
            street=typed["street"],
        )
    )


def _place(receiver: Receiver) -> buyers.Place:
    return buyers.Place(
        name=receiver.name,
        phone=receiver.phone,
        province=receiver.province,
        city=receiver.city,
        district=receiver.district,
        street=receiver.street,
    )


def _page(
    request: HttpRequest,
    view: CartView,
    typed: Mapping[str, str],
    *,
    key: str,
    reasons: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    user = user_of(request)
    book = buyers.addresses(user.pk) if user is not None else []
    summary = preview(
        view, delivery=typed.get("delivery") or "standard", user_id=user_id_of(request)
    )
    filled = dict(typed) or {"phone": user.phone or "" if user is not None else ""}
    context: dict[str, Any] = {
        "preview": summary,
        "purse": purses.offered(
            summary.total, user_id_of(request), purses.wanted(typed.get("purse", "").split())
        ),
        "book": book,
        "address": typed.get("address") or (str(book[0].pk) if book else NEW),
        "typed": filled,
        "reasons": reasons or [],
        "key": key,
        "expected": _totals(summary),
        "provinces": [(one, one) for one in PROVINCES],
        "buyer": user,
        "pay_minutes": Policies.PAY_WITHIN.value,
    }
    return personal(request, "storefront/checkout.html", context, status=status)


def _totals(summary: Preview) -> dict[str, Money]:
    goods = summary.total - summary.delivery.cost
    return {one.code: goods + one.cost for one in summary.deliveries}
