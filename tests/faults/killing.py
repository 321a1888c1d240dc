"""Ending the shop's programs as nobody expects it."""

from __future__ import annotations

import json
import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

# How often each is chosen. `web` is all of it, `web worker` one process of it; a `backend` is one
# connection of the database, whose death makes the server recover.
WEIGHTS = {
    "web": 3,
    "web worker": 4,
    "worker": 6,
    "stream": 1,
    "alipay": 3,
    "kuaidi100": 2,
    "finance": 1,
    "database": 2,
    "backend": 2,
}


@dataclass
class Killer:
    """`kill` sends SIGKILL to something that runs, and counts it."""

    data: Path
    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter)

    def kill(self, kind: str = "") -> str:
        chosen = kind or self.chance.choices(list(WEIGHTS), weights=list(WEIGHTS.values()))[0]
        victim = self._victim(chosen)
        if victim is None:
            return ""
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            return ""
        self.counts[chosen] += 1
        return chosen

    def _victim(self, kind: str) -> int | None:
        finders: dict[str, Callable[[], int | None]] = {
            "web worker": lambda: self._child(self._pid("web")),
            "database": self._postmaster,
            "backend": self._backend,
        }
        return finders.get(kind, lambda: self._pid(kind))()

    def _pid(self, name: str) -> int | None:
        try:
            pid = int(json.loads((self.data / "run" / f"{name}.pid").read_text())["pid"])
        except (OSError, ValueError):
            return None
        return pid if psutil.pid_exists(pid) else None

    def _child(self, pid: int | None, mark: str = "") -> int | None:
        if pid is None:
            return None
        try:
            found = [
                one.pid
                for one in psutil.Process(pid).children()
                if not mark or mark in " ".join(one.cmdline())
            ]
        except psutil.Error:
            return None
        return self.chance.choice(found) if found else None

    def _postmaster(self) -> int | None:
        try:
            return int((self.data / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def _backend(self) -> int | None:
        return self._child(self._postmaster(), mark="postgres: postgres shangliu")
