"""What the port promises where the money does not come through a gateway: the same answers, and
nobody is asked over the network."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.db import transaction

from shangliu.domain.payments.provider import (
    Charge,
    Device,
    Nature,
    Outcome,
    PaymentProvider,
    ProviderError,
    Ref,
    RefundOutcome,
    provider,
    providers,
)
from shangliu.platform import clock
from shangliu.platform.models import OutsideCall
from shangliu.platform.money import Money

pytestmark = pytest.mark.django_db
NATURES = {
    "cod": Nature.ON_DELIVERY,
    "credit": Nature.WALLET,
    "points": Nature.WALLET,
    "transfer": Nature.TRANSFER,
}
REF = Ref(number="A1")


@pytest.fixture(params=sorted(NATURES))
def offline(request: pytest.FixtureRequest) -> Iterator[PaymentProvider]:
    """Inside a transaction, where calling the network is an error."""
    with transaction.atomic():
        yield provider(request.param)
    assert not OutsideCall.objects.exists()


def test_every_way_without_a_gateway_is_asked_here() -> None:
    there = {one.code: one.nature for one in providers() if one.nature is not Nature.GATEWAY}

    assert there == NATURES


def test_it_is_named_in_both_languages_and_offered_on_every_device(
    offline: PaymentProvider,
) -> None:
    assert offline.methods
    for one in offline.methods:
        assert one.devices == frozenset(Device)
        assert not one.needs_payer
        assert one.label.zh
        assert one.label.en
    assert offline.label.zh
    assert offline.label.en


def test_starting_it_gives_details_to_read_and_the_same_ones_again(
    offline: PaymentProvider,
) -> None:
    charge = Charge(
        number="A1",
        amount=Money(8800),
        subject="龙井茶叶 250g",
        expires_at=clock.now() + timedelta(minutes=30),
        return_url="http://127.0.0.1:9/return",
        notify_url="http://127.0.0.1:9/notify",
        method=offline.methods[0].code,
    )

    first, second = offline.start(charge), offline.start(charge)

    assert first == second
    assert "¥88.00" in [value for _, value in first.details]
    assert all(label.zh and label.en and value for label, value in first.details)
    assert (first.redirect_to, first.qr, first.invoke, first.provider_id) == ("", "", {}, "")


def test_it_is_waited_for_until_it_is_closed(offline: PaymentProvider) -> None:
    assert offline.query(REF).outcome is Outcome.WAITING
    assert [offline.close(REF).outcome for _ in range(2)] == [Outcome.CLOSED, Outcome.CLOSED]


def test_a_wallet_gives_back_at_once_and_the_others_by_hand(offline: PaymentProvider) -> None:
    answers = [
        offline.refund(
            ref=REF, refund_number="R1", amount=Money(100), total=Money(8800), reason="不想要了"
        )
        for _ in range(2)
    ]

    wallet = offline.nature is Nature.WALLET
    expected = RefundOutcome.DONE if wallet else RefundOutcome.BY_HAND
    assert [one.outcome for one in answers] == [expected, expected]
    assert [one.number for one in answers] == ["R1", "R1"]
    assert offline.query_refund(ref=REF, refund_number="R1").outcome is expected


def test_nobody_writes_comes_back_or_has_to_be_recognised(offline: PaymentProvider) -> None:
    for body in (b"", b"{}", b"\xff", b"out_trade_no=A1&sign=x"):
        with pytest.raises(ProviderError):
            offline.read_notification(headers={}, body=body)
    with pytest.raises(ProviderError):
        offline.read_return({"out_trade_no": "A1"})
    with pytest.raises(ProviderError):
        offline.payer_url("http://127.0.0.1:9/back")
    with pytest.raises(ProviderError):
        offline.payer({"code": "1"})
    assert offline.rejected()[0] >= 400


def test_its_bills_have_no_lines(offline: PaymentProvider) -> None:
    bill = offline.bill(date(2026, 11, 22))

    assert (bill.day, bill.lines) == (date(2026, 11, 22), ())
