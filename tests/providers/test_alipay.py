"""The Alipay adapter and the simulator, over the wire."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests
from django.db import transaction

from shangliu.domain.payments.provider import (
    Charge,
    Device,
    Outcome,
    ProviderError,
    Ref,
    RefundAnswer,
    RefundOutcome,
    Started,
)
from shangliu.platform import clock, http
from shangliu.platform.models import OutsideCall
from shangliu.platform.money import Money
from shangliu.providers.payments.alipay import Alipay
from shangliu.providers.payments.alipay_wire import Settings
from tests.providers.vectors import FOLDER
from tests.simulators.running import Ear, Simulator, free_port

pytestmark = pytest.mark.django_db(transaction=True)


def _start(
    alipay: Alipay, number: str, shop: Ear, method: str, subject: str = "龙井茶叶 250g"
) -> Started:
    return alipay.start(
        Charge(
            number=number,
            amount=Money(8800),
            subject=subject,
            expires_at=clock.now() + timedelta(minutes=30),
            return_url="http://127.0.0.1:9/return",
            notify_url=shop.url,
            method=method,
        )
    )


def _open(alipay: Alipay, number: str, shop: Ear, *, subject: str = "龙井茶叶 250g") -> str:
    """Go to the cashier; gives the address of its page."""
    started = _start(alipay, number, shop, "page", subject)
    answer = requests.get(started.redirect_to, timeout=10)
    assert "/cashier/" in answer.url, answer.text
    return answer.url


def _pay(alipay: Alipay, simulator: Simulator, number: str, shop: Ear) -> None:
    _open(alipay, number, shop)
    simulator.sim("pay", out_trade_no=number)


def _refund(alipay: Alipay, number: str, refund_number: str, fen: int) -> RefundAnswer:
    return alipay.refund(
        ref=Ref(number=number),
        refund_number=refund_number,
        amount=Money(fen),
        total=Money(8800),
        reason="不想要了",
    )


def test_the_trade_is_found_only_when_the_buyer_has_come_that_far(
    alipay: Alipay, alipay_simulator: Simulator, shop: Ear, number: str
) -> None:
    page = _open(alipay, number, shop)
    assert alipay.query(Ref(number=number)).outcome is Outcome.NOT_FOUND

    requests.post(f"{page}/scan", timeout=10)
    assert alipay.query(Ref(number=number)).outcome is Outcome.WAITING

    requests.post(f"{page}/pay", timeout=10)
    said = alipay.query(Ref(number=number))
    assert (said.outcome, said.amount) == (Outcome.PAID, Money(8800))
    assert said.provider_id == alipay_simulator.look("trades", out_trade_no=number)["trade_no"]
    assert said.paid_at is not None
    assert abs(said.paid_at - clock.now()) < timedelta(minutes=1)


def test_a_subject_with_a_brace_and_forbidden_signs_is_signed_and_read(
    alipay: Alipay, alipay_simulator: Simulator, shop: Ear, number: str
) -> None:
    page = _open(alipay, number, shop, subject="杯子 {大} 买=1&送/2 <b>\"'")
    requests.post(f"{page}/scan", timeout=10)

    assert alipay.query(Ref(number=number)).outcome is Outcome.WAITING


def test_each_device_has_its_methods(alipay: Alipay, shop: Ear, number: str) -> None:
    assert [(one.code, *one.devices) for one in alipay.methods] == [
        ("page", Device.DESKTOP),
        ("qr", Device.DESKTOP),
        ("wap", Device.PHONE),
    ]
    started = [_start(alipay, f"{number}{one.code}", shop, one.code) for one in alipay.methods]
    page, code, phone = started
    assert "method=alipay.trade.page.pay" in page.redirect_to
    assert "/qr/" in code.qr
    assert "method=alipay.trade.wap.pay" in phone.redirect_to
    assert "quit_url" in phone.redirect_to
    assert [one.provider_id for one in started] == ["", "", ""]
    assert [call.operation for call in OutsideCall.objects.all()] == ["alipay.trade.precreate"]


def test_a_code_for_what_is_paid_already_is_refused(
    alipay: Alipay, alipay_simulator: Simulator, shop: Ear, number: str
) -> None:
    _start(alipay, number, shop, "qr")
    alipay_simulator.sim("pay", out_trade_no=number)

    with pytest.raises(ProviderError, match=r"ACQ\.TRADE_HAS_SUCCESS") as caught:
        _start(alipay, number, shop, "qr")

    assert (caught.value.retry, caught.value.unknown) == (False, False)


def test_who_the_buyer_is_need_not_be_known(alipay: Alipay) -> None:
    with pytest.raises(ProviderError):
        alipay.payer_url("http://127.0.0.1:9/back")
    with pytest.raises(ProviderError):
        alipay.payer({"auth_code": "1"})


def test_a_trade_given_back_whole_was_paid_and_one_refused_was_not(
    alipay: Alipay, alipay_simulator: Simulator, shop: Ear, number: str
) -> None:
    _pay(alipay, alipay_simulator, number, shop)
    _refund(alipay, number, "R1", 8800)

    assert alipay_simulator.look("trades", out_trade_no=number)["status"] == "TRADE_CLOSED"
    said = alipay.query(Ref(number=number))
    assert (said.outcome, said.amount) == (Outcome.PAID, Money(8800))
    assert alipay.close(Ref(number=number)).outcome is Outcome.PAID


def test_a_notification_is_verified_and_says_what_was_paid(
    alipay: Alipay, alipay_simulator: Simulator, shop: Ear, number: str
) -> None:
    _pay(alipay, alipay_simulator, number, shop)
    shop.wait(1)

    said = alipay.read_notification(headers={}, body=shop.heard[0])

    assert (said.number, said.outcome, said.amount) == (number, Outcome.PAID, Money(8800))
    assert said.refund is None
    assert said.notification_id == shop.forms()[0]["notify_id"]
    assert said.facts["trade_status"] == "TRADE_SUCCESS"


@pytest.mark.parametrize(
    "change",
    [
        {"total_amount": "0.01"},
        {"out_trade_no": "A0"},
        {"trade_status": "TRADE_FINISHED"},
        {"extra": "1"},
        {"sign": ""},
        {"sign": "AAAA"},
        {"sign_type": "RSA"},
    ],
)
def test_a_notification_changed_in_anything_is_refused(
    alipay: Alipay, alipay_simulator: Simulator, shop: Ear, number: str, change: dict[str, str]
) -> None:
    _pay(alipay, alipay_simulator, number, shop)
    forged = shop.wait(1)[0] | change

    with pytest.raises(ProviderError):
        alipay.read_notification(headers={}, body=urlencode(forged).encode())


@pytest.mark.parametrize(
    ("name", "reason"), [("APP_ID", "another application"), ("SELLER_ID", "another seller")]
)
def test_a_notification_for_somebody_else_is_refused(
    alipay_simulator: Simulator, alipay: Alipay, shop: Ear, number: str, name: str, reason: str
) -> None:
    _pay(alipay, alipay_simulator, number, shop)
    shop.wait(1)
    keys = alipay.settings
    other = Alipay(
        settings=Settings.read(
            {
                "PAYMENTS_ALIPAY_PRIVATE_KEY_FILE": str(keys.private_key_file),
                "PAYMENTS_ALIPAY_PUBLIC_KEY_FILE": str(keys.public_key_file),
                f"PAYMENTS_ALIPAY_{name}": "2088000000000001",
            }
        )
    )

    with pytest.raises(ProviderError, match=reason):
        other.read_notification(headers={}, body=shop.heard[0])


def test_the_buyers_return_is_verified(
    alipay: Alipay, alipay_simulator: Simulator, shop: Ear, number: str
) -> None:
    page = _open(alipay, number, shop)
    alipay_simulator.sim("pay", out_trade_no=number)
    back = requests.post(f"{page}/return", timeout=10, allow_redirects=False).headers["Location"]
    query = dict(parse_qsl(urlsplit(back).query))

    assert alipay.read_return(query) == number
    with pytest.raises(ProviderError):
        alipay.read_return(query | {"out_trade_no": "A0"})


def test_refusal_by_the_buyer_is_a_closed_trade(
    alipay: Alipay, alipay_simulator: Simulator, shop: Ear, number: str
) -> None:
    _open(alipay, number, shop)
    alipay_simulator.sim("refuse", out_trade_no=number)
    shop.wait(1)

    assert alipay.read_notification(headers={}, body=shop.heard[0]).outcome is Outcome.CLOSED
    assert alipay.query(Ref(number=number)).outcome is Outcome.CLOSED


def test_a_refunds_notification_is_no_second_payment(
    alipay: Alipay, alipay_simulator: Simulator, shop: Ear, number: str
) -> None:
    _pay(alipay, alipay_simulator, number, shop)
    shop.wait(1)
    _refund(alipay, number, "R1", 3000)
    shop.wait(2)

    said = alipay.read_notification(headers={}, body=shop.heard[1])

    assert said.refund == RefundAnswer(number="R1", outcome=RefundOutcome.DONE)


def test_a_refund_of_nothing_or_by_a_poor_merchant_is_refused(
    alipay: Alipay, alipay_simulator: Simulator, shop: Ear, number: str
) -> None:
    assert _refund(alipay, number, "R1", 1).outcome is RefundOutcome.REFUSED
    _pay(alipay, alipay_simulator, number, shop)
    alipay_simulator.sim("faults", kind="no_balance", out_trade_no=number)

    poor = _refund(alipay, number, "R1", 1)

    assert poor.outcome is RefundOutcome.REFUSED
    assert "ACQ.SELLER_BALANCE_NOT_ENOUGH" in poor.reason
    assert _refund(alipay, number, "R1", 1).outcome is RefundOutcome.DONE


@pytest.mark.parametrize("fault", ["drop", "unknown_done"])
def test_an_answer_lost_after_the_refund_is_unknown_and_found_by_asking(
    alipay: Alipay, alipay_simulator: Simulator, shop: Ear, number: str, fault: str
) -> None:
    _pay(alipay, alipay_simulator, number, shop)
    alipay_simulator.sim("faults", kind=fault, out_trade_no=number, method="alipay.trade.refund")

    with pytest.raises(ProviderError) as caught:
        _refund(alipay, number, "R1", 100)

    assert (caught.value.unknown, caught.value.retry) == (True, True)
    found = alipay.query_refund(ref=Ref(number=number), refund_number="R1")
    assert (found.outcome, found.amount) == (RefundOutcome.DONE, Money(100))


@pytest.mark.parametrize("fault", ["lost", "unknown", "http_502"])
def test_a_request_that_was_lost_is_unknown_and_did_nothing(
    alipay: Alipay, alipay_simulator: Simulator, shop: Ear, number: str, fault: str
) -> None:
    _pay(alipay, alipay_simulator, number, shop)
    alipay_simulator.sim("faults", kind=fault, out_trade_no=number)

    with pytest.raises(ProviderError) as caught:
        _refund(alipay, number, "R1", 100)

    assert caught.value.unknown
    assert alipay.query_refund(ref=Ref(number=number), refund_number="R1").outcome is (
        RefundOutcome.NOT_FOUND
    )
    assert _refund(alipay, number, "R1", 100).outcome is RefundOutcome.DONE


def test_a_gateway_too_slow_leaves_the_result_unknown(
    alipay: Alipay,
    alipay_simulator: Simulator,
    shop: Ear,
    number: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _pay(alipay, alipay_simulator, number, shop)
    alipay_simulator.sim("faults", kind="latency", out_trade_no=number, value=800)
    monkeypatch.setattr(http, "TIMEOUT", (1.0, 0.2))

    with pytest.raises(ProviderError) as caught:
        alipay.query(Ref(number=number))

    assert (caught.value.unknown, caught.value.retry) == (True, True)
    assert OutsideCall.objects.get().error == "no answer: ReadTimeout"


def test_nobody_at_the_gateway_means_that_nothing_was_asked(alipay: Alipay, number: str) -> None:
    keys = alipay.settings
    alone = Alipay(
        settings=Settings.read(
            {
                "PAYMENTS_ALIPAY_GATEWAY": f"http://127.0.0.1:{free_port()}/gateway.do",
                "PAYMENTS_ALIPAY_PRIVATE_KEY_FILE": str(keys.private_key_file),
                "PAYMENTS_ALIPAY_PUBLIC_KEY_FILE": str(keys.public_key_file),
            }
        )
    )

    with pytest.raises(ProviderError) as caught:
        alone.query(Ref(number=number))

    assert (caught.value.retry, caught.value.unknown) == (True, False)


def test_a_request_signed_by_a_stranger_is_refused_for_good(
    alipay: Alipay, alipay_simulator: Simulator, number: str
) -> None:
    stranger = Alipay(
        settings=Settings.read(
            {
                "PAYMENTS_ALIPAY_GATEWAY": alipay.settings.gateway,
                "PAYMENTS_ALIPAY_PRIVATE_KEY_FILE": str(FOLDER / "merchant.pem"),
                "PAYMENTS_ALIPAY_PUBLIC_KEY_FILE": str(alipay.settings.public_key_file),
            }
        )
    )

    with pytest.raises(ProviderError, match=r"isv\.invalid-signature") as caught:
        stranger.query(Ref(number=number))

    assert (caught.value.retry, caught.value.unknown) == (False, False)


def test_keys_that_are_not_there_yet_are_a_reason_to_try_again(number: str) -> None:
    without = Alipay(settings=Settings.read({"DATA_DIR": "/nowhere"}))

    with pytest.raises(ProviderError, match="keys") as caught:
        without.query(Ref(number=number))

    assert caught.value.retry


def test_calls_are_written_down_without_secrets_and_not_made_inside_a_transaction(
    alipay: Alipay, number: str
) -> None:
    with http.about(case_no="C1", process="payment", object_id=7, attempt=2):
        alipay.query(Ref(number=number))

    call = OutsideCall.objects.get()
    assert (call.system, call.operation, call.case_no) == ("alipay", "alipay.trade.query", "C1")
    assert (call.process, call.object_id, call.attempt) == ("payment", 7, 2)
    assert (call.ok, call.status) == (True, 200)
    assert call.request["sign"] == "***"
    assert call.request["biz_content"] == {"out_trade_no": number}
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a transaction"):
        alipay.query(Ref(number=number))
    assert OutsideCall.objects.count() == 1
