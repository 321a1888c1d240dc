"""One run: data, programs, every workload in turn with the yardsticks between, table and file."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection
from datetime import UTC
from pathlib import Path
from statistics import median

from django.db import connection

from bench import faults, hot, neutral, report, scale, stage, statements
from bench.pgbench import Pgbench
from bench.report import Result
from bench.workloads import WORKLOADS, Run
from shangliu.platform import clock

ALL = {**WORKLOADS, "W7": (scale.overlay,), "W8": (scale.mining,), "hot": (hot.goods,)}
FILE = Path("var") / "bench" / "latest.json"


def main(only: Collection[str], *, seconds: float, rounds: int) -> int:
    if "faults" in only:
        return _faults()
    with stage.database() as place:
        statements.mark_ids()
        shop = neutral.make()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        pgbench = Pgbench(place.url)
        pgbench.prepare()
        run = Run(place, shop, pgbench, seconds, warm=min(2.0, seconds / 2))
        with stage.programs(place):
            results, yardsticks = _rounds(run, only or list(ALL), rounds)
    print(f"\n{report.table(results)}\n")
    said = ", ".join(f"{name} {value:,.0f}" for name, value in yardsticks.items())
    print(f"yardsticks, transactions a second: {said}")
    report.write(
        FILE,
        results,
        yardsticks,
        at=clock.now().astimezone(UTC).isoformat(timespec="seconds"),
        cores=os.cpu_count(),
        load_average=os.getloadavg()[2],
        seconds=seconds,
        rounds=rounds,
    )
    print(f"written to {FILE}")
    return 1 if any(one.met is False or one.errors for one in results) else 0


def _faults() -> int:
    """The fault suite, apart from the others: it breaks what they measure."""
    with stage.database() as place:
        found = faults.measure(place, neutral.make(), os.environ.get("FAULTS", "").split())
    print(f"\n{faults.table(found)}\nwritten to {FILE}")
    faults.write(FILE, found)
    return 1 if any(one.seconds is None for one in found) else 0


def _rounds(run: Run, only: Collection[str], rounds: int) -> tuple[list[Result], dict[str, float]]:
    """The medians of all rounds; the yardsticks run before every workload of every round."""
    found: defaultdict[str, list[Result]] = defaultdict(list)
    beside: defaultdict[str, list[float]] = defaultdict(list)
    short = max(1.0, run.seconds / 4)
    for number in range(rounds):
        run.round = number
        for name in only:
            beside["pgbench -S"].append(run.pgbench.reads(short))
            beside["pgbench"].append(run.pgbench.tpcb(short))
            for measure in ALL[name]:
                for one in measure(run):
                    found[one.name].append(one)
                    print(f"round {number + 1}: {report.table([one]).splitlines()[1]}", flush=True)
    results = [report.middle(each) for each in found.values()]
    return results, {name: median(values) for name, values in beside.items()}
