"""What the ports promise, asked of every adapter that is there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shangliu.domain.logistics.provider import CarrierGateway, carrier_gateway, carrier_gateways
from shangliu.domain.payments.provider import (
    Charge,
    Outcome,
    PaymentProvider,
    ProviderError,
    provider,
    providers,
)
from shangliu.platform import clock
from shangliu.platform.errors import NotFound
from shangliu.platform.models import OutsideCall
from shangliu.platform.money import Money
from tests.simulators.running import Simulator

pytestmark = pytest.mark.django_db(transaction=True)
RUBBISH = (b"", b"{}", b"\xff\xfe", b"a=b&sign=c", b"sign=AAAA&sign_type=RSA2", b"param={}&sign=1")


@pytest.fixture(params=["alipay"])
def gateway(request: pytest.FixtureRequest) -> PaymentProvider:
    """The adapter, connected to its simulator; a new provider adds its fixture's name."""
    found: PaymentProvider = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["kuaidi100"])
def carrier(request: pytest.FixtureRequest) -> CarrierGateway:
    found: CarrierGateway = request.getfixturevalue(request.param)
    return found


def test_every_adapter_is_found_under_its_code_and_named_in_both_languages() -> None:
    assert {one.code for one in providers()} == {"alipay"}
    assert {one.code for one in carrier_gateways()} == {"kuaidi100"}
    for payments in providers():
        assert provider(payments.code) is payments
        assert payments.label.zh
        assert payments.label.en
    for carriers in carrier_gateways():
        assert carrier_gateway(carriers.code) is carriers
        assert carriers.label.zh
        assert carriers.label.en
    with pytest.raises(NotFound):
        provider("nobody")
    with pytest.raises(NotFound):
        carrier_gateway("nobody")


def test_starting_a_payment_needs_no_network(
    gateway: PaymentProvider, alipay_simulator: Simulator, number: str
) -> None:
    started = gateway.start(_charge(number))

    assert started.redirect_to.startswith("http")
    assert not OutsideCall.objects.exists()


@pytest.mark.parametrize("body", RUBBISH)
def test_rubbish_is_no_notification(gateway: PaymentProvider, body: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        gateway.read_notification(headers={}, body=body)

    assert not caught.value.unknown


def test_rubbish_is_no_return(gateway: PaymentProvider) -> None:
    with pytest.raises(ProviderError):
        gateway.read_return({"out_trade_no": "A1", "sign": "x"})


@pytest.mark.parametrize("body", RUBBISH)
def test_rubbish_is_no_push(carrier: CarrierGateway, body: bytes) -> None:
    with pytest.raises(ProviderError):
        carrier.read_push(headers={}, body=body)


def test_yes_and_no_are_told_apart(gateway: PaymentProvider, carrier: CarrierGateway) -> None:
    assert gateway.accepted() != gateway.rejected()
    assert carrier.accepted() != carrier.rejected()


def test_an_unknown_number_is_not_found(gateway: PaymentProvider, number: str) -> None:
    assert gateway.query(number).outcome is Outcome.NOT_FOUND
    assert gateway.close(number).outcome is Outcome.NOT_FOUND


def _charge(number: str) -> Charge:
    return Charge(
        number=number,
        amount=Money(8800),
        subject="龙井茶叶 250g",
        expires_at=clock.now() + timedelta(minutes=30),
        return_url="http://127.0.0.1:9/return",
        notify_url="http://127.0.0.1:9/notify",
    )
