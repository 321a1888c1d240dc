"""What a process is made of. Pure data: nothing here reads or writes the database."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from itertools import chain
from typing import Any, Generic, TypeVar

from shangliu.platform.text import Text
from shangliu.process.drawing.graph import LaneSpec, PoolSpec, StageSpec
from shangliu.process.models import Stateful
from shangliu.process.policies import Policy
from shangliu.process.roles import Role

T = TypeVar("T", bound=Stateful)


class Kind(StrEnum):
    """How a step comes about; decides its BPMN shape."""

    USER = "user"
    MANUAL = "manual"
    SERVICE = "service"
    RULE = "rule"
    MESSAGE = "message"
    TIMER = "timer"


@dataclass
class Context:
    """Who takes a step, with what. `facts` go into the event; `fresh` are rows read under lock."""

    actor: str
    role: Role
    data: object = None
    cause: str = ""
    facts: dict[str, object] = field(default_factory=dict)
    fresh: set[tuple[str, int | str]] = field(default_factory=set)
    columns: dict[str, object] = field(default_factory=dict)

    def note(self, **facts: object) -> None:
        """Put what a decision rested on, or what came of it, into the event row."""
        self.facts.update(facts)

    def write(self, subject: Stateful, **columns: object) -> None:
        """Set columns of the object in the same statement that moves its state."""
        for name, value in columns.items():
            setattr(subject, name, value)
        self.columns.update(columns)

    def following(self, cause: str) -> Context:
        """The context of a step that this one fires: taken by the system, on the same locks."""
        return Context(
            actor=self.actor, role=Role.SYSTEM, data=self.data, cause=cause, fresh=self.fresh
        )


Check = Callable[[T, Context], Text | None]
Effect = Callable[[T, Context], None]
Timer = Callable[[T, datetime], datetime | None]


@dataclass(frozen=True, slots=True)
class Send:
    """A message to an outside party, put into the outbox by the step and sent after its commit.

    `undo` is the topic that takes it back; `final`: it tells, or ends, and needs no taking back.
    """

    topic: str
    label: Text
    pool: PoolSpec | None = None
    undo: str = ""
    final: bool = False


@dataclass(frozen=True, kw_only=True)
class Step(Generic[T]):
    """One arrow of the drawing: who may take it, when, what it does, and who is told.

    `creates` (or an empty `source`): the step may bring the object into being. `target` equal to
    the source: the object stays where it is. `needs` answer with the sentence why not. `at` is when
    the timer fires. `outcome` labels the way from the decision to this step. `within` is its
    service-level time.
    """

    name: str
    label: Text
    source: tuple[StrEnum, ...]
    target: StrEnum
    lane: LaneSpec
    stage: StageSpec
    by: frozenset[Role]
    kind: Kind = Kind.SERVICE
    asks: type[Any] | None = None
    needs: tuple[Check[T], ...] = ()
    does: tuple[Effect[T], ...] = ()
    sends: tuple[Send, ...] = ()
    tells: tuple[str, ...] = ()
    hears: PoolSpec | None = None
    at: Timer[T] | None = None
    creates: bool = False
    within: Policy | None = None
    outcome: Text | None = None
    main: bool = False
    problem: bool = False
    policies: tuple[Policy, ...] = ()

    def __post_init__(self) -> None:
        if (self.kind is Kind.TIMER) != (self.at is not None):
            raise ValueError(f"step {self.name}: a timer step, and only that, says when (`at`)")
        if not self.source and not self.creates:
            object.__setattr__(self, "creates", True)

    def refusals(self, subject: T, ctx: Context) -> tuple[Text, ...]:
        """Every reason why this step cannot be taken now, for people to read."""
        if ctx.role not in self.by:
            return (
                Text("{role}不能“{step}”", "{role} may not “{step}”").format(
                    role=ctx.role.label, step=self.label
                ),
            )
        if subject.pk is not None and subject.state not in self.source:
            return (WrongState(self.label),)
        return tuple(reason for check in self.needs if (reason := check(subject, ctx)))


def WrongState(label: Text) -> Text:  # noqa: N802
    """The sentence for a step that the present state does not allow."""
    return Text(
        "当前状态不能“{step}”，请刷新页面查看最新进展",
        "“{step}” is not possible in the present state; reload the page to see where it stands",
    ).format(step=label)


@dataclass(frozen=True, kw_only=True)
class State:
    """Words for a state. `buyer` is what the buyer sees; `within` how long it may last.

    `rests`: what is here has nothing to wait for, though something may still happen to it.
    """

    label: Text
    buyer: Text | None = None
    holds_stock: bool = False
    within: Policy | None = None
    rests: bool = False


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A diamond: the question asked in a state, and the policies that answer it."""

    label: Text
    policies: tuple[Policy, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Process(Generic[T]):
    """The life of one kind of object. Refuses to load when it contradicts itself.

    `recorded`: the steps are seen in visitors' behaviour, not taken by the engine (no state kept).
    """

    name: str
    label: Text
    model: type[T] | None
    states: Mapping[StrEnum, State]
    steps: tuple[Step[T], ...]
    decisions: Mapping[StrEnum, Decision] = field(default_factory=dict)
    recorded: bool = False

    def __post_init__(self) -> None:
        names = [step.name for step in self.steps]
        if len(names) != len(set(names)):
            raise ValueError(f"{self.name}: a step name is used twice")
        for step in self.steps:
            for state in (*step.source, step.target):
                if state not in self.states:
                    raise ValueError(f"{self.name}.{step.name}: unknown state {state}")
        if unreachable := set(self.states) - self.reachable():
            raise ValueError(f"{self.name}: nothing leads to {sorted(unreachable)}")

    def __getitem__(self, name: str) -> Step[T]:
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(f"{self.name}.{name}")

    def __contains__(self, step: Step[T]) -> bool:
        return any(step is own for own in self.steps)

    def reachable(self) -> set[StrEnum]:
        found = {step.target for step in self.steps if step.creates}
        while more := {step.target for step in self.steps if found & set(step.source)} - found:
            found |= more
        return found

    @property
    def initial(self) -> tuple[StrEnum, ...]:
        return tuple(dict.fromkeys(step.target for step in self.steps if step.creates))

    @property
    def terminal(self) -> tuple[StrEnum, ...]:
        """States that nothing leaves."""
        left = {state for step in self.steps for state in step.source if step.target != state}
        return tuple(state for state in self.states if state not in left)

    def steps_from(self, state: str) -> tuple[Step[T], ...]:
        return tuple(step for step in self.steps if state in step.source)

    def timers(self, state: str) -> tuple[Step[T], ...]:
        return tuple(step for step in self.steps_from(state) if step.at is not None)


@dataclass(frozen=True, kw_only=True)
class Link:
    """What one step sets off in another object, in the same transaction.

    The first of `fire` that is not refused is taken on each object that `on` names; with
    `optional` none may be. For a step that creates, `on` gives the objects to be saved.
    `question` names the choice in the drawing; `instead`: it happens only where the link before
    it had nothing to act on, so it is drawn as the other way out of that choice.
    """

    after: str
    fire: tuple[str, ...]
    on: Callable[[Any, Context], Iterable[Any]]
    optional: bool = False
    main: bool = True
    question: Text | None = None
    instead: bool = False


@dataclass(frozen=True, kw_only=True)
class Bridge:
    """Drawn only: from a state of one object to the step by which a person begins another."""

    process: str
    state: str
    begins: str
    label: Text | None = None
    main: bool = True


@dataclass(frozen=True, kw_only=True)
class Flow:
    """The whole business: every process, what joins them, and where it is drawn.

    `goes_on` says where the drawn way leads after a step that leaves several objects waiting: to
    what follows a state (`parcel:requested`) or to a step (`cart.add`).
    """

    name: Text
    number: int
    processes: tuple[Process[Any], ...]
    links: tuple[Link, ...]
    bridges: tuple[Bridge, ...]
    goes_on: Mapping[str, tuple[str, ...]]
    lanes: tuple[LaneSpec, ...]
    stages: tuple[StageSpec, ...]
    pools: tuple[PoolSpec, ...]
    policies: tuple[Policy, ...]

    def __post_init__(self) -> None:
        known = {name for name, _, _ in self.steps()}
        for name in chain.from_iterable((link.after, *link.fire) for link in self.links):
            if name not in known:
                raise ValueError(f"a link names the unknown step {name}")
        for bridge in self.bridges:
            if bridge.begins not in known:
                raise ValueError(f"a bridge names the unknown step {bridge.begins}")
        for name in chain(self.goes_on, chain.from_iterable(self.goes_on.values())):
            process, _, state = name.partition(":")
            if name not in known and state not in self[process].states:
                raise ValueError(f"goes_on names the unknown {name}")

    def __getitem__(self, name: str) -> Process[Any]:
        for process in self.processes:
            if process.name == name:
                return process
        raise KeyError(name)

    def steps(self) -> Iterator[tuple[str, Process[Any], Step[Any]]]:
        """Every step as (`order.pay`, its process, the step)."""
        for process in self.processes:
            for step in process.steps:
                yield f"{process.name}.{step.name}", process, step

    def step(self, name: str) -> tuple[Process[Any], Step[Any]]:
        process, _, step = name.partition(".")
        return self[process], self[process][step]

    def links_after(self, name: str) -> tuple[Link, ...]:
        return tuple(link for link in self.links if link.after == name)

    def fired(self) -> frozenset[str]:
        """The names of all steps that links set off."""
        return frozenset(chain.from_iterable(link.fire for link in self.links))

    @cached_property
    def fingerprint(self) -> str:
        """Changes when anything that is drawn or enforced changes."""
        said = (
            repr(
                [
                    (
                        name,
                        step.label,
                        step.source,
                        step.target,
                        sorted(step.by),
                        step.lane.code,
                        step.stage.code,
                        step.kind,
                        step.outcome,
                        step.main,
                    )
                    for name, _, step in self.steps()
                ]
            )
            + repr([(link.after, link.fire) for link in self.links])
            + repr(self.bridges)
            + repr(self.goes_on)
        )
        return hashlib.sha256(said.encode()).hexdigest()[:12]
