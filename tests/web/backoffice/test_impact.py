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
    assert f"tests/platform/test_outbox.py::{name}" in covered.naming
    assert covered.through == ()


def test_a_state_is_covered_by_the_tests_that_compare_it() -> None:
    covered = covering(web().impact(Thing.parse("state:fulfilment:packed")))
    name = "test_what_can_come_next_is_said_with_by_whom_and_why_not"
    assert f"tests/web/backoffice/test_trace_views.py::{name}" in covered.naming


def test_tests_of_something_else_called_steps_cover_no_step_of_the_flow() -> None:
    covered = covering(web().impact(Thing.parse("order.close")))
    assert "tests/flow/test_definition.py::test_every_step_is_drawn" in covered.every
    said = (*covered.naming, *covered.through, *covered.every)
    assert not [one for one in said if one.startswith("tests/insight/test_whatif_engine.py")]


def test_what_no_test_names_is_said_and_the_tests_of_its_steps_stand_in(enter: Enter) -> None:
    covered = covering(web().impact(Thing.parse("system:carrier")))
    assert covered.naming == ()
    assert covered.through
    page = enter(Role.OPERATIONS).get("/staff/impact/", {"of": "system:carrier"}).text
    assert "没有测试点名它，下面的测试点名它的步骤" in page
