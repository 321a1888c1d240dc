"""How far visitors come: of those who arrived, how many reached each later step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from shangliu.insight.passages import log_of


def reached(steps: Sequence[str], since: datetime) -> dict[str, int]:
    """Step (`order.pay`) -> how many visits or cases took it since then, each counted once."""
    found = dict.fromkeys(steps, 0)
    logs: dict[str, list[str]] = {}
    for step in steps:
        logs.setdefault(log_of(step.partition(".")[0]), []).append(step)
    with connection.cursor() as cursor:
        for log, of_log in logs.items():
            cursor.execute(
                f"SELECT step, count(DISTINCT case_no) FROM ({log} WHERE e.at >= %s) e"  # noqa: S608
                " WHERE step = ANY(%s) GROUP BY 1",
                [since, of_log],
            )
            found |= dict(cursor.fetchall())
    return found
