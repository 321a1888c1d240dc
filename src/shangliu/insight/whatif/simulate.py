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
from shangliu.insight.whatif.model import DAY, HOUR, Calendar, Case, Model, Words, words
from shangliu.insight.whatif.rewrite import Rules
from shangliu.insight.whatif.scenario import Scenario, Shift
from shangliu.platform.errors import Refused
from shangliu.platform.text import Text
from shangliu.process.running import flow

MOST_ORDERS = 200_000
_VARIANTS = 3  # ends drawn for a purchase that the new rules may touch, for each seed


@dataclass(frozen=True)
class Goods:
    """`shelf`: pieces that may be sold now, by article; `wanted`: articles and pieces of a case."""

    shelf: Mapping[str, int] = field(default_factory=dict)
    wanted: Mapping[str, Sequence[tuple[str, int]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Ground:
    """A model made ready to run; the same for every scenario."""

    model: Model

    @cached_property
    def said(self) -> Words:
        return words(flow())

    @cached_property
    def templates(self) -> list[Template]:
        return [self.ready(case) for case in self.model.ended]

    def ready(self, case: Case) -> Template:
        sold, freed = fate(case, self.said)
        return compiled(case, self.said.milestones, self.said.shipped, sold=sold, freed=freed)


@dataclass(frozen=True)
class Prepared:
    """A scenario ready to run."""

    ground: Ground
    scenario: Scenario
    goods: Goods = field(default_factory=Goods)

    @property
    def model(self) -> Model:
        return self.ground.model

    def __post_init__(self) -> None:
        """Raises `Refused` for more purchases than can be looked at while somebody waits."""
        if self.orders > MOST_ORDERS:
            raise Refused(
                Text(
                    "这样要模拟 {n} 笔订单，一次最多 {most} 笔；请缩短天数或降低订单量",
                    "{n} orders are too many, at most {most} at once; take fewer days or less",
                ).format(n=self.orders, most=MOST_ORDERS)
            )

    @cached_property
    def setting(self) -> Setting:
        return Setting(
            calendars=calendars(self.model.calendars, self.scenario),
            work={pool: percent / 100 for pool, percent in self.scenario.work.items()},
            pickups=self.scenario.pickups,
            marks=self.ground.said.milestones,
            shelf=self.goods.shelf,
            wanted=self.goods.wanted,
        )

    @cached_property
    def rules(self) -> Rules:
        return Rules(self.model, self.scenario.policies)

    @cached_property
    def _touched(self) -> frozenset[int]:
        return frozenset(
            number for number, case in enumerate(self.model.ended) if self.rules.touches(case)
        )

    def seed(self, seed: int) -> Run:
        """One run. The same seed gives the same run."""
        random = Random(seed)  # noqa: S311 - a play, not a secret
        chosen = self._chosen(random)
        known: dict[tuple[int, int], Template] = {}
        coming: list[Template] = []
        for number in chosen:
            if number not in self._touched:
                coming.append(self.ground.templates[number])
                continue
            mark = (number, random.randrange(_VARIANTS))
            if mark not in known:
                case = self.rules.apply(self.model.ended[number], random)
                known[mark] = self.ground.ready(case)
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
        return random.choices(range(many), weights=weights, k=self.orders)

    def _weight(self, case: Case) -> int:
        day = (case.begun_us - self.model.since_us) // DAY + 1
        return self.scenario.volume if self.scenario.sale_day in (0, day) else 100


def fate(case: Case, said: Words) -> tuple[bool, int | None]:
    """Whether the purchase was paid for or taken on, and when its goods came free if it was not:
    its order left the states that it can begin in for one in which it does not rest."""
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


def staff_hours(prepared: Prepared, run: Run) -> float:
    """Hours of work that are paid: those of the shifts in the period, and what had to be worked
    off beyond them, be it after the period."""
    weeks = prepared.model.days / 7
    return sum(
        max(calendar.hours * weeks, run.worked[pool] / HOUR)
        for pool, calendar in prepared.setting.calendars.items()
    )
