"""What can still be claimed on an order, exact to the fen.

A line's pieces are worth `amount * k // quantity` together for the first k of them, so that any
sequence of parts adds up and the last piece takes the rest. What an allowance gave already is
missing at the end, not twice. Freight goes back with the last pieces of an order of which nothing
reached the buyer, whoever's fault that was; once a part was delivered, only staff give it back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shangliu.domain.aftersales.models import (
    TAKES_PIECES,
    AfterSale,
    AfterSaleKind,
    AfterSaleLine,
)
from shangliu.domain.aftersales.states import ENDED, AfterSaleState
from shangliu.domain.inventory.models import Reservation
from shangliu.domain.inventory.states import ReservationState
from shangliu.domain.logistics.models import Parcel
from shangliu.domain.logistics.states import ParcelState
from shangliu.domain.orders.models import Order, OrderLine
from shangliu.domain.payments.models import Payment
from shangliu.domain.payments.states import HAS_MONEY, PaymentState
from shangliu.platform.money import Money

_IN_VAIN = tuple(state for state in ENDED if state != AfterSaleState.COMPLETED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """What no case has claimed of a line: `pieces`, of them `here` not shipped yet, and `fen`."""

    line: OrderLine
    pieces: int
    here: int
    fen: int

    @property
    def gone(self) -> int:
        return self.pieces - self.here

    def share(self, quantity: int) -> int:
        """What the next `quantity` pieces are worth; the last one takes the rest."""
        taken = self.line.quantity - self.pieces
        until = self.line.amount_fen * (taken + quantity) // self.line.quantity
        return min(until - self.line.amount_fen * taken // self.line.quantity, self.fen)

    def most(self, quantity: int) -> int:
        """The most that can be given for `quantity` pieces which the buyer keeps."""
        if quantity == self.pieces:
            return self.fen
        return min(self.line.amount_fen * quantity // self.line.quantity, self.fen)


@dataclass(frozen=True, kw_only=True, slots=True)
class Leftover:
    """What is left of an order."""

    lines: tuple[Left, ...]
    freight_fen: int

    @property
    def fen(self) -> int:
        return sum(one.fen for one in self.lines) + self.freight_fen

    def by_line(self) -> dict[int, Left]:
        return {one.line.pk: one for one in self.lines}


def leftover(order: Order) -> Leftover:
    """What is done is in the order's lines; what open cases ask for is taken off as well."""
    asked = AfterSaleLine.objects.filter(after_sale__order=order).exclude(
        after_sale__state__in=ENDED
    )
    pieces: Counter[int] = Counter()
    claimed: Counter[int] = Counter()
    going: Counter[int] = Counter()
    for one in asked.select_related("after_sale"):
        claimed[one.order_line_id] += one.amount_fen
        if one.after_sale.kind in TAKES_PIECES:
            pieces[one.order_line_id] += one.quantity
            if one.after_sale.kind == AfterSaleKind.REFUND_ONLY and not _taken_out(one):
                going[one.order_line_id] += one.quantity
    here = pieces_here(order)
    lines = list(order.lines.order_by("id"))
    freight = AfterSale.objects.filter(order=order).exclude(state__in=_IN_VAIN)
    given = sum(freight.values_list("freight_fen", flat=True))
    return Leftover(
        lines=tuple(
            Left(
                line=line,
                pieces=line.quantity - line.returned - pieces[line.pk],
                here=max(here[line.pk] - going[line.pk], 0),
                fen=line.amount_fen - line.refunded_fen - claimed[line.pk],
            )
            for line in lines
        ),
        freight_fen=max(order.total_fen - sum(line.amount_fen for line in lines) - given, 0),
    )


def _taken_out(line: AfterSaleLine) -> bool:
    return line.after_sale.state == AfterSaleState.REFUNDING


def pieces_here(order: Order) -> Counter[int]:
    """Sold pieces that have not left the warehouse, by order line."""
    found: Counter[int] = Counter()
    for line, quantity in Reservation.objects.filter(
        order_line_id__in=order.lines.values("id"), state=ReservationState.COMMITTED
    ).values_list("order_line_id", "quantity"):
        found[line or 0] += quantity
    return found


def lines_of(left: Leftover, quantities: Mapping[int, int]) -> list[AfterSaleLine]:
    """Unsaved lines for pieces that leave the order, with what they are worth."""
    return [
        AfterSaleLine(
            order_line_id=one.line.pk,
            quantity=quantities[one.line.pk],
            amount_fen=one.share(quantities[one.line.pk]),
        )
        for one in left.lines
        if quantities.get(one.line.pk, 0) > 0
    ]


def freight_back(order: Order, left: Leftover, quantities: Mapping[int, int]) -> int:
    """The freight that goes back with these pieces."""
    if any(quantities.get(one.line.pk, 0) < one.pieces for one in left.lines):
        return 0
    arrived = Parcel.objects.filter(order_number=order.number, state=ParcelState.DELIVERED)
    kept = order.delivered_at is not None or arrived.exists()
    return 0 if kept else left.freight_fen


def spread(fen: int, lines: Iterable[AfterSaleLine], freight_fen: int) -> int:
    """Share `fen` among the lines by what each could get, freight too; gives the freight's part."""
    parts = list(lines)
    shares = Money(fen).shares([*(one.amount_fen for one in parts), freight_fen])
    for one, share in zip(parts, shares, strict=False):
        one.amount_fen = share.fen
    return shares[-1].fen


def not_collected(order: Order) -> int:
    """What a carrier has been asked to collect and has not collected yet."""
    waiting = Payment.objects.filter(case_no=order.case_no, state=PaymentState.TO_COLLECT)
    return sum(one.amount_fen for one in waiting)


def money_here(case_no: str) -> list[Payment]:
    """The payments of a case that hold money."""
    paid = Payment.objects.filter(case_no=case_no, state__in=HAS_MONEY).order_by("id")
    return [one for one in paid if one.kept_fen > 0]
