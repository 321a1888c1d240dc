"""Ten thousand notifications in random order lose no money, ship nothing twice, unpay nothing."""

from __future__ import annotations

import os
import random
import secrets
from pathlib import Path

import pytest

from shangliu.domain.payments.models import GatewayNotification
from tests.faults.asking import often
from tests.faults.banks import AlipayMaker, Lie
from tests.faults.chaos import Chaos
from tests.insight.world import open_shop

pytestmark = pytest.mark.django_db(transaction=True)

MANY = int(os.environ.get("NOTIFICATIONS", "10000"))


def test_ten_thousand_notifications_in_any_order_change_only_what_is_true(tmp_path: Path) -> None:
    seed = int(os.environ.get("SEED") or secrets.randbelow(10**6))
    makers = [AlipayMaker(tmp_path, random.Random(seed), trouble=0.2)]
    with often() as rows:
        chaos = Chaos(seed, open_shop(), makers, rows)
        chaos.run(MANY)
    print(f"seed {seed}: {dict(chaos.done)}")
    assert GatewayNotification.objects.count() >= MANY
    assert {f"lie {one.value}" for one in Lie} < set(chaos.done)
