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
from shangliu.providers.payments.stripe import Settings as StripeSettings
from shangliu.providers.payments.stripe import Stripe
from shangliu.providers.payments.wechat import WeChat
from shangliu.providers.payments.wechat_wire import Settings as WeChatSettings
from shangliu.providers.payments.wechat_wire import Wire
from tests.providers.drivers import AlipayDriver, Case, Driver, StripeDriver, WeChatDriver
from tests.simulators.running import Ear, Simulator, ear, simulator

GATEWAYS = ("alipay", "alipay-certificates", "wechat", "stripe")
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
def alipay(alipay_simulator: Simulator, tmp_path: Path) -> Alipay:
    """Connected in public-key mode."""
    return alipay_of(alipay_simulator, tmp_path)


def alipay_of(simulator: Simulator, folder: Path, **more: str) -> Alipay:
    """`folder` takes the certificates; `more` changes settings."""
    keys = simulator.folder
    said = {
        "GATEWAY": f"{simulator.url}/gateway.do",
        "PRIVATE_KEY_FILE": str(keys / "merchant_private.pem"),
        "PUBLIC_KEY_FILE": str(keys / "alipay_public.pem"),
        "CERT_FILE": str(keys / "alipay_cert.crt"),
        "ROOT_CERT_FILE": str(keys / "alipay_root.crt"),
        "CERTIFICATES_DIR": str(folder / "certificates"),
        **more,
    }
    environ = {f"PAYMENTS_ALIPAY_{name}": value for name, value in said.items()}
    return Alipay(settings=AlipaySettings.read(environ))


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


@pytest.fixture(scope="session")
def stripe_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with simulator("stripe", tmp_path_factory.mktemp("stripe")) as one:
        yield one


def stripe_of(simulator: Simulator, **more: str) -> Stripe:
    """`more` changes settings."""
    said = {
        "API": simulator.url,
        "SECRET_KEY_FILE": str(simulator.folder / "secret_key.txt"),
        "WEBHOOK_SECRET_FILE": str(simulator.folder / "webhook_secret.txt"),
        **more,
    }
    environ = {f"PAYMENTS_STRIPE_{name}": value for name, value in said.items()}
    return Stripe(settings=StripeSettings.read(environ))


@pytest.fixture
def stripe_gateway(stripe_simulator: Simulator) -> Stripe:
    return stripe_of(stripe_simulator)


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


@pytest.fixture(params=GATEWAYS)
def driver(request: pytest.FixtureRequest, tmp_path: Path) -> Driver:
    """A new gateway adds its driver here."""
    name, _, mode = request.param.partition("-")
    simulator: Simulator = request.getfixturevalue(f"{name}_simulator")
    match name:
        case "alipay":
            more = {"APP_CERT_FILE": str(simulator.folder / "app_cert.crt")} if mode else {}
            return AlipayDriver(
                alipay_of(simulator, tmp_path, **more),
                simulator,
                lambda: alipay_of(simulator, tmp_path, **more, SELLER_ID="2088000000000001"),
            )
        case "wechat":
            return WeChatDriver(
                wechat_of(simulator, tmp_path),
                simulator,
                lambda: wechat_of(simulator, tmp_path, MCH_ID="1"),
            )
        case "stripe":
            other = tmp_path / "other.txt"
            other.write_text("whsec_other")
            return StripeDriver(
                stripe_of(simulator),
                simulator,
                lambda: stripe_of(simulator, WEBHOOK_SECRET_FILE=str(other)),
            )
    raise AssertionError(f"no driver for {name}")


@pytest.fixture
def case(driver: Driver, number: str, shop: Ear) -> Case:
    driver.listen(shop.url)
    return Case(driver, number, shop)
