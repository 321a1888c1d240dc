"""Hours that are over, summed up once, so that the map never counts the whole log again.

What `passages` counts for a stretch of time is kept for each full hour of the picture's version. A
figure is the sum of the sealed hours of its period and of what was counted live behind them, so it
is right whether or not anybody has sealed anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from django.db import connection, transaction
from django.db.models import Min

from shangliu.insight import passages
from shangliu.insight.models import Behaviour, HourFigure, Sealed
from shangliu.insight.passages import Dwell, Stretch
from shangliu.insight.ways import Passage, Ways
from shangliu.platform import clock
from shangliu.process.models import Event

HOUR = timedelta(hours=1)
# No transaction writes an event later than this after the time that it put on it.
LATEST = timedelta(minutes=10)
# How versions of what visits are summed up for begin (`funnel.journeys`).
VISITS = "funnel "
_LOCK = 0x5EA1ED


@dataclass
class Sums:
    """What happened in a stretch of time."""

    passages: Counter[Passage] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    nodes: dict[str, Dwell] = field(default_factory=dict)

    def add(self, other: Sums) -> None:
        self.passages.update(other.passages)
        self.ends.update(other.ends)
        for key, dwell in other.nodes.items():
            self.nodes[key] = self.nodes[key] + dwell if key in self.nodes else dwell


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def sums(ways: Ways, stretch: Stretch) -> Sums:
    """All that happened in the stretch: its sealed whole hours from their sums, what lies before
    and behind them from the log."""
    sealed = Sealed.objects.filter(version=ways.graph.version).first()
    if sealed is None:
        return counted(ways, stretch)
    first = max(_next_hour(stretch.since), sealed.first)
    end = min(hour_of(stretch.until), sealed.until)
    if first >= end:
        return counted(ways, stretch)
    found = Sums()
    if stretch.since < first:
        found.add(counted(ways, Stretch(stretch.since, first)))
    found.add(_kept(ways.graph.version, first, end))
    if end < stretch.until:
        found.add(counted(ways, Stretch(end, stretch.until)))
    return found


def _next_hour(moment: datetime) -> datetime:
    hour = hour_of(moment)
    return hour if hour == moment else hour + HOUR


def counted(ways: Ways, stretch: Stretch) -> Sums:
    """The same from the log alone."""
    return Sums(
        Counter(passages.passages(ways, stretch)),
        Counter(passages.ended(ways, stretch)),
        dict(passages.dwells(ways, stretch)),
    )


def seal(ways: Ways, *, most: int = 48) -> int:
    """Sum up the hours that are over and not summed up yet, the oldest first, `most` at a time;
    gives how many. Only one worker does it at a time; the others find nothing to do."""
    done = 0
    while done < most and _seal_next(ways):
        done += 1
    return done


@transaction.atomic
def _seal_next(ways: Ways) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return False
    version = ways.graph.version
    sealed = Sealed.objects.filter(version=version).first()
    hour = sealed.until if sealed is not None else _first_hour()
    if hour is None or hour + HOUR > clock.now() - LATEST:
        return False
    found = counted(ways, Stretch(hour, hour + HOUR))
    HourFigure.objects.bulk_create(_rows(version, hour, found))
    Sealed.objects.update_or_create(
        version=version,
        defaults={"until": hour + HOUR},
        create_defaults={"first": hour, "until": hour + HOUR},
    )
    return True


@transaction.atomic
def reopen(moment: datetime) -> None:
    """Something was taken out of the log at `moment`: that hour and those after it are summed up
    anew, whatever the picture's version. Visits are not; `journeys.taken_out` knows which."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    hour = hour_of(moment)
    HourFigure.objects.filter(hour__gte=hour).delete()
    pictures = Sealed.objects.exclude(version__startswith=VISITS)
    pictures.filter(first__gte=hour).delete()
    pictures.filter(until__gt=hour).update(until=hour)


def differing(ways: Ways, *, hours: int = 24) -> list[datetime]:
    """Those of the last sealed hours that differ from the log; none, always."""
    sealed = Sealed.objects.filter(version=ways.graph.version).first()
    if sealed is None:
        return []
    wrong = []
    for back in range(1, hours + 1):
        hour = sealed.until - back * HOUR
        if hour < sealed.first:
            break
        if _read(ways.graph.version, hour, hour + HOUR) != counted(
            ways, Stretch(hour, hour + HOUR)
        ):
            wrong.append(hour)
    return wrong


def _first_hour() -> datetime | None:
    firsts = [
        Event.objects.aggregate(at=Min("at"))["at"],
        Behaviour.objects.aggregate(at=Min("at"))["at"],
    ]
    return min((hour_of(one) for one in firsts if one is not None), default=None)


def _rows(version: str, hour: datetime, found: Sums) -> Iterable[HourFigure]:
    def row(kind: str, key: str, count: int, buckets: Mapping[int, int]) -> HourFigure:
        return HourFigure(
            version=version,
            hour=hour,
            kind=kind,
            key=key,
            count=count,
            buckets={str(bucket): n for bucket, n in buckets.items()},
        )

    for passage, count in found.passages.items():
        key = "\t".join((passage.step, passage.before, passage.cause, passage.origin))
        yield row(HourFigure.Kind.PASSAGE, key, count, {})
    for key, count in found.ends.items():
        if count:
            yield row(HourFigure.Kind.END, key, count, {})
    for key, dwell in found.nodes.items():
        yield row(HourFigure.Kind.NODE, key, dwell.count, dwell.buckets)


@lru_cache(maxsize=64)
def _kept(version: str, since: datetime, until: datetime) -> Sums:
    """Sealed hours do not change, so their sum is read once a process. Nobody may change it."""
    return _read(version, since, until)


def forget() -> None:
    """Read sealed hours again (for tests, whose databases begin anew)."""
    _kept.cache_clear()


def _read(version: str, since: datetime, until: datetime) -> Sums:
    found = Sums()
    rows = HourFigure.objects.filter(version=version, hour__gte=since, hour__lt=until)
    for kind, key, count, buckets in rows.values_list("kind", "key", "count", "buckets").iterator():
        if kind == HourFigure.Kind.PASSAGE:
            found.passages[Passage(*key.split("\t"))] += count
        elif kind == HourFigure.Kind.END:
            found.ends[key] += count
        else:
            dwell = Dwell(count, {int(bucket): n for bucket, n in buckets.items()})
            found.nodes[key] = found.nodes[key] + dwell if key in found.nodes else dwell
    return found
