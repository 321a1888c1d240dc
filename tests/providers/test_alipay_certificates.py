"""The Alipay adapter in certificate mode, over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from shangliu.domain.payments.provider import (
    Charge,
    Outcome,
    ProviderError,
    Ref,
    RefundAnswer,
    RefundOutcome,
)
from shangliu.platform import clock
from shangliu.platform.models import OutsideCall
from shangliu.platform.money import Money
from shangliu.providers.payments.alipay import Alipay
from shangliu.providers.payments.alipay_wire import Settings
from tests.simulators.running import Ear, Simulator, simulator

pytestmark = pytest.mark.django_db(transaction=True)
DOWNLOAD = "alipay.open.app.alipaycert.download"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Simulator]:
    """A simulator of this test alone: what it signs with changes."""
    with simulator("alipay", tmp_path / "sim") as one:
        yield one


def _certified(own: Simulator, folder: Path, **more: str) -> Alipay:
    said = {
        "GATEWAY": f"{own.url}/gateway.do",
        "PRIVATE_KEY_FILE": str(own.folder / "merchant_private.pem"),
        "PUBLIC_KEY_FILE": "/nowhere",
        "APP_CERT_FILE": str(own.folder / "app_cert.crt"),
        "CERT_FILE": str(own.folder / "alipay_cert.crt"),
        "ROOT_CERT_FILE": str(own.folder / "alipay_root.crt"),
        "CERTIFICATES_DIR": str(folder / "certificates"),
        **more,
    }
    environ = {f"PAYMENTS_ALIPAY_{name}": value for name, value in said.items()}
    return Alipay(settings=Settings.read(environ))


@pytest.fixture
def certified(own: Simulator, tmp_path: Path) -> Alipay:
    return _certified(own, tmp_path)


def _pay(gateway: Alipay, own: Simulator, number: str, shop: Ear) -> None:
    started = gateway.start(
        Charge(
            number=number,
            amount=Money(8800),
            subject="龙井茶叶 250g",
            expires_at=clock.now() + timedelta(minutes=30),
            return_url="http://127.0.0.1:9/return",
            notify_url=shop.url,
            method="page",
        )
    )
    assert "/cashier/" in requests.get(started.redirect_to, timeout=10).url
    own.sim("pay", out_trade_no=number)


def _refund(gateway: Alipay, number: str, fen: int) -> RefundAnswer:
    return gateway.refund(
        ref=Ref(number=number),
        refund_number="R1",
        amount=Money(fen),
        total=Money(8800),
        reason="不想要了",
    )


def _downloads() -> int:
    return OutsideCall.objects.filter(operation=DOWNLOAD).count()


def test_requests_name_our_certificates_and_answers_and_notifications_are_verified_with_alipays(
    certified: Alipay, own: Simulator, shop: Ear, number: str
) -> None:
    _pay(certified, own, number, shop)
    shop.wait(1)

    told = certified.read_notification(headers={}, body=shop.heard[0])
    said = certified.query(Ref(number=number))

    assert (told.number, told.outcome, told.amount) == (number, Outcome.PAID, Money(8800))
    assert (said.outcome, said.amount) == (Outcome.PAID, Money(8800))
    call: Any = OutsideCall.objects.get()
    assert call.request["app_cert_sn"] == call.request["alipay_root_cert_sn"] == "***"
    assert _downloads() == 0


def test_a_new_certificate_is_fetched_when_it_is_first_seen_and_kept_for_other_processes(
    certified: Alipay, own: Simulator, shop: Ear, number: str, tmp_path: Path
) -> None:
    _pay(certified, own, number, shop)
    shop.wait(1)
    serial = own.sim("certificate/rotate")["alipay_cert_sn"]

    assert _refund(certified, number, 100).outcome is RefundOutcome.DONE
    assert certified.query(Ref(number=number)).outcome is Outcome.PAID
    assert _downloads() == 1
    assert [one.stem for one in (tmp_path / "certificates").glob("*.crt")] == [serial]

    shop.wait(2)
    before, after = (
        _certified(own, tmp_path).read_notification(headers={}, body=one) for one in shop.heard[:2]
    )
    assert before.refund is None
    assert after.refund == RefundAnswer(number="R1", outcome=RefundOutcome.DONE)
    assert _downloads() == 1


def test_a_notification_signed_with_a_certificate_not_seen_yet_is_refused_without_asking(
    certified: Alipay, own: Simulator, shop: Ear, number: str
) -> None:
    own.sim("certificate/rotate")
    _pay(certified, own, number, shop)
    shop.wait(1)

    with pytest.raises(ProviderError, match="signature"):
        certified.read_notification(headers={}, body=shop.heard[0])
    assert not OutsideCall.objects.exists()

    certified.query(Ref(number=number))
    assert certified.read_notification(headers={}, body=shop.heard[0]).outcome is Outcome.PAID


def test_a_certificate_that_cannot_be_fetched_leaves_the_refund_unknown(
    certified: Alipay, own: Simulator, shop: Ear, number: str
) -> None:
    _pay(certified, own, number, shop)
    own.sim("certificate/rotate")
    own.sim("faults", kind="http_502", method=DOWNLOAD)

    with pytest.raises(ProviderError) as caught:
        _refund(certified, number, 100)

    assert (caught.value.retry, caught.value.unknown) == (True, True)
    again = _refund(certified, number, 100)
    assert (again.outcome, again.amount) == (RefundOutcome.DONE, Money(100))
    assert own.look("trades", out_trade_no=number)["refunded"] == 100


def test_a_certificate_that_no_root_of_ours_vouches_for_is_not_taken(
    certified: Alipay, own: Simulator, shop: Ear, number: str, tmp_path: Path
) -> None:
    with simulator("alipay", tmp_path / "other") as other:
        stranger = {"CERT_FILE": str(other.folder / "alipay_cert.crt")}
        with pytest.raises(ProviderError, match="keys cannot be read"):
            _certified(own, tmp_path, **stranger).query(Ref(number=number))
        old = own.folder / "certificates" / "current.txt"
        theirs = other.folder / "certificates"
        serial = (theirs / "current.txt").read_text()
        for end in ("pem", "crt"):
            (old.parent / f"{serial}.{end}").write_bytes((theirs / f"{serial}.{end}").read_bytes())
        own.stop()
        old.write_text(serial)
        own.start()

    with pytest.raises(ProviderError) as caught:
        certified.query(Ref(number=number))

    assert (caught.value.retry, caught.value.unknown) == (True, True)
    assert _downloads() == 1
    assert not (tmp_path / "certificates").exists()


def test_an_expired_certificate_verifies_nothing(
    certified: Alipay, own: Simulator, shop: Ear, number: str
) -> None:
    _pay(certified, own, number, shop)
    shop.wait(1)

    with (
        clock.at(clock.now() + timedelta(days=5000)),
        pytest.raises(ProviderError, match="signature"),
    ):
        certified.read_notification(headers={}, body=shop.heard[0])


def test_certificates_of_another_application_are_refused(
    certified: Alipay, own: Simulator, number: str, tmp_path: Path
) -> None:
    with simulator("alipay", tmp_path / "other") as other:
        strange = _certified(own, tmp_path, APP_CERT_FILE=str(other.folder / "app_cert.crt"))

        with pytest.raises(ProviderError, match=r"isv\.invalid-app-cert-sn") as caught:
            strange.query(Ref(number=number))

    assert (caught.value.retry, caught.value.unknown) == (False, False)
