"""What one object's step sets off in another: the story of a purchase, in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shangliu.domain.cart.models import Cart
from shangliu.domain.inventory.models import Reservation
from shangliu.domain.inventory.states import ReservationState
from shangliu.domain.orders.models import Order
from shangliu.flow.aftersale import effects as aftersale
from shangliu.flow.aftersale import parcels
from shangliu.flow.cart import effects as cart
from shangliu.flow.fulfilment import effects as fulfilment
from shangliu.flow.order import basket
from shangliu.flow.order import effects as order
from shangliu.flow.parcel import effects as parcel
from shangliu.flow.payment import effects as payment
from shangliu.flow.refund import effects as refund
from shangliu.flow.settlement import effects as settlement
from shangliu.platform.text import Text
from shangliu.process.definition import Bridge, Context, Link


def _claims(state: ReservationState) -> Callable[[Order, Context], list[Reservation]]:
    return lambda one, ctx: order.reservations(one, state)


def _cart_of(placed: Order, ctx: Context) -> list[Cart]:
    return list(Cart.objects.filter(case_no=placed.trade.cart_case))


def _itself(one: Any, ctx: Context) -> list[Any]:
    return [one]


LINKS = (
    Link(after="cart.add", fire=("reservation.hold",), on=cart.new_holds),
    Link(after="cart.change", fire=("reservation.release",), on=cart.held_before, main=False),
    Link(after="cart.change", fire=("reservation.hold",), on=cart.new_holds, main=False),
    Link(after="order.place", fire=("cart.check_out",), on=_cart_of),
    Link(after="order.place", fire=("reservation.rehold",), on=basket.to_hold_again, main=False),
    Link(after="order.place", fire=("reservation.hold",), on=basket.to_hold_anew, main=False),
    Link(after="order.place", fire=("reservation.renew",), on=basket.to_renew),
    Link(after="payment.start", fire=("payment.send", "payment.promise"), on=_itself),
    Link(
        after="payment.send",
        fire=("order.wait_for_transfer",),
        on=payment.orders_that_wait_longer,
        optional=True,
        main=False,
        question=Text("银行转账？", "By transfer?"),
    ),
    Link(after="payment.promise", fire=("order.accept",), on=payment.orders_to_accept, main=False),
    *(
        Link(
            after=f"payment.{step}",
            fire=("order.pay",),
            on=payment.orders_to_pay,
            optional=True,
            question=Text("订单还在等这笔钱？", "Is an order waiting for it?"),
        )
        for step in ("succeed", "confirm")
    ),
    *(
        Link(
            after=f"payment.{step}",
            fire=("order.reopen", "order.pay"),
            on=payment.orders_to_take_late,
            optional=True,
            main=False,
            question=Text("还有货吗？", "Is the stock still there?"),
        )
        for step in ("succeed_late", "confirm_late")
    ),
    *(
        Link(
            after=f"payment.{step}",
            fire=("refund.request",),
            on=payment.surplus,
            main=False,
            instead=True,
        )
        for step in ("succeed", "confirm", "succeed_late", "confirm_late")
    ),
    Link(after="order.reopen", fire=("reservation.hold",), on=order.claims_anew, main=False),
    *(
        Link(
            after=f"order.{step}",
            fire=("reservation.commit",),
            on=_claims(ReservationState.HELD),
            main=step == "pay",
        )
        for step in ("pay", "accept", "reopen")
    ),
    *(
        Link(
            after=f"order.{step}",
            fire=("order.auto_approve", "order.refer"),
            on=_itself,
            main=step == "pay",
            question=Text("符合自动审核规则？", "Does the rule approve?"),
        )
        for step in ("pay", "accept", "reopen")
    ),
    Link(
        after="order.cancel",
        fire=("reservation.release",),
        on=_claims(ReservationState.HELD),
        main=False,
    ),
    Link(
        after="order.time_out",
        fire=("reservation.release",),
        on=_claims(ReservationState.HELD),
        main=False,
    ),
    *(
        Link(
            after=f"order.{step}",
            fire=("refund.request",),
            on=payment.money_in_vain,
            optional=True,
            main=False,
            question=Text("付过一部分？", "Was a part paid?"),
        )
        for step in ("cancel", "time_out")
    ),
    Link(after="order.auto_approve", fire=("fulfilment.create",), on=fulfilment.new_tasks),
    Link(after="order.approve", fire=("fulfilment.create",), on=fulfilment.new_tasks),
    Link(after="order.hold", fire=("fulfilment.recall",), on=order.tasks_to_stop, main=False),
    Link(after="fulfilment.pack", fire=("parcel.request",), on=fulfilment.new_parcel),
    Link(after="fulfilment.hand_over", fire=("reservation.ship",), on=fulfilment.claims_of),
    Link(
        after="fulfilment.hand_over",
        fire=("order.ship", "order.ship_part"),
        on=fulfilment.order_of,
        question=Text("全部发出？", "All out?"),
    ),
    *(
        Link(after=f"fulfilment.{step}", fire=("parcel.void",), on=parcel.parcel_of, main=False)
        for step in ("recall", "cancel")
    ),
    *(
        Link(
            after=f"parcel.{step}", fire=("aftersale.supersede",), on=parcels.overtaken, main=False
        )
        for step in ("reject", "give_back", "lose")
    ),
    *(
        Link(after=f"parcel.{step}", fire=("aftersale.come_back",), on=parcels.undelivered)
        for step in ("reject", "give_back")
    ),
    Link(after="parcel.lose", fire=("aftersale.write_off",), on=parcels.lost),
    Link(after="parcel.deliver", fire=("order.mark_delivered",), on=parcel.delivered_order),
    Link(
        after="order.mark_delivered", fire=("payment.collect",), on=payment.to_collect, main=False
    ),
    *(
        Link(after=f"order.{step}", fire=("payment.collect",), on=payment.to_collect, main=False)
        for step in ("confirm_receipt", "deliver_rest")
    ),
    Link(after="order.confirm_receipt", fire=("settlement.accrue",), on=settlement.new_entry),
    Link(after="order.auto_complete", fire=("settlement.accrue",), on=settlement.new_entry),
    Link(
        after="aftersale.apply",
        fire=("aftersale.auto_approve",),
        on=aftersale.itself,
        optional=True,
    ),
    *(
        Link(after=f"aftersale.{step}", fire=(fired,), on=on, main=False)
        for step in ("come_back", "write_off")
        for fired, on in (
            ("payment.lower", payment.to_collect_less),
            ("payment.call_off", payment.not_to_collect),
        )
    ),
    *(
        Link(
            after=f"aftersale.{step}",
            fire=("aftersale.take_out", "aftersale.start_refund", "aftersale.ask_return"),
            on=aftersale.itself,
            question=Text("要退货吗？", "Goods to come back?"),
        )
        for step in (
            "auto_approve",
            "approve",
            "approve_less",
            "approve_by_time",
            "uphold",
            "write_off",
        )
    ),
    Link(
        after="aftersale.take_out",
        fire=("fulfilment.cancel",),
        on=aftersale.tasks_to_stop,
        main=False,
    ),
    Link(
        after="aftersale.take_out",
        fire=("reservation.unwind",),
        on=aftersale.claims_that_end,
        main=False,
    ),
    Link(
        after="aftersale.take_out",
        fire=("reservation.lessen",),
        on=aftersale.claims_that_lessen,
        main=False,
    ),
    Link(
        after="aftersale.take_out", fire=("fulfilment.create",), on=aftersale.tasks_anew, main=False
    ),
    Link(
        after="aftersale.take_out", fire=("order.ship",), on=aftersale.order_that_is_out, main=False
    ),
    Link(
        after="aftersale.take_out", fire=("payment.lower",), on=payment.to_collect_less, main=False
    ),
    Link(
        after="aftersale.take_out",
        fire=("payment.call_off",),
        on=payment.not_to_collect,
        main=False,
    ),
    Link(
        after="aftersale.inspect",
        fire=("aftersale.start_refund", "aftersale.reject_goods"),
        on=aftersale.itself,
        question=Text("货品相符？", "Goods as sent?"),
    ),
    *(
        Link(
            after=f"aftersale.{step}",
            fire=("refund.request",),
            on=aftersale.new_refunds,
            question=Text("收过钱吗？", "Was anything collected?"),
        )
        for step in ("take_out", "start_refund", "refund_by_law")
    ),
    *(
        Link(
            after=f"aftersale.{step}",
            fire=("aftersale.complete",),
            on=aftersale.nothing_to_refund,
            instead=True,
        )
        for step in ("take_out", "start_refund", "refund_by_law")
    ),
    *(
        Link(
            after=f"refund.{step}",
            fire=("payment.refund_all", "payment.refund_part"),
            on=refund.payment_of,
            question=Text("全部退回？", "All of it back?"),
        )
        for step in ("succeed", "settle_by_hand")
    ),
    *(
        Link(after=f"refund.{step}", fire=("aftersale.complete",), on=aftersale.case_of)
        for step in ("succeed", "settle_by_hand")
    ),
    Link(after="aftersale.complete", fire=("settlement.reverse",), on=settlement.correction),
    Link(
        after="aftersale.complete",
        fire=("order.deliver_rest",),
        on=parcel.rest_that_arrived,
        main=False,
    ),
    Link(
        after="aftersale.complete",
        fire=("order.close",),
        on=aftersale.order_of,
        optional=True,
        question=Text("订单已全额退款？", "Order refunded in full?"),
    ),
    Link(after="order.close", fire=("reservation.unwind",), on=aftersale.committed_claims),
    Link(after="order.close", fire=("payment.call_off",), on=payment.to_collect, main=False),
)

BRIDGES = (
    Bridge(
        process="settlement",
        state="due",
        begins="difference.find",
        label=Text("对账不符", "does not match"),
        main=False,
    ),
    Bridge(process="visit", state="interested", begins="cart.add", label=Text("想买", "wants it")),
    Bridge(process="cart", state="open", begins="visit.sign_in", label=Text("去结算", "check out")),
    Bridge(process="visit", state="previewed", begins="order.place"),
    Bridge(
        process="order",
        state="awaiting_payment",
        begins="payment.start",
        label=Text("去付款", "pay"),
    ),
    Bridge(
        process="order",
        state="awaiting_fulfilment",
        begins="aftersale.apply",
        label=Text("申请退款", "asks for a refund"),
        main=False,
    ),
    Bridge(
        process="order",
        state="completed",
        begins="aftersale.apply",
        label=Text("申请售后", "applies"),
        main=True,
    ),
)

GOES_ON = {
    "visit.view_product": ("cart.add", "visit.browse"),
    "cart.come_back": ("cart:open", "reservation.expire"),
    "order.place": ("order:awaiting_payment",),
    "refund.succeed": ("aftersale.complete",),
    "refund.settle_by_hand": ("aftersale.complete",),
    "payment.fail": ("payment.start", "payment.succeed_late"),
    "payment.close": (
        "order.time_out",
        "order.cancel",
        "payment.look_back",
        "payment.succeed_late",
        "payment.confirm_late",
    ),
    "fulfilment.pack": ("parcel:requested",),
    "parcel.label": ("fulfilment:packed",),
    "fulfilment.hand_over": ("parcel:labelled",),
    "fulfilment.report_short": ("fulfilment.reallocate", "order.hold"),
    "refund.request": ("refund:requested",),
    "aftersale.complete": ("aftersale:completed",),
    "parcel.reject": ("aftersale.come_back",),
    "parcel.give_back": ("aftersale.come_back",),
    "parcel.lose": ("aftersale.write_off",),
    "aftersale.come_back": ("aftersale:returning", "parcel.give_back"),
}
