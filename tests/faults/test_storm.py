"""A short storm over the whole product; `make faults` lets a long one go over it."""

from __future__ import annotations

import os
import secrets

from tests.faults.storm import Plan, blow


def test_nothing_is_lost_or_doubled_in_a_storm() -> None:
    seed = int(os.environ.get("SEED") or secrets.randbelow(10**6))
    plan = Plan(seconds=12, seed=seed, clients=6, kill_every=1.5, cut_rate=0.4)
    outcome = blow(plan)
    print(outcome)
    assert not outcome.violations, str(outcome)
    assert sum(outcome.kills.values()) >= 3, str(outcome)
    assert outcome.guests["orders submitted"] >= 5, str(outcome)
    assert sum(outcome.books["payments"].values()) >= 3, str(outcome)
