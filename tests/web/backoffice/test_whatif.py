"""The What-if page: today's values beside, two outcomes side by side, one seed more a request."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from shangliu.domain.orders.models import Order
from shangliu.platform import clock
from shangliu.process.models import Event, PolicyValue
from shangliu.process.roles import Role
from shangliu.web.backoffice import whatif_runs
from tests.insight import world
from tests.web.backoffice.conftest import Enter

pytestmark = pytest.mark.django_db
PAGE = "/staff/what-if/"


@pytest.fixture(autouse=True)
def _forget(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path / "media"
    whatif_runs.forget()
    yield
    whatif_runs.forget()


@pytest.fixture
def lived(shop: world.Shop) -> Order:
    """Three purchases that went through, and one that waits for its money."""
    with clock.at(clock.now() - timedelta(days=2)):
        done = [world.completed(shop, world.paid(shop)) for _ in range(3)]
        world.placed(shop)
    return done[0]


def test_the_page_shows_today_beside_what_would_be(lived: Order, enter: Enter) -> None:
    said = enter(Role.OPERATIONS).get(PAGE + "?days=7&volume=300").content.decode()
    assert "无法验证" in said
    assert "转化率" in said
    assert said.count('class="flow-map') == 2
    assert "不在模拟里：模拟从下单开始" in said
    assert "现在最多" in said
    assert 'name="p.payment.minutes"' in said
    row = said.split("时段内提交的订单数")[-1].split("</tr>")[0]
    assert ">4</td>" in row
    assert "<strong>12</strong>" in row


def test_each_request_runs_one_seed_more(lived: Order, enter: Enter) -> None:
    client = enter(Role.OPERATIONS)
    first = client.get(PAGE + "?days=7&volume=200").content.decode()
    assert "days=7&amp;volume=200&amp;seeds=2" in first
    second = client.get(PAGE + "runs/?days=7&volume=200&seeds=2").content.decode()
    assert "seeds=3" in second
    assert "已算 2/8 次" in second
    last = client.get(PAGE + "runs/?days=7&volume=200&seeds=99").content.decode()
    assert "hx-get" not in last
    assert "已算 8/8 次" in last


def test_a_stage_is_shown_twice_and_keeps_the_scenario(lived: Order, enter: Enter) -> None:
    said = enter(Role.WAREHOUSE).get(PAGE + "?days=7&work.warehouse=200&sheet=delivery")
    text = said.content.decode()
    assert "days=7&amp;work.warehouse=200&amp;sheet=payment" in text
    assert 'aria-current="true">' in text.split('class="whatif__sheets"')[1]


def test_wrong_values_are_named_and_nothing_is_run(lived: Order, enter: Enter) -> None:
    answer = enter(Role.OPERATIONS).get(PAGE + "?days=0&volume=abc&pickups=25,x&p.no.such=1")
    said = answer.content.decode()
    assert answer.status_code == 422
    assert "“订单量”要填整数" in said or "“最近天数”要填 1 到 90 之间的整数" in said
    assert 'id="result"' not in said


def test_an_empty_period_is_said(shop: world.Shop, enter: Enter) -> None:
    said = enter(Role.OPERATIONS).get(PAGE).content.decode()
    assert "这段时间没有订单" in said


def test_a_what_if_changes_nothing(lived: Order, enter: Enter) -> None:
    before = (Event.objects.count(), PolicyValue.objects.count(), Order.objects.count())
    enter(Role.OPERATIONS).get(PAGE + "?days=7&p.payment.minutes=5&heads.warehouse=9")
    assert before == (Event.objects.count(), PolicyValue.objects.count(), Order.objects.count())


def test_only_staff_may_play(lived: Order, client: object) -> None:
    answer = client.get(PAGE)  # type: ignore[attr-defined]
    assert answer.status_code == 302
    assert "/staff/sign-in" in answer["Location"] or "next=" in answer["Location"]


def test_a_long_log_is_learned_behind_the_page(
    lived: Order, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whatif_runs, "_QUICK", 2)
    client = enter(Role.OPERATIONS)
    said = client.get(PAGE + "?days=7&volume=200").content.decode()
    assert "正在从日志学习" in said
    assert "days=7&amp;volume=200&amp;wait=1" in said
    assert "关键数字" not in said
    assert "关键数字" in client.get(PAGE + "?days=7&volume=200&wait=1").content.decode()
    assert "关键数字" in client.get(PAGE + "?days=7&volume=300").content.decode()
