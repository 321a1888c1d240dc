"""The run: purchases arrive, people take them on in turn, what is left takes its time.

Only people make one purchase wait for another, so only their steps go through the queue of events;
whatever lies between two of them is added up beforehand. A pool takes the first that came; a
person who has begun finishes, also after the end of the shift.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from shangliu.insight.whatif.model import DAY, HOUR, WEEK_HOURS, Calendar, Case, Did

_ZONE = 8 * HOUR  # the shop's clock; it knows no summer time
_MONDAY = 3 * DAY  # 1970 began on a Thursday
_JITTER = HOUR // 2
_NEVER = 10**18


def hour_of_week(moment: int) -> int:
    return (moment + _ZONE + _MONDAY) // HOUR % WEEK_HOURS


class Pool:
    """People who do one thing after another, the first that came first."""

    def __init__(self, calendar: Calendar) -> None:
        self._free: list[tuple[int, int]] = [(-_NEVER, one) for one in range(calendar.peak)]
        self._ahead = [_ahead(calendar, one) for one in range(calendar.peak)]

    def take(self, moment: int, work: int) -> int | None:
        """When somebody begins with what came at `moment`; None where nobody ever works. Must be
        asked in the order of moments."""
        free = self._free
        if not free:
            return None
        while True:
            since, who = free[0]
            start = max(since, moment)
            ahead = self._ahead[who][hour_of_week(start)]
            if not ahead:
                heapq.heapreplace(free, (start + work, who))
                return start
            heapq.heapreplace(free, (start - (start + _ZONE) % HOUR + ahead * HOUR, who))


def _ahead(calendar: Calendar, who: int) -> tuple[int, ...]:
    """For each hour of the week, in how many hours this person is there; 0: is there."""
    heads = calendar.heads
    return tuple(
        next(more for more in range(WEEK_HOURS) if heads[(hour + more) % WEEK_HOURS] > who)
        for hour in range(WEEK_HOURS)
    )


@dataclass(frozen=True, slots=True)
class Task:
    """A person's step within a case: what hangs on it happens so long after it. `gated`: it has to
    wait for the carrier."""

    step: str
    pool: str
    work: int
    beyond: int
    gated: bool
    marks: tuple[tuple[int, int], ...]
    then: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A case ready to run: `first` is what hangs on its beginning, `tasks` what people do.

    `steps` counts all its events, `sold` says whether it was paid for or taken on, `freed` is when
    its goods come free again (None: never).
    """

    case: Case
    first: Task
    tasks: tuple[Task, ...]
    steps: Mapping[str, int]
    sold: bool
    freed: int | None


@dataclass(frozen=True)
class Setting:
    """How the run is to be done. `pickups`: hours of the day at which the carrier comes; `shelf`:
    pieces that may be sold, by article; `wanted`: article and pieces, by case number."""

    calendars: Mapping[str, Calendar]
    work: Mapping[str, float] = field(default_factory=dict)
    pickups: tuple[int, ...] = ()
    marks: tuple[str, ...] = ()
    shelf: Mapping[str, int] = field(default_factory=dict)
    wanted: Mapping[str, Sequence[tuple[str, int]]] = field(default_factory=dict)


@dataclass
class Run:
    """What came of one run. `came` are the moments of the purchases that were served; `reached`
    has, by mark, how long each of them (by its place in `came`) took to it."""

    orders: int = 0
    sold_out: int = 0
    sold: int = 0
    value_fen: int = 0
    came: list[int] = field(default_factory=list)
    steps: Counter[str] = field(default_factory=Counter)
    reached: dict[str, dict[int, int]] = field(default_factory=dict)
    queued: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    dwelt: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    longest: dict[str, int] = field(default_factory=dict)
    undone: int = 0
    worked: Counter[str] = field(default_factory=Counter)
    ran: Counter[int] = field(default_factory=Counter)
    templates: dict[int, Template] = field(default_factory=dict)


def compiled(
    case: Case,
    marked: Sequence[str],
    gates: frozenset[str] = frozenset(),
    *,
    sold: bool = True,
    freed: int | None = None,
) -> Template:
    """The case with everything between two people's steps added up."""
    marks = {name: number for number, name in enumerate(marked)}
    owner: list[tuple[int, int]] = []
    found: list[tuple[list[tuple[int, int]], list[tuple[int, int]]]] = [([], [])]
    kept: list[Did] = []
    for event in case.events:
        where, offset = owner[event.parent] if event.parent >= 0 else (0, 0)
        if not event.pool:
            offset += event.at - (case.events[event.parent].at if event.parent >= 0 else 0)
        else:
            found[where][1].append((len(kept), offset))
            kept.append(event)
            found.append(([], []))
            where, offset = len(kept), 0
        owner.append((where, offset))
        if event.step in marks:
            found[where][0].append((marks[event.step], offset))
    tasks = tuple(
        Task(
            event.step,
            event.pool,
            event.work,
            event.beyond,
            event.step in gates,
            tuple(found[number + 1][0]),
            tuple(found[number + 1][1]),
        )
        for number, event in enumerate(kept)
    )
    first = Task("", "", 0, 0, gated=False, marks=tuple(found[0][0]), then=tuple(found[0][1]))
    steps = Counter(event.step for event in case.events)
    return Template(case, first, tasks, steps, sold, freed)


def run(arrivals: Sequence[tuple[int, Template]], setting: Setting) -> Run:
    """Let the purchases (moment, template; in order of moments) go through."""
    out = Run()
    served = [] if not setting.shelf else list(_served(arrivals, setting, out))
    going = served if setting.shelf else arrivals
    _count(going, out)
    reached: list[dict[int, int]] = [{} for _ in setting.marks]
    heap: list[tuple[int, int, int, int]] = []
    for number, (moment, template) in enumerate(going):
        _after(template.first, moment, number, reached, heap)
    heapq.heapify(heap)
    _work(going, setting, heap, reached, out)
    for number, name in enumerate(setting.marks):
        out.reached[name] = {one: at - going[one][0] for one, at in reached[number].items()}
    return out


def _after(
    task: Task,
    moment: int,
    number: int,
    reached: Sequence[dict[int, int]],
    heap: list[tuple[int, int, int, int]],
) -> None:
    for mark, offset in task.marks:
        reached[mark].setdefault(number, moment + offset)
    for then, offset in task.then:
        heap.append((moment + offset, number, then, 0))


def _work(
    going: Sequence[tuple[int, Template]],
    setting: Setting,
    heap: list[tuple[int, int, int, int]],
    reached: Sequence[dict[int, int]],
    out: Run,
) -> None:
    """The loop. Kept flat: it turns once for every step that a person takes."""
    pools = {name: Pool(calendar) for name, calendar in setting.calendars.items()}
    line: dict[str, list[tuple[int, int]]] = defaultdict(list)
    factors = {name: setting.work.get(name, 1.0) for name in setting.calendars}
    pop, push = heapq.heappop, heapq.heappush
    while heap:
        moment, number, which, _ = pop(heap)
        task = going[number][1].tasks[which]
        work = round(task.work * factors[task.pool])
        start = pools[task.pool].take(moment, work)
        if start is None:
            out.undone += 1
            continue
        out.queued[task.pool].append(start - moment)
        out.worked[task.pool] += work
        line[task.pool].append((moment, start))
        done = max(moment, start + work + task.beyond)
        if task.gated and setting.pickups:
            done = next_pickup(done, setting.pickups)
        out.dwelt[task.step].append(done - moment)
        for mark, offset in task.marks:
            reached[mark].setdefault(number, done + offset)
        for then, offset in task.then:
            push(heap, (done + offset, number, then, 0))
    out.longest = {name: _longest(waits) for name, waits in line.items()}


def next_pickup(moment: int, hours: Sequence[int]) -> int:
    """The first time the carrier comes at or after a moment."""
    midnight = moment - (moment + _ZONE) % DAY
    return min(
        at
        for day in (0, 1)
        for hour in hours
        if (at := midnight + day * DAY + hour * HOUR) >= moment
    )


def arrivals(
    templates: Sequence[Template], chosen: Sequence[int], random: Random
) -> list[tuple[int, Template]]:
    """The chosen cases at about the time at which they came, in order: nights, weekends and days
    of much trade stay where they were."""
    found = []
    for number, one in enumerate(chosen):
        template = templates[one]
        moment = template.case.begun_us + random.randint(-_JITTER, _JITTER)
        found.append((moment, number, template))
    found.sort(key=lambda two: two[:2])
    return [(moment, template) for moment, _, template in found]


def _served(
    coming: Sequence[tuple[int, Template]], setting: Setting, out: Run
) -> list[tuple[int, Template]]:
    """Those for whom there was enough on the shelf. Unpaid goods come back to it in time."""
    left = dict(setting.shelf)
    back: list[tuple[int, str]] = []
    served = []
    for moment, template in coming:
        while back and back[0][0] <= moment:
            _, number = heapq.heappop(back)
            for article, pieces in setting.wanted.get(number, ()):
                left[article] = left.get(article, 0) + pieces
        wanted = setting.wanted.get(template.case.number, ())
        if any(left.get(article, 0) < pieces for article, pieces in wanted):
            out.orders += 1
            out.sold_out += 1
            continue
        for article, pieces in wanted:
            left[article] -= pieces
        if template.freed is not None:
            heapq.heappush(back, (moment + template.freed, template.case.number))
        served.append((moment, template))
    return served


def _count(going: Sequence[tuple[int, Template]], out: Run) -> None:
    out.orders += len(going)
    for moment, template in going:
        out.came.append(moment)
        out.templates[id(template)] = template
        out.ran[id(template)] += 1
    for mark, often in out.ran.items():
        template = out.templates[mark]
        if template.sold:
            out.sold += often
            out.value_fen += often * template.case.total_fen
        for step, count in template.steps.items():
            out.steps[step] += count * often


def _longest(waits: Sequence[tuple[int, int]]) -> int:
    """The most that ever waited at once."""
    turns = sorted(
        [(start, -1) for moment, start in waits if start > moment]
        + [(moment, 1) for moment, start in waits if start > moment]
    )
    most = now = 0
    for _, change in turns:
        now += change
        most = max(most, now)
    return most
