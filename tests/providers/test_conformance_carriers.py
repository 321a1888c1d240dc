"""What the port to carriers promises, asked of every adapter that is there."""

from __future__ import annotations

import pytest

from shangliu.domain.logistics.provider import CarrierGateway, carrier_gateway, carrier_gateways
from shangliu.domain.payments.provider import ProviderError
from shangliu.platform.errors import NotFound

pytestmark = pytest.mark.django_db(transaction=True)
RUBBISH = (b"", b"{}", b"\xff\xfe", b"a=b&sign=c", b"sign=AAAA&sign_type=RSA2", b"param={}&sign=1")
CARRIERS = ("kuaidi100",)


@pytest.fixture(params=CARRIERS)
def carrier(request: pytest.FixtureRequest) -> CarrierGateway:
    """The adapter, connected to its simulator; a new one adds its fixture's name."""
    found: CarrierGateway = request.getfixturevalue(request.param)
    return found


def test_every_adapter_is_found_under_its_code_and_named_in_both_languages() -> None:
    assert {one.code for one in carrier_gateways()} == set(CARRIERS)
    for one in carrier_gateways():
        assert carrier_gateway(one.code) is one
        assert one.label.zh
        assert one.label.en
    with pytest.raises(NotFound):
        carrier_gateway("nobody")


@pytest.mark.parametrize("body", RUBBISH)
def test_rubbish_is_no_push(carrier: CarrierGateway, body: bytes) -> None:
    with pytest.raises(ProviderError):
        carrier.read_push(headers={}, body=body)


def test_yes_and_no_are_told_apart(carrier: CarrierGateway) -> None:
    assert carrier.accepted() != carrier.rejected()
