"""Adapters that speak to running simulators."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from shangliu.providers.carriers.kuaidi100 import Kuaidi100
from shangliu.providers.carriers.kuaidi100 import Settings as Kuaidi100Settings
from shangliu.providers.payments.alipay import Alipay
from shangliu.providers.payments.alipay_wire import Settings as AlipaySettings
from shangliu.providers.payments.wechat import WeChat
from shangliu.providers.payments.wechat_wire import Settings as WeChatSettings
from shangliu.providers.payments.wechat_wire import Wire
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


@pytest.fixture(scope="session")
def wechat_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with simulator("wechat", tmp_path_factory.mktemp("wechat")) as one:
        yield one


@pytest.fixture
def wechat(wechat_simulator: Simulator, tmp_path: Path) -> WeChat:
    """Connected in public-key mode."""
    return wechat_of(wechat_simulator, tmp_path)


def wechat_of(simulator: Simulator, folder: Path, **more: str) -> WeChat:
    """`folder` takes the certificates; `more` changes settings."""
    keys = simulator.folder
    said = {
        "GATEWAY": simulator.url,
        "OPEN": simulator.url,
        "API": simulator.url,
        "PRIVATE_KEY_FILE": str(keys / "merchant_private.pem"),
        "API_KEY_FILE": str(keys / "apiv3_key.txt"),
        "APP_SECRET_FILE": str(keys / "app_secret.txt"),
        "PUBLIC_KEY_FILE": str(keys / "wechat_public.pem"),
        "CERTIFICATES_DIR": str(folder / "certificates"),
        **more,
    }
    environ = {f"PAYMENTS_WECHAT_{name}": value for name, value in said.items()}
    return WeChat(wire=Wire(settings=WeChatSettings.read(environ)))


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
