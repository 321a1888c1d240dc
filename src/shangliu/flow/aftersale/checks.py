"""What must be true for an after-sale case's steps."""

from __future__ import annotations

from shangliu.domain.aftersales.models import AfterSale, AfterSaleKind
from shangliu.flow.aftersale.effects import Agreement, Inspection
from shangliu.flow.aftersale.sums import money_here, not_collected, pieces_here
from shangliu.flow.policies import Policies
from shangliu.platform.text import Text
from shangliu.process.definition import Context


def rule_allows(case: AfterSale, ctx: Context) -> Text | None:
    ctx.note(kind=case.kind, automatic=Policies.AUTO_REFUND.value)
    if case.kind == AfterSaleKind.REFUND_ONLY and Policies.AUTO_REFUND.is_on:
        return None
    return Text("需要客服审核", "Customer service decides")


def goods_are_still_here(case: AfterSale, ctx: Context) -> Text | None:
    """A refund of pieces without return is for pieces that have not been shipped."""
    if case.kind != AfterSaleKind.REFUND_ONLY:
        return None
    here = pieces_here(case.order)
    if all(here[line.order_line_id] >= line.quantity for line in case.lines.all()):
        return None
    return Text(
        "商品已经发出，请让买家改为申请退货退款",
        "The goods are on their way; ask the buyer for a return instead",
    )


def goods_are_not_shipped(case: AfterSale, ctx: Context) -> Text | None:
    if case.kind == AfterSaleKind.REFUND_ONLY:
        return None
    return Text("商品已经发出，没有可撤下的", "The goods are shipped; there is nothing to take out")


def money_is_there(case: AfterSale, ctx: Context) -> Text | None:
    """What was collected covers what the case would give back."""
    held = sum(one.kept_fen for one in money_here(case.case_no)) + not_collected(case.order)
    if case.amount_fen <= held:
        return None
    return Text(
        "这笔订单已收的钱不够退款金额，请核对付款记录",
        "Less was collected than is to go back; check the payments",
    )


def less_is_said_and_why(case: AfterSale, ctx: Context) -> Text | None:
    if case.kind == AfterSaleKind.REFUND_ONLY:
        return Text(
            "还没发货的商品要全额退款，不能减少金额",
            "What is not shipped is refunded in full; the amount cannot be lowered",
        )
    said = ctx.data
    if said is None:
        return None
    if not isinstance(said, Agreement) or not 0 < said.amount_fen < case.amount_fen:
        return Text(
            f"同意的金额要大于零、小于申请的 {case.amount}",
            f"Agree on more than nothing and less than the {case.amount} asked for",
        )
    if not said.note.strip():
        return Text("请向买家说明减少金额的原因", "Tell the buyer why it is less")
    return None


def refund_may_start(case: AfterSale, ctx: Context) -> Text | None:
    if case.kind in (AfterSaleKind.ALLOWANCE, AfterSaleKind.LOST):
        return None
    if isinstance(ctx.data, Inspection) and ctx.data.accepted:
        return None
    return Text("退货验收后才能退款", "The goods must be accepted first")


def goods_must_come_back(case: AfterSale, ctx: Context) -> Text | None:
    if case.kind == AfterSaleKind.RETURN:
        return None
    return Text("这笔售后不需要退货", "Nothing has to come back")


def inspection_is_whole(case: AfterSale, ctx: Context) -> Text | None:
    """Good and damaged together are what was to come back, or the case is refused as a whole.

    What is missing of an undelivered parcel was lost by the carrier: the buyer gets it all back.
    """
    if not isinstance(ctx.data, Inspection):
        return None
    if case.undelivered and not ctx.data.accepted:
        return Text(
            "未送达的包裹不能寄还买家，短少的件数按实收填写即可",
            "Nothing of an undelivered parcel goes to the buyer; count what is there",
        )
    for line in case.lines.select_related("order_line"):
        good, damaged = ctx.data.found.get(line.pk, (0, 0))
        if min(good, damaged) < 0 or good + damaged > line.quantity:
            return Text(
                f"{line.order_line.name} 的验货数量超过应退的 {line.quantity} 件",
                f"{line.order_line.sku}: more than the {line.quantity} that were to come back",
            )
        whole = good + damaged == line.quantity or case.undelivered
        if ctx.data.accepted and not whole:
            return Text(
                f"{line.order_line.name} 应退 {line.quantity} 件，请填全完好与残次数量",
                f"{line.order_line.sku}: account for all {line.quantity}",
            )
    return None


def goods_were_not_accepted(case: AfterSale, ctx: Context) -> Text | None:
    if isinstance(ctx.data, Inspection) and not ctx.data.accepted:
        return None
    return Text("验货已通过", "The goods were accepted")
