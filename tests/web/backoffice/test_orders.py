"""Orders: the list, the trace, buttons from the definition, personal data."""

from __future__ import annotations

from django.urls import reverse

from shangliu.domain.crm.models import Reveal
from shangliu.domain.orders.models import Order
from shangliu.domain.payments.models import Payment
from shangliu.flow.fulfilment.effects import Weight
from shangliu.flow.payment import services as money
from shangliu.process.models import Event
from shangliu.process.roles import Role
from tests.insight import world
from tests.web.backoffice.conftest import Enter


def _step(client: object, name: str, pk: int, next_: str, **more: object) -> object:
    data = {"step": name, "pk": pk, "next": next_, **more}
    return client.post("/staff/steps/", data)  # type: ignore[attr-defined]


def test_the_list_finds_by_number_trade_phone_end_and_whole_name(
    shop: world.Shop, enter: Enter
) -> None:
    order, other = world.placed(shop), world.placed(shop)
    Order.objects.filter(pk=other.pk).update(receiver_phone="+8613700000001", receiver_name="赵六")
    client = enter(Role.SERVICE)
    for query in (order.number, order.case_no, "5678", "张三丰"):
        page = client.get("/staff/orders/", {"q": query}).content.decode()
        assert order.number in page, query
        assert other.number not in page, query


def test_the_list_filters_by_state_and_pages_by_key(shop: world.Shop, enter: Enter) -> None:
    paid, waiting = world.paid(shop), world.placed(shop)
    client = enter(Role.SERVICE)
    page = client.get("/staff/orders/?state=awaiting_payment").content.decode()
    assert waiting.number in page
    assert paid.number not in page
    older = client.get(f"/staff/orders/?before={waiting.pk}").content.decode()
    assert paid.number in older
    assert waiting.number not in older


def test_the_trace_shows_who_did_what_with_the_rules_inputs(shop: world.Shop, enter: Enter) -> None:
    order = world.paid(shop, variant=shop.cup)
    page = enter(Role.SERVICE).get(reverse("staff_order", args=(order.number,))).content.decode()
    for said in (
        "提交订单",
        "收到支付成功",
        "转人工审核",
        "金额达到 ¥5000.00，需要人工审核",
        "上限 ¥5000.00",
        "flow-map traced",
        "CUP-1",
    ):
        assert said in page, said


def test_buttons_come_from_the_definition_and_say_why_not(shop: world.Shop, enter: Enter) -> None:
    order = world.paid(shop)
    task = world.picked(order)
    world.step("fulfilment.pack", task)
    world.step("fulfilment.weigh", task, Weight(grams=task.expected_g))
    client = enter(Role.WAREHOUSE)
    here = reverse("staff_order", args=(order.number,))
    page = client.get(here).content.decode()
    assert "交接承运商" in page
    assert "面单还没有取到，请稍候或重试取号" in page
    assert "审核通过</span>" not in page
    answer = _step(client, "fulfilment.hand_over", task.pk, here)
    assert answer.status_code == 409  # type: ignore[attr-defined]
    task.refresh_from_db()
    assert task.state == "weighed"


def test_approving_takes_one_step_however_often_the_form_is_sent(
    shop: world.Shop, enter: Enter
) -> None:
    order = world.paid(shop, remark="送礼")
    client = enter(Role.OPERATIONS)
    here = reverse("staff_order", args=(order.number,))
    for _ in range(2):
        answer = _step(client, "order.approve", order.pk, here, idempotency_key="k1")
        assert answer.status_code == 302  # type: ignore[attr-defined]
    order.refresh_from_db()
    assert order.state == "awaiting_fulfilment"
    taken = Event.objects.filter(process="order", object_id=order.pk, step="approve")
    assert [(event.actor, event.role) for event in taken] == [("operations", "operations")]


def test_a_step_of_another_role_is_refused_with_the_sentence_and_changes_nothing(
    shop: world.Shop, enter: Enter
) -> None:
    order = world.paid(shop, remark="送礼")
    events = Event.objects.count()
    answer = _step(
        enter(Role.WAREHOUSE),
        "order.approve",
        order.pk,
        reverse("staff_order", args=(order.number,)),
    )
    assert answer.status_code == 409  # type: ignore[attr-defined]
    page = answer.content.decode()  # type: ignore[attr-defined]
    assert "“审核通过”只能由运营操作" in page
    assert order.number in page
    order.refresh_from_db()
    assert order.state == "awaiting_review"
    assert Event.objects.count() == events


def test_a_step_that_asks_for_a_reason_is_not_taken_without_one(
    shop: world.Shop, enter: Enter
) -> None:
    order = world.paid(shop, remark="送礼")
    client = enter(Role.OPERATIONS)
    here = reverse("staff_queue", args=("review",))
    answer = _step(client, "order.hold", order.pk, here, reason="  ")
    assert answer.status_code == 409  # type: ignore[attr-defined]
    assert "请填写“原因”" in answer.content.decode()  # type: ignore[attr-defined]
    order.refresh_from_db()
    assert order.state == "awaiting_review"
    _step(client, "order.hold", order.pk, here, reason="电话核对地址")
    order.refresh_from_db()
    assert (order.state, order.hold_reason) == ("on_hold", "电话核对地址")


def test_service_cancels_an_unpaid_order_after_the_gateway_was_asked(
    shop: world.Shop, enter: Enter
) -> None:
    order = world.placed(shop)
    money.start(
        trade=order.trade, way=money.Way("testpay"), return_url="", notify_url="", actor="guest"
    )
    client = enter(Role.SERVICE)
    here = reverse("staff_order", args=(order.number,))
    _step(client, "order.cancel", order.pk, here, reason="买家来电取消")
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert Payment.objects.get(case_no=order.case_no).state == "closed"


def test_personal_data_is_masked_until_a_reason_is_written_down(
    shop: world.Shop, enter: Enter
) -> None:
    order = world.paid(shop)
    client = enter(Role.SERVICE)
    here = reverse("staff_order", args=(order.number,))
    page = client.get(here).content.decode()
    for whole in ("张三丰", "13912345678", "文三路"):
        assert whole not in page, whole
    assert "139****5678" in page

    address = reverse("staff_reveal", args=(order.case_no,))
    refused = client.post(address, {"why": " ", "next": here})
    assert refused.status_code == 409
    assert "请写明查看原因" in refused.content.decode()
    assert not Reveal.objects.exists()

    client.post(address, {"why": "买家要求改地址", "next": here})
    page = client.get(here).content.decode()
    assert "张三丰" in page
    assert "13912345678" in page
    seen = Reveal.objects.get()
    assert (seen.user.login, seen.case_no, seen.why) == ("service", order.case_no, "买家要求改地址")
    assert "查看了个人信息" in page


def test_a_form_cannot_send_the_browser_elsewhere(shop: world.Shop, enter: Enter) -> None:
    order = world.paid(shop, remark="送礼")
    answer = _step(enter(Role.OPERATIONS), "order.approve", order.pk, "https://evil.example/staff/")
    assert answer["Location"] == "/staff/"  # type: ignore[index]


def test_the_search_box_opens_an_order_by_its_waybill(shop: world.Shop, enter: Enter) -> None:
    task = world.packed(world.paid(shop))
    client = enter(Role.SERVICE)
    answer = client.get("/staff/search/", {"q": task.parcel.waybill_no})  # type: ignore[union-attr]
    assert answer["Location"] == reverse("staff_order", args=(task.order.number,))
    assert "fulfilment.pack" in client.get("/staff/search/", {"q": "打包"}).content.decode()
