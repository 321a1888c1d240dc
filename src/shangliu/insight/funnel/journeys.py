"""How far each visit came, summed up visit by visit and kept.

A visit is what was seen of one browser until it was quiet for half an hour; its cart and order are
those that carry the visit's mark. It has reached a step when it took this step or a later one, so
no step has more visits than the one before. What is summed up is kept in `Journey` up to a moment
(`Sealed`); a visit that did anything since then is summed up anew at the moment of asking. So a
figure is right whether or not anybody has sealed anything, and sealing only makes it fast.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import connection, transaction
from django.db.models import Min

from shangliu.insight.models import Behaviour, Journey, JourneyDay, Sealed
from shangliu.insight.rollup import LATEST, VISITS
from shangliu.platform import clock
from shangliu.process.running import flow

LOCK = 0xF0_11E1
_AT_MOST = timedelta(hours=1)
_AT_LEAST = timedelta(minutes=5)

COLUMNS = "visit, began_at, ended_at, reached, took, source, device, category, known"


@dataclass(frozen=True, kw_only=True, slots=True)
class Funnel:
    """`steps` in order, the first recorded with every visit. `cases`: a statement that gives the
    (visit, case_no) of carts and purchases; `products`: one that gives (code, category)."""

    steps: tuple[str, ...]
    cases: str
    products: str

    @property
    def version(self) -> str:
        """What was summed up for other steps is not used for these."""
        return f"{VISITS}{sha256('|'.join(self.steps).encode()).hexdigest()[:16]}"


def kept_until(funnel: Funnel) -> datetime:
    """What visits did before this moment is in `Journey`."""
    sealed = Sealed.objects.filter(version=funnel.version).first()
    return sealed.until if sealed is not None else datetime.min.replace(tzinfo=UTC)


def active(funnel: Funnel, since: datetime, until: datetime | None = None) -> tuple[str, list[Any]]:
    """The statement that gives the visits which did something then, with what it is given."""
    ends = [since, until or datetime.max.replace(tzinfo=UTC)]
    steps = [step for step in funnel.steps if not _recorded(step)]
    return (
        "SELECT visit FROM insight_behaviour WHERE at >= %s AND at < %s UNION"  # noqa: S608
        f" SELECT c.visit FROM process_event e JOIN ({funnel.cases}) c ON c.case_no = e.case_no"
        " WHERE e.at >= %s AND e.at < %s AND e.process = ANY(%s)"
        " AND e.process || '.' || e.step = ANY(%s)"
    ), [*ends, *ends, [step.partition(".")[0] for step in steps], steps]


def summed(funnel: Funnel, visits: str, given: list[Any]) -> tuple[str, list[Any]]:
    """The statement that sums up the visits which another one (`visits`) gives, as `Journey` rows:
    where a visit came from and what it looked at first are those of its earliest row. `OFFSET 0`
    holds the planner to one look into an index per visit: they are few beside the whole log."""
    recorded = [step for step in funnel.steps if _recorded(step)]
    others = [step for step in funnel.steps if not _recorded(step)]
    first_at = ", ".join(
        f"min(at) FILTER (WHERE step = %s) AS at{place}" for place in range(len(funnel.steps))
    )
    last = len(funnel.steps) - 1
    reached = " ".join(f"WHEN at{place} IS NOT NULL THEN {place}" for place in range(last, 0, -1))
    took = ", ".join(
        f"CASE WHEN at{place + 1} >= at{place}"
        f" THEN (extract(epoch FROM at{place + 1} - at{place}) * 1000)::bigint END"
        for place in range(last)
    )
    process = recorded[0].partition(".")[0]
    return (
        f"WITH chosen AS MATERIALIZED ({visits}),"  # noqa: S608
        " seen AS MATERIALIZED (SELECT b.* FROM chosen CROSS JOIN LATERAL (SELECT b.*"
        " FROM insight_behaviour b WHERE b.visit = chosen.visit OFFSET 0) b),"
        " began AS (SELECT DISTINCT ON (visit) visit, at, coalesce(nullif(source, ''), referrer)"
        " AS source, device, known FROM seen ORDER BY visit, at, id),"
        " looked AS (SELECT DISTINCT ON (visit) visit, about FROM seen"
        " WHERE step = %s AND about <> '' ORDER BY visit, at, id),"
        " taken AS (SELECT visit, %s || step AS step, at FROM seen"
        " UNION ALL SELECT chosen.visit, e.step, e.at FROM chosen CROSS JOIN LATERAL"
        f" (SELECT c.case_no FROM ({funnel.cases}) c WHERE c.visit = chosen.visit OFFSET 0) c"
        " CROSS JOIN LATERAL (SELECT e.process || '.' || e.step AS step, e.at"
        " FROM process_event e WHERE e.case_no = c.case_no OFFSET 0) e WHERE e.step = ANY(%s)),"
        f" far AS (SELECT visit, max(at) AS ended_at, {first_at} FROM taken GROUP BY visit)"
        " SELECT far.visit, began.at AS began_at, far.ended_at,"
        f" (CASE {reached} ELSE 0 END)::smallint AS reached, ARRAY[{took}]::bigint[] AS took,"
        " began.source, began.device, coalesce(p.category, '') AS category, began.known"
        " FROM far JOIN began USING (visit) LEFT JOIN looked USING (visit)"
        f" LEFT JOIN ({funnel.products}) p ON p.code = looked.about"
    ), [*given, PRODUCT_STEP, f"{process}.", others, *funnel.steps]


PRODUCT_STEP = "view_product"


def journeys(funnel: Funnel, since: datetime, until: datetime) -> tuple[str, list[Any]]:
    """`WITH ... j AS (...)`: every visit which began in this time, as a `Journey` row."""
    moment = kept_until(funnel)
    live, live_given = summed(funnel, *active(funnel, moment))
    return (
        f"WITH fresh AS MATERIALIZED ({live})"  # noqa: S608
        f", j AS NOT MATERIALIZED (SELECT {COLUMNS} FROM insight_journey k"
        " WHERE began_at >= %s AND began_at < %s"
        " AND NOT EXISTS (SELECT 1 FROM fresh WHERE fresh.visit = k.visit)"
        f" UNION ALL SELECT {COLUMNS} FROM fresh WHERE began_at >= %s AND began_at < %s)"
    ), [*live_given, since, until, since, until]


def seal(funnel: Funnel, *, most: int = 48) -> int:
    """Sum up what visits did, the oldest hour first, `most` of them at a time; gives how many.
    Only one worker does it at a time; the others find nothing to do."""
    done = 0
    while done < most and _seal_next(funnel):
        done += 1
    return done


@transaction.atomic
def _seal_next(funnel: Funnel) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return False
    sealed = Sealed.objects.filter(version=funnel.version).first()
    since = sealed.until if sealed is not None else Behaviour.objects.aggregate(at=Min("at"))["at"]
    settled = clock.now() - LATEST
    if since is None or since + _AT_LEAST > settled:
        return False
    until = min(since + _AT_MOST, settled)
    _keep(*summed(funnel, *active(funnel, since, until)))
    Sealed.objects.update_or_create(
        version=funnel.version,
        defaults={"until": until},
        create_defaults={"first": since, "until": until},
    )
    return True


def _keep(statement: str, given: list[Any]) -> None:
    """A visit that was archived in part keeps how far it had come. The days that the visits began
    on are counted anew."""
    table = Journey._meta.db_table  # noqa: SLF001
    days = JourneyDay._meta.db_table  # noqa: SLF001
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH kept AS (INSERT INTO {table} ({COLUMNS}) {statement}"  # noqa: S608
            " ON CONFLICT (visit) DO UPDATE SET"
            " ended_at = excluded.ended_at, took = excluded.took,"
            f" reached = greatest({table}.reached, excluded.reached), category = excluded.category"
            f" RETURNING began_at) DELETE FROM {days} d"
            " USING kept WHERE kept.began_at >= d.since AND kept.began_at < d.until",
            given,
        )


@transaction.atomic
def taken_out(funnel: Funnel, visits: Collection[str]) -> None:
    """All or something of these visits was taken out of the log: they count as what is left of
    them, and the days that they began on are counted anew."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    kept = Journey.objects.filter(visit__in=visits)
    for began_at in kept.values_list("began_at", flat=True):
        JourneyDay.objects.filter(since__lte=began_at, until__gt=began_at).delete()
    kept.delete()
    _keep(*summed(funnel, "SELECT unnest(%s::text[]) AS visit", [sorted(visits)]))


def _recorded(step: str) -> bool:
    return flow()[step.partition(".")[0]].recorded
