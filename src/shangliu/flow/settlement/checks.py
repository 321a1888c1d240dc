"""What must be true for a settlement entry's steps."""

from __future__ import annotations

from shangliu.domain.aftersales.models import AfterSale
from shangliu.domain.aftersales.states import ENDED
from shangliu.domain.settlement.models import SettlementEntry
from shangliu.platform.text import Text
from shangliu.process.definition import Context


def nothing_is_disputed(entry: SettlementEntry, ctx: Context) -> Text | None:
    open_cases = AfterSale.objects.filter(order__number=entry.order_number).exclude(state__in=ENDED)
    if not open_cases.exists():
        return None
    return Text("订单有售后未了结，暂缓结算", "An after-sale case is open; settlement waits")
