"""`shangliu flow impact`: what a change would touch, on the command line."""

from __future__ import annotations

import json

import pytest
from django.conf import settings

from shangliu.cli import main
from tests.insight.world import open_shop, placed


@pytest.fixture
def _own_database(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command serves the embedded server of its environment; the test has its own."""
    monkeypatch.setattr(main, "serve", lambda env, tell: None)


def shangliu(*command: str) -> int:
    return main.run(settings.SHANGLIU, ("flow", "impact", *command))


def test_it_says_code_neighbours_and_tests_without_a_database(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert shangliu("order.pay") == 0
    said = capsys.readouterr().out
    assert said.startswith("step:order.pay  生成正式订单 / ")
    assert "\n  shangliu/flow/order/definition.py:" in said
    assert "\n  handler:shangliu.flow.order.effects.note_payment\n" in said
    assert "\n  step:reservation.commit\n" in said
    assert "\n  order:awaiting_payment\n" in said
    assert "::test_every_step_is_drawn\n" in said


@pytest.mark.usefixtures("_own_database")
def test_it_counts_what_is_under_way_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    shop = open_shop()
    for _ in range(2):
        placed(shop)
    assert shangliu("order.pay", "--cases") == 0
    assert "\n  order:awaiting_payment  2\n" in capsys.readouterr().out
    assert shangliu("order.pay", "--cases", "--json") == 0
    assert json.loads(capsys.readouterr().out)["cases"] == {"order:awaiting_payment": 2}


def test_what_the_flow_does_not_have_is_refused() -> None:
    with pytest.raises(SystemExit, match=r"定义里没有 order\.fly"):
        shangliu("order.fly")
