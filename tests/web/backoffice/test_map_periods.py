"""The map in a period of one's own, and beside the one before."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from shangliu.platform import clock
from shangliu.process.roles import Role
from tests.insight import world
from tests.web.backoffice.conftest import Enter

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=clock.SHOP_ZONE)


@pytest.fixture
def client(enter: Enter) -> Client:
    return enter(Role.OPERATIONS)


@pytest.fixture
def history(shop: world.Shop) -> world.Shop:
    """One order paid before noon, three after it, one of them for a person to look at."""
    with clock.at(NOON - timedelta(minutes=20)):
        world.paid(shop, remark="先看一下")
    with clock.at(NOON + timedelta(minutes=10)):
        world.paid(shop)
        world.paid(shop)
    with clock.at(NOON + timedelta(minutes=40)):
        world.paid(shop, remark="送礼")
    return shop


def shown(client: Client, **asked: str) -> Any:
    with clock.at(NOON + timedelta(hours=30)):
        return json.loads(client.get("/staff/map/figures.json", asked).content)


def cell(page: str, row: str, name: str, kind: str = "cell") -> str:
    part = page[page.index(f'data-row="{row}"') :]
    found = re.search(rf'data-{kind}="{name}">([^<]*)<', part)
    assert found is not None
    return found.group(1)


def test_an_own_period_counts_its_hours_only(history: world.Shop, client: Client) -> None:
    after = shown(client, since="2026-03-10T12:00", until="2026-03-10T13:00")
    both = shown(client, since="2026-03-10T11:00", until="2026-03-10T13:00")
    before = shown(client, since="2026-03-10T11:00", until="2026-03-10T12:00")
    counts = [one["nodes"].get("order.pay", [0] * 8)[5] for one in (before, after, both)]
    assert counts == [1, 3, 4]
    assert after["period"] == "2026-03-10T12:00~2026-03-10T13:00"


def test_what_waited_when_a_past_period_ended_is_reckoned_back(
    history: world.Shop, client: Client
) -> None:
    at_noon = shown(client, since="2026-03-10T11:00", until="2026-03-10T12:00")["nodes"]
    at_one = shown(client, since="2026-03-10T11:00", until="2026-03-10T13:00")["nodes"]
    now = shown(client)["nodes"]
    assert [one["order.approve"][0] for one in (at_noon, at_one, now)] == [1, 2, 2]
    assert at_one["order.approve"][1] is None
    assert now["order.approve"][1] == 30 * 3600 + 20 * 60


def test_a_past_period_says_that_it_is_past(history: world.Shop, client: Client) -> None:
    with clock.at(NOON + timedelta(hours=30)):
        past = client.get("/staff/map/processing/?since=2026-03-10T12:00&until=2026-03-10T13:00")
        now = client.get("/staff/map/processing/")
    said = "等待数是结束那一刻的"
    assert said in past.content.decode()
    assert said not in now.content.decode()
    assert "03-10 12:00 至 03-10 13:00" in past.content.decode()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"since": "gestern", "until": "2026-03-10T13:00"}, "看不懂这个时间"),
        ({"since": "2026-03-10T12:30", "until": "2026-03-10T13:00"}, "请选整点"),
        ({"since": "2026-03-10T13:00", "until": "2026-03-10T12:00"}, "开始要早于结束"),
        ({"since": "2030-01-01T00:00", "until": "2030-01-02T00:00"}, "开始时间还没到"),
        ({"since": "2020-01-01T00:00", "until": "2026-03-10T12:00"}, "最长可看 400 天"),
        ({"since": "0001-01-01T00:00", "until": "2026-03-10T12:00"}, "最长可看 400 天"),
    ],
)
def test_a_period_that_cannot_be_is_answered_with_a_sentence(
    history: world.Shop, client: Client, asked: dict[str, str], said: str
) -> None:
    answer = client.get("/staff/map/payment/", asked)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert 'role="alert">' in page
    assert said in page
    assert 'data-period="14d"' in page


def test_a_period_is_compared_with_the_same_length_just_before(
    history: world.Shop, client: Client
) -> None:
    asked = "since=2026-03-10T12:00&until=2026-03-10T13:00&compare=1"
    with clock.at(NOON + timedelta(hours=30)):
        page = client.get(f"/staff/map/payment/?{asked}").content.decode()
        panel = client.get(f"/staff/map/panel/?{asked}&node=order.pay").content.decode()
    assert cell(page, "order.pay", "count", "before") == "1"
    assert cell(page, "order.pay", "count") == "3"
    assert cell(page, "order.pay", "count", "change") == "▲200%"
    drawn = page[page.index('data-tag="order.pay"') :]
    assert re.search(r"<text[^>]*>▲200%</text>", drawn)
    assert "次数 1 → 3 ▲200%" in page
    assert re.search(r"▲200% <span class=\"muted\">前 1</span>", panel)


def test_the_ways_of_a_sheet_are_compared_too(history: world.Shop, client: Client) -> None:
    asked = {"since": "2026-03-10T12:00", "until": "2026-03-10T13:00", "compare": "1"}
    pills = shown(client, code="processing", **asked)["pills"]
    (way,) = [text for key, text in pills.items() if key.endswith(">order.refer")]
    assert way == "1 ="
    (way,) = [text for key, text in pills.items() if key.endswith(">order.auto_approve")]
    assert way == "2 ▲新"


def test_the_links_of_a_page_keep_how_one_looks(history: world.Shop, client: Client) -> None:
    page = client.get("/staff/?period=7d&compare=1&heat=loss").content.decode()
    assert '/staff/map/payment/?period=7d&amp;compare=1&amp;heat=loss"' in page
    assert 'aria-checked="true"' in page
