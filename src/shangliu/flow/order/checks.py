"""What must be true for an order's steps. Each answers with the sentence why not."""

from __future__ import annotations

import re
from collections import Counter

from django.db.models import F

from shangliu.domain.aftersales.models import AfterSale, AfterSaleKind
from shangliu.domain.aftersales.states import ENDED, UNDECIDED
from shangliu.domain.fulfilment.models import FulfilmentTask
from shangliu.domain.fulfilment.states import TaskState
from shangliu.domain.inventory import services as inventory
from shangliu.domain.inventory.models import Reservation
from shangliu.domain.inventory.states import ReservationState
from shangliu.domain.logistics.models import Parcel
from shangliu.domain.logistics.states import ParcelState
from shangliu.domain.orders.models import Order
from shangliu.domain.payments.models import Payment
from shangliu.domain.payments.states import HAS_MONEY, OPEN_PAYMENTS, PaymentState
from shangliu.flow.policies import Policies
from shangliu.platform.money import Money
from shangliu.platform.text import Text
from shangliu.process.definition import Context

_DOUBTFUL = re.compile(r"测试|不详|无地址|随便|xxx|\?\?", re.IGNORECASE)


def is_covered(order: Order, ctx: Context) -> Text | None:
    """What was collected, from all sources and less what went back, is what the trade asks for."""
    paid = Payment.objects.filter(case_no=order.case_no, state__in=HAS_MONEY)
    if sum(one.kept_fen for one in paid) >= order.trade.total_fen:
        return None
    return Text("还没有收到与应付金额一致的付款", "The amount due has not arrived")


def may_be_paid_on_delivery(order: Order, ctx: Context) -> Text | None:
    limit = Policies.ON_DELIVERY_LIMIT.value
    ctx.note(total_fen=order.total_fen, limit_fen=limit)
    if not Policies.ON_DELIVERY.is_on:
        return Text("本店暂不支持货到付款", "Cash on delivery is not offered")
    if order.total_fen <= limit:
        return None
    return Text(
        f"货到付款仅限 {Money(limit)} 以内的订单", f"Cash on delivery is for {Money(limit)} at most"
    )


def goods_are_still_there(order: Order, ctx: Context) -> Text | None:
    """An order that was given up gave its stock back; it can only go on if all of it is left."""
    wanted: Counter[int] = Counter()
    for line in order.lines.all():
        wanted[line.variant_id] += line.quantity
    left = inventory.available(wanted)
    short = sorted(one for one, quantity in wanted.items() if left[one] < quantity)
    ctx.note(short=short)
    if not short:
        return None
    return Text("库存已售出，付款将自动退回", "The goods are gone; the money goes back")


def no_payment_is_open(order: Order, ctx: Context) -> Text | None:
    if not Payment.objects.filter(case_no=order.case_no, state__in=OPEN_PAYMENTS).exists():
        return None
    return Text(
        "有一笔付款正在进行，系统会先向支付网关核实，请稍后再试",
        "A payment is under way; the gateway is being asked first, try again shortly",
    )


def review_is_automatic(order: Order, ctx: Context) -> Text | None:
    ctx.note(automatic=Policies.AUTO_REVIEW.value)
    if Policies.AUTO_REVIEW.is_on:
        return None
    return Text("自动审核已关闭", "Review by rule is switched off")


def amount_is_ordinary(order: Order, ctx: Context) -> Text | None:
    ctx.note(total_fen=order.total_fen, limit_fen=Policies.REVIEW_LIMIT.value)
    if order.total_fen < Policies.REVIEW_LIMIT.value:
        return None
    limit = Money(Policies.REVIEW_LIMIT.value)
    return Text(f"金额达到 {limit}，需要人工审核", f"{limit} or more needs a reviewer")


def address_is_plausible(order: Order, ctx: Context) -> Text | None:
    plausible = len(order.street.strip()) >= 4 and not _DOUBTFUL.search(order.street)
    ctx.note(address_plausible=plausible)
    if plausible:
        return None
    return Text("收货地址不完整，需要人工核对", "The address looks incomplete")


def buyer_left_no_remark(order: Order, ctx: Context) -> Text | None:
    ctx.note(remark=bool(order.remark))
    if not order.remark:
        return None
    return Text("买家有留言，需要人工查看", "The buyer left a remark")


def no_after_sale_is_open(order: Order, ctx: Context) -> Text | None:
    if not AfterSale.objects.filter(order=order).exclude(state__in=ENDED).exists():
        return None
    return Text(
        "这笔订单有售后正在处理，处理完后才能继续",
        "An after-sale case is open on this order; it must end first",
    )


def nothing_is_being_taken_out(order: Order, ctx: Context) -> Text | None:
    """What the buyer wants to cancel must not be sent to the warehouse before it is decided."""
    claims = AfterSale.objects.filter(
        order=order, kind=AfterSaleKind.REFUND_ONLY, state__in=UNDECIDED
    )
    if not claims.exists():
        return None
    return Text(
        "买家申请退掉未发货的商品，处理完后才能继续",
        "The buyer wants to cancel unshipped goods; that must be decided first",
    )


def something_is_left_to_send(order: Order, ctx: Context) -> Text | None:
    claims = Reservation.objects.filter(
        order_line_id__in=order.lines.values("id"), state=ReservationState.COMMITTED
    )
    if claims.exists():
        return None
    return Text("商品已全部退掉，没有要发的了", "Everything is cancelled; nothing is to be sent")


def no_parcel_is_astray(order: Order, ctx: Context) -> Text | None:
    astray = Parcel.objects.filter(
        order_number=order.number, state__in=(ParcelState.PROBLEM, ParcelState.REJECTED)
    )
    if not astray.exists():
        return None
    return Text(
        "有包裹异常或被拒收，暂停自动确认收货",
        "A parcel is in trouble; receipt is not confirmed by time",
    )


def everything_is_collected(order: Order, ctx: Context) -> Text | None:
    waiting = Payment.objects.filter(case_no=order.case_no, state=PaymentState.TO_COLLECT)
    if not waiting.exists():
        return None
    return Text("代收货款还没有收到", "The carrier has not collected the money yet")


def warehouse_has_not_finished(order: Order, ctx: Context) -> Text | None:
    if not order.tasks.filter(state=TaskState.HANDED_OVER).exists():
        return None
    return Text("包裹已交给承运商，不能挂起", "A parcel is with the carrier already")


def _unfinished(order: Order) -> bool:
    return (
        FulfilmentTask.objects.filter(order=order)
        .exclude(state__in=(TaskState.HANDED_OVER, TaskState.CANCELLED))
        .exists()
    )


def something_is_left_to_ship(order: Order, ctx: Context) -> Text | None:
    return None if _unfinished(order) else Text("没有待发的包裹", "Nothing is left to ship")


def everything_is_handed_over(order: Order, ctx: Context) -> Text | None:
    return Text("还有包裹没有交接", "Some parcels are still here") if _unfinished(order) else None


def receipt_was_not_extended(order: Order, ctx: Context) -> Text | None:
    if not order.receipt_extended:
        return None
    return Text("收货时间只能延长一次", "Receipt can be extended once only")


def everything_is_refunded(order: Order, ctx: Context) -> Text | None:
    whole = Order.objects.filter(pk=order.pk, refunded_fen=F("total_fen"))
    return None if whole.exists() else Text("订单尚未全额退款", "The order is not fully refunded")
