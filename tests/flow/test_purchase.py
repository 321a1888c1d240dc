"""A purchase in all its ways: what each leaves behind in states, stock and money."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shangliu.cli.stock import differences
from shangliu.domain.aftersales.models import AfterSaleKind
from shangliu.domain.cart.queries import cart_view, open_cart
from shangliu.domain.inventory.handling import keep_back
from shangliu.domain.inventory.models import Reservation, Stock
from shangliu.domain.inventory.services import OutOfStock
from shangliu.domain.notifications.models import Message
from shangliu.domain.orders.models import Order, Trade
from shangliu.domain.payments.models import GatewayNotification, Payment, Refund
from shangliu.domain.payments.provider import Outcome
from shangliu.domain.settlement.models import SettlementEntry
from shangliu.flow import checkout, steps
from shangliu.flow.aftersale import services as aftersales
from shangliu.flow.aftersale.effects import Inspection, ReturnWaybill
from shangliu.flow.cart import services as carts
from shangliu.flow.fulfilment.effects import Scans, Shortage, Wave, Weight
from shangliu.flow.order import services as orders
from shangliu.flow.order.effects import Reason
from shangliu.flow.parcel import services as parcels
from shangliu.flow.payment import services as money
from shangliu.flow.popularity import count_sold
from shangliu.flow.timers import run_due
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.platform.money import Money
from shangliu.platform.text import Text
from shangliu.process.roles import Role
from tests.insight.world import (
    Shop,
    applied,
    buyer,
    completed,
    delivered,
    open_shop,
    packed,
    paid,
    pay,
    picked,
    placed,
    send_all,
    shipped,
    step,
    task_of,
)

pytestmark = pytest.mark.django_db

BUYER = frozenset({Role.BUYER})
RECEIVER = checkout.Receiver(
    name="张三",
    phone="13912345678",
    province="浙江省",
    city="杭州市",
    district="西湖区",
    street="文三路 100 号",
)


@pytest.fixture
def shop() -> Shop:
    return open_shop()


def counters(shop: Shop) -> tuple[int, int, int, int]:
    """on hand, held, committed, damaged of the tea in the near warehouse."""
    row = Stock.objects.get(variant=shop.tea, warehouse=shop.near)
    return row.on_hand, row.held, row.committed, row.damaged


@pytest.fixture(autouse=True)
def _books_balance() -> object:
    yield
    assert differences() == []
    for payment in Payment.objects.all():
        refunds = Refund.objects.filter(payment=payment, state="succeeded")
        assert payment.refunded_fen == sum(one.amount_fen for one in refunds)


def test_from_cart_to_settlement_every_stage_leaves_what_it_must(shop: Shop) -> None:
    order = placed(shop, quantity=2)
    assert (order.state, counters(shop)) == ("awaiting_payment", (500, 2, 0, 0))
    order = pay(shop, order)
    assert (order.state, counters(shop)) == ("awaiting_fulfilment", (500, 0, 2, 0))
    assert task_of(order).warehouse == shop.near
    order = shipped(order)
    assert (order.state, counters(shop)) == ("shipped", (498, 0, 0, 0))
    order = delivered_again(shop, order)
    assert order.delivered_at is not None
    steps.take("order.confirm_receipt", order, actor="guest", roles=BUYER)
    order.refresh_from_db()
    assert order.state == "completed"
    entry = SettlementEntry.objects.get(order_number=order.number)
    assert (entry.state, entry.amount_fen) == ("pending", order.total_fen)
    rung: list[str] = []
    with clock.ahead(timedelta(days=8)):
        tried = run_due(after_each=lambda: rung.append("."))
    assert len(rung) == tried > 0
    entry.refresh_from_db()
    assert entry.state == "due"


def delivered_again(shop: Shop, order: Order) -> Order:
    parcel = task_of(order).parcel
    assert parcel is not None
    for _ in range(2):
        parcels.take_push(
            gateway_code=shop.carrier.code, headers={}, body=parcel.waybill_no.encode()
        )
    return Order.objects.get(pk=order.pk)


def test_the_same_submit_makes_one_order(shop: Shop) -> None:
    cart = carts.add(
        token=carts.new_token(), user_id=None, visit="", variant_id=shop.tea.pk, quantity=1
    )
    total = checkout.preview(cart_view(cart)).total
    numbers = {
        checkout.place_order(
            cart=cart,
            receiver=RECEIVER,
            wishes=checkout.Wishes(delivery="standard", remark=""),
            submit_key="once",
            expected=total,
            user_id=None,
        ).number
        for _ in range(50)
    }
    assert len(numbers) == 1
    assert Order.objects.count() == 1
    assert counters(shop) == (500, 1, 0, 0)


def test_a_changed_price_is_said_before_anything_is_ordered(shop: Shop) -> None:
    cart = carts.add(
        token=carts.new_token(), user_id=None, visit="", variant_id=shop.tea.pk, quantity=1
    )
    seen = checkout.preview(cart_view(cart)).total
    type(shop.tea).objects.filter(pk=shop.tea.pk).update(price_fen=13000)
    summary = checkout.preview(cart_view(cart))
    assert [warning.zh for warning in summary.warnings] == [
        "“龙井 250 克”的价格由 ¥128.00 变为 ¥130.00"
    ]
    with pytest.raises(Refused, match=r"应付金额由 ¥128\.00 变为 ¥130\.00"):
        checkout.place_order(
            cart=cart,
            receiver=RECEIVER,
            wishes=checkout.Wishes(delivery="standard", remark=""),
            submit_key="k",
            expected=seen,
            user_id=None,
        )
    assert not Trade.objects.exists()


@pytest.mark.parametrize("phone", ["", "123", "1391234567x", "+1 555"])
def test_a_bad_phone_is_refused_with_what_to_do(shop: Shop, phone: str) -> None:
    with pytest.raises(Refused, match="手机号不正确"):
        checkout.normal_phone(phone)


def test_more_than_there_is_cannot_be_held(shop: Shop) -> None:
    first = hold(shop, 600)
    assert [
        one.quantity for one in Reservation.objects.filter(cart_id=first).order_by("-quantity")
    ] == [
        500,
        100,
    ]
    before = list(Stock.objects.order_by("id").values_list("held", flat=True))
    with pytest.raises(OutOfStock) as refused:
        hold(shop, 401)
    assert refused.value.left == 400
    assert list(Stock.objects.order_by("id").values_list("held", flat=True)) == before
    assert Reservation.objects.count() == 2


def hold(shop: Shop, quantity: int) -> int:
    cart = carts.add(
        token=carts.new_token(), user_id=None, visit="", variant_id=shop.tea.pk, quantity=quantity
    )
    return cart.pk


def test_a_hold_ends_says_so_and_is_taken_again_at_checkout(shop: Shop) -> None:
    cart = carts.add(
        token=carts.new_token(), user_id=None, visit="", variant_id=shop.tea.pk, quantity=3
    )
    assert counters(shop) == (500, 3, 0, 0)
    with clock.ahead(timedelta(minutes=16)):
        run_due()
        assert counters(shop) == (500, 0, 0, 0)
        assert cart_view(cart).rows[0].held == 0
        trade = checkout.place_order(
            cart=cart,
            receiver=RECEIVER,
            wishes=checkout.Wishes(delivery="standard", remark=""),
            submit_key="k",
            expected=checkout.preview(cart_view(cart)).total,
            user_id=None,
        )
    assert counters(shop) == (500, 3, 0, 0)
    assert Reservation.objects.get().case_no == trade.number
    assert Reservation.objects.get().last_step == "renew"


def test_a_cart_moves_to_the_person_at_sign_in_with_its_hold(shop: Shop) -> None:
    person = buyer()
    token = carts.new_token()
    carts.add(token=token, user_id=None, visit="", variant_id=shop.tea.pk, quantity=1)
    carts.add(token="", user_id=person.pk, visit="", variant_id=shop.tea.pk, quantity=2)
    carts.adopt(token=token, user_id=person.pk)
    view = cart_view(open_cart(token="", user_id=person.pk))
    assert [(row.quantity, row.held) for row in view.rows] == [(3, 3)]
    assert counters(shop) == (500, 3, 0, 0)


def test_an_unpaid_order_times_out_only_after_the_gateway_was_asked(shop: Shop) -> None:
    order = placed(shop)
    start(shop, order)
    with clock.ahead(timedelta(minutes=31)):
        run_due()
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert Payment.objects.get().state == "closed"
    assert counters(shop) == (500, 0, 0, 0)


def start(shop: Shop, order: Order) -> Payment:
    money.start(
        trade=order.trade,
        way=money.Way(shop.gateway.code),
        return_url="r",
        notify_url="n",
        actor="guest",
    )
    return Payment.objects.latest("id")


def test_a_lost_notification_is_found_by_asking(shop: Shop) -> None:
    order = placed(shop)
    start(shop, order)
    shop.gateway.outcome = Outcome.PAID
    with clock.ahead(timedelta(seconds=30)):
        run_due()
    order.refresh_from_db()
    assert order.state == "awaiting_fulfilment"


def test_a_second_click_on_pay_makes_no_second_payment(shop: Shop) -> None:
    order = placed(shop)
    assert start(shop, order).pk == start(shop, order).pk
    assert Payment.objects.count() == 1


def test_money_after_closing_reopens_the_order_while_there_is_stock(shop: Shop) -> None:
    order = placed(shop)
    payment = start(shop, order)
    orders.cancel(order=order, actor="guest", role=Role.BUYER, reason="不要了")
    assert counters(shop) == (500, 0, 0, 0)
    money.take_notification(
        provider_code=shop.gateway.code, headers={}, body=payment.number.encode()
    )
    send_all()
    payment.refresh_from_db()
    order.refresh_from_db()
    assert (order.state, payment.state) == ("awaiting_fulfilment", "succeeded_late")
    assert order.payment_number == payment.number
    assert not Refund.objects.exists()
    assert counters(shop) == (500, 0, 1, 0)


def test_money_after_closing_goes_back_by_itself_when_the_goods_are_gone(shop: Shop) -> None:
    order = placed(shop)
    payment = start(shop, order)
    orders.cancel(order=order, actor="guest", role=Role.BUYER, reason="不要了")
    for row in Stock.objects.all():
        keep_back(stock_id=row.pk, quantity=row.on_hand, actor="yunying", why="停售")
    money.take_notification(
        provider_code=shop.gateway.code, headers={}, body=payment.number.encode()
    )
    send_all()
    payment.refresh_from_db()
    order.refresh_from_db()
    assert (order.state, payment.state) == ("cancelled", "refunded")
    assert Refund.objects.get().amount_fen == order.total_fen
    assert counters(shop) == (500, 0, 0, 0)


def test_the_same_notification_again_changes_nothing(shop: Shop) -> None:
    order = placed(shop)
    payment = start(shop, order)
    for _ in range(5):
        answer = money.take_notification(
            provider_code=shop.gateway.code, headers={}, body=payment.number.encode()
        )
        assert answer[2] == b"success"
    verdicts = list(GatewayNotification.objects.values_list("verdict", flat=True).order_by("id"))
    assert verdicts == ["applied", *["duplicate"] * 4]
    assert counters(shop) == (500, 0, 1, 0)


def test_a_notification_for_an_unknown_number_is_refused_and_kept(shop: Shop) -> None:
    answer = money.take_notification(provider_code=shop.gateway.code, headers={}, body=b"nobody")
    assert answer[2] == b"fail"
    assert GatewayNotification.objects.get().verdict == "unknown number"


def test_an_order_with_a_remark_waits_for_a_person(shop: Shop) -> None:
    order = paid(shop, remark="请用礼盒包装")
    assert order.state == "awaiting_review"
    assert order.held_for == Text("买家有留言，需要人工查看", "The buyer left a remark")
    step("order.hold", order, Reason(reason="等礼盒到货"))
    step("order.resume", order, Reason(reason="礼盒到了"))
    step("order.approve", order)
    assert Order.objects.get(pk=order.pk).state == "awaiting_fulfilment"


def test_holding_an_order_stops_the_warehouse(shop: Shop) -> None:
    order = paid(shop)
    task = packed(order)
    step("order.hold", order, Reason(reason="地址要改"))
    send_all()
    task.refresh_from_db()
    assert task.state == "cancelled"
    assert task.parcel is not None
    assert task.parcel.state == "voided"
    with pytest.raises(Refused):
        step("fulfilment.weigh", task, Weight(grams=task.expected_g))


def test_the_wrong_goods_and_the_wrong_weight_are_refused(shop: Shop) -> None:
    order = paid(shop, quantity=2)
    task = task_of(order)
    step("fulfilment.wave", task, Wave(wave="W1"))
    step("fulfilment.start_pick", task)
    with pytest.raises(Refused, match="不属于这个任务"):
        step("fulfilment.pick", task, Scans(counts={"TEA-1": 2, "CUP-1": 1}))
    with pytest.raises(Refused, match="应拣 2 件"):
        step("fulfilment.pick", task, Scans(counts={"TEA-1": 1}))
    step("fulfilment.pick", task, Scans(counts={"TEA-1": 2}))
    step("fulfilment.pack", task)
    with pytest.raises(Refused, match="请拆包复核"):
        step("fulfilment.weigh", task, Weight(grams=5000))
    step("fulfilment.weigh", task, Weight(grams=720))
    with pytest.raises(Refused, match="面单"):
        step("fulfilment.hand_over", task)
    send_all()
    task.refresh_from_db()
    assert task.state == "weighed"


def test_a_short_pick_moves_to_another_warehouse_with_its_units(shop: Shop) -> None:
    order = paid(shop)
    task = task_of(order)
    step("fulfilment.wave", task, Wave(wave="W1"))
    step("fulfilment.start_pick", task)
    step("fulfilment.report_short", task, Shortage(reason="货架空"))
    step("fulfilment.reallocate", task)
    task.refresh_from_db()
    assert (task.state, task.warehouse) == ("created", shop.far)
    far = Stock.objects.get(variant=shop.tea, warehouse=shop.far)
    assert (counters(shop), far.committed) == ((500, 0, 0, 0), 1)
    shipped(order)
    far.refresh_from_db()
    assert (far.on_hand, far.committed) == (499, 0)


def test_a_refund_before_shipment_stops_everything_and_gives_all_back(shop: Shop) -> None:
    order = paid(shop, quantity=2)
    picked(order)
    case = aftersales.apply(order=order, quantities={}, reason="不想要了", note="", actor="guest")
    assert case.kind == AfterSaleKind.REFUND_ONLY
    send_all()
    case.refresh_from_db()
    order.refresh_from_db()
    assert (case.state, order.state) == ("completed", "closed")
    assert order.refunded_fen == order.total_fen
    assert task_of(order).state == "cancelled"
    assert counters(shop) == (500, 0, 0, 0)


def test_goods_that_come_back_are_restocked_only_when_good(shop: Shop) -> None:
    order = completed(shop, paid(shop, quantity=3))
    case = applied(order, quantity=2)
    assert case.amount == Money(25600)
    step("aftersale.approve", case)
    steps.take(
        "aftersale.send_back",
        case,
        actor="guest",
        roles=BUYER,
        data=ReturnWaybill(carrier="shunfeng", waybill_no="SF123"),
    )
    step("aftersale.receive", case)
    line = case.lines.get()
    with pytest.raises(Refused, match="请填全完好与残次数量"):
        step("aftersale.inspect", case, Inspection(accepted=True, found={line.pk: (1, 0)}))
    step("aftersale.inspect", case, Inspection(accepted=True, found={line.pk: (1, 1)}))
    send_all()
    case.refresh_from_db()
    order.refresh_from_db()
    assert (case.state, order.state, order.refunded_fen) == ("completed", "completed", 25600)
    assert counters(shop) == (498, 0, 0, 1)
    entries = SettlementEntry.objects.order_by("id").values_list("amount_fen", flat=True)
    assert list(entries) == [38400, -25600]


def test_refused_goods_are_not_refunded_nor_restocked(shop: Shop) -> None:
    order = completed(shop, paid(shop))
    case = applied(order)
    step("aftersale.approve", case)
    steps.take(
        "aftersale.send_back",
        case,
        actor="guest",
        roles=BUYER,
        data=ReturnWaybill(carrier="shunfeng", waybill_no="SF1"),
    )
    step("aftersale.receive", case)
    found = {case.lines.get().pk: (0, 0)}
    step("aftersale.inspect", case, Inspection(accepted=False, found=found, note="并非本店商品"))
    step("aftersale.return_to_buyer", case, ReturnWaybill(carrier="shunfeng", waybill_no="SF2"))
    case.refresh_from_db()
    assert case.state == "returned_to_buyer"
    assert not Refund.objects.exists()
    assert counters(shop) == (499, 0, 0, 0)


def test_nothing_can_be_claimed_on_the_way_or_after_the_window(shop: Shop) -> None:
    order = shipped(paid(shop))
    with pytest.raises(Refused, match="签收后可申请"):
        applied(order)
    order = completed(shop, paid(shop))
    with clock.ahead(timedelta(days=9)), pytest.raises(Refused, match="已超过退货期限"):
        applied(order)


def test_an_unanswered_application_is_approved_by_time(shop: Shop) -> None:
    case = applied(completed(shop, paid(shop)))
    with clock.ahead(timedelta(hours=49)):
        run_due()
    case.refresh_from_db()
    assert (case.state, case.last_step) == ("awaiting_return", "ask_return")


def test_receipt_is_confirmed_by_time_and_can_be_extended_once(shop: Shop) -> None:
    order = delivered(shop, paid(shop))
    steps.take("order.extend_receipt", order, actor="guest", roles=BUYER)
    with pytest.raises(Refused, match="只能延长一次"):
        steps.take("order.extend_receipt", order, actor="guest", roles=BUYER)
    with clock.ahead(timedelta(days=8)):
        run_due()
    order.refresh_from_db()
    assert order.state == "shipped"
    with clock.ahead(timedelta(days=13)):
        run_due()
    order.refresh_from_db()
    assert order.state == "completed"


def test_each_transition_tells_the_buyer_once(shop: Shop) -> None:
    person = buyer()
    order = delivered(shop, paid(shop, user=person))
    send_all()
    told = Message.objects.filter(user=person, channel="site").order_by("id")
    assert [one.template for one in told] == [
        "order_placed",
        "order_paid",
        "order_shipped",
        "order_delivered",
    ]
    assert {one.link for one in told} == {f"/orders/{order.number}/"}


def test_a_cart_that_was_left_alone_can_still_be_ordered(shop: Shop) -> None:
    cart = carts.add(
        token=carts.new_token(), user_id=None, visit="", variant_id=shop.tea.pk, quantity=1
    )
    with clock.ahead(timedelta(hours=25)):
        run_due()
        cart.refresh_from_db()
        assert cart.state == "abandoned"
        checkout.place_order(
            cart=cart,
            receiver=RECEIVER,
            wishes=checkout.Wishes(delivery="standard", remark=""),
            submit_key="k",
            expected=checkout.preview(cart_view(cart)).total,
            user_id=None,
        )
    cart.refresh_from_db()
    assert cart.state == "checked_out"
    assert counters(shop) == (500, 1, 0, 0)


def test_what_was_sold_is_counted_from_paid_orders(shop: Shop) -> None:
    paid(shop, quantity=3)
    placed(shop, quantity=2)
    assert count_sold() == 1
    assert count_sold() == 0
    shop.tea.product.refresh_from_db()
    assert shop.tea.product.sold_count == 3


def test_a_timer_that_stays_refused_rings_ever_more_seldom(shop: Shop) -> None:
    applied(completed(shop, paid(shop)))
    entry = SettlementEntry.objects.get()
    for days, least in ((8, timedelta(minutes=1)), (9, timedelta(hours=5))):
        with clock.ahead(timedelta(days=days)):
            SettlementEntry.objects.update(due_at=clock.now())
            run_due()
            entry.refresh_from_db()
            assert entry.state == "pending"
            assert entry.due_at is not None
            assert least <= entry.due_at - clock.now() <= timedelta(hours=6)
