"""What every story of the demo shop's history may use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random

from shangliu.cli.demo.behaviour import Visits
from shangliu.cli.demo.outside import Outside
from shangliu.cli.demo.people import Buyer, Crew
from shangliu.cli.demo.plans import Plan
from shangliu.cli.demo.shop import Stall
from shangliu.cli.demo.stage import Stage
from shangliu.flow import steps
from shangliu.platform import clock
from shangliu.process.models import Stateful
from shangliu.process.roles import Role

_OPENS, _CLOSES = 9, 19


@dataclass(frozen=True)
class World:
    rng: Random
    stage: Stage
    outside: Outside
    visits: Visits
    stall: Stall
    crew: Crew
    buyers: tuple[Buyer, ...]
    busy: set[int] = field(default_factory=set)

    @contextmanager
    def visitor(self, plan: Plan) -> Iterator[Buyer | None]:
        """Who comes: None for a guest, else a buyer who is not in the shop already."""
        if plan.guest:
            yield None
            return
        buyer = self.rng.choice([one for one in self.buyers if one.user_id not in self.busy])
        self.busy.add(buyer.user_id)
        try:
            yield buyer
        finally:
            self.busy.discard(buyer.user_id)

    def seconds(self, least: float, most: float) -> datetime:
        """A moment so many seconds from now."""
        return clock.now() + timedelta(seconds=self.rng.uniform(least, most))

    def minutes(self, least: float, most: float) -> datetime:
        return self.seconds(least * 60, most * 60)

    def hours(self, least: float, most: float) -> datetime:
        return self.seconds(least * 3600, most * 3600)

    def at_work(self, moment: datetime, plan: Plan) -> datetime:
        """The moment, or the next opening of the office if it is closed then."""
        local = clock.local(moment)
        if plan.hasty or _OPENS <= local.hour < _CLOSES:
            return moment
        day = local.date() + timedelta(days=1 if local.hour >= _CLOSES else 0)
        opening = datetime.combine(day, time(_OPENS), clock.SHOP_ZONE)
        return opening + timedelta(minutes=self.rng.uniform(2, 70))

    def next_of(self, times: tuple[tuple[int, int], ...], plan: Plan, *, jitter: float) -> datetime:
        """The next of these times of the day, give or take some seconds."""
        now = clock.local(clock.now())
        if plan.hasty:
            return self.minutes(8, 25)
        found = [
            datetime.combine(now.date() + timedelta(days=day), time(*one), clock.SHOP_ZONE)
            for day in (0, 1)
            for one in times
        ]
        chosen = min(one for one in found if one > now)
        return chosen + timedelta(seconds=self.rng.uniform(0, jitter))

    def staff(self, name: str, one: Stateful, role: Role, data: object = None) -> None:
        """Somebody of the staff takes a step."""
        steps.take(name, one, actor=self.who(role), roles=frozenset({role}), data=data)

    def who(self, role: Role) -> str:
        """One of those who do this; the first does most of it."""
        logins = {
            Role.OPERATIONS: self.crew.operations,
            Role.SERVICE: self.crew.service,
            Role.FINANCE: self.crew.finance,
        }[role]
        return self.rng.choices(logins, range(len(logins), 0, -1))[0]

    def picker(self, house: str) -> str:
        """Who works in that warehouse."""
        codes = [one.code for one in self.stall.houses]
        own = self.crew.warehouse[codes.index(house) % len(self.crew.warehouse)]
        return own if self.rng.random() < 0.85 else self.crew.warehouse[0]


def by_buyer(name: str, one: Stateful, user_id: int | None, data: object = None) -> None:
    """The buyer takes a step on his own."""
    steps.take(name, one, actor=name_of(user_id), roles=frozenset({Role.BUYER}), data=data)


def name_of(user_id: int | None) -> str:
    return f"user:{user_id}" if user_id is not None else "guest"
