"""Ends everything when the supervisor is killed before it could. Started by `shangliu up`.

`python -m shangliu.cli.guard DATA_DIR embedded|other`. Standard input is a pipe that nobody writes
to: its end is the end of the supervisor, whatever that died of.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from shangliu.cli.postgres import Server
from shangliu.cli.processes import alone, end_marked

LOCK = "guard.lock"  # held as long as there may be something left to end


def main(data_dir: Path, *, embedded: bool) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run_dir = data_dir / "run"
    with alone(run_dir / LOCK, wait=True):
        sys.stdin.read()
        end_marked(run_dir, patience=5)
        if embedded:
            Server(data_dir).stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), embedded=sys.argv[2] == "embedded")
