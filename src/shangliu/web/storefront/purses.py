"""Points and store credit at checkout: what there is, what would be used, what stays to pay."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from shangliu.domain.ledger.queries import wallet
from shangliu.domain.ledger.services import Purse
from shangliu.flow.payment import wallets
from shangliu.platform.money import Money

ORDER = (Purse.POINTS, Purse.CREDIT)


def wanted(values: Iterable[str]) -> frozenset[Purse]:
    """The wallets that were ticked; anything else is nothing."""
    known = {one.value: one for one in Purse}
    return frozenset(known[value] for value in values if value in known)


def offered(total: Money, user_id: int | None, chosen: frozenset[Purse]) -> dict[str, Any]:
    """`rows`: wallets with something in them; `rest`: what is left for a payment."""
    shares = wallets.split(total, user_id, chosen)
    rows = []
    for purse in ORDER:
        balance = wallet(purse, user_id)
        if balance:
            alone = wallets.split(total, user_id, chosen | {purse}).get(purse, Money(0))
            rows.append(
                {
                    "code": purse.value,
                    "label": label(purse),
                    "has": held(purse, balance),
                    "share": shares.get(purse),
                    "would": alone,
                    "chosen": purse in chosen,
                }
            )
    rest = total
    for share in shares.values():
        rest -= share
    return {
        "rows": rows,
        "rest": rest,
        "used": [
            {"label": label(purse), "money": shares[purse]} for purse in ORDER if purse in shares
        ],
    }


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
