"""The buyer's wallet: points and store credit, and how they came and went."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shangliu.domain.ledger.queries import entries_of_account, wallet
from shangliu.domain.ledger.services import Purse
from shangliu.platform.errors import NotFound
from shangliu.web import wallets
from shangliu.web.roles import user_of
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
    rows = wallets.history(shown, purse, user.pk)
    more = {"of": purse.value, "before": str(shown[-1].pk)} if len(found) > PAGE else None
    return personal(
        request,
        "storefront/wallet.html",
        {
            "tabs": [
                {
                    "label": wallets.label(one),
                    "href": f"{here}?of={one.value}",
                    "current": one is purse,
                }
                for one in wallets.ORDER
            ],
            "has": wallets.held(purse, wallet(purse, user.pk)),
            "about": _("1 积分抵 1 分钱，结算时可用。")
            if purse is Purse.POINTS
            else _("结算时可用；用余额付的款，退款退回余额。"),
            "rows": rows,
            "more": f"?{urlencode(more)}" if more else None,
            "first": f"?{urlencode({'of': purse.value})}" if before else None,
        },
    )


def _purse(typed: str) -> Purse:
    try:
        return Purse(typed)
    except ValueError:
        raise NotFound from None
