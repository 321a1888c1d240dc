"""Taking away what the demo trade has made, purchase by purchase.

The books are append-only and stay so: what a purchase has moved of stock and money is moved back
by lines that say why. Everything else of it goes, its events too, which the log gives up for
marked cases only. One transaction a purchase, under the lock of its cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, models, transaction
from django.db.models import F, Min, Q, Sum
from django.db.models.functions import Greatest

from shangliu.domain.aftersales.models import AfterSale, AfterSaleLine
from shangliu.domain.cart.models import Cart
from shangliu.domain.crm.models import Assignment
from shangliu.domain.fulfilment.models import FulfilmentTask, TaskLine
from shangliu.domain.inventory.books import take_back
from shangliu.domain.inventory.models import Reservation
from shangliu.domain.ledger import services as ledger
from shangliu.domain.ledger.accounts import Accounts
from shangliu.domain.ledger.models import Posting
from shangliu.domain.life import services as life
from shangliu.domain.logistics.models import Parcel
from shangliu.domain.notifications.models import Message, WebhookDelivery
from shangliu.domain.orders.models import Order, OrderLine, Trade
from shangliu.domain.payments.models import GatewayNotification, Payment, Refund
from shangliu.domain.reconciliation.models import BillRow, DailyBill, Difference
from shangliu.domain.settlement.models import SettlementEntry
from shangliu.flow.funnel import FUNNEL
from shangliu.flow.popularity import count_again
from shangliu.insight.funnel import journeys
from shangliu.insight.models import Behaviour
from shangliu.insight.rollup import reopen
from shangliu.platform.errors import Refused
from shangliu.platform.models import Outbox, OutsideCall
from shangliu.platform.text import Text
from shangliu.process import engine
from shangliu.process.definition import Context
from shangliu.process.models import Event
from shangliu.process.roles import Role

WHY = "演示数据移除"
# The order in which rows go: nothing is deleted before what points to it.
_BY_CASE: tuple[tuple[type[models.Model], str], ...] = (
    (AfterSaleLine, "after_sale__case_no"),
    (Refund, "case_no"),
    (AfterSale, "case_no"),
    (TaskLine, "task__case_no"),
    (FulfilmentTask, "case_no"),
    (Parcel, "case_no"),
    (Difference, "case_no"),
    (Payment, "case_no"),
    (OrderLine, "order__case_no"),
    (Order, "case_no"),
    (Trade, "number"),
    (Reservation, "case_no"),
    (Cart, "case_no"),
    (GatewayNotification, "case_no"),
    (Message, "case_no"),
    (Assignment, "case_no"),
    (WebhookDelivery, "case_no"),
    (OutsideCall, "case_no"),
    (Outbox, "ordering"),
)


@dataclass(frozen=True, slots=True)
class Purchase:
    """What one visit has made: its cases, and what outside systems know of it."""

    visit: str
    cases: tuple[str, ...]
    payments: tuple[tuple[str, str], ...]
    waybills: tuple[str, ...]


def purchase(visit: str) -> Purchase:
    """All cases of a visit, the carts' before the trades', as they are locked."""
    carts = Cart.objects.filter(visit=visit).order_by("pk").values_list("case_no", flat=True)
    trades = Trade.objects.filter(Q(visit=visit) | Q(cart_case__in=carts)).order_by("pk")
    cases = tuple(dict.fromkeys([*carts, *trades.values_list("number", flat=True)]))
    payments = Payment.objects.filter(case_no__in=cases).order_by("pk")
    parcels = Parcel.objects.filter(case_no__in=cases).exclude(waybill_no="")
    return Purchase(
        visit,
        cases,
        tuple(payments.values_list("provider", "number")),
        tuple(parcels.values_list("waybill_no", flat=True)),
    )


@transaction.atomic
def remove(found: Purchase, *, actor: str) -> None:
    """Take one visit's purchase away. `Refused` for one that the demo trade has not made, or whose
    goods cannot be put back; then nothing was changed."""
    if not life.is_demo(found.visit):
        raise Refused(Text("这不是演示数据，不能移除", "This is not demo data; it stays"))
    ctx = Context(actor=actor, role=Role.SYSTEM)
    for case_no in found.cases:
        engine.lock_case(case_no, ctx)
    now = purchase(found.visit)
    if now != found:
        raise Refused(Text("这笔订单正在变化，请稍后再试", "It is changing just now; try again"))
    seen = Behaviour.objects.filter(visit=found.visit)
    trades = Trade.objects.filter(number__in=found.cases).exclude(visit="")
    visits = {found.visit, *trades.values_list("visit", flat=True)}
    began = seen.aggregate(at=Min("at"))["at"]
    if found.cases:
        life.mark_cases(found.cases)
        _put_books_back(found, actor)
        first = Event.objects.filter(case_no__in=found.cases).aggregate(at=Min("at"))["at"]
        began = min((at for at in (began, first) if at is not None), default=None)
        _delete_rows(found.cases)
    seen.delete()
    life.unmark([found.visit, *found.cases])
    if began is not None:
        reopen(began)
    journeys.taken_out(FUNNEL, visits)


def _put_books_back(found: Purchase, actor: str) -> None:
    cases = AfterSale.objects.filter(case_no__in=found.cases).values_list("number", flat=True)
    try:
        with transaction.atomic():
            take_back([*reversed(found.cases), *cases], actor=actor, why=WHY)
    except IntegrityError as error:
        raise Refused(
            Text("退回的商品已另行处理，库存无法放回", "Its goods were dealt with otherwise")
        ) from error
    _leave_bills([number for _, number in found.payments], actor)
    for case_no in found.cases:
        _turn_round(case_no, actor)


def _turn_round(case_no: str, actor: str) -> None:
    """One entry that takes every account of the case back to nothing."""
    rows = (
        Posting.objects.filter(entry__case_no=case_no)
        .values("account", "entry__currency")
        .annotate(fen=Sum("amount_fen"))
        .exclude(fen=0)
    )
    by_currency: dict[str, dict[str, int]] = {}
    for row in rows:
        by_currency.setdefault(row["entry__currency"], {})[row["account"]] = -row["fen"]
    for currency, postings in by_currency.items():
        if any(code.partition(":")[0] in ("credit", "points") for code in postings):
            raise Refused(Text("买家钱包有变动，不能移除", "A wallet was used; it stays"))
        ledger.post(
            ledger.Kind.ADJUSTED,
            postings,
            document=case_no,
            case_no=case_no,
            actor=actor,
            why=WHY,
            currency=currency,
        )


def _leave_bills(numbers: Sequence[str], actor: str) -> None:
    """Lines of statements that were read already, with the fee and the clearing booked for them."""
    for row in BillRow.objects.filter(number__in=numbers).select_related("bill"):
        bill = row.bill
        paid = row.amount_fen if row.kind == "payment" else 0
        back = row.amount_fen if row.kind == "refund" else 0
        gateway = Accounts.GATEWAY.of(bill.provider)
        fee = {Accounts.FEES.code: -row.fee_fen, gateway: row.fee_fen}
        net = paid - back - row.fee_fen if bill.cleared_at is not None else 0
        for kind, postings in (
            (ledger.Kind.FEE, fee),
            (ledger.Kind.CLEARED, {Accounts.BANK.code: -net, gateway: net}),
        ):
            if any(postings.values()):
                ledger.post(
                    kind,
                    postings,
                    document=f"{bill.provider}-{bill.day}",
                    actor=actor,
                    why=f"{WHY} {row.number}",
                    currency=bill.currency,
                )
        DailyBill.objects.filter(pk=bill.pk).update(
            paid_fen=F("paid_fen") - paid,
            refunded_fen=F("refunded_fen") - back,
            fee_fen=F("fee_fen") - row.fee_fen,
            matched=Greatest(F("matched") - 1, 0),
        )
        row.delete()


def _delete_rows(cases: tuple[str, ...]) -> None:
    lines = OrderLine.objects.filter(order__case_no__in=cases)
    products = list(lines.values_list("variant__product_id", flat=True).distinct())
    SettlementEntry.objects.filter(case_no__in=cases, corrects__isnull=False).delete()
    SettlementEntry.objects.filter(case_no__in=cases).delete()
    for model, column in _BY_CASE:
        model._default_manager.filter(**{f"{column}__in": cases}).delete()  # noqa: SLF001
    for case_no in cases:
        life.let_go_of(case_no)
        Event.objects.filter(case_no=case_no).delete()
    count_again(products)
