"""Numbers that staff may change: declared in code with a default, valued in the database."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.db import connection

from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.platform.text import Text
from shangliu.process.models import PolicyValue

_FRESH_FOR = 1.0  # seconds a process may go on with values that it has read


class Unit(StrEnum):
    """What the integer counts. `SWITCH` and `CHOICE` are shown as such."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    FEN = "fen"
    PERCENT = "percent"
    COUNT = "count"
    SWITCH = "switch"


_SPANS = {
    Unit.MINUTES: timedelta(minutes=1),
    Unit.HOURS: timedelta(hours=1),
    Unit.DAYS: timedelta(days=1),
}

_values: dict[str, int] = {}
_read_at: list[float] = [float("-inf")]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A named number with bounds. `protects_buyer`: a running case keeps what it began with."""

    key: str
    label: Text
    unit: Unit
    default: int
    least: int = 0
    most: int = 10**12
    protects_buyer: bool = False

    @property
    def value(self) -> int:
        return _current().get(self.key, self.default)

    @property
    def span(self) -> timedelta:
        """The value as a length of time; `KeyError` for a policy that is none."""
        return _SPANS[self.unit] * self.value

    @property
    def is_on(self) -> bool:
        """Of a switch: whether it is."""
        return self.value != 0


def change(policy: Policy, value: int, *, user_id: int | None, why: str) -> None:
    """Give a policy another value. Raises `Refused` outside its bounds or without a reason."""
    if not policy.least <= value <= policy.most:
        raise Refused(
            Text(
                "“{label}”要在 {least} 到 {most} 之间，请重新填写",
                "“{label}” must be between {least} and {most}; enter it again",
            ).format(label=policy.label, least=policy.least, most=policy.most)
        )
    if not why.strip():
        raise Refused(Text("请写明修改原因", "Say why you change it"))
    PolicyValue.objects.create(
        key=policy.key, value=value, changed_by_id=user_id, why=why.strip(), at=clock.now()
    )
    forget()


def forget() -> None:
    """Read the values anew at the next question."""
    _read_at[0] = float("-inf")


def _current() -> dict[str, int]:
    if time.monotonic() - _read_at[0] > _FRESH_FOR:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT ON (key) key, value FROM process_policyvalue ORDER BY key, id DESC"
            )
            fresh = dict(cursor.fetchall())
        _values.clear()
        _values.update(fresh)
        _read_at[0] = time.monotonic()
    return _values
