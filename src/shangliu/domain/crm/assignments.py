"""Who of the staff takes care of which waiting object."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from shangliu.domain.crm.models import Assignment, User
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.platform.text import Text

__all__ = ["Stay", "assign", "owned", "owners"]


@dataclass(frozen=True, slots=True)
class Stay:
    """An object in the state that it entered then."""

    process: str
    pk: int
    case_no: str
    entered_at: datetime


def assign(stays: Sequence[Stay], *, to: str, by: str) -> int:
    """Hand the objects to a colleague by login, or with an empty one to nobody; gives how many
    changed hands. `Refused` for somebody who does not work here (any more)."""
    if to and not User.objects.filter(login=to, is_staff=True, is_active=True).exists():
        raise Refused(
            Text(
                f"没有在职员工 {to}，请从列表里选一位",
                f"Nobody called {to} works here; choose from the list",
            )
        )
    known = owners(stays)
    changed = [one for one in stays if known.get((one.process, one.pk), "") != to]
    Assignment.objects.bulk_create(
        Assignment(
            process=one.process,
            object_id=one.pk,
            case_no=one.case_no,
            entered_at=one.entered_at,
            login=to,
            by=by,
            at=clock.now(),
        )
        for one in changed
    )
    return len(changed)


def owners(stays: Collection[Stay]) -> dict[tuple[str, int], str]:
    """(process, pk) -> login, for those that are somebody's."""
    wanted = {(one.process, one.pk): one.entered_at for one in stays}
    rows = Assignment.objects.filter(
        process__in={process for process, _ in wanted}, object_id__in={pk for _, pk in wanted}
    ).order_by("id")
    newest = {(row.process, row.object_id): row for row in rows}
    return {
        key: row.login
        for key, row in newest.items()
        if row.login and wanted.get(key) == row.entered_at
    }


def owned(process: str, login: str = "") -> dict[int, datetime]:
    """The objects of the process that are somebody's (`login` empty), or this person's: pk -> the
    stay that was meant."""
    rows = (
        Assignment.objects.filter(process=process)
        .order_by("object_id", "-id")
        .distinct("object_id")
    )
    return {
        row.object_id: row.entered_at
        for row in rows
        if row.login and (not login or row.login == login)
    }
