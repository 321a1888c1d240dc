"""What a change would touch, read from the definition and its source."""

from __future__ import annotations

from pathlib import Path

import pytest

import shangliu
from shangliu.flow.definition import FLOW
from shangliu.process.impact import Impact, Thing, Web, What

PACKAGE = Path(shangliu.__file__).parent


@pytest.fixture(scope="module")
def web() -> Web:
    return Web(FLOW, PACKAGE)


def names(found: tuple[Thing, ...], what: What) -> set[str]:
    return {one.name for one in found if one.what is what}


def of(web: Web, text: str) -> Impact:
    return web.impact(Thing.parse(text))


def test_a_step_is_joined_to_everything_that_the_definition_says_of_it(web: Web) -> None:
    found = of(web, "order.pay")
    assert found.steps == ("order.pay",)
    assert found.waits == (("order", "awaiting_payment"),)
    assert names(found.joined, What.STATE) == {"order:awaiting_payment", "order:awaiting_review"}
    assert names(found.joined, What.ROLE) == {"system"}
    assert names(found.joined, What.NOTICE) == {"order_paid"}
    assert names(found.joined, What.TOPIC) == {"finance.order_paid"}
    assert names(found.joined, What.SYSTEM) == {"finance_system"}
    assert "shangliu.flow.order.effects.note_payment" in names(found.joined, What.HANDLER)
    assert names(found.follows, What.STEP) == {
        "reservation.commit",
        "order.auto_approve",
        "order.refer",
        "fulfilment.create",
    }


def test_a_policy_reaches_the_steps_whose_code_reads_it(web: Web) -> None:
    found = of(web, "policy:cart.hold_minutes")
    assert found.steps == ("reservation.expire", "reservation.hold", "reservation.rehold")
    assert found.waits == (("reservation", "expired"), ("reservation", "held"))
    assert names(found.joined, What.HANDLER) == {"shangliu.flow.stock.effects.hold_again"}


def test_an_outside_system_is_what_steps_send_to_and_hear_from(web: Web) -> None:
    found = of(web, "system:carrier")
    assert names(found.joined, What.TOPIC) == {
        "carrier.order_label",
        "carrier.subscribe",
        "carrier.cancel_label",
    }
    heard = {name for name, _, step in FLOW.steps() if step.hears and step.hears.code == "carrier"}
    sent = {
        name
        for name, _, step in FLOW.steps()
        if any(one.topic.startswith("carrier.") for one in step.sends)
    }
    assert names(found.joined, What.STEP) == heard | sent


def test_a_handler_that_many_use_names_them_all(web: Web) -> None:
    found = of(web, "handler:shangliu.flow.payment.effects.note_money")
    used = {
        name
        for name, _, step in FLOW.steps()
        if any(effect.__name__ == "note_money" for effect in step.does)
    }
    assert len(used) > 1
    assert set(found.steps) == used


@pytest.mark.parametrize("thing", Web(FLOW, PACKAGE).things(), ids=str)
def test_everything_says_where_it_is_written(web: Web, thing: Thing) -> None:
    found = web.impact(thing)
    assert found.label.zh
    assert found.label.en
    assert found.places
    for place in found.places:
        lines = (PACKAGE.parent / place.path).read_text("utf-8").splitlines()
        assert 1 <= place.line <= len(lines)


def test_every_step_stands_at_the_line_of_its_own_definition(web: Web) -> None:
    place = of(web, "order.pay").places[0]
    lines = (PACKAGE.parent / place.path).read_text("utf-8").splitlines()
    assert lines[place.line - 1].strip() == "Step("
    assert lines[place.line].strip() == 'name="pay",'


@pytest.mark.parametrize("text", ["order.fly", "policy:none", "role:king", "colour:red", ""])
def test_what_the_flow_does_not_have_is_refused(web: Web, text: str) -> None:
    with pytest.raises((KeyError, ValueError)):
        of(web, text)
