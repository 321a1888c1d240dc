"""`shangliu stock verify`: do counters, ledger, reservations and goods on their way agree?

Repairs nothing unless it is told to: `--repair "reason"` writes ADJUST lines into the ledger.
"""

from __future__ import annotations

import argparse

from shangliu.domain.inventory.books import Difference, differences, repair
from shangliu.platform.env import Env
from shangliu.platform.errors import Refused

__all__ = ["add_parser", "differences", "run"]

_LABELS = {
    "on_hand": "在库 on hand",
    "held": "预占 held",
    "committed": "已售待发 committed",
    "damaged": "残次 damaged",
    "in_transit": "在途 in transit",
    "safety": "安全库存 safety",
}
_PROOFS = {
    "held": "预占单 reservations",
    "committed": "预占单 reservations",
    "in_transit": "在途单 inbound",
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("stock", help="库存 / stock")
    parser.add_argument("action", choices=("verify",))
    parser.add_argument(
        "--repair",
        metavar="原因/REASON",
        help="按台账写调整流水修复差异，须写明原因 / put differences right by ledger lines",
    )
    parser.set_defaults(run=run)


def run(env: Env, args: argparse.Namespace) -> int:
    found = differences()
    for one in found:
        print(_line(one))
    if not found:
        print("库存与流水一致 / counters equal the ledger")
        return 0
    if args.repair is None:
        print(f"{len(found)} 处不一致，未作修改 / {len(found)} differences, nothing was changed")
        return 1
    try:
        done = repair(actor="shangliu stock", why=args.repair)
    except Refused as refused:
        print("\n".join(f"{reason.zh} / {reason.en}" for reason in refused.reasons))
        print("未作修改 / nothing was changed")
        return 1
    print(f"已修复 {len(done)} 处，见流水 / {len(done)} put right, see the ledger")
    return 0


def _line(one: Difference) -> str:
    said = (
        f"{one.sku} @ {one.warehouse}: {_LABELS[one.counter]}"
        f" 计数 counter {one.counted}, 流水 ledger {one.ledger}"
    )
    if one.proof is None:
        return said
    return f"{said}, {_PROOFS[one.counter]} {one.proof}"
