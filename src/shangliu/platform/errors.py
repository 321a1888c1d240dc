"""What can go wrong in a way that a person can be told."""

from __future__ import annotations

from shangliu.platform.text import Text


class Refused(Exception):
    """The business says no; nothing was changed. `reasons` are sentences to show."""

    def __init__(self, *reasons: Text) -> None:
        super().__init__("; ".join(reason.zh for reason in reasons))
        self.reasons = reasons


class NotFound(Exception):
    """There is no such thing, or it is not yours to see; the two are not told apart."""
