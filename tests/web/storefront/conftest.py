"""A small shop, and browsers that walk through it as a browser does: with tokens from the pages."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from tests.insight import world
from tests.web.storefront.walker import Walker


@pytest.fixture(autouse=True)
def _nobody_asked_yet(db: None) -> None:
    """Rate limits are counted in the cache."""
    cache.clear()


@pytest.fixture
def shop(db: None) -> world.Shop:
    return world.open_shop()


@pytest.fixture
def walker() -> Walker:
    return Walker()


@pytest.fixture
def other() -> Walker:
    """Somebody else, in another browser."""
    return Walker()
