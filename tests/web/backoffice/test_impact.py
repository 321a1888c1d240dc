"""The page that says what a change would touch."""

from __future__ import annotations

import pytest

from shangliu.insight.impact import covering, web
from shangliu.process.impact import Thing
from shangliu.process.roles import Role
from tests.insight.world import Shop, paid, placed
from tests.web.backoffice.conftest import Enter

pytestmark = pytest.mark.django_db


def test_it_counts_the_cases_that_a_change_would_meet(enter: Enter, shop: Shop) -> None:
    for _ in range(3):
        placed(shop)
    paid(shop)
    page = enter(Role.OPERATIONS).get("/staff/impact/", {"of": "order.pay"}).text
    assert '<dt>途中的单据</dt><dd class="num">3</dd>' in page
    assert "reservation.commit" in page
    assert "shangliu/flow/order/definition.py:" in page
    assert "tests/flow/test_definition.py::" in page


def test_a_thing_is_found_by_the_name_that_people_see(enter: Enter) -> None:
    page = enter(Role.OPERATIONS).get("/staff/impact/", {"of": "购物车预占时长"}).text
    assert "reservation.hold" in page
    assert "?open=cart.hold_minutes" in page


def test_what_there_is_not_is_said(enter: Enter) -> None:
    answer = enter(Role.OPERATIONS).get("/staff/impact/", {"of": "<b>nothing</b>"})
    assert answer.status_code == 200
    assert "流程里没有“&lt;b&gt;nothing&lt;/b&gt;”" in answer.text


def test_without_a_question_everything_can_be_chosen(enter: Enter) -> None:
    page = enter(Role.OPERATIONS).get("/staff/impact/").text
    for one in ("step:order.pay", "policy:cart.hold_minutes", "role:finance", "system:carrier"):
        assert f"?of={one.replace(':', '%3A')}" in page


def test_the_tests_that_cover_a_letter_are_named() -> None:
    covered = covering(web().impact(Thing.parse("topic:refund.execute")))
    name = "test_a_dead_letter_is_delivered_once_it_was_sent_again"
    assert f"tests/platform/test_outbox.py::{name}" in covered
