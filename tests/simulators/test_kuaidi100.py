"""The Kuaidi100 simulator against the wire protocol, spoken by hand."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import requests

from tests.simulators.running import Ear, Simulator, simulator, until

KEY, CUSTOMER, SECRET = "TESTKEY001", "CUST0001", "SECRET001"
TAKEN = (200, '{"result":true,"returnCode":"200","message":"成功"}'.encode())


def _digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def _order(
    kuaidi100: Simulator, number: str, *, sign: str = "", method: str = "order", **more: object
) -> dict[str, Any]:
    person = {"name": "张三", "mobile": "13800138000"}
    param = json.dumps(
        {
            "kuaidicom": "yuantong",
            "orderId": number,
            "sendMan": {**person, "printAddr": "浙江省杭州市余杭区仓前街道 1 号"},
            "recMan": {**person, "printAddr": "广东省广州市天河区体育西路 2 号"},
            **more,
        },
        ensure_ascii=False,
    )
    form = {"method": method, "key": KEY, "t": "1795411800000", "param": param}
    form["sign"] = sign or _digest(param + form["t"] + KEY + SECRET)
    return _post(f"{kuaidi100.url}/label/order", form)


def _subscribe(kuaidi100: Simulator, waybill: str, callback: str) -> dict[str, Any]:
    param = json.dumps(
        {
            "company": "yuantong",
            "number": waybill,
            "key": KEY,
            "parameters": {"callbackurl": callback, "salt": "SALT1234", "resultv2": "4"},
        }
    )
    return _post(f"{kuaidi100.url}/poll", {"schema": "json", "param": param})


def _query(kuaidi100: Simulator, waybill: str, *, sign: str = "") -> dict[str, Any]:
    param = json.dumps({"com": "yuantong", "num": waybill, "phone": "", "resultv2": "4"})
    form = {"customer": CUSTOMER, "param": param, "sign": sign or _digest(param + KEY + CUSTOMER)}
    return _post(f"{kuaidi100.url}/poll/query.do", form)


def _post(url: str, form: dict[str, str]) -> dict[str, Any]:
    answer = requests.post(url, data=form, timeout=10)
    assert answer.status_code == 200
    return answer.json()  # type: ignore[no-any-return]


def test_the_same_order_id_gives_the_same_waybill(kuaidi100: Simulator, number: str) -> None:
    first, second = _order(kuaidi100, number), _order(kuaidi100, number)

    assert first["code"] == 200
    assert first["data"] == second["data"]
    assert first["data"]["kuaidinum"].startswith("YT")
    found = requests.get(
        f"{kuaidi100.url}/autonumber/auto",
        params={"num": first["data"]["kuaidinum"], "key": KEY},
        timeout=10,
    )
    assert [one["comCode"] for one in found.json()] == ["yuantong"]


def test_wrong_digests_are_refused(kuaidi100: Simulator, number: str) -> None:
    assert _order(kuaidi100, number, sign="0" * 32)["code"] == 30002
    assert _query(kuaidi100, "YT1", sign="0" * 32)["returnCode"] == "503"
    assert requests.get(
        f"{kuaidi100.url}/_sim/parcels?number={number}", timeout=10
    ).status_code == (404)


def test_a_waybill_can_be_cancelled_until_it_is_collected(
    kuaidi100: Simulator, number: str
) -> None:
    _order(kuaidi100, number)
    assert _order(kuaidi100, number, method="cancel")["code"] == 200
    _order(kuaidi100, number + "B")
    kuaidi100.sim("next", number=number + "B")

    assert _order(kuaidi100, number + "B", method="cancel")["code"] == 30010
    assert kuaidi100.look("parcels", number=number)["last"] == "cancelled"


def test_a_second_subscription_is_answered_with_501(
    kuaidi100: Simulator, shop: Ear, number: str
) -> None:
    shop.answer = TAKEN
    waybill = _order(kuaidi100, number)["data"]["kuaidinum"]

    first, second = (_subscribe(kuaidi100, waybill, shop.url) for _ in range(2))

    assert (first["result"], first["returnCode"]) == (True, "200")
    assert (second["result"], second["returnCode"]) == (False, "501")


def test_every_event_is_pushed_whole_newest_first_and_signed(
    kuaidi100: Simulator, shop: Ear, number: str
) -> None:
    shop.answer = TAKEN
    waybill = _order(kuaidi100, number)["data"]["kuaidinum"]
    _subscribe(kuaidi100, waybill, shop.url)
    shop.wait(1)

    for sent in range(7):
        kuaidi100.sim("next", number=number)
        shop.wait(sent + 2)

    forms = shop.forms()
    assert all(one["sign"] == _digest(one["param"] + "SALT1234") for one in forms)
    last = json.loads(forms[-1]["param"])
    assert last["status"] == "shutdown"
    assert [one["statusCode"] for one in last["lastResult"]["data"]] == [
        *("301", "5", "0", "1001", "1002", "0", "103", "101")
    ]
    assert json.loads(forms[0]["param"])["status"] == "polling"
    assert _query(kuaidi100, waybill)["state"] == "3"


def test_a_push_is_sent_again_after_half_an_hour_three_times(
    tmp_path: Path, shop: Ear, number: str
) -> None:
    shop.answer = (500, b"")
    with simulator("kuaidi100", tmp_path) as kuaidi100:
        waybill = _order(kuaidi100, number)["data"]["kuaidinum"]
        _subscribe(kuaidi100, waybill, shop.url)
        for sends in range(1, 4):
            shop.wait(sends)
            kuaidi100.wait_attempts("pushes", sends)
            kuaidi100.sim("clock", advance=1800)

        until(lambda: kuaidi100.look("pushes")[0]["state"] == "given_up", "giving up")
        assert len(shop.heard) == 4


def test_refusal_leads_back_to_the_sender(kuaidi100: Simulator, shop: Ear, number: str) -> None:
    shop.answer = TAKEN
    waybill = _order(kuaidi100, number)["data"]["kuaidinum"]
    kuaidi100.sim("next", number=number, steps=6)
    kuaidi100.sim("next", number=number, event="problem")
    kuaidi100.sim("next", number=number)
    kuaidi100.sim("next", number=number, event="rejected")
    kuaidi100.sim("next", number=number, steps=2)

    codes = [one["statusCode"] for one in _query(kuaidi100, waybill)["data"]]

    assert codes[:5] == ["4", "6", "14", "5", "205"]
    ended = requests.post(f"{kuaidi100.url}/_sim/next", data={"number": number}, timeout=10)
    assert ended.status_code == 409


def test_parcels_move_by_themselves_when_told_to(tmp_path: Path, number: str) -> None:
    with simulator("kuaidi100", tmp_path, "--auto", "0.05") as kuaidi100:
        _order(kuaidi100, number)
        until(lambda: kuaidi100.look("parcels", number=number)["last"] == "delivered", "delivery")


def test_the_control_page_shows_the_track(kuaidi100: Simulator, number: str) -> None:
    _order(kuaidi100, number)
    kuaidi100.sim("next", number=number)

    assert "【杭州市】圆通速递已揽收" in requests.get(kuaidi100.url, timeout=10).text


def test_parcels_stand_still_while_they_are_told_to(tmp_path: Path, number: str) -> None:
    with simulator("kuaidi100", tmp_path, "--auto", "0.2") as moving:
        moving.sim("pace", still="1")
        _order(moving, number)
        time.sleep(1.2)
        assert moving.look("parcels", number=number)["last"] == "ordered"
        moving.sim("pace")
        until(lambda: moving.look("parcels", number=number)["last"] != "ordered", "it moves")


def test_a_forgotten_waybill_was_never_there(kuaidi100: Simulator, shop: Ear, number: str) -> None:
    shop.answer = TAKEN
    kept = _order(kuaidi100, number + "A")["data"]["kuaidinum"]
    gone = _order(kuaidi100, number)["data"]["kuaidinum"]
    _subscribe(kuaidi100, gone, shop.url)
    kuaidi100.sim("forget", out_trade_no=gone)
    address = f"{kuaidi100.url}/_sim/parcels?number="
    assert requests.get(address + gone, timeout=10).status_code == 404
    assert requests.get(address + kept, timeout=10).status_code == 200
    assert kuaidi100.look("pushes", number=gone) == []
