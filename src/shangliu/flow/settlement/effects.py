"""The entries that completed orders and refunds set off."""

from __future__ import annotations

from shangliu.domain.aftersales.models import AfterSale
from shangliu.domain.ledger import services as ledger
from shangliu.domain.ledger.accounts import Accounts
from shangliu.domain.ledger.services import Purse
from shangliu.domain.orders.models import Order
from shangliu.domain.settlement.models import SettlementEntry
from shangliu.flow.policies import Policies
from shangliu.platform import clock
from shangliu.platform.money import Money
from shangliu.process.definition import Context


def book_accrual(entry: SettlementEntry, ctx: Context) -> None:
    """What was held for the buyer is owed to the merchant now; a correction goes the other way."""
    ledger.post(
        ledger.Kind.ACCRUED,
        {Accounts.BUYER.code: entry.amount_fen, Accounts.MERCHANT.code: -entry.amount_fen},
        document=entry.order_number,
        case_no=entry.case_no,
        actor=ctx.actor,
        why=entry.reason,
        currency=entry.currency,
    )


def book_payout(entry: SettlementEntry, ctx: Context) -> None:
    ledger.post(
        ledger.Kind.PAID_OUT,
        {Accounts.MERCHANT.code: entry.amount_fen, Accounts.BANK.code: -entry.amount_fen},
        document=entry.order_number,
        case_no=entry.case_no,
        actor=ctx.actor,
        why=entry.reason,
        currency=entry.currency,
    )


def grant_points(entry: SettlementEntry, ctx: Context) -> None:
    """Points for a purchase that stays a purchase: on what is left of it when it is settled."""
    if entry.corrects_id is not None:
        return
    order = Order.objects.get(number=entry.order_number)
    kept = order.total_fen - order.freight_fen - order.refunded_fen
    points = Money(max(kept, 0) * Policies.POINTS.value // 100, order.currency)
    if order.user_id is None or not points:
        return
    ctx.note(points=points.fen)
    ledger.put_back(Purse.POINTS, order.user_id, points)
    ledger.post(
        ledger.Kind.EARNED,
        {Accounts.MARKETING.code: points.fen, Purse.POINTS.account(order.user_id): -points.fen},
        document=order.number,
        case_no=order.case_no,
        actor=ctx.actor,
        why="购物返积分",
        currency=order.currency,
    )


def new_entry(order: Order, ctx: Context) -> list[SettlementEntry]:
    """What the shop is owed for the order: what was paid less what went back already."""
    owed = order.total_fen - order.refunded_fen
    if owed <= 0:
        return []
    return [
        SettlementEntry(
            order_number=order.number,
            amount_fen=owed,
            currency=order.currency,
            reason="订单完成",
            created_at=clock.now(),
            case_no=order.case_no,
        )
    ]


def correction(case: AfterSale, ctx: Context) -> list[SettlementEntry]:
    """The negative entry of a refund after completion; none where nothing had accrued."""
    first = SettlementEntry.objects.filter(
        order_number=case.order.number, corrects__isnull=True
    ).first()
    if first is None or not case.amount_fen:
        return []
    return [
        SettlementEntry(
            order_number=case.order.number,
            amount_fen=-case.amount_fen,
            currency=case.order.currency,
            corrects=first,
            reason=f"售后退款 {case.number}",
            created_at=clock.now(),
            case_no=case.case_no,
        )
    ]
