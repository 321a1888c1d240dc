"""Adapters that speak to running simulators."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from shangliu.providers.carriers.kuaidi100 import Kuaidi100
from shangliu.providers.carriers.kuaidi100 import Settings as Kuaidi100Settings
from shangliu.providers.payments.alipay import Alipay
from shangliu.providers.payments.alipay import Settings as AlipaySettings
from tests.simulators.running import Ear, Simulator, ear, simulator

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def alipay_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with simulator("alipay", tmp_path_factory.mktemp("alipay")) as one:
        yield one


@pytest.fixture(scope="session")
def kuaidi100_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with simulator("kuaidi100", tmp_path_factory.mktemp("kuaidi100")) as one:
        yield one


@pytest.fixture
def alipay(alipay_simulator: Simulator) -> Alipay:
    folder = alipay_simulator.folder
    return Alipay(
        settings=AlipaySettings.read(
            {
                "PAYMENTS_ALIPAY_GATEWAY": f"{alipay_simulator.url}/gateway.do",
                "PAYMENTS_ALIPAY_PRIVATE_KEY_FILE": str(folder / "merchant_private.pem"),
                "PAYMENTS_ALIPAY_PUBLIC_KEY_FILE": str(folder / "alipay_public.pem"),
            }
        )
    )


@pytest.fixture
def kuaidi100(kuaidi100_simulator: Simulator) -> Kuaidi100:
    url = kuaidi100_simulator.url
    return Kuaidi100(
        settings=Kuaidi100Settings.read(
            {"CARRIERS_KUAIDI100_POLL_URL": url, "CARRIERS_KUAIDI100_API_URL": url}
        )
    )


@pytest.fixture
def shop() -> Iterator[Ear]:
    with ear() as one:
        yield one


@pytest.fixture
def number() -> str:
    return f"A20261123{next(_numbers):06d}"
