"""The cases behind a number of the map, narrowed down and worked on together."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django import Settings

from shangliu.domain.crm.models import Assignment
from shangliu.domain.notifications.models import Message
from shangliu.domain.orders.models import Order
from shangliu.flow.order.effects import Reason
from shangliu.insight import rollup
from shangliu.platform import clock
from shangliu.process.roles import Role
from shangliu.web.backoffice import living, worklist
from tests.insight import world
from tests.web.backoffice.busy import NOON
from tests.web.backoffice.conftest import Enter

NODE = "order.approve"
PAGE = f"/staff/cases/?node={NODE}"


@pytest.fixture
def waiting(shop: world.Shop) -> list[Order]:
    """Three purchases that a reviewer must look at, one of them since the day before."""
    living.forget()
    rollup.forget()
    made = []
    for hours in (30, 2, 1):
        with clock.at(NOON - timedelta(hours=hours)):
            made.append(world.paid(shop, remark="送礼"))
    return made


@pytest.fixture
def client(enter: Enter) -> Client:
    return enter(Role.OPERATIONS)


def listed(client: Client, more: str = "") -> list[str]:
    with clock.at(NOON):
        page = client.get(PAGE + more)
    assert page.status_code == 200
    return re.findall(r'href="/staff/orders/([^/"]+)/"', page.content.decode())


def test_the_list_is_exactly_who_waits_the_oldest_first(
    client: Client, waiting: list[Order]
) -> None:
    assert listed(client) == [one.number for one in waiting]


def test_it_is_narrowed_to_late_ones_to_an_order_and_to_an_owner(
    client: Client, waiting: list[Order]
) -> None:
    assert listed(client, "&late=1") == [waiting[0].number]
    assert listed(client, f"&find={waiting[1].number}") == [waiting[1].number]
    assert listed(client, f"&find={waiting[1].receiver_phone[-4:]}") == [
        one.number for one in waiting
    ]
    assert listed(client, "&find=S000") == []
    give(client, waiting[2:], "me")
    assert listed(client, "&owner=me") == [waiting[2].number]
    assert listed(client, "&owner=none") == [waiting[0].number, waiting[1].number]
    assert listed(client, "&owner=nobody-else") == []


def test_several_are_approved_at_once_and_leave_the_list(
    client: Client, waiting: list[Order]
) -> None:
    with clock.at(NOON):
        done = client.post(
            "/staff/steps/many/",
            {"step": NODE, "pk": [waiting[0].pk, waiting[1].pk], "next": PAGE},
        )
    assert done.status_code == 302
    states = dict(Order.objects.values_list("number", "state"))
    assert [states[one.number] for one in waiting] == [
        "awaiting_fulfilment",
        "awaiting_fulfilment",
        "awaiting_review",
    ]
    assert listed(client) == [waiting[2].number]


def test_a_case_goes_from_one_colleague_to_another_and_is_nobodys_when_it_moves_on(
    client: Client, waiting: list[Order]
) -> None:
    give(client, waiting[:2], "me")
    give(client, waiting[:1], "me")
    give(client, waiting[:1], "none")
    assert [one.login == "" for one in Assignment.objects.order_by("id")] == [False, False, True]
    assert listed(client, "&owner=me") == [waiting[1].number]
    world.step("order.hold", waiting[1], Reason(reason="地址不全"))
    assert listed(client, "&owner=me") == []


def test_nothing_is_given_to_who_does_not_work_here(client: Client, waiting: list[Order]) -> None:
    answer = give(client, waiting, "zhangsan")
    assert answer == (409, True)
    assert not Assignment.objects.exists()


def give(client: Client, orders: list[Order], to: str) -> tuple[int, bool]:
    form = {"process": "order", "pk": [one.pk for one in orders], "to": to, "next": PAGE}
    with clock.at(NOON):
        answer = client.post("/staff/cases/hand-over/", form)
    return answer.status_code, "没有在职员工" in answer.content.decode()


def test_the_buyers_are_told_once_each(client: Client, waiting: list[Order]) -> None:
    before = Message.objects.filter(template="staff_note").count()
    form = {
        "process": "order",
        "pk": [one.pk for one in waiting[:2]],
        "text": " 您的订单今天发出 ",
        "idempotency_key": "k1",
        "next": PAGE,
    }
    with clock.at(NOON):
        for _ in range(2):
            assert client.post("/staff/cases/write/", form).status_code == 302
    told = Message.objects.filter(template="staff_note")
    assert before == 0
    assert sorted(told.values_list("case_no", "text")) == sorted(
        (one.case_no, "您的订单今天发出") for one in waiting[:2]
    )
    assert set(told.values_list("title", flat=True)) == {
        f"关于订单 {one.number}" for one in waiting[:2]
    }
    assert all(one.sender for one in told)


@pytest.mark.parametrize("text", ["", "   ", "长" * 201])
def test_an_empty_or_long_text_is_refused_and_nobody_is_told(
    client: Client, waiting: list[Order], text: str
) -> None:
    form = {"process": "order", "pk": [waiting[0].pk], "text": text, "next": PAGE}
    with clock.at(NOON):
        answer = client.post("/staff/cases/write/", form)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "请写 1 到 200 个字" in page
    assert f'value="{waiting[0].pk}" checked' in page
    assert f'value="{waiting[1].pk}" checked' not in page
    assert f'name="text" value="{text}"' in page
    assert not Message.objects.filter(template="staff_note").exists()


@pytest.mark.parametrize(
    ("role", "offered"), [(Role.OPERATIONS, True), (Role.ADMIN, True), (Role.WAREHOUSE, False)]
)
def test_steps_are_offered_to_who_may_take_them(
    enter: Enter, waiting: list[Order], role: Role, *, offered: bool
) -> None:
    with clock.at(NOON):
        page = enter(role).get(PAGE).content.decode()
    assert (f'name="step" value="{NODE}"' in page) is offered


def test_the_warehouse_does_not_write_to_buyers(enter: Enter, waiting: list[Order]) -> None:
    form = {"process": "order", "pk": [waiting[0].pk], "text": "你好", "next": PAGE}
    assert enter(Role.WAREHOUSE).post("/staff/cases/write/", form).status_code == 403
    assert not Message.objects.filter(template="staff_note").exists()


def test_who_went_along_an_edge_is_listed_and_can_be_told(
    client: Client, waiting: list[Order]
) -> None:
    edge = "payment.send/>payment.succeed"
    with clock.at(NOON):
        page = client.get("/staff/cases/", {"edge": edge})
    shown = re.findall(r'name="case" value="([^"]+)"', page.content.decode())
    assert sorted(shown) == sorted(one.case_no for one in waiting)
    with clock.at(NOON):
        answer = client.post(
            "/staff/cases/write/", {"case": shown[:1], "text": "已收到付款", "next": "/staff/"}
        )
    assert answer.status_code == 302
    assert Message.objects.get(template="staff_note").case_no == shown[0]


def test_all_who_went_along_an_edge_are_reached_page_by_page_and_by_who_did_it(
    client: Client, waiting: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worklist, "MOST", 2)
    edge = "payment.send/>payment.succeed"
    asked = urlencode({"edge": edge})
    seen = []
    while asked:
        with clock.at(NOON):
            page = client.get(f"/staff/cases/?{asked}").content.decode()
        assert "时段内共 3 次" in page
        seen.append(re.findall(r'name="case" value="([^"]+)"', page))
        asked = unescape("".join(re.findall(r'href="\?([^"]*before=[^"]*)"', page)))
    assert seen == [[waiting[2].case_no, waiting[1].case_no], [waiting[0].case_no]]
    with clock.at(NOON):
        nobody = client.get("/staff/cases/", {"edge": edge, "actor": "operations"})
    assert 'name="case"' not in nobody.content.decode()


def test_the_list_says_from_when_on_it_lists(
    client: Client, waiting: list[Order], settings: Settings, tmp_path: Path
) -> None:
    settings.EVENT_ARCHIVE = tmp_path
    asked = {"edge": "payment.send/>payment.succeed", "since": "2026-01-01T08:00"}
    asked["until"] = "2026-03-01T08:00"
    with clock.at(NOON):
        assert "已归档成文件" not in client.get("/staff/cases/", asked).content.decode()
        (tmp_path / "2025-12.parquet").touch()
        assert "已归档成文件" not in client.get("/staff/cases/", asked).content.decode()
        (tmp_path / "2026-01.parquet").touch()
        page = client.get("/staff/cases/", asked).content.decode()
    assert "2026-02-01 08:00 以前的事件已归档成文件" in page


def test_a_way_between_stages_opens_with_its_cases(client: Client, waiting: list[Order]) -> None:
    asked = urlencode({"edge": "stage:payment>stage:processing"})
    with clock.at(NOON):
        panel = client.get(f"/staff/map/panel/?{asked}").content.decode()
        page = client.get(f"/staff/cases/?{asked}").content.decode()
        home = client.get("/staff/").content.decode()
    for one in waiting:
        assert one.number in panel
        assert one.number in page
    assert "支付处理 → 订单处理" in panel
    assert f"/staff/?period=14d&amp;{asked}" in page
    assert 'data-open-edge="stage:payment&gt;stage:processing"' in home


@pytest.mark.parametrize("asked", ["node=order.nothing", "edge=a>b", "", "node=visit.arrive"])
def test_what_there_is_not_is_not_found(client: Client, asked: str) -> None:
    assert client.get(f"/staff/cases/?{asked}").status_code == 404


def test_the_panel_leads_to_the_list(client: Client, waiting: list[Order]) -> None:
    with clock.at(NOON):
        panel = client.get(f"/staff/map/processing/?node={NODE}").content.decode()
    assert f"/staff/cases/?node={NODE}" in panel
