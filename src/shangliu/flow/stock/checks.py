"""What must be true for a reservation's steps."""

from __future__ import annotations

from shangliu.domain.inventory.models import Reservation
from shangliu.flow.stock.effects import Reason
from shangliu.platform.text import Text
from shangliu.process.definition import Context


def is_of_a_cart(reservation: Reservation, ctx: Context) -> Text | None:
    if reservation.order_line_id is None:
        return None
    return Text(
        "这份预占属于待付款订单，请改为取消订单",
        "This hold belongs to an order that waits for payment; cancel the order instead",
    )


def reason_is_given(reservation: Reservation, ctx: Context) -> Text | None:
    if ctx.data is None or (isinstance(ctx.data, Reason) and ctx.data.reason.strip()):
        return None
    return Text("请写明释放原因", "Say why the hold is released")
