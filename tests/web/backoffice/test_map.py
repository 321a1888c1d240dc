"""The map in the browser's eyes: numbers, panels, paths, search."""

from __future__ import annotations

import json
import re

from django.urls import reverse

from shangliu.domain.orders.models import Order
from shangliu.platform import clock
from shangliu.platform.models import Outbox
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


def dead_letter(number: str, error: str = "ProviderError: finance answered 503") -> Outbox:
    """The letter to finance of a paid order, given up."""
    case_no = Order.objects.get(number=number).case_no
    letter = Outbox.objects.get(ordering=case_no, topic="finance.order_paid")
    letter.done_at, letter.dead_at = None, clock.now()
    letter.attempts, letter.error = 10, error
    letter.save()
    return letter


def test_a_step_whose_letters_do_not_arrive_shows_it_on_the_map(
    shop: world.Shop, enter: Enter
) -> None:
    order = world.paid(shop)
    world.send_all()
    dead_letter(order.number)
    client = enter(Role.OPERATIONS)
    figures = json.loads(client.get("/staff/map/figures.json").content)["nodes"]
    assert figures["order.pay"][6:] == [0, 1]
    assert [key for key, one in figures.items() if any(one[6:])] == ["order.pay", "stage:payment"]
    drawn = client.get("/staff/map/payment/").content.decode()
    assert drawn.count("data-letters") == 1
    assert "letters dead" in drawn
    assert "1 条消息已放弃" in drawn


def test_what_just_left_does_not_flicker_on_the_map(shop: world.Shop, enter: Enter) -> None:
    world.paid(shop)
    assert Outbox.objects.filter(done_at__isnull=True).exists()
    figures = json.loads(enter(Role.OPERATIONS).get("/staff/map/figures.json").content)["nodes"]
    assert not any(one[6] or one[7] for one in figures.values())


def test_the_panel_gives_the_reason_and_sends_the_steps_letters_again(
    shop: world.Shop, enter: Enter
) -> None:
    order = world.paid(shop)
    world.send_all()
    letter = dead_letter(order.number)
    address = "/staff/map/panel/?node=order.pay"
    finance = enter(Role.FINANCE)
    shown = finance.get(address).content.decode()
    assert "等待 0，已放弃 1" in shown
    assert "finance answered 503" in shown
    assert 'name="step" value="order.pay"' in shown
    assert 'name="step"' not in enter(Role.SERVICE).get(address).content.decode()
    finance.post("/staff/outbox/again/", {"step": "order.pay"})
    letter.refresh_from_db()
    assert (letter.dead_at, letter.attempts) == (None, 0)


def test_a_topic_is_sent_again_as_a_whole_by_those_who_may(shop: world.Shop, enter: Enter) -> None:
    letters = [dead_letter(world.paid(shop).number) for _ in range(3)]
    page = enter(Role.FINANCE).get("/staff/outbox/?topic=finance.order_paid").content.decode()
    assert page.count("finance answered 503") == 3
    refused = enter(Role.WAREHOUSE).post("/staff/outbox/again/", {"topic": "finance.order_paid"})
    assert refused.status_code == 403
    dead = Outbox.objects.filter(pk__in=[one.pk for one in letters], dead_at__isnull=False)
    assert dead.count() == 3
    enter(Role.OPERATIONS).post("/staff/outbox/again/", {"topic": "finance.order_paid"})
    assert dead.count() == 0


def test_the_map_says_whether_the_definition_passes_its_checks(enter: Enter) -> None:
    page = enter(Role.OPERATIONS).get("/staff/").content.decode()
    assert "定义检查通过" in page
