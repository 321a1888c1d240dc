"""What people do with goods: count, move between warehouses, take in, write off, keep back."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from shangliu.domain.catalog.models import Variant
from shangliu.domain.inventory.models import Inbound, Stock, Warehouse
from shangliu.domain.inventory.services import Move, Units, move
from shangliu.platform import clock, numbers
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.text import Text

MOST = 10_000_000


@transaction.atomic
def adjust(*, stock_id: int, counted: int, actor: str, why: str) -> int:
    """Set what is on hand to what was counted; the difference becomes a line of the ledger.

    Refused below what buyers have claims on. Gives the difference.
    """
    why = _reason(why)
    if not 0 <= counted <= MOST:
        raise _number_wrong()
    stock = _locked(stock_id)
    claimed = stock.held + stock.committed
    if counted < claimed:
        raise Refused(
            Text(
                f"已有 {claimed} 件被预占或售出，盘点数不能更小，请先处理这些订单",
                f"{claimed} are claimed by buyers; settle those orders before counting fewer",
            )
        )
    difference = counted - stock.on_hand
    if difference:
        units = [Units(stock.pk, difference)]
        move(Move.ADJUST, units, document=numbers.new("J"), actor=actor, why=why)
    return difference


@transaction.atomic
def write_off(*, stock_id: int, quantity: int, actor: str, why: str) -> None:
    """Units found unsellable leave the shelf and are counted as damaged."""
    why = _reason(why)
    _positive(quantity)
    stock = _locked(stock_id)
    _free(stock, quantity)
    units = [Units(stock.pk, quantity)]
    move(Move.WRITE_OFF, units, document=numbers.new("J"), actor=actor, why=why)


@transaction.atomic
def discard(*, stock_id: int, quantity: int, actor: str, why: str) -> None:
    """Damaged units leave the house."""
    why = _reason(why)
    _positive(quantity)
    stock = _locked(stock_id)
    if stock.damaged < quantity:
        raise Refused(
            Text(f"残次品只有 {stock.damaged} 件", f"Only {stock.damaged} damaged units are here")
        )
    units = [Units(stock.pk, quantity)]
    move(Move.DISCARD, units, document=numbers.new("J"), actor=actor, why=why)


@transaction.atomic
def keep_back(*, stock_id: int, quantity: int, actor: str, why: str) -> None:
    """Set the safety stock: units that are here but not for sale."""
    why = _reason(why)
    if not 0 <= quantity <= MOST:
        raise _number_wrong()
    stock = _locked(stock_id)
    if quantity != stock.safety:
        units = [Units(stock.pk, quantity - stock.safety)]
        move(Move.SAFETY, units, document=numbers.new("J"), actor=actor, why=why)


@transaction.atomic
def send(*, stock_id: int, to: str, quantity: int, actor: str, why: str) -> Inbound:
    """Units leave one warehouse for another (`to` is its code) and are in transit there."""
    why = _reason(why)
    _positive(quantity)
    origin = Stock.objects.select_related("warehouse").filter(pk=stock_id).first()
    house = Warehouse.objects.filter(code=to, active=True).first()
    if origin is None or house is None:
        raise NotFound
    if house == origin.warehouse:
        raise Refused(Text("请选择另一个仓库", "Choose another warehouse"))
    target = _row(origin.variant_id, house.pk)
    _free(_both(origin.pk, target.pk), quantity)
    inbound = _inbound(target, origin, quantity, actor, why)
    units = Units(origin.pk, quantity)
    move(Move.SEND, [units], document=inbound.number, actor=actor, why=why)
    _announced(inbound, actor, why)
    return inbound


@transaction.atomic
def announce(*, sku: str, to: str, quantity: int, actor: str, why: str) -> Inbound:
    """A delivery of a supplier that is on its way."""
    why = _reason(why)
    _positive(quantity)
    variant = Variant.objects.filter(sku=sku.strip()).first()
    house = Warehouse.objects.filter(code=to, active=True).first()
    if variant is None or house is None:
        raise Refused(
            Text("没有这个 SKU 或仓库，请检查", "There is no such SKU or warehouse; check it")
        )
    inbound = _inbound(_row(variant.pk, house.pk), None, quantity, actor, why)
    _announced(inbound, actor, why)
    return inbound


@transaction.atomic
def arrive(*, number: str, good: int, damaged: int, lost: int, actor: str, why: str) -> Inbound:
    """Take in a part or all of what was on its way. Damaged and lost units need a reason."""
    inbound = (
        Inbound.objects.select_for_update(of=("self",))
        .select_related("stock")
        .filter(number=number)
        .first()
    )
    if inbound is None:
        raise NotFound
    total = _counted(good, damaged, lost)
    if total > inbound.on_the_way:
        raise Refused(
            Text(
                f"这张单在途只剩 {inbound.on_the_way} 件",
                f"Only {inbound.on_the_way} of these are still on the way",
            )
        )
    if damaged or lost:
        why = _reason(why)
    for kind, quantity in (
        (Move.ARRIVE, good),
        (Move.ARRIVE_DAMAGED, damaged),
        (Move.LOSE, lost),
    ):
        if quantity:
            units = [Units(inbound.stock_id, quantity)]
            move(kind, units, document=number, actor=actor, why=why.strip()[:120])
    inbound.received += good
    inbound.damaged += damaged
    inbound.lost += lost
    inbound.save(update_fields=["received", "damaged", "lost"])
    return inbound


def _counted(*parts: int) -> int:
    if min(parts) < 0 or sum(parts) == 0:
        raise _number_wrong()
    return sum(parts)


def _inbound(target: Stock, origin: Stock | None, quantity: int, actor: str, why: str) -> Inbound:
    return Inbound.objects.create(
        number=numbers.new("I"),
        stock=target,
        origin=origin,
        quantity=quantity,
        why=why,
        actor=actor,
        created_at=clock.now(),
    )


def _announced(inbound: Inbound, actor: str, why: str) -> None:
    units = [Units(inbound.stock_id, inbound.quantity)]
    move(Move.ANNOUNCE, units, document=inbound.number, actor=actor, why=why)


def _row(variant_id: int, warehouse_id: int) -> Stock:
    return Stock.objects.get_or_create(variant_id=variant_id, warehouse_id=warehouse_id)[0]


def _both(origin: int, target: int) -> Stock:
    """Both rows locked in the order of their ids, as every move locks; gives the origin."""
    rows: Iterable[Stock] = (
        Stock.objects.select_for_update().filter(pk__in=(origin, target)).order_by("id")
    )
    return {row.pk: row for row in rows}[origin]


def _locked(stock_id: int) -> Stock:
    stock = Stock.objects.select_for_update().filter(pk=stock_id).first()
    if stock is None:
        raise NotFound
    return stock


def _free(stock: Stock, quantity: int) -> None:
    """What nobody has a claim on may leave the shelf, safety stock too."""
    free = stock.on_hand - stock.held - stock.committed
    if free < quantity:
        raise Refused(
            Text(
                f"没有被预占或售出的只有 {free} 件，请减少数量",
                f"Only {free} are free of claims; enter fewer",
            )
        )


def _positive(quantity: int) -> None:
    if not 1 <= quantity <= MOST:
        raise _number_wrong()


def _number_wrong() -> Refused:
    return Refused(Text("数量不正确，请填正整数", "Enter a whole number above zero"))


def _reason(why: str) -> str:
    if not why.strip():
        raise Refused(Text("请写明原因", "Say why"))
    return why.strip()[:120]
