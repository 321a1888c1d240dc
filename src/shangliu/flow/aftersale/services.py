"""Applying for after-sales: what can be claimed in which way, and how much that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from shangliu.domain.aftersales.models import AfterSale, AfterSaleKind, AfterSaleLine
from shangliu.domain.aftersales.states import ENDED
from shangliu.domain.orders.models import Order, OrderLine
from shangliu.domain.orders.states import BEFORE_SHIPMENT, OrderState
from shangliu.flow.aftersale.definition import AFTERSALE
from shangliu.flow.aftersale.sums import (
    Left,
    Leftover,
    freight_back,
    leftover,
    lines_of,
    money_here,
    spread,
)
from shangliu.flow.times import return_until
from shangliu.platform import clock, numbers
from shangliu.platform.errors import Refused
from shangliu.platform.money import Money
from shangliu.platform.text import Text
from shangliu.process import engine
from shangliu.process.definition import Context
from shangliu.process.roles import Role

__all__ = [
    "REASONS",
    "AfterSaleKind",
    "Choice",
    "Claim",
    "Claimable",
    "apply",
    "claimable",
    "refundable",
]

REASONS = (
    Text("不想要了", "I changed my mind"),
    Text("拍错或多拍", "Ordered by mistake"),
    Text("商品与描述不符", "Not as described"),
    Text("质量问题", "Faulty"),
    Text("少件或发错货", "Missing or wrong goods"),
    Text("降价补差", "The price fell"),
    Text("其他原因", "Something else"),
)
_NO_MONEY = Money(0)
_NOTHING = Text("这笔订单不能申请售后", "Nothing can be claimed on this order")
_ON_THE_WAY = Text("商品在途，签收后可申请退货退款", "On its way: apply once it has arrived")
_NOT_PAID = Text(
    "货款还没有收取，签收付款后可申请退款", "Nothing is paid yet: apply after paying at the door"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One way to claim. `lines`: each with the most pieces; `freight`: what of it could be given
    back on its own; `why_not`: it cannot be chosen now."""

    kind: AfterSaleKind
    lines: tuple[tuple[OrderLine, int], ...] = ()
    most: Money = _NO_MONEY
    freight: Money = _NO_MONEY
    why_not: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimable:
    """What a buyer may ask for on an order now: `kind` and `lines` of the first way that is open.
    `reasons` say why not when `kind` is None."""

    kind: AfterSaleKind | None
    lines: tuple[tuple[OrderLine, int], ...]
    most: Money
    reasons: tuple[Text, ...]
    choices: tuple[Choice, ...] = ()

    def choice(self, kind: AfterSaleKind | None) -> Choice:
        """The way that was chosen, or the first; `Refused` with why not."""
        for one in self.choices:
            if kind in (None, one.kind):
                if one.why_not is not None:
                    raise Refused(one.why_not)
                return one
        raise Refused(*(self.reasons or (_NOTHING,)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """How something is claimed. `kind` None: the usual way. `amount` and `freight` are for an
    allowance: how much (None: the most), and whether the freight is a part of it."""

    kind: AfterSaleKind | None = None
    amount: Money | None = None
    freight: bool = False


_USUAL = Claim()


def claimable(order: Order) -> Claimable:
    """The ways that the order's state leaves open: pieces that are not shipped are taken out; what
    arrived may go back; for shipped goods that stay, staff may agree on an amount."""
    left = leftover(order)
    most = Money(left.fen, order.currency)
    why_not = _why_not(order, left)
    choices = () if why_not else tuple(_choices(order, left))
    usual = next((one for one in choices if one.why_not is None), None)
    if usual is None:
        closed = [one.why_not for one in choices if one.why_not is not None]
        reasons = (why_not or next(iter(closed), _NOTHING),)
        pieces = tuple((one.line, one.pieces) for one in left.lines)
        return Claimable(kind=None, lines=pieces, most=most, reasons=reasons, choices=choices)
    return Claimable(
        kind=usual.kind, lines=usual.lines, most=usual.most, reasons=(), choices=choices
    )


def refundable(order: Order, quantities: Mapping[int, int], claim: Claim = _USUAL) -> Money:
    """What would go back for `quantities` (order line id -> pieces), at most."""
    choice = claimable(order).choice(claim.kind)
    lines, freight = _asked(order, choice, quantities, claim)
    return Money(sum(line.amount_fen for line in lines) + freight, order.currency)


@transaction.atomic
def apply(
    *,
    order: Order,
    quantities: Mapping[int, int],
    reason: str,
    note: str,
    actor: str,
    claim: Claim = _USUAL,
) -> AfterSale:
    """Open a case, or raise `Refused`. No quantities at all before shipment: the whole order."""
    ctx = Context(actor=actor, role=Role.BUYER)
    engine.lock_case(order.case_no, ctx)
    order.refresh_from_db()
    choice = claimable(order).choice(claim.kind)
    lines, freight = _asked(order, choice, quantities, claim)
    amount = sum(line.amount_fen for line in lines) + freight
    if amount <= 0:
        raise Refused(Text("请选择要退的商品", "Choose what is to be refunded"))
    case = AfterSale(
        number=numbers.new("H"),
        order=order,
        kind=choice.kind,
        reason=reason.strip()[:60] or "其他原因",
        note=note.strip()[:300],
        amount_fen=amount,
        freight_fen=freight,
        applied_at=clock.now(),
        case_no=order.case_no,
    )
    case.asked = lines  # type: ignore[attr-defined]
    engine.begin(AFTERSALE, AFTERSALE["apply"], case, ctx)
    return case


def _why_not(order: Order, left: Leftover) -> Text | None:
    mine = AfterSale.objects.filter(order=order, parcel_id=None).exclude(state__in=ENDED)
    if mine.exists():
        return Text("这笔订单已有售后在处理", "A case is open already")
    if order.state in (OrderState.AWAITING_PAYMENT, OrderState.CANCELLED, OrderState.CLOSED):
        return _NOTHING
    if not left.fen:
        return Text("这笔订单的钱已经全部退回", "All of the money went back already")
    until = return_until(order)
    if until is not None and clock.now() >= until:
        return Text("已超过退货期限", "The return window is over")
    return None


def _choices(order: Order, left: Leftover) -> list[Choice]:
    if order.state in BEFORE_SHIPMENT:
        return [_take_out(order, left)]
    keep = _keep(order, left)
    if order.state == OrderState.PARTLY_SHIPPED:
        return [_take_out(order, left), keep]
    if order.state == OrderState.SHIPPED and order.delivered_at is None:
        return [Choice(kind=AfterSaleKind.RETURN, why_not=_ON_THE_WAY), keep]
    lines = tuple((one.line, one.pieces) for one in left.lines)
    worth = sum(one.share(one.pieces) for one in left.lines)
    back = Choice(
        kind=AfterSaleKind.RETURN,
        lines=lines,
        most=Money(worth, order.currency),
        why_not=None if worth else Text("没有可退的商品", "Nothing is left to send back"),
    )
    return [back, keep]


def _take_out(order: Order, left: Leftover) -> Choice:
    here = {one.line.pk: one.here for one in left.lines}
    worth = sum(one.share(one.here) for one in left.lines) + freight_back(order, left, here)
    return Choice(
        kind=AfterSaleKind.REFUND_ONLY,
        lines=tuple((one.line, one.here) for one in left.lines),
        most=Money(worth, order.currency),
        why_not=None if any(here.values()) else Text("没有未发货的商品", "Everything is shipped"),
    )


def _keep(order: Order, left: Leftover) -> Choice:
    worth = sum(one.most(one.gone) for one in left.lines) + left.freight_fen
    held = sum(one.kept_fen for one in money_here(order.case_no))
    return Choice(
        kind=AfterSaleKind.ALLOWANCE,
        lines=tuple((one.line, one.gone) for one in left.lines),
        most=Money(worth, order.currency),
        freight=Money(left.freight_fen, order.currency),
        why_not=None if held >= worth else _NOT_PAID,
    )


def _asked(
    order: Order, choice: Choice, quantities: Mapping[int, int], claim: Claim
) -> tuple[list[AfterSaleLine], int]:
    """Unsaved lines with their amounts, and the freight that goes with them."""
    unshipped = choice.kind == AfterSaleKind.REFUND_ONLY
    wanted = dict(quantities)
    if unshipped and not wanted:
        wanted = {line.pk: most for line, most in choice.lines}
    _check_pieces(choice, wanted)
    left = leftover(order)
    if choice.kind == AfterSaleKind.ALLOWANCE:
        return _allowance(left.lines, wanted, claim, choice)
    lines = [line for line in lines_of(left, wanted) if line.amount_fen or unshipped]
    return lines, freight_back(order, left, wanted) if unshipped and lines else 0


def _check_pieces(choice: Choice, wanted: Mapping[int, int]) -> None:
    for line, most in choice.lines:
        if not 0 <= wanted.get(line.pk, 0) <= most:
            raise Refused(
                Text(
                    f"“{line.name}”最多可退 {most} 件",
                    f"At most {most} of “{line.name}” can be claimed",
                )
            )


def _allowance(
    left: tuple[Left, ...], wanted: Mapping[int, int], claim: Claim, choice: Choice
) -> tuple[list[AfterSaleLine], int]:
    lines = [
        AfterSaleLine(order_line_id=one.line.pk, quantity=quantity, amount_fen=one.most(quantity))
        for one in left
        if (quantity := wanted.get(one.line.pk, 0)) and one.most(quantity)
    ]
    freight = choice.freight.fen if claim.freight else 0
    most = sum(line.amount_fen for line in lines) + freight
    if claim.amount is not None and not 0 < claim.amount.fen <= most:
        raise Refused(
            Text(
                f"退款金额要大于零，最多 {Money(most)}",
                f"The amount must be more than nothing and at most {Money(most)}",
            )
            if most
            else Text("请选择要退款的商品或运费", "Choose the goods or the freight to be refunded")
        )
    if claim.amount is not None:
        freight = spread(claim.amount.fen, lines, freight)
    return [line for line in lines if line.amount_fen], freight
