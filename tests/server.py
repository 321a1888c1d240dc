"""A PostgreSQL of its own for the tests, running before Django reads its settings: a plugin that
pytest loads first (`-p tests.server` in pyproject.toml).

`TEST_DATABASE_URL` names another server to use instead. What a killed run left behind is ended.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from shangliu.cli.postgres import Server


def _start() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shangliu.config.settings")
    data = Path(tempfile.mkdtemp(prefix="shangliu-test-", dir=_writable()))
    data.chmod(0o755)
    (data / "static").mkdir()
    os.environ["DATA_DIR"] = str(data)
    os.environ["DEBUG"] = "0"
    atexit.register(shutil.rmtree, data, ignore_errors=True)
    if url := os.environ.get("TEST_DATABASE_URL"):
        os.environ["DATABASE_URL"] = url
        return
    server = Server(data, durable=False)
    server.start(lambda text: None)
    atexit.register(server.stop)
    os.environ["DATABASE_URL"] = server.url("postgres")


def _writable() -> str | None:
    """A place that the database's own user may enter: the system's, not a private home."""
    return None if os.geteuid() != 0 else "/tmp"  # noqa: S108


_start()
