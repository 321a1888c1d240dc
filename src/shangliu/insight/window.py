"""Stretches of time that the map is looked at in: those up to now, and those of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shangliu.insight.passages import Stretch
from shangliu.insight.rollup import hour_of
from shangliu.platform import clock
from shangliu.platform.text import Text


class Period(StrEnum):
    DAY = "24h"
    WEEK = "7d"
    FORTNIGHT = "14d"
    MONTH = "30d"

    @property
    def span(self) -> timedelta:
        return _SPANS[self]

    @property
    def stretch(self) -> Stretch:
        """From the full hour in which the period began, so that whole hours can be added up."""
        return Stretch(hour_of(clock.now() - self.span))

    @property
    def label(self) -> Text:
        return _LABELS[self]


_SPANS = {
    Period.DAY: timedelta(hours=24),
    Period.WEEK: timedelta(days=7),
    Period.FORTNIGHT: timedelta(days=14),
    Period.MONTH: timedelta(days=30),
}
_LABELS = {
    Period.DAY: Text("24 小时", "24 hours"),
    Period.WEEK: Text("7 天", "7 days"),
    Period.FORTNIGHT: Text("14 天", "14 days"),
    Period.MONTH: Text("30 天", "30 days"),
}


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch with both ends chosen."""

    since: datetime
    until: datetime

    @property
    def span(self) -> timedelta:
        return self.until - self.since

    @property
    def stretch(self) -> Stretch:
        return Stretch(self.since, self.until)

    @property
    def value(self) -> str:
        """As an address carries it: both ends in the shop's zone."""
        return "~".join(f"{clock.local(one):%Y-%m-%dT%H:%M}" for one in (self.since, self.until))

    @property
    def label(self) -> Text:
        since, until = (f"{clock.local(one):%m-%d %H:%M}" for one in (self.since, self.until))
        return Text(f"{since} 至 {until}", f"{since} to {until}")


Span = Period | Window


def end_of(span: Span) -> datetime | None:
    """When the span ended; None where it reaches up to now."""
    until = span.stretch.until
    return until if until <= clock.now() else None


def previous(span: Span) -> Window:
    """The same length of time just before."""
    since = span.stretch.since
    length = (end_of(span) or clock.now()) - since
    return Window(since - length, since)
