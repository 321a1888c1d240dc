"""The funnel's figures: how many visits reached each step, by what they have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import connection

from shangliu.insight.funnel.compare import Change, Part, change
from shangliu.insight.funnel.journeys import Funnel, journeys
from shangliu.platform.text import Text

UNKNOWN = "-"


class By(StrEnum):
    """What visits can be told apart by."""

    SOURCE = "source"
    DEVICE = "device"
    CATEGORY = "category"
    VISITOR = "visitor"

    @property
    def label(self) -> Text:
        return _LABELS[self]

    @property
    def sql(self) -> str:
        return _SQL[self]


_LABELS = {
    By.SOURCE: Text("来源", "Source"),
    By.DEVICE: Text("设备", "Device"),
    By.CATEGORY: Text("首看类目", "First category"),
    By.VISITOR: Text("新老访客", "New or returning"),
}
_SQL = {
    By.SOURCE: "source",
    By.DEVICE: "device",
    By.CATEGORY: "category",
    By.VISITOR: "CASE known WHEN true THEN 'returning' WHEN false THEN 'new' ELSE '' END",
}


@dataclass(frozen=True, slots=True)
class Span:
    """Visits that began from `since` up to, without, `until`."""

    since: datetime
    until: datetime

    @property
    def before(self) -> Span:
        """The time of the same length that ends where this begins."""
        return Span(self.since - (self.until - self.since), self.since)


@dataclass(frozen=True, slots=True)
class Choice:
    """Only visits that have these in common: `{By.DEVICE: "mobile"}`."""

    of: Mapping[By, str] = field(default_factory=dict)

    def clause(self) -> tuple[str, list[Any]]:
        parts = [f"{by.sql} = %s" for by in self.of]
        given = ["" if value == UNKNOWN else value for value in self.of.values()]
        return " AND ".join(["true", *parts]), given


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """A step of the funnel. `lost` ended here and did not reach the next one; `of_first` and
    `on` (the share that went on to the next step) are compared with the period before."""

    step: str
    count: int
    before: int
    share: float | None
    of_first: Change
    lost: int
    lost_share: float | None
    on: Change
    next_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """The visits with one value of what they are broken down by."""

    value: str
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    levels: tuple[Level, ...]
    groups: tuple[Group, ...]


Counts = Counter[int]  # by the position of the farthest step


def figures(funnel: Funnel, span: Span, *, by: By, choice: Choice | None = None) -> Figures:
    """The whole funnel and its break-down, each beside the period before. Two statements, the
    first of which asks what is kept."""
    now, before, middles = _counted(funnel, span, by, choice or Choice())
    groups = sorted(now.keys() | before.keys(), key=lambda one: (-now[one].total(), one))
    return Figures(
        _levels(funnel, _all(now.values()), _all(before.values()), middles),
        tuple(Group(one, _levels(funnel, now[one], before[one], {})) for one in groups),
    )


def _counted(
    funnel: Funnel, span: Span, by: By, choice: Choice
) -> tuple[dict[str, Counts], dict[str, Counts], dict[int, int]]:
    """By value how many came how far, now and before; and by position the median milliseconds from
    there to the next step. Both in one statement, which sums up the live visits once."""
    start, asked = journeys(funnel, span.before.since, span.until)
    clause, given = choice.clause()
    each = ", ".join(
        f"percentile_disc(0.5) WITHIN GROUP (ORDER BY took[{place}])"
        for place in range(1, len(funnel.steps))
    )
    now, before = _Counts(), _Counts()
    with connection.cursor() as cursor:
        cursor.execute(
            f"{start} SELECT began_at < %s AS was, {by.sql} AS value, reached, count(*),"  # noqa: S608
            f" NULL::bigint[] AS middles FROM j WHERE {clause} GROUP BY 1, 2, 3"
            f" UNION ALL SELECT false, NULL, NULL, NULL, ARRAY[{each}] FROM j"
            f" WHERE began_at >= %s AND reached > 0 AND {clause}",
            [*asked, span.since, *given, span.since, *given],
        )
        middles: list[int | None] = []
        for was, value, reached, count, found in cursor.fetchall():
            if found is not None:
                middles = found
            else:
                (before if was else now)[value][reached] += count
    return now, before, {place: one for place, one in enumerate(middles) if one is not None}


class _Counts(dict[str, Counts]):
    """A value that nobody had was had by none."""

    def __missing__(self, value: str) -> Counts:
        return self.setdefault(value, Counter())


def _all(counts: Iterable[Counts]) -> Counts:
    found: Counts = Counter()
    for one in counts:
        found.update(one)
    return found


def _levels(
    funnel: Funnel, now: Counts, before: Counts, middles: Mapping[int, int]
) -> tuple[Level, ...]:
    last = len(funnel.steps) - 1
    counts, earlier = _reaching(now, last), _reaching(before, last)
    levels = []
    for place, step in enumerate(funnel.steps):
        part = Part(counts[place], counts[0])
        lost = counts[place] - counts[place + 1] if place < last else 0
        levels.append(
            Level(
                step=step,
                count=counts[place],
                before=earlier[place],
                share=part.share,
                of_first=change(part, Part(earlier[place], earlier[0])),
                lost=lost,
                lost_share=Part(lost, counts[place]).share if place < last else None,
                on=change(
                    Part(counts[place + 1], counts[place]),
                    Part(earlier[place + 1], earlier[place]),
                ),
                next_ms=middles.get(place),
            )
        )
    return tuple(levels)


def _reaching(counts: Counts, last: int) -> list[int]:
    """How many came at least so far; nobody comes farther than the last step."""
    return [sum(n for far, n in counts.items() if far >= place) for place in range(last + 2)]
