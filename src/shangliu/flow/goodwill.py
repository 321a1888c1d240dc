"""Giving a buyer points or store credit out of the shop's pocket, and telling them why."""

from __future__ import annotations

from django.db import transaction

from shangliu.domain.crm.models import User
from shangliu.domain.ledger import services as ledger
from shangliu.domain.ledger.services import Purse
from shangliu.domain.notifications.models import Message
from shangliu.platform import clock, numbers
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.money import Money
from shangliu.platform.text import Text

LIMIT_FEN = 200_000
_MOST_WORDS = 100


@transaction.atomic
def give(*, purse: Purse, user_id: int, amount: Money, why: str, actor: str, key: str) -> bool:
    """Once for every `key` (False: it was given before). `why` is read by the buyer; `Refused`
    without it, for nothing and for more than `LIMIT_FEN`."""
    reason = why.strip()[:_MOST_WORDS]
    _check(amount, reason)
    buyer = User.objects.filter(pk=user_id, is_staff=False).first()
    if buyer is None:
        raise NotFound
    said = _words(purse, amount, reason)
    _message, told = Message.objects.get_or_create(
        unique_key=f"goodwill:{key}"[:80],
        defaults={
            "channel": Message.Channel.SITE,
            "user_id": buyer.pk,
            "template": "goodwill",
            "title": said[0].zh,
            "text": said[1].zh,
            "link": f"/account/wallet/?of={purse.value}",
            "created_at": clock.now(),
        },
    )
    if told:
        document = numbers.new("G")
        ledger.grant(
            purse, user_id=buyer.pk, amount=amount, document=document, actor=actor, why=reason
        )
    return told


def _check(amount: Money, reason: str) -> None:
    if not reason:
        raise Refused(Text("请写明原因，买家会看到", "Say why; the buyer reads it"))
    if amount.fen <= 0:
        raise Refused(Text("金额必须大于零", "The amount must be more than zero"))
    if amount.fen > LIMIT_FEN:
        limit = Money(LIMIT_FEN)
        raise Refused(Text(f"一次最多赠送 {limit}", f"{limit} at most at a time"))


def _words(purse: Purse, amount: Money, reason: str) -> tuple[Text, Text]:
    if purse is Purse.POINTS:
        return (
            Text("收到积分", "Points for you"),
            Text(
                f"收到 {amount.fen} 积分：{reason}。结算时可用。",
                f"{amount.fen} points: {reason}. Use them at checkout.",
            ),
        )
    return (
        Text("收到账户余额", "Store credit for you"),
        Text(
            f"收到 {amount} 账户余额：{reason}。结算时可用。",
            f"{amount} of store credit: {reason}. Use it at checkout.",
        ),
    )
