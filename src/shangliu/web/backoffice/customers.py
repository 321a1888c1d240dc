"""Customers: what they have with us, how it came and went, and giving them something."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from shangliu.domain.crm import customers as crm
from shangliu.domain.ledger.queries import entries_of_account
from shangliu.domain.ledger.services import Purse
from shangliu.domain.orders.mine import Owner
from shangliu.domain.orders.mine import orders as orders_of
from shangliu.flow import goodwill
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.money import Money
from shangliu.platform.text import Text
from shangliu.process.roles import Role
from shangliu.web import wallets
from shangliu.web.backoffice import words
from shangliu.web.backoffice.access import actor, page, person, staff
from shangliu.web.backoffice.acting import again, typed
from shangliu.web.backoffice.asked import yuan

MAY_SEE = (Role.SERVICE, Role.FINANCE, Role.OPERATIONS)
MAY_GIVE = (Role.SERVICE, Role.FINANCE)
SHOWN = 30


@staff(*MAY_SEE)
@never_cache
@require_GET
def customers(request: HttpRequest) -> HttpResponse:
    """By phone number or its end; the newest without a question."""
    query = request.GET.get("q", "").strip()
    found = crm.with_phone_ending(query) if query else crm.newest()
    rows = [
        {"user": one, "joined": words.moment(one.joined_at), "has": wallets.balances(one.pk)}
        for one in found
    ]
    return page(request, "backoffice/customers.html", {"rows": rows, "asked": query})


@staff(*MAY_SEE)
@never_cache
@require_GET
def customer(request: HttpRequest, pk: int) -> HttpResponse:
    one = crm.customer(pk)
    context: dict[str, object] = {
        "customer": one,
        "joined": words.moment(one.joined_at),
        "has": wallets.balances(one.pk),
        "purses": [(purse.value, wallets.label(purse)) for purse in wallets.ORDER],
        "histories": [
            (
                wallets.label(purse),
                wallets.history(
                    entries_of_account(purse.account(one.pk), limit=SHOWN), purse, one.pk
                ),
            )
            for purse in wallets.ORDER
        ],
        "orders": orders_of(Owner(user_id=one.pk), limit=10),
        "may_give": bool(person(request).acts_as & {*MAY_GIVE, Role.ADMIN}),
        "limit": Money(goodwill.LIMIT_FEN),
        "typed": typed(request),
    }
    return page(request, "backoffice/customer.html", context)


@staff(*MAY_GIVE)
@require_POST
def give(request: HttpRequest, pk: int) -> HttpResponse:
    one = crm.customer(pk)
    try:
        purse, amount = _given(request)
        goodwill.give(
            purse=purse,
            user_id=one.pk,
            amount=amount,
            why=request.POST.get("why", ""),
            actor=actor(request),
            key=_key(request, one.pk),
        )
    except Refused as refused:
        return again(request, refused.reasons)
    messages.success(
        request,
        _("已赠送 {what}，买家会收到消息").format(what=wallets.held(purse, amount)),
    )
    return redirect("staff_customer", one.pk)


def _given(request: HttpRequest) -> tuple[Purse, Money]:
    """Points are typed as points, credit in yuan."""
    try:
        purse = Purse(request.POST.get("purse", ""))
    except ValueError:
        raise Refused(Text("请选择积分或余额", "Choose points or credit")) from None
    said = request.POST.get("amount", "").strip()
    if purse is Purse.CREDIT:
        return purse, Money(yuan(said, _("数额")))
    if not said.isascii() or not said.isdigit() or len(said) > 9:
        raise Refused(Text("积分要填整数", "Points are whole numbers"))
    return purse, Money(int(said))


def _key(request: HttpRequest, pk: int) -> str:
    """The form's own token, so that a second click gives nothing twice."""
    token = request.POST.get("idempotency_key", "")
    if len(token) < 16:
        raise NotFound
    return f"{pk}:{token}"
