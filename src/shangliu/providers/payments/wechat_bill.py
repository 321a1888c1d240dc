"""WeChat's bill of trades: a header, fields behind backticks, and a line of sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime

from shangliu.domain.payments.provider import Bill, BillKind, BillLine, ProviderError
from shangliu.platform import clock
from shangliu.platform.money import Money

_MOVED = ("SUCCESS", "PROCESSING")
_SUMS = "总交易单数"


def read(day: date, raw: bytes) -> Bill:
    """Columns are found by their names: their order differs between merchants. Refunds that failed
    are no lines; `ProviderError` when the sums do not fit the lines."""
    try:
        rows = raw.decode("utf-8-sig").splitlines()
        found, count = _table(rows)
        if len(found) != count:
            raise ProviderError(f"the bill has {len(found)} lines and says {count}")
        lines = tuple(line for one in found for line in _lines(one))
    except (KeyError, ValueError, IndexError) as failed:
        raise ProviderError(f"the bill cannot be read: {failed}") from failed
    return Bill(day=day, lines=lines, file_name=f"wechat-{day}.csv", raw=raw)


def _table(rows: list[str]) -> tuple[list[dict[str, str]], int]:
    """The lines by column, and how many the sums say there are."""
    names = rows[0].split(",")
    found: list[dict[str, str]] = []
    for place, row in enumerate(rows[1:], start=1):
        if row.startswith(_SUMS):
            return found, int(_fields(rows[place + 1])[0])
        found.append(dict(zip(names, _fields(row), strict=True)))
    raise ValueError("it has no sums")


def _fields(row: str) -> list[str]:
    """The first backtick opens the row, so that a comma in a text divides nothing."""
    return row.removeprefix("`").split(",`")


def _lines(row: Mapping[str, str]) -> Iterator[BillLine]:
    at = datetime.strptime(row["交易时间"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=clock.SHOP_ZONE)
    currency = row["货币种类"]
    fee = Money.parse(row["手续费"], currency)
    if row["交易状态"] == "SUCCESS":
        yield BillLine(
            kind=BillKind.PAYMENT,
            number=row["商户订单号"],
            provider_id=row["微信订单号"],
            amount=Money.parse(row["订单金额"], currency),
            fee=fee,
            at=at.astimezone(UTC),
        )
    elif row["交易状态"] == "REFUND" and row["退款状态"] in _MOVED:
        yield BillLine(
            kind=BillKind.REFUND,
            number=row["商户订单号"],
            refund_number=row["商户退款单号"],
            provider_id=row["微信退款单号"],
            amount=Money.parse(row["申请退款金额"], currency),
            fee=fee,
            at=at.astimezone(UTC),
        )
