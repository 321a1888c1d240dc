"""Paying from what the buyer has with us: store credit and points, whole at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from shangliu.domain.ledger import services as ledger
from shangliu.domain.ledger.queries import wallet
from shangliu.domain.ledger.services import Purse
from shangliu.domain.orders.models import Order
from shangliu.domain.payments.provider import provider
from shangliu.flow.payment.definition import PAYMENT
from shangliu.flow.payment.effects import Collected
from shangliu.flow.payment.services import new_payment
from shangliu.flow.times import pay_until
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.platform.money import Money
from shangliu.platform.text import Text
from shangliu.process import engine
from shangliu.process.definition import Context
from shangliu.process.roles import Role


def split(total: Money, user_id: int | None, wanted: Collection[Purse]) -> dict[Purse, Money]:
    """How much of `total` each wanted wallet pays: points first, then store credit."""
    shares: dict[Purse, Money] = {}
    left = total
    for purse in (Purse.POINTS, Purse.CREDIT):
        if purse in wanted:
            share = Money(min(wallet(purse, user_id).fen, left.fen), total.currency)
            if share:
                shares[purse] = share
                left -= share
    return shares


def pay(order: Order, shares: Mapping[Purse, Money], *, actor: str) -> None:
    """Pay shares of a new order inside the transaction that places it. `Refused` where a wallet
    holds less by now; then nothing of the order is left either."""
    trade = order.trade
    for purse, amount in shares.items():
        if trade.user_id is None:
            raise Refused(Text("请先登录再使用余额和积分", "Sign in to use credit and points"))
        ledger.take(purse, trade.user_id, amount)
        payment = new_payment(
            trade, [order], provider(purse.value), amount, pay_until(order, clock.now())
        )
        engine.begin(PAYMENT, PAYMENT["start"], payment, Context(actor=actor, role=Role.BUYER))
        collected = Collected(provider_id="", amount=amount)
        ctx = Context(actor=purse.value, role=Role.SYSTEM, data=collected)
        engine.fire(PAYMENT, PAYMENT["succeed"], payment, ctx)
