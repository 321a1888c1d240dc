"""A clock that can run faster than the world and be moved forward, and remembers where it was."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta, timezone

from simulators.common.store import Store

BEIJING = timezone(timedelta(hours=8))
SCHEMA = """
CREATE TABLE IF NOT EXISTS clock (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    real REAL NOT NULL, ours REAL NOT NULL, speed REAL NOT NULL
);
"""


class Clock:
    """Seconds since 1970, as the simulated world counts them. Never goes back but by `reset`."""

    def __init__(self, store: Store, *, speed: float = 1.0) -> None:
        self._store = store
        self._lock = threading.Lock()
        kept = store.row("SELECT real, ours, speed FROM clock")
        real = time.time()
        ours = real if kept is None else kept["ours"] + (real - kept["real"]) * kept["speed"]
        self.speed = speed
        self._set(real, ours)

    def now(self) -> float:
        with self._lock:
            return self._ours + (time.time() - self._real) * self.speed

    def advance(self, seconds: float) -> None:
        self._set(time.time(), self.now() + seconds)

    def reset(self) -> None:
        """Back to the world's time."""
        real = time.time()
        self._set(real, real)

    def until(self, moment: float) -> float:
        """Real seconds until the clock shows `moment`; 0 if it is past."""
        return max(0.0, (moment - self.now()) / self.speed)

    def text(self, moment: float | None = None) -> str:
        """As Chinese interfaces write times: Beijing, to the second."""
        at = self.now() if moment is None else moment
        return datetime.fromtimestamp(at, BEIJING).strftime("%Y-%m-%d %H:%M:%S")

    def compact(self) -> str:
        return datetime.fromtimestamp(self.now(), BEIJING).strftime("%Y%m%d%H%M%S")

    def _set(self, real: float, ours: float) -> None:
        with self._lock:
            self._real, self._ours = real, ours
        self._store.run(
            "INSERT INTO clock (id, real, ours, speed) VALUES (1, ?, ?, ?) ON CONFLICT (id)"
            " DO UPDATE SET real = excluded.real, ours = excluded.ours, speed = excluded.speed",
            real,
            ours,
            self.speed,
        )


def read_time(text: str) -> float:
    """The moment that `yyyy-MM-dd HH:mm:ss` means in Beijing. `ValueError` for anything else."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING).timestamp()
