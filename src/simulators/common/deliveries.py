"""Messages to the shop: kept, sent, and sent again on a schedule until they are acknowledged."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import requests

from simulators.common.clock import Clock
from simulators.common.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subject TEXT NOT NULL,
    message_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    attempts INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL,
    created REAL NOT NULL,
    last_status INTEGER,
    last_answer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS deliveries_subject ON deliveries (subject);
"""
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
WORKERS = 4
LONGEST_SLEEP = 0.25


class Deliveries:
    """States: `waiting` (for its time), `held` and `reorder` (until released), `done`, `given_up`,
    `lost`.

    `schedule` is the seconds between one send and the next; `acknowledged` reads the answer.
    The url and body do not change between sends, so the message id does not either; `dress` gives
    the headers of one send, for those who sign every send anew.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        schedule: Sequence[float],
        acknowledged: Callable[[int, bytes], bool],
        dress: Callable[[sqlite3.Row], Mapping[str, str]] = lambda _: FORM,
    ) -> None:
        self._store, self._clock, self._dress = store, clock, dress
        self._schedule, self._acknowledged = schedule, acknowledged
        self._wake, self._stopped = threading.Event(), threading.Event()
        self._sending: set[int] = set()
        self._pool = ThreadPoolExecutor(WORKERS, "send")
        self._sessions = threading.local()
        self._tick: Callable[[], None] = self._wake.clear
        self._thread = threading.Thread(target=self._loop, name="deliveries", daemon=True)

    def start(self, *, tick: Callable[[], None]) -> None:
        """`tick` is called at every turn, at least four times a second."""
        self._tick = tick
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._wake.set()
        self._thread.join(5)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def add(
        self,
        *,
        subject: str,
        message_id: str,
        kind: str,
        url: str,
        body: str,
        after: float = 0.0,
        state: str = "waiting",
    ) -> int:
        """Keep a message; the first send is at once, or `after` seconds of the simulated clock."""
        now = self._clock.now()
        made = self._store.insert(
            "deliveries",
            subject=subject,
            message_id=message_id,
            kind=kind,
            url=url,
            body=body,
            state=state,
            due=now + after,
            created=now,
        )
        self.wake()
        return made

    def release(self, subject: str = "") -> int:
        """Let held messages go, of one subject or all."""
        freed = self._store.run(
            "UPDATE deliveries SET state = 'waiting', due = ? WHERE state IN ('held', 'reorder')"
            " AND (? = '' OR subject = ?)",
            self._clock.now(),
            subject,
            subject,
        )
        self.wake()
        return freed

    def give_up(self) -> int:
        """Do not send again what was sent and not acknowledged; gives how many."""
        return self._store.run(
            "UPDATE deliveries SET state = 'given_up' WHERE state = 'waiting' AND attempts > 0"
        )

    def wake(self) -> None:
        self._wake.set()

    def recent(self, subject: str = "", limit: int = 200) -> list[sqlite3.Row]:
        return self._store.rows(
            "SELECT * FROM deliveries WHERE ? = '' OR subject = ? ORDER BY id DESC LIMIT ?",
            subject,
            subject,
            limit,
        )

    def last(self, subject: str) -> sqlite3.Row | None:
        return self._store.row(
            "SELECT * FROM deliveries WHERE subject = ? ORDER BY id DESC LIMIT 1", subject
        )

    def _loop(self) -> None:
        while not self._stopped.is_set():
            self._wake.clear()
            self._tick()
            now = self._clock.now()
            for found in self._store.rows(
                "SELECT id, due FROM deliveries WHERE state = 'waiting' AND due <= ?"
                " ORDER BY due LIMIT 64",
                now,
            ):
                if found["id"] not in self._sending:
                    self._sending.add(found["id"])
                    self._pool.submit(self._send, found["id"])
            self._wake.wait(self._rest())

    def _rest(self) -> float:
        coming = self._store.row(
            "SELECT min(due) FROM deliveries WHERE state = 'waiting' AND due > ?",
            self._clock.now(),
        )
        if coming is None or coming[0] is None:
            return LONGEST_SLEEP
        return min(LONGEST_SLEEP, self._clock.until(float(coming[0])) + 0.001)

    def _send(self, key: int) -> None:
        try:
            found = self._store.row("SELECT * FROM deliveries WHERE id = ?", key)
            if found is None or found["state"] != "waiting":
                return
            status, answer = self._post(found)
            self._note(found, status, answer)
        finally:
            self._sending.discard(key)
            self.wake()

    def _post(self, found: sqlite3.Row) -> tuple[int | None, bytes]:
        session: requests.Session | None = getattr(self._sessions, "one", None)
        if session is None:
            session = self._sessions.one = requests.Session()
            session.trust_env = False
        try:
            answer = session.post(
                found["url"],
                data=found["body"].encode(),
                headers=dict(self._dress(found)),
                timeout=(2, 10),
                allow_redirects=False,
            )
        except requests.RequestException as failed:
            return None, type(failed).__name__.encode()
        return answer.status_code, answer.content

    def _note(self, found: sqlite3.Row, status: int | None, answer: bytes) -> None:
        attempts = found["attempts"] + 1
        taken = status is not None and self._acknowledged(status, answer)
        state, due = "done" if taken else "given_up", found["due"]
        if not taken and attempts <= len(self._schedule):
            state, due = "waiting", self._clock.now() + self._schedule[attempts - 1]
        self._store.run(
            "UPDATE deliveries SET state = ?, attempts = ?, due = ?, last_status = ?,"
            " last_answer = ? WHERE id = ? AND state = 'waiting'",
            state,
            attempts,
            due,
            status,
            answer[:300].decode("utf-8", "replace"),
            found["id"],
        )
