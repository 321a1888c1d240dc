"""A scenario on a model: prepared once, run with as many seeds as somebody waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from random import Random

from shangliu.insight.whatif.engine import (
    Run,
    Setting,
    Template,
    arrivals,
    compiled,
    run,
)
from shangliu.insight.whatif.model import DAY, HOUR, Calendar, Case, Model, words
from shangliu.insight.whatif.rewrite import Rules
from shangliu.insight.whatif.scenario import Scenario, Shift
from shangliu.process.running import flow

MOST_ORDERS = 60_000
_VARIANTS = 3  # ends drawn for a purchase that the new rules may touch, for each seed


@dataclass(frozen=True)
class Goods:
    """`shelf`: pieces that may be sold now, by article; `wanted`: articles and pieces of a case."""

    shelf: Mapping[str, int] = field(default_factory=dict)
    wanted: Mapping[str, Sequence[tuple[str, int]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """`thinned`: every so manieth purchase stands for all, as there would be too many to run."""

    model: Model
    scenario: Scenario
    goods: Goods = field(default_factory=Goods)

    @cached_property
    def setting(self) -> Setting:
        said = words(flow())
        return Setting(
            calendars=calendars(self.model.calendars, self.scenario),
            work={pool: percent / 100 for pool, percent in self.scenario.work.items()},
            pickups=self.scenario.pickups,
            marks=said.milestones,
            gates=said.shipped,
            shelf=self.goods.shelf,
            wanted=self.goods.wanted,
        )

    @cached_property
    def rules(self) -> Rules:
        return Rules(self.model, self.scenario.policies)

    @cached_property
    def _plain(self) -> list[Template]:
        return [self._ready(case) for case in self.model.ended]

    @cached_property
    def _touched(self) -> frozenset[int]:
        return frozenset(
            number for number, case in enumerate(self.model.ended) if self.rules.touches(case)
        )

    def seed(self, seed: int) -> Run:
        """One run. The same seed gives the same run."""
        random = Random(seed)
        chosen = self._chosen(random)
        known: dict[tuple[int, int], Template] = {}
        coming: list[Template] = []
        for number in chosen:
            if number not in self._touched:
                coming.append(self._plain[number])
                continue
            mark = (number, random.randrange(_VARIANTS))
            if mark not in known:
                known[mark] = self._ready(self.rules.apply(self.model.ended[number], random))
            coming.append(known[mark])
        return run(arrivals(coming, range(len(coming)), random), self.setting)

    @property
    def orders(self) -> int:
        """How many purchases a run has."""
        return sum(self._weight(case) for case in self.model.ended) // 100

    def _chosen(self, random: Random) -> list[int]:
        """As many purchases as are to come, drawn from those that came, with replacement."""
        many = len(self.model.ended)
        weights = [self._weight(case) for case in self.model.ended]
        return random.choices(range(many), weights=weights, k=min(self.orders, MOST_ORDERS))

    def _weight(self, case: Case) -> int:
        day = (case.begun_us - self.model.since_us) // DAY + 1
        return self.scenario.volume if self.scenario.sale_day in (0, day) else 100

    def _ready(self, case: Case) -> Template:
        sold, freed = fate(case)
        return compiled(case, self.setting, sold=sold, freed=freed)


def fate(case: Case) -> tuple[bool, int | None]:
    """Whether the purchase was paid for or taken on, and when its goods came free if it was not:
    its order left the states that it can begin in for one in which it does not rest."""
    said = words(flow())
    begins = {str(state) for state in said.root.initial} | said.resting
    freed = None
    for event in case.events:
        if event.thing[0] != said.root.name or not event.source or event.source == event.target:
            continue
        if event.source in begins and event.target not in begins:
            return True, None
        if event.target in said.resting:
            freed = event.at
    return False, freed


def calendars(known: Mapping[str, Calendar], scenario: Scenario) -> dict[str, Calendar]:
    """Everybody's hours under the scenario."""
    return {
        pool: _calendar(calendar, scenario.heads.get(pool), scenario.shifts.get(pool))
        for pool, calendar in known.items()
    }


def _calendar(calendar: Calendar, heads: int | None, shift: Shift | None) -> Calendar:
    most = calendar.peak if heads is None else heads
    if shift is None:
        peak = max(1, calendar.peak)
        return Calendar(tuple(-(-one * most // peak) for one in calendar.heads))
    return Calendar(
        tuple(
            most
            if shift.first <= hour % 24 < shift.last and (shift.weekends or hour < 5 * 24)
            else 0
            for hour in range(len(calendar.heads))
        )
    )


def staff_hours(prepared: Prepared) -> float:
    """Hours of work paid in the period."""
    weeks = prepared.model.days / 7
    return sum(calendar.hours for calendar in prepared.setting.calendars.values()) * weeks


def hours(microseconds: float) -> float:
    return microseconds / HOUR
