"""Findings about what lies between steps: outside parties, clocks, choices, owners, policies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from shangliu.platform.text import Text
from shangliu.process.definition import Flow, Kind, Process, Step
from shangliu.process.findings import Finding, machines
from shangliu.process.policies import Policy
from shangliu.process.roles import Role

_BY_PEOPLE = (Kind.USER, Kind.MANUAL)


def _no_compensation(flow: Flow) -> Iterator[Finding]:
    """A message that makes an outside party act, and nothing that takes it back."""
    sent = {send.topic for _, _, step in flow.steps() for send in step.sends}
    for name, _, step in flow.steps():
        for send in step.sends:
            if send.pool is None or send.final:
                continue
            if send.undo not in sent:
                yield Finding(
                    "no-compensation",
                    name,
                    Text(
                        f"“{send.label.zh}”发出后没有任何步骤能撤回",
                        f"Nothing takes “{send.label.en}” back once it is sent",
                    ),
                )


def _timer_race(flow: Flow) -> Iterator[Finding]:
    """A clock runs against a message, and the message is not heard any more once the clock won."""
    for process in machines(flow):
        for state in process.states:
            for timer in process.timers(state):
                if timer.target == state:
                    continue
                for message in process.steps_from(state):
                    if message.hears is not None and not _hears_later(process, timer, message):
                        yield Finding(
                            "timer-race",
                            f"{process.name}.{timer.name}",
                            Text(
                                f"超时之后，迟到的“{message.label.zh}”没有去处",
                                f"“{message.label.en}” has nowhere to go when it comes too late",
                            ),
                        )


def _hears_later(process: Process[Any], timer: Step[Any], message: Step[Any]) -> bool:
    return any(step.hears == message.hears for step in process.steps_from(timer.target))


def _no_way_out(flow: Flow) -> Iterator[Finding]:
    """States that lead round and round: none of their ways comes to an end or to rest."""
    for process in machines(flow):
        ends = {*process.terminal, *(key for key, one in process.states.items() if one.rests)}
        saved = set(ends)
        while more := {
            state
            for step in process.steps
            for state in step.source
            if step.target in saved and state not in saved
        }:
            saved |= more
        for state in process.states:
            if state not in saved:
                yield Finding(
                    "no-way-out",
                    f"{process.name}:{state}",
                    Text("从这里永远走不到终点", "No way from here comes to an end"),
                )


def _endless_retry(flow: Flow) -> Iterator[Finding]:
    """A timer that rings for ever in one place, where no other clock or person ends it."""
    for process in machines(flow):
        for step in process.steps:
            if step.kind is not Kind.TIMER or step.target not in step.source:
                continue
            others = [
                one
                for one in process.steps_from(step.target)
                if one.target != step.target and one.kind is not Kind.MESSAGE
            ]
            if not others and process.states[step.target].within is None:
                yield Finding(
                    "endless-retry",
                    f"{process.name}.{step.name}",
                    Text("会无限重试，没有人或时限能结束它", "Retries for ever; nothing ends it"),
                )


def _unknown_policy(flow: Flow) -> Iterator[Finding]:
    """A policy that staff cannot find among the policies of the flow."""
    for where, policy in _used_policies(flow):
        if policy not in flow.policies:
            yield Finding(
                "unknown-policy",
                where,
                Text(f"策略“{policy.label.zh}”没有登记", f"{policy.label.en} is not registered"),
            )


def _idle_policy(flow: Flow) -> Iterator[Finding]:
    """A policy that may be changed, though nothing in the definition says that it depends on it."""
    used = {policy.key for _, policy in _used_policies(flow)}
    for policy in flow.policies:
        if policy.key not in used:
            yield Finding(
                "idle-policy",
                policy.key,
                Text(
                    f"没有步骤或状态引用策略“{policy.label.zh}”",
                    f"No step or state names the policy {policy.label.en}",
                ),
            )


def _used_policies(flow: Flow) -> Iterator[tuple[str, Policy]]:
    for name, _, step in flow.steps():
        for policy in chain(step.policies, filter(None, [step.within])):
            yield name, policy
    for process in flow.processes:
        for state, words in process.states.items():
            if words.within is not None:
                yield f"{process.name}:{state}", words.within
        for state, decision in process.decisions.items():
            for policy in decision.policies:
                yield f"{process.name}:{state}", policy


def _nameless_exit(flow: Flow) -> Iterator[Finding]:
    """A decision whose ways out are not told apart by words."""
    for process in machines(flow):
        for state in process.decisions:
            leaving = [
                step
                for step in process.steps_from(state)
                if f"{process.name}.{step.name}" not in flow.fired()
            ]
            words = Counter(step.outcome for step in leaving)
            for step in leaving if len(leaving) > 1 else ():
                if step.outcome is None or words[step.outcome] > 1:
                    yield Finding(
                        "nameless-exit",
                        f"{process.name}.{step.name}",
                        Text(
                            f"在“{process.decisions[state].label.zh}”处的出口没有自己的名字",
                            "This way out of a decision has no words of its own",
                        ),
                    )


def _choice_of_one(flow: Flow) -> Iterator[Finding]:
    """A decision with one way out decides nothing."""
    begun = Counter((bridge.process, bridge.state) for bridge in flow.bridges)
    for process in machines(flow):
        for state in process.decisions:
            ways = len(process.steps_from(state)) + begun[process.name, str(state)]
            drawn = [
                len(flow.goes_on.get(f"{process.name}.{step.name}", ()))
                for step in process.steps
                if step.target == state
            ]
            if max(ways, *drawn, 0) < 2:
                yield Finding(
                    "choice-of-one",
                    f"{process.name}:{state}",
                    Text("判断只有一个出口", "A decision with a single way out"),
                )


def _wrong_lane(flow: Flow) -> Iterator[Finding]:
    """People's work in the lane of a role that may not do it."""
    roles = {role.value: role for role in Role}
    for name, process, step in flow.steps():
        owner = roles.get(step.lane.code)
        if process.recorded or owner is None or step.kind not in _BY_PEOPLE:
            continue
        if owner not in step.by:
            yield Finding(
                "wrong-lane",
                name,
                Text(
                    f"画在“{step.lane.label.zh}”泳道，但该角色无权执行",
                    f"Stands in the lane “{step.lane.label.en}”, whose role may not take it",
                ),
            )


def _unknown_pool(flow: Flow) -> Iterator[Finding]:
    """A message to or from an outside party that the picture does not have."""
    for name, _, step in flow.steps():
        for pool in (step.hears, *(send.pool for send in step.sends)):
            if pool is not None and pool not in flow.pools:
                yield Finding(
                    "unknown-pool",
                    name,
                    Text(f"外部系统“{pool.label.zh}”不在图上", f"{pool.label.en} is not drawn"),
                )


RULES: tuple[Callable[[Flow], Iterator[Finding]], ...] = (
    _no_compensation,
    _timer_race,
    _no_way_out,
    _endless_retry,
    _unknown_policy,
    _idle_policy,
    _nameless_exit,
    _choice_of_one,
    _wrong_lane,
    _unknown_pool,
)
