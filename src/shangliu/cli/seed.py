"""`shangliu seed`: the demo shop with people, stock and two weeks of history.

History is made, not written: every purchase goes through the services and the engine, with the
clock moved back and stand-ins for the outside world, so whatever reads the log finds the truth.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from shangliu.cli.demo import history, people, shop
from shangliu.domain.catalog.models import Product
from shangliu.platform import clock
from shangliu.platform.env import Env
from shangliu.platform.models import Heartbeat

DAYS = 14
ORDERS_PER_DAY = 32
ACCOUNTS_LINE = f"{' '.join(people.FIRST_LOGINS)}  密码 / password: {people.PASSWORD}"

_MARK = "seeding"  # stands in the database while the demo shop is made: see `_clean_start`

Tell = Callable[[str], None]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("seed", help="建演示店铺 / make the demo shop")
    parser.add_argument("--days", type=int, default=DAYS, help="历史天数 / days of history")
    parser.add_argument(
        "--orders-per-day", type=int, default=ORDERS_PER_DAY, help="每日订单 / orders a day"
    )
    parser.set_defaults(run=run)


def run(env: Env, args: argparse.Namespace) -> int:
    """Make the demo shop in an empty database; refuses where goods are on the shelf."""
    _clean_start(print)
    if Product.objects.exists():
        print("已有商品，不建演示店铺 / there are products already; nothing was done")
        return 1
    make(env.data_dir / "media", print, days=args.days, orders_per_day=args.orders_per_day)
    return 0


def run_if_empty(env: Env, tell: Tell) -> None:
    """At the first start. What an interrupted start has left is cleared away first."""
    _clean_start(tell)
    if not Product.objects.exists():
        make(env.data_dir / "media", tell)


def make(
    media: Path | None,
    tell: Tell,
    *,
    days: int = DAYS,
    orders_per_day: int = ORDERS_PER_DAY,
    dice: int = 20,
) -> history.Made:
    """Make it all; `dice` decides what happens, `media` None leaves the pictures out."""
    began = time.monotonic()
    end = clock.now()
    Heartbeat.objects.create(name=_MARK, beat_at=end)
    with _in_a_hurry():
        if media is not None:
            shop.draw_pictures(media, tell)
        made = history.make(end=end, days=days, orders_per_day=orders_per_day, dice=dice, tell=tell)
    Heartbeat.objects.filter(name=_MARK).delete()
    tell(
        f"演示店铺已就绪，用时 {time.monotonic() - began:.0f} 秒："
        f"{made.orders} 笔订单，{made.events} 个事件 / "
        f"demo shop: {made.orders} orders, {made.events} events"
    )
    return made


def _clean_start(tell: Tell) -> None:
    """A mark that is still there means that the making was interrupted; the database held nothing
    when it began, so it is emptied."""
    if Heartbeat.objects.filter(name=_MARK).exists():
        tell("上次建演示店铺时中断，重新开始 / the last attempt was interrupted, starting over")
        call_command("flush", interactive=False, verbosity=0)


@contextmanager
def _in_a_hurry() -> Iterator[None]:
    """Commits of this session do not wait for the disk; the last one after it does, for all."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET synchronous_commit")
