"""`shangliu reconcile`: fetch the gateways' statements of a day and match them with the books."""

from __future__ import annotations

import argparse
from datetime import date, timedelta

from shangliu.domain.payments.provider import ProviderError
from shangliu.domain.reconciliation.models import Difference
from shangliu.domain.reconciliation.states import DifferenceState
from shangliu.flow.reconciliation import services
from shangliu.platform import clock
from shangliu.platform.env import Env


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("reconcile", help="对账 / reconcile a day")
    parser.add_argument("--day", type=date.fromisoformat, help="YYYY-MM-DD，默认昨天 / yesterday")
    parser.add_argument("--provider", choices=services.gateways(), help="默认全部 / all")
    parser.set_defaults(run=run)


def run(env: Env, args: argparse.Namespace) -> int:
    day = args.day or clock.local(clock.now()).date() - timedelta(days=1)
    status = 0
    for code in [args.provider] if args.provider else services.gateways():
        try:
            bill = services.reconcile(code, day, actor="shangliu reconcile")
        except ProviderError as failed:
            print(f"{code} {day}: 账单还不能下载 / not ready: {failed}")
            status = 1
            continue
        found = Difference.objects.filter(bill=bill, state=DifferenceState.FOUND).order_by("id")
        print(f"{code} {day}: {bill.matched} 行一致，{len(found)} 处差异 / differences")
        for one in found:
            kind = services.words(one.kind)
            print(
                f"  {one.refund_number or one.payment_number}: {kind.label.zh} / {kind.label.en},"
                f" 本店 ours {one.ours_fen}, 对方 theirs {one.theirs_fen}"
            )
        status = status or int(bool(found))
    return status
