"""The buyer's wallet: points and store credit, and how they came and went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shangliu.domain.ledger.queries import entries_of_account, wallet
from shangliu.domain.ledger.services import Kind, Purse
from shangliu.domain.orders import queries as orders
from shangliu.platform.errors import NotFound
from shangliu.platform.money import Money
from shangliu.web.roles import user_of
from shangliu.web.storefront import purses
from shangliu.web.storefront.frame import personal

PAGE = 20


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    if user is None:
        return redirect(f"{reverse('sign_in')}?{urlencode({'next': reverse('wallet')})}")
    purse = _purse(request.GET.get("of", Purse.POINTS.value))
    typed = request.GET.get("before", "")
    before = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 18 else None
    found = entries_of_account(purse.account(user.pk), before=before, limit=PAGE + 1)
    shown = found[:PAGE]
    here = reverse("wallet")
    rows = history(shown, purse, user.pk)
    more = {"of": purse.value, "before": str(shown[-1].pk)} if len(found) > PAGE else None
    return personal(
        request,
        "storefront/wallet.html",
        {
            "tabs": [
                {
                    "label": purses.label(one),
                    "href": f"{here}?of={one.value}",
                    "current": one is purse,
                }
                for one in purses.ORDER
            ],
            "has": purses.held(purse, wallet(purse, user.pk)),
            "about": _("1 积分抵 1 分钱，结算时可用。")
            if purse is Purse.POINTS
            else _("结算时可用；用余额付的款，退款退回余额。"),
            "rows": rows,
            "more": f"?{urlencode(more)}" if more else None,
            "first": f"?{urlencode({'of': purse.value})}" if before else None,
        },
    )


def history(entries: Sequence[Any], purse: Purse, user_id: int) -> list[dict[str, Any]]:
    """Each entry as its owner reads it."""
    account = purse.account(user_id)
    numbers = orders.order_numbers([one.case_no for one in entries if one.case_no])
    rows = []
    for one in entries:
        fen = -sum(part.amount_fen for part in one.postings.all() if part.account == account)
        number = numbers.get(one.case_no, "")
        sign = "+" if fen > 0 else "−"
        rows.append(
            {
                "what": _what(one.kind, more=fen > 0),
                "why": one.why if one.kind == Kind.GRANTED else "",
                "href": reverse("order", args=(number,)) if number else "",
                "number": number,
                "at": one.at,
                "amount": sign + purses.held(purse, Money(abs(fen))),
                "more": fen > 0,
            }
        )
    return rows


def _purse(typed: str) -> Purse:
    try:
        return Purse(typed)
    except ValueError:
        raise NotFound from None


def _what(kind: str, *, more: bool) -> str:
    known = {
        Kind.COLLECTED.value: _("支付订单"),
        Kind.REFUNDED.value: _("订单退款退回"),
        Kind.GRANTED.value: _("商家赠送"),
        Kind.EARNED.value: _("购物返积分") if more else _("退货收回积分"),
        Kind.ADJUSTED.value: _("调整"),
    }
    return known.get(kind) or (_("转入") if more else _("转出"))
