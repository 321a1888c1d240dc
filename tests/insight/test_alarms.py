"""Each kind of evidence is named first, with stage, system and decision."""

from __future__ import annotations

import pytest

from shangliu.flow import alarms

pytestmark = pytest.mark.django_db


def test_smoke() -> None:
    for source in alarms.sources(programs=False):
        print(source())
