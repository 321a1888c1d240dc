"""States of a reservation."""

from enum import StrEnum


class ReservationState(StrEnum):
    HELD = "held"
    COMMITTED = "committed"
    SHIPPED = "shipped"
    RELEASED = "released"
    EXPIRED = "expired"
