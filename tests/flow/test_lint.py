"""Each kind of defect, made on purpose and found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import pytest

from shangliu.flow.definition import FLOW
from shangliu.flow.places import Lanes, Pools, Stages
from shangliu.flow.policies import Policies
from shangliu.platform.text import Text
from shangliu.process.definition import Decision, Flow, Kind, Link, Process, Send, State, Step
from shangliu.process.drawing.graph import PoolSpec
from shangliu.process.lint import lint
from shangliu.process.models import Stateful
from shangliu.process.policies import Policy, Unit
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


CARRIER = Pools.CARRIER
ORDERED = Send("carrier.order", Text("下单", "Order"), CARRIER, undo="carrier.take_back")
KNOWN = Policies.HOLD
STRANGE = Policy(key="strange", label=Text("怪", "Strange"), unit=Unit.DAYS, default=1)


def test_an_order_to_the_outside_that_nothing_takes_back() -> None:
    flow = _flow(_process(_step("make", (), S.ONE, sends=(ORDERED,))))
    assert ("no-compensation", "thing.make") in _found(flow)


def test_an_order_to_the_outside_that_is_taken_back_or_final_is_sound() -> None:
    back = Send("carrier.take_back", Text("撤回", "Take back"), CARRIER, final=True)
    flow = _flow(
        _process(
            _step("make", (), S.ONE, sends=(ORDERED,)),
            _step("undo", (S.ONE,), S.TWO, sends=(back,)),
        )
    )
    assert "no-compensation" not in {rule for rule, _ in _found(flow)}


def _racing(*more: Step[Stateful]) -> Flow:
    return _flow(
        _process(
            _step("make", (), S.ONE),
            _step("late", (S.ONE,), S.TWO, kind=Kind.TIMER, at=_soon),
            _step("hear", (S.ONE,), S.THREE, kind=Kind.MESSAGE, hears=CARRIER),
            *more,
        )
    )


def _soon(one: object, moment: datetime) -> datetime:
    return moment


def test_a_clock_that_leaves_a_late_message_nowhere_to_go() -> None:
    assert ("timer-race", "thing.late") in _found(_racing())
    heard = _step("hear_late", (S.TWO,), S.THREE, kind=Kind.MESSAGE, hears=CARRIER)
    assert "timer-race" not in {rule for rule, _ in _found(_racing(heard))}


def test_ways_that_only_go_round() -> None:
    flow = _flow(
        _process(
            _step("make", (), S.ONE), _step("go", (S.ONE,), S.TWO), _step("back", (S.TWO,), S.ONE)
        )
    )
    assert {("no-way-out", "thing:one"), ("no-way-out", "thing:two")} <= _found(flow)


def test_a_timer_that_rings_for_ever() -> None:
    again = _step("again", (S.ONE,), S.ONE, kind=Kind.TIMER, at=_soon)
    heard = _step("hear", (S.ONE,), S.TWO, kind=Kind.MESSAGE, hears=CARRIER)
    assert ("endless-retry", "thing.again") in _found(
        _flow(_process(_step("make", (), S.ONE), again, heard))
    )


def test_a_policy_that_is_not_registered() -> None:
    flow = _flow(_process(_step("make", (), S.ONE, policies=(STRANGE,))))
    assert ("unknown-policy", "thing.make") in _found(flow)


def test_a_policy_that_nothing_depends_on() -> None:
    assert ("idle-policy", KNOWN.key) in _found(_flow(_process(_step("make", (), S.ONE))))


def _deciding(*steps: Step[Stateful]) -> Flow:
    process = _process(_step("make", (), S.ONE), *steps)
    question: dict[Any, Decision] = {S.ONE: Decision(label=Text("怎么办？", "What now?"))}
    return _flow(replace(process, decisions=question))


def test_ways_out_of_a_decision_that_nobody_can_tell_apart() -> None:
    same = Text("好", "well")
    flow = _deciding(
        _step("go", (S.ONE,), S.TWO, outcome=same), _step("run", (S.ONE,), S.THREE, outcome=same)
    )
    assert {("nameless-exit", "thing.go"), ("nameless-exit", "thing.run")} <= _found(flow)


def test_a_decision_with_one_way_out() -> None:
    assert ("choice-of-one", "thing:one") in _found(_deciding(_step("go", (S.ONE,), S.TWO)))


def test_work_in_the_lane_of_somebody_who_may_not_do_it() -> None:
    pick = _step(
        "pick",
        (S.ONE,),
        S.TWO,
        kind=Kind.USER,
        lane=Lanes.WAREHOUSE,
        by=frozenset({Role.FINANCE}),
    )
    assert ("wrong-lane", "thing.pick") in _found(_flow(_process(_step("make", (), S.ONE), pick)))


def test_a_party_that_is_not_in_the_picture() -> None:
    stranger = PoolSpec("stranger", Text("陌生方", "Stranger"), top=True)
    flow = _flow(_process(_step("make", (), S.ONE, kind=Kind.MESSAGE, hears=stranger)))
    assert ("unknown-pool", "thing.make") in _found(flow)


def test_a_process_with_an_unreachable_state_does_not_even_load() -> None:
    states = {state: State(label=Text("态", "State")) for state in S}
    with pytest.raises(ValueError, match="three"):
        _process(_step("make", (), S.ONE), states=states)
