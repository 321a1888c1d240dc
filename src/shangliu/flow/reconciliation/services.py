"""Fetching the statements of a day that is over, and matching them with our books."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Sum

from shangliu.domain.ledger import services as ledger
from shangliu.domain.ledger.accounts import Accounts
from shangliu.domain.ledger.models import Entry, Posting
from shangliu.domain.orders.models import Order, Trade
from shangliu.domain.orders.states import OrderState
from shangliu.domain.payments.models import Payment, Refund
from shangliu.domain.payments.provider import (
    Bill,
    BillKind,
    Nature,
    ProviderError,
    provider,
    providers,
)
from shangliu.domain.payments.states import HAS_MONEY, RefundState
from shangliu.domain.reconciliation.matching import Finding, Kind, Line, Ours, match
from shangliu.domain.reconciliation.models import BillRow, DailyBill, Difference
from shangliu.domain.reconciliation.states import DifferenceState
from shangliu.flow.payment import services as payments
from shangliu.flow.reconciliation.definition import DIFFERENCE
from shangliu.flow.reconciliation.effects import Answered
from shangliu.platform import clock, http, numbers
from shangliu.platform.errors import Refused
from shangliu.platform.text import Text
from shangliu.process import engine
from shangliu.process.definition import Context
from shangliu.process.roles import Role

log = logging.getLogger(__name__)

READY_AT = time(10)
LOOK_BACK = 7  # days for which a missing statement is still fetched
_SEVERAL_DAYS = 3  # a payment around midnight stands in the next day's statement
_NOT_KEPT = (OrderState.AWAITING_PAYMENT, OrderState.CANCELLED)


def gateways() -> list[str]:
    """The codes of those that give statements."""
    return sorted(one.code for one in providers() if one.nature is Nature.GATEWAY)


def run_due() -> int:
    """Fetch and match what is ready by now and was not fetched yet; gives how many statements.
    A gateway that is not ready is asked again at the next call."""
    today = clock.local(clock.now())
    last = today.date() - timedelta(days=1 if today.time() >= READY_AT else 2)
    days = [last - timedelta(days=back) for back in range(LOOK_BACK)]
    there = set(DailyBill.objects.filter(day__in=days).values_list("provider", "day"))
    done = 0
    for code in gateways():
        for day in reversed(days):
            if (code, day) in there or not _business(code, day):
                continue
            try:
                reconcile(code, day)
                done += 1
            except ProviderError as failed:
                log.info("statement of %s for %s: %s", code, day, failed)
                break
    return done


def _business(code: str, day: date) -> bool:
    """Yesterday always; an older day only if something happened, so that a new shop does not ask
    for statements of the time before it opened."""
    since, until = bounds(day)
    return Payment.objects.filter(provider=code, paid_at__gte=since, paid_at__lt=until).exists()


def reconcile(code: str, day: date, *, actor: str = "system") -> DailyBill:
    """Fetch the statement unless it is here, and match it; the days before it too, as what was
    missing there may stand here. Safe to repeat. Raises `ProviderError` when it is not ready."""
    bill = DailyBill.objects.filter(provider=code, day=day).first()
    if bill is None:
        with http.about(case_no="", process="difference", object_id=None):
            said = provider(code).bill(day)
        bill = _keep(code, said, actor)
    earlier = DailyBill.objects.filter(
        provider=code, day__lt=day, day__gte=day - timedelta(days=_SEVERAL_DAYS)
    )
    for one in (*earlier.order_by("day"), bill):
        _match(one, actor)
    bill.refresh_from_db()
    return bill


def bounds(day: date) -> tuple[datetime, datetime]:
    """The day's beginning and end in Beijing, as UTC."""
    start = datetime.combine(day, time(), tzinfo=clock.SHOP_ZONE)
    return start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC)


@transaction.atomic
def _keep(code: str, said: Bill, actor: str) -> DailyBill:
    """The statement as it came, and its fees in the ledger; once."""
    paid = [one for one in said.lines if one.kind is BillKind.PAYMENT]
    back = [one for one in said.lines if one.kind is BillKind.REFUND]
    bill, new = DailyBill.objects.get_or_create(
        provider=code,
        day=said.day,
        defaults={
            "fetched_at": clock.now(),
            "file_name": said.file_name[:120],
            "raw": said.raw,
            "paid_fen": sum(one.amount.fen for one in paid),
            "refunded_fen": sum(one.amount.fen for one in back),
            "fee_fen": sum(one.fee.fen for one in said.lines),
        },
    )
    if not new:
        return bill
    BillRow.objects.bulk_create(
        [
            BillRow(
                bill=bill,
                kind=one.kind.value,
                number=one.number[:64],
                refund_number=one.refund_number[:64],
                provider_id=one.provider_id[:128],
                amount_fen=one.amount.fen,
                fee_fen=one.fee.fen,
                at=one.at,
            )
            for one in said.lines
        ]
    )
    if bill.fee_fen:
        ledger.post(
            ledger.Kind.FEE,
            {Accounts.FEES.code: bill.fee_fen, Accounts.GATEWAY.of(code): -bill.fee_fen},
            document=f"{code}-{said.day}",
            actor=actor,
            why="渠道账单手续费",
        )
    return bill


@transaction.atomic
def _match(bill: DailyBill, actor: str) -> None:
    """Bring the differences of a statement to what holds now."""
    DailyBill.objects.select_for_update().get(pk=bill.pk)
    theirs = [
        Line(
            number=row.number,
            refund=row.refund_number if row.kind == BillKind.REFUND else "",
            fen=row.amount_fen,
        )
        for row in bill.rows.order_by("id")
    ]
    found, matched = match(theirs, _ours(bill, theirs))
    DailyBill.objects.filter(pk=bill.pk).update(checked_at=clock.now(), matched=matched)
    known = {
        (one.kind, one.payment_number, one.refund_number): one for one in bill.differences.all()
    }
    now = {(one.kind.value, one.number, one.refund): one for one in found}
    ctx = Context(actor=actor, role=Role.SYSTEM)
    for key, one in known.items():
        if key not in now and one.state == DifferenceState.FOUND:
            engine.fire(DIFFERENCE, DIFFERENCE["clear"], one, ctx)
    for key, finding in now.items():
        if key not in known:
            engine.begin(DIFFERENCE, DIFFERENCE["find"], _difference(bill, finding), ctx)


def _difference(bill: DailyBill, finding: Finding) -> Difference:
    number = numbers.new("D")
    payment = Payment.objects.filter(number=finding.number).first()
    return Difference(
        number=number,
        bill=bill,
        kind=finding.kind.value,
        payment_number=finding.number,
        refund_number=finding.refund,
        ours_fen=finding.ours_fen,
        theirs_fen=finding.theirs_fen,
        found_at=clock.now(),
        case_no=payment.case_no if payment is not None else number,
    )


def _ours(bill: DailyBill, theirs: Iterable[Line]) -> Ours:
    since, until = bounds(bill.day)
    named = {one.number for one in theirs}
    refunds_named = {one.refund for one in theirs if one.refund}
    payments_of = Payment.objects.filter(provider=bill.provider)
    known = list(payments_of.filter(number__in=named))
    of_day = list(payments_of.filter(paid_at__gte=since, paid_at__lt=until))
    paid = {one.number: one for one in (*known, *of_day) if one.paid_at is not None}
    refunds = Refund.objects.filter(payment__provider=bill.provider).select_related("payment")
    done = {
        one.number: one
        for one in (
            *refunds.filter(number__in=refunds_named, state=RefundState.SUCCEEDED),
            *refunds.filter(done_at__gte=since, done_at__lt=until, state=RefundState.SUCCEEDED),
        )
    }
    posted = _posted(bill.provider, [*paid, *done])
    today = {one.number for one in theirs if not one.refund} | {one.number for one in of_day}
    booked = [
        Line(number=number, fen=one.amount_fen) for number, one in paid.items() if number in today
    ]
    booked += [
        Line(number=one.payment.number, refund=one.number, fen=one.amount_fen)
        for one in done.values()
        if one.number in posted or one.number in refunds_named
    ]
    seen = set(refunds.filter(number__in=refunds_named).values_list("payment__number", "number"))
    return Ours(
        booked=tuple(booked),
        known=frozenset({(one.number, "") for one in known} | seen),
        posted=posted,
        elsewhere=_elsewhere(bill, booked),
        owed=_owed(paid.values()),
    )


def _posted(code: str, documents: Iterable[str]) -> dict[str, int]:
    """What the ledger moved on the gateway's account for each document; a refund that was paid by
    hand moved nothing there, and no statement has it."""
    rows = (
        Posting.objects.filter(
            account=Accounts.GATEWAY.of(code),
            entry__document__in=list(documents),
            entry__kind__in=(ledger.Kind.COLLECTED, ledger.Kind.REFUNDED),
        )
        .values_list("entry__document")
        .annotate(fen=Sum("amount_fen"))
    )
    return dict(rows)


def _elsewhere(bill: DailyBill, booked: Iterable[Line]) -> frozenset[tuple[str, str]]:
    rows = BillRow.objects.filter(
        bill__provider=bill.provider, number__in={one.number for one in booked}
    ).exclude(bill=bill)
    return frozenset(
        (row.number, row.refund_number if row.kind == BillKind.REFUND else "") for row in rows
    )


def _owed(paid: Iterable[Payment]) -> dict[str, tuple[int, int]]:
    """By the number of the payment that an order names: what the order asks for, and what all the
    payments of its case have collected less what went back without an after-sale case."""
    cases = {one.case_no for one in paid}
    totals = dict(Trade.objects.filter(number__in=cases).values_list("number", "total_fen"))
    covered: dict[str, int] = defaultdict(int)
    for one in Payment.objects.filter(case_no__in=cases, paid_at__isnull=False):
        covered[one.case_no] += one.amount_fen
    surplus = Refund.objects.filter(case_no__in=cases, after_sale_id__isnull=True)
    for refund in surplus:
        covered[refund.case_no] -= refund.amount_fen
    orders = Order.objects.filter(case_no__in=cases).exclude(state__in=_NOT_KEPT)
    return {
        order.payment_number: (totals[order.case_no], covered[order.case_no])
        for order in orders
        if order.payment_number
    }


def ask(one: Difference, *, actor: str) -> str:
    """Ask the gateway about the payment that differs, act on what it says, and match again."""
    payment = Payment.objects.filter(number=one.payment_number).first()
    if payment is None:
        answer = "本店没有这笔支付单"
    elif payment.state in HAS_MONEY:
        answer = "本店已入账"
    else:
        answer = _asked(payment, actor)
    ctx = Context(actor=actor, role=Role.FINANCE, data=Answered(answer=answer))
    engine.fire(DIFFERENCE, DIFFERENCE["ask"], one, ctx)
    _match(one.bill, actor)
    return answer


def _asked(payment: Payment, actor: str) -> str:
    ref = payments.ref_of(payment)
    with http.about(case_no=payment.case_no, process="payment", object_id=payment.pk):
        try:
            said = provider(payment.provider).query(ref)
        except ProviderError as failed:
            return f"渠道没有回应：{failed}"
    return f"渠道状态 {said.outcome.value}，处理结果 {payments.settle(payment, said, actor=actor)}"


@transaction.atomic
def clear(bill: DailyBill, *, voucher: str, actor: str) -> None:
    """The net sum of a statement has reached the bank; once."""
    if not voucher.strip():
        raise Refused(Text("请填写银行流水号", "Enter the number on the bank statement"))
    taken = DailyBill.objects.filter(pk=bill.pk, cleared_at__isnull=True).update(
        cleared_at=clock.now(), voucher=voucher.strip()[:60]
    )
    if not taken:
        raise Refused(Text("这张账单已登记到账", "This statement was cleared already"))
    if bill.net.fen:
        ledger.post(
            ledger.Kind.CLEARED,
            {
                Accounts.BANK.code: bill.net.fen,
                Accounts.GATEWAY.of(bill.provider): -bill.net.fen,
            },
            document=f"{bill.provider}-{bill.day}",
            actor=actor,
            why=f"渠道结算 {voucher.strip()}",
        )


def outstanding() -> list[Payment]:
    """Cash that carriers collected and have not remitted yet, the oldest first."""
    collected = Payment.objects.filter(
        provider__in=[one.code for one in providers() if one.nature is Nature.ON_DELIVERY],
        paid_at__isnull=False,
    ).order_by("paid_at", "pk")
    remitted = set(
        Entry.objects.filter(
            kind=ledger.Kind.CLEARED, document__in=collected.values("number")
        ).values_list("document", flat=True)
    )
    return [one for one in collected if one.number not in remitted]


@transaction.atomic
def remit(numbers_of: Iterable[str], *, voucher: str, actor: str) -> int:
    """The carrier has paid us what it collected for these payments; gives how many."""
    if not voucher.strip():
        raise Refused(Text("请填写银行流水号", "Enter the number on the bank statement"))
    wanted = set(numbers_of)
    rows = Payment.objects.select_for_update().filter(number__in=wanted).order_by("pk")
    open_ones = {one.number for one in outstanding()}
    if not wanted or wanted - open_ones or len(rows) != len(wanted):
        raise Refused(
            Text("有货款已登记或不存在，请刷新后重选", "Some are remitted already; choose again")
        )
    for one in rows:
        ledger.post(
            ledger.Kind.CLEARED,
            {Accounts.BANK.code: one.amount_fen, one.account: -one.amount_fen},
            document=one.number,
            case_no=one.case_no,
            actor=actor,
            why=f"代收货款回款 {voucher.strip()}",
            currency=one.currency,
        )
    return len(wanted)


def words(kind: str) -> Kind:
    """The kind of a stored difference, with its label and cause."""
    return Kind(kind)
