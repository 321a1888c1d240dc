"""What every test may use."""

from __future__ import annotations

import pytest

from shangliu.process import policies


@pytest.fixture(autouse=True)
def _fresh_policies() -> None:
    """Policies are read once a second; a test must not see those of the test before it."""
    policies.forget()
