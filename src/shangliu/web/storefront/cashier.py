"""The cashier: choosing how to pay, being recognised where that is needed, going on to pay."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shangliu.domain.orders import mine
from shangliu.domain.orders.mine import Order, OrderState, Trade
from shangliu.domain.payments.provider import (
    Method,
    Nature,
    PaymentProvider,
    ProviderError,
    provider,
)
from shangliu.domain.payments.queries import payments_of_case
from shangliu.flow.payment import services
from shangliu.flow.times import pay_until
from shangliu.platform import clock
from shangliu.platform.errors import NotFound, Refused
from shangliu.web.roles import actor_of, hold_trade, owner_of, user_of
from shangliu.web.storefront import begun, money, ways
from shangliu.web.storefront.frame import personal

View = Callable[..., HttpResponse]
PAYERS, NONCES = "payers", "payer_nonces"


def own_trade(view: View) -> View:
    """Gives the view the trade and its orders. Who is not signed in (any more) is asked to be,
    whether or not there is such a trade; what is somebody else's is not found."""

    @wraps(view)
    def seen(request: HttpRequest, number: str, **more: Any) -> HttpResponse:
        try:
            trade = _trade(request, number)
        except NotFound:
            if user_of(request) is not None:
                raise
            return _sign_in(request, reverse("pay", args=(number,)))
        orders = mine.orders_of_trade(trade)
        if not orders:
            raise NotFound
        return view(request, trade, orders, **more)

    return seen


def _trade(request: HttpRequest, number: str) -> Trade:
    secret = request.GET.get("t", "")
    trade = mine.trade(owner_of(request), number, secret=secret)
    if secret and trade.user_id is None:
        hold_trade(request, trade.number)
    return trade


def _sign_in(request: HttpRequest, then: str) -> HttpResponse:
    where = f"{reverse('sign_in')}?{urlencode({'next': then})}"
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": where})
    messages.info(request, _("请登录后继续付款"))
    return redirect(where)


def waits(orders: list[Order]) -> bool:
    return orders[0].state == OrderState.AWAITING_PAYMENT


def until(orders: list[Order]) -> Any:
    return min(pay_until(one, clock.now()) for one in orders)


@require_safe
@own_trade
def page(request: HttpRequest, trade: Trade, orders: list[Order]) -> HttpResponse:
    if not waits(orders):
        return redirect("pay_result", trade.number)
    deadline = until(orders)
    paid = money.parts(payments_of_case(trade.number))
    return personal(
        request,
        "storefront/pay.html",
        {
            "trade": trade,
            "orders": orders,
            "due": services.due(trade),
            "paid": paid,
            "until": deadline,
            "ended": clock.now() >= deadline,
            "groups": ways.groups(orders[0], ways.device_of(request)),
            "transfer": money.open_transfer(payments_of_case(trade.number)),
        },
    )


@require_POST
@own_trade
def start(request: HttpRequest, trade: Trade, orders: list[Order]) -> HttpResponse:
    """To where the buyer pays: nothing about cards is ever typed here."""
    if not waits(orders):
        return see_other("pay_result", trade.number)
    typed = request.POST.get("way", "")
    if not typed:
        messages.warning(request, _("请先选择一种付款方式"))
        return see_other("pay", trade.number)
    gateway, method = ways.read(typed)
    if gateway.nature is Nature.ON_DELIVERY and "confirmed" not in request.POST:
        return see_other("pay_at_door", trade.number, gateway.code)
    if method.needs_payer and not _payer(request, gateway):
        return _to_be_recognised(request, trade, gateway, method)
    return begin(request, trade, gateway, method)


def begin(
    request: HttpRequest, trade: Trade, gateway: PaymentProvider, method: Method
) -> HttpResponse:
    """Start (or go on with) paying this way; what fails is said and the other ways stay open."""
    base = settings.SHANGLIU.public_url
    way = services.Way(
        gateway.code,
        method.code,
        request.META.get("REMOTE_ADDR") or "127.0.0.1",
        _payer(request, gateway) if method.needs_payer else "",
    )
    try:
        started = services.start(
            trade=trade,
            way=way,
            return_url=base + reverse("pay_return", args=(gateway.code,)),
            notify_url=base + reverse("pay_notify", args=(gateway.code,)),
            actor=actor_of(request),
        )
    except Refused as refused:
        for reason in refused.reasons:
            messages.warning(request, str(reason))
        return see_other("pay", trade.number)
    except ProviderError:
        return _failed(request, trade, gateway)
    if gateway.nature is Nature.ON_DELIVERY:
        return see_other("pay_result", trade.number)
    if started.redirect_to:
        return HttpResponse(status=303, headers={"Location": started.redirect_to})
    begun.keep(request, trade, gateway.code, method.code, started)
    return see_other("pay_with", trade.number, gateway.code, method.code)


@require_safe
@own_trade
def recognised(
    request: HttpRequest,
    trade: Trade,
    orders: list[Order],
    *,
    provider_code: str,
    method: str,
    nonce: str,
) -> HttpResponse:
    """The buyer is back from being recognised; goes on to pay as was asked for before."""
    gateway = provider(provider_code)
    chosen = ways.method_of(gateway, method)
    if not waits(orders) or request.session.get(NONCES, {}).get(gateway.code) != nonce:
        return redirect("pay", trade.number)
    request.session[NONCES] = {
        code: one for code, one in request.session[NONCES].items() if code != gateway.code
    }
    try:
        payer = gateway.payer(request.GET.dict())
    except ProviderError:
        return _failed(request, trade, gateway)
    request.session[PAYERS] = {**request.session.get(PAYERS, {}), gateway.code: payer}
    return begin(request, trade, gateway, chosen)


def _payer(request: HttpRequest, gateway: PaymentProvider) -> str:
    return str(request.session.get(PAYERS, {}).get(gateway.code, ""))


def _to_be_recognised(
    request: HttpRequest, trade: Trade, gateway: PaymentProvider, method: Method
) -> HttpResponse:
    """The way back carries a number that only this browser knows, so that nobody else's payer can
    be slipped into its session."""
    nonce = secrets.token_hex(16)
    back = reverse("pay_payer", args=(trade.number, gateway.code, method.code, nonce))
    try:
        where = gateway.payer_url(settings.SHANGLIU.public_url + back)
    except ProviderError:
        return _failed(request, trade, gateway)
    request.session[NONCES] = {**request.session.get(NONCES, {}), gateway.code: nonce}
    return HttpResponse(status=303, headers={"Location": where})


def _failed(request: HttpRequest, trade: Trade, gateway: PaymentProvider) -> HttpResponse:
    messages.warning(
        request,
        _("{name}暂时没有响应，没有扣款。请稍后再试，或换一种方式付款。").format(
            name=gateway.label
        ),
    )
    return see_other("pay", trade.number)


@require_safe
@own_trade
def at_door(
    request: HttpRequest, trade: Trade, orders: list[Order], *, provider_code: str
) -> HttpResponse:
    """What paying at the door means, before the order is accepted that way."""
    if not waits(orders):
        return redirect("pay_result", trade.number)
    gateway = provider(provider_code)
    if gateway.nature is not Nature.ON_DELIVERY:
        raise NotFound
    way = f"{gateway.code}:{gateway.methods[0].code}"
    offered = ways.groups(orders[0], ways.device_of(request))
    choice = next(
        (one for group in offered for one in group.choices if one.value == way and not one.reason),
        None,
    )
    if choice is None:
        return redirect("pay", trade.number)
    return personal(
        request,
        "storefront/pay_at_door.html",
        {"trade": trade, "order": orders[0], "due": services.due(trade), "choice": choice},
    )


def see_other(name: str, *args: str) -> HttpResponse:
    return HttpResponse(status=303, headers={"Location": reverse(name, args=args)})
