"""Other rules for the same purchases: which turn each would have taken.

Who takes another turn goes on as a purchase did that took it by itself, drawn by the seed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random

from shangliu.insight.whatif.deadlines import came_later, leaves, objects, spans, timers
from shangliu.insight.whatif.model import Case, Deadline, Did, Model
from shangliu.insight.whatif.splice import Place, spliced, stopped, until
from shangliu.process.definition import Kind
from shangliu.process.policies import Unit
from shangliu.process.running import flow


@dataclass(frozen=True)
class Rules:
    """What is different about the rules: `values` are the new ones, by policy."""

    model: Model
    values: Mapping[str, int]

    @cached_property
    def changed(self) -> dict[str, int]:
        now = self.model.values
        return {key: value for key, value in self.values.items() if now.get(key) != value}

    @cached_property
    def clocks(self) -> dict[str, tuple[Deadline, ...]]:
        """By timer: all its deadlines, where any of them is of another length now."""
        found: dict[str, list[Deadline]] = defaultdict(list)
        for one in self.model.deadlines:
            found[one.step].append(one)
        return {
            name: tuple(all_of)
            for name, all_of in found.items()
            if any(one.policy in self.changed for one in all_of)
        }

    @cached_property
    def forbidden(self) -> frozenset[str]:
        """Steps that a switch has ruled out."""
        return frozenset(
            name
            for name, _, step in flow().steps()
            if not step.creates
            for policy in step.policies
            if policy.unit is Unit.SWITCH and self.changed.get(policy.key) == 0
        )

    @cached_property
    def limits(self) -> dict[str, tuple[int, int]]:
        """By rule step: the amount up to which it was taken and up to which it would be."""
        return {
            name: (self.model.values[policy.key], self.changed[policy.key])
            for name, _, step in flow().steps()
            if step.kind is Kind.RULE
            for policy in step.policies
            if policy.unit is Unit.FEN and policy.key in self.changed
        }

    @cached_property
    def by_step(self) -> dict[str, list[Place]]:
        """Where each step was taken, and the event that its time counts from."""
        found: dict[str, list[Place]] = defaultdict(list)
        for case in self.model.ended:
            for number, event in enumerate(case.events):
                if event.parent >= 0:
                    found[event.step].append(Place(case, number, _entered(case, number)))
        return found

    @cached_property
    def _found(self) -> dict[tuple[str, str], list[Place]]:
        return {}

    def _kept(self, kind: str, name: str, find: Callable[[], list[Place]]) -> list[Place]:
        mark = (kind, name)
        if mark not in self._found:
            self._found[mark] = find()
        return self._found[mark]

    def siblings(self, name: str) -> list[Place]:
        """Wherever another way out of the states of this step was taken."""

        def find() -> list[Place]:
            process, step = flow().step(name)
            return [
                place
                for other in process.steps
                if other is not step and set(map(str, other.source)) & set(map(str, step.source))
                for place in self.by_step.get(f"{process.name}.{other.name}", [])
            ]

        return self._kept("siblings", name, find)

    def ways_out(self, name: str) -> list[Place]:
        """Those of the siblings that left the state."""

        def left(place: Place) -> bool:
            event = place.case.events[place.turn]
            return event.target != event.source

        return self._kept(
            "out", name, lambda: [place for place in self.siblings(name) if left(place)]
        )

    def instead(self, name: str, cause: str) -> list[Place]:
        """What may come in the place of a step that is refused: what the same cause set off, if
        anything did."""

        def find() -> list[Place]:
            known = self.siblings(name)
            same = [one for one in known if one.case.events[one.turn].cause == cause]
            return same or known

        return self._kept(f"instead {cause}", name, find)

    def touches(self, case: Case) -> bool:
        """Whether the rules make a difference to it, as far as its own course says."""
        return any(self._turn(case, name) is not None for name in self.clocks) or any(
            self._ruling(case, number, name)
            for name in self.ruled
            for number in range(len(case.events))
        )

    @cached_property
    def ruled(self) -> tuple[str, ...]:
        return tuple(sorted(self.forbidden | set(self.limits)))

    def apply(self, case: Case, random: Random) -> Case:
        """The case under the new rules."""
        for name, _, _ in timers():
            if name in self.clocks:
                case = self._timed(case, name, random)
        for name in self.ruled:
            case = self._ruled(case, name, random)
        return case

    def _timed(self, case: Case, name: str, random: Random) -> Case:
        turn = self._turn(case, name)
        return case if turn is None else self._turned(case, *turn, random)

    def _turn(self, case: Case, name: str) -> tuple[int, int, Deadline] | None:
        """The first event that another length of this clock changes, the one that its time counts
        from, and the clock: the ring itself, or what came after the new deadline."""
        process, timer = flow().step(name)
        for life in objects(case, process.name):
            for place, number in enumerate(life):
                event = case.events[number]
                if event.step != name and not leaves(event, timer):
                    continue
                found = self._anchor(case, life[:place], name)
                if found is None or found[1].policy not in self.changed:
                    continue
                since, clock = found
                old, new = self._spans[clock.policy]
                late = new < old and event.at > case.events[since].at + new
                if late or event.step == name:
                    return number, since, clock
        return None

    @cached_property
    def _spans(self) -> dict[str, tuple[int, int]]:
        before = spans(self.model.values)
        return {key: (before[key], span) for key, span in self._new_spans.items()}

    @cached_property
    def _new_spans(self) -> dict[str, int]:
        return spans({**self.model.values, **self.changed})

    def _anchor(self, case: Case, before: Sequence[int], name: str) -> tuple[int, Deadline] | None:
        for number in reversed(before):
            for one in self.clocks[name]:
                if one.anchor == case.events[number].step:
                    return number, one
        return None

    def _turned(self, case: Case, number: int, since: int, clock: Deadline, random: Random) -> Case:
        event = case.events[number]
        old, new = self._spans[clock.policy]
        if event.step != clock.step:
            at = case.events[since].at + new
            return self._too_late(case, number, since, clock.step, at, random)
        later = new - old
        came = came_later(clock, old, random) if later > 0 else None
        if came is not None and came < later:
            return self._in_time(case, number, since, event, event.at + round(came), random)
        turn = Place(case, number, since)
        at = max(event.at + later, case.events[since].at)
        keep = until(case, at, turn.first) if later < 0 else range(turn.first)
        if since not in keep:
            return case
        return spliced(case, keep, since, turn, at)

    def _too_late(
        self, case: Case, number: int, since: int, timer: str, at: int, random: Random
    ) -> Case:
        keep = until(case, at, number)
        if since not in keep:
            return case
        known = self.by_step.get(timer)
        if known:
            return spliced(case, keep, since, random.choice(known), at)
        source = case.events[number]
        step = flow().step(timer)[1]
        rung = Did(timer, at, since, source.thing, source.source, str(step.target), source.before)
        return stopped(case, keep, since, rung)

    def _in_time(
        self, case: Case, number: int, since: int, event: Did, at: int, random: Random
    ) -> Case:
        known = self.ways_out(event.step)
        turn = Place(case, number, since)
        if not known:
            return case
        return spliced(case, range(turn.first), since, random.choice(known), at)

    def _ruled(self, case: Case, name: str, random: Random) -> Case:
        for number in range(len(case.events)):
            if self._ruling(case, number, name):
                event = case.events[number]
                own = event.step == name
                known = self.instead(name, event.cause) if own else self.by_step.get(name, [])
                return self._other_way(case, number, known, random)
        return case

    def _ruling(self, case: Case, number: int, name: str) -> bool:
        """Whether this event would be another: its step is refused now, or the rule that was
        refused in its place is not any more."""
        event = case.events[number]
        if event.step == name:
            return self._is_refused(case, name)
        return name in self.limits and self._is_allowed_now(case, event, name)

    def _is_refused(self, case: Case, name: str) -> bool:
        limit = self.limits.get(name)
        return name in self.forbidden or (limit is not None and case.total_fen > limit[1])

    def _is_allowed_now(self, case: Case, event: Did, name: str) -> bool:
        """Only the amount spoke against it: another rule took its place, and now it would not."""
        old, new = self.limits[name]
        process, step = flow().step(name)
        other = flow().step(event.step)[1] if event.thing[0] == process.name else None
        return (
            other is not None
            and other is not step
            and other.kind is Kind.RULE
            and event.source in {str(one) for one in step.source}
            and old < case.total_fen <= new
            and name not in self.forbidden
        )

    def _other_way(self, case: Case, number: int, known: Sequence[Place], random: Random) -> Case:
        event = case.events[number]
        if not known or event.parent < 0:
            return case
        turn = random.choice(known)
        there = turn.case.events
        wait = there[turn.turn].at - there[turn.since].at
        keep = range(number)
        own = replace(turn, since=turn.turn - 1)
        return spliced(case, keep, event.parent, own, case.events[event.parent].at + wait)


def _entered(case: Case, number: int) -> int:
    """The event by which the object came to where this one found it; else the one it hangs on."""
    event = case.events[number]
    for before in range(number - 1, -1, -1):
        other = case.events[before]
        if other.thing == event.thing and other.target == event.source != other.source:
            return before
    return event.parent
