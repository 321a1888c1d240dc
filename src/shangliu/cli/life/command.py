"""`shangliu life`: simulated buyers, staff, gateways and carriers at work on the running shop.

`run` is started by `shangliu up` and waits for the switch; `on` and `off` turn it; `remove` takes
everything away again that the demo trade has made.
"""

from __future__ import annotations

import argparse
import logging
import signal
import threading
import time

from shangliu.cli.life.living import Life
from shangliu.cli.life.outside import Simulators
from shangliu.cli.life.removing import Removal
from shangliu.domain.life import services as life
from shangliu.platform.env import Env
from shangliu.platform.errors import Refused

SEED = 20
_ACTOR = "shangliu life"
_CLOSES = 3  # seconds until the process has seen that it is off


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("life", help="演示生意 / demo trade")
    parser.add_argument("action", choices=("run", "on", "off", "remove"))
    parser.add_argument("--rate", type=int, help="每分钟下单 / orders a minute")
    parser.add_argument("--hurry", type=int, help="快进倍数 / times faster than people")
    parser.add_argument("--seed", type=int, default=SEED, help="随机种子 / what is by chance")
    parser.set_defaults(run=run)


def run(env: Env, args: argparse.Namespace) -> int:
    if not env.simulators:
        raise SystemExit(
            "演示生意只在模拟器运行时可用（SIMULATORS=1）\n"
            "the demo trade needs the simulators (SIMULATORS=1)"
        )
    if args.action == "remove":
        return _remove(env)
    if args.action == "run":
        return _live(env, args.seed)
    chosen = {name: vars(args)[name] for name in ("rate", "hurry") if vars(args)[name]}
    _turn({"on": args.action == "on", **chosen})
    return 0


def turn_on(rate: int) -> None:
    """With so many orders a minute; says why not where it cannot be."""
    try:
        life.turn(actor=_ACTOR, on=True, rate=rate)
    except Refused as refused:
        print("\n".join(f"{one.zh} / {one.en}" for one in refused.reasons))


def _turn(values: dict[str, object]) -> None:
    try:
        row = life.turn(actor=_ACTOR, **values)
    except Refused as refused:
        raise SystemExit("\n".join(f"{one.zh} / {one.en}" for one in refused.reasons)) from None
    if row.on:
        print(f"演示生意已开，每分钟 {row.rate} 单 / demo trade on, {row.rate} orders a minute")
    else:
        print("演示生意已关 / demo trade off")


def _live(env: Env, seed: int) -> int:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    print("ready", flush=True)
    Life(f"http://{env.reached_at}:{env.port}", Simulators(env), seed, stop).run()
    return 0


def _remove(env: Env) -> int:
    if life.switch().on:
        life.turn(actor=_ACTOR, on=False)
        time.sleep(_CLOSES)
    done = Removal(Simulators(env))
    done.go_on(until=float("inf"))
    print(
        f"已移除 {done.cases} 个案例、{done.visits} 次访问 / "
        f"{done.cases} cases and {done.visits} visits removed"
    )
    for case_no, why in done.kept:
        print(f"未移除 / kept {case_no}: {why}")
    return 1 if done.kept else 0
