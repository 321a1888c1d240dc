"""Alipay's bill of trades: a zip of two GBK tables, the details and what they add up to."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime

from shangliu.domain.payments.provider import Bill, BillKind, BillLine, ProviderError
from shangliu.platform import clock
from shangliu.platform.money import Money

_DETAILS = "#支付宝业务明细查询"
_KINDS = {"交易": BillKind.PAYMENT, "退款": BillKind.REFUND}
_SUMS = {
    BillKind.PAYMENT: re.compile(r"#交易合计：(\d+)笔，商家实收共(-?[\d.]+)元"),
    BillKind.REFUND: re.compile(r"#退款合计：(\d+)笔，商家实收退款共(-?[\d.]+)元"),
}


def read(day: date, raw: bytes) -> Bill:
    """`ProviderError` when the sums at the end do not fit the lines."""
    try:
        rows = _details(raw)
        lines = tuple(_lines(rows))
        _check(lines, rows)
    except (KeyError, ValueError, IndexError, zipfile.BadZipFile) as failed:
        raise ProviderError(f"the bill cannot be read: {failed}") from failed
    return Bill(day=day, lines=lines, file_name=f"alipay-{day}.zip", raw=raw)


def _details(raw: bytes) -> list[str]:
    """The detail file is known by its first line: archives differ in how they write names."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for name in archive.namelist():
            text = archive.read(name).decode("gb18030")
            if text.startswith(_DETAILS):
                return text.splitlines()
    raise ValueError("it has no details")


def _lines(rows: list[str]) -> Iterator[BillLine]:
    table = [row for row in rows if row.strip() and not row.startswith("#")]
    names = _fields(table[0])
    for row in table[1:]:
        yield _line(dict(zip(names, _as_many(_fields(row), len(names)), strict=True)))


def _fields(row: str) -> list[str]:
    return [one.strip() for one in row.split(",")]


def _as_many(fields: list[str], count: int) -> list[str]:
    """Nothing is quoted, so a comma in the goods' name (the fourth column) divides it."""
    over = len(fields) - count
    return [*fields[:3], ",".join(fields[3 : 4 + over]), *fields[4 + over :]]


def _line(row: dict[str, str]) -> BillLine:
    kind = _KINDS[row["业务类型"]]
    moved, fee = Money.parse(row["商家实收（元）"]), Money.parse(row["服务费（元）"])
    sign = 1 if kind is BillKind.PAYMENT else -1
    at = datetime.strptime(row["完成时间"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=clock.SHOP_ZONE)
    return BillLine(
        kind=kind,
        number=row["商户订单号"],
        refund_number=row["退款批次号/请求号"] if kind is BillKind.REFUND else "",
        provider_id=row["支付宝交易号"],
        amount=moved * sign,
        fee=fee * -1,
        at=at.astimezone(UTC),
    )


def _check(lines: tuple[BillLine, ...], rows: list[str]) -> None:
    for kind, pattern in _SUMS.items():
        said = next((found for row in rows if (found := pattern.match(row))), None)
        if said is None:
            raise ValueError("it has no sums")
        amounts = [one.amount.fen for one in lines if one.kind is kind]
        if len(amounts) != int(said[1]) or sum(amounts) != abs(Money.parse(said[2]).fen):
            raise ValueError(f"its lines are not its sum {said[0]!r}")
