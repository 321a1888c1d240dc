"""Parcels that do not arrive: refused, undeliverable, lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shangliu.domain.aftersales.models import AfterSale, AfterSaleKind
from shangliu.domain.fulfilment.models import FulfilmentTask
from shangliu.domain.inventory.models import Stock
from shangliu.domain.inventory.services import Move, Units, move
from shangliu.domain.logistics.models import Parcel
from shangliu.domain.logistics.provider import Push, TrackState
from shangliu.domain.orders.models import Order
from shangliu.domain.payments.models import Payment, Refund
from shangliu.domain.settlement.models import SettlementEntry
from shangliu.flow import checkout
from shangliu.flow.aftersale import services as aftersales
from shangliu.flow.aftersale.effects import Inspection
from shangliu.flow.aftersale.services import Claim
from shangliu.flow.fulfilment.effects import Scans, Wave, Weight
from shangliu.flow.parcel import services as parcels
from shangliu.flow.parcel.effects import Loss
from shangliu.flow.payment import services as money
from shangliu.flow.timers import run_due
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.platform.money import Money
from tests.insight.world import (
    Shop,
    open_shop,
    paid,
    pay,
    placed,
    placed_as,
    reported,
    send_all,
    shipped,
    step,
    weighed,
)

pytestmark = pytest.mark.django_db

ASTRAY = TrackState.EXCEPTION
EXPRESS = checkout.Wishes(delivery="express", remark="")


@pytest.fixture
def shop() -> Shop:
    return open_shop()


def again(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def tea(shop: Shop) -> tuple[int, int, int, int]:
    row = Stock.objects.get(variant=shop.tea, warehouse=shop.near)
    return row.on_hand, row.held, row.committed, row.damaged


def inspected(case: AfterSale, *, good: int, damaged: int = 0) -> None:
    step("aftersale.receive", case)
    found = {case.lines.get().pk: (good, damaged)}
    step("aftersale.inspect", case, Inspection(accepted=True, found=found))
    send_all()
    case.refresh_from_db()


@pytest.mark.parametrize(
    ("news", "reason"),
    [
        ((TrackState.OUT_FOR_DELIVERY, TrackState.REFUSED), "买家拒收"),
        ((ASTRAY, TrackState.RETURNED), "包裹未送达，已退回"),
    ],
)
def test_a_parcel_that_comes_back_is_refunded_whole_and_the_order_closes(
    shop: Shop, news: tuple[TrackState, ...], reason: str
) -> None:
    order = shipped(pay(shop, placed_as(EXPRESS, {shop.tea: 2})))
    reported(order, *news)
    case = AfterSale.objects.get()
    assert (case.kind, case.state, case.reason) == ("return", "returning", reason)
    assert (case.amount_fen, case.freight_fen) == (order.total_fen, 2200)
    assert case.kind_label == "未送达退回"
    reported(order, TrackState.RETURNED)
    assert AfterSale.objects.count() == 1
    inspected(case, good=1, damaged=1)
    order = again(order)
    assert (case.state, order.state, order.refunded_fen) == ("completed", "closed", order.total_fen)
    assert tea(shop) == (499, 0, 0, 1)
    assert not SettlementEntry.objects.exists()


def test_nothing_is_settled_while_a_parcel_is_astray(shop: Shop) -> None:
    order = shipped(paid(shop))
    reported(order, ASTRAY)
    with clock.ahead(timedelta(days=30)):
        run_due()
        assert again(order).state == "shipped"
        reported(order, TrackState.RETURNED)
    with clock.ahead(timedelta(days=60)):
        run_due()
    assert again(order).state == "shipped"
    assert not SettlementEntry.objects.exists()


def test_pieces_that_the_carrier_lost_on_the_way_back_are_refunded_too(shop: Shop) -> None:
    order = shipped(paid(shop, quantity=3))
    reported(order, ASTRAY, TrackState.RETURNED)
    case = AfterSale.objects.get()
    step("aftersale.receive", case)
    found = {case.lines.get().pk: (2, 0)}
    with pytest.raises(Refused, match="不能寄还买家"):
        step("aftersale.inspect", case, Inspection(accepted=False, found=found))
    step("aftersale.inspect", case, Inspection(accepted=True, found=found))
    send_all()
    assert tea(shop) == (499, 0, 0, 0)
    assert again(order).state == "closed"


def test_cash_on_delivery_that_is_refused_costs_nobody_anything(shop: Shop) -> None:
    order = placed(shop)
    money.start(
        trade=order.trade, way=money.Way("cod"), return_url="", notify_url="", actor="guest"
    )
    order = shipped(again(order))
    reported(order, TrackState.OUT_FOR_DELIVERY, TrackState.REFUSED)
    assert Payment.objects.get().last_step == "call_off"
    case = AfterSale.objects.get()
    inspected(case, good=1)
    assert (case.state, again(order).state) == ("completed", "closed")
    assert not Refund.objects.exists()
    assert tea(shop) == (500, 0, 0, 0)


def test_a_lost_parcel_is_refunded_and_nothing_is_restocked(shop: Shop) -> None:
    order = shipped(pay(shop, placed_as(EXPRESS, {shop.tea: 2})))
    parcel = reported(order, ASTRAY)
    step("parcel.lose", parcel, Loss(reason="承运商确认丢失，工单 881"))
    case = AfterSale.objects.get()
    assert (case.kind, case.state, case.amount_fen) == ("lost", "refunding", order.total_fen)
    send_all()
    order = again(order)
    assert (order.state, order.refunded_fen) == ("closed", order.total_fen)
    assert tea(shop) == (498, 0, 0, 0)
    parcel.refresh_from_db()
    assert (parcel.state, parcel.error) == ("lost", "承运商确认丢失，工单 881")


def test_a_claim_on_goods_that_never_arrive_is_overtaken(shop: Shop) -> None:
    order = shipped(paid(shop))
    line = order.lines.get()
    mine = aftersales.apply(
        order=order,
        quantities={line.pk: 1},
        reason="降价补差",
        note="",
        actor="guest",
        claim=Claim(kind=AfterSaleKind.ALLOWANCE, amount=Money(300)),
    )
    reported(order, ASTRAY, TrackState.RETURNED)
    mine.refresh_from_db()
    assert (mine.state, mine.last_step) == ("cancelled", "supersede")
    case = AfterSale.objects.exclude(pk=mine.pk).get()
    assert case.amount_fen == 12800


def test_of_two_parcels_the_one_that_arrives_is_kept_and_pays_the_freight(shop: Shop) -> None:
    order, first, second = two_parcels(shop)
    told(first, TrackState.DELIVERED)
    assert again(order).delivered_at is None
    told(second, ASTRAY, TrackState.RETURNED)
    case = AfterSale.objects.get()
    assert (case.amount_fen, case.freight_fen) == (12800, 0)
    inspected(case, good=1)
    order = again(order)
    assert order.delivered_at is not None
    assert (order.state, order.refunded_fen) == ("shipped", 12800)
    with clock.ahead(timedelta(days=8)):
        run_due()
    assert again(order).state == "completed"
    assert SettlementEntry.objects.get().amount_fen == order.total_fen - 12800


def test_when_both_parcels_come_back_the_last_one_brings_the_freight(shop: Shop) -> None:
    order, first, second = two_parcels(shop)
    told(first, ASTRAY, TrackState.RETURNED)
    told(second, ASTRAY, TrackState.RETURNED)
    cases = list(AfterSale.objects.order_by("id"))
    assert [(one.amount_fen, one.freight_fen) for one in cases] == [(600000, 0), (15000, 2200)]
    for case in cases:
        inspected(case, good=1)
    order = again(order)
    assert (order.state, order.refunded_fen) == ("closed", order.total_fen)


def two_parcels(shop: Shop) -> tuple[Order, Parcel, Parcel]:
    """An order that two warehouses ship: the cup near, the tea far; in this order."""
    far = Stock.objects.get(variant=shop.cup, warehouse=shop.far)
    near = Stock.objects.get(variant=shop.tea, warehouse=shop.near)
    for row in (far, near):
        move(Move.ADJUST, [Units(row.pk, -500)], document="T", actor="test", why="moved")
    order = pay(shop, placed_as(EXPRESS, {shop.tea: 1, shop.cup: 1}))
    step("order.approve", order)
    tasks = list(FulfilmentTask.objects.order_by("warehouse__priority"))
    assert len(tasks) == 2
    for task in tasks:
        hand_over(task)
    send_all()
    parts = [FulfilmentTask.objects.get(pk=task.pk).parcel for task in tasks]
    assert parts[0] is not None
    assert parts[1] is not None
    assert again(order).state == "shipped"
    return again(order), parts[0], parts[1]


def hand_over(task: FulfilmentTask) -> None:
    step("fulfilment.wave", task, Wave(wave="W1"))
    step("fulfilment.start_pick", task)
    counts = {line.order_line.sku: line.quantity for line in task.lines.all()}
    step("fulfilment.pick", task, Scans(counts=counts))
    step("fulfilment.pack", task)
    send_all()
    step("fulfilment.weigh", task, Weight(grams=task.expected_g))
    step("fulfilment.hand_over", task)


def told(parcel: Parcel, *states: TrackState) -> None:
    for state in states:
        push = Push(waybill_no=parcel.waybill_no, carrier=parcel.carrier, state=state, points=())
        parcels.follow(parcel, push, actor=parcel.carrier)


def test_the_unshipped_part_of_a_partly_shipped_order_can_be_cancelled(shop: Shop) -> None:
    far = Stock.objects.get(variant=shop.cup, warehouse=shop.far)
    near = Stock.objects.get(variant=shop.tea, warehouse=shop.near)
    for row in (far, near):
        move(Move.ADJUST, [Units(row.pk, -500)], document="T", actor="test", why="moved")
    order = pay(shop, placed_as(EXPRESS, {shop.tea: 1, shop.cup: 1}))
    step("order.approve", order)
    hand_over(FulfilmentTask.objects.get(warehouse=shop.far))
    order = again(order)
    assert order.state == "partly_shipped"
    case = aftersales.apply(order=order, quantities={}, reason="不想要了", note="", actor="guest")
    assert (case.kind, case.amount_fen, case.freight_fen) == ("refund_only", 600000, 0)
    assert again(order).state == "shipped"
    send_all()
    assert (again(order).state, again(order).refunded_fen) == ("shipped", 600000)
    assert Stock.objects.get(variant=shop.cup, warehouse=shop.near).committed == 0


def test_a_parcel_that_was_collected_before_anybody_noted_it_can_still_be_handed_over(
    shop: Shop,
) -> None:
    order = paid(shop)
    task = weighed(order)
    reported(order, TrackState.PICKED_UP, TrackState.IN_TRANSIT)
    step("fulfilment.hand_over", task)
    assert again(order).state == "shipped"
    reported(order, TrackState.DELIVERED)
    assert again(order).delivered_at is not None
