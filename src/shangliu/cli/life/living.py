"""The loop of the demo trade: read the switch, let visitors come, let everybody go on.

All waiting is done by stories in a heap; one thread does everything, so the machine is not busier
than one person clicking. While the switch is off it asks one question a second.
"""

from __future__ import annotations

import heapq
import logging
import math
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from random import Random

import psycopg
from django.db import DatabaseError, OperationalError, close_old_connections, connection

from shangliu.cli.life.buyers import Market, SoldOutError, Story, purchase, stroll
from shangliu.cli.life.hands import Hands
from shangliu.cli.life.outside import AwayError, Simulators
from shangliu.cli.life.removing import Removal
from shangliu.domain.life import services as life
from shangliu.domain.life.models import Mark, Switch
from shangliu.domain.orders.models import Order
from shangliu.domain.orders.states import BEFORE_SHIPMENT, OrderState
from shangliu.platform import clock
from shangliu.platform.errors import Refused

log = logging.getLogger(__name__)

TICK = 0.25
LOOK_EVERY = 1.0
REMIND_EVERY = 20.0  # the carrier, who forgets its orders when it is started again
MOST_OPEN = 80  # orders that the staff have not shipped; with staff idle on purpose
MOST_OPEN_IDLE = 1500
MOST_STORIES = 150
STROLLS = 2.2  # visits that only look, for each that means to buy
# How much of the day's trade each hour has, of 24 even ones; local time of the shop.
_HOURS = (
    *(0.45, 0.25, 0.15, 0.1, 0.1, 0.15, 0.3, 0.55, 0.85, 1.15, 1.4, 1.35),
    *(1.3, 1.15, 1.1, 1.15, 1.2, 1.2, 1.25, 1.45, 1.8, 1.95, 1.6, 1.05),
)


@dataclass
class Life:
    """`seed` decides what every visitor does; in which order things happen is the machine's."""

    shop: str
    outside: Simulators
    seed: int
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._market = Market(self.shop, self.outside)
        self._hands = Hands(self.outside, self.seed)
        self._removal = Removal(self.outside)
        self._rng = Random(self.seed)
        self._stories: list[tuple[float, int, Story]] = []
        self._numbers = count()
        self._switch = Switch(pk=1)
        self._next_buyer = self._next_stroll = 0.0
        self._looked = self._reminded = float("-inf")
        self._told: tuple[bool, bool] | None = None
        self._trouble = ""

    def run(self) -> None:
        """Until stopped. A database that is away is waited for."""
        while not self.stop.is_set():
            try:
                self._turn()
            except (OperationalError, psycopg.OperationalError) as lost:
                log.warning("no database (%s), trying again", lost)
                connection.close()
                self._forget_stories()
                self.stop.wait(1)
            close_old_connections()
            self.stop.wait(TICK if self._switch.on else LOOK_EVERY)
        self._forget_stories()

    def _turn(self) -> None:
        if time.monotonic() - self._looked >= LOOK_EVERY:
            self._look()
        if not self._switch.on:
            return
        self._let_in()
        self._go_on()

    def _look(self) -> None:
        """Once a second: the switch, the staff, and a word to those who watch."""
        self._looked = time.monotonic()
        was, self._switch = self._switch, life.switch()
        if not self._switch.on:
            if was.on:
                self._close_down()
            if self._switch.removing:
                self._remove()
            return
        if not was.on:
            self._next_buyer = self._next_stroll = time.monotonic()
        self._tell_carrier(slow=self._switch.carrier_slow, refuses=self._switch.carrier_refuses)
        done = Counter(self._hands.work(self._switch))
        log.debug("done: %s", dict(done))
        life.beat(made=self._made(), error=self._trouble)
        self._trouble = ""

    def _remove(self) -> None:
        """A second's worth of it; the next look goes on from there."""
        done = self._removal.go_on(until=time.monotonic() + LOOK_EVERY)
        if done:
            life.removed()
            self._removal = Removal(self.outside)
        life.beat(made={}, error=self._removal.trouble)
        self._removal.trouble = ""
        self._looked = float("-inf")

    def _close_down(self) -> None:
        """Switched off: who was about to do something goes home, the carrier works again."""
        self._forget_stories()
        self._tell_carrier(slow=False, refuses=False)
        self._told = None
        life.beat(made=self._made())

    def _made(self) -> dict[str, int]:
        made = dict(self._market.made)
        self._market.made.clear()
        return made

    def _tell_carrier(self, *, slow: bool, refuses: bool) -> None:
        known = self._told == (slow, refuses)
        if known and (
            not any(self._told or ()) or time.monotonic() - self._reminded < REMIND_EVERY
        ):
            return
        self._told, self._reminded = (slow, refuses), time.monotonic()
        try:
            self.outside.carrier_pace(stands_still=slow)
            self.outside.carrier_refuses(refuses=refuses)
        except AwayError as away:
            self._told = None
            self._trouble = str(away)

    def _let_in(self) -> None:
        """New visitors, at random moments that make up the rate."""
        now = time.monotonic()
        pause = 60 / (self._switch.rate * self._shape())
        if now >= self._next_buyer:
            self._next_buyer = max(self._next_buyer, now - pause) + self._wait(pause)
            if self._may_buy():
                self._begin(purchase)
            else:
                self._market.made["missed"] += 1
        if now >= self._next_stroll:
            pause /= STROLLS
            self._next_stroll = max(self._next_stroll, now - pause) + self._wait(pause)
            self._begin(stroll)

    def _shape(self) -> float:
        return _HOURS[clock.local(clock.now()).hour] if self._switch.by_hour else 1.0

    def _wait(self, mean: float) -> float:
        """Visitors know nothing of each other, so the pauses between them are exponential; none is
        so long that the rate looks broken."""
        return min(-mean * math.log(1 - self._rng.random()), mean * 3)

    def _may_buy(self) -> bool:
        """Nobody buys while the staff are far behind, unless they are idle on purpose."""
        marked = Mark.objects.filter(kind=Mark.Kind.CASE).values("key")
        waiting = (*BEFORE_SHIPMENT, OrderState.AWAITING_PAYMENT)
        most = MOST_OPEN_IDLE if self._switch.idle else MOST_OPEN
        return Order.objects.filter(state__in=waiting, case_no__in=marked).count() < most

    def _begin(self, kind: object) -> None:
        if len(self._stories) >= MOST_STORIES:
            self._market.made["missed"] += 1
            return
        rng = Random(self._rng.getrandbits(64))
        make = purchase if kind is purchase else stroll
        story = make(self._market, rng, self._switch)
        heapq.heappush(self._stories, (time.monotonic(), next(self._numbers), story))

    def _go_on(self) -> None:
        """Everybody whose pause is over, but never longer than until the staff must be seen to."""
        end = time.monotonic() + LOOK_EVERY
        while self._stories and self._stories[0][0] <= time.monotonic() < end:
            if self.stop.is_set():
                return
            _, _, story = heapq.heappop(self._stories)
            pause = self._step(story)
            if pause is not None:
                due = time.monotonic() + pause
                heapq.heappush(self._stories, (due, next(self._numbers), story))

    def _step(self, story: Story) -> float | None:
        """One thing that a visitor does; None when that was the last. What goes wrong is told to
        whoever watches, and the visitor leaves."""
        try:
            return next(story, None)
        except (AwayError, SoldOutError, Refused) as why:
            self._trouble = str(why)
        except OperationalError:
            raise
        except DatabaseError as why:
            self._trouble = f"{type(why).__name__}: {why}"
        return None

    def _forget_stories(self) -> None:
        for _, _, story in self._stories:
            story.close()
        self._stories.clear()
