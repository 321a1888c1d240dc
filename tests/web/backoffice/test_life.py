"""The switch of the demo trade: who may turn it, what it keeps, what it refuses, and the mark."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.apps import apps
from django.db import DatabaseError, transaction
from django.test import Client
from pytest_django import Settings

from shangliu.domain.cart.models import Cart
from shangliu.domain.crm.models import Reveal
from shangliu.domain.inventory.books import differences
from shangliu.domain.inventory.models import Stock, StockMovement
from shangliu.domain.ledger import queries as ledger
from shangliu.domain.ledger.models import Entry
from shangliu.domain.life import services as life
from shangliu.domain.life.models import Mark, Switch
from shangliu.domain.orders.models import Order, Trade
from shangliu.domain.settlement.models import SettlementEntry
from shangliu.flow import removal
from shangliu.insight.models import Behaviour
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.process.models import Event
from shangliu.process.roles import Role
from tests.insight import world
from tests.web.backoffice.conftest import Enter

_FORM = {
    "rate": "12",
    "hurry": "5",
    "leaves": "10",
    "refused": "25",
    "notices_lost": "5",
    "notices_late": "0",
    "notices_twice": "3",
    "carrier_slow": "1",
    "idle": ["warehouse"],
    "next": "/staff/life/",
}


def _turn(client: Client, do: str, **changes: object) -> int:
    return client.post("/staff/life/turn/", {**_FORM, **changes, "do": do}).status_code


def test_an_administrator_opens_changes_and_closes_the_demo_trade(
    shop: world.Shop, enter: Enter
) -> None:
    client = enter(Role.ADMIN)
    assert "已停" in client.get("/staff/life/").content.decode()
    assert _turn(client, "on") == 302
    row = Switch.objects.get()
    assert (row.on, row.rate, row.hurry, row.refused, row.idle) == (True, 12, 5, 25, ["warehouse"])
    assert (row.carrier_slow, row.carrier_refuses, row.changed_by) == (True, False, "admin")
    page = client.get("/staff/life/").content.decode()
    for said in ('value="12"', "停止", "已开，等待进程", 'href="/staff/life/"'):
        assert said in page, said
    life.beat(made={"orders": 3}, error="/checkout/: 502")
    shown = client.get("/staff/life/status/").content.decode()
    assert "正在营业" in shown
    assert "/checkout/: 502" in shown
    assert _turn(client, "off") == 302
    row.refresh_from_db()
    assert (row.on, row.rate, row.orders) == (False, 12, 3)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rate": "0"}, "每分钟下单填 1 到 60"),
        ({"rate": "61"}, "每分钟下单填 1 到 60"),
        ({"refused": "101"}, "比例填 0 到 100"),
        ({"hurry": "many"}, "请填整数"),
        ({"idle": ["buyer"]}, "没有这个岗位"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_changed(
    shop: world.Shop, enter: Enter, changes: dict[str, object], said: str
) -> None:
    answer = enter(Role.ADMIN).post("/staff/life/turn/", {**_FORM, **changes, "do": "on"})
    assert answer.status_code == 409
    assert said in answer.content.decode()
    assert not Switch.objects.exists()


def test_others_may_not_turn_it_and_a_shop_in_earnest_has_no_such_page(
    shop: world.Shop, enter: Enter, settings: Settings
) -> None:
    assert _turn(enter(Role.OPERATIONS), "on") == 403
    client = enter(Role.ADMIN)
    known = settings.SHANGLIU
    for closed in (replace(known, simulators=False), replace(known, demo=False)):
        settings.SHANGLIU = closed
        settings.DEBUG = False
        assert client.get("/staff/life/").status_code == 404
        assert _turn(client, "on") == 404
        assert client.post("/staff/life/remove/", {"sure": "1"}).status_code == 404
        assert "/staff/life/" not in client.get("/staff/orders/").content.decode()
    assert not Switch.objects.exists()


def test_removal_closes_the_trade_and_wants_to_be_confirmed(shop: world.Shop, enter: Enter) -> None:
    client = enter(Role.ADMIN)
    _turn(client, "on")
    asked = {"next": "/staff/life/"}
    assert client.post("/staff/life/remove/", asked).status_code == 409
    assert life.switch().on
    assert client.post("/staff/life/remove/", {**asked, "sure": "1"}).status_code == 302
    row = life.switch()
    assert (row.on, row.removing) == (False, True)
    assert _turn(client, "on") == 409
    assert not life.switch().on


def test_an_order_of_the_demo_trade_says_so(shop: world.Shop, enter: Enter) -> None:
    order = world.completed(shop, world.paid(shop))
    client = enter(Role.OPERATIONS)
    address = f"/staff/orders/{order.number}/"
    assert "演示数据" not in client.get(address).content.decode()
    life.mark_cases([order.case_no])
    assert "演示数据" in client.get(address).content.decode()


def _visited(order: Order, visit: str) -> None:
    Trade.objects.filter(pk=order.trade_id).update(visit=visit)
    Cart.objects.filter(case_no=order.trade.cart_case).update(visit=visit)
    Behaviour.objects.create(at=clock.now(), visit=visit, step="arrive")


def test_a_marked_purchase_goes_with_its_events_and_leaves_the_books_even(
    shop: world.Shop,
) -> None:
    kept = world.completed(shop, world.paid(shop))
    before = list(Stock.objects.order_by("pk").values_list("on_hand", "held", "committed"))
    accounts = {one.code: one.fen for one in ledger.balances() if one.fen}
    events = Event.objects.count()
    gone = world.completed(shop, world.paid(shop))
    _visited(gone, "a" * 32)
    life.mark_visit("a" * 32)

    removal.remove(removal.purchase("a" * 32), actor="test")

    assert list(Order.objects.all()) == [kept]
    assert not Event.objects.filter(case_no=gone.case_no).exists()
    assert not Behaviour.objects.exists()
    assert not Mark.objects.exists()
    after = list(Stock.objects.order_by("pk").values_list("on_hand", "held", "committed"))
    assert after == before
    assert differences() == []
    assert {one.code: one.fen for one in ledger.balances() if one.fen} == accounts
    assert ledger.total() == 0
    assert StockMovement.objects.filter(document=gone.case_no, why=removal.WHY).exists()
    assert Event.objects.count() == events


def test_what_the_demo_trade_has_not_made_cannot_be_removed(shop: world.Shop) -> None:
    order = world.completed(shop, world.paid(shop))
    _visited(order, "b" * 32)
    events = Event.objects.count()
    with pytest.raises(Refused):
        removal.remove(removal.purchase("b" * 32), actor="test")
    assert Order.objects.filter(pk=order.pk).exists()
    assert Event.objects.count() == events
    life.let_go_of(order.case_no)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Event.objects.filter(case_no=order.case_no).delete()
    assert Event.objects.count() == events


def test_every_table_that_names_a_case_goes_or_stays_on_purpose() -> None:
    """Ledgers are turned round instead, and who looked at personal data stays on record."""
    named = {
        model
        for model in apps.get_models()
        if any(field.name == "case_no" for field in model._meta.get_fields())
    }
    gone = {model for model, _ in removal._BY_CASE} | {Event, SettlementEntry}
    assert named - gone == {Entry, Reveal}
