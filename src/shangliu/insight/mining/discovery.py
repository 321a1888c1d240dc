"""The map that a log draws by itself: what directly follows what, how often and how fast."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import ibis
from ibis.expr import types as ir

from shangliu.insight.mining.log import EmptyLog, EventLog

_WIDTH = 6  # digits of a position in a case, so that text sorts as numbers do


@dataclass(frozen=True, slots=True)
class Activity:
    """`cases`: in how many it occurs; `first` and `last`: how often a case begins or ends by it."""

    name: str
    count: int
    cases: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Follows:
    """One arrow: time between the two activities in microseconds, median and 95th percentile."""

    source: str
    target: str
    count: int
    p50_us: int
    p95_us: int
    total_us: int


@dataclass(frozen=True, slots=True)
class ProcessMap:
    """`activities` and `arrows` by falling count."""

    cases: int
    events: int
    activities: tuple[Activity, ...]
    arrows: tuple[Follows, ...]

    def shown(self, *, activities: float = 1.0, paths: float = 1.0) -> ProcessMap:
        """What two sliders leave of the map, each from 0 to 1.

        The most frequent activities stay, at least one; of the arrows between them the most
        frequent share, and always the strongest into and out of each activity, so that nothing is
        cut off.
        """
        few = max(1, round(activities * len(self.activities)))
        kept = self.activities[:few]
        names = {one.name for one in kept}
        between = [one for one in self.arrows if one.source in names and one.target in names]
        strong = set(between[: round(paths * len(between))])
        for name in names:
            for side in ("source", "target"):
                touching = [
                    one
                    for one in between
                    if getattr(one, side) == name and one.source != one.target
                ]
                strong.update(touching[:1])
        arrows = tuple(one for one in between if one in strong)
        return ProcessMap(self.cases, self.events, kept, arrows)


@dataclass(frozen=True, slots=True)
class Variant:
    """A way through the process that cases went in exactly this order."""

    path: tuple[str, ...]
    cases: int
    share: float
    p50_us: int
    example: str


def discover(log: EventLog) -> ProcessMap:
    """The directly-follows map of the whole log, in two passes. `EmptyLog` without events."""
    arrows = _arrows(log.table)
    activities = _activities(log.table, arrows)
    if not activities:
        raise EmptyLog(log.name)
    return ProcessMap(
        cases=sum(one.first for one in activities),
        events=sum(one.count for one in activities),
        activities=activities,
        arrows=arrows,
    )


def variants(log: EventLog, *, top: int = 20) -> tuple[tuple[Variant, ...], int]:
    """The most frequent variants, and how many there are in all."""
    paths = case_paths(log)
    grouped = paths.group_by("path").agg(
        cases=paths.count(), p50=paths.lasted_us.quantile(0.5), example=paths.case.min()
    )
    totals = grouped.agg(cases=grouped.cases.sum(), variants=grouped.count()).execute().iloc[0]
    if not totals["variants"]:
        raise EmptyLog(log.name)
    best = grouped.order_by([ibis.desc("cases"), "path"]).limit(top).execute()
    whole = int(totals["cases"])
    found = tuple(
        Variant(_names(row.path), int(row.cases), row.cases / whole, int(row.p50), row.example)
        for row in best.itertuples()
    )
    return found, int(totals["variants"])


def case_paths(log: EventLog) -> ir.Table:
    """A row a case: its activities in order as one text, when it began and how long it lasted.

    Engines disagree about ordered aggregation, so each activity carries its position as a prefix
    and the list is sorted as text.
    """
    table = log.table
    window = ibis.window(group_by="key", order_by=["at_us", "seq"])
    place = ibis.row_number().over(window).cast("string").lpad(_WIDTH, "0")
    marked = table.mutate(mark=place.concat(ibis.literal(":"), table.activity))
    return marked.group_by("key").agg(
        case=marked.case.min(),
        path=marked.mark.collect().sort().join("\n"),
        began_us=marked.at_us.min(),
        lasted_us=marked.at_us.max() - marked.at_us.min(),
    )


def _names(path: str) -> tuple[str, ...]:
    return tuple(one[_WIDTH + 1 :] for one in path.split("\n"))


def _arrows(table: ir.Table) -> tuple[Follows, ...]:
    steps = table.filter(table.prev != "")
    rows = (
        steps.group_by(["prev", "activity"])
        .agg(n=steps.count(), both=steps.gap_us.quantile([0.5, 0.95]), total=steps.gap_us.sum())
        .order_by([ibis.desc("n"), "prev", "activity"])
        .execute()
    )
    return tuple(
        Follows(
            row.prev,
            row.activity,
            int(row.n),
            round(row.both[0]),
            round(row.both[1]),
            int(row.total),
        )
        for row in rows.itertuples()
    )


def _activities(table: ir.Table, arrows: Sequence[Follows]) -> tuple[Activity, ...]:
    """Every event but a case's first has one arrow into it, and every one but the last one out."""
    into: Counter[str] = Counter()
    out: Counter[str] = Counter()
    for arrow in arrows:
        into[arrow.target] += arrow.count
        out[arrow.source] += arrow.count
    rows = (
        table.group_by("activity")
        .agg(n=table.count(), cases=table.key.nunique())
        .order_by([ibis.desc("n"), "activity"])
        .execute()
    )
    return tuple(
        Activity(
            name := row.activity,
            n := int(row.n),
            int(row.cases),
            n - into[name],
            n - out[name],
        )
        for row in rows.itertuples()
    )
