"""The environment of a run, set before Django reads its settings."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OFFSETS = (0, 1, 11, 12, 13, 14, 15, 20, 30)
_FOREIGN = ("DATABASE_URL", "PUBLIC_URL", "HOST", "REDIS_URL", "PAGE_CACHE", "WEB_WORKERS")


@contextmanager
def made() -> Iterator[None]:
    """Data and ports of its own, production mode; the data are gone afterwards."""
    data = Path(tempfile.mkdtemp(prefix="shangliu-bench-", dir=_writable()))
    data.chmod(0o755)
    for name in _FOREIGN:
        os.environ.pop(name, None)
    os.environ |= {
        "DATA_DIR": str(data),
        "PORT": str(_free_ports()),
        "DEBUG": "0",
        "DEMO": "0",
        "SECRET_KEY": secrets.token_hex(32),
        "FINANCE_WEBHOOK_SECRET": secrets.token_hex(16),
        "DJANGO_SETTINGS_MODULE": "shangliu.config.settings",
    }
    try:
        yield
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _writable() -> str | None:
    """A place that the database's own user may enter, where there is one: not a private home."""
    return "/tmp" if os.geteuid() == 0 else None  # noqa: S108


def _free_ports() -> int:
    """The first of a row of ports of which all that are needed are free."""
    for port in range(21_000, 30_000, 50):
        if all(_free(port + offset) for offset in OFFSETS):
            return port
    raise SystemExit("没有可用端口 / no free ports")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
