"""`shangliu seed`: the demo shop with people, stock and two weeks of history.

History is made, not written: every purchase goes through the services and the engine, with the
clock moved back and stand-ins for the outside world, so whatever reads the log finds the truth.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from shangliu.cli.demo import history, people
from shangliu.cli.demo.keepsakes import Keepsakes
from shangliu.cli.demo.pictures.render import render_all
from shangliu.domain.catalog.models import Product
from shangliu.platform import clock
from shangliu.platform.env import Env
from shangliu.platform.models import Heartbeat
from shangliu.providers.carriers import kuaidi100

DAYS = 14
ORDERS_PER_DAY = 25
ACCOUNTS_LINE = f"{' '.join(people.FIRST_LOGINS)}  密码 / password: {people.PASSWORD}"

_MARK = "seeding"  # stands in the database while the demo shop is made: see `clean_start`

Tell = Callable[[str], None]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("seed", help="建演示店铺 / make the demo shop")
    parser.add_argument("--days", type=int, default=DAYS, help="历史天数 / days of history")
    parser.add_argument(
        "--orders-per-day", type=int, default=ORDERS_PER_DAY, help="每日订单 / orders a day"
    )
    parser.set_defaults(run=run)
    pictures = subparsers.add_parser("pictures", help="绘制商品图片 / draw the pictures")
    pictures.set_defaults(run=_draw, needs_database=False)


def run(env: Env, args: argparse.Namespace) -> int:
    """Make the demo shop in an empty database; refuses where goods are on the shelf."""
    clean_start(print)
    if Product.objects.exists():
        print("已有商品，不建演示店铺 / there are products already; nothing was done")
        return 1
    make(
        print,
        days=args.days,
        orders_per_day=args.orders_per_day,
        keepsakes=_keepsakes(env),
    )
    return 0


def run_if_empty(env: Env, tell: Tell) -> None:
    """At the first start. What an interrupted start has left is cleared away first."""
    clean_start(tell)
    if not Product.objects.exists():
        make(tell, keepsakes=_keepsakes(env))


def make(
    tell: Tell,
    *,
    pictures: bool = True,
    days: int = DAYS,
    orders_per_day: int = ORDERS_PER_DAY,
    dice: int = 20,
    keepsakes: Keepsakes | None = None,
) -> history.Made:
    """Make it all; `dice` decides what happens, `pictures` False leaves those out."""
    began = time.monotonic()
    end = clock.now()
    Heartbeat.objects.create(name=_MARK, beat_at=end)
    with _drawing(tell) if pictures else nullcontext(), _in_a_hurry():
        made = history.make(
            end=end,
            days=days,
            orders_per_day=orders_per_day,
            dice=dice,
            tell=tell,
            keepsakes=keepsakes,
        )
    Heartbeat.objects.filter(name=_MARK).delete()
    tell(
        f"演示店铺已就绪，用时 {time.monotonic() - began:.0f} 秒："
        f"{made.orders} 笔订单，{made.events} 个事件 / "
        f"demo shop: {made.orders} orders, {made.events} events"
    )
    return made


def clean_start(tell: Tell) -> None:
    """A mark that is still there means that the making was interrupted; the database held nothing
    when it began, so it is emptied."""
    if Heartbeat.objects.filter(name=_MARK).exists():
        tell("上次建演示店铺时中断，重新开始 / the last attempt was interrupted, starting over")
        call_command("flush", interactive=False, verbosity=0)


def _keepsakes(env: Env) -> Keepsakes | None:
    """For the simulators, where they are started beside the shop."""
    if not env.simulators:
        return None
    return Keepsakes(
        directory=env.data_dir / "sim",
        notify_urls={
            code: env.public_url + reverse("pay_notify", args=(code,))
            for code in ("alipay", "wechat")
        },
        push_url=env.public_url + reverse("carrier_push", args=("kuaidi100",)),
        salt=kuaidi100.Settings.read(os.environ).salt,
    )


def _draw(env: Env, args: argparse.Namespace) -> int:
    media = env.data_dir / "media" / "products"
    media.mkdir(parents=True, exist_ok=True)
    print(f"商品图片 {render_all(media)} 幅 / pictures drawn")
    return 0


@contextmanager
def _drawing(tell: Tell) -> Iterator[None]:
    """The pictures are drawn beside the history, by another core."""
    command = (sys.executable, "-m", "shangliu.config.command", "pictures")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield
        except BaseException:
            child.terminate()
            raise
        said, _ = child.communicate()
    if child.returncode:
        raise SystemExit("商品图片没有画成 / the pictures could not be drawn")
    tell(said.strip())


@contextmanager
def _in_a_hurry() -> Iterator[None]:
    """Commits of this session do not wait for the disk; the last one after it does, for all."""
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    logging.disable(logging.WARNING)  # what goes wrong in the stories is meant to
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        gc.set_threshold(*thresholds)
        gc.unfreeze()
        with connection.cursor() as cursor:
            cursor.execute("RESET synchronous_commit")
