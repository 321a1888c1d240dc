"""Where time goes: bottlenecks, work that is done again, and work that changes hands."""

from __future__ import annotations

from dataclasses import dataclass

import ibis

from shangliu.insight.mining.discovery import ProcessMap
from shangliu.insight.mining.log import EventLog


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """An arrow with its part of all waiting in the log."""

    source: str
    target: str
    count: int
    p50_us: int
    p95_us: int
    share: float


@dataclass(frozen=True, slots=True)
class Rework:
    """An activity that cases went through more than once. `extra`: beyond the first time."""

    activity: str
    cases: int
    extra: int
    most: int


@dataclass(frozen=True, slots=True)
class Handover:
    """Work that went from one role to another (or stayed)."""

    source: str
    target: str
    count: int
    p50_us: int


def bottlenecks(drawn: ProcessMap, *, top: int = 10) -> tuple[Bottleneck, ...]:
    """The arrows on which cases waited longest in all."""
    whole = sum(one.total_us for one in drawn.arrows) or 1
    worst = sorted(drawn.arrows, key=lambda one: (-one.total_us, one.source, one.target))[:top]
    return tuple(
        Bottleneck(one.source, one.target, one.count, one.p50_us, one.p95_us, one.total_us / whole)
        for one in worst
    )


def rework(log: EventLog, *, top: int = 10) -> tuple[Rework, ...]:
    table = log.table
    often = table.group_by(["key", "activity"]).agg(n=table.count())
    again = often.filter(often.n > 1)
    rows = (
        again.group_by("activity")
        .agg(cases=again.count(), extra=(again.n - 1).sum(), most=again.n.max())
        .order_by([ibis.desc("extra"), "activity"])
        .limit(top)
        .execute()
    )
    return tuple(
        Rework(row.activity, int(row.cases), int(row.extra), int(row.most))
        for row in rows.itertuples()
    )


def handovers(log: EventLog) -> tuple[Handover, ...]:
    """From role to role between neighbouring events of a case; events without a role are left
    out."""
    table = log.table.filter((log.table.role != "") & (log.table.prev_role != ""))
    rows = (
        table.group_by(["prev_role", "role"])
        .agg(n=table.count(), p50=table.gap_us.quantile(0.5))
        .order_by([ibis.desc("n"), "prev_role", "role"])
        .execute()
    )
    return tuple(
        Handover(row.prev_role, row.role, int(row.n), round(row.p50)) for row in rows.itertuples()
    )
