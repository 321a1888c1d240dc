"""The stock pages: what staff do to goods, who may, and what a refusal leaves."""

from __future__ import annotations

import re

from django.test import Client

from shangliu.cli.stock import differences
from shangliu.domain.catalog.models import Variant
from shangliu.domain.inventory.models import Inbound, Reservation, Stock, StockMovement
from shangliu.flow.cart import services as carts
from shangliu.process.roles import Role
from tests.insight import world
from tests.web.backoffice.conftest import Enter


def near(shop: world.Shop) -> Stock:
    return Stock.objects.get(variant=shop.tea, warehouse=shop.near)


def act(client: Client, row: Stock, code: str, **form: object) -> tuple[int, str]:
    data = {"next": f"/staff/stock/{row.pk}/?do={code}", **form}
    answer = client.post(f"/staff/stock/{row.pk}/{code}/", data)
    return answer.status_code, answer.content.decode()


def test_the_ledger_page_shows_every_counter_and_opens_a_form(
    shop: world.Shop, enter: Enter
) -> None:
    row = near(shop)
    page = enter(Role.OPERATIONS).get(f"/staff/stock/{row.pk}/?do=send").content.decode()
    for label in ("可售", "在库", "预占", "已售待发", "残次", "在途", "安全库存"):
        assert label in page
    assert '<option value="NB1"' in page
    assert '<option value="HZ1"' not in page
    assert 'name="why"' in page


def test_a_count_is_written_with_its_reason_and_who(shop: world.Shop, enter: Enter) -> None:
    row, client = near(shop), enter(Role.WAREHOUSE)
    assert act(client, row, "adjust", counted="498", why="盘亏")[0] == 302
    line = StockMovement.objects.latest("id")
    assert (line.kind, line.on_hand, line.why, line.actor) == ("adjust", -2, "盘亏", "warehouse")
    page = client.get(f"/staff/stock/{row.pk}/").content.decode()
    assert "盘亏" in page
    assert "−2" in page


def test_a_refused_act_keeps_what_was_typed_and_changes_nothing(
    shop: world.Shop, enter: Enter
) -> None:
    row = near(shop)
    status, page = act(enter(Role.WAREHOUSE), row, "write-off", quantity="501", why="受潮")
    assert status == 409
    assert "没有被预占或售出的只有 500 件" in page
    assert 'value="501"' in page
    assert ">受潮</textarea>" in page
    assert not StockMovement.objects.filter(kind="write_off").exists()


def test_goods_are_sent_to_the_other_warehouse_and_taken_in_there(
    shop: world.Shop, enter: Enter
) -> None:
    row, client = near(shop), enter(Role.WAREHOUSE)
    assert act(client, row, "send", to="NB1", quantity="20", why="调拨")[0] == 302
    coming = Inbound.objects.get()
    page = client.get(f"/staff/stock/inbound/?at={coming.number}").content.decode()
    assert re.search(r'name="good"[^>]*value="20"', page)
    address = f"/staff/stock/inbound/{coming.number}/"
    data = {"good": "18", "lost": "2", "why": "", "next": "/staff/stock/inbound/"}
    refused = client.post(address, data)
    assert (refused.status_code, "请写明原因" in refused.content.decode()) == (409, True)
    assert client.post(address, data | {"why": "途中丢失"}).status_code == 302
    coming.refresh_from_db()
    assert (coming.received, coming.lost, coming.on_the_way) == (18, 2, 0)
    far = Stock.objects.get(variant=shop.tea, warehouse=shop.far)
    assert (far.on_hand, far.in_transit) == (518, 0)
    assert differences() == []


def test_a_delivery_is_announced_from_the_page(shop: world.Shop, enter: Enter) -> None:
    client = enter(Role.OPERATIONS)
    data = {"sku": "TEA-1", "to": "HZ1", "quantity": "60", "why": "采购 P7"}
    assert client.post("/staff/stock/inbound/new/", data).status_code == 302
    assert near(shop).in_transit == 60
    assert "采购 P7" in client.get("/staff/stock/inbound/").content.decode()


def test_limits_and_safety_stock_are_set_by_operations_alone(
    shop: world.Shop, enter: Enter
) -> None:
    row = near(shop)
    assert act(enter(Role.WAREHOUSE), row, "limit", limit="2")[0] == 404
    client = enter(Role.OPERATIONS)
    assert act(client, row, "limit", limit="2", product_limit="")[0] == 302
    assert act(client, row, "safety", quantity="40", why="大促")[0] == 302
    tea = Variant.objects.select_related("product").get(pk=shop.tea.pk)
    assert (tea.limit_per_buyer, tea.product.limit_per_buyer) == (2, None)
    assert near(shop).safety == 40
    assert "这个规格每人限购 2 件" in client.get(f"/staff/stock/{row.pk}/").content.decode()
    assert act(client, row, "limit", limit="0")[0] == 409
    assert act(enter(Role.SERVICE), row, "adjust", counted="1", why="x")[0] == 403


def test_a_hold_is_released_from_its_queue_with_a_reason(shop: world.Shop, enter: Enter) -> None:
    carts.add(token=carts.new_token(), user_id=None, visit="", variant_id=shop.tea.pk, quantity=2)
    claim, client = Reservation.objects.get(), enter(Role.OPERATIONS)
    page = client.get("/staff/queue/holds/").content.decode()
    assert "TEA-1 × 2" in page
    assert 'value="reservation.release_by_staff"' in page
    data = {
        "step": "reservation.release_by_staff",
        "pk": claim.pk,
        "reason": "",
        "next": "/staff/queue/holds/",
    }
    assert client.post("/staff/steps/", data).status_code == 409
    assert client.post("/staff/steps/", data | {"reason": "盘亏"}).status_code == 302
    claim.refresh_from_db()
    assert claim.state == "released"
    assert near(shop).held == 0
