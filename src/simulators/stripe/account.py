"""The merchant's account, and how the platform says no."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from simulators.common.keys import write
from simulators.common.store import Store

API_VERSION = "2026-10-28.endive"
SCHEMA = "CREATE TABLE IF NOT EXISTS endpoint (id INTEGER PRIMARY KEY CHECK (id = 1), url TEXT);"


class RefusalError(Exception):
    """An HTTP status with the type, code and words of the documentation."""

    def __init__(self, status: int, kind: str, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.status, self.kind, self.message, self.code = status, kind, message, code

    def content(self) -> dict[str, Any]:
        said = {"type": self.kind, "message": self.message}
        if self.code:
            said["code"] = self.code
        return {"error": said}


def wrong(message: str, code: str = "parameter_invalid") -> RefusalError:
    return RefusalError(400, "invalid_request_error", message, code=code)


def missing(what: str) -> RefusalError:
    return RefusalError(404, "invalid_request_error", f"No such {what}", code="resource_missing")


class Account:
    """The secrets stand in files that the shop reads, written at the first start. `endpoint` is
    where webhooks go, as one sets it on the dashboard."""

    def __init__(self, folder: Path, store: Store, endpoint: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.secret_key = _kept(folder / "secret_key.txt", "sk_test_")
        self.webhook_secret = _kept(folder / "webhook_secret.txt", "whsec_")
        self._store = store
        if endpoint:
            self.endpoint = endpoint

    @property
    def endpoint(self) -> str:
        found = self._store.row("SELECT url FROM endpoint")
        return str(found["url"]) if found is not None else ""

    @endpoint.setter
    def endpoint(self, url: str) -> None:
        self._store.run("INSERT OR REPLACE INTO endpoint (id, url) VALUES (1, ?)", url)


def _kept(file: Path, head: str) -> str:
    if not file.exists():
        write(file, f"{head}{secrets.token_hex(24)}\n".encode(), 0o600)
    return file.read_text().strip()
