"""What the database knows of the work in the background."""

from __future__ import annotations

from datetime import datetime, timedelta

from shangliu.platform import outbox
from shangliu.platform.models import Heartbeat

# What a worker keeps turning; another heartbeat in the table is not a loop of the worker's.
OUTBOX, OUTBOX_TOO, TIMERS, HOUSE, WATCH = LOOPS = (
    "outbox",
    "outbox-2",
    "timers",
    "house",
    "watch",
)


def loops() -> dict[str, datetime]:
    """When each of the worker's loops last turned round."""
    beats = Heartbeat.objects.filter(name__in=LOOPS)
    return dict(beats.values_list("name", "beat_at"))


def outbox_lag() -> timedelta:
    return outbox.lag()


def undelivered() -> dict[str, outbox.Undelivered]:
    """What the outbox still holds, for each topic that has something."""
    return outbox.by_topic()
