"""What was learned from the log: whole cases that can be run again, and the people who did them.

A case is kept as it was seen, as a tree: each event hangs on the event that let it happen, so when
something earlier comes later, all that follows comes later too. Moments are microseconds since the
case began; a moment of its own is the difference between an event and its parent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shangliu.process.definition import Flow, Process
from shangliu.process.roles import STAFF, Role

HOUR = 3_600_000_000
DAY = 24 * HOUR
WEEK_HOURS = 168
BEGINS = "order.place"  # a purchase becomes a case here; visits and carts are cases of their own


@dataclass(frozen=True, slots=True)
class Did:
    """One event. `thing` is its process and the how-manieth object of it in the case.

    `pool` is the staff role that took it ("" for all others), `work` the time a person was busy
    with it. `beyond` is what it took besides queue and work; it may be negative where people were
    quicker than the model of their pool.
    """

    step: str
    at: int
    parent: int
    thing: tuple[str, int]
    source: str
    target: str
    before: str = ""
    cause: str = ""
    pool: str = ""
    work: int = 0
    beyond: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """`begun_us` since 1970; `open`: its purchase was still under way when the log was read."""

    number: str
    begun_us: int
    total_fen: int
    events: tuple[Did, ...]
    open: bool = False


@dataclass(frozen=True, slots=True)
class Calendar:
    """How many people of a pool are there, by hour of the week (Monday 0:00 first, shop time)."""

    heads: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.heads) != WEEK_HOURS:
            raise ValueError("a calendar has 168 hours")

    @property
    def peak(self) -> int:
        return max(self.heads)

    @property
    def hours(self) -> int:
        """Hours of work paid in a week."""
        return sum(self.heads)

    @property
    def span(self) -> tuple[int, int]:
        """From which hour of the day until which somebody is there; (0, 0) for never."""
        busy = [hour % 24 for hour, heads in enumerate(self.heads) if heads]
        return (min(busy), max(busy) + 1) if busy else (0, 0)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A timer as the log shows it: `step` rings `policy` after `anchor` on the same object.

    `rate` is how often in a microsecond another way out was taken shortly before it rang, of those
    that were still there; a third of its time earlier it was that divided by `fade`.
    """

    step: str
    anchor: str
    policy: str
    rate: float
    fade: float = 1.0


@dataclass(frozen=True)
class Model:
    """Cases that began in [since_us, until_us), with those still open led to an end (`ended`)."""

    since_us: int
    until_us: int
    read_us: int
    cases: tuple[Case, ...]
    ended: tuple[Case, ...]
    calendars: Mapping[str, Calendar]
    deadlines: tuple[Deadline, ...]
    values: Mapping[str, int]
    seconds: float = 0.0

    @property
    def days(self) -> float:
        return (self.until_us - self.since_us) / DAY


@dataclass(frozen=True)
class Words:
    """What the definition says about the purchase: read once, nothing of it is repeated here."""

    root: Process[Any]
    milestones: tuple[str, ...]
    received: str
    shipped: frozenset[str]
    resting: frozenset[str]


def words(flow: Flow) -> Words:
    """The steps by which a purchase is followed. Received: the last step of the main way that the
    system takes on the order, as the buyer's own confirmation may take a week."""
    root, begins = flow.step(BEGINS)
    main = [step for step in root.steps if step.main and step is not begins]
    system = [step for step in main if step.by == frozenset({Role.SYSTEM})]
    resting = {state for state, said in root.states.items() if said.rests} | set(root.terminal)
    return Words(
        root,
        tuple(f"{root.name}.{step.name}" for step in main),
        f"{root.name}.{system[-1].name}",
        frozenset(hand_overs(flow)),
        frozenset(str(state) for state in resting),
    )


def hand_overs(flow: Flow) -> Sequence[str]:
    """Steps by which staff give goods away on the main way: what a carrier's pick-up limits."""
    return [
        name
        for name, process, step in flow.steps()
        if step.main and step.by <= STAFF and str(step.target) in map(str, process.terminal)
    ]
