"""The cart: of a visitor by a cookie, of a person once signed in."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shangliu.domain.cart.queries import CartView, cart_view, open_cart, pieces
from shangliu.domain.catalog.queries import product_page
from shangliu.domain.catalog.rows import ProductPage
from shangliu.flow import limits
from shangliu.flow.cart import services
from shangliu.flow.checkout import preview
from shangliu.flow.policies import Policies
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.money import Money
from shangliu.platform.text import Text
from shangliu.web import visits
from shangliu.web.origin import from_our_pages
from shangliu.web.roles import CART_COOKIE, cart_token, user_id_of
from shangliu.web.storefront.frame import fragment, personal, wants_fragment

KEPT_FOR = 30 * 24 * 3600
MOST = 999
MINE = "mine"


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return personal(request, "storefront/cart.html", _context(request))


@from_our_pages
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Put a choice into the cart; with `then=buy` go on to the checkout with only that."""
    user_id = user_id_of(request)
    token = cart_token(request) or (services.new_token() if user_id is not None else "")
    variant_id = _variant(request.POST)
    quantity = _number(request.POST.get("quantity", "1"), least=1)
    buy = request.POST.get("then") == "buy"
    if buy:
        kept = _only(request, token, variant_id, quantity)
    else:
        kept = services.add(
            token=token,
            user_id=user_id,
            visit=visits.visit_id(request),
            variant_id=variant_id,
            quantity=quantity,
        ).token
    return remember(_added(request, buy=buy), token or kept)


def _only(request: HttpRequest, token: str, variant_id: int, quantity: int) -> str:
    """Only this choice is to be bought now; gives the cart's token."""
    user_id = user_id_of(request)
    cart = open_cart(token=token, user_id=user_id)
    here = cart is not None and cart.lines.filter(variant_id=variant_id).exists()
    if cart is not None and here:
        services.set_quantity(cart=cart, variant_id=variant_id, quantity=quantity)
    else:
        cart = services.add(
            token=token,
            user_id=user_id,
            visit=visits.visit_id(request),
            variant_id=variant_id,
            quantity=quantity,
        )
    services.select(cart=cart, variant_ids=[variant_id])
    return cart.token


def _added(request: HttpRequest, *, buy: bool) -> HttpResponse:
    target = reverse("checkout") if buy else reverse("cart")
    if not wants_fragment(request):
        if not buy:
            messages.success(request, _("已加入购物车"))
        return redirect(target)
    response = HttpResponse(status=204)
    if buy:
        response["HX-Redirect"] = target
    else:
        said = {
            "toast": {
                "text": _("已加入购物车"),
                "state": "done",
                "action": {"label": _("去购物车"), "href": target},
            },
            "mine": True,
        }
        response["HX-Trigger"] = json.dumps(said)
    return response


@require_POST
def update(request: HttpRequest) -> HttpResponse:
    """What is chosen, how many of each, what is removed: one form for the whole cart."""
    cart = open_cart(token=cart_token(request), user_id=user_id_of(request))
    if cart is None:
        return redirect("cart")
    reasons: list[Text] = []
    before = {row.variant_id: row.quantity for row in cart_view(cart).rows}
    removed = _ids(request.POST.getlist("remove"))
    for variant_id, quantity in before.items():
        wanted = 0 if variant_id in removed else _wanted(request.POST, variant_id, quantity)
        if wanted == quantity:
            continue
        try:
            services.set_quantity(cart=cart, variant_id=variant_id, quantity=wanted)
        except Refused as refused:
            reasons += refused.reasons
    services.select(cart=cart, variant_ids=_ids(request.POST.getlist("chosen")))
    if not reasons and request.POST.get("do") == "checkout":
        return redirect("checkout")
    if wants_fragment(request):
        context = _context(request) | {"reasons": [str(reason) for reason in reasons]}
        response = fragment(request, "storefront/_cart.html", context)
        response["HX-Trigger"] = MINE
        return response
    if reasons:
        context = _context(request) | {"reasons": [str(reason) for reason in reasons]}
        return personal(request, "storefront/cart.html", context, status=409)
    return redirect("cart")


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """What is personal on a page that is kept for everybody: the name, the count in the cart."""
    user_id = user_id_of(request)
    count = pieces(token=cart_token(request), user_id=user_id)
    context = {"user": request.user if user_id is not None else None, "count": count}
    return fragment(request, "storefront/_mine.html", context)


def remember(response: HttpResponse, token: str) -> HttpResponse:
    """Keep the cart's cookie, and a mark that scripts can read: there is something personal."""
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(CART_COOKIE, token, KEPT_FOR, httponly=True, samesite="Lax", secure=secure)
    response.set_cookie(MINE, "1", KEPT_FOR, samesite="Lax", secure=secure)
    return response


def _context(request: HttpRequest) -> dict[str, Any]:
    view = cart_view(open_cart(token=cart_token(request), user_id=user_id_of(request)))
    valid = [row for row in view.rows if row.can_be_bought]
    free_from = Money(Policies.FREE_FREIGHT.value)
    return {
        "view": view,
        "valid": valid,
        "all_chosen": bool(valid) and all(row.selected for row in valid),
        "chosen_pieces": sum(row.quantity for row in view.chosen),
        "holding": Policies.RESERVE_AT_CART.is_on,
        "hold_minutes": Policies.HOLD.value,
        "freight": _freight(view, free_from),
        "limited": limits.notes(view, user_id=user_id_of(request)),
    }


def _freight(view: CartView, free_from: Money) -> str:
    if not view.chosen:
        return ""
    summary = preview(view)
    if not summary.delivery.cost:
        return _("已满 {amount}，免运费").format(amount=free_from)
    return _("另付运费 {cost}，再买 {more} 免运费").format(
        cost=summary.delivery.cost, more=free_from - view.goods
    )


def _variant(posted: QueryDict) -> int:
    """The variant itself, or the one that the chosen values name (a browser without scripts)."""
    typed = posted.get("variant", "")
    if typed.isascii() and typed.isdigit() and len(typed) < 18:
        return int(typed)
    slug = posted.get("product", "")
    if not slug:
        raise NotFound
    return _chosen(product_page(slug), posted)


def _chosen(product: ProductPage, posted: QueryDict) -> int:
    wanted = {
        option.name: posted[f"option-{option.name}"]
        for option in product.options
        if f"option-{option.name}" in posted
    }
    for one in product.variants:
        if dict(one.values) == wanted:
            return one.id
    raise Refused(Text("请选择完整的规格", "Choose every option first"))


def _wanted(posted: QueryDict, variant_id: int, before: int) -> int:
    typed = posted.get(f"quantity-{variant_id}", "")
    return _number(typed, least=1) if typed.strip() else before


def _number(typed: str, *, least: int) -> int:
    text = typed.strip()
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise Refused(Text("数量要填整数", "A quantity is a whole number"))
    return min(max(int(text), least), MOST)


def _ids(typed: list[str]) -> list[int]:
    return [int(one) for one in typed if one.isascii() and one.isdigit() and len(one) < 18]
