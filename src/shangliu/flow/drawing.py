"""The picture of the definition: which step leads to which, through which decision.

A step that other steps set off is drawn behind them, in the order in which they happen; a step
that somebody or something takes is drawn behind the states that it may be taken in. Where several
ways lead on there is a diamond. Nothing is drawn that the definition does not say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from shangliu.flow.waits import place_waits
from shangliu.platform.text import Text
from shangliu.process.definition import Flow, Kind, Link, Process, Step
from shangliu.process.drawing.graph import Edge, Graph, MessageFlow, Node, Shape
from shangliu.process.running import flow as running_flow

SHAPES = {
    Kind.USER: Shape.USER_TASK,
    Kind.MANUAL: Shape.MANUAL_TASK,
    Kind.SERVICE: Shape.SERVICE_TASK,
    Kind.RULE: Shape.RULE_TASK,
    Kind.MESSAGE: Shape.MESSAGE_CATCH,
    Kind.TIMER: Shape.TIMER_CATCH,
}
_drawn: dict[str, Graph] = {}
_CATCHES = (Shape.MESSAGE_CATCH, Shape.TIMER_CATCH)


def graph() -> Graph:
    """The picture of the running flow; the same object until another flow runs."""
    flow = running_flow()
    if flow.fingerprint not in _drawn:
        _drawn.clear()
        _drawn[flow.fingerprint] = _Drawer(flow).draw()
    return _drawn[flow.fingerprint]


class _Drawer:
    """Walks the definition once; keeps what was drawn already by its key."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.nodes: dict[str, Node] = {}
        self.edges: dict[str, Edge] = {}
        self.fired = self._fired_in_passing()
        self.forks: dict[tuple[str, ...], str] = {}
        self.bridges = {(one.begins, one.process, one.state): one for one in flow.bridges}

    def draw(self) -> Graph:
        for name, process, step in self.flow.steps():
            if name not in self.fired:
                self._node(name, step, process)
        for name, _, _ in self.flow.steps():
            if name not in self.fired:
                self._lead_on(name)
        self._start()
        place_waits(self.flow, self.nodes)
        self._forget_single_causes()
        return Graph(
            name=self.flow.name,
            version=f"{self.flow.number}-{self.flow.fingerprint}",
            lanes=self.flow.lanes,
            stages=self.flow.stages,
            pools=self.flow.pools,
            nodes=tuple(self.nodes.values()),
            edges=tuple(self.edges.values()),
            messages=tuple(self._messages()),
        )

    def _fired_in_passing(self) -> frozenset[str]:
        """Steps that are drawn behind the steps that set them off, and nowhere else."""
        last: set[str] = set()
        for name, _, _ in self.flow.steps():
            links = self.flow.links_after(name)
            if links and self._is_fork(links[-1]) and name not in self.flow.goes_on:
                last.update(links[-1].fire)
        instead = {step for link in self.flow.links if link.instead for step in link.fire}
        before_instead = {
            step
            for name, _, _ in self.flow.steps()
            for first, second in _pairs(self.flow.links_after(name))
            if second.instead
            for step in first.fire
        }
        named = {one for many in self.flow.goes_on.values() for one in many if "." in one}
        return self.flow.fired() - last - instead - before_instead - named

    @staticmethod
    def _is_fork(link: Link) -> bool:
        return len(link.fire) > 1 or link.optional

    def _lead_on(self, name: str) -> None:
        """Draw what follows a step that stands on its own."""
        target = self._chain(name, name, self._outs_after(name))
        self._edge(name, target)

    def _chain(self, name: str, origin: str, outs: Sequence[str]) -> str:
        """The key of what comes next after `name`: its links in their order, then `outs`."""
        links = list(self.flow.links_after(name))
        rest: str | None = None
        if links and links[-1].instead:
            first, second = links[-2], links[-1]
            links = links[:-2]
            ways = (*first.fire, *second.fire)
            rest = self._choice(ways, name, first.question, beside=self._last_of(links, name))
        elif links and self._is_fork(links[-1]) and name not in self.flow.goes_on:
            last = links.pop()
            ways = (*last.fire, *(outs if last.optional else ()))
            rest = self._choice(ways, name, last.question, beside=self._last_of(links, name))
        target = rest if rest is not None else self._join(outs, name, self._last_of(links, name))
        for link in reversed(links):
            target = self._passing(link, name, origin, target)
        return target

    def _last_of(self, links: Sequence[Link], name: str) -> str:
        """The last step that is set off in passing: the diamond behind it stands in its lane."""
        while links:
            name = links[-1].fire[0]
            links = self.flow.links_after(name)
        return name

    def _passing(self, link: Link, name: str, origin: str, target: str) -> str:
        """Steps set off on the way to `target`; gives the key where the way begins."""
        keys = []
        for fired in link.fire:
            if fired not in self.fired:
                keys.append(fired)
                continue
            inner = self._inner(fired, origin, target)
            key = self._context_key(fired, origin, inner)
            self._passing_node(key, fired, name, origin)
            self._edge(key, inner, main=link.main)
            keys.append(key)
        if link.optional:
            return self._choice(tuple(keys), name, link.question, otherwise=target)
        if len(keys) == 1:
            return keys[0]
        return self._choice(tuple(keys), name, link.question)

    def _inner(self, fired: str, origin: str, target: str) -> str:
        for link in reversed(self.flow.links_after(fired)):
            target = self._passing(link, fired, origin, target)
        return target

    def _context_key(self, fired: str, origin: str, target: str) -> str:
        """One node for a step wherever the same follows; else one for each way that leads on."""
        drawn = [key for key, node in self.nodes.items() if self._counts(node) == fired]
        for key in drawn:
            if f"{key}>{target}" in self.edges:
                return key
        return f"{fired}@{origin}" if drawn else fired

    @staticmethod
    def _counts(node: Node) -> str:
        return node.counts[0] if node.counts is not None else ""

    def _passing_node(self, key: str, fired: str, cause: str, origin: str) -> None:
        process, step = self.flow.step(fired)
        self._node(key, step, process)
        causes = [link.after for link in self.flow.links if fired in link.fire]
        node = self.nodes[key]
        if len(causes) > 1:
            _, first = self.flow.step(origin)
            known = [one for one in (node.counts or ("", ""))[1].split(",") if one]
            said = ",".join(dict.fromkeys([*known, cause]))
            stage = node.stage if known else first.stage.code
            self.nodes[key] = replace(node, stage=stage, counts=(fired, said))

    def _outs_after(self, name: str) -> tuple[str, ...]:
        if name in self.flow.goes_on:
            return self._resolve(self.flow.goes_on[name])
        reached = self._reached(name)
        outs = [way for process, state in reached for way in self._outs(process, state)]
        return tuple(dict.fromkeys(outs))

    def _resolve(self, names: Sequence[str]) -> tuple[str, ...]:
        found: list[str] = []
        for one in names:
            process, colon, state = one.partition(":")
            found += self._outs(process, state) if colon else [one]
        return tuple(dict.fromkeys(found))

    def _reached(self, name: str) -> list[tuple[str, str]]:
        """Where a step and what it sets off in passing leave their objects."""
        process, step = self.flow.step(name)
        reached = {process.name: step.target.value}
        for link in self.flow.links_after(name):
            if len(link.fire) == 1 and not link.optional and not link.instead:
                reached |= dict(self._reached(link.fire[0]))
        return list(reached.items())

    def _outs(self, process: str, state: str) -> list[str]:
        own = [
            f"{process}.{step.name}"
            for step in self.flow[process].steps_from(state)
            if f"{process}.{step.name}" not in self.fired and not self._only_chosen(process, step)
        ]
        begun = [
            one.begins for one in self.flow.bridges if (one.process, one.state) == (process, state)
        ]
        return own + begun

    def _only_chosen(self, process: str, step: Step[Any]) -> bool:
        """Set off by links alone, though drawn as a node of its own behind a diamond."""
        return f"{process}.{step.name}" in self.flow.fired()

    def _join(self, outs: Sequence[str], name: str, beside: str) -> str:
        if len(outs) == 1:
            return outs[0]
        if not outs:
            return self._end(name)
        process, state = self._asking(name, outs)
        decision = self._decision(process, state)
        return self._fork(
            f"{process}:{state}",
            tuple(outs),
            beside=beside,
            label=decision or self._state_label(process, state),
        )

    def _decision(self, process: str, state: str) -> Text | None:
        found = (one for key, one in self.flow[process].decisions.items() if key == state)
        decision = next(found, None)
        return decision.label if decision is not None else None

    def _state_label(self, process: str, state: str) -> Text:
        return next(one.label for key, one in self.flow[process].states.items() if key == state)

    def _asking(self, name: str, outs: Sequence[str]) -> tuple[str, str]:
        """The state whose decision the diamond shows: the one that has a decision and most ways."""
        for one in self.flow.goes_on.get(name, ()):
            process, colon, state = one.partition(":")
            if colon:
                return process, state
        return max(
            self._reached(name),
            key=lambda one: (
                self._decision(*one) is not None,
                len(set(self._outs(*one)) & set(outs)),
            ),
        )

    def _choice(
        self,
        ways: tuple[str, ...],
        name: str,
        question: Text | None,
        *,
        otherwise: str | None = None,
        beside: str = "",
    ) -> str:
        """A diamond that a rule decides at once, between what one step may set off."""
        process, step = self.flow.step(name)
        label = question or self._decision(process.name, step.target) or step.label
        return self._fork(f"{name}/", ways, beside=beside or name, label=label, otherwise=otherwise)

    def _fork(
        self,
        key: str,
        ways: tuple[str, ...],
        *,
        beside: str,
        label: Text,
        otherwise: str | None = None,
    ) -> str:
        mark = (*sorted(ways), otherwise or "")
        if mark in self.forks:
            return self.forks[mark]
        while key in self.nodes:
            key += "+"
        self.forks[mark] = key
        taken = {way: self.flow.step(way.partition("@")[0])[1] for way in ways}
        _, step = self.flow.step(beside)
        event = otherwise is None and all(SHAPES[one.kind] in _CATCHES for one in taken.values())
        self.nodes[key] = Node(
            key=key,
            label=label,
            shape=Shape.EVENT_BASED if event else Shape.EXCLUSIVE,
            lane=step.lane.code,
            stage=step.stage.code,
            main=step.main and any(one.main for one in taken.values()),
        )
        for way, one in taken.items():
            self._edge(key, way, label=self._way_label(way, key) or one.outcome, main=one.main)
        if otherwise is not None:
            self._edge(key, otherwise, label=Text("否", "no"))
        return key

    def _way_label(self, way: str, key: str) -> Text | None:
        for (begins, process, state), bridge in self.bridges.items():
            if begins == way and key.rstrip("+") == f"{process}:{state}":
                return bridge.label
        return None

    def _end(self, name: str) -> str:
        process, step = self.flow.step(name.partition("@")[0])
        key = f"{process.name}:{step.target.value}!"
        if key not in self.nodes:
            self.nodes[key] = Node(
                key=key,
                label=process.states[step.target].label,
                shape=Shape.END,
                lane=step.lane.code,
                stage=step.stage.code,
                main=step.main,
            )
        return key

    def _node(self, key: str, step: Step[Any], process: Process[Any]) -> None:
        if key not in self.nodes:
            self.nodes[key] = Node(
                key=key,
                label=step.label,
                shape=SHAPES[step.kind],
                lane=step.lane.code,
                stage=step.stage.code,
                main=step.main,
                counts=(f"{process.name}.{step.name}", ""),
            )

    def _edge(
        self, source: str, target: str, *, label: Text | None = None, main: bool = True
    ) -> None:
        ends = [self.nodes.get(source), self.nodes.get(target)]
        step = self.flow.step(target.partition("@")[0])[1] if _is_step(target) else None
        edge = Edge(
            source=source,
            target=target,
            label=label,
            main=main and all(node is not None and node.main for node in ends),
            problem=step is not None and step.problem,
        )
        self.edges.setdefault(edge.key, edge)

    def _start(self) -> None:
        entered = {edge.target for edge in self.edges.values()}
        for name, _, step in self.flow.steps():
            if step.creates and name not in entered and name not in self.fired:
                key = f"{name}?"
                self.nodes[key] = Node(
                    key=key,
                    label=Text("开始", "Start"),
                    shape=Shape.START,
                    lane=step.lane.code,
                    stage=step.stage.code,
                    main=True,
                )
                self._edge(key, name, main=True)

    def _forget_single_causes(self) -> None:
        """A step that is drawn once is counted whatever set it off."""
        drawn = Counter(self._counts(node) for node in self.nodes.values())
        for key, node in self.nodes.items():
            if node.counts is not None and drawn[node.counts[0]] == 1:
                self.nodes[key] = replace(node, counts=(node.counts[0], ""))

    def _messages(self) -> list[MessageFlow]:
        found = []
        for key, node in self.nodes.items():
            if node.counts is None:
                continue
            _, step = self.flow.step(node.counts[0])
            if step.hears is not None:
                found.append(MessageFlow(key, step.hears.code, step.label, outgoing=False))
            found += [
                MessageFlow(key, send.pool.code, send.label, outgoing=True)
                for send in step.sends
                if send.pool is not None
            ]
        return found


def _pairs(links: tuple[Link, ...]) -> list[tuple[Link, Link]]:
    return list(pairwise(links))


def _is_step(key: str) -> bool:
    return "." in key and not key.endswith(("?", "/", "+"))
