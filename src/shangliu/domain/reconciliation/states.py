"""States of a difference."""

from enum import StrEnum


class DifferenceState(StrEnum):
    FOUND = "found"
    SETTLED = "settled"
    CLEARED = "cleared"
