"""The buyer's orders: list, detail, and what may be done on them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shangliu.domain.aftersales.queries import cases_of
from shangliu.domain.crm import buyers
from shangliu.domain.logistics.provider import CARRIERS
from shangliu.domain.logistics.queries import parcels_of_case
from shangliu.domain.logistics.states import ParcelState
from shangliu.domain.notifications import inbox
from shangliu.domain.orders import mine
from shangliu.domain.orders.mine import Order, OrderState
from shangliu.domain.payments.queries import payments_of_case
from shangliu.flow import steps
from shangliu.flow.aftersale.services import claimable
from shangliu.flow.order import services as order_services
from shangliu.flow.times import pay_until, receipt_until
from shangliu.insight.trace import events_of
from shangliu.platform import clock
from shangliu.platform.errors import NotFound
from shangliu.platform.money import Money
from shangliu.process.roles import Role
from shangliu.process.running import flow
from shangliu.web import wallets
from shangliu.web.forms import filled
from shangliu.web.roles import BUYER, actor_of, hold_trade, owner_of, user_of
from shangliu.web.storefront import money
from shangliu.web.storefront.frame import personal
from shangliu.web.storefront.progress import order_bar, words

TABS: dict[str, tuple[OrderState, ...]] = {
    "": (),
    "to_pay": (OrderState.AWAITING_PAYMENT,),
    "to_ship": (
        OrderState.AWAITING_REVIEW,
        OrderState.ON_HOLD,
        OrderState.AWAITING_FULFILMENT,
        OrderState.PARTLY_SHIPPED,
    ),
    "to_receive": (OrderState.SHIPPED,),
    "completed": (OrderState.COMPLETED,),
}
CHIPS = {
    OrderState.AWAITING_PAYMENT: "attention",
    OrderState.COMPLETED: "done",
    OrderState.CANCELLED: "off",
    OrderState.CLOSED: "off",
}
UNPAID_ON_THE_WAY = frozenset(TABS["to_ship"] + TABS["to_receive"])
SHOWN_BUT_ASKED_FIRST = "order.cancel"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    owner = owner_of(request)
    if owner.user_id is None and not owner.trades:
        return redirect(f"{reverse('sign_in')}?{urlencode({'next': request.get_full_path()})}")
    tab = request.GET.get("tab", "")
    if tab not in TABS:
        raise NotFound
    typed = request.GET.get("before", "")
    before = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 18 else None
    found = mine.orders(owner, states=TABS[tab], before=before, limit=mine.PAGE + 1)
    shown = found[: mine.PAGE]
    more = {"tab": tab, "before": str(shown[-1].pk)} if len(found) > mine.PAGE else None
    return personal(
        request,
        "storefront/orders.html",
        {
            "rows": [_row(order) for order in shown],
            "tabs": tabs(mine.counts(owner), tab),
            "more": f"?{urlencode(more)}" if more else None,
            "first": f"?{urlencode({'tab': tab})}" if before else None,
        },
    )


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """我的: what waits for me, and the ways to everything that is mine."""
    owner = owner_of(request)
    user = user_of(request)
    if user is None and not owner.trades:
        return redirect(f"{reverse('sign_in')}?{urlencode({'next': reverse('account')})}")
    return personal(
        request,
        "storefront/account.html",
        {
            "buyer": user,
            "tabs": tabs(mine.counts(owner), None),
            "unread": inbox.unread(user.pk) if user is not None else 0,
            "book": buyers.addresses(user.pk) if user is not None else [],
            "balances": wallets.balances(user.pk) if user is not None else [],
        },
    )


@require_safe
def messages_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    if user is None:
        return redirect(f"{reverse('sign_in')}?{urlencode({'next': reverse('messages')})}")
    said = inbox.messages_of(user.pk)
    inbox.mark_read(user.pk)
    return personal(request, "storefront/messages.html", {"said": said})


@require_POST
def forget_address(request: HttpRequest, pk: int) -> HttpResponse:
    user = user_of(request)
    if user is None:
        raise NotFound
    buyers.forget_address(user_id=user.pk, pk=pk)
    messages.success(request, _("地址已删除"))
    return redirect("account")


@require_safe
def detail(request: HttpRequest, number: str) -> HttpResponse:
    secret = request.GET.get("t", "")
    order = mine.order(owner_of(request), number, secret=secret)
    if secret and order.user_id is None:
        hold_trade(request, order.case_no)
        return redirect("order", number)
    return personal(request, "storefront/order.html", _whole(request, order))


@require_POST
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Give up an unpaid order; the gateway is asked first whether money came."""
    order = mine.order(owner_of(request), number)
    order_services.cancel(
        order=order,
        actor=actor_of(request),
        role=Role.BUYER,
        reason=request.POST.get("reason", ""),
    )
    messages.success(request, _("订单已取消"))
    return redirect("order", number)


@require_POST
def take(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Take a step that the definition gives to buyers."""
    order = mine.order(owner_of(request), number)
    try:
        asked = flow()["order"][step].asks
    except KeyError:
        raise NotFound from None
    data = filled(asked, request.POST.dict()) if asked is not None else None
    steps.take(f"order.{step}", order, actor=actor_of(request), roles=BUYER, data=data)
    messages.success(request, _("“{step}”已完成").format(step=flow()["order"][step].label))
    return redirect("order", number)


def buttons(request: HttpRequest, order: Order) -> list[dict[str, Any]]:
    """What the buyer may do now, from the definition; what is not possible says why."""
    found = []
    for offer in steps.offers("order", order, actor=actor_of(request), roles=BUYER):
        asked_first = offer.name == SHOWN_BUT_ASKED_FIRST
        name = offer.step.name
        found.append(
            {
                "label": str(offer.step.label),
                "action": reverse("order_cancel", args=(order.number,))
                if asked_first
                else reverse("order_take", args=(order.number, name)),
                "reason": "" if asked_first else "；".join(str(one) for one in offer.reasons),
                "kind": "main" if offer.step.main or name == "confirm_receipt" else "plain",
                "id": f"do-{name}",
                "asks_reason": asked_first,
                "sure": _sure(name),
            }
        )
    return found


def _sure(step: str) -> str:
    return {
        "cancel": _("取消后商品放回货架，需要时可重新下单。"),
        "confirm_receipt": _("请确认已收到并检查过商品。确认后仍可在退货期内申请售后。"),
        "extend_receipt": _("每笔订单可延长一次。"),
    }.get(step, "")


def tabs(counted: dict[str, int], current: str | None) -> list[dict[str, Any]]:
    labels = {
        "": _("全部"),
        "to_pay": _("待付款"),
        "to_ship": _("待发货"),
        "to_receive": _("待收货"),
        "completed": _("已完成"),
    }
    icons = {"": "list", "to_pay": "wallet", "to_ship": "box", "to_receive": "truck"}
    return [
        {
            "label": label,
            "icon": icons.get(tab, "check-circle"),
            "href": f"{reverse('orders')}?{urlencode({'tab': tab})}" if tab else reverse("orders"),
            "current": tab == current,
            "count": (sum(counted.get(one, 0) for one in TABS[tab]) or None) if tab else None,
        }
        for tab, label in labels.items()
    ]


def chip(order: Order) -> dict[str, str]:
    return {
        "state": CHIPS.get(OrderState(order.state), "progress"),
        "label": words(flow()["order"], order.state),
    }


def masked(phone: str) -> str:
    """`138****8000`: the page may lie open."""
    digits = phone.removeprefix("+86")
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 8 else "****"


def _row(order: Order) -> dict[str, Any]:
    lines = list(order.lines.all())
    return {
        "order": order,
        "lines": lines,
        "pieces": sum(line.quantity for line in lines),
        "chip": chip(order),
        "to_pay": order.state == OrderState.AWAITING_PAYMENT,
        "until": pay_until(order, clock.now()),
        "door": order.state in UNPAID_ON_THE_WAY and _door(order),
    }


def _door(order: Order) -> bool:
    """Is it paid when it is delivered?"""
    return order.paid_at is None and money.to_collect(payments_of_case(order.case_no)) is not None


def _whole(request: HttpRequest, order: Order) -> dict[str, Any]:
    lines = list(order.lines.order_by("pk"))
    may = claimable(order)
    return {
        "order": order,
        "lines": [
            {"line": line, "price": Money(line.price_fen), "amount": Money(line.amount_fen)}
            for line in lines
        ],
        "bar": order_bar(order, events_of("order", order)),
        "chip": chip(order),
        "phone": masked(order.receiver_phone),
        "amounts": _amounts(order),
        "buttons": buttons(request, order),
        "to_pay": order.state == OrderState.AWAITING_PAYMENT,
        "pay_until": pay_until(order, clock.now()),
        "receipt_until": receipt_until(order, clock.now())
        if order.state == OrderState.SHIPPED
        else None,
        "parcels": [_parcel(one) for one in parcels_of_case(order.case_no)],
        "may_claim": may.kind is not None and order.state != OrderState.AWAITING_PAYMENT,
        "claim_reason": ""
        if order.state == OrderState.AWAITING_PAYMENT or may.kind is not None
        else "；".join(str(one) for one in may.reasons),
        "cases": [
            {"case": one, "label": words(flow()["aftersale"], one.state)}
            for one in cases_of(order.case_no)
        ],
        **money.standing(order.trade, order),
    }


def _amounts(order: Order) -> list[dict[str, Any]]:
    found = [
        {"label": _("商品金额"), "money": Money(order.goods_fen, order.currency)},
        {
            "label": _("运费"),
            "money": Money(order.freight_fen, order.currency),
            "why": _("特快配送") if order.delivery == "express" else _("标准配送"),
        },
    ]
    if order.discount_fen:
        money = Money(order.discount_fen, order.currency)
        found.append({"label": _("优惠"), "money": money, "kind": "minus"})
    return found


def _parcel(parcel: Any) -> dict[str, Any]:
    carrier = CARRIERS.get(parcel.carrier)
    return {
        "carrier": str(carrier.label) if carrier is not None else parcel.carrier,
        "waybill_no": parcel.waybill_no,
        "state": words(flow()["parcel"], parcel.state),
        "done": parcel.state == ParcelState.DELIVERED,
        "track": [
            {
                "title": one.text,
                "at": clock.local(one.at).strftime("%m-%d %H:%M"),
                "place": one.place,
            }
            for one in parcel.track.all()
        ],
    }
