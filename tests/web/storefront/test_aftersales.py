"""After-sales by the buyer's own hand."""

from __future__ import annotations

import pytest

from shangliu.domain.aftersales.models import AfterSale
from shangliu.domain.crm.models import User
from shangliu.domain.logistics.provider import TrackState
from shangliu.domain.orders.models import Order
from shangliu.flow.aftersale.effects import Agreement, Answer
from tests.insight import world
from tests.web.storefront.walker import Walker

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(walker: Walker) -> User:
    walker.sign_in("13800138000")
    return User.objects.get()


def _apply(walker: Walker, order: Order, **fields: object) -> AfterSale:
    walker.get(f"/orders/{order.number}/after-sale/")
    walker.send(f"/orders/{order.number}/after-sale/", reason="3", note="杯口有裂纹", **fields)
    return AfterSale.objects.latest("id")


def test_before_shipment_the_whole_order_goes_back(
    shop: world.Shop, walker: Walker, person: User
) -> None:
    order = world.paid(shop, user=person)
    walker.get(f"/orders/{order.number}/after-sale/")
    assert "仅退款" in walker.text
    assert "¥ 128 .00" in walker.text
    case = _apply(walker, order)
    assert (case.kind, case.amount_fen, case.state) == ("refund_only", 12800, "refunding")
    assert case.reason == "质量问题"
    world.send_all()
    walker.get(f"/after-sales/{case.number}/")
    assert "已退 ¥128.00" in walker.text


def test_after_receipt_a_part_goes_back(shop: world.Shop, walker: Walker, person: User) -> None:
    order = world.completed(shop, world.paid(shop, user=person, quantity=3))
    line = order.lines.get()
    walker.get(f"/orders/{order.number}/after-sale/estimate/?quantity-{line.pk}=2")
    assert "¥ 256 .00" in walker.text
    case = _apply(walker, order, **{f"quantity-{line.pk}": 2})
    assert (case.kind, case.amount_fen, case.state) == ("return", 25600, "applied")
    assert "等待商家处理" in walker.text


def test_more_than_was_bought_is_refused(shop: world.Shop, walker: Walker, person: User) -> None:
    order = world.completed(shop, world.paid(shop, user=person))
    address = f"/orders/{order.number}/after-sale/"
    walker.get(address)
    answer = walker.send(
        address, reason="0", note="留着", **{f"quantity-{order.lines.get().pk}": 2}
    )
    assert answer.status_code == 409
    assert "最多可退 1 件" in walker.text
    assert "留着" in walker.html
    assert not AfterSale.objects.exists()


def test_on_the_way_the_page_says_when(shop: world.Shop, walker: Walker, person: User) -> None:
    order = world.shipped(world.paid(shop, user=person))
    walker.get(f"/orders/{order.number}/after-sale/")
    assert "商品在途，签收后可申请退货退款" in walker.text
    walker.send(f"/orders/{order.number}/after-sale/", kind="return", reason="0")
    assert "签收后可申请退货退款" in walker.text
    assert not AfterSale.objects.exists()


def test_some_pieces_are_cancelled_before_shipment(
    shop: world.Shop, walker: Walker, person: User
) -> None:
    order = world.paid(shop, user=person, quantity=3)
    line = order.lines.get()
    walker.get(f"/orders/{order.number}/after-sale/estimate/?kind=refund_only&quantity-{line.pk}=2")
    assert "¥ 256 .00" in walker.text
    case = _apply(walker, order, kind="refund_only", **{f"quantity-{line.pk}": 2})
    assert (case.amount_fen, case.lines.get().quantity) == (25600, 2)
    order.refresh_from_db()
    assert order.state == "awaiting_fulfilment"


def test_nothing_chosen_is_refused_before_shipment(
    shop: world.Shop, walker: Walker, person: User
) -> None:
    order = world.paid(shop, user=person, quantity=3)
    field = f"quantity-{order.lines.get().pk}"
    walker.get(f"/orders/{order.number}/after-sale/")
    walker.send(f"/orders/{order.number}/after-sale/", reason="0", **{field: 0})
    assert "请选择要退的商品" in walker.text
    assert not AfterSale.objects.exists()


def test_money_back_for_goods_that_stay(shop: world.Shop, walker: Walker, person: User) -> None:
    order = world.completed(shop, world.paid(shop, user=person, quantity=2))
    field = f"quantity-{order.lines.get().pk}"
    address = f"/orders/{order.number}/after-sale/"
    walker.get(f"{address}?kind=allowance")
    assert "商品留下，由商家同意后退还金额" in walker.text
    assert "最多可退 ¥ 256 .00" in walker.text
    for typed, why in (("三块", "退款金额要填数字"), ("128.01", "最多 ¥128.00"), ("0", "大于零")):
        answer = walker.send(address, kind="allowance", reason="5", amount=typed, **{field: 1})
        assert answer.status_code == 409
        assert why in walker.text
        assert f'value="{typed}"' in walker.html
    assert not AfterSale.objects.exists()
    case = _apply(walker, order, kind="allowance", amount="12.50", **{field: 1})
    assert (case.kind, case.amount_fen, case.state) == ("allowance", 1250, "applied")
    walker.get(f"/after-sales/{case.number}/")
    assert "仅退款（不退货）" in walker.text
    world.step("aftersale.approve_less", case, Agreement(amount_fen=1000, note="划痕很浅"))
    world.send_all()
    walker.get(f"/after-sales/{case.number}/")
    assert "划痕很浅" in walker.text
    assert "已退 ¥10.00" in walker.text


def test_a_refused_parcel_is_shown_to_its_buyer(
    shop: world.Shop, walker: Walker, person: User
) -> None:
    order = world.shipped(world.paid(shop, user=person))
    world.reported(order, TrackState.OUT_FOR_DELIVERY, TrackState.REFUSED)
    case = AfterSale.objects.get()
    walker.get(f"/orders/{order.number}/")
    assert case.number in walker.text
    walker.get(f"/after-sales/{case.number}/")
    assert "未送达退回" in walker.text
    assert "买家拒收" in walker.text


def test_the_buyer_sends_back_with_a_waybill(
    shop: world.Shop, walker: Walker, person: User
) -> None:
    order = world.completed(shop, world.paid(shop, user=person))
    case = _apply(walker, order, **{f"quantity-{order.lines.get().pk}": 1})
    world.step("aftersale.approve", case)
    address = f"/after-sales/{case.number}/"
    walker.get(address)
    assert "请寄回商品" in walker.text
    assert walker.send(f"{address}do/send_back/", carrier="shunfeng").status_code == 409
    assert "请填写运单号" in walker.text
    walker.get(address)
    walker.send(f"{address}do/send_back/", carrier="shunfeng", waybill_no="SF123")
    case.refresh_from_db()
    assert (case.state, case.return_waybill) == ("returning", "SF123")
    assert "SF123" in walker.text


def test_a_rejected_case_can_be_appealed(shop: world.Shop, walker: Walker, person: User) -> None:
    order = world.completed(shop, world.paid(shop, user=person))
    case = _apply(walker, order, **{f"quantity-{order.lines.get().pk}": 1})
    world.step("aftersale.reject", case, Answer(note="照片看不清"))
    address = f"/after-sales/{case.number}/"
    walker.get(address)
    assert "照片看不清" in walker.text
    walker.send(f"{address}do/appeal/", note="补充了照片")
    case.refresh_from_db()
    assert case.state == "escalated"


def test_a_case_can_be_withdrawn(shop: world.Shop, walker: Walker, person: User) -> None:
    order = world.completed(shop, world.paid(shop, user=person))
    case = _apply(walker, order, **{f"quantity-{order.lines.get().pk}": 1})
    walker.send(f"/after-sales/{case.number}/do/cancel/")
    case.refresh_from_db()
    assert case.state == "cancelled"


def test_another_buyers_case_does_not_exist(
    shop: world.Shop, walker: Walker, person: User, other: Walker
) -> None:
    order = world.completed(shop, world.paid(shop, user=person))
    case = _apply(walker, order, **{f"quantity-{order.lines.get().pk}": 1})
    other.sign_in("13800138001")
    other.get("/account/")
    assert other.get(f"/after-sales/{case.number}/").status_code == 404
    other.get("/account/")
    assert other.send(f"/after-sales/{case.number}/do/cancel/").status_code == 404
    case.refresh_from_db()
    assert case.state == "applied"


def test_staff_steps_are_not_for_buyers(shop: world.Shop, walker: Walker, person: User) -> None:
    order = world.completed(shop, world.paid(shop, user=person))
    case = _apply(walker, order, **{f"quantity-{order.lines.get().pk}": 1})
    walker.get(f"/after-sales/{case.number}/")
    assert walker.send(f"/after-sales/{case.number}/do/approve/").status_code == 409
    case.refresh_from_db()
    assert case.state == "applied"
