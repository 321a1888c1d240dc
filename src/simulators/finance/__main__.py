"""`python -m simulators.finance --port N --data DIR --secret TEXT`"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time

from werkzeug.wrappers import Request, Response

from simulators.common.serving import arguments, serve
from simulators.common.store import Store
from simulators.common.web import App, answer_json, plain, said

SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    event_id TEXT NOT NULL, topic TEXT NOT NULL, case_no TEXT NOT NULL, body TEXT NOT NULL,
    at REAL NOT NULL, deliveries INTEGER NOT NULL DEFAULT 1, PRIMARY KEY (event_id, topic)
);
CREATE TABLE IF NOT EXISTS refused (reason TEXT NOT NULL, at REAL NOT NULL);
"""
WINDOW = 300


class Finance:
    """`POST /hook`: an HMAC-SHA256 over `timestamp.body`, not older than five minutes, is taken
    once for each event and topic; a repetition is acknowledged and counted."""

    def __init__(self, app: App, store: Store, secret: str) -> None:
        self._app, self._store, self._secret = app, store, secret
        self._failing = 0
        app.add("/hook", self.take, "POST")
        app.add("/healthz", lambda _: answer_json({"ok": True, "system": "finance"}))
        app.add("/", self.page)
        app.add("/_sim", self.page)
        app.add("/_sim/events", self.events)
        app.add("/_sim/fail", self.fail, "POST")

    def take(self, request: Request) -> Response:
        body = request.get_data()
        stamp = request.headers.get("Shangliu-Timestamp", "")
        if self._failing:
            self._failing -= 1
            return self._refuse(503, "unavailable, as it was told to be")
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > WINDOW:
            return self._refuse(400, "the timestamp is missing or outside five minutes")
        right = hmac.new(self._secret.encode(), stamp.encode() + b"." + body, hashlib.sha256)
        if not hmac.compare_digest(
            right.hexdigest(), request.headers.get("Shangliu-Signature", "")
        ):
            return self._refuse(401, "the signature does not match")
        content = json.loads(body)
        self._store.run(
            "INSERT INTO events (event_id, topic, case_no, body, at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET deliveries = deliveries + 1",
            request.headers.get("Shangliu-Event-Id", ""),
            str(content.get("topic", "")),
            str(content.get("case", "")),
            body.decode(),
            time.time(),
        )
        return answer_json({"ok": True})

    def page(self, _request: Request) -> Response:
        return self._app.page(
            "events.html",
            events=self._store.rows("SELECT * FROM events ORDER BY at DESC LIMIT 200"),
            refused=self._store.rows("SELECT * FROM refused ORDER BY at DESC LIMIT 20"),
            failing=self._failing,
            text=lambda at: time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at + 8 * 3600)),
        )

    def events(self, request: Request) -> Response:
        case = request.args.get("case", "")
        found = self._store.rows(
            "SELECT * FROM events WHERE ? = '' OR case_no = ? ORDER BY at", case, case
        )
        return answer_json([plain(one) for one in found])

    def fail(self, request: Request) -> Response:
        """The next `times` webhooks are answered with 503."""
        self._failing = int(said(request).get("times", "1"))
        return answer_json({"failing": self._failing})

    def _refuse(self, status: int, reason: str) -> Response:
        self._store.insert("refused", reason=reason, at=time.time())
        return answer_json({"ok": False, "reason": reason}, status)


def main() -> None:
    parser = arguments("finance", 8013)
    parser.add_argument("--secret", default=os.environ.get("FINANCE_WEBHOOK_SECRET", ""))
    chosen = parser.parse_args()
    if not chosen.secret:
        parser.error("--secret or FINANCE_WEBHOOK_SECRET is needed")
    store = Store(chosen.data / "finance.sqlite3", SCHEMA)
    app = App("simulators.finance")
    Finance(app, store, chosen.secret)
    try:
        serve(app, name="finance", port=chosen.port)
    finally:
        store.close()


if __name__ == "__main__":
    main()
