"""The bills of the WeChat Pay simulator, down to the backtick."""

from __future__ import annotations

import gzip
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.simulators.running import Simulator, simulator
from tests.simulators.wechat_merchant import BEIJING, WeChatMerchant

NOWHERE = "http://127.0.0.1:9/hear"


@dataclass
class Day:
    """A day of two payments and a refund of one; `early` is what was said of its bill before it
    was over."""

    wechat: Simulator
    merchant: WeChatMerchant
    date: date
    early: requests.Response

    def ask(self, name: str, **more: str) -> requests.Response:
        return self.merchant.get(f"/v3/bill/{name}", **{"bill_date": self.date.isoformat(), **more})

    def download(self, said: dict[str, Any]) -> bytes:
        """The file, once its digest was checked."""
        target = said["download_url"].removeprefix(self.wechat.url)
        raw = self.merchant.send("GET", target).content
        plain = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
        digest = hashlib.new(said["hash_type"], plain, usedforsecurity=False)
        assert digest.hexdigest() == said["hash_value"]
        return raw


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    with simulator("wechat", tmp_path_factory.mktemp("wechat")) as wechat:
        merchant = WeChatMerchant(wechat, NOWHERE)
        today = datetime.fromtimestamp(time.time(), BEIJING).date()
        for number, fen in (("T100000006", 8800), ("T100000007", 100)):
            merchant.native(number, fen, attach="a,b`c")
            wechat.sim("pay", out_trade_no=number)
        merchant.refund("T100000006", "R100000001", 3000)
        wechat.sim("refunds/settle", out_refund_no="R100000001", status="SUCCESS")
        early = merchant.get("/v3/bill/tradebill", bill_date=today.isoformat())
        wechat.sim("clock", advance=34 * 3600)
        yield Day(wechat, merchant, today, early)


def test_every_movement_is_a_line_behind_backticks(day: Day) -> None:
    raw = day.download(day.ask("tradebill").json())

    lines = raw.decode("utf-8-sig").split("\r\n")
    names = lines[0].split(",")
    fields = [line.removeprefix("`").split(",`") for line in lines[1:4]]
    rows = [dict(zip(names, one, strict=True)) for one in fields]

    assert raw.startswith(b"\xef\xbb\xbf")
    assert lines[0].startswith("交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号")
    assert len(names) == 27
    by_fee = sorted(rows, key=lambda one: float(one["手续费"]))
    assert [one["手续费"] for one in by_fee] == ["-0.18000", "0.01000", "0.53000"]
    assert [one["交易状态"] for one in by_fee] == ["REFUND", "SUCCESS", "SUCCESS"]
    assert [one["订单金额"] for one in by_fee] == ["0.00", "1.00", "88.00"]
    refund = by_fee[0]
    assert (refund["商户退款单号"], refund["申请退款金额"]) == ("R100000001", "30.00")
    assert (refund["退款状态"], refund["商户数据包"]) == ("SUCCESS", "a b c")
    assert lines[4].startswith("总交易单数,应结订单总金额")
    assert lines[5:] == ["`3,`89.00,`30.00,`0.00,`0.36000,`89.00,`30.00", ""]


def test_a_bill_can_be_packed_and_hold_payments_only(day: Day) -> None:
    packed = day.ask("tradebill", bill_type="SUCCESS", tar_type="GZIP").json()

    lines = gzip.decompress(day.download(packed)).decode().split("\r\n")

    assert lines[-2].startswith("`2,`89.00,`0.00")


def test_the_flow_of_funds_counts_fees_as_spending(day: Day) -> None:
    lines = day.download(day.ask("fundflowbill").json()).decode("utf-8-sig").split("\r\n")

    assert lines[0].startswith("记账时间,微信支付业务单号,资金流水单号,业务名称")
    assert lines[-2] == "`5,`2,`89.00,`3,`30.36"
    assert lines[5].split(",`")[7] == "58.64"


def test_a_bill_that_is_not_there_is_refused(day: Day) -> None:
    before = (day.date - timedelta(days=1)).isoformat()
    assert day.early.json()["code"] == "PARAM_ERROR"
    assert day.ask("tradebill", bill_date=before).json()["code"] == "NO_STATEMENT_EXIST"
    assert day.ask("tradebill", bill_date="20261123").json()["code"] == "PARAM_ERROR"
    assert day.ask("tradebill", bill_type="SOME").json()["code"] == "PARAM_ERROR"
    url = day.ask("tradebill").json()["download_url"]
    assert requests.get(url, headers={"Accept": "*/*"}, timeout=10).status_code == 401


def test_a_bill_is_being_made_until_ten_the_next_morning(day: Day) -> None:
    now = datetime.fromisoformat(f"{day.wechat.look('clock')['now']}+08:00")
    midnight = datetime(now.year, now.month, now.day, tzinfo=BEIJING) + timedelta(days=1)
    day.wechat.sim("clock", advance=(midnight - now).total_seconds() + 60)

    answer = day.ask("tradebill", bill_date=now.date().isoformat())

    assert (answer.status_code, answer.json()["code"]) == (400, "STATEMENT_CREATING")
