"""The WeChat Pay adapter and the simulator, over the wire."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from threading import Timer
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from django.db import transaction

from shangliu.domain.payments.provider import (
    Charge,
    Device,
    Notified,
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
from shangliu.providers.payments.wechat import WeChat
from tests.providers.conftest import wechat_of
from tests.providers.vectors import FOLDER
from tests.simulators.running import Ear, Simulator, free_port
from tests.simulators.wechat_merchant import OPENID, PUBLIC_KEY_ID

pytestmark = pytest.mark.django_db(transaction=True)


def start(wechat: WeChat, number: str, shop: Ear, method: str = "native", **more: str) -> Started:
    return wechat.start(
        Charge(
            number=number,
            amount=Money(8800),
            subject="龙井茶叶 250g",
            expires_at=clock.now() + timedelta(minutes=30),
            return_url="http://127.0.0.1:9/return",
            notify_url=shop.url,
            method=method,
            **more,
        )
    )


def pay(wechat: WeChat, simulator: Simulator, number: str, shop: Ear) -> None:
    start(wechat, number, shop)
    simulator.sim("pay", out_trade_no=number)


def back(wechat: WeChat, number: str, refund_number: str, fen: int) -> RefundAnswer:
    return wechat.refund(
        ref=Ref(number=number),
        refund_number=f"{refund_number}{number}",
        amount=Money(fen),
        total=Money(8800),
        reason="不想要了",
    )


def found(wechat: WeChat, number: str, refund_number: str) -> RefundAnswer:
    return wechat.query_refund(ref=Ref(number=number), refund_number=f"{refund_number}{number}")


def settle(simulator: Simulator, number: str, refund_number: str, status: str) -> None:
    simulator.sim("refunds/settle", out_refund_no=f"{refund_number}{number}", status=status)


def read(wechat: WeChat, shop: Ear, index: int) -> Notified:
    shop.wait(index + 1)
    return wechat.read_notification(headers=shop.headers[index], body=shop.heard[index])


def test_each_device_has_its_method(wechat: WeChat) -> None:
    by_device = {device: one for one in wechat.methods for device in one.devices}

    assert {device: one.code for device, one in by_device.items()} == {
        Device.DESKTOP: "native",
        Device.WECHAT: "jsapi",
        Device.PHONE: "h5",
    }
    assert [one.code for one in wechat.methods if one.needs_payer] == ["jsapi"]


def test_a_code_is_paid_and_found_with_its_amount(
    wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str
) -> None:
    assert wechat.query(Ref(number=number)).outcome is Outcome.NOT_FOUND
    started = start(wechat, number, shop)
    assert wechat.query(Ref(number=number)).outcome is Outcome.WAITING

    wechat_simulator.sim("pay", out_trade_no=number)
    said = wechat.query(Ref(number=number))

    assert started.qr.startswith("weixin://wxpay/bizpayurl?pr=")
    assert (started.redirect_to, started.invoke) == ("", {})
    assert (said.outcome, said.amount) == (Outcome.PAID, Money(8800))
    trade = wechat_simulator.look("trades", out_trade_no=number)
    assert said.provider_id == trade["transaction_id"]
    assert said.paid_at is not None
    assert abs(said.paid_at - clock.now()) < timedelta(minutes=1)


def test_starting_again_gives_a_fresh_code_of_the_same_order(
    wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str
) -> None:
    first, second = (start(wechat, number, shop) for _ in range(2))

    assert first.qr != second.qr
    orders = [one for one in wechat_simulator.look("trades") if one["out_trade_no"] == number]
    assert len(orders) == 1


def test_a_phone_goes_to_wechats_page_and_comes_back_with_a_sealed_number(
    wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str
) -> None:
    started = start(wechat, number, shop, "h5", client_ip="127.0.0.2")
    query = dict(parse_qsl(urlsplit(started.redirect_to).query))
    page = requests.get(started.redirect_to, timeout=10)
    paid = requests.post(
        f"{wechat_simulator.url}/pay/{query['prepay_id']}/pay",
        data={"back": query["redirect_url"]},
        timeout=10,
        allow_redirects=False,
    )
    returned = dict(parse_qsl(urlsplit(paid.headers["Location"]).query))

    assert "立即支付" in page.text
    assert query["redirect_url"].startswith("http://127.0.0.1:9/return?out_trade_no=")
    assert wechat.read_return(returned) == number
    assert wechat.query(Ref(number=number)).outcome is Outcome.PAID
    for forged in ({**returned, "out_trade_no": "A1"}, {**returned, "check": ""}, {}):
        with pytest.raises(ProviderError):
            wechat.read_return(forged)


def test_wechats_browser_says_who_pays_and_its_sheet_takes_our_sign(
    wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str
) -> None:
    away = wechat.payer_url("http://127.0.0.1:9/payer?n=1")
    assert away.endswith("#wechat_redirect")
    answer = requests.get(away, timeout=10, allow_redirects=False)
    query = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    openid = wechat.payer(query)
    started = start(wechat, number, shop, "jsapi", payer=openid)
    sheet = requests.get(f"{wechat_simulator.url}/bridge", params=dict(started.invoke), timeout=10)

    assert query["n"] == "1"
    assert set(started.invoke) == {
        "appId",
        "timeStamp",
        "nonceStr",
        "package",
        "signType",
        "paySign",
    }
    assert "立即支付" in sheet.text
    assert wechat_simulator.look("trades", out_trade_no=number)["openid"] == openid
    for useless in (query, {"code": "x"}, {}):
        with pytest.raises(ProviderError):
            wechat.payer(useless)
    secret = OutsideCall.objects.filter(operation="oauth2.access_token").first()
    assert secret is not None
    assert secret.request["secret"] == "***"


def test_what_cannot_be_started_is_refused(wechat: WeChat, shop: Ear, number: str) -> None:
    with pytest.raises(ProviderError, match="payer"):
        start(wechat, number, shop, "jsapi")
    with pytest.raises(ProviderError, match="openid"):
        start(wechat, number, shop, "jsapi", payer=OPENID)
    with pytest.raises(ProviderError, match="app"):
        start(wechat, number, shop, "app")
    assert wechat.query(Ref(number=number)).outcome is Outcome.NOT_FOUND


def test_a_notification_says_what_was_paid_and_twice_it_is_the_same(
    wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str
) -> None:
    pay(wechat, wechat_simulator, number, shop)
    shop.wait(1)
    wechat_simulator.sim("notify/duplicate", out_trade_no=number)

    first, second = read(wechat, shop, 0), read(wechat, shop, 1)

    assert first == second
    assert (first.number, first.outcome, first.amount) == (number, Outcome.PAID, Money(8800))
    assert first.refund is None
    assert first.notification_id.startswith("EV-")
    assert first.facts["event_type"] == "TRANSACTION.SUCCESS"
    assert first.provider_id == wechat.query(Ref(number=number)).provider_id


@pytest.mark.parametrize(
    "change",
    [
        {"Wechatpay-Signature": "AAAA"},
        {"Wechatpay-Signature": ""},
        {"Wechatpay-Signature": "不是"},
        {"Wechatpay-Nonce": "x"},
        {"Wechatpay-Timestamp": "1795411800"},
        {"Wechatpay-Timestamp": "soon"},
        {"Wechatpay-Serial": "PUB_KEY_ID_1"},
        {"Wechatpay-Serial": "../../merchant"},
        {"Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3"},
    ],
)
def test_a_notification_changed_in_anything_is_refused_without_asking_anybody(
    wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str, change: dict[str, str]
) -> None:
    pay(wechat, wechat_simulator, number, shop)
    shop.wait(1)
    OutsideCall.objects.all().delete()

    with pytest.raises(ProviderError) as caught:
        wechat.read_notification(headers=shop.headers[0] | change, body=shop.heard[0])

    assert not caught.value.unknown
    assert not OutsideCall.objects.exists()
    with pytest.raises(ProviderError):
        wechat.read_notification(headers=shop.headers[0], body=shop.heard[0] + b" ")


def test_a_notification_is_good_for_five_minutes(
    wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str
) -> None:
    pay(wechat, wechat_simulator, number, shop)
    read(wechat, shop, 0)

    with clock.ahead(timedelta(minutes=4, seconds=50)):
        read(wechat, shop, 0)
    with clock.ahead(timedelta(minutes=5, seconds=5)), pytest.raises(ProviderError, match="ago"):
        read(wechat, shop, 0)
    early = clock.ahead(-timedelta(minutes=5, seconds=5))
    with early, pytest.raises(ProviderError, match="ago"):
        read(wechat, shop, 0)


def test_a_probe_is_refused_and_the_right_one_after_it_taken(
    wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str
) -> None:
    shop.answer = wechat.rejected()[0], wechat.rejected()[2]
    wechat_simulator.sim("faults", kind="probe_notice", out_trade_no=number)
    pay(wechat, wechat_simulator, number, shop)
    shop.wait(1)
    shop.answer = wechat.accepted()[0], wechat.accepted()[2]

    with pytest.raises(ProviderError, match="signature"):
        read(wechat, shop, 0)
    wechat_simulator.wait_attempts("notifications", 1)
    wechat_simulator.sim("clock", advance=15)
    assert read(wechat, shop, 1).number == number


@pytest.mark.parametrize(
    ("name", "reason"), [("APP_ID", "another application"), ("MCH_ID", "another merchant")]
)
def test_a_notification_for_somebody_else_is_refused(
    wechat: WeChat,
    wechat_simulator: Simulator,
    shop: Ear,
    number: str,
    tmp_path: Path,
    name: str,
    reason: str,
) -> None:
    pay(wechat, wechat_simulator, number, shop)
    other = wechat_of(wechat_simulator, tmp_path, **{name: "1"})

    with pytest.raises(ProviderError, match=reason):
        read(other, shop, 0)


def test_a_wrong_amount_is_said_as_it_came(
    wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str
) -> None:
    wechat_simulator.sim("faults", kind="wrong_amount", out_trade_no=number)
    pay(wechat, wechat_simulator, number, shop)

    assert read(wechat, shop, 0).amount == Money(8801)


def test_closing_is_final_and_can_be_repeated(
    wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str
) -> None:
    assert wechat.close(Ref(number=number)).outcome is Outcome.NOT_FOUND
    start(wechat, number, shop)

    outcomes = [wechat.close(Ref(number=number)).outcome for _ in range(2)]

    assert outcomes == [Outcome.CLOSED, Outcome.CLOSED]
    assert wechat.query(Ref(number=number)).outcome is Outcome.CLOSED


def test_what_was_paid_a_moment_ago_is_found_paid_when_it_is_closed(
    wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str
) -> None:
    pay(wechat, wechat_simulator, number, shop)

    said = wechat.close(Ref(number=number))

    assert (said.outcome, said.amount) == (Outcome.PAID, Money(8800))


def test_a_payment_overtakes_the_closing_of_its_order(
    wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str
) -> None:
    start(wechat, number, shop)
    wechat_simulator.sim("faults", kind="latency", out_trade_no=number, method="close", value=500)
    buyer = Timer(0.1, wechat_simulator.sim, ("pay",), {"out_trade_no": number})
    buyer.start()

    said = wechat.close(Ref(number=number))
    buyer.join()

    assert (said.outcome, said.amount) == (Outcome.PAID, Money(8800))


def test_a_refund_is_pending_then_done_and_told(
    wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str
) -> None:
    pay(wechat, wechat_simulator, number, shop)
    shop.wait(1)
    wechat_simulator.sim("faults", kind="refund_wait", out_trade_no=number)

    accepted = back(wechat, number, "R1", 3000)
    replay = back(wechat, number, "R1", 3000)
    settle(wechat_simulator, number, "R1", "SUCCESS")
    told = read(wechat, shop, 1)
    done = found(wechat, number, "R1")

    assert accepted.outcome is replay.outcome is RefundOutcome.PENDING
    assert (done.outcome, done.amount) == (RefundOutcome.DONE, Money(3000))
    assert told.refund == done
    assert (told.number, told.amount) == (number, Money(8800))
    assert back(wechat, number, "R1", 3000).outcome is RefundOutcome.DONE
    assert wechat.query(Ref(number=number)).outcome is Outcome.PAID
    assert wechat_simulator.look("trades", out_trade_no=number)["refunded"] == 3000


def test_partial_refunds_go_to_the_last_fen_and_no_further(
    wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str
) -> None:
    assert back(wechat, number, "R0", 1).outcome is RefundOutcome.REFUSED
    pay(wechat, wechat_simulator, number, shop)

    assert back(wechat, number, "R1", 8799).outcome is RefundOutcome.PENDING
    over = back(wechat, number, "R2", 2)
    assert back(wechat, number, "R3", 1).outcome is RefundOutcome.PENDING

    assert over.outcome is RefundOutcome.REFUSED
    assert "INVALID_REQUEST" in over.reason
    assert found(wechat, number, "R2").outcome is RefundOutcome.NOT_FOUND
    assert wechat_simulator.look("trades", out_trade_no=number)["refunded"] == 8800


@pytest.mark.parametrize("status", ["ABNORMAL", "CLOSED"])
def test_a_refund_that_fails_later_is_refused_with_the_reason(
    wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str, status: str
) -> None:
    pay(wechat, wechat_simulator, number, shop)
    shop.wait(1)
    wechat_simulator.sim("faults", kind="refund_wait", out_trade_no=number, times=2)
    back(wechat, number, "R1", 3000)
    settle(wechat_simulator, number, "R1", status)

    said, told = found(wechat, number, "R1"), read(wechat, shop, 1)

    assert said.outcome is RefundOutcome.REFUSED
    assert status in said.reason
    assert told.refund == said


def test_a_poor_merchant_is_refused_and_tries_again(
    wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str
) -> None:
    pay(wechat, wechat_simulator, number, shop)
    wechat_simulator.sim("faults", kind="no_balance", out_trade_no=number)

    poor = back(wechat, number, "R1", 1)

    assert poor.outcome is RefundOutcome.REFUSED
    assert "NOT_ENOUGH" in poor.reason
    assert back(wechat, number, "R1", 1).outcome is RefundOutcome.PENDING


@pytest.mark.parametrize("fault", ["drop", "unknown_done", "probe_answer"])
def test_an_answer_lost_or_forged_after_the_refund_is_unknown_and_found_by_asking(
    wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str, fault: str
) -> None:
    pay(wechat, wechat_simulator, number, shop)
    wechat_simulator.sim("faults", kind=fault, out_trade_no=number, method="refund")

    with pytest.raises(ProviderError) as caught:
        back(wechat, number, "R1", 100)

    assert (caught.value.unknown, caught.value.retry) == (True, True)
    assert found(wechat, number, "R1").amount == Money(100)


@pytest.mark.parametrize("fault", ["lost", "unknown", "http_502"])
def test_a_request_that_was_lost_is_unknown_and_did_nothing(
    wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str, fault: str
) -> None:
    pay(wechat, wechat_simulator, number, shop)
    wechat_simulator.sim("faults", kind=fault, out_trade_no=number)

    with pytest.raises(ProviderError) as caught:
        back(wechat, number, "R1", 100)

    assert caught.value.unknown
    assert found(wechat, number, "R1").outcome is RefundOutcome.NOT_FOUND


def test_too_many_requests_are_tried_again_later(
    wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str
) -> None:
    pay(wechat, wechat_simulator, number, shop)
    wechat_simulator.sim("faults", kind="too_often", out_trade_no=number)

    with pytest.raises(ProviderError, match="FREQUENCY_LIMITED") as caught:
        back(wechat, number, "R1", 100)

    assert (caught.value.retry, caught.value.unknown) == (True, False)


def test_a_gateway_too_slow_leaves_the_result_unknown(
    wechat: WeChat,
    wechat_simulator: Simulator,
    shop: Ear,
    number: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start(wechat, number, shop)
    wechat_simulator.sim("faults", kind="latency", out_trade_no=number, value=800)
    monkeypatch.setattr(http, "TIMEOUT", (1.0, 0.2))

    with pytest.raises(ProviderError) as caught:
        wechat.query(Ref(number=number))

    assert (caught.value.unknown, caught.value.retry) == (True, True)


def test_nobody_at_the_gateway_means_that_nothing_was_asked(
    wechat_simulator: Simulator, tmp_path: Path, number: str
) -> None:
    alone = wechat_of(wechat_simulator, tmp_path, GATEWAY=f"http://127.0.0.1:{free_port()}")

    with pytest.raises(ProviderError) as caught:
        alone.query(Ref(number=number))

    assert (caught.value.retry, caught.value.unknown) == (True, False)


def test_a_request_signed_by_a_stranger_is_an_error_and_no_refused_refund(
    wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str, tmp_path: Path
) -> None:
    pay(wechat, wechat_simulator, number, shop)
    key = str(FOLDER / "merchant.pem")
    stranger = wechat_of(wechat_simulator, tmp_path, PRIVATE_KEY_FILE=key)

    with pytest.raises(ProviderError, match="SIGN_ERROR") as caught:
        back(stranger, number, "R1", 100)

    assert (caught.value.retry, caught.value.unknown) == (False, False)


def test_keys_that_are_not_there_yet_are_a_reason_to_try_again(
    wechat_simulator: Simulator, tmp_path: Path, number: str
) -> None:
    without = wechat_of(wechat_simulator, tmp_path, PRIVATE_KEY_FILE="/nowhere")

    with pytest.raises(ProviderError, match="keys") as caught:
        without.query(Ref(number=number))

    assert caught.value.retry


def test_calls_are_written_down_and_not_made_inside_a_transaction(
    wechat: WeChat, shop: Ear, number: str
) -> None:
    with http.about(case_no="C1", process="payment", object_id=7, attempt=2):
        start(wechat, number, shop)

    call = OutsideCall.objects.get()
    assert (call.system, call.operation, call.case_no) == ("wechat", "native", "C1")
    assert (call.ok, call.status) == (True, 200)
    assert call.request["out_trade_no"] == number
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a transaction"):
        wechat.query(Ref(number=number))
    assert OutsideCall.objects.count() == 1


class TestCertificates:
    """WeChat signs with platform certificates, which change."""

    @pytest.fixture
    def wechat(self, wechat_simulator: Simulator, tmp_path: Path) -> WeChat:
        wechat_simulator.sim("signing", mode="certificate")
        return wechat_of(wechat_simulator, tmp_path, PUBLIC_KEY_ID="")

    def test_they_are_downloaded_kept_and_believed(
        self, wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str, tmp_path: Path
    ) -> None:
        pay(wechat, wechat_simulator, number, shop)

        assert read(wechat, shop, 0).number == number
        kept = {one.name for one in wechat.settings.certificates_dir.iterdir()}
        theirs = (wechat_simulator.folder / "certificates").glob("*.pem")
        assert kept == {one.name for one in theirs}
        other_process = wechat_of(wechat_simulator, tmp_path, PUBLIC_KEY_ID="")
        assert read(other_process, shop, 0).number == number

    def test_a_new_one_is_fetched_when_an_answer_bears_it(
        self, wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str
    ) -> None:
        start(wechat, number, shop)
        wechat_simulator.sim("certificates/rotate")
        wechat_simulator.sim("pay", out_trade_no=number)

        with pytest.raises(ProviderError, match="do not know"):
            read(wechat, shop, 0)
        assert wechat.query(Ref(number=number)).outcome is Outcome.PAID
        assert read(wechat, shop, 0).number == number

    def test_while_keys_change_both_are_believed(
        self, wechat: WeChat, wechat_simulator: Simulator, shop: Ear, number: str, tmp_path: Path
    ) -> None:
        wechat_simulator.sim("signing", mode="mixed")
        start(wechat, number, shop)
        both = wechat_of(wechat_simulator, tmp_path)
        wechat_simulator.sim("pay", out_trade_no=number)
        wechat_simulator.sim("notify/duplicate", out_trade_no=number)
        shop.wait(2)

        serials = {one["Wechatpay-Serial"] for one in shop.headers}

        assert len(serials) == 2
        assert PUBLIC_KEY_ID in serials
        assert read(both, shop, 0) == read(both, shop, 1)

    def test_a_merchant_with_another_api_key_believes_nothing(
        self, wechat_simulator: Simulator, number: str, tmp_path: Path
    ) -> None:
        other = tmp_path / "key.txt"
        other.write_text("0" * 32)
        wechat = wechat_of(wechat_simulator, tmp_path, PUBLIC_KEY_ID="", API_KEY_FILE=str(other))

        with pytest.raises(ProviderError, match="opened"):
            wechat.query(Ref(number=number))

    @pytest.fixture(autouse=True)
    def _afterwards(self, wechat_simulator: Simulator) -> object:
        yield
        wechat_simulator.sim("signing", mode="public_key")
