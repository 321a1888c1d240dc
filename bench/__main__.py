"""`python -m bench [--only W4 …]`; `SECONDS` for each measurement (10), `ROUNDS` (3).

`ORDERS` (100000) is the size of W7, `EVENTS` (1000000, or several with commas) that of W8.
"""

from __future__ import annotations

import argparse
import os
from importlib import import_module

import django

from bench import surroundings

KNOWN = ("W1", "W2", "W4", "W5", "W6", "W7", "W8", "hot", "faults")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--only", nargs="+", choices=KNOWN, default=[])
    chosen = parser.parse_args()
    seconds = float(os.environ.get("SECONDS") or 10)
    rounds = int(os.environ.get("ROUNDS") or 3)
    with surroundings.made():
        django.setup()
        status: int = import_module("bench.run").main(chosen.only, seconds=seconds, rounds=rounds)
    return status


if __name__ == "__main__":
    raise SystemExit(main())
