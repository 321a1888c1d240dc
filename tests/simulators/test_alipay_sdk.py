"""The Alipay simulator and our vectors as Alipay's own SDK for Node.js sees them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests

from tests.providers.vectors import FOLDER, VECTORS
from tests.simulators.running import Ear, Simulator

ORACLE = Path(__file__).resolve().parents[1] / "node"
TRADE = {"total_amount": "88.00", "subject": "杯子 {大} 250g"}


def ask(config: dict[str, str], *calls: dict[str, Any]) -> list[Any]:
    assert (ORACLE / "node_modules" / "alipay-sdk").exists(), (
        "run `make oracles`: it installs alipay-sdk into tests/node"
    )
    done = subprocess.run(
        ["node", str(ORACLE / "alipay.mjs")],
        input=json.dumps({"config": config, "calls": calls}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    return answers


@pytest.fixture(params=["public_key", "certificate"])
def config(request: pytest.FixtureRequest, alipay: Simulator) -> dict[str, str]:
    keys = alipay.folder
    common = {
        "appId": "2021000000000001",
        "gateway": f"{alipay.url}/gateway.do",
        "privateKey": (keys / "merchant_private.pem").read_text().strip(),
    }
    if request.param == "public_key":
        return common | {"alipayPublicKey": (keys / "alipay_public.pem").read_text().strip()}
    return common | {
        "appCertPath": str(keys / "app_cert.crt"),
        "alipayPublicCertPath": str(keys / "alipay_cert.crt"),
        "alipayRootCertPath": str(keys / "alipay_root.crt"),
    }


def _call(name: str, **biz: str) -> dict[str, Any]:
    return {"method": f"alipay.trade.{name}", "bizContent": biz}


@pytest.mark.parametrize(
    ("page", "product"),
    [
        ("alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"),
        ("alipay.trade.wap.pay", "QUICK_WAP_PAY"),
    ],
)
def test_a_trade_is_paid_queried_and_given_back(
    config: dict[str, str], alipay: Simulator, shop: Ear, number: str, page: str, product: str
) -> None:
    order = {**TRADE, "out_trade_no": number, "product_code": product}
    address = ask(
        config,
        {"page": page, "bizContent": order, "notifyUrl": shop.url, "returnUrl": "http://b/r"},
    )[0]
    assert "/cashier/" in requests.get(address, timeout=10).url

    before = ask(config, _call("query", out_trade_no=number))[0]
    alipay.sim("pay", out_trade_no=number)
    refund = {"out_trade_no": number, "refund_amount": "30.00", "out_request_no": "R1"}
    paid, back, again, found, over, closing = ask(
        config,
        _call("query", out_trade_no=number),
        _call("refund", **refund),
        _call("refund", **refund),
        _call("fastpay.refund.query", out_trade_no=number, out_request_no="R1"),
        _call("refund", **{**refund, "refund_amount": "58.01", "out_request_no": "R2"}),
        _call("close", out_trade_no=number),
    )

    assert (before["code"], before["sub_code"]) == ("40004", "ACQ.TRADE_NOT_EXIST")
    assert (paid["trade_status"], paid["total_amount"]) == ("TRADE_SUCCESS", "88.00")
    assert (back["fund_change"], again["fund_change"]) == ("Y", "N")
    assert (again["refund_fee"], found["refund_amount"]) == ("30.00", "30.00")
    assert found["refund_status"] == "REFUND_SUCCESS"
    assert over["sub_code"] == "ACQ.REASON_TRADE_REFUND_FEE_ERR"
    assert closing["sub_code"] == "ACQ.REASON_TRADE_STATUS_INVALID"
    told = shop.wait(2)
    forged = {**told[0], "total_amount": "0.01"}
    assert ask(config, *({"verify": one} for one in (*told, forged))) == [True, True, False]


def test_a_code_is_given_scanned_and_paid(
    config: dict[str, str], alipay: Simulator, shop: Ear, number: str
) -> None:
    order = {**TRADE, "out_trade_no": number}
    wanted = {**_call("precreate", **order), "notifyUrl": shop.url}

    first, second, before = ask(config, wanted, wanted, _call("query", out_trade_no=number))
    page = requests.get(first["qr_code"], timeout=10)
    scanned = ask(config, _call("query", out_trade_no=number))[0]
    paid = requests.post(f"{page.url}/pay", timeout=10)

    assert first["qr_code"] == second["qr_code"]
    assert before["sub_code"] == "ACQ.TRADE_NOT_EXIST"
    assert scanned["trade_status"] == "WAIT_BUYER_PAY"
    assert "付款成功" in paid.text
    assert ask(config, {"verify": shop.wait(1)[0]}) == [True]


def test_a_day_without_business_has_no_bill(config: dict[str, str]) -> None:
    method = "alipay.data.dataservice.bill.downloadurl.query"
    wanted = {"bill_type": "trade", "bill_date": "2020-01-01"}

    answer = ask(config, {"method": method, "bizContent": wanted})[0]

    assert (answer["code"], answer["sub_code"]) == ("40004", "BILL_NOT_EXIST")


def test_another_certificate_than_the_known_one_is_noticed(alipay: Simulator, number: str) -> None:
    keys = alipay.folder
    config = {
        "appId": "2021000000000001",
        "gateway": f"{alipay.url}/gateway.do",
        "privateKey": (keys / "merchant_private.pem").read_text().strip(),
        "appCertPath": str(keys / "app_cert.crt"),
        "alipayPublicCertPath": str(keys / "app_cert.crt"),
        "alipayRootCertPath": str(keys / "alipay_root.crt"),
    }

    answer = ask(config, _call("query", out_trade_no=number))[0]

    assert "验签失败" in answer["failed"]


def test_our_vectors_hold_for_the_sdk() -> None:
    config = {
        "appId": "2021000000000001",
        "gateway": "http://127.0.0.1:9/gateway.do",
        "privateKey": (FOLDER / "merchant.pem").read_text().strip(),
        "alipayPublicKey": (FOLDER / "platform.pub.pem").read_text().strip(),
    }
    said = dict(parse_qsl(VECTORS["alipay_notify"]["http_body"]))

    answers = ask(config, {"verify": said}, {"verify": {**said, "total_amount": "88.01"}})

    assert answers == [True, False]
