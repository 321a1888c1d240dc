"""The only place that asks what time it is, so that history can be made and tests can wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SHOP_ZONE = ZoneInfo("Asia/Shanghai")

_moved: ContextVar[datetime | None] = ContextVar("moved", default=None)


def now() -> datetime:
    """The current time, aware and in UTC; inside `at(...)` the moved time."""
    return _moved.get() or datetime.now(UTC)


def local(moment: datetime) -> datetime:
    """The same moment in the shop's zone."""
    return moment.astimezone(SHOP_ZONE)


def from_us(microseconds: int) -> datetime:
    """A moment that is kept as microseconds since 1970, as logs for mining do."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let `now()` answer `moment` inside the block. For made history and for tests."""
    if moment.tzinfo is None:
        raise ValueError("the clock takes aware times only")
    token = _moved.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _moved.reset(token)


@contextmanager
def ahead(by: timedelta) -> Iterator[None]:
    """Let `now()` answer as if `by` had passed."""
    with at(now() + by):
        yield
