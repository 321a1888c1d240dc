"""The WeChat Pay simulator against the wire protocol, spoken by hand."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests
from cryptography.exceptions import InvalidSignature

from tests.simulators.running import Ear, Simulator, ear, simulator, until
from tests.simulators.wechat_merchant import (
    APP_ID,
    MCH_ID,
    OPENID,
    PUBLIC_KEY_ID,
    WeChatMerchant,
    genuine,
    heard,
)

SCHEDULE = (15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600)


@pytest.fixture(scope="module")
def wechat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with simulator("wechat", tmp_path_factory.mktemp("wechat")) as one:
        yield one


@pytest.fixture
def merchant(wechat: Simulator, shop: Ear) -> WeChatMerchant:
    return WeChatMerchant(wechat, shop.url)


def _code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def _settle(wechat: Simulator, refund_number: str, status: str = "SUCCESS") -> None:
    wechat.sim("refunds/settle", out_refund_no=refund_number, status=status)


def test_a_code_is_scanned_and_paid_and_the_shop_is_told(
    wechat: Simulator, merchant: WeChatMerchant, shop: Ear, number: str
) -> None:
    code = merchant.native(number, attach="柜台").json()["code_url"]
    before = merchant.query(number).json()
    page = requests.get(f"{wechat.url}/scan", params={"code_url": code}, timeout=10)
    paid = requests.post(f"{page.url}/pay", timeout=10)
    [said] = heard(wechat.folder, shop, 1)
    after = merchant.query(number).json()

    assert code.startswith("weixin://wxpay/bizpayurl?pr=")
    assert (before["trade_state"], "transaction_id" in before) == ("NOTPAY", False)
    assert "¥</small>88.00" in page.text
    assert "支付成功" in paid.text
    assert (said["event_type"], said["resource_type"]) == (
        "TRANSACTION.SUCCESS",
        "encrypt-resource",
    )
    assert said["resource"]["original_type"] == "transaction"
    assert said["content"] == after
    assert (after["trade_state"], after["trade_type"]) == ("SUCCESS", "NATIVE")
    assert (after["appid"], after["mchid"], after["attach"]) == (APP_ID, MCH_ID, "柜台")
    assert after["amount"] == {
        "total": 8800,
        "payer_total": 8800,
        "currency": "CNY",
        "payer_currency": "CNY",
    }
    by_id = merchant.get(f"/v3/pay/transactions/id/{after['transaction_id']}", mchid=MCH_ID)
    assert by_id.json() == after


def test_refusing_leaves_the_order_waiting_and_tells_nobody(
    wechat: Simulator, merchant: WeChatMerchant, shop: Ear, number: str
) -> None:
    code = merchant.native(number).json()["code_url"]
    page = requests.get(f"{wechat.url}/scan", params={"code_url": code}, timeout=10)

    refused = requests.post(f"{page.url}/refuse", timeout=10)

    assert "还没有付款" in refused.text
    assert merchant.query(number).json()["trade_state"] == "NOTPAY"
    assert wechat.look("notifications", out_trade_no=number) == []


def test_h5_goes_back_to_the_shop(wechat: Simulator, merchant: WeChatMerchant, number: str) -> None:
    scene = {"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}}
    answer = merchant.post("/v3/pay/transactions/h5", merchant.order(number, scene_info=scene))
    back = "http://127.0.0.1:9/back?n=1"
    page = requests.get(
        f"{answer.json()['h5_url']}&{urlencode({'redirect_url': back})}", timeout=10
    )
    token = dict(parse_qsl(urlsplit(answer.json()["h5_url"]).query))["prepay_id"]
    paid = requests.post(
        f"{wechat.url}/pay/{token}/pay", data={"back": back}, timeout=10, allow_redirects=False
    )

    assert 'value="http://127.0.0.1:9/back?n=1"' in page.text
    assert paid.headers["Location"] == back
    assert merchant.query(number).json()["trade_type"] == "MWEB"


def test_the_h5_page_is_gone_after_five_minutes_and_a_new_one_is_given(
    tmp_path: Path, shop: Ear
) -> None:
    with simulator("wechat", tmp_path) as wechat:
        merchant = WeChatMerchant(wechat, shop.url)
        scene = {"payer_client_ip": "127.0.0.1", "h5_info": {"type": "iOS"}}
        order = merchant.order("T100000001", scene_info=scene)
        first = merchant.post("/v3/pay/transactions/h5", order).json()["h5_url"]
        wechat.sim("clock", advance=301)
        second = merchant.post("/v3/pay/transactions/h5", order).json()["h5_url"]

        assert "已过期" in requests.get(first, timeout=10).text
        assert "立即支付" in requests.get(second, timeout=10).text


def _openid(wechat: Simulator) -> str:
    answer = requests.get(
        f"{wechat.url}/connect/oauth2/authorize",
        params={
            "appid": APP_ID,
            "redirect_uri": "http://127.0.0.1:9/me?x=1",
            "response_type": "code",
            "scope": "snsapi_base",
            "state": "s1",
        },
        timeout=10,
        allow_redirects=False,
    )
    back = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    assert (back["x"], back["state"]) == ("1", "s1")
    ask = {
        "appid": APP_ID,
        "secret": (wechat.folder / "app_secret.txt").read_text(),
        "code": back["code"],
        "grant_type": "authorization_code",
    }
    url = f"{wechat.url}/sns/oauth2/access_token"
    got = requests.get(url, params=ask, timeout=10)
    assert got.headers["Content-Type"].startswith("text/plain")
    assert got.json()["scope"] == "snsapi_base"
    assert requests.get(url, params=ask, timeout=10).json()["errcode"] == 40163
    assert requests.get(url, params={**ask, "code": "x"}, timeout=10).json()["errcode"] == 40029
    assert requests.get(url, params={**ask, "secret": "x"}, timeout=10).json()["errcode"] == 40125
    return str(got.json()["openid"])


def test_wechats_browser_says_who_the_buyer_is_and_pays_after_checking_the_sign(
    wechat: Simulator, merchant: WeChatMerchant, shop: Ear, number: str
) -> None:
    openid = _openid(wechat)
    order = merchant.order(number, payer={"openid": openid})
    prepay = merchant.post("/v3/pay/transactions/jsapi", order).json()["prepay_id"]
    package = f"prepay_id={prepay}"
    params = {
        "appId": APP_ID,
        "timeStamp": "1795411800",
        "nonceStr": "N1",
        "package": package,
        "signType": "RSA",
        "paySign": merchant.sign(APP_ID, "1795411800", "N1", package),
    }
    sheet = requests.get(f"{wechat.url}/bridge", params=params, timeout=10)
    forged = requests.get(f"{wechat.url}/bridge", params={**params, "nonceStr": "N2"}, timeout=10)
    cancelled = requests.post(f"{wechat.url}/pay/{prepay}/refuse", data={"sheet": "1"}, timeout=10)
    paid = requests.post(f"{wechat.url}/pay/{prepay}/pay", data={"sheet": "1"}, timeout=10)
    [said] = heard(wechat.folder, shop, 1)

    assert "立即支付" in sheet.text
    assert "支付验证签名失败" in forged.text
    assert 'data-result="fail"' in forged.text
    assert 'data-result="cancel"' in cancelled.text
    assert 'data-result="ok"' in paid.text
    assert said["content"]["payer"] == {"openid": openid}
    assert said["content"]["trade_type"] == "JSAPI"
    script = requests.get(f"{wechat.url}/_sim/bridge.js", timeout=10)
    assert "get_brand_wcpay_request" in script.text
    assert script.headers["Content-Type"].startswith("text/javascript")


def test_a_stranger_cannot_pay_in_wechats_browser(merchant: WeChatMerchant, number: str) -> None:
    unknown = merchant.order(number, payer={"openid": OPENID})
    nobody = merchant.order(number)

    assert _code(merchant.post("/v3/pay/transactions/jsapi", unknown)) == (400, "PARAM_ERROR")
    assert _code(merchant.post("/v3/pay/transactions/jsapi", nobody)) == (400, "PARAM_ERROR")
    assert _code(merchant.query(number)) == (404, "ORDER_NOT_EXIST")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"appid": "wx0000000000000000"}, "APPID_MCHID_NOT_MATCH"),
        ({"mchid": "1900000110"}, "PARAM_ERROR"),
        ({"out_trade_no": "12345"}, "PARAM_ERROR"),
        ({"out_trade_no": "1" * 33}, "PARAM_ERROR"),
        ({"out_trade_no": "T1234567#"}, "PARAM_ERROR"),
        ({"description": ""}, "PARAM_ERROR"),
        ({"description": "茶" * 128}, "PARAM_ERROR"),
        ({"notify_url": "http://127.0.0.1:9/n?x=1"}, "PARAM_ERROR"),
        ({"amount": {"total": 0, "currency": "CNY"}}, "PARAM_ERROR"),
        ({"amount": {"total": "8800", "currency": "CNY"}}, "PARAM_ERROR"),
        ({"amount": {"total": 88.0, "currency": "CNY"}}, "PARAM_ERROR"),
        ({"amount": {"total": 8800, "currency": "USD"}}, "PARAM_ERROR"),
        ({"time_expire": "2026-11-23 13:30:00"}, "PARAM_ERROR"),
        ({"time_expire": "2020-11-23T13:30:00+08:00"}, "PARAM_ERROR"),
    ],
)
def test_an_order_that_breaks_a_rule_is_refused(
    wechat: Simulator, merchant: WeChatMerchant, number: str, change: dict[str, object], code: str
) -> None:
    answer = merchant.post("/v3/pay/transactions/native", merchant.order(number) | change)

    assert _code(answer) == (400, code)
    assert number not in {one["out_trade_no"] for one in wechat.look("trades")}


def test_the_same_number_is_the_same_order_and_nothing_else(
    wechat: Simulator, merchant: WeChatMerchant, number: str
) -> None:
    first, second = (merchant.native(number).json()["code_url"] for _ in range(2))
    other = merchant.native(number, 880)
    wechat.sim("pay", out_trade_no=number)
    late = merchant.native(number)

    assert first != second
    assert _code(other) == (400, "INVALID_REQUEST")
    assert _code(late) == (400, "ORDERPAID")
    assert merchant.query(number).json()["amount"]["total"] == 8800


@pytest.mark.parametrize(
    "more",
    [
        {"signature": "AAAA"},
        {"mchid": "1900000110"},
        {"serial_no": "00"},
        {"timestamp": str(int(time.time()) - 301)},
        {"timestamp": "soon"},
    ],
)
def test_a_request_that_is_not_the_merchants_is_refused_unsigned(
    wechat: Simulator, merchant: WeChatMerchant, number: str, more: dict[str, str]
) -> None:
    path, body = "/v3/pay/transactions/native", json.dumps(merchant.order(number))
    headers = {"Authorization": merchant.authorization("POST", path, body, **more)}

    answer = merchant.send("POST", path, body, headers)

    assert _code(answer) == (401, "SIGN_ERROR")
    assert "Wechatpay-Signature" not in answer.headers
    assert number not in {one["out_trade_no"] for one in wechat.look("trades")}


def test_a_request_is_signed_as_a_whole(merchant: WeChatMerchant, number: str) -> None:
    path, body = "/v3/pay/transactions/native", json.dumps(merchant.order(number))
    signed = {"Authorization": merchant.authorization("POST", path, body)}
    query = {"Authorization": merchant.authorization("GET", "/v3/bill/tradebill", "")}

    assert _code(merchant.send("POST", path, f"{body} ", signed)) == (401, "SIGN_ERROR")
    asked = merchant.send("GET", "/v3/bill/tradebill?bill_date=2026-11-20", "", query)
    assert _code(asked) == (401, "SIGN_ERROR")
    assert _code(merchant.send("GET", "/v3/certificates", "", {"Accept": ""}))[0] == 400


def test_the_key_that_signs_answers_is_chosen_by_the_request(
    wechat: Simulator, shop: Ear, number: str
) -> None:
    old = wechat.folder / "certificates"
    by_certificate = WeChatMerchant(wechat, shop.url, serial="").query(number)
    serial = wechat.sim("certificates/rotate")["serial_no"]
    newer = WeChatMerchant(wechat, shop.url, serial="").query(number)
    by_key = WeChatMerchant(wechat, shop.url).query(number)
    unknown = WeChatMerchant(wechat, shop.url, serial="PUB_KEY_ID_1").query(number)

    assert by_key.headers["Wechatpay-Serial"] == PUBLIC_KEY_ID
    assert newer.headers["Wechatpay-Serial"] == serial
    assert by_certificate.headers["Wechatpay-Serial"] in {one.stem for one in old.glob("*.pem")}
    assert by_certificate.headers["Wechatpay-Serial"] != serial
    assert _code(unknown) == (400, "PARAM_ERROR")
    listed = WeChatMerchant(wechat, shop.url).get("/v3/certificates").json()["data"]
    assert [one["serial_no"] for one in listed][-1] == serial


def test_closing_answers_204_and_ends_the_order(
    wechat: Simulator, merchant: WeChatMerchant, number: str
) -> None:
    code = merchant.native(number).json()["code_url"]

    closed = merchant.close(number)
    page = requests.get(f"{wechat.url}/scan", params={"code_url": code}, timeout=10)
    late = requests.post(f"{page.url}/pay", timeout=10)

    assert (closed.status_code, closed.content) == (204, b"")
    assert "Wechatpay-Signature" in closed.headers
    assert "订单已关闭" in late.text
    assert merchant.query(number).json()["trade_state"] == "CLOSED"
    assert _code(merchant.native(number)) == (400, "ORDER_CLOSED")
    assert wechat.look("notifications", out_trade_no=number) == []
    assert _code(merchant.close("T0000000")) == (404, "ORDER_NOT_EXIST")


def test_a_paid_order_cannot_be_closed(
    wechat: Simulator, merchant: WeChatMerchant, number: str
) -> None:
    merchant.native(number)
    wechat.sim("pay", out_trade_no=number)

    assert _code(merchant.close(number)) == (400, "ORDERPAID")
    assert merchant.query(number).json()["trade_state"] == "SUCCESS"


def test_time_over_forbids_paying_but_closes_nothing(tmp_path: Path, shop: Ear) -> None:
    with simulator("wechat", tmp_path) as wechat:
        merchant = WeChatMerchant(wechat, shop.url)
        merchant.native("T100000002", minutes=1)
        wechat.sim("clock", advance=61)
        late = requests.post(
            f"{wechat.url}/_sim/pay", data={"out_trade_no": "T100000002"}, timeout=10
        )

        assert late.status_code == 409
        assert merchant.query("T100000002").json()["trade_state"] == "NOTPAY"


def test_a_refund_is_accepted_first_and_done_later(
    wechat: Simulator, merchant: WeChatMerchant, shop: Ear, number: str
) -> None:
    merchant.native(number)
    wechat.sim("pay", out_trade_no=number)
    heard(wechat.folder, shop, 1)

    accepted = merchant.refund(number, f"R{number}", 3000).json()
    said = heard(wechat.folder, shop, 2)[1]
    done = merchant.get(f"/v3/refund/domestic/refunds/R{number}").json()
    replay = merchant.refund(number, f"R{number}", 3000).json()

    assert (accepted["status"], accepted["amount"]["refund"]) == ("PROCESSING", 3000)
    assert "success_time" not in accepted
    assert (done["status"], done["refund_id"]) == ("SUCCESS", accepted["refund_id"])
    assert replay == done
    assert said["event_type"] == "REFUND.SUCCESS"
    assert said["resource"]["original_type"] == "refund"
    assert said["content"]["refund_status"] == "SUCCESS"
    assert said["content"]["out_refund_no"] == f"R{number}"
    assert said["content"]["amount"] == {
        "total": 8800,
        "refund": 3000,
        "payer_total": 8800,
        "payer_refund": 3000,
    }
    assert merchant.query(number).json()["trade_state"] == "REFUND"
    other = merchant.refund(number, f"R{number}", 3001)
    assert _code(other) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("fault", "status", "left"),
    [("refund_abnormal", "ABNORMAL", 0), ("refund_closed", "CLOSED", 1)],
)
def test_a_refund_can_fail_after_it_was_accepted(
    wechat: Simulator,
    merchant: WeChatMerchant,
    shop: Ear,
    number: str,
    fault: str,
    status: str,
    left: int,
) -> None:
    merchant.native(number)
    wechat.sim("pay", out_trade_no=number)
    wechat.sim("faults", kind=fault, out_trade_no=number)

    assert merchant.refund(number, f"R{number}", 8800).json()["status"] == "PROCESSING"
    said = heard(wechat.folder, shop, 2)[1]
    found = merchant.get(f"/v3/refund/domestic/refunds/R{number}").json()

    assert said["event_type"] == f"REFUND.{status}"
    assert found["status"] == said["content"]["refund_status"] == status
    again = merchant.refund(number, f"S{number}", 1)
    assert again.status_code == (200 if left else 400)


def test_an_abnormal_refund_is_tried_again_with_the_same_number(
    wechat: Simulator, merchant: WeChatMerchant, number: str
) -> None:
    merchant.native(number)
    wechat.sim("pay", out_trade_no=number)
    wechat.sim("faults", kind="refund_wait", out_trade_no=number, times=2)
    merchant.refund(number, f"R{number}", 8800)
    _settle(wechat, f"R{number}", "ABNORMAL")

    assert merchant.refund(number, f"R{number}", 8800).json()["status"] == "PROCESSING"
    _settle(wechat, f"R{number}")
    assert wechat.look("trades", out_trade_no=number)["refunded"] == 8800


def test_refunds_go_to_the_last_fen_and_no_further(
    wechat: Simulator, merchant: WeChatMerchant, number: str
) -> None:
    merchant.native(number)
    unpaid = merchant.refund(number, f"R0{number}", 1)
    wechat.sim("pay", out_trade_no=number)

    assert _code(unpaid) == (400, "INVALID_REQUEST")
    assert merchant.refund(number, f"R1{number}", 8799).status_code == 200
    assert _code(merchant.refund(number, f"R2{number}", 2)) == (400, "INVALID_REQUEST")
    assert merchant.refund(number, f"R3{number}", 1).status_code == 200
    assert _code(merchant.refund(number, f"R4{number}", 1)) == (400, "INVALID_REQUEST")
    assert _code(merchant.refund(number, f"R5{number}", 1, 8801)) == (400, "INVALID_REQUEST")
    unknown = merchant.refund("T0000000", f"R6{number}", 1)
    assert _code(unknown) == (404, "RESOURCE_NOT_EXISTS")
    never = merchant.get(f"/v3/refund/domestic/refunds/R2{number}")
    assert _code(never) == (404, "RESOURCE_NOT_EXISTS")
    assert wechat.look("trades", out_trade_no=number)["refunded"] == 8800


def test_a_notification_comes_again_on_schedule_signed_anew(tmp_path: Path, shop: Ear) -> None:
    with simulator("wechat", tmp_path) as wechat:
        merchant = WeChatMerchant(wechat, shop.url)
        shop.answer = (500, b'{"code":"FAIL"}')
        merchant.native("T100000003", minutes=3000)
        wechat.sim("pay", out_trade_no="T100000003")
        shop.wait(1)
        for sends, pause in enumerate(SCHEDULE, start=1):
            wechat.wait_attempts("notifications", sends)
            wechat.sim("clock", advance=pause - 5)
            assert len(shop.heard) == sends
            wechat.sim("clock", advance=5)
            shop.wait(sends + 1)

        until(lambda: wechat.look("notifications")[0]["state"] == "given_up", "giving up")
        said = heard(tmp_path, shop, 16)
        assert len(said) == 16
        assert sum(SCHEDULE) == 24 * 3600 + 4 * 60
        assert len({one["id"] for one in said}) == 1
        assert len({one["Wechatpay-Nonce"] for one in shop.headers}) == 16


@pytest.mark.parametrize("answer", [(200, b'{"code":"FAIL"}'), (204, b"")])
def test_the_status_alone_says_whether_a_notification_was_taken(
    wechat: Simulator, merchant: WeChatMerchant, shop: Ear, number: str, answer: tuple[int, bytes]
) -> None:
    shop.answer = answer
    merchant.native(number)
    wechat.sim("pay", out_trade_no=number)
    shop.wait(1)

    until(
        lambda: wechat.look("notifications", out_trade_no=number)[0]["state"] == "done",
        "the notification is done",
    )


def test_a_probe_is_wrongly_signed_and_followed_by_a_right_one(tmp_path: Path) -> None:
    with simulator("wechat", tmp_path) as wechat, ear() as shop:
        merchant = WeChatMerchant(wechat, shop.url)
        shop.answer = (401, b'{"code":"FAIL"}')
        merchant.native("T100000004")
        wechat.sim("faults", kind="probe_notice")
        wechat.sim("pay", out_trade_no="T100000004")
        shop.wait(1)
        wechat.wait_attempts("notifications", 1)
        wechat.sim("clock", advance=15)
        shop.wait(2)

        assert shop.headers[0]["Wechatpay-Signature"].startswith("WECHATPAY/SIGNTEST/")
        assert shop.heard[0] == shop.heard[1]
        with pytest.raises(InvalidSignature):
            genuine(tmp_path, shop.headers[0], shop.heard[0])
        assert genuine(tmp_path, shop.headers[1], shop.heard[1])


def test_notifications_can_be_signed_with_key_or_certificate_or_by_turns(
    wechat: Simulator, merchant: WeChatMerchant, shop: Ear, number: str
) -> None:
    merchant.native(number)
    wechat.sim("signing", mode="certificate")
    wechat.sim("pay", out_trade_no=number)
    shop.wait(1)
    wechat.sim("signing", mode="mixed")
    for count in (2, 3):
        wechat.sim("notify/duplicate", out_trade_no=number)
        shop.wait(count)
    wechat.sim("signing", mode="public_key")
    wechat.sim("notify/wrong-amount", out_trade_no=number)

    said = heard(wechat.folder, shop, 4)
    serials = [one["Wechatpay-Serial"] for one in shop.headers]

    assert serials[0] != PUBLIC_KEY_ID
    assert PUBLIC_KEY_ID in serials[1:3]
    assert {serials[1], serials[2]} != {PUBLIC_KEY_ID}
    assert serials[3] == PUBLIC_KEY_ID
    assert [one["content"]["amount"]["total"] for one in said] == [8800, 8800, 8800, 8801]


def test_nothing_is_lost_by_a_kill(tmp_path: Path, shop: Ear) -> None:
    with simulator("wechat", tmp_path) as wechat:
        merchant = WeChatMerchant(wechat, shop.url)
        merchant.native("T100000005")
        wechat.sim("faults", kind="delay", value=600)
        wechat.sim("pay", out_trade_no="T100000005")
        keys = (tmp_path / "wechat_public.pem").read_bytes()
        serial = WeChatMerchant(wechat, shop.url, serial="").query("T100000005").headers

        wechat.kill()
        wechat.start()

        again = WeChatMerchant(wechat, shop.url, serial="").query("T100000005")
        assert again.json()["trade_state"] == "SUCCESS"
        assert again.headers["Wechatpay-Serial"] == serial["Wechatpay-Serial"]
        assert shop.heard == []
        wechat.sim("clock", advance=600)
        assert heard(tmp_path, shop, 1)[0]["content"]["out_trade_no"] == "T100000005"
        assert (tmp_path / "wechat_public.pem").read_bytes() == keys
        assert wechat.stop() == 0


def test_what_goes_wrong_goes_wrong_before_or_after(
    wechat: Simulator, merchant: WeChatMerchant, number: str
) -> None:
    merchant.native(number)
    for kind, status in (("unknown", 500), ("http_502", 502), ("too_often", 429)):
        wechat.sim("faults", kind=kind, out_trade_no=number, method="close")
        assert merchant.close(number).status_code == status
    assert merchant.query(number).json()["trade_state"] == "NOTPAY"
    wechat.sim("faults", kind="lost", out_trade_no=number)
    with pytest.raises(requests.ConnectionError):
        merchant.query(number)

    wechat.sim("faults", kind="drop", out_trade_no=number, method="close")
    with pytest.raises(requests.ConnectionError):
        merchant.close(number)
    assert merchant.query(number).json()["trade_state"] == "CLOSED"
    wechat.sim("faults", kind="probe_answer", out_trade_no=number)
    with pytest.raises(InvalidSignature):
        merchant.query(number)


def test_the_control_page_shows_orders_and_refunds(
    wechat: Simulator, merchant: WeChatMerchant, number: str
) -> None:
    merchant.native(number)
    waiting = requests.get(f"{wechat.url}/scan", timeout=10).text
    wechat.sim("pay", out_trade_no=number)
    merchant.refund(number, f"R{number}", 1)

    page = requests.get(f"{wechat.url}/_sim", timeout=10).text

    assert number in waiting
    assert number in page
    assert f"R{number}" in page
    ledger = [one for one in wechat.look("ledger") if one["out_trade_no"] == number]
    assert ledger[0]["fen"] == 8800
