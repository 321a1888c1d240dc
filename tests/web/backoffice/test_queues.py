"""Each queue's main action, and a refusal that changes nothing."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from shangliu.domain.aftersales.models import AfterSale
from shangliu.domain.inventory.models import Stock
from shangliu.domain.payments.models import Payment, Refund
from shangliu.domain.payments.provider import Outcome, Ref, RefundOutcome, TradeAnswer
from shangliu.domain.settlement.models import SettlementEntry
from shangliu.flow import steps, timers
from shangliu.flow.aftersale.effects import Answer, ReturnWaybill
from shangliu.flow.fulfilment.effects import Shortage, Wave
from shangliu.flow.order.effects import Reason
from shangliu.flow.payment import services as money
from shangliu.platform import clock
from shangliu.platform.models import Outbox
from shangliu.process.models import Event
from shangliu.process.roles import Role
from tests.insight import world
from tests.web.backoffice.conftest import Enter


def _take(client: Client, name: str, pk: int, queue: str, **more: object) -> int:
    data = {"step": name, "pk": pk, "next": f"/staff/queue/{queue}/", **more}
    return client.post("/staff/steps/", data).status_code


def _by_buyer(name: str, case: AfterSale, data: object) -> None:
    steps.take(name, case, actor="guest", roles=frozenset({Role.BUYER}), data=data)
    case.refresh_from_db()


def _returned(shop: world.Shop) -> AfterSale:
    """A return that is on its way back."""
    case = world.applied(world.completed(shop, world.paid(shop)))
    world.step("aftersale.approve", case)
    case.refresh_from_db()
    _by_buyer("aftersale.send_back", case, ReturnWaybill(carrier="yuantong", waybill_no="R1"))
    return case


def test_the_review_queue_shows_the_oldest_first_with_its_case_beside(
    shop: world.Shop, enter: Enter
) -> None:
    first, second = world.paid(shop, remark="送礼"), world.paid(shop, variant=shop.cup)
    page = enter(Role.OPERATIONS).get("/staff/queue/review/").content.decode()
    assert page.index(first.number) < page.index(second.number)
    assert "买家有留言，需要人工查看" in page
    assert f'name="pk" value="{first.pk}"' in page
    assert re.search(r'name="step" value="order\.approve"', page)


def test_several_orders_are_approved_at_once_and_the_others_say_why_not(
    shop: world.Shop, enter: Enter
) -> None:
    orders = [world.paid(shop, remark="送礼") for _ in range(2)]
    done = world.paid(shop)
    client = enter(Role.OPERATIONS)
    many = {
        "step": "order.approve",
        "pk": [order.pk for order in (*orders, done)],
        "next": "/staff/queue/review/",
    }
    answer = client.post("/staff/steps/many/", many, follow=True)
    page = answer.content.decode()
    assert "“审核通过”已完成 2 单" in page
    assert "当前状态不能“审核通过”" in page
    for order in orders:
        order.refresh_from_db()
        assert order.state == "awaiting_fulfilment"


def test_nothing_ticked_is_refused(shop: world.Shop, enter: Enter) -> None:
    answer = enter(Role.OPERATIONS).post(
        "/staff/steps/many/", {"step": "order.approve", "next": "/staff/queue/review/"}
    )
    assert answer.status_code == 409
    assert "请先勾选要处理的单据" in answer.content.decode()


def test_service_takes_an_order_off_hold(shop: world.Shop, enter: Enter) -> None:
    order = world.paid(shop)
    world.step("order.hold", order, Reason(reason="核对地址"))
    client = enter(Role.SERVICE)
    assert order.number in client.get("/staff/queue/hold/").content.decode()
    assert _take(client, "order.resume", order.pk, "hold", reason="地址已核对") == 302
    order.refresh_from_db()
    assert order.state == "awaiting_review"


def test_service_answers_after_sales_and_operations_the_appeal(
    shop: world.Shop, enter: Enter
) -> None:
    case = world.applied(world.completed(shop, world.paid(shop)))
    service, operations = enter(Role.SERVICE), enter(Role.OPERATIONS)
    assert case.number in service.get("/staff/queue/aftersales/").content.decode()
    assert _take(service, "aftersale.reject", case.pk, "aftersales", note="") == 409
    case.refresh_from_db()
    assert case.state == "applied"
    assert _take(service, "aftersale.reject", case.pk, "aftersales", note="照片看不清") == 302
    case.refresh_from_db()
    _by_buyer("aftersale.appeal", case, Answer(note="照片已补"))
    assert case.number in operations.get("/staff/queue/appeals/").content.decode()
    assert _take(service, "aftersale.uphold", case.pk, "appeals") in (403, 409)
    case.refresh_from_db()
    assert case.state == "escalated"
    assert _take(operations, "aftersale.uphold", case.pk, "appeals") == 302
    case.refresh_from_db()
    assert case.state == "awaiting_return"


def test_a_return_is_received_inspected_and_refunded_and_good_pieces_go_back(
    shop: world.Shop, enter: Enter
) -> None:
    case = _returned(shop)
    line = case.lines.get()
    before = Stock.objects.get(variant=shop.tea, warehouse=shop.near).on_hand
    client = enter(Role.WAREHOUSE)
    assert _take(client, "aftersale.receive", case.pk, "returns") == 302
    wrong = {f"good-{line.pk}": 5, f"damaged-{line.pk}": 0, "accepted": "yes"}
    assert _take(client, "aftersale.inspect", case.pk, "returns", **wrong) == 409
    case.refresh_from_db()
    assert (case.state, case.lines.get().good) == ("received", 0)
    right = {f"good-{line.pk}": 1, f"damaged-{line.pk}": 0, "accepted": "yes"}
    assert _take(client, "aftersale.inspect", case.pk, "returns", **right) == 302
    world.send_all()
    case.refresh_from_db()
    assert case.state == "completed"
    assert Refund.objects.get(after_sale_id=case.pk).state == "succeeded"
    assert Stock.objects.get(variant=shop.tea, warehouse=shop.near).on_hand == before + 1


def test_goods_that_are_not_accepted_are_sent_back(shop: world.Shop, enter: Enter) -> None:
    case = _returned(shop)
    line = case.lines.get()
    client = enter(Role.WAREHOUSE)
    _take(client, "aftersale.receive", case.pk, "returns")
    found = {f"good-{line.pk}": 0, f"damaged-{line.pk}": 1, "accepted": "no", "note": "有使用痕迹"}
    assert _take(client, "aftersale.inspect", case.pk, "returns", **found) == 302
    assert (
        _take(
            client,
            "aftersale.return_to_buyer",
            case.pk,
            "returns",
            carrier="shunfeng",
            waybill_no="SF1",
        )
        == 302
    )
    case.refresh_from_db()
    assert case.state == "returned_to_buyer"
    assert not Refund.objects.exists()


def test_a_short_pick_goes_to_the_other_warehouse(shop: world.Shop, enter: Enter) -> None:
    task = world.task_of(world.paid(shop))
    world.step("fulfilment.wave", task, Wave(wave="W1"))
    world.step("fulfilment.start_pick", task)
    world.step("fulfilment.report_short", task, Shortage(reason="货架上没有"))
    client = enter(Role.OPERATIONS)
    assert "货架上没有" in client.get("/staff/queue/short/").content.decode()
    assert _take(client, "fulfilment.reallocate", task.pk, "short") == 302
    task.refresh_from_db()
    assert (task.state, task.warehouse.code) == ("created", "NB1")


def test_finance_asks_the_gateway_about_a_silent_payment(shop: world.Shop, enter: Enter) -> None:
    order = world.placed(shop)
    money.start(
        trade=order.trade, way=money.Way("testpay"), return_url="", notify_url="", actor="guest"
    )
    payment = Payment.objects.get(case_no=order.case_no)
    client = enter(Role.FINANCE)
    assert payment.number in client.get("/staff/queue/payments/").content.decode()
    shop.gateway.outcome = Outcome.PAID
    assert _take(client, "payment.query", payment.pk, "payments") == 302
    order.refresh_from_db()
    assert order.paid_at is not None
    assert _take(enter(Role.WAREHOUSE), "payment.query", payment.pk, "payments") in (403, 409)


@pytest.mark.django_db(transaction=True)
def test_the_gateway_is_asked_about_many_outside_of_any_transaction(
    shop: world.Shop, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        money.start(
            trade=world.placed(shop).trade,
            way=money.Way("testpay"),
            return_url="",
            notify_url="",
            actor="guest",
        )
    shop.gateway.outcome = Outcome.PAID
    asked, query = [], shop.gateway.query

    def looked(ref: Ref) -> TradeAnswer:
        asked.append(connection.in_atomic_block)
        return query(ref)

    monkeypatch.setattr(shop.gateway, "query", looked)
    waiting = [str(one.pk) for one in Payment.objects.order_by("id")]
    done = enter(Role.FINANCE).post(
        "/staff/steps/many/",
        {"step": "payment.query", "pk": waiting, "next": "/staff/queue/payments/"},
    )
    assert done.status_code == 302
    assert asked == [False, False]
    assert set(Payment.objects.values_list("state", flat=True)) == {"succeeded"}


def test_a_failed_refund_is_tried_again_and_a_manual_one_needs_a_voucher(
    shop: world.Shop, enter: Enter
) -> None:
    shop.gateway.refunds = RefundOutcome.REFUSED
    world.applied(world.paid(shop))
    world.send_all()
    refund = Refund.objects.get()
    assert refund.state == "failed"
    client = enter(Role.FINANCE)
    assert "余额不足" in client.get("/staff/queue/refunds/").content.decode()
    assert _take(client, "refund.retry", refund.pk, "refunds") == 302
    world.send_all()
    for hours in range(1, 30):
        refund.refresh_from_db()
        if refund.state == "manual":
            break
        with clock.ahead(timedelta(hours=hours)):
            timers.run_due()
            world.send_all()
    assert refund.state == "manual"
    assert _take(client, "refund.settle_by_hand", refund.pk, "refunds", voucher=" ") == 409
    refund.refresh_from_db()
    assert refund.state == "manual"
    assert _take(client, "refund.settle_by_hand", refund.pk, "refunds", voucher="ICBC-88") == 302
    refund.refresh_from_db()
    assert refund.state == "succeeded"


def test_settlement_goes_from_due_to_statement_to_paid_out(shop: world.Shop, enter: Enter) -> None:
    world.completed(shop, world.paid(shop))
    with clock.ahead(timedelta(days=8)):
        timers.run_due()
    entry = SettlementEntry.objects.get()
    client = enter(Role.FINANCE)
    assert _take(client, "settlement.pay_out", entry.pk, "settlement") == 409
    for step, state in (("include", "in_statement"), ("pay_out", "paid_out")):
        many = {"step": f"settlement.{step}", "pk": [entry.pk], "next": "/staff/queue/settlement/"}
        assert client.post("/staff/steps/many/", many).status_code == 302
        entry.refresh_from_db()
        assert entry.state == state


def test_dead_letters_are_listed_and_sent_again(shop: world.Shop, enter: Enter) -> None:
    world.paid(shop)
    letter = Outbox.objects.order_by("id")[0]
    Outbox.objects.filter(pk=letter.pk).update(
        dead_at=clock.now(), attempts=10, error="ConnectionError: refused"
    )
    client = enter(Role.FINANCE)
    page = client.get("/staff/outbox/").content.decode()
    assert "ConnectionError: refused" in page
    client.post("/staff/outbox/again/", {"pk": [letter.pk]})
    letter.refresh_from_db()
    assert (letter.dead_at, letter.attempts) == (None, 0)


def test_a_step_that_is_no_step_and_an_object_that_is_none_are_not_found(
    shop: world.Shop, enter: Enter
) -> None:
    client, order = enter(Role.ADMIN), world.placed(shop)
    events = Event.objects.count()
    assert _take(client, "order.approve", 999_999, "review") == 404
    assert _take(client, "order.explode", order.pk, "review") == 404
    assert client.post("/staff/steps/", {"step": "order.approve", "pk": "x"}).status_code == 404
    assert Event.objects.count() == events


@pytest.mark.parametrize("code", ["review", "hold", "aftersales", "returns", "refunds"])
def test_an_empty_queue_says_so(code: str, shop: world.Shop, enter: Enter) -> None:
    assert "都处理完了" in enter(Role.ADMIN).get(f"/staff/queue/{code}/").content.decode()
