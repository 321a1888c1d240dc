"""What a change would touch: everything in the definition that is joined to one thing in it.

The definition is read as a web of things; a handler's own code says which policies it reads, and
the source says where each thing is written.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import FunctionType
from typing import Any

from shangliu.platform.text import Text
from shangliu.process.definition import Flow, Process, Step
from shangliu.process.policies import Policy
from shangliu.process.roles import Role

_DEFINING = ("places.py", "roles.py", "policies.py", "notices.py", "definition.py")
_DEEPEST = 4  # calls that are followed from a handler to what it reads


class What(StrEnum):
    """The kinds of things, in the order in which they are listed."""

    STEP = "step"
    STATE = "state"
    POLICY = "policy"
    ROLE = "role"
    NOTICE = "notice"
    TOPIC = "topic"
    SYSTEM = "system"
    HANDLER = "handler"
    LANE = "lane"
    STAGE = "stage"

    @property
    def label(self) -> Text:
        return _LABELS[self]


_LABELS = {
    What.STEP: Text("步骤", "Steps"),
    What.STATE: Text("状态", "States"),
    What.POLICY: Text("策略", "Policies"),
    What.ROLE: Text("角色", "Roles"),
    What.NOTICE: Text("通知", "Notices"),
    What.TOPIC: Text("外发消息", "Letters"),
    What.SYSTEM: Text("外部系统", "Outside systems"),
    What.HANDLER: Text("处理程序", "Handlers"),
    What.LANE: Text("泳道", "Lanes"),
    What.STAGE: Text("阶段", "Stages"),
}


@dataclass(frozen=True, slots=True, order=True)
class Thing:
    """`name` as the definition spells it: `order.pay`, `order:paid`, `refund.execute`."""

    what: What
    name: str

    def __str__(self) -> str:
        return f"{self.what}:{self.name}"

    @classmethod
    def parse(cls, text: str) -> Thing:
        """Read `policy:cart.hold_minutes`; a name alone is a step's. `ValueError` otherwise."""
        what, colon, name = text.partition(":")
        if not colon:
            return cls(What.STEP, text)
        return cls(What(what), name)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something is written; `path` begins at the package."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Impact:
    """`joined` is what touches the thing itself, `follows` what its steps bring about. `steps` are
    drawn, `waits` the states (process, state) whose open objects would be met by a change."""

    thing: Thing
    label: Text
    places: tuple[Place, ...]
    joined: tuple[Thing, ...]
    follows: tuple[Thing, ...]
    steps: tuple[str, ...]
    waits: tuple[tuple[str, str], ...]


@dataclass
class Web:
    """All things of a flow. `root` is the folder of the package whose source is looked into."""

    flow: Flow
    root: Path
    labels: dict[Thing, Text] = field(default_factory=dict)
    places: dict[Thing, tuple[Place, ...]] = field(default_factory=dict)
    _joins: defaultdict[Thing, set[Thing]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        for policy in self.flow.policies:
            self._add(Thing(What.POLICY, policy.key), policy.label)
        for role in Role:
            self._add(Thing(What.ROLE, role.value), role.label)
        for process in self.flow.processes:
            self._add_states(process)
            for step in process.steps:
                self._add_step(process, step)
        self._add_links()
        written = _Written(self.root)
        for thing in self.labels:
            if thing not in self.places:
                self.places[thing] = written.places(thing)

    def things(self) -> tuple[Thing, ...]:
        order = list(What)
        return tuple(sorted(self.labels, key=lambda one: (order.index(one.what), one.name)))

    def impact(self, thing: Thing) -> Impact:
        """Raises `KeyError` for what the flow does not have."""
        label = self.labels[thing]
        steps = self._steps_of(thing)
        joined = self._joined(thing)
        follows = self._follows(steps) - joined - {thing}
        return Impact(
            thing=thing,
            label=label,
            places=self.places.get(thing, ()),
            joined=self._sorted(joined),
            follows=self._sorted(follows),
            steps=tuple(sorted(one.name for one in steps)),
            waits=self._waits(thing, steps),
        )

    def _add(self, thing: Thing, label: Text) -> None:
        self.labels.setdefault(thing, label)

    def _join(self, one: Thing, other: Thing, label: Text | None = None) -> None:
        if label is not None:
            self._add(other, label)
        self._joins[one].add(other)
        self._joins[other].add(one)

    def _add_states(self, process: Process[Any]) -> None:
        for state, words in process.states.items():
            thing = Thing(What.STATE, f"{process.name}:{state}")
            self._add(thing, words.label)
            decision = process.decisions.get(state)
            limits = (words.within,) if words.within else ()
            for policy in (*limits, *(decision.policies if decision else ())):
                self._join(thing, Thing(What.POLICY, policy.key))

    def _add_step(self, process: Process[Any], step: Step[Any]) -> None:
        thing = Thing(What.STEP, f"{process.name}.{step.name}")
        self._add(thing, step.label)
        for state in (*step.source, step.target):
            self._join(thing, Thing(What.STATE, f"{process.name}:{state}"))
        for role in step.by:
            self._join(thing, Thing(What.ROLE, role.value))
        self._join(thing, Thing(What.LANE, step.lane.code), step.lane.label)
        self._join(thing, Thing(What.STAGE, step.stage.code), step.stage.label)
        for policy in (*step.policies, *((step.within,) if step.within else ())):
            self._join(thing, Thing(What.POLICY, policy.key))
        self._add_outside(thing, step)
        for handler in (*step.needs, *step.does, *((step.at,) if step.at else ())):
            self._add_handler(thing, handler)

    def _add_outside(self, thing: Thing, step: Step[Any]) -> None:
        for notice in step.tells:
            self._join(thing, Thing(What.NOTICE, notice), Text(notice, notice))
        for send in step.sends:
            topic = Thing(What.TOPIC, send.topic)
            self._join(thing, topic, send.label)
            if send.pool is not None:
                self._join(topic, Thing(What.SYSTEM, send.pool.code), send.pool.label)
        if step.hears is not None:
            self._join(thing, Thing(What.SYSTEM, step.hears.code), step.hears.label)

    def _add_links(self) -> None:
        for link in self.flow.links:
            for name in (link.after, *link.fire):
                self._add_handler(Thing(What.STEP, name), link.on)

    def _add_handler(self, step: Thing, handler: Callable[..., Any]) -> None:
        function = _function(handler)
        if function is None:
            return
        name = f"{function.__module__}.{function.__qualname__}"
        thing = Thing(What.HANDLER, name)
        short = name.removeprefix(f"{self.root.name}.").partition(".<locals>")[0]
        self._join(step, thing, Text(short, short))
        code = function.__code__
        path = Path(code.co_filename)
        if path.is_relative_to(self.root):
            place = Place(path.relative_to(self.root.parent).as_posix(), code.co_firstlineno)
            self.places[thing] = (place,)
        for policy in _policies_read(function):
            self._join(thing, Thing(What.POLICY, policy.key))

    def _joined(self, thing: Thing) -> set[Thing]:
        """What touches it; a policy that a handler reads touches the handler's steps too."""
        found = set(self._joins[thing])
        for one in list(found):
            if one.what in (What.HANDLER, What.TOPIC) and thing.what is not What.STEP:
                found |= {other for other in self._joins[one] if other.what is What.STEP}
            if thing.what is What.STEP and one.what in (What.HANDLER, What.TOPIC):
                wanted = (What.POLICY, What.SYSTEM)
                found |= {other for other in self._joins[one] if other.what in wanted}
        return found - {thing}

    def _steps_of(self, thing: Thing) -> set[Thing]:
        if thing.what is What.STEP:
            return {thing}
        if thing.what is What.STATE:
            process, _, state = thing.name.partition(":")
            return {
                Thing(What.STEP, f"{process}.{step.name}")
                for step in self.flow[process].steps_from(state)
            }
        return {one for one in self._joined(thing) if one.what is What.STEP}

    def _follows(self, steps: set[Thing]) -> set[Thing]:
        """What they set off in other objects, on and on, and whom all of that tells."""
        found: set[Thing] = set()
        todo = [one.name for one in steps]
        while todo:
            name = todo.pop()
            for link in self.flow.links_after(name):
                for fired in link.fire:
                    thing = Thing(What.STEP, fired)
                    if thing not in found and thing not in steps:
                        found.add(thing)
                        todo.append(fired)
        told = (What.NOTICE, What.TOPIC)
        for one in (*steps, *found):
            found |= {other for other in self._joins[one] if other.what in told}
            process, step = self.flow.step(one.name) if one.what is What.STEP else (None, None)
            if process is not None and step is not None:
                found.add(Thing(What.STATE, f"{process.name}:{step.target}"))
        return found

    def _waits(self, thing: Thing, steps: Iterable[Thing]) -> tuple[tuple[str, str], ...]:
        """Where objects wait that one of the steps may move, or in the state itself."""
        found: set[tuple[str, str]] = set()
        if thing.what is What.STATE:
            process, _, state = thing.name.partition(":")
            found.add((process, state))
        else:
            for one in steps:
                process_, step = self.flow.step(one.name)
                found |= {(process_.name, str(state)) for state in step.source}
        return tuple(sorted(found))

    def _sorted(self, things: Iterable[Thing]) -> tuple[Thing, ...]:
        order = list(What)
        return tuple(sorted(things, key=lambda one: (order.index(one.what), one.name)))


def things_of(flow: Flow) -> tuple[Thing, ...]:
    """Everything but the handlers, without a look at any source."""
    return tuple(
        one for one in Web(flow, Path("/nowhere")).things() if one.what is not What.HANDLER
    )


def _function(handler: Callable[..., Any]) -> FunctionType | None:
    found = getattr(handler, "func", handler)
    return found if isinstance(found, FunctionType) else None


def _policies_read(function: FunctionType) -> set[Policy]:
    """Policies that the function names, or one that it calls in turn."""
    found: set[Policy] = set()
    seen: set[FunctionType] = set()
    todo = [(function, 0)]
    while todo:
        one, depth = todo.pop()
        if one in seen or depth > _DEEPEST:
            continue
        seen.add(one)
        for value in _named(one):
            if isinstance(value, Policy):
                found.add(value)
            elif isinstance(value, FunctionType):
                todo.append((value, depth + 1))
    return found


def _named(function: FunctionType) -> Iterator[object]:
    """What the function's code names: globals, and attributes of them."""
    code = function.__code__
    codes = [code, *(one for one in code.co_consts if hasattr(one, "co_names"))]
    names = {name for one in codes for name in one.co_names}
    roots = [function.__globals__[name] for name in names if name in function.__globals__]
    yield from roots
    for cell in function.__closure__ or ():
        yield cell.cell_contents
    for root in roots:
        if isinstance(root, type) or hasattr(root, "__file__"):
            for name in names:
                yield getattr(root, name, None)


class _Written:
    """Where names stand in the source below the package."""

    def __init__(self, root: Path) -> None:
        self._said: defaultdict[str, list[Place]] = defaultdict(list)
        self._steps: dict[str, Place] = {}
        roles = root / "process" / "roles.py"
        files = [*(root / "flow").rglob("*.py"), *([roles] if roles.is_file() else [])]
        for file in sorted(files, key=_first_where_it_is_said):
            tree = ast.parse(file.read_text("utf-8"))
            path = file.relative_to(root.parent).as_posix()
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    self._said[node.value].append(Place(path, node.lineno))
                if isinstance(node, ast.Call) and _called(node) == "Process":
                    self._steps |= _steps_in(node, path)

    def places(self, thing: Thing) -> tuple[Place, ...]:
        """The definition first, then other mentions."""
        if thing.what is What.STEP:
            own = self._steps.get(thing.name) or self._steps.get(thing.name.partition(".")[0])
            others = self._said.get(thing.name, [])
            return tuple(dict.fromkeys([*([own] if own else []), *others]))
        if thing.what is What.STATE:
            process, _, state = thing.name.partition(":")
            own = self._steps.get(process)
            return (own,) if own else tuple(self._said.get(state, ()))
        return tuple(dict.fromkeys(self._said.get(thing.name, ())))


def _first_where_it_is_said(file: Path) -> tuple[int, str]:
    """Files that define come before files that mention; migrations say what was."""
    if file.parent.name == "migrations":
        return len(_DEFINING) + 1, str(file)
    place = _DEFINING.index(file.name) if file.name in _DEFINING else len(_DEFINING)
    return place, str(file)


def _called(call: ast.Call) -> str:
    target = call.func.value if isinstance(call.func, ast.Subscript) else call.func
    return target.id if isinstance(target, ast.Name) else ""


def _steps_in(process: ast.Call, path: str) -> Mapping[str, Place]:
    name = _keyword(process, "name")
    found = {name: Place(path, process.lineno)}
    for node in ast.walk(process):
        if isinstance(node, ast.Call) and _called(node) == "Step":
            found[f"{name}.{_keyword(node, 'name')}"] = Place(path, node.lineno)
    return found


def _keyword(call: ast.Call, name: str) -> str:
    for one in call.keywords:
        if one.arg == name and isinstance(one.value, ast.Constant):
            return str(one.value.value)
    return ""
