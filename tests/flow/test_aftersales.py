"""What a buyer may claim at each stage of an order, and what each claim leaves behind."""

from __future__ import annotations

import pytest

from shangliu.domain.aftersales.models import AfterSale, AfterSaleKind
from shangliu.domain.fulfilment.models import FulfilmentTask
from shangliu.domain.inventory.models import Stock
from shangliu.domain.ledger import queries as ledger
from shangliu.domain.orders.models import Order
from shangliu.domain.payments.models import Payment, Refund
from shangliu.domain.settlement.models import SettlementEntry
from shangliu.flow import checkout, steps
from shangliu.flow.aftersale import services as aftersales
from shangliu.flow.aftersale.effects import Agreement, Answer, Inspection, ReturnWaybill
from shangliu.flow.aftersale.services import Claim, claimable
from shangliu.flow.order.effects import Reason
from shangliu.flow.payment import services as money
from shangliu.flow.policies import Policies
from shangliu.platform.errors import Refused
from shangliu.platform.money import Money
from shangliu.process.models import Event
from shangliu.process.policies import change
from shangliu.process.roles import Role
from tests.insight.world import (
    Shop,
    completed,
    delivered,
    open_shop,
    paid,
    pay,
    placed,
    placed_as,
    send_all,
    shipped,
    step,
    task_of,
)

pytestmark = pytest.mark.django_db

KEEP = Claim(kind=AfterSaleKind.ALLOWANCE)
WAYBILL = ReturnWaybill(carrier="shunfeng", waybill_no="SF1")
EXPRESS = checkout.Wishes(delivery="express", remark="")


@pytest.fixture
def shop() -> Shop:
    return open_shop()


def claim(order: Order, quantities: dict[str, int], how: Claim | None = None) -> AfterSale:
    """Claim pieces by SKU."""
    pks = {line.sku: line.pk for line in order.lines.all()}
    return aftersales.apply(
        order=order,
        quantities={pks[sku]: quantity for sku, quantity in quantities.items()},
        reason="不想要了",
        note="",
        actor="guest",
        claim=how or Claim(),
    )


def again(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def stock(shop: Shop, sku: str = "TEA-1") -> tuple[int, int, int, int]:
    """on hand, held, committed, damaged, in the near warehouse."""
    row = Stock.objects.get(variant__sku=sku, warehouse=shop.near)
    return row.on_hand, row.held, row.committed, row.damaged


def kinds(order: Order) -> list[tuple[str, bool]]:
    return [(one.kind.value, one.why_not is None) for one in claimable(order).choices]


def test_the_ways_to_claim_follow_the_orders_state(shop: Shop) -> None:
    order = placed(shop, quantity=2)
    assert kinds(order) == []
    order = pay(shop, order)
    assert kinds(order) == [("refund_only", True)]
    order = shipped(order)
    assert kinds(order) == [("return", False), ("allowance", True)]
    by_buyer("order.confirm_receipt", order)
    assert kinds(again(order)) == [("return", True), ("allowance", True)]


def by_buyer(name: str, one: object, data: object = None) -> None:
    steps.take(name, one, actor="guest", roles=frozenset({Role.BUYER}), data=data)  # type: ignore[arg-type]


def test_some_pieces_are_cancelled_before_shipment_and_the_rest_ships(shop: Shop) -> None:
    order = paid(shop, quantity=3)
    first = task_of(order)
    case = claim(order, {"TEA-1": 1})
    assert (case.state, case.amount) == ("refunding", Money(12800))
    assert stock(shop) == (500, 0, 2, 0)
    first.refresh_from_db()
    assert first.state == "cancelled"
    second = task_of(order)
    assert [line.quantity for line in second.lines.all()] == [2]
    send_all()
    case.refresh_from_db()
    assert (case.state, again(order).state) == ("completed", "awaiting_fulfilment")
    order = shipped(order)
    assert (order.state, order.refunded_fen) == ("shipped", 12800)
    assert stock(shop) == (498, 0, 0, 0)


def test_the_rest_ships_while_the_refund_is_still_under_way(shop: Shop) -> None:
    order = paid(shop, quantity=2)
    claim(order, {"TEA-1": 1})
    Refund.objects.get()
    FulfilmentTask.objects.get(order=order, state="created")
    order = shipped(order)
    assert order.state == "shipped"


def test_one_line_of_two_is_cancelled_and_the_freight_stays(shop: Shop) -> None:
    order = pay(shop, placed_as(EXPRESS, {shop.tea: 2, shop.cup: 1}))
    step("order.approve", order)
    case = claim(again(order), {"CUP-1": 1})
    send_all()
    case.refresh_from_db()
    assert (case.amount_fen, case.freight_fen) == (600000, 0)
    assert stock(shop, "CUP-1") == (500, 0, 0, 0)
    assert stock(shop) == (500, 0, 2, 0)
    last = claim(again(order), {"TEA-1": 2})
    send_all()
    last.refresh_from_db()
    assert (last.amount_fen, last.freight_fen) == (25600 + 2200, 2200)
    order = again(order)
    assert (order.state, order.refunded_fen) == ("closed", order.total_fen)


def test_a_cancelled_order_cannot_be_approved_into_an_empty_task(shop: Shop) -> None:
    order = paid(shop, remark="请用礼盒包装")
    claim(order, {"TEA-1": 1})
    with pytest.raises(Refused, match="商品已全部退掉"):
        step("order.approve", again(order))
    assert not FulfilmentTask.objects.exists()


def test_cancelling_while_on_hold_leaves_the_rest_on_hold(shop: Shop) -> None:
    order = paid(shop, quantity=3)
    step("order.hold", order, Reason(reason="地址要改"))
    claim(again(order), {"TEA-1": 2})
    send_all()
    order = again(order)
    assert order.state == "on_hold"
    assert stock(shop) == (500, 0, 1, 0)
    step("order.resume", order, Reason(reason="改好了"))
    step("order.approve", again(order))
    assert [line.quantity for line in task_of(order).lines.all()] == [1]


def test_more_pieces_than_are_left_are_refused_and_nothing_changes(shop: Shop) -> None:
    order = paid(shop, quantity=2)
    with pytest.raises(Refused, match="最多可退 2 件"):
        claim(order, {"TEA-1": 3})
    with pytest.raises(Refused, match="请选择要退的商品"):
        claim(order, {"TEA-1": 0})
    assert not AfterSale.objects.exists()
    assert stock(shop) == (500, 0, 2, 0)
    assert task_of(order).state == "created"


def test_money_for_goods_that_stay_waits_for_staff_and_never_restocks(shop: Shop) -> None:
    order = completed(shop, paid(shop, quantity=2))
    case = claim(order, {"TEA-1": 1}, Claim(kind=AfterSaleKind.ALLOWANCE, amount=Money(3000)))
    assert (case.state, case.amount_fen) == ("applied", 3000)
    step("aftersale.approve", case)
    send_all()
    case.refresh_from_db()
    assert case.state == "completed"
    assert stock(shop) == (498, 0, 0, 0)
    line = order.lines.get()
    assert (line.returned, line.refunded_fen) == (0, 3000)
    entries = SettlementEntry.objects.order_by("id").values_list("amount_fen", flat=True)
    assert list(entries) == [25600, -3000]


def test_goods_on_the_way_cannot_be_sent_back_but_be_made_cheaper(shop: Shop) -> None:
    order = shipped(paid(shop))
    with pytest.raises(Refused, match="签收后可申请退货退款"):
        claim(order, {"TEA-1": 1})
    case = claim(order, {"TEA-1": 1}, Claim(kind=AfterSaleKind.ALLOWANCE, amount=Money(500)))
    assert case.state == "applied"


def test_more_than_the_goods_cost_is_refused(shop: Shop) -> None:
    order = completed(shop, paid(shop, quantity=2))
    for fen in (0, -1, 12801):
        with pytest.raises(Refused, match=r"最多 ¥128\.00"):
            claim(order, {"TEA-1": 1}, Claim(kind=AfterSaleKind.ALLOWANCE, amount=Money(fen)))
    assert not AfterSale.objects.exists()


def test_the_freight_alone_can_be_given_back(shop: Shop) -> None:
    order = completed(shop, pay(shop, placed_as(EXPRESS, {shop.tea: 1})))
    case = claim(order, {}, Claim(kind=AfterSaleKind.ALLOWANCE, freight=True))
    assert (case.amount_fen, case.freight_fen, case.lines.count()) == (2200, 2200, 0)
    step("aftersale.approve", case)
    send_all()
    order = again(order)
    assert (order.state, order.refunded_fen) == ("completed", 2200)
    with pytest.raises(Refused, match="请选择要退的商品"):
        claim(order, {}, Claim(kind=AfterSaleKind.ALLOWANCE, freight=True))


def test_staff_agree_on_less_and_say_why(shop: Shop) -> None:
    order = completed(shop, pay(shop, placed_as(EXPRESS, {shop.tea: 2})))
    case = claim(order, {"TEA-1": 2}, Claim(kind=AfterSaleKind.ALLOWANCE, freight=True))
    assert case.amount_fen == 27800
    for amount, note, why in (
        (0, "划痕", "大于零"),
        (27800, "划痕", "小于申请的"),
        (1000, " ", "说明"),
    ):
        with pytest.raises(Refused, match=why):
            step("aftersale.approve_less", case, Agreement(amount_fen=amount, note=note))
    step("aftersale.approve_less", case, Agreement(amount_fen=1001, note="只有一处划痕"))
    send_all()
    case.refresh_from_db()
    assert (case.state, case.amount_fen, case.decision_note) == ("completed", 1001, "只有一处划痕")
    assert (case.freight_fen, case.lines.get().amount_fen) == (79, 922)
    assert again(order).refunded_fen == 1001
    fact = Event.objects.get(process="aftersale", step="approve_less").facts
    assert (fact["asked_fen"], fact["agreed_fen"]) == (27800, 1001)


def test_what_is_not_shipped_is_never_refunded_in_part(shop: Shop) -> None:
    case = claim_by_hand(paid(shop, quantity=2))
    with pytest.raises(Refused, match="要全额退款"):
        step("aftersale.approve_less", case, Agreement(amount_fen=100, note="少退一点"))
    case.refresh_from_db()
    assert (case.state, case.amount_fen) == ("applied", 12800)


def test_pieces_go_back_after_an_allowance_and_nothing_is_paid_twice(shop: Shop) -> None:
    order = completed(shop, paid(shop, quantity=2))
    kept = claim(order, {"TEA-1": 2}, Claim(kind=AfterSaleKind.ALLOWANCE, amount=Money(5000)))
    step("aftersale.approve", kept)
    send_all()
    back = claim(again(order), {"TEA-1": 2})
    assert back.amount_fen == 25600 - 5000
    come_back(back, good=2)
    order = again(order)
    assert (order.state, order.refunded_fen) == ("closed", order.total_fen)
    assert stock(shop) == (500, 0, 0, 0)


def come_back(case: AfterSale, *, good: int, damaged: int = 0) -> None:
    step("aftersale.approve", case)
    by_buyer("aftersale.send_back", case, WAYBILL)
    step("aftersale.receive", case)
    found = {case.lines.get().pk: (good, damaged)}
    step("aftersale.inspect", case, Inspection(accepted=True, found=found))
    send_all()


def test_a_returned_piece_that_was_paid_less_for_does_not_make_the_next_one_dearer(
    shop: Shop,
) -> None:
    order = completed(shop, paid(shop, quantity=2))
    first = claim(order, {"TEA-1": 1})
    step("aftersale.approve_less", first, Agreement(amount_fen=10000, note="少了配件"))
    by_buyer("aftersale.send_back", first, WAYBILL)
    step("aftersale.receive", first)
    step(
        "aftersale.inspect", first, Inspection(accepted=True, found={first.lines.get().pk: (1, 0)})
    )
    send_all()
    second = claim(again(order), {"TEA-1": 1})
    assert (first.lines.get().amount_fen, second.amount_fen) == (10000, 12800)


def test_only_one_case_at_a_time(shop: Shop) -> None:
    order = completed(shop, paid(shop, quantity=2))
    claim(order, {"TEA-1": 1})
    with pytest.raises(Refused, match="已有售后在处理"):
        claim(order, {"TEA-1": 1})
    assert AfterSale.objects.count() == 1


def test_a_rejected_cancellation_no_longer_keeps_the_goods_back(shop: Shop) -> None:
    order = paid(shop, quantity=2, remark="礼盒")
    step("order.approve", order)
    task = task_of(order)
    case = claim_by_hand(order)
    with pytest.raises(Refused, match="买家已申请退款"):
        shipped(order)
    step("aftersale.reject", case, Answer(note="已经在打包"))
    task.refresh_from_db()
    step("fulfilment.hand_over", task)
    assert again(order).state == "shipped"
    by_buyer("aftersale.appeal", case, Answer(note="还没发"))
    with pytest.raises(Refused, match="商品已经发出"):
        step("aftersale.uphold", case)
    assert stock(shop) == (498, 0, 0, 0)


def claim_by_hand(order: Order) -> AfterSale:
    """A claim that no rule approves."""
    change(Policies.AUTO_REFUND, 0, user_id=None, why="test")
    return claim(order, {"TEA-1": 1})


def test_cash_on_delivery_before_the_door_closes_without_a_refund(shop: Shop) -> None:
    order = placed(shop, quantity=2)
    to_the_door(order)
    case = claim(again(order), {"TEA-1": 2})
    order = again(order)
    assert (case.state, order.state) == ("completed", "closed")
    assert not Refund.objects.exists()
    payment = Payment.objects.get()
    assert (payment.state, payment.last_step) == ("closed", "call_off")
    assert stock(shop) == (500, 0, 0, 0)
    case.refresh_from_db()
    assert (case.amount_fen, case.to_pay_back.fen) == (25600, 0)
    assert task_of(order).state == "cancelled"


def to_the_door(order: Order) -> None:
    money.start(
        trade=order.trade, way=money.Way("cod"), return_url="", notify_url="", actor="guest"
    )


@pytest.mark.parametrize("gone", [1, 2])
def test_a_part_of_cash_on_delivery_is_cancelled_and_less_is_collected(
    shop: Shop, gone: int
) -> None:
    order = placed(shop, quantity=3)
    to_the_door(order)
    claim(again(order), {"TEA-1": gone})
    assert not Refund.objects.exists()
    payment = Payment.objects.get()
    left = 12800 * (3 - gone)
    assert (payment.state, payment.amount_fen) == ("to_collect", left)
    order = completed(shop, again(order))
    assert (order.state, order.total_fen - order.refunded_fen) == ("completed", left)
    assert ledger.balance("carrier:cod") == left
    assert SettlementEntry.objects.get().amount_fen == left
    assert stock(shop) == (500 - 3 + gone, 0, 0, 0)


def test_on_the_way_to_the_door_nothing_is_given_back_that_was_not_paid(shop: Shop) -> None:
    order = placed(shop)
    to_the_door(order)
    order = shipped(again(order))
    with pytest.raises(Refused, match="货款还没有收取"):
        claim(order, {"TEA-1": 1}, KEEP)
    assert not AfterSale.objects.exists()


def test_a_buyer_who_confirms_at_the_door_has_paid(shop: Shop) -> None:
    order = placed(shop)
    to_the_door(order)
    order = shipped(again(order))
    by_buyer("order.confirm_receipt", order)
    assert Payment.objects.get().state == "succeeded"
    assert ledger.balance("buyer", case_no=order.case_no) == 0


def test_what_was_collected_at_the_door_goes_back_by_hand(shop: Shop) -> None:
    order = placed(shop)
    to_the_door(order)
    order = delivered(shop, again(order))
    case = claim(order, {"TEA-1": 1})
    come_back(case, good=1)
    refund = Refund.objects.get()
    assert (refund.state, refund.amount_fen) == ("manual", 12800)
    assert "线下退款" in refund.error
