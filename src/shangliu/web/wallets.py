"""Points and store credit in words, the same for buyers and staff."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from shangliu.domain.ledger.queries import wallet
from shangliu.domain.ledger.services import Kind, Purse
from shangliu.domain.orders import queries as orders
from shangliu.platform.money import Money

ORDER = (Purse.POINTS, Purse.CREDIT)


def balances(user_id: int) -> list[dict[str, Any]]:
    """Both wallets, empty ones as well."""
    return [
        {"code": one.value, "label": label(one), "has": held(one, wallet(one, user_id))}
        for one in ORDER
    ]


def label(purse: Purse) -> str:
    return _("积分") if purse is Purse.POINTS else _("账户余额")


def held(purse: Purse, amount: Money) -> str:
    """`1200 积分` or `¥12.00`."""
    if purse is Purse.POINTS:
        return _("{n} 积分").format(n=amount.fen)
    return str(amount)


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
                "by": one.actor if one.kind == Kind.GRANTED else "",
                "at": one.at,
                "amount": sign + held(purse, Money(abs(fen))),
                "more": fen > 0,
            }
        )
    return rows


def _what(kind: str, *, more: bool) -> str:
    known = {
        Kind.COLLECTED.value: _("支付订单"),
        Kind.REFUNDED.value: _("订单退款退回"),
        Kind.GRANTED.value: _("商家赠送"),
        Kind.EARNED.value: _("购物返积分") if more else _("退货收回积分"),
        Kind.ADJUSTED.value: _("调整"),
    }
    return known.get(kind) or (_("转入") if more else _("转出"))
