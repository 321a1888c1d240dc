"""The warehouse and the desk at work: a process that takes the next step of some order for ever.

`python -m tests.faults.hands prepare|work|rest SEED`, on the database of `DATABASE_URL`. It goes
through the services as pages do, and may be killed at any moment.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import django
from django.db import OperationalError, connection

django.setup()

from shangliu.cli.worker import addresses  # noqa: E402 - models need what is set up above
from shangliu.config.env import ENV  # noqa: E402
from shangliu.domain.aftersales.models import AfterSale  # noqa: E402
from shangliu.domain.fulfilment.models import FulfilmentTask  # noqa: E402
from shangliu.domain.inventory import services as inventory  # noqa: E402
from shangliu.domain.orders.models import Order  # noqa: E402
from shangliu.flow import steps  # noqa: E402
from shangliu.flow.fulfilment.effects import Scans, Wave, Weight  # noqa: E402
from shangliu.flow.outbox import handlers  # noqa: E402
from shangliu.flow.timers import run_due  # noqa: E402
from shangliu.platform import clock  # noqa: E402
from shangliu.platform.errors import Refused  # noqa: E402
from shangliu.platform.models import Outbox  # noqa: E402
from shangliu.platform.outbox import drain_all  # noqa: E402
from shangliu.process.engine import Conflict  # noqa: E402
from shangliu.process.models import Stateful  # noqa: E402
from shangliu.process.roles import STAFF  # noqa: E402
from tests.insight.world import open_shop  # noqa: E402

ROLES = frozenset(STAFF)
PIECES = 30  # a little more of one thing than is wanted at once, so that it sells out at times


def prepare() -> None:
    """Things to buy: plenty of one, few of another. Prints what a buyer needs to know."""
    shop = open_shop()
    for house in (shop.near, shop.far):
        inventory.receive(
            variant_id=shop.tea.pk,
            warehouse_id=house.pk,
            quantity=20_000,
            document="opening",
            actor="harness",
        )
    for stock in shop.cup.stocks.order_by("id"):
        inventory.move(
            inventory.Move.ADJUST,
            [inventory.Units(stock.pk, PIECES - stock.on_hand)],
            document="opening",
            actor="harness",
            why="few",
        )
    print(json.dumps({"variants": [shop.tea.pk, shop.cup.pk]}))


def work(seed: int) -> None:
    """One step of one object after the other. Ends with the database."""
    chance = random.Random(seed)
    done: Counter[str] = Counter()
    while True:
        job = chance.choice(_JOBS)
        with suppress(Refused, Conflict):
            done[job.__name__] += job(chance)
        time.sleep(0.01)


def rest(hours: int) -> None:
    """Ring every timer as if `hours` had passed, and deliver every letter now: a receiver takes
    none that says it is from tomorrow."""
    for _ in range(20):
        with clock.ahead(timedelta(hours=hours)):
            tried = run_due()
        waiting = Outbox.objects.filter(done_at__isnull=True, dead_at__isnull=True)
        waiting.update(due_at=clock.now())
        if not tried and not drain_all(handlers(addresses(ENV)), rounds=100):
            break


def _one(chance: random.Random, model: type[Stateful], *states: str) -> Stateful | None:
    found = model._default_manager.filter(state__in=states)
    number = found.count()
    return found.order_by("id")[chance.randrange(number)] if number else None


def _take(name: str, one: Stateful, data: object = None) -> int:
    steps.take(name, one, actor="cangku", roles=ROLES, data=data)
    return 1


def approve(chance: random.Random) -> int:
    order = _one(chance, Order, "awaiting_review")
    if order is None:
        return 0
    return _take("order.approve", order)


def answer_case(chance: random.Random) -> int:
    case = _one(chance, AfterSale, "applied")
    return _take("aftersale.approve", case) if case is not None else 0


def next_of_task(chance: random.Random) -> int:
    task = _one(chance, FulfilmentTask, chance.choice(tuple(_NEXT)))
    if not isinstance(task, FulfilmentTask):
        return 0
    name, asked = _NEXT[task.state]
    return _take(f"fulfilment.{name}", task, asked(task))


def _scans(task: FulfilmentTask) -> Scans:
    return Scans(counts={line.order_line.sku: line.quantity for line in task.lines.all()})


_NEXT: dict[str, tuple[str, Callable[[FulfilmentTask], object]]] = {
    "created": ("wave", lambda _: Wave(wave="W1")),
    "in_wave": ("start_pick", lambda _: None),
    "picking": ("pick", _scans),
    "picked": ("pack", lambda _: None),
    "packed": ("weigh", lambda task: Weight(grams=task.expected_g)),
    "weighed": ("hand_over", lambda _: None),
}
_JOBS = (approve, answer_case, next_of_task, next_of_task, next_of_task, next_of_task)


def main() -> None:
    action, number = sys.argv[1], int(sys.argv[2])
    try:
        if action == "prepare":
            prepare()
        elif action == "work":
            work(number)
        else:
            rest(number)
    except OperationalError as lost:
        connection.close()
        raise SystemExit(f"no database: {lost}") from lost


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shangliu.config.settings")
    main()
