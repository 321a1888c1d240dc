"""Where in the picture it is counted what waits in a state: on the step that works it off."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shangliu.process.definition import Flow, Kind, Process, Step
from shangliu.process.drawing.graph import Node


def place_waits(flow: Flow, nodes: dict[str, Node]) -> None:
    """Give every state in which something waits to exactly one of the drawn nodes."""
    for process in flow.processes:
        for state, words in process.states.items():
            if process.recorded or words.rests or state in process.terminal:
                continue
            key = _where(process, state, nodes)
            waits = (*nodes[key].waits, (process.name, state.value))
            nodes[key] = replace(nodes[key], waits=waits)


def _where(process: Process[Any], state: str, nodes: dict[str, Node]) -> str:
    leaving = [
        (_people_work_it_off(step), step.main and step.target != state, name)
        for step in process.steps_from(state)
        if (name := f"{process.name}.{step.name}") in nodes
    ]
    entering = [
        (False, False, name)
        for step in process.steps
        if step.target == state and (name := f"{process.name}.{step.name}") in nodes
    ]
    return max(leaving or entering, key=lambda one: one[:2])[2]


def _people_work_it_off(step: Step[Any]) -> bool:
    by_hand = step.kind in (Kind.USER, Kind.MANUAL)
    return by_hand and not step.problem and step.target not in step.source
