"""Alipay's bill as it comes, and as it must not come."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime

import pytest

from shangliu.domain.payments.provider import BillKind, BillLine, ProviderError
from shangliu.platform.money import Money
from shangliu.providers.payments import alipay_bill

DAY = date(2026, 11, 22)
HEADER = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,"
    "对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,"
    "商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,"
    "退款批次号/请求号,服务费（元）,分润（元）,备注"
)
PAID = (
    "2026112222001400000000000001\t,A1\t,交易,杯子, 大, 蓝,2026-11-22 10:00:00,"
    "2026-11-22 10:00:30,\t,,,\t,*佳(yan***@163.com)\t,88.00,88.00,0.96,0.00,0.00,0.00,0.00,"
    "花呗红包,0.00,0.00,\t,-0.53,0.00,"
)
BACK = (
    "2026112222001400000000000001\t,A1\t,退款,杯子,2026-11-22 10:00:00,2026-11-22 23:59:59,"
    "\t,,,\t,*佳(yan***@163.com)\t,-30.00,-30.00,0.00,0.00,0.00,0.00,0.00,,0.00,0.00,"
    "R1\t,0.18,0.00,"
)
SUMS = (
    "#交易合计：1笔，商家实收共88.00元，商家优惠共0.00元",
    "#退款合计：1笔，商家实收退款共-30.00元，商家优惠退款共0.00元",
)


def _details(*rows: str, sums: tuple[str, ...] = SUMS, header: str = HEADER) -> str:
    return "\r\n".join(
        (
            "#支付宝业务明细查询",
            "#账号：[20880000000000010156]",
            "#起始日期：[2026年11月22日 00:00:00]   终止日期：[2026年11月23日 00:00:00]",
            "#-----------------------------------------业务明细列表-----------------------------",
            header,
            *rows,
            "#-----------------------------------------业务明细列表结束-------------------------",
            *sums,
            "#导出时间：[2026年11月23日 09:00:01]",
            "",
        )
    )


def _zip(*texts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for place, text in enumerate(("#支付宝业务汇总查询\r\n", *texts)):
            archive.writestr(f"{place}.csv", text.encode("gbk"))
    return out.getvalue()


def test_a_bill_is_read_to_the_letter() -> None:
    raw = _zip(_details(PAID, BACK))

    bill = alipay_bill.read(DAY, raw)

    assert bill.lines == (
        BillLine(
            kind=BillKind.PAYMENT,
            number="A1",
            provider_id="2026112222001400000000000001",
            amount=Money(8800),
            fee=Money(53),
            at=datetime(2026, 11, 22, 2, 0, 30, tzinfo=UTC),
        ),
        BillLine(
            kind=BillKind.REFUND,
            number="A1",
            refund_number="R1",
            provider_id="2026112222001400000000000001",
            amount=Money(3000),
            fee=Money(-18),
            at=datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC),
        ),
    )
    assert (bill.day, bill.raw, bill.file_name) == (DAY, raw, "alipay-2026-11-22.zip")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"PK not",
        _zip(),
        _zip(_details(PAID)),
        _zip(_details(PAID, PAID, BACK)),
        _zip(_details(PAID, BACK, sums=())),
        _zip(_details(PAID, BACK, sums=(SUMS[0], SUMS[1].replace("30.00", "30.01")))),
        _zip(_details(PAID.replace("交易", "转账"), BACK)),
        _zip(_details(PAID.replace("88.00", "88.001"), BACK)),
        _zip(_details(PAID.replace("10:00:30", "soon"), BACK)),
        _zip(_details(PAID, "a,b,c", BACK)),
        _zip(_details(PAID, BACK, header=HEADER.replace("服务费（元）", "费"))),
    ],
)
def test_a_bill_that_is_not_whole_is_refused(raw: bytes) -> None:
    with pytest.raises(ProviderError):
        alipay_bill.read(DAY, raw)
