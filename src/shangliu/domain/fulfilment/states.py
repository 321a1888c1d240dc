"""States of a fulfilment task."""

from enum import StrEnum


class TaskState(StrEnum):
    CREATED = "created"
    IN_WAVE = "in_wave"
    PICKING = "picking"
    SHORT_PICK = "short_pick"
    PICKED = "picked"
    PACKED = "packed"
    WEIGHED = "weighed"
    HANDED_OVER = "handed_over"
    CANCELLED = "cancelled"
