"""A day's bill, made by the simulator and read by the adapter."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shangliu.domain.payments.provider import BillKind, Charge, ProviderError, Ref
from shangliu.platform import clock
from shangliu.platform.money import Money
from tests.providers.conftest import wechat_of
from tests.simulators.running import simulator

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_bill_of_a_day_is_downloaded_checked_and_read(tmp_path: Path) -> None:
    with simulator("wechat", tmp_path / "sim") as gateway:
        wechat = wechat_of(gateway, tmp_path)
        today = clock.local(clock.now()).date()
        for number in ("A100000001", "A100000002"):
            wechat.start(
                Charge(
                    number=number,
                    amount=Money(8800),
                    subject="杯子, 大`",
                    expires_at=clock.now() + timedelta(minutes=30),
                    return_url="http://127.0.0.1:9/r",
                    notify_url="http://127.0.0.1:9/n",
                    method="native",
                )
            )
        gateway.sim("pay", out_trade_no="A100000001")
        wechat.refund(
            ref=Ref(number="A100000001"),
            refund_number="R1",
            amount=Money(3000),
            total=Money(8800),
            reason="",
        )
        with pytest.raises(ProviderError) as early:
            wechat.bill(today)
        gateway.sim("clock", advance=34 * 3600)

        bill = wechat.bill(today)
        with clock.ahead(timedelta(minutes=1)):
            empty = wechat.bill(today - timedelta(days=2))

        assert early.value.retry
        assert [
            (one.kind, one.number, one.refund_number, one.amount, one.fee) for one in bill.lines
        ] == [
            (BillKind.PAYMENT, "A100000001", "", Money(8800), Money(53)),
            (BillKind.REFUND, "A100000001", "R1", Money(3000), Money(-18)),
        ]
        assert bill.raw.startswith(b"\xef\xbb\xbf")
        assert bill.file_name == f"wechat-{today}.csv"
        assert empty.lines == ()
