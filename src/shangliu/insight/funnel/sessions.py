"""The visits behind a number of the funnel, and what each did last."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from shangliu.insight.funnel.by import Choice, Span
from shangliu.insight.funnel.journeys import COLUMNS, Funnel, journeys, summed


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """One visit. `reached` is a position in the funnel; `last_step` and `last_about` are what was
    seen of it last (`view_product` of a product code)."""

    visit: str
    began_at: datetime
    ended_at: datetime
    reached: int
    source: str
    device: str
    category: str
    known: bool | None
    last_step: str
    last_about: str
    views: int
    user_id: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of the list ends, the newest first."""

    began_at: datetime
    visit: str


_NAMES = tuple(name.strip() for name in COLUMNS.split(","))
_ALL = ", ".join([*(f"j.{name}" for name in _NAMES), "l.step, l.about, v.views, v.user_id"])
_LAST = (
    "LEFT JOIN LATERAL (SELECT step, about FROM insight_behaviour b WHERE b.visit = j.visit"
    " ORDER BY at DESC, id DESC LIMIT 1) l ON true"
    " LEFT JOIN LATERAL (SELECT count(*) AS views, max(user_id) AS user_id"
    " FROM insight_behaviour b WHERE b.visit = j.visit) v ON true"
)


def ended_at_step(
    funnel: Funnel,
    span: Span,
    place: int,
    *,
    choice: Choice,
    limit: int,
    after: Place | None = None,
) -> list[Session]:
    """The visits that came to this step and no farther, the newest first. Two statements."""
    clause, given = choice.clause()
    start, asked = journeys(funnel, span.since, span.until)
    beyond = " AND (began_at, visit) < (%s, %s)" if after else ""
    given = [*given, after.began_at, after.visit] if after else given
    with connection.cursor() as cursor:
        cursor.execute(
            f"{start} SELECT {_ALL} FROM"  # noqa: S608
            f" (SELECT {COLUMNS} FROM j WHERE reached = %s AND {clause}{beyond}"
            f" ORDER BY began_at DESC, visit DESC LIMIT {int(limit)}) j {_LAST}"
            " ORDER BY j.began_at DESC, j.visit DESC",
            [*asked, place, *given],
        )
        return [_session(row) for row in cursor.fetchall()]


def of_visits(funnel: Funnel, visits: Collection[str]) -> dict[str, Session]:
    """These visits, those of them that were seen."""
    sql, given = summed(funnel, "SELECT unnest(%s::text[]) AS visit", [sorted(set(visits))])
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH j AS ({sql}) SELECT {_ALL} FROM j {_LAST}",  # noqa: S608
            given,
        )
        found = [_session(row) for row in cursor.fetchall()]
    return {one.visit: one for one in found}


def cases_of(funnel: Funnel, visit: str) -> list[str]:
    """The case numbers of the visit's cart and purchases."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT case_no FROM ({funnel.cases}) c WHERE visit = %s",  # noqa: S608
            [visit],
        )
        return [case_no for (case_no,) in cursor.fetchall()]


def _session(row: Sequence[object]) -> Session:
    facts = dict(zip([*_NAMES, "last_step", "last_about", "views", "user_id"], row, strict=True))
    del facts["took"]
    facts["last_step"] = facts["last_step"] or ""
    facts["last_about"] = facts["last_about"] or ""
    return Session(**facts)  # type: ignore[arg-type]
