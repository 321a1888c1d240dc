"""What must be true for a fulfilment task's steps."""

from __future__ import annotations

from collections import Counter

from shangliu.domain.aftersales.models import AfterSale, AfterSaleKind
from shangliu.domain.aftersales.states import UNDECIDED
from shangliu.domain.fulfilment.models import FulfilmentTask
from shangliu.domain.logistics.states import ParcelState
from shangliu.domain.orders.states import OrderState
from shangliu.flow.fulfilment import allocation
from shangliu.flow.fulfilment.effects import Scans, Weight
from shangliu.flow.policies import Policies
from shangliu.platform.text import Text
from shangliu.process.definition import Context

_WITHOUT_WAYBILL = (ParcelState.REQUESTED, ParcelState.LABEL_FAILED, ParcelState.VOIDED)


def everything_is_scanned(task: FulfilmentTask, ctx: Context) -> Text | None:
    """Every piece was scanned, and nothing that does not belong here."""
    if not isinstance(ctx.data, Scans):
        return None
    left = dict(ctx.data.counts)
    names: dict[str, str] = {}
    wanted: Counter[str] = Counter()
    for line in task.lines.select_related("order_line"):
        names[line.order_line.sku] = line.order_line.name
        wanted[line.order_line.sku] += line.quantity
    for sku, pieces in wanted.items():
        if left.pop(sku, 0) != pieces:
            return Text(
                f"{names[sku]} 应拣 {pieces} 件，请核对扫码数量",
                f"{sku}: {pieces} wanted, the scans say otherwise",
            )
    if left:
        wrong = next(iter(left))
        return Text(f"{wrong} 不属于这个任务，请放回", f"{wrong} does not belong here; put it back")
    return None


def another_warehouse_has_it(task: FulfilmentTask, ctx: Context) -> Text | None:
    if allocation.elsewhere(task):
        return None
    return Text(
        "没有其他仓库能整单发出，请挂起订单并联系买家",
        "No other warehouse can ship it whole; hold the order and tell the buyer",
    )


def weight_is_plausible(task: FulfilmentTask, ctx: Context) -> Text | None:
    if not isinstance(ctx.data, Weight):
        return None
    off = abs(ctx.data.grams - task.expected_g)
    percent = Policies.WEIGHT_TOLERANCE.value
    ctx.note(grams=ctx.data.grams, expected_g=task.expected_g, tolerance_percent=percent)
    if off * 100 <= task.expected_g * percent:
        return None
    return Text(
        f"实重 {ctx.data.grams} 克与预计 {task.expected_g} 克相差超过 {percent}%，请拆包复核",
        f"{ctx.data.grams} g is more than {percent}% off the expected {task.expected_g} g;"
        " open it and check",
    )


def waybill_is_there(task: FulfilmentTask, ctx: Context) -> Text | None:
    """Carriers may report a parcel as collected before anybody has noted the hand-over."""
    if task.parcel is not None and task.parcel.state not in _WITHOUT_WAYBILL:
        return None
    return Text("面单还没有取到，请稍候或重试取号", "There is no waybill yet; wait or try again")


def order_may_ship(task: FulfilmentTask, ctx: Context) -> Text | None:
    states = (OrderState.AWAITING_FULFILMENT, OrderState.PARTLY_SHIPPED)
    if task.order.state not in states:
        return Text("订单已挂起或关闭，不能发货", "The order is on hold or closed; do not ship")
    undecided = AfterSale.objects.filter(
        order_id=task.order_id, kind=AfterSaleKind.REFUND_ONLY, state__in=UNDECIDED
    )
    if undecided.exists():
        return Text("买家已申请退款，请先等售后处理", "The buyer asked for a refund; wait for it")
    return None
