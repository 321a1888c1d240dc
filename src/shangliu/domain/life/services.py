"""Reading and turning the switch of the demo trade, and marking what it makes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection
from django.db.models import F

from shangliu.domain.life.models import IDLE_ROLES, Mark, Switch
from shangliu.platform import clock
from shangliu.platform.env import MOST_A_MINUTE
from shangliu.platform.errors import Refused
from shangliu.platform.text import Text

__all__ = ["IDLE_ROLES", "MOST_A_MINUTE", "Switch"]

SHARES = ("leaves", "refused", "notices_lost", "notices_late", "notices_twice")
BOOLEANS = ("by_hour", "carrier_slow", "carrier_refuses")
COUNTS = ("visits", "orders", "paid", "missed")
_ERROR = 300


def switch() -> Switch:
    """The row as it is now; off with the usual values where nobody has turned anything yet."""
    found = Switch.objects.filter(pk=1).first()
    return found if found is not None else Switch(pk=1)


def turn(*, actor: str, **values: Any) -> Switch:
    """Change what is named; `Refused` where a value makes no sense, and nothing is changed."""
    _check(values)
    now = clock.now()
    row, _made = Switch.objects.update_or_create(
        pk=1, defaults={**values, "changed_by": actor[:80], "changed_at": now}
    )
    return row


def _check(values: dict[str, Any]) -> None:
    if values.get("on") and switch().removing:
        raise Refused(
            Text("正在移除演示数据，完成后再开", "Demo data is being removed; open it afterwards")
        )
    rate, hurry = values.get("rate", 1), values.get("hurry", 1)
    if not 1 <= rate <= MOST_A_MINUTE:
        raise Refused(
            Text(
                f"每分钟下单填 1 到 {MOST_A_MINUTE}",
                f"Orders per minute: 1 to {MOST_A_MINUTE}",
            )
        )
    if not 1 <= hurry <= 100:
        raise Refused(Text("快进倍数填 1 到 100", "Speed: 1 to 100"))
    if any(not 0 <= values.get(name, 0) <= 100 for name in SHARES):
        raise Refused(Text("比例填 0 到 100", "Shares: 0 to 100"))
    if set(values.get("idle", ())) - {role.value for role in IDLE_ROLES}:
        raise Refused(Text("没有这个岗位", "No such role"))


def beat(*, made: dict[str, int], error: str = "") -> None:
    """The process is there; it has made so much since it last said so."""
    now = clock.now()
    today = clock.local(now).date()
    Switch.objects.get_or_create(pk=1)
    Switch.objects.filter(pk=1).exclude(made_on=today).update(
        made_on=today, **dict.fromkeys(COUNTS, 0)
    )
    changes: dict[str, Any] = {name: F(name) + n for name, n in made.items() if n}
    if error:
        changes |= {"last_error": error[:_ERROR], "error_at": now}
    Switch.objects.filter(pk=1).update(beat_at=now, **changes)


def mark(kind: Mark.Kind, keys: Iterable[str]) -> None:
    """These were made by the demo trade; safe to repeat."""
    now = clock.now()
    Mark.objects.bulk_create(
        [Mark(kind=kind, key=key, made_at=now) for key in keys if key], ignore_conflicts=True
    )


def mark_visit(visit: str) -> None:
    mark(Mark.Kind.VISIT, [visit])


def mark_cases(cases: Iterable[str]) -> None:
    mark(Mark.Kind.CASE, cases)


def is_demo(*keys: str) -> bool:
    """Whether one of these visits or cases was made by the demo trade."""
    return Mark.objects.filter(key__in=keys).exists()


def visits(*, after: int, limit: int) -> list[tuple[int, str]]:
    """Marked visits with the numbers of their marks, the oldest first."""
    found = Mark.objects.filter(kind=Mark.Kind.VISIT, pk__gt=after).order_by("pk")
    return list(found.values_list("pk", "key")[:limit])


def begin_removing(*, actor: str) -> None:
    """Close, and have everything taken away; the process does it."""
    turn(actor=actor, on=False, removing=True)


def removed() -> None:
    Switch.objects.filter(pk=1).update(removing=False)


def marked() -> dict[str, int]:
    """How many visits and cases are marked now."""
    return {kind.value: Mark.objects.filter(kind=kind).count() for kind in Mark.Kind}


def unmark(keys: Collection[str]) -> None:
    Mark.objects.filter(key__in=keys).delete()


def let_go_of(case_no: str) -> None:
    """For the rest of this transaction the event log gives up the events of this marked case."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('shangliu.removing', %s, true)", [case_no])
