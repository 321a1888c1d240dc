"""What staff do about claims, parcels that are astray, and refunds that failed."""

from __future__ import annotations

import pytest
from django.test import Client

from shangliu.domain.aftersales.models import AfterSale, AfterSaleKind
from shangliu.domain.inventory.models import Stock
from shangliu.domain.logistics.provider import TrackState
from shangliu.domain.orders.models import Order
from shangliu.domain.payments.models import Refund
from shangliu.domain.payments.provider import RefundOutcome
from shangliu.flow.aftersale import services as aftersales
from shangliu.flow.aftersale.services import Claim
from shangliu.platform.money import Money
from shangliu.process.roles import Role
from tests.insight import world
from tests.web.backoffice.conftest import Enter

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> world.Shop:
    return world.open_shop()


def take(client: Client, name: str, pk: int, queue: str, **more: object) -> tuple[int, str]:
    data = {"step": name, "pk": pk, "next": f"/staff/queue/{queue}/", **more}
    answer = client.post("/staff/steps/", data)
    return answer.status_code, answer.content.decode()


def kept(order: Order, fen: int) -> AfterSale:
    return aftersales.apply(
        order=order,
        quantities={order.lines.get().pk: 1},
        reason="质量问题",
        note="",
        actor="guest",
        claim=Claim(kind=AfterSaleKind.ALLOWANCE, amount=Money(fen)),
    )


def test_service_agrees_on_less_in_yuan(shop: world.Shop, enter: Enter) -> None:
    case = kept(world.completed(shop, world.paid(shop)), 5000)
    service = enter(Role.SERVICE)
    page = service.get("/staff/queue/aftersales/").content.decode()
    assert "仅退款（不退货）" in page
    assert "同意退款金额" in page
    for amount in ("50", "0", "二十"):
        status, _ = take(
            service,
            "aftersale.approve_less",
            case.pk,
            "aftersales",
            amount_fen=amount,
            note="划痕浅",
        )
        assert status == 409
    case.refresh_from_db()
    assert (case.state, case.amount_fen) == ("applied", 5000)
    status, _ = take(
        service, "aftersale.approve_less", case.pk, "aftersales", amount_fen="12.50", note="划痕浅"
    )
    assert status == 302
    case.refresh_from_db()
    assert (case.state, case.amount_fen, case.decision_note) == ("refunding", 1250, "划痕浅")


def test_a_lost_parcel_is_declared_lost_with_a_reason(shop: world.Shop, enter: Enter) -> None:
    order = world.shipped(world.paid(shop))
    parcel = world.reported(order, TrackState.EXCEPTION)
    office = enter(Role.OPERATIONS)
    page = office.get("/staff/queue/astray/").content.decode()
    assert parcel.waybill_no in page
    assert take(office, "parcel.lose", parcel.pk, "astray", reason="")[0] == 409
    assert not AfterSale.objects.exists()
    assert take(office, "parcel.lose", parcel.pk, "astray", reason="承运商确认丢失")[0] == 302
    world.send_all()
    order.refresh_from_db()
    assert (order.state, order.refunded_fen) == ("closed", order.total_fen)


def test_the_warehouse_takes_a_refused_parcel_back(shop: world.Shop, enter: Enter) -> None:
    order = world.shipped(world.paid(shop, quantity=2))
    world.reported(order, TrackState.OUT_FOR_DELIVERY, TrackState.REFUSED)
    case = AfterSale.objects.get()
    house = enter(Role.WAREHOUSE)
    page = house.get("/staff/queue/returns/").content.decode()
    assert "未送达退回" in page
    assert take(house, "aftersale.receive", case.pk, "returns")[0] == 302
    line = case.lines.get().pk
    counted = {f"good-{line}": "1", f"damaged-{line}": "0"}
    status, page = take(
        house, "aftersale.inspect", case.pk, "returns", accepted="no", note="", **counted
    )
    assert status == 409
    assert "未送达的包裹不能寄还买家" in page
    status, _ = take(
        house, "aftersale.inspect", case.pk, "returns", accepted="yes", note="少一件", **counted
    )
    assert status == 302
    world.send_all()
    order.refresh_from_db()
    assert order.state == "closed"
    assert Stock.objects.get(variant=shop.tea, warehouse=shop.near).on_hand == 499


def test_finance_asks_retries_and_settles_a_failed_refund(shop: world.Shop, enter: Enter) -> None:
    order = world.paid(shop)
    shop.gateway.refunds = RefundOutcome.REFUSED
    aftersales.apply(order=order, quantities={}, reason="不想要了", note="", actor="guest")
    world.send_all()
    refund = Refund.objects.get()
    finance = enter(Role.FINANCE)
    page = finance.get("/staff/queue/refunds/").content.decode()
    assert "余额不足" in page
    for label in ("同号重试", "向网关查询", "登记线下退款"):
        assert label in page
    shop.gateway.known = RefundOutcome.NOT_FOUND
    assert take(finance, "refund.ask", refund.pk, "refunds")[0] == 302
    world.send_all()
    refund.refresh_from_db()
    assert (refund.state, refund.error) == ("failed", "支付网关没有这笔退款")
    assert take(finance, "refund.settle_by_hand", refund.pk, "refunds", voucher=" ")[0] == 409
    assert take(finance, "refund.settle_by_hand", refund.pk, "refunds", voucher="BK1")[0] == 302
    refund.refresh_from_db()
    order.refresh_from_db()
    assert (refund.state, order.state) == ("succeeded", "closed")
