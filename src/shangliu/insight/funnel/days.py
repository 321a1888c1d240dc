"""Days that are over, counted once, so that the funnel never reads every visit again.

A day of the shop's zone is counted from its `Journey` rows when all that was done on it is sealed.
A visit goes on after its day: whoever changes a journey takes the day's mark away in the same
transaction (`journeys`), and the day is read row by row until a worker has counted it anew. So a
figure is the same with days and without; days only make it fast.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any

from django.db import connection, transaction
from django.db.models import Min

from shangliu.insight.funnel.by import By, Choice, Span
from shangliu.insight.funnel.journeys import COLUMNS, LOCK, Funnel, active, kept_until, summed
from shangliu.insight.models import Journey, JourneyCount, JourneyDay, JourneyTime
from shangliu.platform import clock

Counts = Counter[int]  # by the position of the farthest step


class ByValue(dict[str, Counts]):
    """A value that nobody had was had by none."""

    def __missing__(self, value: str) -> Counts:
        return self.setdefault(value, Counter())


@dataclass(slots=True)
class Counted:
    """By value how many came how far, in the span and before it; by position the median of the
    milliseconds from there to the next step, in the span."""

    now: ByValue = field(default_factory=ByValue)
    before: ByValue = field(default_factory=ByValue)
    middles: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Piece:
    """A day of the shop's zone, or a part of one."""

    since: datetime
    until: datetime


def day_of(moment: datetime) -> Piece:
    """The day in which it lies."""
    date = clock.local(moment).date()
    return Piece(
        datetime.combine(date, time(), clock.SHOP_ZONE),
        datetime.combine(date + timedelta(days=1), time(), clock.SHOP_ZONE),
    )


def pieces(*ends: datetime) -> list[Piece]:
    """The time from the first to the last, cut at all of them and at every midnight."""
    found = []
    for since, until in pairwise(ends):
        at = since
        while at < until:
            found.append(Piece(at, min(day_of(at).until, until)))
            at = found[-1].until
    return found


def roughly(column: str) -> str:
    """Milliseconds as they are kept: down to a twentieth of the power of ten below (12 345 is
    12 000). The median of such times is the median itself, brought down in the same way."""
    step = f"greatest(1, power(10, length(({column})::text) - 1)::bigint / 20)"
    return f"({column} - mod({column}, {step}))"


def counted(funnel: Funnel, span: Span, by: By, choice: Choice) -> Counted:
    """One statement after the one that asks what is sealed, so that a day which is counted anew
    meanwhile is read one way or the other, never both."""
    cut = pieces(span.before.since, span.since, span.until)
    live, given = summed(funnel, *active(funnel, kept_until(funnel)))
    counts, counts_given = _how_far(span, by, choice)
    times, times_given = _how_long(span, choice)
    found = Counted()
    spread: dict[int, Counter[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH fresh AS MATERIALIZED ({live}), piece AS MATERIALIZED ({_PIECES})"
            f" {counts} UNION ALL {times}",
            [
                *given,
                [one.since for one in cut],
                [one.until for one in cut],
                *counts_given,
                *times_given,
            ],
        )
        for was, value, place, took, count in cursor.fetchall():
            if took is not None:
                spread.setdefault(place, Counter())[took] += count
            elif count:
                (found.before if was else found.now)[value][place] += count
    found.middles = {
        place: middle
        for place, times_of in sorted(spread.items())
        if (middle := _middle(times_of)) is not None
    }
    return found


_PIECES = (
    "SELECT p.since, p.until, d.since IS NOT NULL AS whole"
    " FROM unnest(%s::timestamptz[], %s::timestamptz[]) AS p(since, until)"
    " LEFT JOIN insight_journeyday d ON d.since = p.since AND d.until = p.until"
)


def _visits(since: datetime, until: datetime) -> tuple[str, list[Any]]:
    """The visits of this time, each with the `n` that it counts for: all of a piece that is not
    counted, and of one that is what changed since, after taking away (-1) what was counted of it.
    `OFFSET 0` holds the planner to the index: a piece is a small part of the table."""
    own = ", ".join(f"k.{name}" for name in COLUMNS.split(", "))
    within = "began_at >= piece.since AND began_at < piece.until"
    return (
        f"SELECT {own}, 1 AS n FROM piece CROSS JOIN LATERAL"  # noqa: S608
        f" (SELECT * FROM insight_journey WHERE {within} OFFSET 0) k"
        " WHERE NOT piece.whole AND piece.since >= %s"
        " AND NOT EXISTS (SELECT 1 FROM fresh WHERE fresh.visit = k.visit)"
        f" UNION ALL SELECT {COLUMNS}, 1 FROM fresh WHERE began_at >= %s AND began_at < %s"
        f" UNION ALL SELECT {own}, -1 FROM fresh JOIN insight_journey k ON k.visit = fresh.visit"
        " JOIN piece ON k.began_at >= piece.since AND k.began_at < piece.until"
        " WHERE piece.whole AND piece.since >= %s"
    ), [since, since, until, since]


def _each_visit(since: datetime, until: datetime) -> tuple[str, list[Any]]:
    """The same without what was counted."""
    return (
        f"SELECT {COLUMNS}, 1 AS n FROM insight_journey k"  # noqa: S608
        " WHERE began_at >= %s AND began_at < %s"
        " AND NOT EXISTS (SELECT 1 FROM fresh WHERE fresh.visit = k.visit)"
        f" UNION ALL SELECT {COLUMNS}, 1 FROM fresh WHERE began_at >= %s AND began_at < %s"
    ), [since, until, since, until]


def _how_far(span: Span, by: By, choice: Choice) -> tuple[str, list[Any]]:
    clause, given = choice.clause()
    visits, visits_given = _visits(span.before.since, span.until)
    return (
        f"SELECT began_at < %s, {by.sql}, reached::int, NULL::bigint, sum(n)::bigint"  # noqa: S608
        f" FROM ({visits}) v WHERE {clause} GROUP BY 1, 2, 3"
        f" UNION ALL SELECT piece.since < %s, {by.sql}, (u.place - 1)::int, NULL, sum(u.n)"
        " FROM piece JOIN insight_journeycount c ON c.day = piece.since"
        " CROSS JOIN LATERAL unnest(c.counts) WITH ORDINALITY AS u(n, place)"
        f" WHERE piece.whole AND {clause} GROUP BY 1, 2, 3"
    ), [span.since, *visits_given, *given, span.since, *given]


def _how_long(span: Span, choice: Choice) -> tuple[str, list[Any]]:
    """Days know the times of one value; with more chosen, the visits themselves are asked."""
    clause, given = choice.clause()
    is_known = len(choice.of) <= 1
    by, value = next(((one.value, given[0]) for one in choice.of), ("", ""))
    visits, visits_given = (_visits if is_known else _each_visit)(span.since, span.until)
    return (
        "SELECT NULL, NULL, place, took, sum(n)::bigint FROM ("  # noqa: S608
        f"SELECT (u.place - 1)::int AS place, {roughly('u.took')} AS took, v.n FROM ({visits}) v"
        " CROSS JOIN LATERAL unnest(v.took) WITH ORDINALITY AS u(took, place)"
        f" WHERE v.reached > 0 AND u.took IS NOT NULL AND {clause}"
        " UNION ALL SELECT t.place, u.took, u.n FROM piece JOIN insight_journeytime t"
        " ON t.day = piece.since AND t.by = %s AND t.value = %s"
        " CROSS JOIN LATERAL unnest(t.took, t.counts) AS u(took, n)"
        " WHERE piece.whole AND %s AND piece.since >= %s) t GROUP BY 3, 4"
    ), [*visits_given, *given, by, value, is_known, span.since]


def _middle(times: Counter[int]) -> int | None:
    """As `percentile_disc(0.5)` has it: the first that half of them do not exceed."""
    half, seen = sum(times.values()) / 2, 0
    for took in sorted(times):
        seen += times[took]
        if seen >= half and seen > 0:
            return took
    return None


def roll(funnel: Funnel, *, most: int = 31) -> int:
    """Count the days that are over and are not counted as they stand, the newest first, `most` of
    them at a time; gives how many. Only one worker does it at a time."""
    done = 0
    for day in _missing(funnel)[:most]:
        done += _roll(funnel, day)
    return done


def _missing(funnel: Funnel) -> list[Piece]:
    first = Journey.objects.aggregate(at=Min("began_at"))["at"]
    sealed = kept_until(funnel)
    if first is None or first >= sealed:
        return []
    marked = set(JourneyDay.objects.values_list("since", "until"))
    whole = pieces(day_of(first).since, day_of(sealed).since)
    return [one for one in reversed(whole) if (one.since, one.until) not in marked]


@transaction.atomic
def _roll(funnel: Funnel, day: Piece) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return False
        JourneyDay.objects.filter(since=day.since).delete()
        JourneyCount.objects.filter(day=day.since).delete()
        JourneyTime.objects.filter(day=day.since).delete()
        counts = ", ".join(
            f"count(*) FILTER (WHERE reached = {place})" for place in range(len(funnel.steps))
        )
        cursor.execute(
            "INSERT INTO insight_journeycount"  # noqa: S608
            " (day, source, device, category, known, counts)"
            f" SELECT %s, source, device, category, known, ARRAY[{counts}]::int[]"
            " FROM insight_journey WHERE began_at >= %s AND began_at < %s"
            " GROUP BY source, device, category, known",
            [day.since, day.since, day.until],
        )
        values = ", ".join(["('', '')", *(f"('{by.value}', {by.sql})" for by in By)])
        cursor.execute(
            "INSERT INTO insight_journeytime (day, by, value, place, took, counts)"  # noqa: S608
            " SELECT %s, by, value, place, array_agg(took ORDER BY took),"
            " array_agg(n::int ORDER BY took) FROM ("
            f"SELECT w.by, w.value, u.place - 1 AS place, {roughly('u.took')} AS took,"
            " count(*) AS n FROM insight_journey k"
            f" CROSS JOIN LATERAL (VALUES {values}) AS w(by, value)"
            " CROSS JOIN LATERAL unnest(k.took) WITH ORDINALITY AS u(took, place)"
            " WHERE k.began_at >= %s AND k.began_at < %s AND u.took IS NOT NULL"
            " GROUP BY 1, 2, 3, 4) t GROUP BY by, value, place",
            [day.since, day.since, day.until],
        )
    JourneyDay.objects.create(since=day.since, until=day.until)
    return True
