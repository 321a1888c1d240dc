"""Heat on the map, its search, its connectors, its definitions."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from shangliu.domain.orders.models import Order
from shangliu.flow.drawing import graph
from shangliu.flow.order import services as orders
from shangliu.insight.heat import bad_ends
from shangliu.insight.meanings import MEANINGS
from shangliu.platform import clock
from shangliu.platform.models import Outbox, OutsideCall
from shangliu.process.roles import Role
from tests.insight import world
from tests.web.backoffice.conftest import Enter


def heat_of(client: Client, kind: str, code: str = "all") -> dict[str, Any]:
    told = json.loads(client.get(f"/staff/map/figures.json?heat={kind}&code={code}").content)
    heat: dict[str, Any] = told["heat"]
    return heat


def test_waiting_heats_what_waits_and_the_legend_has_real_values(
    shop: world.Shop, enter: Enter
) -> None:
    for _ in range(3):
        world.paid(shop, remark="送礼")
    world.placed(shop)
    client = enter(Role.OPERATIONS)
    heat = heat_of(client, "waiting")
    assert heat["order.approve"][1] == "等待 3 个"
    assert heat["order.approve"][0] > heat["order.pay"][0] == 1
    assert heat_of(client, "waiting", "overview")["stage:processing"][1] == "等待 3 个"
    page = client.get("/staff/map/processing/?heat=waiting").content.decode()
    assert re.search(r'data-node="order\.approve"[^>]*data-heat="\d"', page)
    assert "3 个</span>" in page
    assert "heated" in page


def test_loss_is_the_share_that_went_straight_into_a_bad_end(
    shop: world.Shop, enter: Enter
) -> None:
    for _ in range(3):
        world.paid(shop)
    orders.cancel(order=world.placed(shop), actor="guest", role=Role.BUYER, reason="不想要了")
    client = enter(Role.OPERATIONS)
    lost = {key for key, _words in heat_of(client, "loss").items()}
    assert lost
    assert "order.cancel" not in lost
    said = [words for _band, words in heat_of(client, "loss").values()]
    assert "流失 25.0%" in said or "流失 100.0%" in said


def test_bad_ends_come_from_the_definition() -> None:
    bad = bad_ends(graph())
    assert {"order.cancel", "order.time_out", "cart.abandon"} <= bad
    assert not {"order.complete", "order.pay", "parcel.deliver", "refund.succeed"} & bad


def test_failures_are_dead_letters_failed_calls_and_problem_steps(
    shop: world.Shop, enter: Enter
) -> None:
    order: Order = world.paid(shop)
    world.send_all()
    letter = Outbox.objects.get(ordering=order.case_no, topic="finance.order_paid")
    letter.done_at, letter.dead_at = None, clock.now()
    letter.save()
    for ok in (True, False):
        OutsideCall.objects.create(
            system="finance",
            operation="order_paid",
            case_no=order.case_no,
            process="order",
            object_id=order.pk,
            request={},
            ok=ok,
            started_at=clock.now(),
            duration_us=1000,
        )
    client = enter(Role.OPERATIONS)
    heat = heat_of(client, "failure")
    assert heat["order.pay"][1] == "失败 1 次"
    assert heat["order.auto_approve"][1] == "失败 1 次"
    assert set(heat) == {"order.pay", "order.auto_approve"}


def test_an_unknown_heat_is_none(shop: world.Shop, enter: Enter) -> None:
    page = enter(Role.OPERATIONS).get("/staff/?heat=colour").content.decode()
    assert "lens__bands" not in page


def test_finding_a_colleague_shows_what_waits_and_what_they_did(
    shop: world.Shop, enter: Enter
) -> None:
    client = enter(Role.OPERATIONS)
    wang = world.staff("wangfang", Role.OPERATIONS)
    approved, open_one = (world.paid(shop, remark="送礼") for _ in range(2))
    world.step("order.approve", approved, actor=wang.login or "")
    found = client.get("/staff/", {"find": "Wangfang"})
    assert found["Location"] == "/staff/map/?person=wangfang"
    page = client.get("/staff/map/panel/?person=wangfang").content.decode()
    assert approved.number in page
    assert open_one.number not in page
    waits = re.search(r"审核通过</span><span class=\"num\">(\d+) ·", page)
    assert waits is not None
    assert waits[1] == "1"


def test_the_end_of_a_phone_number_leads_to_its_orders(shop: world.Shop, enter: Enter) -> None:
    number = world.placed(shop).number
    client = enter(Role.SERVICE)
    found = client.get("/staff/", {"find": "5678"})
    assert found["Location"] == "/staff/search/?q=5678"
    assert number in client.get(found["Location"]).content.decode()


def test_a_connector_leads_to_the_other_sheet_with_the_step_opened(
    shop: world.Shop, enter: Enter
) -> None:
    client = enter(Role.OPERATIONS)
    page = client.get("/staff/map/processing/?period=7d").content.decode()
    links = dict(re.findall(r'data-node="(link_(?:in|out):[^"]+)"[^>]*href="([^"]+)"', page))
    assert links
    stage = {node.key: node.stage for node in graph().nodes}
    for key, href in links.items():
        found = re.fullmatch(r"/staff/map/(\w+)/\?period=7d&amp;node=(.+)", href)
        assert found is not None, (key, href)
        step = found[2].replace("%40", "@").replace("%3A", ":")
        assert stage[step] == found[1] != "processing"
        assert key.partition(":")[2].startswith(step)


@pytest.mark.parametrize("address", ["/staff/", "/staff/map/processing/?compare=1&heat=loss"])
def test_every_number_on_the_page_has_its_definition(
    shop: world.Shop, enter: Enter, address: str
) -> None:
    page = enter(Role.OPERATIONS).get(address).content.decode()
    for key in ("waiting", "oldest", "level", "count", "edge", "share", "p50", "p95"):
        assert f'data-tip="{MEANINGS[key].zh}"' in page, key
    assert all(text.zh and text.en for text in MEANINGS.values())


def test_the_panel_says_what_its_numbers_mean(shop: world.Shop, enter: Enter) -> None:
    with clock.at(clock.now() - timedelta(hours=1)):
        world.paid(shop)
    page = enter(Role.OPERATIONS).get("/staff/map/panel/?node=order.pay").content.decode()
    for key in ("waiting", "oldest", "count", "rate", "p50", "p95", "share"):
        assert f'data-tip="{MEANINGS[key].zh}"' in page, key
