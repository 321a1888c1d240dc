"""What follows from the definition alone, for every step, state and role in it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.db import connection

from shangliu.flow.definition import FLOW
from shangliu.flow.drawing import graph
from shangliu.flow.notices import TEMPLATES
from shangliu.flow.outbox import Addresses, handlers
from shangliu.process.definition import Context, Process, Step
from shangliu.process.drawing.graph import Shape
from shangliu.process.lint import lint
from shangliu.process.roles import Role

MACHINES = [process for process in FLOW.processes if not process.recorded]
STEPS = [pytest.param(process, step, id=name) for name, process, step in FLOW.steps()]


def _standing_in(process: Process[Any], state: str) -> Any:
    assert process.model is not None
    return process.model(pk=1, state=state)


@pytest.mark.parametrize("process", MACHINES, ids=lambda process: process.name)
def test_nobody_may_do_what_the_definition_does_not_say(process: Process[Any]) -> None:
    tried = 0
    for step, state, role in itertools.product(process.steps, process.states, Role):
        if state in step.source and role in step.by:
            continue
        tried += 1
        ctx = Context(actor="somebody", role=role)
        assert step.refusals(_standing_in(process, state), ctx), (step.name, state, role)
    assert tried > len(process.steps)


def test_a_refusal_is_a_sentence_in_both_languages() -> None:
    for process in MACHINES:
        for step in process.steps:
            for reason in step.refusals(
                _standing_in(process, process.terminal[0]),
                Context(actor="somebody", role=min(step.by)),
            ):
                assert len(reason.zh) > 8
                assert len(reason.en) > 8


def test_the_linter_finds_nothing() -> None:
    assert lint(FLOW) == []


@pytest.mark.parametrize(("process", "step"), STEPS)
def test_every_step_is_drawn(process: Process[Any], step: Step[Any]) -> None:
    name = f"{process.name}.{step.name}"
    drawn = [node for node in graph().nodes if node.counts is not None and node.counts[0] == name]
    assert drawn
    assert {(node.lane, node.label) for node in drawn} == {(step.lane.code, step.label)}


def test_every_way_of_the_picture_leads_from_the_start_to_an_end() -> None:
    drawn = graph()
    after: dict[str, list[str]] = {node.key: [] for node in drawn.nodes}
    for edge in drawn.edges:
        after[edge.source].append(edge.target)
    starts = [node.key for node in drawn.nodes if node.shape is Shape.START]
    assert starts == ["visit.arrive?"]
    reached, todo = set(starts), list(starts)
    while todo:
        for target in after[todo.pop()]:
            if target not in reached:
                reached.add(target)
                todo.append(target)
    assert reached == set(after)
    for node in drawn.nodes:
        assert bool(after[node.key]) == (node.shape is not Shape.END), node.key


def test_a_state_that_waits_is_counted_on_exactly_one_node() -> None:
    counted = [wait for node in graph().nodes for wait in node.waits]
    waiting = [
        (process.name, state.value)
        for process in MACHINES
        for state, words in process.states.items()
        if not words.rests and state not in process.terminal
    ]
    assert sorted(counted) == sorted(waiting)


def test_every_notice_has_a_template_and_every_message_a_handler() -> None:
    taken = handlers(Addresses(carrier_callback="http://127.0.0.1/", finance=None))
    for name, _, step in FLOW.steps():
        assert set(step.tells) <= set(TEMPLATES), name
        for send in step.sends:
            known = send.topic in taken or send.topic.partition(".")[0] + ".*" in taken
            assert known, send.topic


@pytest.mark.django_db
@pytest.mark.parametrize("process", MACHINES, ids=lambda process: process.name)
def test_the_database_guards_the_state_of_every_process(process: Process[Any]) -> None:
    assert process.model is not None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.tgname, encode(t.tgargs, 'escape') FROM pg_trigger t"
            " WHERE t.tgrelid = %s::regclass AND NOT t.tgisinternal",
            [process.model._meta.db_table],
        )
        found = {name: args.replace("\\000", "") for name, args in cursor.fetchall()}
    assert found["state_guard"] == process.name
    assert found["birth_guard"] == "".join(process.initial)
