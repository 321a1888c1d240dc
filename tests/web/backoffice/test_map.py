"""The map in the browser's eyes: numbers, panels, paths, search."""

from __future__ import annotations

import json
import re

from django.urls import reverse

from shangliu.process.roles import Role
from tests.insight import world
from tests.web.backoffice.conftest import Enter


def test_the_page_and_the_polled_figures_say_the_same(shop: world.Shop, enter: Enter) -> None:
    world.paid(shop, remark="送礼")
    client = enter(Role.OPERATIONS)
    figures = json.loads(client.get("/staff/map/figures.json?period=24h").content)
    assert figures["nodes"]["order.approve"][0] == 1
    assert figures["nodes"]["order.pay"][5] == 1
    assert figures["nodes"]["stage:processing"][0] >= 1
    page = client.get("/staff/map/processing/?period=24h").content.decode()
    row = page[page.index('data-row="order.approve"') :]
    assert re.search(r'data-cell="waiting">1<', row)
    assert 'data-period="24h"' in page


def test_a_new_case_is_in_the_figures_at_once(shop: world.Shop, enter: Enter) -> None:
    client = enter(Role.OPERATIONS)
    before = json.loads(client.get("/staff/map/figures.json").content)["nodes"]["order.approve"][0]
    world.paid(shop, remark="送礼")
    after = json.loads(client.get("/staff/map/figures.json").content)["nodes"]["order.approve"][0]
    assert (before, after) == (0, 1)


def test_a_step_panel_lists_exactly_the_waiting_cases(shop: world.Shop, enter: Enter) -> None:
    waiting = [world.paid(shop, remark="送礼").number for _ in range(2)]
    elsewhere = world.paid(shop).number
    page = enter(Role.OPERATIONS).get("/staff/map/panel/?node=order.approve").content.decode()
    for number in waiting:
        assert page.count(reverse("staff_order", args=(number,))) == 1
    assert elsewhere not in page
    for said in ("审核通过", "order.approve", "4 小时", "shangliu/flow/order/checks.py"):
        assert said in page


def test_an_edge_panel_lists_exactly_the_cases_that_went_along(
    shop: world.Shop, enter: Enter
) -> None:
    by_rule, by_hand = world.paid(shop), world.paid(shop, remark="送礼")
    client = enter(Role.OPERATIONS)
    panel = client.get("/staff/map/panel/?node=order.pay").content.decode()
    edges = json.loads(client.get("/staff/map/figures.json").content)["edges"]
    (edge,) = [key for key in edges if key.endswith(">order.auto_approve")]
    assert edges[edge] == [1, 0.5]
    page = client.get("/staff/map/panel/", {"edge": edge}).content.decode()
    assert by_rule.number in page
    assert by_hand.number not in page
    assert "从这里去" in panel


def test_an_order_is_drawn_on_its_sheet(shop: world.Shop, enter: Enter) -> None:
    order = world.paid(shop)
    page = enter(Role.SERVICE).get(f"/staff/map/payment/?order={order.number}").content.decode()
    assert "flow-map traced" in page
    assert re.search(r'class="node [^"]*visited[^"]*" data-node="order\.pay"', page)


def test_an_unknown_sheet_or_order_is_not_found(shop: world.Shop, enter: Enter) -> None:
    client = enter(Role.SERVICE)
    assert client.get("/staff/map/nowhere/").status_code == 404
    assert client.get("/staff/map/payment/?order=S000").status_code == 404


def test_finding_a_step_opens_its_panel_and_a_number_its_order(
    shop: world.Shop, enter: Enter
) -> None:
    order = world.placed(shop)
    client = enter(Role.SERVICE)
    step = client.get("/staff/", {"find": "打包"})
    assert step["Location"] == "/staff/map/delivery/?node=fulfilment.pack"
    found = client.get("/staff/", {"find": order.number})
    assert found["Location"] == reverse("staff_order", args=(order.number,))
