"""The command line: one module a command, each with `add_parser` and `run`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from types import ModuleType

from shangliu.cli import (
    catalogue,
    database,
    events,
    flow,
    health,
    outbox,
    reconcile,
    seed,
    stock,
    up,
    worker,
)
from shangliu.cli.life import command as life
from shangliu.cli.postgres import serve
from shangliu.platform.env import Env

COMMANDS: Sequence[ModuleType] = (
    up,
    worker,
    health,
    database,
    seed,
    life,
    flow,
    events,
    stock,
    outbox,
    reconcile,
)
IMPORTS: Sequence[ModuleType] = (catalogue,)


def run(env: Env, argv: Sequence[str]) -> int:
    """Run one command; gives its exit status."""
    parser = argparse.ArgumentParser(
        prog="shangliu", description="商流：一份流程定义驱动的电商系统 / a shop on one living flow"
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="command")
    for module in COMMANDS:
        module.add_parser(subparsers)
    imports = subparsers.add_parser("import", help="导入 / import").add_subparsers(required=True)
    for module in IMPORTS:
        module.add_parser(imports)
    args = parser.parse_args(list(argv))
    action: Callable[[Env, argparse.Namespace], int] = args.run
    if getattr(args, "needs_database", True):
        serve(env, print)
    return action(env, args)
