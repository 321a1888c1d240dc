"""The entries that completed orders and refunds set off."""

from __future__ import annotations

from shangliu.domain.aftersales.models import AfterSale
from shangliu.domain.orders.models import Order
from shangliu.domain.settlement.models import SettlementEntry
from shangliu.platform import clock
from shangliu.process.definition import Context


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
    if first is None:
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
