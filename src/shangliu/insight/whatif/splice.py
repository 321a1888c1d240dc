"""Put the end of one case to the beginning of another: what would have happened otherwise is taken
from purchases to which it did happen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random

from shangliu.insight.whatif.model import HOUR, Case, Did, words
from shangliu.process.running import flow

GRACE = HOUR // 30  # what happened so shortly before a turn belongs to it
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Place:
    """An event of a case, by its number, and the one that its own moment counts from."""

    case: Case
    turn: int
    since: int

    @property
    def first(self) -> int:
        """The first event that belongs to the turn."""
        events = self.case.events
        begins = events[self.turn].at - GRACE
        return next(
            number
            for number in range(min(self.since + 1, self.turn), self.turn + 1)
            if events[number].at >= begins
        )


def spliced(case: Case, keep: Sequence[int], since: int, end: Place, at: int) -> Case:
    """The events `keep` of a case, then all of `end` from its turn on, the turn being at `at`.

    What hung on an event that is not taken along hangs on the event `since`.
    """
    numbers = {old: new for new, old in enumerate(keep)}
    events = [
        replace(case.events[old], parent=numbers.get(case.events[old].parent, -1)) for old in keep
    ]
    anchor = numbers[since]
    moved = at - end.case.events[end.turn].at
    mapped: dict[int, int] = {}
    own = case is end.case
    for number in range(end.first, len(end.case.events)):
        event = end.case.events[number]
        moment = event.at + moved
        parent = mapped.get(event.parent, numbers.get(event.parent, anchor) if own else anchor)
        if events[parent].at > moment:
            parent = anchor
        beyond = event.beyond
        if event.pool and event.parent >= 0:
            longer = moment - events[parent].at
            beyond += longer - (event.at - end.case.events[event.parent].at)
        mapped[number] = len(events)
        events.append(
            replace(event, at=max(moment, events[parent].at), parent=parent, beyond=beyond)
        )
    return replace(case, events=tuple(events), open=case.open and own)


def until(case: Case, moment: int, before: int) -> list[int]:
    """The events up to a moment and before one of them, with all that they hang on."""
    return [number for number in range(before) if case.events[number].at < moment]


def ended(cases: Sequence[Case], now_us: int, random: Random) -> Iterator[Case]:
    """All cases; those still under way get the end of one that had come as far and stayed there at
    least as long. Where there is none they stay as they are."""
    entries = _entries(case for case in cases if not case.open)
    for case in cases:
        yield _ended(case, now_us, entries, random) if case.open else case


def _entries(cases: Iterator[Case]) -> Mapping[str, list[tuple[Case, int, int]]]:
    """By the order's step into a state: the case, the step's number and when it was left."""
    root = words(flow()).root.name
    found: dict[str, list[tuple[Case, int, int]]] = defaultdict(list)
    for case in cases:
        own = [number for number, event in enumerate(case.events) if event.thing[0] == root]
        for number, then in pairwise(own):
            if case.events[number].thing == case.events[then].thing:
                found[case.events[number].step].append((case, number, case.events[then].at))
    return found


def _ended(
    case: Case, now_us: int, entries: Mapping[str, list[tuple[Case, int, int]]], random: Random
) -> Case:
    root = words(flow()).root.name
    last = max(
        (number for number, event in enumerate(case.events) if event.thing[0] == root), default=0
    )
    event = case.events[last]
    waited = now_us - case.begun_us - event.at
    known = entries.get(event.step, [])
    for donor, number, left in random.sample(known, min(_TRIES, len(known))):
        entered = donor.events[number].at
        if left - entered > waited:
            return _carried_on(case, last, donor, number, waited)
    return case


def _carried_on(case: Case, last: int, donor: Case, number: int, waited: int) -> Case:
    """All that happened to the donor later after the same step than this case has come."""
    then = donor.events[number].at + waited
    later = next(
        (one for one in range(number + 1, len(donor.events)) if donor.events[one].at > then), None
    )
    if later is None:
        return case
    at = case.events[last].at + donor.events[later].at - donor.events[number].at
    place = Place(donor, later, later - 1)
    whole = spliced(case, range(len(case.events)), last, place, at)
    return replace(whole, open=False)


def stopped(case: Case, keep: Sequence[int], since: int, event: Did) -> Case:
    """The events `keep`, then one more, where no case shows what comes after it."""
    numbers = {old: new for new, old in enumerate(keep)}
    events = [
        replace(case.events[old], parent=numbers.get(case.events[old].parent, -1)) for old in keep
    ]
    return replace(case, events=(*events, replace(event, parent=numbers[since])))
