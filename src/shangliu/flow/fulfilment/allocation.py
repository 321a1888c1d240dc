"""Which warehouse ships: the nearest that can ship whole, else where the units are held.

Nearness is by province and city; within the same nearness the warehouse's priority decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Sum

from shangliu.domain.fulfilment.models import FulfilmentTask
from shangliu.domain.inventory.models import Reservation, Stock, Warehouse
from shangliu.domain.inventory.services import Move, Units, move
from shangliu.domain.inventory.states import ReservationState
from shangliu.domain.orders.models import Order
from shangliu.platform.text import Text


@dataclass(frozen=True, slots=True)
class Share:
    """What one warehouse ships of an order."""

    warehouse: Warehouse
    reservations: tuple[Reservation, ...]


def allocate(order: Order, actor: str) -> tuple[list[Share], dict[str, object]]:
    """The shares, and the facts that explain them. Moves the claims to the chosen warehouse."""
    claims = _claims(order)
    candidates = [
        (distance(order, house), house.priority, house.pk, house)
        for house in Warehouse.objects.filter(active=True)
        if _can_ship(house, claims)
    ]
    facts: dict[str, object] = {
        "could_ship_whole": [house.code for *_, house in sorted(candidates, key=lambda c: c[:3])]
    }
    if candidates:
        house = min(candidates, key=lambda c: c[:3])[3]
        facts["chosen"] = house.code
        facts["why"] = Text("就近且能整单发出", "The nearest that ships all of it")
        return [Share(house, tuple(move_claims(claims, house, actor)))], facts
    by_house: dict[int, list[Reservation]] = defaultdict(list)
    for claim in claims:
        by_house[claim.stock.warehouse_id].append(claim)
    houses = Warehouse.objects.in_bulk(list(by_house))
    facts["chosen"] = sorted(house.code for house in houses.values())
    facts["why"] = Text(
        "没有仓库能整单发出，按占用拆单", "No warehouse ships all of it: split as it is held"
    )
    return [Share(houses[pk], tuple(held)) for pk, held in sorted(by_house.items())], facts


def elsewhere(task: FulfilmentTask) -> list[Warehouse]:
    """Other active warehouses that could ship the whole task, nearest first."""
    claims = [line.reservation for line in task.lines.select_related("reservation__stock")]
    order = task.order
    return sorted(
        (
            house
            for house in Warehouse.objects.filter(active=True).exclude(pk=task.warehouse_id)
            if _can_ship(house, claims)
        ),
        key=lambda house: (distance(order, house), house.priority, house.pk),
    )


def distance(order: Order, house: Warehouse) -> int:
    """0 in the same city, 1 in the same province, 2 elsewhere."""
    if (order.province, order.city) == (house.province, house.city):
        return 0
    return 1 if order.province == house.province else 2


def move_claims(claims: Sequence[Reservation], house: Warehouse, actor: str) -> list[Reservation]:
    """Let committed claims rest on the stock of `house`; units are moved, states are not."""
    moving = [claim for claim in claims if claim.stock.warehouse_id != house.pk]
    if moving:
        stocks = {
            stock.variant_id: stock
            for stock in Stock.objects.filter(
                warehouse=house, variant_id__in=[claim.variant_id for claim in moving]
            )
        }
        here = [Units(claim.stock_id, claim.quantity) for claim in moving]
        there = [Units(stocks[claim.variant_id].pk, claim.quantity) for claim in moving]
        document = moving[0].case_no
        move(Move.UNCOMMIT, here, document=document, actor=actor, why="reallocated")
        move(Move.HOLD, there, document=document, actor=actor, why="reallocated")
        move(Move.COMMIT, there, document=document, actor=actor, why="reallocated")
        for claim in moving:
            claim.stock = stocks[claim.variant_id]
            claim.save(update_fields=["stock"])
    return list(claims)


def _claims(order: Order) -> list[Reservation]:
    return list(
        Reservation.objects.filter(
            order_line_id__in=order.lines.values("id"), state=ReservationState.COMMITTED
        )
        .select_related("stock")
        .order_by("stock_id", "id")
    )


def _can_ship(house: Warehouse, claims: Sequence[Reservation]) -> bool:
    wanted: dict[int, int] = defaultdict(int)
    for claim in claims:
        if claim.stock.warehouse_id != house.pk:
            wanted[claim.variant_id] += claim.quantity
    if not wanted:
        return True
    has = {
        row["variant_id"]: row["n"]
        for row in Stock.objects.filter(warehouse=house, variant_id__in=list(wanted))
        .values("variant_id")
        .annotate(n=Sum("on_hand") - Sum("held") - Sum("committed") - Sum("safety"))
    }
    return all(has.get(variant, 0) >= quantity for variant, quantity in wanted.items())
