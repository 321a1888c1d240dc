"""States of a cart."""

from enum import StrEnum


class CartState(StrEnum):
    OPEN = "open"
    ABANDONED = "abandoned"
    CHECKED_OUT = "checked_out"
