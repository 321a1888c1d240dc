"""What a payment's steps do, and the objects that they set off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shangliu.domain.aftersales.models import AfterSale
from shangliu.domain.ledger import services as ledger
from shangliu.domain.ledger.accounts import Accounts
from shangliu.domain.orders.models import Order
from shangliu.domain.orders.states import OrderState
from shangliu.domain.payments.models import Payment, Refund
from shangliu.domain.payments.provider import Nature, provider
from shangliu.domain.payments.states import HAS_MONEY, PaymentState
from shangliu.platform import clock, numbers
from shangliu.platform.money import Money
from shangliu.process.definition import Context


@dataclass(frozen=True, kw_only=True, slots=True)
class Collected:
    """What the gateway says that it collected."""

    provider_id: str
    amount: Money
    paid_at: datetime | None = None
    buyer: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Transferred:
    """What a buyer says about the transfer: the name on the account, and the bank's number."""

    payer: str
    voucher: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrived:
    """What finance read on the bank statement. `voucher`: the statement's number of it."""

    voucher: str
    amount_fen: int


def note_money(payment: Payment, ctx: Context) -> None:
    """The money is ours: kept with the payment and in the ledger."""
    said = ctx.data
    if isinstance(said, Arrived):
        _keep(payment, ctx, Collected(provider_id=said.voucher, amount=payment.amount))
    elif isinstance(said, Collected):
        _keep(payment, ctx, said)
    else:
        raise TypeError("the step asks for what was collected")


def note_collected(payment: Payment, ctx: Context) -> None:
    """Cash that the carrier took at the door; it owes it to us now."""
    _keep(payment, ctx, Collected(provider_id="", amount=payment.amount))


def _keep(payment: Payment, ctx: Context, collected: Collected) -> None:
    ctx.note(provider_id=collected.provider_id, amount_fen=collected.amount.fen)
    ctx.write(
        payment,
        provider_id=collected.provider_id[:128] or payment.provider_id,
        paid_at=collected.paid_at or clock.now(),
        buyer=collected.buyer[:60] or payment.buyer,
    )
    ledger.post(
        ledger.Kind.COLLECTED,
        {payment.account: payment.amount_fen, Accounts.BUYER.code: -payment.amount_fen},
        document=payment.number,
        case_no=payment.case_no,
        actor=ctx.actor,
        currency=payment.currency,
    )


def note_transfer(payment: Payment, ctx: Context) -> None:
    said = ctx.data
    assert isinstance(said, Transferred)  # noqa: S101 - the step asks for it
    ctx.note(voucher=said.voucher)
    ctx.write(payment, buyer=said.payer.strip()[:60])


def count_query(payment: Payment, ctx: Context) -> None:
    ctx.write(payment, queries=payment.queries + 1)


def orders_to_pay(payment: Payment, ctx: Context) -> list[Order]:
    """The orders of the trade that wait for this money; none when it comes too late or twice."""
    return _orders(payment, ctx, OrderState.AWAITING_PAYMENT)


def orders_to_take_late(payment: Payment, ctx: Context) -> list[Order]:
    """The orders that were given up before this money came, and those that still wait after one
    attempt to pay had failed."""
    return _orders(payment, ctx, OrderState.CANCELLED, OrderState.AWAITING_PAYMENT)


def orders_to_accept(payment: Payment, ctx: Context) -> list[Order]:
    """The orders that go ahead without money, to be paid at the door."""
    if payment.state != PaymentState.TO_COLLECT:
        return []
    return _orders(payment, ctx, OrderState.AWAITING_PAYMENT)


def orders_that_wait_longer(payment: Payment, ctx: Context) -> list[Order]:
    """A bank transfer takes days, so its orders get them."""
    if provider(payment.provider).nature is not Nature.TRANSFER:
        return []
    return _orders(payment, ctx, OrderState.AWAITING_PAYMENT)


def to_collect(order: Order, ctx: Context) -> list[Payment]:
    """What the carrier is to collect, or has collected, for an order."""
    return list(Payment.objects.filter(case_no=order.case_no, state=PaymentState.TO_COLLECT))


def to_collect_less(case: AfterSale, ctx: Context) -> list[Payment]:
    """What the carrier still collects, `less` by what the case is about."""
    found = [one for one in _waived(case) if one.__dict__["less"] < one.amount_fen]
    case.lowered = bool(found)  # type: ignore[attr-defined]
    return found


def not_to_collect(case: AfterSale, ctx: Context) -> list[Payment]:
    """What the carrier need not collect at all any more; asked after `to_collect_less`."""
    return [] if case.__dict__["lowered"] else _waived(case)


def _waived(case: AfterSale) -> list[Payment]:
    if not case.waived_fen:
        return []
    found = Payment.objects.filter(case_no=case.case_no, state=PaymentState.TO_COLLECT)[:1]
    for one in found:
        one.less = case.waived_fen  # type: ignore[attr-defined]
    return list(found)


def collect_less(payment: Payment, ctx: Context) -> None:
    """Part of the goods was given up before the carrier collected anything."""
    less: int = payment.less  # type: ignore[attr-defined]
    ctx.note(less_fen=less)
    ctx.write(payment, amount_fen=payment.amount_fen - less)


def _orders(payment: Payment, ctx: Context, *states: OrderState) -> list[Order]:
    orders = list(Order.objects.filter(case_no=payment.case_no).select_related("trade"))
    ctx.data = payment
    return [order for order in orders if order.state in states]


def surplus(payment: Payment, ctx: Context) -> list[Refund]:
    """Money that no order took, and that none waits to be completed by, goes back by itself: an
    unsaved refund, or none."""
    orders = Order.objects.filter(case_no=payment.case_no)
    if any(
        one.payment_number == payment.number or one.state == OrderState.AWAITING_PAYMENT
        for one in orders
    ):
        return []
    return [_back(payment, "订单已关闭或已付款，自动退回")]


def money_in_vain(order: Order, ctx: Context) -> list[Refund]:
    """What was paid already, from a wallet as a rule, towards an order that is given up."""
    paid = Payment.objects.filter(case_no=order.case_no, state__in=HAS_MONEY)
    return [_back(one, "订单已取消，自动退回") for one in paid if one.kept_fen > 0]


def _back(payment: Payment, reason: str) -> Refund:
    return Refund(
        number=numbers.new("R"),
        payment=payment,
        amount_fen=payment.kept_fen,
        reason=reason,
        case_no=payment.case_no,
    )
