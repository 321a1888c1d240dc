"""The Alipay simulator against the wire protocol, spoken by hand."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.simulators.merchant import Merchant, genuine_form
from tests.simulators.running import Ear, Simulator, simulator, until

FAULTS = (
    *("lost", "drop", "unknown", "unknown_done", "probe_answer", "http_502", "latency"),
    *("no_balance", "slow_refund", "pay_before_close"),
    *("hold", "lose", "delay", "wrong_amount", "reorder"),
)


def _press(page: str, button: str) -> requests.Response:
    return requests.post(f"{page}/{button}", timeout=10)


def test_a_trade_exists_only_after_the_buyer_scanned(merchant: Merchant, number: str) -> None:
    page = merchant.page_pay(number)

    before = merchant.ask("alipay.trade.query", out_trade_no=number)
    closing = merchant.ask("alipay.trade.close", out_trade_no=number)
    _press(page, "scan")
    after = merchant.ask("alipay.trade.query", out_trade_no=number)

    assert (before["code"], before["sub_code"]) == ("40004", "ACQ.TRADE_NOT_EXIST")
    assert (closing["code"], closing["sub_code"]) == ("40004", "ACQ.TRADE_NOT_EXIST")
    assert (after["code"], after["trade_status"]) == ("10000", "WAIT_BUYER_PAY")


def test_paying_notifies_with_a_signature_and_shows_the_way_back(
    alipay: Simulator, merchant: Merchant, shop: Ear, number: str
) -> None:
    page = merchant.page_pay(number)
    _press(page, "scan")

    paid = _press(page, "pay")
    said = shop.wait(1)[0]
    back = requests.post(f"{page}/return", timeout=10, allow_redirects=False).headers["Location"]

    assert "付款成功" in paid.text
    assert genuine_form(alipay.folder, said)
    assert (said["trade_status"], said["total_amount"]) == ("TRADE_SUCCESS", "88.00")
    assert (said["out_trade_no"], said["seller_id"]) == (number, "2088102119685838")
    assert "" not in said.values()
    query = dict(parse_qsl(urlsplit(back).query))
    assert query.pop("from") == "cashier"
    assert query["method"] == "alipay.trade.page.pay.return"
    assert genuine_form(alipay.folder, query)


def test_paying_twice_changes_nothing(alipay: Simulator, merchant: Merchant, number: str) -> None:
    merchant.page_pay(number)

    first = alipay.sim("pay", out_trade_no=number)
    second = alipay.sim("pay", out_trade_no=number)

    assert first == second
    assert [one["fen"] for one in alipay.look("ledger") if one["out_trade_no"] == number] == [8800]


def test_refusing_closes_the_trade_and_says_so(merchant: Merchant, shop: Ear, number: str) -> None:
    page = merchant.page_pay(number)
    _press(page, "scan")

    _press(page, "refuse")

    assert shop.wait(1)[0]["trade_status"] == "TRADE_CLOSED"
    late = _press(page, "pay")
    assert "交易已经关闭" in late.text
    answer = merchant.ask("alipay.trade.query", out_trade_no=number)
    assert answer["trade_status"] == "TRADE_CLOSED"


def test_a_trade_not_paid_in_time_is_closed_without_refund_fields(
    merchant: Merchant, shop: Ear, number: str
) -> None:
    page = merchant.page_pay(number, minutes=0.05)
    _press(page, "scan")

    said = shop.wait(1)[0]

    assert said["trade_status"] == "TRADE_CLOSED"
    assert "refund_fee" not in said
    assert "gmt_refund" not in said


def test_a_closed_trade_tells_nobody_who_closed_it_himself(
    alipay: Simulator, merchant: Merchant, number: str
) -> None:
    page = merchant.page_pay(number)
    _press(page, "scan")

    closed = merchant.ask("alipay.trade.close", out_trade_no=number)

    assert closed["code"] == "10000"
    assert alipay.look("notifications", out_trade_no=number) == []
    again = merchant.ask("alipay.trade.close", out_trade_no=number)
    assert again["sub_code"] == "ACQ.TRADE_HAS_CLOSE"


def test_a_paid_trade_cannot_be_closed(alipay: Simulator, merchant: Merchant, number: str) -> None:
    merchant.page_pay(number)
    alipay.sim("pay", out_trade_no=number)

    answer = merchant.ask("alipay.trade.close", out_trade_no=number)

    assert answer["sub_code"] == "ACQ.REASON_TRADE_STATUS_INVALID"
    assert alipay.look("trades", out_trade_no=number)["status"] == "TRADE_SUCCESS"


def test_the_same_number_with_another_amount_is_refused(merchant: Merchant, number: str) -> None:
    merchant.page_pay(number, "88.00")

    page = merchant.page_pay(number, "8.80")

    assert urlsplit(page).path == "/gateway.do"
    assert "ACQ.CONTEXT_INCONSISTENT" in requests.get(page, timeout=10).text


@pytest.mark.parametrize("amount", ["0.00", "-1.00", "1.001", "1e3", "", "100000000.01"])
def test_an_amount_that_is_none_is_refused(merchant: Merchant, number: str, amount: str) -> None:
    page = merchant.page_pay(number, amount)

    assert urlsplit(page).path == "/gateway.do"
    assert "ACQ." in requests.get(page, timeout=10).text


@pytest.mark.parametrize(
    ("change", "sub_code"),
    [
        ({"sign": "AAAA"}, "isv.invalid-signature"),
        ({"version": "2.0"}, "isv.invalid-signature"),
        ({"app_id": "2021000000000009"}, "isv.invalid-app-id"),
        ({"sign_type": "RSA"}, "isv.invalid-signature-type"),
        ({"timestamp": ""}, "isv.missing-timestamp"),
        ({"method": "alipay.trade.nothing"}, "isv.invalid-method"),
    ],
)
def test_a_request_that_is_not_the_merchants_is_refused(
    merchant: Merchant, number: str, change: dict[str, str], sub_code: str
) -> None:
    params = merchant.signed("alipay.trade.query", {"out_trade_no": number}) | change

    answer = merchant.answer(params)

    assert answer["code"] in ("40001", "40002")
    assert answer["sub_code"] == sub_code


def test_a_refund_is_paid_once_for_each_request_number(
    alipay: Simulator, merchant: Merchant, number: str
) -> None:
    merchant.page_pay(number)
    alipay.sim("pay", out_trade_no=number)
    wanted = {"out_trade_no": number, "refund_amount": "30.00", "out_request_no": "R1"}

    first = merchant.ask("alipay.trade.refund", **wanted)
    replay = merchant.ask("alipay.trade.refund", **wanted)
    other = merchant.ask("alipay.trade.refund", **{**wanted, "refund_amount": "31.00"})

    assert (first["fund_change"], first["refund_fee"]) == ("Y", "30.00")
    assert (replay["code"], replay["fund_change"], replay["refund_fee"]) == ("10000", "N", "30.00")
    assert other["sub_code"] == "ACQ.DISCORDANT_REPEAT_REQUEST"
    assert alipay.look("trades", out_trade_no=number)["refunded"] == 3000


def test_refunds_go_to_the_last_fen_and_no_further(
    alipay: Simulator, merchant: Merchant, shop: Ear, number: str
) -> None:
    merchant.page_pay(number)
    alipay.sim("pay", out_trade_no=number)

    def back(amount: str, request_no: str) -> dict[str, str]:
        return merchant.ask(
            "alipay.trade.refund",
            out_trade_no=number,
            refund_amount=amount,
            out_request_no=request_no,
        )

    assert back("87.99", "R1")["fund_change"] == "Y"
    assert back("0.02", "R2")["sub_code"] == "ACQ.REASON_TRADE_REFUND_FEE_ERR"
    assert back("0.01", "R3")["refund_fee"] == "88.00"
    assert back("0.01", "R4")["sub_code"] == "ACQ.REASON_TRADE_REFUND_FEE_ERR"

    by_request = {one.get("out_biz_no"): one for one in shop.wait(3)}
    assert by_request[None]["trade_status"] == "TRADE_SUCCESS"
    assert by_request["R1"]["trade_status"] == "TRADE_SUCCESS"
    assert by_request["R3"]["trade_status"] == "TRADE_CLOSED"
    assert by_request["R3"]["refund_fee"] == "88.00"


def test_a_part_without_a_request_number_and_a_finished_trade_are_refused(
    alipay: Simulator, merchant: Merchant, number: str
) -> None:
    merchant.page_pay(number)
    alipay.sim("pay", out_trade_no=number)

    part = merchant.ask("alipay.trade.refund", out_trade_no=number, refund_amount="1.00")
    alipay.sim("finish", out_trade_no=number)
    late = merchant.ask("alipay.trade.refund", out_trade_no=number, refund_amount="88.00")

    assert part["sub_code"] == "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"
    assert late["sub_code"] == "ACQ.TRADE_NOT_ALLOW_REFUND"
    assert alipay.look("trades", out_trade_no=number)["refunded"] == 0


def test_a_refund_that_was_never_made_is_answered_without_a_status(
    alipay: Simulator, merchant: Merchant, number: str
) -> None:
    merchant.page_pay(number)
    alipay.sim("pay", out_trade_no=number)

    answer = merchant.ask(
        "alipay.trade.fastpay.refund.query", out_trade_no=number, out_request_no="R9"
    )

    assert answer == {"code": "10000", "msg": "Success"}


def test_a_notification_comes_again_on_schedule_with_the_same_id_until_success(
    tmp_path: Path, shop: Ear, number: str
) -> None:
    with simulator("alipay", tmp_path) as alipay:
        merchant = Merchant(alipay, shop.url)
        shop.answer = (200, b"SUCCESS")
        merchant.page_pay(number, minutes=3000)
        alipay.sim("pay", out_trade_no=number)
        shop.wait(1)
        for sends, pause in enumerate((240, 600, 600, 3600, 7200, 21600, 54000), start=1):
            alipay.wait_attempts("notifications", sends)
            alipay.sim("clock", advance=pause - 30)
            assert len(shop.heard) == sends
            alipay.sim("clock", advance=30)
            shop.wait(sends + 1)

        until(lambda: alipay.look("notifications")[0]["state"] == "given_up", "giving up")
        assert len({one["notify_id"] for one in shop.forms()}) == 1
        assert len(shop.heard) == 8


def test_what_was_turned_away_is_given_up_on_request(
    alipay: Simulator, merchant: Merchant, shop: Ear, number: str
) -> None:
    shop.answer = (200, b"fail")
    merchant.page_pay(number)
    alipay.sim("pay", out_trade_no=number)
    alipay.wait_attempts("notifications", 1)
    assert alipay.sim("notify/give-up") == {"given_up": 1}
    assert alipay.sim("notify/give-up") == {"given_up": 0}
    alipay.sim("clock", advance=300)
    assert alipay.look("notifications")[0]["state"] == "given_up"
    assert len(shop.heard) == 1


def test_nothing_is_lost_by_a_kill(tmp_path: Path, shop: Ear, number: str) -> None:
    with simulator("alipay", tmp_path) as alipay:
        merchant = Merchant(alipay, shop.url)
        alipay.sim("faults", kind="delay", value=600)
        merchant.page_pay(number)
        alipay.sim("pay", out_trade_no=number)
        keys = (tmp_path / "alipay_public.pem").read_bytes()

        alipay.kill()
        alipay.start()

        assert merchant.ask("alipay.trade.query", out_trade_no=number)["code"] == "10000"
        assert shop.heard == []
        alipay.sim("clock", advance=600)
        assert shop.wait(1)[0]["out_trade_no"] == number
        assert (tmp_path / "alipay_public.pem").read_bytes() == keys
        assert alipay.stop() == 0


def test_faults_of_notifications(
    alipay: Simulator, merchant: Merchant, shop: Ear, number: str
) -> None:
    merchant.page_pay(number)
    alipay.sim("faults", kind="hold", out_trade_no=number)
    alipay.sim("pay", out_trade_no=number)
    assert shop.heard == []

    alipay.sim("notify/release", out_trade_no=number)
    shop.wait(1)
    alipay.sim("notify/duplicate", out_trade_no=number)
    genuine, again = shop.wait(2)
    alipay.sim("notify/wrong-amount", out_trade_no=number)
    wrong = shop.wait(3)[2]
    alipay.sim("notify/probe", out_trade_no=number)
    forged = shop.wait(4)[3]

    assert again == genuine
    assert (wrong["total_amount"], genuine_form(alipay.folder, wrong)) == ("88.01", True)
    with pytest.raises(Exception, match=r"^$"):
        genuine_form(alipay.folder, forged)


def test_a_refunds_notification_can_overtake_the_payments(
    alipay: Simulator, merchant: Merchant, shop: Ear, number: str
) -> None:
    merchant.page_pay(number)
    alipay.sim("faults", kind="reorder", out_trade_no=number)
    alipay.sim("pay", out_trade_no=number)
    merchant.ask(
        "alipay.trade.refund", out_trade_no=number, refund_amount="1.00", out_request_no="R1"
    )

    refund, payment = shop.wait(2)

    assert refund["out_biz_no"] == "R1"
    assert "out_biz_no" not in payment


def test_a_slow_refund_is_seen_by_nobody_until_its_money_moves(
    alipay: Simulator, merchant: Merchant, shop: Ear, number: str
) -> None:
    merchant.page_pay(number)
    alipay.sim("pay", out_trade_no=number)
    alipay.sim("faults", kind="slow_refund", out_trade_no=number, value=9000)
    wanted = {"out_trade_no": number, "refund_amount": "30.00", "out_request_no": "R1"}

    accepted = merchant.ask("alipay.trade.refund", **wanted)
    early = merchant.ask(
        "alipay.trade.fastpay.refund.query", out_trade_no=number, out_request_no="R1"
    )
    again = merchant.ask("alipay.trade.refund", **wanted)
    moved = alipay.sim("refund/finish", out_trade_no=number)
    late = merchant.ask(
        "alipay.trade.fastpay.refund.query", out_trade_no=number, out_request_no="R1"
    )

    assert (accepted["code"], accepted["fund_change"], accepted["refund_fee"]) == (
        "10000",
        "N",
        "0.00",
    )
    assert early == {"code": "10000", "msg": "Success"}
    assert again["fund_change"] == "N"
    assert moved == {"moved": 1}
    assert (late["refund_status"], late["refund_amount"]) == ("REFUND_SUCCESS", "30.00")
    assert shop.wait(2)[1]["out_biz_no"] == "R1"


def test_a_buyer_can_pay_in_the_moment_before_the_trade_is_closed(
    alipay: Simulator, merchant: Merchant, shop: Ear, number: str
) -> None:
    merchant.page_pay(number)
    alipay.sim("scan", out_trade_no=number)
    alipay.sim("faults", kind="pay_before_close", out_trade_no=number)

    closing = merchant.ask("alipay.trade.close", out_trade_no=number)

    assert closing["sub_code"] == "ACQ.REASON_TRADE_STATUS_INVALID"
    assert shop.wait(1)[0]["trade_status"] == "TRADE_SUCCESS"


def test_a_code_is_scanned_by_the_camera_or_picked_from_the_list(
    alipay: Simulator, merchant: Merchant, number: str
) -> None:
    order = {"out_trade_no": number, "total_amount": "88.00", "subject": "龙井茶叶 250g"}
    code = merchant.ask("alipay.trade.precreate", **order)["qr_code"]

    listed = requests.get(f"{alipay.url}/scan", timeout=10).text
    wrong = requests.get(f"{alipay.url}/scan", params={"code": "https://x"}, timeout=10).text
    scanned = requests.get(f"{alipay.url}/scan", params={"code": code}, timeout=10)

    assert number in listed
    assert "这不是本收银台的付款码" in wrong
    assert "确认付款 ¥88.00" in scanned.text
    assert "返回商家" not in scanned.text
    assert alipay.look("trades", out_trade_no=number)["status"] == "WAIT_BUYER_PAY"
    _press(scanned.url, "pay")
    assert number not in requests.get(f"{alipay.url}/scan", timeout=10).text
    paid = merchant.ask("alipay.trade.precreate", **order)
    assert (paid["code"], paid["sub_code"]) == ("40004", "ACQ.TRADE_HAS_SUCCESS")


def test_the_pages_of_cashier_and_control_are_there(
    alipay: Simulator, merchant: Merchant, number: str
) -> None:
    page = requests.get(merchant.page_pay(number), timeout=10).text
    alipay.sim("pay", out_trade_no=number)
    control = requests.get(f"{alipay.url}/_sim", timeout=10).text

    assert "¥</small>88.00" in page
    assert "登录账号付款" in page
    assert number in control
    for kind in FAULTS:
        assert f'<option value="{kind}">' in control
    for verb in ("notify/release", "clock", "certificate/rotate", "finish", "faults"):
        assert f'action="/_sim/{verb}"' in control


def test_a_forgotten_trade_is_on_no_statement(
    alipay: Simulator, merchant: Merchant, number: str
) -> None:
    kept = number + "K"
    for one in (number, kept):
        merchant.page_pay(one)
        alipay.sim("pay", out_trade_no=one)
    alipay.sim("forget", out_trade_no=number)
    trades = [one["out_trade_no"] for one in alipay.look("trades")]
    booked = {one["out_trade_no"] for one in alipay.look("ledger")}
    assert (number in trades, kept in trades) == (False, True)
    assert (number in booked, kept in booked) == (False, True)
