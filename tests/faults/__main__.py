"""`python -m tests.faults --seconds 600 --seed 7`: a long storm, and what it left behind."""

from __future__ import annotations

import argparse
import os
import secrets
import tempfile
from pathlib import Path

from tests.faults.storm import Plan, blow


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--kill-every", type=float, default=3.0, help="seconds on average")
    parser.add_argument("--cuts", type=float, default=0.25, help="share of the calls that are cut")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="shangliu-faults-", dir=_place()) as data:
        Path(data).chmod(0o755)
        os.environ["DATA_DIR"] = data
        plan = Plan(
            seconds=asked.seconds,
            seed=asked.seed,
            clients=asked.clients,
            kill_every=asked.kill_every,
            cut_rate=asked.cuts,
        )
        print(f"seed {plan.seed}: {plan.seconds:.0f} seconds of storm", flush=True)
        outcome = blow(plan)
    print(outcome)
    return 1 if outcome.violations else 0


def _place() -> str:
    """Somewhere that the database's own user may enter."""
    return "/tmp" if os.geteuid() == 0 else tempfile.gettempdir()  # noqa: S108


if __name__ == "__main__":
    raise SystemExit(main())
