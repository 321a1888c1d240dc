"""What is wrong with a flow, found by reading it. Each finding names its place and says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from shangliu.platform.text import Text
from shangliu.process.definition import Flow, Kind, Process
from shangliu.process.findings import Finding, machines
from shangliu.process.lint_ways import RULES
from shangliu.process.roles import Role


def lint(flow: Flow) -> list[Finding]:
    """Every finding, in the order of the definition; empty for a sound flow."""
    return [finding for rule in _RULES for finding in rule(flow)]


def _unreachable(flow: Flow) -> Iterator[Finding]:
    """A state that no step can lead to, given that its links can fire."""
    for process in flow.processes:
        for state in process.states:
            if state not in process.reachable():
                yield Finding(
                    "unreachable-state",
                    f"{process.name}:{state}",
                    Text("没有步骤能到达这个状态", "No step leads to this state"),
                )


def _nobody_takes(flow: Flow) -> Iterator[Finding]:
    """A step of the system that neither a link, a timer, a message nor the program takes."""
    fired = flow.fired()
    for name, process, step in flow.steps():
        if not step.by:
            yield Finding(
                "nobody-may", name, Text("没有角色可以执行这一步", "No role may take this step")
            )
        by_itself = step.by == frozenset({Role.SYSTEM}) and step.kind is Kind.RULE
        if by_itself and name not in fired and not process.recorded:
            yield Finding(
                "never-fired",
                name,
                Text("规则步骤没有任何触发者", "Nothing sets off this rule step"),
            )


def _dead_end(flow: Flow) -> Iterator[Finding]:
    """A state that may not be the end, as stock is still held there, and that nothing leaves."""
    for process in machines(flow):
        for state in process.terminal:
            if process.states[state].holds_stock:
                yield Finding(
                    "dead-end",
                    f"{process.name}:{state}",
                    Text("终点状态仍占用库存", "Stock is held where nothing leads on"),
                )


def _no_time_out(flow: Flow) -> Iterator[Finding]:
    """A state in which something waits without a clock: neither a timer nor a service level."""
    for process in machines(flow):
        for state, words in process.states.items():
            if words.rests or words.within is not None or state in process.terminal:
                continue
            leaving = [step for step in process.steps_from(state) if step.target != state]
            waits_for_people = any(
                step.kind in (Kind.USER, Kind.MANUAL, Kind.MESSAGE) for step in leaving
            )
            has_clock = bool(process.timers(state)) or any(
                step.within is not None for step in leaving
            )
            if waits_for_people and not has_clock:
                yield Finding(
                    "no-time-out",
                    f"{process.name}:{state}",
                    Text(
                        "在这里等待没有时限，既无定时也无服务时限",
                        "What waits here has neither a timer nor a service level",
                    ),
                )


def _only_one_way_of_being_late(flow: Flow) -> Iterator[Finding]:
    """A message that is waited for without a timer beside it and without a service level."""
    for process in machines(flow):
        for state, words in process.states.items():
            leaving = [step for step in process.steps_from(state) if step.target != state]
            only_messages = leaving and all(step.kind is Kind.MESSAGE for step in leaving)
            if (
                only_messages
                and not process.timers(state)
                and words.within is None
                and not words.rests
            ):
                yield Finding(
                    "lost-message",
                    f"{process.name}:{state}",
                    Text(
                        "只等外部消息，消息丢失就会永远停住",
                        "Only a message leads on: if it is lost, this waits for ever",
                    ),
                )


def _unknown_guard(flow: Flow) -> Iterator[Finding]:
    """A check or an effect that is no function of the program (a lambda has no name to trace)."""
    for name, _, step in flow.steps():
        for used in (*step.needs, *step.does):
            if getattr(used, "__name__", "<lambda>") == "<lambda>":
                yield Finding(
                    "unknown-guard",
                    name,
                    Text("守卫或动作不是具名函数", "A check or effect is not a named function"),
                )


def _stock_gap(flow: Flow) -> Iterator[Finding]:
    """A step that leaves the states which hold stock without anything that moves the hold.

    Whoever gives up an order must release its units, whoever ships it must take them out.
    """
    for name, process, step in flow.steps():
        if process.recorded or step.creates or not _moves_out(process, step):
            continue
        if process.name == "reservation" or _touches_reservation(flow, name, set()):
            continue
        if _set_off_by_one_that_does(flow, name):
            continue
        yield Finding(
            "stock-gap",
            name,
            Text(
                "离开占用库存的状态，却没有释放、扣减或出库",
                "Leaves a state that holds stock without releasing, committing or shipping it",
            ),
        )


def _moves_out(process: Process[Any], step: Any) -> bool:
    held = any(process.states[state].holds_stock for state in step.source)
    return held and not process.states[step.target].holds_stock


def _touches_reservation(flow: Flow, name: str, seen: set[str]) -> bool:
    if name in seen:
        return False
    seen.add(name)
    fired = [one for link in flow.links_after(name) for one in link.fire]
    return any(one.startswith("reservation.") for one in fired) or any(
        _touches_reservation(flow, one, seen) for one in fired
    )


def _set_off_by_one_that_does(flow: Flow, name: str) -> bool:
    return any(
        name in link.fire and _touches_reservation(flow, link.after, set()) for link in flow.links
    )


def _no_label(flow: Flow) -> Iterator[Finding]:
    """A step or state without words in one of the languages."""
    for name, _, step in flow.steps():
        if not step.label.zh.strip() or not step.label.en.strip():
            yield Finding("no-label", name, Text("缺少中文或英文名称", "A name is missing"))
    for process in flow.processes:
        for state, words in process.states.items():
            if not words.label.zh.strip() or not words.label.en.strip():
                yield Finding(
                    "no-label", f"{process.name}:{state}", Text("缺少名称", "A name is missing")
                )


def _two_doors(flow: Flow) -> Iterator[Finding]:
    """Two steps of one kind for the same roles between the same states: one would do."""
    for process in machines(flow):
        seen: dict[tuple[object, ...], str] = {}
        for step in process.steps:
            if step.kind is not Kind.USER:
                continue
            door = (step.source, step.target, tuple(sorted(step.by)), step.asks)
            if door in seen and step.target not in step.source:
                yield Finding(
                    "two-doors",
                    f"{process.name}.{step.name}",
                    Text(f"与“{seen[door]}”做同一件事", f"Does the same as {seen[door]}"),
                )
            seen[door] = step.name


def _circle(flow: Flow) -> Iterator[Finding]:
    """Links that set each other off in a circle would never come to an end."""
    for name, _, _ in flow.steps():
        if _leads_back(flow, name, name, set()):
            yield Finding(
                "link-circle", name, Text("联动会绕回自身", "Its links lead back to itself")
            )


def _leads_back(flow: Flow, start: str, name: str, seen: set[str]) -> bool:
    for link in flow.links_after(name):
        for one in link.fire:
            if one == start:
                return True
            if one not in seen:
                seen.add(one)
                if _leads_back(flow, start, one, seen):
                    return True
    return False


_RULES: tuple[Callable[[Flow], Iterator[Finding]], ...] = (
    _unreachable,
    _nobody_takes,
    _dead_end,
    _no_time_out,
    _only_one_way_of_being_late,
    _unknown_guard,
    _stock_gap,
    _no_label,
    _two_doors,
    _circle,
    *RULES,
)
