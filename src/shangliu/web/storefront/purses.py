"""Points and store credit at checkout: what there is, what would be used, what stays to pay."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shangliu.domain.ledger.queries import wallet
from shangliu.domain.ledger.services import Purse
from shangliu.flow.payment import wallets
from shangliu.platform.money import Money
from shangliu.web.wallets import ORDER, held, label


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
