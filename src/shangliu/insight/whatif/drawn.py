"""The figures of a run for the map: the same numbers as today's map has, of purchases that were
only simulated. A case's log is read as the real one is, so both maps mean the same."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from shangliu.insight.figures import allowed
from shangliu.insight.passages import counted
from shangliu.insight.waiting import resting
from shangliu.insight.ways import NOT_SEEN, Passage, Ways
from shangliu.insight.whatif.engine import Run
from shangliu.insight.whatif.model import Case, Did, Model
from shangliu.process.drawing.figures import EdgeFigure, Figures, Level, NodeFigure
from shangliu.process.drawing.graph import Node, Shape
from shangliu.process.running import flow


@dataclass
class _Seen:
    """What the purchases of a run add up to."""

    passages: Counter[Passage] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    dwelt: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    in_state: Counter[tuple[str, str]] = field(default_factory=Counter)
    processes: set[str] = field(default_factory=set)


def figures_of(ways: Ways, model: Model, run: Run) -> Figures:
    """Waiting is the mean number over the period; late is where half of all wait longer than they
    may. Stages before the purchase, which nobody simulates, are silent."""
    ends = tuple(_ends(ways))
    seen = _Seen()
    for mark, often in run.ran.items():
        _add(seen, ways, run.templates[mark].case, often, ends)
    for step, found in run.dwelt.items():
        nodes = ways.nodes_of(step, "")
        if nodes:
            seen.dwelt[nodes[0].key] = Counter(found)
        process, taken = flow().step(step)
        seen.processes.add(process.name)
        if len(taken.source) == 1:
            seen.in_state[process.name, str(taken.source[0])] += sum(found)
    edges: Counter[str] = Counter()
    for passage, often in seen.passages.items():
        for edge in ways.edges(passage):
            edges[edge] += often
    edges.update(seen.ends)
    span = max(1, model.until_us - model.since_us)
    nodes_found = {
        node.key: figure
        for node in ways.graph.nodes
        if (figure := _node(node, seen, span)) is not None
    }
    silent = _silent(ways, seen.processes)
    return Figures(nodes_found, _edges(ways, edges, silent), silent=silent)


def _silent(ways: Ways, processes: Collection[str]) -> frozenset[str]:
    """The stages in which nothing belongs to a process that was simulated."""
    told = {
        node.stage
        for node in ways.graph.nodes
        if {node.key.partition(".")[0], *(process for process, _state in node.waits)}
        & set(processes)
    }
    return frozenset(node.stage for node in ways.graph.nodes) - told


def _add(seen: _Seen, ways: Ways, case: Case, often: int, ends: tuple[_End, ...]) -> None:
    entered: dict[tuple[str, int], int] = {}
    for number, event in enumerate(case.events):
        seen.processes.add(event.thing[0])
        seen.passages[_passage(ways, case, number)] += often
        if not event.pool and event.source and event.thing in entered:
            _dwelt(seen, ways, event, event.at - entered[event.thing], often)
        if event.source != event.target:
            entered[event.thing] = event.at
        for end in ends:
            if end.is_one(event) and not end.went_on(case, number):
                seen.ends.update(dict.fromkeys(end.keys, often))


def _dwelt(seen: _Seen, ways: Ways, event: Did, waited: int, often: int) -> None:
    for node in ways.nodes_of(event.step, event.cause)[:1]:
        seen.dwelt[node.key][waited] += often
    if event.source != event.target:
        seen.in_state[event.thing[0], event.source] += waited * often


def _passage(ways: Ways, case: Case, number: int) -> Passage:
    event = case.events[number]
    plain = Passage(event.step, event.before, event.cause)
    entries = ways.undecided(plain)
    if not entries:
        return plain
    names = {counted(ways, key)[0] for key in entries if key}
    for before in range(number - 1, -1, -1):
        other = case.events[before]
        if other.step in names:
            return Passage(event.step, event.before, event.cause, f"{other.step}|{other.cause}")
    return Passage(event.step, event.before, event.cause, NOT_SEEN)


@dataclass(frozen=True, slots=True)
class _End:
    """An end of the drawing: the step that comes to it, and those that would have led on."""

    keys: tuple[str, ...]
    step: str
    causes: frozenset[str]
    instead: frozenset[str]

    def is_one(self, event: Did) -> bool:
        return event.step == self.step and (not self.causes or event.cause in self.causes)

    def went_on(self, case: Case, number: int) -> bool:
        event = case.events[number]
        set_off = {event.step, event.cause}
        return any(
            later.step in self.instead and later.cause in set_off
            for later in case.events[number + 1 :]
        )


def _ends(ways: Ways) -> Iterator[_End]:
    for edge, entries, instead in ways.ends():
        for entry in entries:
            step, causes = counted(ways, entry)
            keys = dict.fromkeys([edge.key, *([f"{entry}>{edge.source}"] if instead else [])])
            yield _End(
                tuple(keys),
                step,
                frozenset(causes),
                frozenset(counted(ways, key)[0] for key in instead),
            )


def _node(node: Node, seen: _Seen, span: int) -> NodeFigure | None:
    dwelt = seen.dwelt.get(node.key)
    mean = sum(seen.in_state[pair] for pair in node.waits if _counts(*pair)) / span
    if not dwelt and not node.waits:
        return None
    p50, p95 = _part(dwelt, 0.5), _part(dwelt, 0.95)
    return NodeFigure(waiting=round(mean), p50_us=p50, p95_us=p95, level=_level(node, seen))


def _counts(process: str, state: str) -> bool:
    return state not in resting(flow()[process])


def _level(node: Node, seen: _Seen) -> Level:
    """By the dwell of the steps that leave the states which wait here."""
    worst = Level.OK
    for process, state in node.waits:
        within = allowed(process, state)
        if within is None:
            continue
        found: Counter[int] = Counter()
        for step in flow()[process].steps_from(state):
            if step.target != state:
                found.update(seen.dwelt.get(f"{process}.{step.name}", {}))
        most = within.total_seconds() * 1_000_000
        if (_part(found, 0.5) or 0) > most:
            return Level.LATE
        if (_part(found, 0.95) or 0) > most:
            worst = Level.WARN
    return worst


def _part(found: Mapping[int, int] | None, part: float) -> int | None:
    if not found:
        return None
    wanted = part * sum(found.values())
    for value in sorted(found):
        wanted -= found[value]
        if wanted <= 0:
            return value
    return max(found)


def _edges(ways: Ways, counts: Mapping[str, int], silent: Collection[str]) -> dict[str, EdgeFigure]:
    diamonds = {
        node.key for node in ways.graph.nodes if node.shape in (Shape.EXCLUSIVE, Shape.EVENT_BASED)
    }
    stages = {node.key: node.stage for node in ways.graph.nodes}
    total: Counter[str] = Counter()
    for edge in ways.graph.edges:
        total[edge.source] += counts.get(edge.key, 0)
    return {
        edge.key: EdgeFigure(
            counts.get(edge.key, 0),
            counts.get(edge.key, 0) / total[edge.source]
            if edge.source in diamonds and total[edge.source]
            else None,
        )
        for edge in ways.graph.edges
        if counts.get(edge.key, 0) or stages[edge.source] not in silent
    }
