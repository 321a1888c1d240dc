"""What a refund's steps do. The sum of refunds never exceeds what was paid: a guarded update."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F, Value
from django.db.models.functions import Least

from shangliu.domain.ledger import services as ledger
from shangliu.domain.ledger.accounts import Accounts
from shangliu.domain.ledger.services import Purse
from shangliu.domain.orders.models import Order
from shangliu.domain.payments.models import Payment, Refund
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.platform.money import Money
from shangliu.platform.text import Text
from shangliu.process.definition import Context


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """What the gateway gave as the reason."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ByHand:
    """`voucher`: the number of the bank transfer that paid the buyer back."""

    voucher: str


def set_aside(refund: Refund, ctx: Context) -> None:
    """Claim the amount of the payment before the gateway is asked for it."""
    ctx.note(amount_fen=refund.amount_fen, reason=refund.reason)
    claimed = Payment.objects.filter(
        pk=refund.payment_id,
        amount_fen__gte=F("refunded_fen") + F("refunding_fen") + refund.amount_fen,
    ).update(refunding_fen=F("refunding_fen") + refund.amount_fen)
    if not claimed:
        raise Refused(
            Text("退款金额超过可退金额，请刷新后核对", "More than what can still be refunded")
        )


def count_attempt(refund: Refund, ctx: Context) -> None:
    ctx.write(refund, attempts=refund.attempts + 1)


def note_failure(refund: Refund, ctx: Context) -> None:
    reason = ctx.data.reason if isinstance(ctx.data, Failure) else ""
    ctx.note(reason=reason)
    ctx.write(refund, error=reason[:200])


def note_no_way_back(refund: Refund, ctx: Context) -> None:
    ctx.write(refund, error="这种付款方式不能原路退回，请线下退款后登记凭证")


def book(refund: Refund, ctx: Context) -> None:
    """The money is back: payment and order know it. A surplus refund concerns no order."""
    by_hand = isinstance(ctx.data, ByHand)
    if isinstance(ctx.data, ByHand):
        ctx.note(voucher=ctx.data.voucher)
    ctx.write(refund, done_at=clock.now(), error="")
    _book_money(refund, Accounts.BANK.code if by_hand else refund.payment.account, ctx)
    Payment.objects.filter(pk=refund.payment_id).update(
        refunded_fen=F("refunded_fen") + refund.amount_fen,
        refunding_fen=F("refunding_fen") - refund.amount_fen,
    )
    if refund.after_sale_id is not None:
        Order.objects.filter(case_no=refund.case_no, after_sales__id=refund.after_sale_id).update(
            refunded_fen=Least(F("refunded_fen") + refund.amount_fen, F("total_fen") + Value(0))
        )


def _book_money(refund: Refund, account: str, ctx: Context) -> None:
    head, _, owner = account.partition(":")
    if head in tuple(Purse) and owner:
        ledger.put_back(Purse(head), int(owner), Money(refund.amount_fen))
    ledger.post(
        ledger.Kind.REFUNDED,
        {Accounts.BUYER.code: refund.amount_fen, account: -refund.amount_fen},
        document=refund.number,
        case_no=refund.case_no,
        actor=ctx.actor,
        why=refund.reason,
        currency=refund.payment.currency,
    )


def payment_of(refund: Refund, ctx: Context) -> list[Payment]:
    return [Payment.objects.get(pk=refund.payment_id)]
