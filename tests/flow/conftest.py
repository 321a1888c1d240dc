"""What every test of the flow must leave behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.insight.world import assert_books_balance


@pytest.fixture(autouse=True)
def _everything_adds_up(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test that used the database, goods and money add up."""
    yield
    if {"db", "transactional_db"} & set(request.fixturenames):
        assert_books_balance()
