"""Alipay's bills, read as a spreadsheet program would."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests

from tests.simulators.merchant import BEIJING, Merchant
from tests.simulators.running import Ear, Simulator, simulator

QUERY = "alipay.data.dataservice.bill.downloadurl.query"
DAY = 86400


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Simulator]:
    with simulator("alipay", tmp_path) as one:
        yield one


@pytest.fixture
def merchant(own: Simulator, shop: Ear) -> Merchant:
    return Merchant(own, shop.url)


def _today(own: Simulator) -> str:
    return str(own.look("clock")["now"])[:10]


def _to_morning(own: Simulator, hour: float) -> None:
    """Move to that hour of the next day in Beijing."""
    now = datetime.strptime(own.look("clock")["now"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
    midnight = now.replace(hour=0, minute=0, second=0)
    target = midnight + timedelta(days=1, hours=hour)
    own.sim("clock", advance=(target - now).total_seconds())


def _files(raw: bytes) -> dict[str, list[str]]:
    with zipfile.ZipFile(io.BytesIO(raw), metadata_encoding="gbk") as archive:
        return {name: archive.read(name).decode("gbk").split("\r\n") for name in archive.namelist()}


def test_a_bill_lists_what_moved_with_fees_of_six_in_a_thousand(
    own: Simulator, merchant: Merchant
) -> None:
    day = _today(own)
    for number, amount in (("A1", "88.00"), ("A2", "0.01"), ("A3", "9.90")):
        merchant.page_pay(number, amount, minutes=9000)
    own.sim("pay", out_trade_no="A1")
    own.sim("pay", out_trade_no="A2")
    for request_no, amount in (("R1", "30.00"), ("R2", "58.00")):
        merchant.ask(
            "alipay.trade.refund",
            out_trade_no="A1",
            refund_amount=amount,
            out_request_no=request_no,
        )
    _to_morning(own, 9)

    answer = merchant.ask(QUERY, bill_type="trade", bill_date=day)
    files = _files(requests.get(answer["bill_download_url"], timeout=10).content)

    compact = day.replace("-", "")
    details, sums = (
        files[f"2088102119685838_{compact}_业务明细{end}.csv"] for end in ("", "(汇总)")
    )
    assert details[0] == "#支付宝业务明细查询"
    assert details[4].split(",")[:4] == ["支付宝交易号", "商户订单号", "业务类型", "商品名称"]
    rows = [[one.strip() for one in row.split(",")] for row in details[5:9]]
    assert {len(row) for row in rows} == {25}
    assert [(row[1], row[2], row[12], row[21], row[22]) for row in rows] == [
        ("A1", "交易", "88.00", "", "-0.53"),
        ("A2", "交易", "0.01", "", "0.00"),
        ("A1", "退款", "-30.00", "R1", "0.18"),
        ("A1", "退款", "-58.00", "R2", "0.35"),
    ]
    assert details[10:12] == [
        "#交易合计：2笔，商家实收共88.01元，商家优惠共0.00元",
        "#退款合计：2笔，商家实收退款共-88.00元，商家优惠退款共0.00元",
    ]
    assert sums[5] == "合计,,2,2,0.01,0.01,0.00,0.00,0.00,0.00,0.00,0.01"
    assert [one["fee"] for one in own.look("ledger")] == [53, 0, -18, -35]


def test_a_bill_is_ready_at_nine_and_its_address_lives_half_a_minute(
    own: Simulator, merchant: Merchant
) -> None:
    day = _today(own)
    merchant.page_pay("A1", minutes=9000)
    own.sim("pay", out_trade_no="A1")
    _to_morning(own, 8.99)

    early = merchant.ask(QUERY, bill_type="trade", bill_date=day)
    own.sim("clock", advance=60)
    address = merchant.ask(QUERY, bill_type="trade", bill_date=day)["bill_download_url"]
    empty = merchant.ask(QUERY, bill_type="trade", bill_date="2020-01-01")
    odd = merchant.ask(QUERY, bill_type="trade", bill_date="yesterday")
    fresh = requests.get(address, timeout=10)
    forged = requests.get(address.replace("bizDates=2", "bizDates=1"), timeout=10)
    own.sim("clock", advance=31)
    late = requests.get(address, timeout=10)

    assert (early["code"], early["sub_code"]) == ("40004", "BILL_NOT_EXIST")
    assert (empty["code"], empty["sub_code"]) == ("40004", "BILL_NOT_EXIST")
    assert odd["sub_code"] == "INVAILID_ARGUMENTS"
    assert [one.status_code for one in (fresh, forged, late)] == [200, 403, 403]


def test_what_moves_after_midnight_is_in_the_next_bill(own: Simulator, merchant: Merchant) -> None:
    day = _today(own)
    merchant.page_pay("A1", minutes=9000)
    own.sim("pay", out_trade_no="A1")
    _to_morning(own, 0)
    next_day = _today(own)
    merchant.ask(
        "alipay.trade.refund", out_trade_no="A1", refund_amount="1.00", out_request_no="R1"
    )
    own.sim("clock", advance=2 * DAY)

    bills = [
        next(
            iter(
                _files(
                    requests.get(
                        merchant.ask(QUERY, bill_type="trade", bill_date=one)["bill_download_url"],
                        timeout=10,
                    ).content
                ).values()
            )
        )
        for one in (day, next_day)
    ]

    assert [[row.split(",")[2] for row in bill[5:] if "\t" in row] for bill in bills] == [
        ["交易"],
        ["退款"],
    ]
