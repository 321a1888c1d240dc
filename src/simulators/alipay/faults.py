"""What shall go wrong next, and how often."""

from __future__ import annotations

import sqlite3

from simulators.common.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL, subject TEXT NOT NULL, method TEXT NOT NULL,
    value INTEGER NOT NULL, times INTEGER NOT NULL
);
"""
KINDS = {
    "lost": "请求丢失：什么也不做，断开连接",
    "drop": "做完后断开连接，不给应答",
    "unknown": "什么也不做，应答 20000",
    "unknown_done": "做完后应答 20000",
    "http_502": "什么也不做，应答 HTTP 502",
    "latency": "先等待 value 毫秒",
    "no_balance": "退款时商户余额不足",
    "hold": "扣住通知，直到放行",
    "lose": "丢掉通知",
    "delay": "通知推迟 value 秒",
    "wrong_amount": "通知里的金额多一分",
    "reorder": "下一条通知等再下一条发出之后才发",
}


class Faults:
    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self, kind: str, *, subject: str = "", method: str = "", value: int = 0, times: int = 1
    ) -> None:
        """`subject` and `method` empty: any. `times` -1: until cleared."""
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}")
        self._store.insert(
            "faults", kind=kind, subject=subject, method=method, value=value, times=times
        )

    def take(self, kind: str, *, subject: str = "", method: str = "") -> int | None:
        """The value of a fault that applies now, which uses it once; None if there is none."""
        with self._store.transaction():
            found = self._store.row(
                "SELECT id, value FROM faults WHERE kind = ? AND times <> 0"
                " AND subject IN ('', ?) AND method IN ('', ?) ORDER BY id LIMIT 1",
                kind,
                subject,
                method,
            )
            if found is None:
                return None
            self._store.run(
                "UPDATE faults SET times = times - 1 WHERE id = ? AND times > 0", found["id"]
            )
            return int(found["value"])

    def active(self) -> list[sqlite3.Row]:
        return self._store.rows("SELECT * FROM faults WHERE times <> 0 ORDER BY id")

    def clear(self) -> None:
        self._store.run("DELETE FROM faults")
