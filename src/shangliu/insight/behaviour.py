"""Writing down what visitors do, off the path of the page that they wait for."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter

from django.db import DatabaseError, connection, transaction
from psycopg import sql

from shangliu.insight.models import Behaviour

log = logging.getLogger(__name__)

MOST_WAITING = 20_000  # seen but not yet written; what comes on top is dropped, and counted
EVERY = 0.5  # seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """One step of a visit. `step` and `prev` are steps of the recorded process."""

    at: datetime
    visit: str
    step: str
    prev: str = ""
    about: str = ""
    source: str = ""
    medium: str = ""
    campaign: str = ""
    referrer: str = ""
    device: str = ""
    user_id: int | None = None
    known: bool | None = None


_COLUMNS = tuple(field.name for field in fields(Seen))
_values = attrgetter(*_COLUMNS)


@transaction.atomic
def _write(batch: Sequence[Seen]) -> None:
    """All rows or none. COPY, as a busy shop has thousands of them a second."""
    table = Behaviour._meta.db_table  # noqa: SLF001
    copy = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
    )
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(copy) as rows:
        for one in batch:
            rows.write_row(_values(one))


class _Writer:
    """Keeps what was seen in memory for half a second and writes it in one insert."""

    def __init__(self) -> None:
        self._waiting: deque[Seen] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.dropped = 0

    def put(self, seen: Seen) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self.dropped += 1
            return
        self._waiting.append(seen)
        if self._thread is None:
            self._start()

    def flush(self) -> int:
        """Write what is waiting, now and here; gives how many rows that were."""
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if not batch:
                return 0
            try:
                _write(batch)
            except DatabaseError:
                self._waiting.extendleft(reversed(batch))
                raise
        return len(batch)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="behaviour", daemon=True)
                self._thread.start()
                atexit.register(self._last)

    def _run(self) -> None:
        while True:
            time.sleep(EVERY)
            try:
                self.flush()
            except DatabaseError as error:
                log.warning("behaviour waits for the database: %s", error)
                connection.close()

    def _last(self) -> None:
        try:
            self.flush()
        except DatabaseError as error:
            log.warning("behaviour lost at the end: %s", error)


_writer = _Writer()


def record(seen: Seen) -> None:
    """Note a step; returns at once and never fails."""
    _writer.put(seen)


def flush() -> int:
    """Write at once what was noted (for tests and for the end of a program)."""
    return _writer.flush()
