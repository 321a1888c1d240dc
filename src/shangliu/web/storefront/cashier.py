"""The cashier: choosing how to pay, going to the gateway, coming back, and what became of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shangliu.domain.orders import mine
from shangliu.domain.orders.mine import Order, OrderState, Trade
from shangliu.domain.payments.provider import Nature, providers
from shangliu.domain.payments.queries import payments_of_case
from shangliu.domain.payments.states import PaymentState
from shangliu.flow.payment import services
from shangliu.flow.times import pay_until
from shangliu.platform import clock
from shangliu.platform.errors import NotFound, Refused
from shangliu.web.roles import actor_of, hold_trade, owner_of
from shangliu.web.storefront.frame import fragment, personal

ASK_AT = (2, 5, 10, 20)
MOST_POLLS = 40


@require_safe
def page(request: HttpRequest, number: str) -> HttpResponse:
    trade, orders = _mine(request, number)
    if orders[0].state != OrderState.AWAITING_PAYMENT:
        return redirect("pay_result", number)
    return personal(
        request,
        "storefront/pay.html",
        {
            "trade": trade,
            "orders": orders,
            "until": min(pay_until(one, clock.now()) for one in orders),
            "choices": [one for one in providers() if one.nature is not Nature.WALLET],
        },
    )


@require_POST
def start(request: HttpRequest, number: str) -> HttpResponse:
    """To the gateway's own cashier: nothing about cards is ever typed here."""
    trade = _trade(request, number)
    code = request.POST.get("provider", "")
    base = settings.SHANGLIU.public_url
    try:
        started = services.start(
            trade=trade,
            way=services.Way(code, request.POST.get("method", "")),
            return_url=base + reverse("pay_return", args=(code,)),
            notify_url=base + reverse("pay_notify", args=(code,)),
            actor=actor_of(request),
        )
    except Refused:
        if mine.orders_of_trade(trade)[0].state == OrderState.AWAITING_PAYMENT:
            raise
        return redirect("pay_result", number)
    response = HttpResponse(status=303)
    response["Location"] = started.redirect_to or reverse("pay_result", args=(number,))
    return response


@require_safe
def returned(request: HttpRequest, provider: str) -> HttpResponse:
    """The browser comes back from the gateway. Its word is not taken: the gateway is asked."""
    payment = services.returned(provider_code=provider, query_string=request.GET.dict())
    return redirect("pay_result", payment.case_no)


@require_safe
def result(request: HttpRequest, number: str) -> HttpResponse:
    """Right whether the notification came first, comes later, or never."""
    trade, orders = _mine(request, number)
    return personal(request, "storefront/pay_result.html", _standing(trade, orders, poll=0))


@require_safe
def status(request: HttpRequest, number: str) -> HttpResponse:
    """The result again, as it is by now; now and then the gateway is asked."""
    trade, orders = _mine(request, number)
    typed = request.GET.get("n", "0")
    poll = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0
    if orders[0].state == OrderState.AWAITING_PAYMENT and poll in ASK_AT:
        for payment in payments_of_case(trade.number):
            services.query(payment, actor="return")
        orders = mine.orders_of_trade(trade)
    return fragment(request, "storefront/_pay_result.html", _standing(trade, orders, poll=poll))


def _mine(request: HttpRequest, number: str) -> tuple[Trade, list[Order]]:
    trade = _trade(request, number)
    orders = mine.orders_of_trade(trade)
    if not orders:
        raise NotFound
    return trade, orders


def _trade(request: HttpRequest, number: str) -> Trade:
    secret = request.GET.get("t", "")
    trade = mine.trade(owner_of(request), number, secret=secret)
    if secret and trade.user_id is None:
        hold_trade(request, trade.number)
    return trade


def _standing(trade: Trade, orders: list[Order], *, poll: int) -> dict[str, Any]:
    first = orders[0]
    waiting = first.state == OrderState.AWAITING_PAYMENT
    given_up = first.paid_at is None and not waiting
    late = (
        [one for one in payments_of_case(trade.number) if one.state == PaymentState.SUCCEEDED_LATE]
        if given_up
        else []
    )
    return {
        "trade": trade,
        "order": first,
        "paid": first.paid_at is not None,
        "waiting": waiting,
        "given_up": given_up,
        "late": late,
        "until": pay_until(first, clock.now()),
        "poll": poll + 1,
        "polls": waiting and poll < MOST_POLLS,
        "title": _("正在确认付款") if waiting else _("付款结果"),
    }
