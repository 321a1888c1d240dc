"""A measured deviation, and where in the definition it stands. Nothing here reads the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from shangliu.platform.text import Text
from shangliu.process.definition import Flow, Kind, Process, Send, State, Step
from shangliu.process.roles import STAFF, Role


class Depth(IntEnum):
    """How near to the root a deviation of this kind lies: what is smaller explains what is larger,
    never the other way."""

    DATABASE = 0
    LOOP = 1
    PROGRAM = 2
    CALL = 3
    BOOKS = 4
    RULE = 5
    NOTICE = 6
    LETTER = 7
    CHOICE = 8
    TIMER = 9
    STALL = 10
    RATE = 11


@dataclass(frozen=True, slots=True)
class Play:
    """A button: `code` names what is done, `about` to what."""

    code: str
    about: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """`system` is who fails: an outside system's code, a program of ours, `stock`, `rules`, a lane
    of people. `step` is the step of the definition where it shows (`payment.succeed`), `state` the
    state that is asked about. `fresh`: it goes on happening."""

    depth: Depth
    system: str
    cause: Text
    evidence: tuple[Text, ...] = ()
    step: str = ""
    state: str = ""
    count: int = 1
    fresh: bool = True
    cases: tuple[str, ...] = ()
    plays: tuple[Play, ...] = ()
    policy: str = ""


DATABASE, WORKER, STREAM, WEB = "database", "worker", "stream", "web"
STOCK, LEDGER, RULES, NOTICES, BILLS = "stock", "ledger", "rules", "notices", "statements"

_NAMES: Mapping[str, Text] = {
    DATABASE: Text("数据库", "Database"),
    WORKER: Text("后台任务", "Worker"),
    STREAM: Text("实时推送", "Live stream"),
    WEB: Text("网站程序", "Web program"),
    STOCK: Text("库存账", "Stock books"),
    LEDGER: Text("总账", "Ledger"),
    RULES: Text("业务规则", "Business rules"),
    NOTICES: Text("消息通知（邮件、短信）", "Messages (mail, SMS)"),
    BILLS: Text("渠道账单", "Statements"),
    "finance": Text("财务系统", "Finance system"),
    "alipay": Text("支付宝", "Alipay"),
    "wechat": Text("微信支付", "WeChat Pay"),
    "stripe": Text("Stripe", "Stripe"),
    "kuaidi100": Text("快递100", "Kuaidi100"),
}


def system_label(flow: Flow, code: str) -> Text:
    """What people call a system, a lane or a party."""
    if code in _NAMES:
        return _NAMES[code]
    lanes = {one.code: one.label for one in flow.lanes}
    pools = {one.code: one.label for one in flow.pools}
    return lanes.get(code) or pools.get(code) or Text(code, code)


def stage_of(flow: Flow, signal: Signal) -> str:
    """The stage's code; empty for what concerns all of them."""
    step = step_of(flow, signal.step)
    return step.stage.code if step is not None else ""


def step_of(flow: Flow, name: str) -> Step[Any] | None:
    process, _, step = name.partition(".")
    for one in flow.processes:
        if one.name == process and step in {known.name for known in one.steps}:
            return one[step]
    return None


def decision_of(flow: Flow, signal: Signal) -> Text | None:
    """The question that is asked where it shows: of the state, else of those that the step may be
    taken in, else of the one that it leads to."""
    name, _, _ = signal.step.partition(".")
    process = next((one for one in flow.processes if one.name == name), None)
    if process is None:
        return None
    step = step_of(flow, signal.step)
    asked = [signal.state, *(step.source if step else ()), *((step.target,) if step else ())]
    for state in asked:
        for known, decision in process.decisions.items():
            if known == state:
                return decision.label
    return step.label if step is not None else None


_OWNERS: Mapping[str, Role] = {
    "payments": Role.FINANCE,
    "finance": Role.FINANCE,
    "logistics": Role.WAREHOUSE,
    "warehouse": Role.WAREHOUSE,
    "service": Role.SERVICE,
    "buyer": Role.OPERATIONS,
    "storefront": Role.OPERATIONS,
}


def owner_of(flow: Flow, signal: Signal) -> Role:
    """Who has to do something about it: for programs the administrator; else who may take the
    step, or another one that goes on from the same state, or who minds the lane."""
    if signal.depth in (Depth.DATABASE, Depth.LOOP, Depth.PROGRAM):
        return Role.ADMIN
    step = step_of(flow, signal.step)
    if step is None:
        return Role.OPERATIONS
    if people := step.by & STAFF:
        return min(people)
    if step.lane.code in _OWNERS:
        return _OWNERS[step.lane.code]
    process = flow[signal.step.partition(".")[0]]
    beside = [role for one in process.steps_from(signal.state) for role in one.by & STAFF]
    return beside[0] if beside else Role.OPERATIONS


def senders(flow: Flow, topic: str) -> Iterable[tuple[str, Step[Any], Send]]:
    """The steps that put this topic into the outbox."""
    for name, _, step in flow.steps():
        for send in step.sends:
            if send.topic == topic:
                yield name, step, send


def awaited(process: Process[Any], state: str) -> Step[Any] | None:
    """The step that is waited for in a state: what an outside party reports, the main one, what
    people do; not what goes wrong or only comes by the clock, nor a rule, which is never waited
    for."""
    ways = [one for one in process.steps_from(state) if str(one.target) != state]
    if not ways:
        return None
    return max(
        ways,
        key=lambda one: (
            not one.problem,
            one.kind is not Kind.RULE,
            one.hears is not None,
            one.main,
            one.at is None,
        ),
    )


def state_named(process: Process[Any], state: str) -> State | None:
    return next((words for known, words in process.states.items() if known == state), None)


_places: dict[str, dict[str, tuple[int, int]]] = {}


def place(flow: Flow, signal: Signal) -> tuple[int, int]:
    """Where in the business it stands: by stage, then by the order of the definition."""
    known = _places.get(flow.fingerprint)
    if known is None:
        known = {
            name: (step.stage.number, number) for number, (name, _, step) in enumerate(flow.steps())
        }
        _places.clear()
        _places[flow.fingerprint] = known
    return known.get(signal.step, (0, 0))


def system_of(step: Step[Any]) -> str:
    """Who has to take this step: the party it hears from, the rules, or its lane."""
    if step.hears is not None:
        return step.hears.code
    return RULES if step.kind is Kind.RULE else step.lane.code
