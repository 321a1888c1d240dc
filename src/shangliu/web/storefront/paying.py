"""While somebody pays: the code to scan, WeChat's bridge, the transfer, and what became of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shangliu.domain.orders import mine
from shangliu.domain.orders.mine import Order, Trade
from shangliu.domain.payments.provider import Method, Nature, PaymentProvider, provider
from shangliu.domain.payments.queries import Payment, payments_of_case
from shangliu.domain.payments.states import OPEN_PAYMENTS
from shangliu.flow import steps
from shangliu.flow.payment import services
from shangliu.flow.payment.effects import Transferred
from shangliu.platform import clock
from shangliu.platform.errors import NotFound, Refused
from shangliu.web.paynames import reported
from shangliu.web.roles import BUYER, actor_of
from shangliu.web.storefront import begun, money, ways
from shangliu.web.storefront.cashier import own_trade, see_other, until, waits
from shangliu.web.storefront.frame import fragment, personal

ASK_AT = (2, 5, 10, 20)
ASK_EVERY = 20  # polls, of those who keep a code open
MOST_POLLS = 40
MOST_WATCHED = 2400


@require_safe
@own_trade
def pay_with(
    request: HttpRequest,
    trade: Trade,
    orders: list[Order],
    *,
    provider_code: str,
    method: str,
) -> HttpResponse:
    """The page on which the buyer pays, or reads how to."""
    if not waits(orders):
        return redirect("pay_result", trade.number)
    gateway = provider(provider_code)
    chosen = ways.method_of(gateway, method)
    payment = _open(trade, gateway, chosen)
    if payment is None:
        return redirect("pay", trade.number)
    if gateway.nature is Nature.TRANSFER:
        return _transfer(request, trade, orders, payment)
    kept = begun.again(request, trade, gateway.code, chosen.code)
    if kept is None:
        return redirect("pay", trade.number)
    context = {
        "trade": trade,
        "order": orders[0],
        "amount": payment.amount,
        "payment": payment,
        "name": gateway.label,
        "scanner": ways.scanner_of(gateway),
        "way": f"{gateway.code}:{chosen.code}",
        "until": min(kept.until, until(orders)),
        "watch": _watch_address(trade, payment, 1),
    }
    if kept.invoke:
        return _bridge(request, kept.invoke, context)
    over = kept.expired or clock.now() >= until(orders)
    context |= {"expired": over, "code": begun.code(kept.qr) if not over else ""}
    return personal(request, "storefront/pay_code.html", context)


def _open(trade: Trade, gateway: PaymentProvider, method: Method) -> Payment | None:
    return next(
        (
            one
            for one in reversed(payments_of_case(trade.number))
            if one.state in OPEN_PAYMENTS
            and (one.provider, one.method) == (gateway.code, method.code)
        ),
        None,
    )


def _bridge(request: HttpRequest, invoke: Any, context: dict[str, Any]) -> HttpResponse:
    """WeChat's browser brings its bridge along; beside the simulators theirs stands in for it."""
    env = settings.SHANGLIU
    script = f"http://127.0.0.1:{env.wechat_port}/_sim/bridge.js" if env.simulators else ""
    more = {"invoke": dict(invoke), "bridge": script}
    return personal(request, "storefront/pay_bridge.html", {**context, **more})


def _transfer(
    request: HttpRequest, trade: Trade, orders: list[Order], payment: Payment
) -> HttpResponse:
    """Starting a transfer that is open already changes nothing and says the account again."""
    started = services.start(
        trade=trade,
        way=services.Way(payment.provider, payment.method),
        return_url="",
        notify_url="",
        actor=actor_of(request),
    )
    return personal(
        request,
        "storefront/pay_transfer.html",
        {
            "trade": trade,
            "order": orders[0],
            "payment": payment,
            "details": started.details,
            "until": until(orders),
            "reported": reported(payment),
        },
    )


@require_POST
@own_trade
def report(request: HttpRequest, trade: Trade, orders: list[Order]) -> HttpResponse:
    """The buyer says that the transfer was made."""
    payment = money.open_transfer(payments_of_case(trade.number))
    if payment is None:
        return see_other("pay_result", trade.number)
    said = Transferred(
        payer=request.POST.get("payer", "").strip()[:60],
        voucher=request.POST.get("voucher", "").strip()[:60],
    )
    try:
        steps.take("payment.report", payment, actor=actor_of(request), roles=BUYER, data=said)
    except Refused as refused:
        for reason in refused.reasons:
            messages.warning(request, str(reason))
    else:
        messages.success(request, _("已登记，财务核对到账后会通知你"))
    return see_other("pay_with", trade.number, payment.provider, payment.method)


@require_safe
def returned(request: HttpRequest, provider: str) -> HttpResponse:
    """The browser comes back from the gateway. Its word is not taken: the gateway is asked."""
    payment = services.returned(provider_code=provider, query_string=request.GET.dict())
    return redirect("pay_result", payment.case_no)


@require_safe
@own_trade
def watch(request: HttpRequest, trade: Trade, orders: list[Order]) -> HttpResponse:
    """Asked every few seconds by the page with the code; leads on when the order is paid."""
    poll = _poll(request)
    payment = next(
        (
            one
            for one in payments_of_case(trade.number)
            if one.number == request.GET.get("payment", "")
        ),
        None,
    )
    if payment is None:
        raise NotFound
    if waits(orders) and payment.state in OPEN_PAYMENTS and _ask_now(poll):
        services.query(payment, actor="return")
        payment.refresh_from_db()
        orders = mine.orders_of_trade(trade)
    if not waits(orders):
        return HttpResponse(headers={"HX-Redirect": reverse("pay_result", args=(trade.number,))})
    over = poll >= MOST_WATCHED or payment.state not in OPEN_PAYMENTS
    return fragment(
        request,
        "storefront/_watch.html",
        {
            "trade": trade,
            "watch": "" if over else _watch_address(trade, payment, poll + 1),
            "failed": payment.state not in OPEN_PAYMENTS,
        },
    )


def _watch_address(trade: Trade, payment: Payment, poll: int) -> str:
    return f"{reverse('pay_watch', args=(trade.number,))}?payment={payment.number}&n={poll}"


def _ask_now(poll: int) -> bool:
    return poll in ASK_AT or (poll > 0 and poll % ASK_EVERY == 0)


@require_safe
@own_trade
def result(request: HttpRequest, trade: Trade, orders: list[Order]) -> HttpResponse:
    """Right whether the notification came first, comes later, or never."""
    return personal(request, "storefront/pay_result.html", _standing(trade, orders, poll=0))


@require_safe
@own_trade
def status(request: HttpRequest, trade: Trade, orders: list[Order]) -> HttpResponse:
    """The result again, as it is by now; now and then the gateway is asked."""
    poll = _poll(request)
    if waits(orders) and poll in ASK_AT:
        for payment in payments_of_case(trade.number):
            services.query(payment, actor="return")
        orders = mine.orders_of_trade(trade)
    return fragment(request, "storefront/_pay_result.html", _standing(trade, orders, poll=poll))


def _poll(request: HttpRequest) -> int:
    typed = request.GET.get("n", "0")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 else 0


def _standing(trade: Trade, orders: list[Order], *, poll: int) -> dict[str, Any]:
    stands = money.standing(trade, orders[0])
    waiting = stands["kind"] == "waiting"
    return {
        **stands,
        "trade": trade,
        "order": orders[0],
        "until": until(orders),
        "poll": poll + 1,
        "polls": waiting and poll < MOST_POLLS,
        "title": _("正在确认付款") if waiting else _("付款结果"),
    }
