"""What visits are asked for by: when they began and what they have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

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
