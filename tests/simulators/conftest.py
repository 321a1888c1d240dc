"""One running simulator of each kind for all tests of a module; numbers are never used twice."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.simulators.merchant import Merchant
from tests.simulators.running import Ear, Simulator, ear, simulator

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def alipay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with simulator("alipay", tmp_path_factory.mktemp("alipay")) as one:
        yield one


@pytest.fixture(scope="module")
def kuaidi100(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with simulator("kuaidi100", tmp_path_factory.mktemp("kuaidi100")) as one:
        yield one


@pytest.fixture
def shop() -> Iterator[Ear]:
    """Where the shop would listen for notifications and pushes."""
    with ear() as one:
        yield one


@pytest.fixture
def merchant(alipay: Simulator, shop: Ear) -> Merchant:
    return Merchant(alipay, shop.url)


@pytest.fixture
def number() -> str:
    return f"T20261123{next(_numbers):06d}"
