"""Steps that are due. The clock takes them, one transaction each: a worker may die at any time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from shangliu.flow.order import services as orders
from shangliu.flow.payment import services as payments
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.process import engine
from shangliu.process.definition import Context, Process, Step
from shangliu.process.models import Stateful
from shangliu.process.roles import Role
from shangliu.process.running import flow

log = logging.getLogger(__name__)

RETRY = timedelta(minutes=1)
MOST_RETRY = timedelta(hours=6)
BATCH = 200

# Timers that ask the outside world before they move anything.
BY_HAND: Mapping[str, Callable[[Any], object]] = {
    "order.time_out": orders.time_out,
    "payment.query": lambda payment: payments.query(payment, actor="timer"),
    "payment.look_back": payments.look_back,
}


def run_due(*, limit: int = BATCH, after_each: Callable[[], None] = lambda: None) -> int:
    """Take every timer step that is due, `limit` of a process at most; how many were tried.
    `after_each` is called after every one, as asking a gateway may take seconds."""
    tried = 0
    for process in flow().processes:
        if process.model is not None and any(step.at for step in process.steps):
            tried += _run_process(process, limit, after_each)
    return tried


def _run_process(process: Process[Any], limit: int, after_each: Callable[[], None]) -> int:
    assert process.model is not None  # noqa: S101 - the caller looked
    due = process.model._default_manager.filter(due_at__lte=clock.now()).order_by("due_at")[:limit]  # noqa: SLF001
    tried = 0
    for subject in due:
        tried += 1
        _ring(process, subject)
        after_each()
    return tried


def _ring(process: Process[Any], subject: Stateful) -> None:
    """Take the first timer step that is due and not refused; else let it ring again later."""
    refused_since = clock.now()
    for step in process.timers(subject.state):
        due = step.at(subject, subject.entered_at) if step.at is not None else None
        if due is None or due > clock.now():
            continue
        try:
            _take(process, step, subject)
        except (Refused, engine.Conflict) as refused:
            log.info("%s.%s waits: %s", process.name, step.name, refused)
            refused_since = min(refused_since, due)
            subject.refresh_from_db()
            continue
        return
    subject.refresh_from_db()
    if subject.due_at is not None and subject.due_at <= clock.now():
        waited = clock.now() - refused_since
        wait = min(max(waited / 4, RETRY), MOST_RETRY)
        engine.postpone(subject, until=clock.now() + wait)


def _take(process: Process[Any], step: Step[Any], subject: Stateful) -> None:
    by_hand = BY_HAND.get(f"{process.name}.{step.name}")
    if by_hand is not None:
        by_hand(subject)
        return
    with transaction.atomic():
        ctx = Context(actor="timer", role=Role.SYSTEM)
        if not _claim(subject):
            return
        engine.fire(process, step, subject, ctx)


def _claim(subject: Stateful) -> bool:
    """False when another worker has the row, or took the step already."""
    table = type(subject)._meta.db_table  # noqa: SLF001
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 1 FROM {table} WHERE id = %s AND state = %s AND due_at <= %s"  # noqa: S608
            " FOR UPDATE SKIP LOCKED",
            [subject.pk, subject.state, clock.now()],
        )
        return cursor.fetchone() is not None
