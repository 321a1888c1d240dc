"""A day's bill of trades: a zip of two GBK tables, details and sums, ready at nine the next day."""

from __future__ import annotations

import io
import re
import secrets
import sqlite3
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from hmac import new as sealed
from urllib.parse import urlencode

from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Request, Response

from simulators.alipay.trades import RefusalError, yuan
from simulators.common.clock import BEIJING, Clock
from simulators.common.store import Store
from simulators.common.web import App, answer_json

READY_AFTER = timedelta(days=1, hours=9)
URL_LIVES = 30
_DETAILS = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,"
    "对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,"
    "商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,"
    "退款批次号/请求号,服务费（元）,分润（元）,备注"
)
_SUMS = (
    "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,"
    "商家优惠（元）,卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）"
)


def fee_of(fen: int) -> int:
    """0.6 %, rounded to the fen."""
    return (fen * 6 + 500) // 1000


@dataclass(frozen=True, kw_only=True)
class Entry:
    """`fen` and `fee` are what the merchant's account got: a payment's fee is negative."""

    trade: sqlite3.Row
    request_no: str
    fen: int
    fee: int
    at: float


class Bills:
    def __init__(self, *, app: App, store: Store, clock: Clock, seller_id: str) -> None:
        self._store, self._clock, self._seller_id = store, clock, seller_id
        self._seal = secrets.token_bytes(32)
        app.add("/downloadBillFile.resource", self.download)
        app.add("/_sim/ledger", self.ledger)

    def address(self, host: str, kind: str, day: str) -> str:
        """Where the bill can be fetched for half a minute."""
        if kind != "trade":
            raise RefusalError("INVAILID_ARGUMENTS", "无效的账单类型")
        try:
            start = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=BEIJING)
        except ValueError:
            raise RefusalError("INVAILID_ARGUMENTS", "无效的账单日期") from None
        early = self._clock.now() < (start + READY_AFTER).timestamp()
        if early or not self._entries(start.date()):
            raise RefusalError("BILL_NOT_EXIST", "账单不存在")
        stamp = str(int(self._clock.now()))
        query = {
            "bizType": kind,
            "userId": self._seller_id,
            "fileType": "csv.zip",
            "bizDates": day.replace("-", ""),
            "downloadFileName": f"{self._seller_id}_{day.replace('-', '')}.csv.zip",
            "fileId": f"/{kind}/{self._seller_id}/{day.replace('-', '')}.csv.zip",
            "timestamp": stamp,
            "token": self._token(day.replace("-", ""), stamp),
        }
        return f"{host}downloadBillFile.resource?{urlencode(query)}"

    def download(self, request: Request) -> Response:
        compact, stamp = request.args.get("bizDates", ""), request.args.get("timestamp", "")
        genuine = compare_digest(request.args.get("token", ""), self._token(compact, stamp))
        if not genuine or self._clock.now() - int(stamp) > URL_LIVES:
            raise Forbidden("the address is not valid any more")
        day = datetime.strptime(compact, "%Y%m%d").replace(tzinfo=BEIJING).date()
        return Response(self.archive(day), content_type="application/octet-stream")

    def ledger(self, _request: Request) -> Response:
        """Money in and out, oldest first; `fee` is what we kept of it (negative: gave back)."""
        entries = sorted(self.entries(), key=lambda one: one.at)
        return answer_json(
            [
                {
                    "kind": "pay" if one.fen > 0 else "refund",
                    "out_trade_no": one.trade["out_trade_no"],
                    "trade_no": one.trade["trade_no"],
                    "out_request_no": one.request_no,
                    "fen": one.fen,
                    "fee": -one.fee,
                    "at": one.at,
                }
                for one in entries
            ]
        )

    def archive(self, day: date) -> bytes:
        entries = self._entries(day)
        name = f"{self._seller_id}_{day:%Y%m%d}_业务明细"
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for file, text in (
                (f"{name}.csv", self._details(day, entries)),
                (f"{name}(汇总).csv", self._sums(day, entries)),
            ):
                archive.writestr(_Named(file), text.encode("gbk", "replace"))
        return out.getvalue()

    def _token(self, day: str, stamp: str) -> str:
        return sealed(self._seal, f"{day} {stamp}".encode(), sha256).hexdigest()

    def _head(self, title: str, day: date) -> list[str]:
        after = day + timedelta(days=1)
        return [
            f"#支付宝{title}查询",
            f"#账号：[{self._seller_id}0156]",
            f"#起始日期：[{day:%Y年%m月%d日} 00:00:00]   终止日期：[{after:%Y年%m月%d日} 00:00:00]",
            f"#{'-' * 41}{title}列表{'-' * 40}",
        ]

    def _foot(self) -> str:
        now = datetime.fromtimestamp(self._clock.now(), BEIJING)
        return f"#导出时间：[{now:%Y年%m月%d日 %H:%M:%S}]"

    def _details(self, day: date, entries: Sequence[Entry]) -> str:
        paid = [one.fen for one in entries if one.fen > 0]
        back = [one.fen for one in entries if one.fen < 0]
        rows = [
            *self._head("业务明细", day),
            _DETAILS,
            *(self._line(one) for one in entries),
            f"#{'-' * 41}业务明细列表结束{'-' * 36}",
            f"#交易合计：{len(paid)}笔，商家实收共{_signed(sum(paid))}元，商家优惠共0.00元",
            f"#退款合计：{len(back)}笔，商家实收退款共{_signed(sum(back))}元，商家优惠退款共0.00元",
            self._foot(),
        ]
        return "".join(f"{row}\r\n" for row in rows)

    def _line(self, one: Entry) -> str:
        """A tab behind long numbers keeps spreadsheets from rounding them."""
        amount = _signed(one.fen)
        fields = (
            f"{one.trade['trade_no']}\t",
            f"{one.trade['out_trade_no']}\t",
            "交易" if one.fen > 0 else "退款",
            re.sub(r"[\r\n]", " ", one.trade["subject"]),
            self._clock.text(one.trade["created"]),
            self._clock.text(one.at),
            *("\t", "", "", "\t"),
            f"{one.trade['buyer']}\t",
            *(amount, amount),
            *("0.00",) * 5,
            *("", "0.00", "0.00"),
            f"{one.request_no}\t",
            _signed(one.fee),
            "0.00",
            "",
        )
        return ",".join(fields)

    def _sums(self, day: date, entries: Sequence[Entry]) -> str:
        gross, fees = sum(one.fen for one in entries), sum(one.fee for one in entries)
        fields = (
            "合计",
            "",
            str(sum(one.fen > 0 for one in entries)),
            str(sum(one.fen < 0 for one in entries)),
            *(_signed(gross), _signed(gross)),
            *("0.00",) * 3,
            _signed(fees),
            "0.00",
            _signed(gross + fees),
        )
        rows = [
            *self._head("业务汇总", day),
            _SUMS,
            ",".join(fields),
            f"#{'-' * 41}业务汇总列表结束{'-' * 36}",
            self._foot(),
        ]
        return "".join(f"{row}\r\n" for row in rows)

    def _entries(self, day: date) -> list[Entry]:
        start = datetime(day.year, day.month, day.day, tzinfo=BEIJING).timestamp()
        found = [one for one in self.entries() if start <= one.at < start + 86400]
        return sorted(found, key=lambda one: one.at)

    def entries(self) -> Iterator[Entry]:
        """Everything that moved. A refund gives back the fee of what it gives back; all together
        give back all of it."""
        refunds: dict[str, list[sqlite3.Row]] = {}
        for one in self._store.rows("SELECT * FROM refunds ORDER BY at, rowid"):
            refunds.setdefault(one["out_trade_no"], []).append(one)
        for trade in self._store.rows("SELECT * FROM trades WHERE paid IS NOT NULL ORDER BY paid"):
            left = trade["amount"]
            yield Entry(trade=trade, request_no="", fen=left, fee=-fee_of(left), at=trade["paid"])
            for one in refunds.get(trade["out_trade_no"], ()):
                fee = fee_of(left) - fee_of(left - one["amount"])
                left -= one["amount"]
                yield Entry(
                    trade=trade,
                    request_no=one["out_request_no"],
                    fen=-one["amount"],
                    fee=fee,
                    at=one["at"],
                )


class _Named(zipfile.ZipInfo):
    """An entry whose name is written in GBK, as Windows programs in China do."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.compress_type = zipfile.ZIP_DEFLATED

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - zipfile's
        return self.filename.encode("gbk"), self.flag_bits


def _signed(fen: int) -> str:
    return f"-{yuan(-fen)}" if fen < 0 else yuan(fen)
