"""What must be true for an after-sale case's steps."""

from __future__ import annotations

from shangliu.domain.aftersales.models import AfterSale, AfterSaleKind
from shangliu.domain.fulfilment.states import TaskState
from shangliu.flow.aftersale.effects import Inspection
from shangliu.flow.policies import Policies
from shangliu.platform.text import Text
from shangliu.process.definition import Context


def rule_allows(case: AfterSale, ctx: Context) -> Text | None:
    ctx.note(kind=case.kind, automatic=Policies.AUTO_REFUND.value)
    if case.kind == AfterSaleKind.REFUND_ONLY and Policies.AUTO_REFUND.is_on:
        return None
    return Text("需要客服审核", "Customer service decides")


def nothing_is_shipped(case: AfterSale, ctx: Context) -> Text | None:
    """A refund without return is for goods that are still here."""
    if case.kind != AfterSaleKind.REFUND_ONLY:
        return None
    if not case.order.tasks.filter(state=TaskState.HANDED_OVER).exists():
        return None
    return Text(
        "商品已经发出，请让买家改为申请退货退款",
        "The goods are on their way; ask the buyer for a return instead",
    )


def refund_may_start(case: AfterSale, ctx: Context) -> Text | None:
    if case.kind == AfterSaleKind.REFUND_ONLY:
        return None
    if isinstance(ctx.data, Inspection) and ctx.data.accepted:
        return None
    return Text("退货验收后才能退款", "The goods must be accepted first")


def goods_must_come_back(case: AfterSale, ctx: Context) -> Text | None:
    if case.kind == AfterSaleKind.RETURN:
        return None
    return Text("这笔售后不需要退货", "Nothing has to come back")


def inspection_is_whole(case: AfterSale, ctx: Context) -> Text | None:
    """Good and damaged together are what was to come back, or the case is refused as a whole."""
    if not isinstance(ctx.data, Inspection):
        return None
    for line in case.lines.select_related("order_line"):
        good, damaged = ctx.data.found.get(line.pk, (0, 0))
        if min(good, damaged) < 0 or good + damaged > line.quantity:
            return Text(
                f"{line.order_line.name} 的验货数量超过应退的 {line.quantity} 件",
                f"{line.order_line.sku}: more than the {line.quantity} that were to come back",
            )
        if ctx.data.accepted and good + damaged != line.quantity:
            return Text(
                f"{line.order_line.name} 应退 {line.quantity} 件，请填全完好与残次数量",
                f"{line.order_line.sku}: account for all {line.quantity}",
            )
    return None


def goods_were_not_accepted(case: AfterSale, ctx: Context) -> Text | None:
    if isinstance(ctx.data, Inspection) and not ctx.data.accepted:
        return None
    return Text("验货已通过", "The goods were accepted")
