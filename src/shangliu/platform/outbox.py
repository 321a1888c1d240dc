"""Delivering what steps have put into the outbox: at least once, in order for each case.

A row is leased by pushing its `due_at` ahead before it is handed on, so a relay that dies leaves
it to the next one; handlers must bear being called twice.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from shangliu.platform import clock
from shangliu.platform.models import Outbox

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
BATCH = 50
MOST_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Letter:
    """One row of the outbox as a handler sees it. `event_id` is unique for what happened."""

    id: int
    topic: str
    case_no: str
    body: Mapping[str, object]
    event_id: int
    attempts: int
    created_at: datetime


Handler = Callable[[Letter], None]

# Of each channel (the topic up to its dot) only the oldest undelivered row of a case is taken: a
# case is served in order, and one receiver that is away does not keep the others waiting. A dead
# row does not stand in the way of those behind it.
_LEASE = """
WITH heads AS (
  SELECT o.id FROM platform_outbox o
  WHERE o.done_at IS NULL AND o.dead_at IS NULL AND o.due_at <= %(now)s::timestamptz
    AND NOT EXISTS (
      SELECT 1 FROM platform_outbox b
      WHERE b.ordering = o.ordering AND split_part(b.topic, '.', 1) = split_part(o.topic, '.', 1)
        AND b.id < o.id AND b.done_at IS NULL AND b.dead_at IS NULL)
  ORDER BY o.due_at, o.id LIMIT %(limit)s::int FOR UPDATE OF o SKIP LOCKED)
UPDATE platform_outbox o SET due_at = %(until)s::timestamptz, attempts = o.attempts + 1
FROM heads WHERE o.id = heads.id
RETURNING o.id, o.topic, o.ordering, o.body, o.event_id, o.attempts, o.created_at"""


def drain(
    handlers: Mapping[str, Handler],
    *,
    limit: int = BATCH,
    after_each: Callable[[], None] = lambda: None,
) -> int:
    """Deliver one batch; gives how many rows were handled, delivered or not. `after_each` is
    called after every one, as a receiver may be slow."""
    letters = _lease(limit)
    for letter in sorted(letters, key=lambda one: one.id):
        _deliver(handlers, letter)
        after_each()
    return len(letters)


def drain_all(handlers: Mapping[str, Handler], *, rounds: int = 1000) -> int:
    """Deliver batches until nothing is due (for tests, made history and commands)."""
    handled = 0
    for _ in range(rounds):
        done = drain(handlers)
        handled += done
        if not done:
            return handled
    return handled


def redrive(*ids: int) -> int:
    """Give dead letters another life, and let those that wait for another try have it now; gives
    how many. A letter that was delivered stays so."""
    return _again(Outbox.objects.filter(pk__in=ids))


def redrive_topic(topic: str) -> int:
    """The same for every letter of a topic, or of a channel (`finance` means `finance.*`)."""
    return _again(Outbox.objects.filter(Q(topic=topic) | Q(topic__startswith=f"{topic}.")))


def redrive_step(step: str) -> int:
    """The same for every letter that a step (`order.pay`) wrote."""
    return _again(_of_step(step))


def _again(letters: QuerySet[Outbox]) -> int:
    moment = clock.now()
    dead = letters.filter(dead_at__isnull=False)
    revived = dead.update(dead_at=None, due_at=moment, attempts=0)
    waits = letters.filter(done_at__isnull=True, dead_at__isnull=True, due_at__gt=moment)
    return revived + waits.exclude(error="").update(due_at=moment)


def lag() -> timedelta:
    """How long the oldest row that is due has been waiting; zero when none is."""
    oldest = (
        Outbox.objects.filter(done_at__isnull=True, dead_at__isnull=True, due_at__lte=clock.now())
        .order_by("due_at")
        .values_list("due_at", flat=True)
        .first()
    )
    return clock.now() - oldest if oldest is not None else timedelta()


def _lease(limit: int) -> list[Letter]:
    given: dict[str, Any] = {"now": clock.now(), "until": clock.now() + LEASE, "limit": limit}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LEASE, given)
        return [_letter(row) for row in cursor.fetchall()]


def _letter(row: tuple[int, str, str, str, int, int, datetime]) -> Letter:
    pk, topic, case_no, body, event_id, attempts, created_at = row
    return Letter(pk, topic, case_no, json.loads(body), event_id, attempts, created_at)


def _deliver(handlers: Mapping[str, Handler], letter: Letter) -> None:
    handler = handlers.get(letter.topic) or handlers.get(letter.topic.partition(".")[0] + ".*")
    if handler is None:
        _put_back(letter, LookupError(f"nobody takes {letter.topic}"))
        return
    try:
        handler(letter)
    except Exception as error:  # noqa: BLE001 - whatever it is, the letter and the relay live on
        log.warning("outbox %s %s: %s", letter.id, letter.topic, error)
        _put_back(letter, error)
        return
    Outbox.objects.filter(pk=letter.id).update(done_at=clock.now(), error="")


def _put_back(letter: Letter, error: Exception) -> None:
    """1, 2, 4 … seconds, at most 10 minutes; after ten attempts the letter is dead."""
    row = Outbox.objects.filter(pk=letter.id)
    said = f"{type(error).__name__}: {error}"[:500]
    if letter.attempts >= MOST_ATTEMPTS:
        row.update(dead_at=clock.now(), error=said)
        return
    wait = timedelta(seconds=min(2 ** (letter.attempts - 1), 600))
    row.update(due_at=clock.now() + wait, error=said)


def dead_letters(limit: int = 100, *, topic: str = "") -> list[Outbox]:
    """What was given up, the newest first."""
    found = _of(topic).filter(dead_at__isnull=False)
    return list(found.order_by("-dead_at", "-id")[:limit])


def waiting_letters(limit: int = 100, *, topic: str = "") -> list[Outbox]:
    """What is still to be delivered, the next first."""
    found = _of(topic).filter(done_at__isnull=True, dead_at__isnull=True)
    return list(found.order_by("due_at", "id")[:limit])


def letters_of_step(step: str, limit: int = 20) -> list[Outbox]:
    """What a step wrote and nobody got yet: what was given up first, then the oldest."""
    found = _of_step(step).filter(done_at__isnull=True)
    return list(found.order_by("dead_at", "id")[:limit])


def _of_step(step: str) -> QuerySet[Outbox]:
    process, _, name = step.partition(".")
    return Outbox.objects.filter(done_at__isnull=True, body__process=process, body__step=name)


def _of(topic: str) -> QuerySet[Outbox]:
    letters = Outbox.objects.all()
    return letters.filter(topic=topic) if topic else letters


def counts() -> dict[str, int]:
    """How many letters are dead and how many wait."""
    return {
        "dead": Outbox.objects.filter(dead_at__isnull=False).count(),
        "waiting": Outbox.objects.filter(done_at__isnull=True, dead_at__isnull=True).count(),
    }


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Letters of one kind. `lag`: how long the oldest one that is due has been waiting."""

    waiting: int
    dead: int
    lag: timedelta


def by_topic() -> dict[str, Undelivered]:
    """What is undelivered, for each topic that has something."""
    return _undelivered("topic", timedelta())


def by_step(late: timedelta = timedelta(seconds=5)) -> dict[str, Undelivered]:
    """The same for each step (`order.pay`) that wrote letters. What is on its way since less than
    `late` is not counted: it is about to arrive."""
    return _undelivered("(body->>'process') || '.' || (body->>'step')", late)


def _undelivered(kind: str, late: timedelta) -> dict[str, Undelivered]:
    given = {"now": clock.now(), "before": clock.now() - late}
    with connection.cursor() as cursor:
        cursor.execute(_UNDELIVERED.format(kind=kind), given)
        return {
            row[0]: Undelivered(row[1], row[2], max(row[3] or timedelta(), timedelta()))
            for row in cursor.fetchall()
        }


# Both partial indexes leave out what was delivered.
_UNDELIVERED = """
SELECT {kind}, count(*) FILTER (WHERE dead_at IS NULL), count(*) FILTER (WHERE dead_at IS NOT NULL),
  %(now)s::timestamptz - min(due_at) FILTER (WHERE dead_at IS NULL)
FROM platform_outbox
WHERE done_at IS NULL AND (dead_at IS NOT NULL OR created_at <= %(before)s::timestamptz)
GROUP BY 1 ORDER BY 1"""
