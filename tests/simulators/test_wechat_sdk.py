"""The WeChat Pay simulator as wechatpayv3 sees it: an implementation that is not ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core

from tests.simulators.running import Ear, Simulator, simulator, until
from tests.simulators.wechat_merchant import APP_ID, MCH_ID, OPENID, PUBLIC_KEY_ID, SERIAL_NO

Sdk = Callable[[WeChatPayType], Any]


@pytest.fixture(scope="module")
def wechat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with simulator("wechat", tmp_path_factory.mktemp("wechat")) as one:
        one.sim("openid", openid=OPENID)
        yield one


@pytest.fixture(params=["public_key", "certificate"])
def sdk(
    request: pytest.FixtureRequest,
    wechat: Simulator,
    shop: Ear,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Sdk]:
    """Makes clients of either mode; notifications are signed in the same one."""
    gateway = property(lambda _: wechat.url, lambda _self, _value: None)
    monkeypatch.setattr(Core, "_gate_way", gateway, raising=False)
    wechat.sim("signing", mode=request.param)
    by_key = request.param == "public_key"

    def made(kind: WeChatPayType) -> Any:
        return WeChatPay(
            wechatpay_type=kind,
            mchid=MCH_ID,
            private_key=_read(wechat.folder / "merchant_private.pem"),
            cert_serial_no=SERIAL_NO,
            apiv3_key=_read(wechat.folder / "apiv3_key.txt"),
            appid=APP_ID,
            notify_url=shop.url,
            public_key=_read(wechat.folder / "wechat_public.pem") if by_key else None,
            public_key_id=PUBLIC_KEY_ID if by_key else None,
            timeout=(3, 10),
        )

    yield made
    wechat.sim("signing", mode="public_key")


def _read(file: Path) -> str:
    return file.read_text().strip()


def test_orders_of_every_kind_are_taken(sdk: Sdk, number: str) -> None:
    amount = {"total": 8800, "currency": "CNY"}
    scene = {"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}}
    native = sdk(WeChatPayType.NATIVE).pay(
        description="茶", out_trade_no=f"N{number}", amount=amount
    )
    jsapi = sdk(WeChatPayType.JSAPI).pay(
        description="茶", out_trade_no=f"J{number}", amount=amount, payer={"openid": OPENID}
    )
    h5 = sdk(WeChatPayType.H5).pay(
        description="茶", out_trade_no=f"H{number}", amount=amount, scene_info=scene
    )

    assert [status for status, _ in (native, jsapi, h5)] == [200, 200, 200]
    assert json.loads(native[1])["code_url"].startswith("weixin://")
    assert json.loads(jsapi[1])["prepay_id"].startswith("wx")
    assert "/checkmweb?prepay_id=wx" in json.loads(h5[1])["h5_url"]


def test_a_payment_is_told_found_and_paid_back(
    wechat: Simulator, sdk: Sdk, shop: Ear, number: str
) -> None:
    client = sdk(WeChatPayType.NATIVE)
    client.pay(description="茶", out_trade_no=number, amount={"total": 8800})
    wechat.sim("pay", out_trade_no=number)
    shop.wait(1)

    told = client.callback(shop.headers[0], shop.heard[0])
    _, found = client.query(out_trade_no=number)
    status, accepted = client.refund(
        out_refund_no=f"R{number}",
        out_trade_no=number,
        amount={"refund": 100, "total": 8800, "currency": "CNY"},
    )
    shop.wait(2)
    back = client.callback(shop.headers[1], shop.heard[1])
    _, refund = client.query_refund(out_refund_no=f"R{number}")

    assert told["event_type"] == "TRANSACTION.SUCCESS"
    assert told["resource"] == json.loads(found)
    assert (status, json.loads(accepted)["status"]) == (200, "PROCESSING")
    assert (back["event_type"], back["resource"]["out_refund_no"]) == (
        "REFUND.SUCCESS",
        f"R{number}",
    )
    assert json.loads(refund)["status"] == "SUCCESS"
    assert client.callback(shop.headers[0], shop.heard[0].replace(b"EV-", b"EW-")) is None


def test_an_order_is_closed_with_an_empty_signed_answer(sdk: Sdk, number: str) -> None:
    client = sdk(WeChatPayType.NATIVE)
    client.pay(description="茶", out_trade_no=number, amount={"total": 8800})

    assert client.close(number)[0] == 204
    assert json.loads(client.query(out_trade_no=number)[1])["trade_state"] == "CLOSED"
    status, said = client.query(out_trade_no="T0000000")
    assert (status, json.loads(said)["code"]) == (404, "ORDER_NOT_EXIST")


def test_a_new_certificate_is_found_by_itself(
    wechat: Simulator, sdk: Sdk, shop: Ear, number: str
) -> None:
    client = sdk(WeChatPayType.NATIVE)
    client.pay(description="茶", out_trade_no=number, amount={"total": 8800})
    wechat.sim("certificates/rotate")
    wechat.sim("pay", out_trade_no=number)
    shop.wait(1)

    assert json.loads(client.query(out_trade_no=number)[1])["trade_state"] == "SUCCESS"
    assert client.callback(shop.headers[0], shop.heard[0])["resource"]["out_trade_no"] == number
    done = "done"
    until(lambda: wechat.look("notifications", out_trade_no=number)[0]["state"] == done, done)
