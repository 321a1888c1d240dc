"""Collecting money. Gateways are called outside any transaction; what they say moves the flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from shangliu.domain.inventory.services import OutOfStock
from shangliu.domain.ledger.accounts import Accounts
from shangliu.domain.ledger.services import Purse
from shangliu.domain.orders.models import Order, Trade
from shangliu.domain.orders.states import OrderState
from shangliu.domain.payments.models import GatewayNotification, Payment
from shangliu.domain.payments.provider import (
    Charge,
    Nature,
    Notified,
    Outcome,
    PaymentProvider,
    ProviderError,
    Ref,
    Started,
    TradeAnswer,
    provider,
)
from shangliu.domain.payments.states import HAS_MONEY, OPEN_PAYMENTS, PaymentState
from shangliu.flow.payment.checks import has_gateway
from shangliu.flow.payment.definition import PAYMENT
from shangliu.flow.payment.effects import Collected
from shangliu.flow.policies import Policies
from shangliu.flow.refund import services as refunds
from shangliu.flow.times import pay_until
from shangliu.platform import clock, http, numbers
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.money import Money
from shangliu.platform.text import Text
from shangliu.process import engine
from shangliu.process.definition import Context
from shangliu.process.roles import Role

_KEPT_HEADERS = ("Content-Type", "User-Agent", "Wechatpay-Serial", "Wechatpay-Timestamp")


@dataclass(frozen=True, slots=True)
class Way:
    """How the buyer wants to pay. `method` empty: the provider's first; `payer`: who the gateway
    says the buyer is."""

    provider: str
    method: str = ""
    client_ip: str = "127.0.0.1"
    payer: str = ""


def start(
    *,
    trade: Trade,
    way: Way,
    return_url: str,
    notify_url: str,
    actor: str,
) -> Started:
    """Begin (or go on with) paying what a trade still owes; says how the buyer goes on.

    An open payment of the same method is used again, so a second click or tab makes no second
    one. `Refused` when the trade is not waiting for
    money any more, `NotFound` for a method that the gateway does not have.
    """
    gateway = provider(way.provider)
    if gateway.nature is Nature.WALLET:
        raise NotFound
    chosen = way.method or gateway.methods[0].code
    if chosen not in {one.code for one in gateway.methods}:
        raise NotFound
    payment = _open_or_new(trade, gateway, chosen, actor)
    charge = Charge(
        number=payment.number,
        amount=payment.amount,
        subject=payment.subject,
        expires_at=payment.expires_at,
        return_url=return_url,
        notify_url=notify_url,
        method=chosen,
        client_ip=way.client_ip,
        payer=way.payer,
    )
    with http.about(case_no=payment.case_no, process="payment", object_id=payment.pk):
        started = gateway.start(charge)
    if started.provider_id and started.provider_id != payment.provider_id:
        Payment.objects.filter(pk=payment.pk, provider_id=payment.provider_id).update(
            provider_id=started.provider_id
        )
    return started


def due(trade: Trade) -> Money:
    """What is still to be collected for a trade."""
    paid = Payment.objects.filter(case_no=trade.number, state__in=HAS_MONEY)
    return Money(trade.total_fen - sum(one.kept_fen for one in paid), trade.currency)


@transaction.atomic
def _open_or_new(trade: Trade, gateway: PaymentProvider, method: str, actor: str) -> Payment:
    ctx = Context(actor=actor, role=Role.BUYER)
    engine.lock_case(trade.number, ctx)
    orders = list(Order.objects.filter(trade=trade).prefetch_related("lines"))
    if not orders or any(one.state != OrderState.AWAITING_PAYMENT for one in orders):
        raise Refused(
            Text("这笔订单已不在待付款状态，请刷新查看", "This order no longer waits for payment")
        )
    deadline = min(pay_until(one, clock.now()) for one in orders)
    if clock.now() >= deadline:
        raise Refused(
            Text("付款时间已过，请重新下单", "The time to pay is over; place the order again")
        )
    ongoing = Payment.objects.filter(
        case_no=trade.number,
        state__in=OPEN_PAYMENTS,
        provider=gateway.code,
        method=method,
        expires_at__gt=clock.now(),
    ).last()
    if ongoing is not None:
        return ongoing
    if gateway.nature is Nature.TRANSFER:
        deadline = clock.now() + Policies.TRANSFER_WITHIN.span
    payment = new_payment(trade, orders, gateway, due(trade), deadline)
    payment.method = method
    engine.begin(PAYMENT, PAYMENT["start"], payment, ctx)
    return payment


def new_payment(
    trade: Trade,
    orders: Sequence[Order],
    gateway: PaymentProvider,
    amount: Money,
    deadline: datetime,
) -> Payment:
    """An unsaved attempt to collect `amount` of what the trade owes."""
    lines = [line for one in orders for line in one.lines.all()]
    more = f" 等 {len(lines)} 种商品" if len(lines) > 1 else ""
    return Payment(
        number=numbers.new("A"),
        provider=gateway.code,
        account=_account(gateway, trade.user_id),
        amount_fen=amount.fen,
        currency=amount.currency,
        subject=f"{lines[0].name[:60]}{more}",
        expires_at=deadline,
        case_no=trade.number,
    )


def _account(gateway: PaymentProvider, user_id: int | None) -> str:
    """Where the ledger keeps what comes this way."""
    match gateway.nature:
        case Nature.GATEWAY:
            return Accounts.GATEWAY.of(gateway.code)
        case Nature.TRANSFER:
            return Accounts.BANK.code
        case Nature.ON_DELIVERY:
            return Accounts.CARRIER.of(gateway.code)
        case Nature.WALLET:
            if user_id is None:
                raise Refused(Text("请先登录再使用余额和积分", "Sign in to use credit and points"))
            return Purse(gateway.code).account(user_id)


def take_notification(
    *, provider_code: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, str, bytes]:
    """Handle a gateway's notification; gives the status, content type and body to answer with.

    The raw body is kept whatever becomes of it. Signature, merchant, number and amount are
    checked; the same notification twice changes nothing and is acknowledged again.
    """
    gateway = provider(provider_code)
    kept = GatewayNotification(
        provider=provider_code,
        received_at=clock.now(),
        headers={name: headers[name] for name in _KEPT_HEADERS if name in headers},
        body=_kept(body),
        verdict="refused",
    )
    try:
        said = gateway.read_notification(headers=headers, body=body)
    except ProviderError as error:
        kept.verdict = f"refused: {error}"[:40]
        kept.save()
        return gateway.rejected()
    kept.number, kept.notification_id = said.number[:64], said.notification_id[:64]
    payment = Payment.objects.filter(number=said.number, provider=provider_code).first()
    if payment is None:
        kept.verdict = "unknown number"
        kept.save()
        return gateway.rejected()
    kept.case_no = payment.case_no
    kept.verdict = _act_on(payment, said)
    kept.save()
    return gateway.rejected() if kept.verdict == "wrong amount" else gateway.accepted()


def _kept(body: bytes) -> str:
    """The body as a text that the database takes: a stranger may send anything."""
    return body.decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")[:20_000]


def _act_on(payment: Payment, said: Notified) -> str:
    if said.refund is not None:
        return refunds.hear(payment, said.refund)
    return settle(payment, said, actor=payment.provider)


def settle(payment: Payment, said: TradeAnswer | Notified, *, actor: str) -> str:
    """Move the payment to where the gateway says it is. Safe to repeat; answers with one word."""
    if said.outcome is Outcome.PAID:
        if said.amount is not None and said.amount != payment.amount:
            return "wrong amount"
        return _collect(payment, said, actor)
    if said.outcome is Outcome.CLOSED:
        return _try(payment, "fail", Context(actor=actor, role=Role.SYSTEM))
    return "nothing new"


def _collect(payment: Payment, said: TradeAnswer | Notified, actor: str) -> str:
    data = Collected(
        provider_id=said.provider_id or "",
        amount=said.amount or payment.amount,
        paid_at=said.paid_at if isinstance(said, TradeAnswer) else None,
        buyer=said.buyer if isinstance(said, TradeAnswer) else "",
    )
    for step in ("succeed", "succeed_late"):
        if (done := _try_twice(payment, step, actor, data)) != "duplicate":
            return done
    return "duplicate"


def _try_twice(payment: Payment, step: str, actor: str, data: Collected) -> str:
    """Reopening an order may lose its stock to somebody else between looking and taking; on the
    second look it is gone, and the money goes back."""
    try:
        return _try(payment, step, Context(actor=actor, role=Role.SYSTEM, data=data))
    except OutOfStock:
        return _try(payment, step, Context(actor=actor, role=Role.SYSTEM, data=data))


@transaction.atomic
def _try(payment: Payment, step: str, ctx: Context) -> str:
    engine.lock(PAYMENT, payment, ctx)
    if payment.state not in PAYMENT[step].source:
        return "duplicate"
    engine.fire(PAYMENT, PAYMENT[step], payment, ctx)
    return "applied"


def ref_of(payment: Payment) -> Ref:
    """The payment as its gateway knows it."""
    return Ref(number=payment.number, provider_id=payment.provider_id)


def query(payment: Payment, *, actor: str = "system") -> str:
    """Ask the gateway what became of a payment, and act on it. One that no order waits for any
    more, as another payment came first, is closed here and there, lest it be paid as well."""
    if payment.state not in OPEN_PAYMENTS:
        return "nothing new"
    if not _is_wanted(payment):
        return "closed" if _close(payment, actor=actor) else "nothing new"
    if not has_gateway(payment):
        return "nothing new"
    with http.about(case_no=payment.case_no, process="payment", object_id=payment.pk):
        try:
            said = provider(payment.provider).query(ref_of(payment))
        except ProviderError as error:
            http.note(error)
            said = TradeAnswer(number=payment.number, outcome=Outcome.WAITING)
    done = settle(payment, said, actor=actor)
    if done == "nothing new" and payment.state == PaymentState.PENDING:
        ctx = Context(actor=actor, role=Role.SYSTEM)
        ctx.note(answer=said.outcome.value)
        _try(payment, "query", ctx)
    return done


def look_back(payment: Payment) -> None:
    """Make sure that a closed payment was not paid after all. Raises `Refused` while the gateway
    does not answer."""
    with http.about(case_no=payment.case_no, process="payment", object_id=payment.pk):
        try:
            said = provider(payment.provider).close(ref_of(payment))
        except ProviderError as error:
            http.note(error)
            raise Refused(Text("支付网关没有回应", "The gateway does not answer")) from error
    if said.outcome is Outcome.PAID:
        settle(payment, said, actor="timer")
    else:
        _try(payment, "look_back", Context(actor="timer", role=Role.SYSTEM))


def _is_wanted(payment: Payment) -> bool:
    return Order.objects.filter(case_no=payment.case_no, state=OrderState.AWAITING_PAYMENT).exists()


def close_open(case_no: str, *, actor: str = "system") -> bool:
    """Before an order is given up: ask the gateway, close the trade there, then close ours.

    True when no payment is open any more. Paid meanwhile: the order is paid, not closed. A
    gateway that does not answer leaves everything as it is: False.
    """
    for payment in Payment.objects.filter(case_no=case_no, state__in=OPEN_PAYMENTS):
        if not _close(payment, actor=actor):
            return False
    return not Payment.objects.filter(case_no=case_no, state__in=OPEN_PAYMENTS).exists()


def _close(payment: Payment, *, actor: str) -> bool:
    """Close at the gateway, then here; False when the gateway does not answer."""
    with http.about(case_no=payment.case_no, process="payment", object_id=payment.pk):
        try:
            said = provider(payment.provider).close(ref_of(payment))
        except ProviderError as error:
            http.note(error)
            return False
    if said.outcome is Outcome.PAID:
        settle(payment, said, actor=actor)
    else:
        _try(payment, "close", Context(actor=actor, role=Role.SYSTEM))
    return True


def returned(*, provider_code: str, query_string: Mapping[str, str]) -> Payment:
    """The payment that a buyer's browser came back from; asks the gateway if no word came yet."""
    try:
        number = provider(provider_code).read_return(query_string)
    except ProviderError:
        raise NotFound from None
    payment = Payment.objects.filter(number=number, provider=provider_code).first()
    if payment is None:
        raise NotFound
    if payment.state in OPEN_PAYMENTS and payment.entered_at > clock.now() - timedelta(days=1):
        query(payment, actor="return")
        payment.refresh_from_db()
    return payment
