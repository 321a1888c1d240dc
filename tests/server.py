"""A PostgreSQL of its own for the tests, running before Django reads its settings: a plugin that
pytest loads first (`-p tests.server` in pyproject.toml).

`TEST_DATABASE_URL` names another server to use instead. What a killed run left behind is ended.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

from shangliu.cli.postgres import Server
from shangliu.cli.processes import MARK, alone, end_marked

_PREFIX = "shangliu-test-"
_OWNER = "owner.lock"


def _start() -> None:
    _end_leftovers()
    data = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_place()))
    data.chmod(0o755)
    kept = ExitStack()
    atexit.register(kept.close)
    kept.callback(shutil.rmtree, data, ignore_errors=True)
    kept.enter_context(alone(data / _OWNER, wait=False))
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "shangliu.config.settings",
        "DATA_DIR": str(data),
        "DEBUG": "0",
        MARK: str(data),
    }
    kept.callback(end_marked, data, patience=2)
    if url := os.environ.get("TEST_DATABASE_URL"):
        os.environ["DATABASE_URL"] = url
        return
    server = Server(data, durable=False)
    server.start(lambda text: None)
    kept.callback(server.stop)
    os.environ["DATABASE_URL"] = server.url("postgres")


def _end_leftovers() -> None:
    """Of runs whose own process is gone: programs that they started, servers, files."""
    for data in _place().glob(_PREFIX + "*"):
        if not (data / _OWNER).exists():
            continue
        with alone(data / _OWNER, wait=False) as orphaned:
            if orphaned:
                end_marked(data, patience=2)
                Server(data).stop()
                shutil.rmtree(data, ignore_errors=True)


def _place() -> Path:
    """Somewhere that the database's own user may enter: the system's, not a private home."""
    return Path("/tmp" if os.geteuid() == 0 else tempfile.gettempdir())  # noqa: S108


_start()
