"""Applying for after-sales: what can still be claimed, and how much that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from shangliu.domain.aftersales.models import AfterSale, AfterSaleKind, AfterSaleLine
from shangliu.domain.aftersales.states import ENDED
from shangliu.domain.orders.models import Order, OrderLine
from shangliu.domain.orders.states import BEFORE_SHIPMENT, OrderState
from shangliu.flow.aftersale.definition import AFTERSALE
from shangliu.flow.times import return_until
from shangliu.platform import clock, numbers
from shangliu.platform.errors import Refused
from shangliu.platform.money import Money
from shangliu.platform.text import Text
from shangliu.process import engine
from shangliu.process.definition import Context
from shangliu.process.roles import Role

REASONS = (
    Text("不想要了", "I changed my mind"),
    Text("拍错或多拍", "Ordered by mistake"),
    Text("商品与描述不符", "Not as described"),
    Text("质量问题", "Faulty"),
    Text("少件或发错货", "Missing or wrong goods"),
    Text("其他原因", "Something else"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimable:
    """What a buyer may ask for on an order now; `reasons` say why not when `kind` is None."""

    kind: AfterSaleKind | None
    lines: tuple[tuple[OrderLine, int], ...]
    most: Money
    reasons: tuple[Text, ...]


def claimable(order: Order) -> Claimable:
    """Refund only before shipment (the whole order), return with refund after receipt."""
    lines = tuple((line, line.quantity - line.returned) for line in order.lines.order_by("id"))
    left = Money(order.total_fen - order.refunded_fen, order.currency)
    if AfterSale.objects.filter(order=order).exclude(state__in=ENDED).exists():
        return _no(lines, left, Text("这笔订单已有售后在处理", "A case is open already"))
    if order.state in BEFORE_SHIPMENT:
        return Claimable(kind=AfterSaleKind.REFUND_ONLY, lines=lines, most=left, reasons=())
    until = return_until(order)
    received = order.state == OrderState.COMPLETED or order.delivered_at is not None
    if order.state in (OrderState.SHIPPED, OrderState.COMPLETED) and received:
        if until is not None and clock.now() >= until:
            return _no(lines, left, Text("已超过退货期限", "The return window is over"))
        return Claimable(kind=AfterSaleKind.RETURN, lines=lines, most=left, reasons=())
    if order.state == OrderState.SHIPPED:
        return _no(
            lines,
            left,
            Text("商品在途，签收后可申请退货退款", "On its way: apply once it has arrived"),
        )
    return _no(lines, left, Text("这笔订单不能申请售后", "Nothing can be claimed on this order"))


def refundable(order: Order, quantities: Mapping[int, int]) -> Money:
    """What goes back for `quantities` (order line id -> pieces). The last piece takes the rest of
    its line, so that parts add up to the fen; the last line before shipment takes the freight."""
    return Money(sum(amount for _, _, amount in _shares(order, quantities)), order.currency)


@transaction.atomic
def apply(
    *,
    order: Order,
    quantities: Mapping[int, int],
    reason: str,
    note: str,
    actor: str,
) -> AfterSale:
    """Open a case. Before shipment the whole order is refunded, freight included."""
    ctx = Context(actor=actor, role=Role.BUYER)
    engine.lock_case(order.case_no, ctx)
    order.refresh_from_db()
    may = claimable(order)
    if may.kind is None:
        raise Refused(*may.reasons)
    whole = may.kind == AfterSaleKind.REFUND_ONLY
    asked = {line.pk: left for line, left in may.lines} if whole else dict(quantities)
    shares = _shares(order, asked)
    if not shares:
        raise Refused(Text("请选择要退的商品", "Choose what to send back"))
    goods = sum(amount for _, _, amount in shares)
    freight = order.total_fen - order.refunded_fen - goods if whole else 0
    case = AfterSale(
        number=numbers.new("H"),
        order=order,
        kind=may.kind,
        reason=reason.strip()[:60] or "其他原因",
        note=note.strip()[:300],
        amount_fen=goods + freight,
        freight_fen=freight,
        applied_at=clock.now(),
        case_no=order.case_no,
    )
    case.asked = [  # type: ignore[attr-defined]
        AfterSaleLine(order_line_id=line.pk, quantity=quantity, amount_fen=amount)
        for line, quantity, amount in shares
    ]
    engine.begin(AFTERSALE, AFTERSALE["apply"], case, ctx)
    return case


def _shares(order: Order, quantities: Mapping[int, int]) -> list[tuple[OrderLine, int, int]]:
    found = []
    for line in order.lines.order_by("id"):
        quantity = quantities.get(line.pk, 0)
        left = line.quantity - line.returned
        if quantity < 0 or quantity > left:
            raise Refused(
                Text(
                    f"“{line.name}”最多可退 {left} 件",
                    f"At most {left} of “{line.name}” can go back",
                )
            )
        if quantity:
            rest = line.amount_fen - line.refunded_fen
            amount = rest if quantity == left else line.amount_fen * quantity // line.quantity
            found.append((line, quantity, amount))
    return found


def _no(lines: tuple[tuple[OrderLine, int], ...], most: Money, why: Text) -> Claimable:
    return Claimable(kind=None, lines=lines, most=most, reasons=(why,))
