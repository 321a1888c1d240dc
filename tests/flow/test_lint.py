"""Each kind of defect, made on purpose and found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

import pytest

from shangliu.flow.definition import FLOW
from shangliu.flow.places import Lanes, Stages
from shangliu.platform.text import Text
from shangliu.process.definition import Flow, Kind, Link, Process, State, Step
from shangliu.process.lint import lint
from shangliu.process.models import Stateful
from shangliu.process.roles import Role


class S(StrEnum):
    ONE = "one"
    TWO = "two"
    THREE = "three"


def _step(name: str, source: tuple[S, ...], target: S, **more: Any) -> Step[Stateful]:
    given: dict[str, Any] = {
        "label": Text("步骤", "Step"),
        "lane": Lanes.ORDERS,
        "stage": Stages.PAYMENT,
        "by": frozenset({Role.SYSTEM}),
    }
    return Step(name=name, source=source, target=target, **(given | more))


def _process(
    *steps: Step[Stateful], name: str = "thing", states: Mapping[Any, State] | None = None
) -> Process[Stateful]:
    used = {state for step in steps for state in (*step.source, step.target)}
    return Process(
        name=name,
        label=Text("事", "Thing"),
        model=None,
        states=states or {state: State(label=Text("态", "State")) for state in sorted(used)},
        steps=steps,
    )


def _flow(process: Process[Stateful], *links: Link, beside: tuple[Process[Any], ...] = ()) -> Flow:
    return replace(FLOW, processes=(process, *beside), links=links, bridges=(), goes_on={})


def _found(flow: Flow) -> set[tuple[str, str]]:
    return {(finding.rule, finding.where) for finding in lint(flow)}


def _nothing(one: object, ctx: object) -> list[object]:
    return []


def test_a_step_that_nobody_may_take() -> None:
    flow = _flow(_process(_step("make", (), S.ONE, by=frozenset())))
    assert ("nobody-may", "thing.make") in _found(flow)


def test_a_rule_that_nothing_sets_off() -> None:
    flow = _flow(
        _process(_step("make", (), S.ONE), _step("judge", (S.ONE,), S.TWO, kind=Kind.RULE))
    )
    assert ("never-fired", "thing.judge") in _found(flow)


def test_an_end_that_still_holds_stock() -> None:
    states = {S.ONE: State(label=Text("态", "State"), holds_stock=True)}
    assert ("dead-end", "thing:one") in _found(
        _flow(_process(_step("make", (), S.ONE), states=states))
    )


def test_people_who_may_take_for_ever() -> None:
    flow = _flow(_process(_step("make", (), S.ONE), _step("do", (S.ONE,), S.TWO, kind=Kind.USER)))
    assert ("no-time-out", "thing:one") in _found(flow)


def test_a_message_whose_loss_nobody_would_notice() -> None:
    flow = _flow(
        _process(_step("make", (), S.ONE), _step("hear", (S.ONE,), S.TWO, kind=Kind.MESSAGE))
    )
    assert ("lost-message", "thing:one") in _found(flow)


def test_a_check_without_a_name() -> None:
    flow = _flow(_process(_step("make", (), S.ONE, needs=(lambda one, ctx: None,))))
    assert ("unknown-guard", "thing.make") in _found(flow)


def test_stock_that_is_left_behind() -> None:
    states = {
        S.ONE: State(label=Text("态", "State"), holds_stock=True),
        S.TWO: State(label=Text("态", "State")),
    }
    process = _process(_step("make", (), S.ONE), _step("drop", (S.ONE,), S.TWO), states=states)
    assert ("stock-gap", "thing.drop") in _found(_flow(process))


def test_a_name_that_is_missing() -> None:
    flow = _flow(_process(_step("make", (), S.ONE, label=Text("步骤", ""))))
    assert ("no-label", "thing.make") in _found(flow)


def test_two_doors_to_the_same_room() -> None:
    flow = _flow(
        _process(
            _step("make", (), S.ONE),
            _step("go", (S.ONE,), S.TWO, kind=Kind.USER),
            _step("walk", (S.ONE,), S.TWO, kind=Kind.USER),
        )
    )
    assert ("two-doors", "thing.walk") in _found(flow)


def test_links_that_go_round_in_a_circle() -> None:
    process = _process(
        _step("make", (), S.ONE), _step("go", (S.ONE,), S.TWO), _step("back", (S.TWO,), S.ONE)
    )
    flow = _flow(
        process,
        Link(after="thing.go", fire=("thing.back",), on=_nothing),
        Link(after="thing.back", fire=("thing.go",), on=_nothing),
    )
    assert {("link-circle", "thing.go"), ("link-circle", "thing.back")} <= _found(flow)


def test_a_process_with_an_unreachable_state_does_not_even_load() -> None:
    states = {state: State(label=Text("态", "State")) for state in S}
    with pytest.raises(ValueError, match="three"):
        _process(_step("make", (), S.ONE), states=states)
