"""What people are told when a step was taken: one template a notice, in both languages."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from shangliu.domain.aftersales.models import AfterSale
from shangliu.domain.cart.models import Cart
from shangliu.domain.inventory.models import Reservation
from shangliu.domain.notifications.models import Message
from shangliu.domain.orders.models import Order
from shangliu.domain.payments.models import Refund
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.platform.money import Money
from shangliu.platform.text import Text
from shangliu.process.definition import Process


@dataclass(frozen=True, slots=True)
class Template:
    """`{number}` and `{amount}` are filled in. `sms`: sent to the phone as well."""

    title: Text
    text: Text
    sms: bool = False


def _both(title: tuple[str, str], text: tuple[str, str], *, sms: bool = False) -> Template:
    return Template(Text(*title), Text(*text), sms)


TEMPLATES: Mapping[str, Template] = {
    "order_placed": _both(
        ("订单已提交", "Order placed"),
        ("订单 {number} 已提交，请在付款时限内完成付款。", "Order {number} is placed; please pay."),
    ),
    "order_paid": _both(
        ("付款成功", "Payment received"),
        (
            "已收到订单 {number} 的 {amount}，我们正在安排发货。",
            "We received {amount} for order {number} and are getting it ready.",
        ),
        sms=True,
    ),
    "order_cancelled": _both(
        ("订单已取消", "Order cancelled"),
        ("订单 {number} 已取消，商品已放回货架。", "Order {number} is cancelled."),
    ),
    "order_timed_out": _both(
        ("订单已关闭", "Order closed"),
        ("订单 {number} 超时未付款，已自动关闭。", "Order {number} was not paid in time."),
    ),
    "order_transfer": _both(
        ("等待转账", "Waiting for your transfer"),
        (
            "订单 {number}：请按付款页的账号转账 {amount}，到账后自动安排发货。",
            "Order {number}: please transfer {amount}; we go on when it has arrived.",
        ),
    ),
    "order_accepted": _both(
        ("订单已确认", "Order accepted"),
        (
            "订单 {number} 选择货到付款，签收时请付 {amount}。",
            "Order {number} is paid on delivery: {amount} at the door.",
        ),
        sms=True,
    ),
    "order_reopened": _both(
        ("订单已恢复", "Order reopened"),
        (
            "订单 {number} 关闭后收到了您的 {amount}，订单已恢复。不需要了可以申请退款。",
            "{amount} for the closed order {number} has arrived; the order goes ahead.",
        ),
        sms=True,
    ),
    "order_partly_shipped": _both(
        ("部分商品已发货", "Partly shipped"),
        ("订单 {number} 的一部分商品已发出。", "A part of order {number} is on its way."),
    ),
    "order_shipped": _both(
        ("订单已发货", "Shipped"),
        ("订单 {number} 已发出，可在订单页查看物流。", "Order {number} is on its way."),
        sms=True,
    ),
    "order_delivered": _both(
        ("包裹已签收", "Delivered"),
        ("订单 {number} 已签收，请验货后确认收货。", "Order {number} has arrived; please confirm."),
    ),
    "order_completed": _both(
        ("订单已完成", "Completed"),
        ("订单 {number} 已完成，感谢惠顾。", "Order {number} is complete. Thank you."),
    ),
    "order_closed": _both(
        ("订单已关闭", "Closed"),
        ("订单 {number} 已全额退款并关闭。", "Order {number} is refunded in full and closed."),
    ),
    "hold_expired": _both(
        ("预占已释放", "Hold ended"),
        (
            "购物车里的商品保留时间已到，库存已释放，结算时会重新占用。",
            "The hold on goods in your cart has ended; they are held again at checkout.",
        ),
    ),
    "hold_released": _both(
        ("预占已由商家释放", "Hold released by the shop"),
        (
            "购物车里的一件商品不再为你保留，结算时如有库存会重新占用。",
            "Goods in your cart are no longer held; checkout holds them again if any are left.",
        ),
    ),
    "refund_done": _both(
        ("退款已到账", "Refunded"),
        ("{amount} 已原路退回，订单 {number}。", "{amount} went back to you for {number}."),
        sms=True,
    ),
    "refund_by_hand": _both(
        ("退款已到账", "Refunded"),
        (
            "{amount} 已转账退还，订单 {number}。",
            "{amount} was transferred back to you for {number}.",
        ),
        sms=True,
    ),
    "aftersale_applied": _both(
        ("售后申请已提交", "After-sale applied"),
        ("售后单 {number} 已提交，客服会尽快处理。", "Case {number} is with customer service."),
    ),
    "aftersale_approved": _both(
        ("售后申请已通过", "After-sale approved"),
        ("售后单 {number} 已同意，金额 {amount}。", "Case {number} is approved, {amount}."),
    ),
    "aftersale_approved_less": _both(
        ("售后申请部分通过", "After-sale approved in part"),
        (
            "售后单 {number} 同意退款 {amount}，少于申请的金额，可查看原因。",
            "Case {number}: {amount} is approved, less than you asked for; see why.",
        ),
    ),
    "aftersale_undelivered": _both(
        ("包裹未送达", "A parcel did not arrive"),
        (
            "订单有包裹没有送达，正在退回，我们收到后为您退款。售后单 {number}。",
            "A parcel did not arrive and comes back; we refund it then. Case {number}.",
        ),
        sms=True,
    ),
    "aftersale_lost": _both(
        ("包裹丢失", "A parcel is lost"),
        (
            "订单有包裹在运输途中丢失，已为您办理退款。售后单 {number}。",
            "A parcel was lost on the way; it is being refunded. Case {number}.",
        ),
        sms=True,
    ),
    "aftersale_rejected": _both(
        ("售后申请未通过", "After-sale rejected"),
        ("售后单 {number} 未通过，可查看原因。", "Case {number} was rejected; see why."),
    ),
    "aftersale_send_back": _both(
        ("请寄回商品", "Please send the goods back"),
        (
            "售后单 {number}：请按退货地址寄回，并填写运单号。",
            "Case {number}: send the goods to the return address and enter the waybill number.",
        ),
    ),
    "aftersale_lapsed": _both(
        ("售后已关闭", "After-sale closed"),
        (
            "售后单 {number} 逾期未寄回，已关闭。",
            "Case {number} closed: nothing came back in time.",
        ),
    ),
    "aftersale_goods_refused": _both(
        ("退货未通过验收", "Goods not accepted"),
        ("售后单 {number} 的退货未通过验收，将寄还给您。", "The goods of {number} go back to you."),
    ),
    "aftersale_completed": _both(
        ("售后已完成", "After-sale completed"),
        (
            "售后单 {number} 已完成，退款 {amount}。",
            "Case {number} is complete, {amount} refunded.",
        ),
    ),
}


def tell(process: Process[Any], object_id: int, template: str, event_id: int) -> None:
    """Write the messages of one notice, once for each event."""
    words = TEMPLATES[template]
    assert process.model is not None  # noqa: S101 - recorded processes tell nobody
    subject = process.model._default_manager.get(pk=object_id)  # noqa: SLF001
    about = _about(subject)
    if about is None:
        return
    filled = {"number": about.number, "amount": about.amount}
    common = {
        "user_id": about.user_id,
        "phone": about.phone,
        "template": template,
        "title": words.title.zh,
        "text": words.text.format(**filled).zh,
        "link": about.link,
        "case_no": about.case_no,
        "created_at": clock.now(),
    }
    channels = [Message.Channel.SITE] if about.user_id is not None else []
    if words.sms and about.phone:
        channels.append(Message.Channel.SMS)
    Message.objects.bulk_create(
        [
            Message(unique_key=f"{event_id}:{template}:{channel}", channel=channel, **common)
            for channel in channels
        ],
        ignore_conflicts=True,
    )


MOST_LETTERS = 200  # of a text that somebody writes


def write(cases: Collection[str], text: str, *, actor: str, key: str) -> int:
    """What one of the staff writes to the buyers of these purchases: on site, and by text message
    to who has no account. Once for each purchase and `key`; gives how many were told. `Refused`
    for an empty or a long text, and when none of the cases is an order."""
    said = text.strip()
    if not said or len(said) > MOST_LETTERS:
        raise Refused(
            Text(f"请写 1 到 {MOST_LETTERS} 个字", f"Write 1 to {MOST_LETTERS} characters")
        )
    orders = Order.objects.filter(case_no__in=list(cases)).order_by("case_no", "id")
    found = list(orders.distinct("case_no"))
    if not found:
        raise Refused(
            Text(
                "选中的单据还没有订单，没有可以通知的买家",
                "These have no order yet, and no buyer to tell",
            )
        )
    Message.objects.bulk_create(
        [
            Message(
                unique_key=f"staff:{key}:{one.case_no}"[:80],
                channel=Message.Channel.SITE if one.user_id else Message.Channel.SMS,
                user_id=one.user_id,
                phone=one.receiver_phone,
                template="staff_note",
                title=f"关于订单 {one.number}",
                text=said,
                link=f"/orders/{one.number}/",
                case_no=one.case_no,
                created_at=clock.now(),
                sender=actor,
            )
            for one in found
        ],
        ignore_conflicts=True,
    )
    return len(found)


@dataclass(frozen=True, kw_only=True, slots=True)
class _About:
    number: str
    amount: str
    user_id: int | None
    phone: str
    link: str
    case_no: str


def _about(subject: object) -> _About | None:
    if isinstance(subject, Order):
        return _of_order(subject, subject.number, subject.total)
    if isinstance(subject, AfterSale):
        link = f"/after-sales/{subject.number}/"
        return _of_order(subject.order, subject.number, subject.to_pay_back, link)
    if isinstance(subject, Refund):
        order = Order.objects.filter(case_no=subject.case_no).order_by("id").first()
        if order is None:
            return None
        return _of_order(order, order.number, Money(subject.amount_fen, order.currency))
    if isinstance(subject, Reservation):
        return _of_cart(subject)
    raise TypeError(f"nobody is told of a {type(subject).__name__}")


def _of_cart(held: Reservation) -> _About | None:
    """Whoever is signed in; a guest's cart shows it where it stands."""
    cart = Cart.objects.filter(pk=held.cart_id or 0).first()
    if cart is None or cart.user_id is None:
        return None
    return _About(
        number="", amount="", user_id=cart.user_id, phone="", link="/cart/", case_no=held.case_no
    )


def _of_order(order: Order, number: str, amount: Money, link: str = "") -> _About:
    return _About(
        number=number,
        amount=str(amount),
        user_id=order.user_id,
        phone=order.receiver_phone,
        link=link or f"/orders/{order.number}/",
        case_no=order.case_no,
    )
