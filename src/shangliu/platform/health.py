"""What the database knows of the work in the background."""

from __future__ import annotations

from datetime import datetime, timedelta

from shangliu.platform import outbox
from shangliu.platform.models import Heartbeat, Outbox


def loops() -> dict[str, datetime]:
    """When each background loop last turned round."""
    return dict(Heartbeat.objects.values_list("name", "beat_at"))


def outbox_lag() -> timedelta:
    return outbox.lag()


def dead_letters() -> int:
    return Outbox.objects.filter(dead_at__isnull=False).count()
