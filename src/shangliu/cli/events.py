"""`shangliu events`: the months of the event log, and writing old ones to files."""

from __future__ import annotations

import argparse
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from shangliu.flow.drawing import graph
from shangliu.insight.archive import archive, months
from shangliu.insight.figures import ways_of
from shangliu.insight.mining.exports import WRITERS, export
from shangliu.insight.rollup import differing, seal
from shangliu.platform import clock
from shangliu.platform.env import Env
from shangliu.platform.errors import Refused


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("events", help="事件日志 / the event log")
    actions = parser.add_subparsers(required=True)
    listing = actions.add_parser("months", help="列出各月 / list the months")
    listing.set_defaults(run=_months)
    archiving = actions.add_parser("archive", help="归档旧月份 / write old months to files")
    archiving.add_argument("month", nargs="+", metavar="YYYY-MM")
    archiving.set_defaults(run=_archive)
    exporting = actions.add_parser("export", help="导出日志 / export the log")
    exporting.add_argument("--format", choices=sorted(WRITERS), default="csv")
    exporting.add_argument("--days", type=int, default=30, help="最近几天 / the last days")
    exporting.add_argument("--output", type=Path, required=True)
    exporting.set_defaults(run=_export)
    verifying = actions.add_parser("verify", help="核对汇总 / compare sums with the log")
    verifying.add_argument("--hours", type=int, default=24)
    verifying.set_defaults(run=_verify)


def _months(env: Env, args: argparse.Namespace) -> int:
    for month in months():
        print(f"{month.name}: {month.rows:,} 条事件 / events")
    for file in sorted(settings.EVENT_ARCHIVE.glob("*.parquet")):
        print(f"{file.stem}: 已归档 / archived, {file.stat().st_size:,} B")
    return 0


def _archive(env: Env, args: argparse.Namespace) -> int:
    known = {month.name: month for month in months()}
    for name in args.month:
        if name not in known:
            print(f"{name}: 数据库中没有这个月 / not in the database")
            return 1
        try:
            file = archive(known[name], settings.EVENT_ARCHIVE)
        except Refused as refused:
            print("\n".join(f"{reason.zh} / {reason.en}" for reason in refused.reasons))
            return 1
        print(f"{name}: {known[name].rows:,} 条事件已写入 / events written to {file}")
    return 0


def _export(env: Env, args: argparse.Namespace) -> int:
    since = clock.now() - timedelta(days=args.days)
    count = export(args.format, args.output, since, clock.now())
    print(f"{count:,} 条事件已写入 / events written to {args.output}")
    return 0


def _verify(env: Env, args: argparse.Namespace) -> int:
    ways = ways_of(graph())
    seal(ways)
    wrong = differing(ways, hours=args.hours)
    for hour in wrong:
        print(f"{hour:%Y-%m-%d %H:%M} UTC: 汇总与日志不一致 / the sums differ from the log")
    if not wrong:
        print("汇总与日志一致 / the sums equal the log")
    return 1 if wrong else 0
