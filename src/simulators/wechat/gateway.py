"""`/v3/…`: reads a request as the real one does, checks it, does it, signs the answer."""

from __future__ import annotations

import gzip
import hashlib
import json
import secrets
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from werkzeug.exceptions import BadGateway
from werkzeug.wrappers import Request, Response

from simulators.common.clock import Clock
from simulators.common.faults import Faults
from simulators.common.store import Store
from simulators.common.web import App, hang_up
from simulators.wechat import reading
from simulators.wechat.account import Account, RefusalError, wrong
from simulators.wechat.bills import Bills
from simulators.wechat.notices import Notices, rfc3339
from simulators.wechat.refunds import Refunds
from simulators.wechat.signing import Keys, compact
from simulators.wechat.trades import SCAN, Trades

SCHEMA = """
CREATE TABLE IF NOT EXISTS downloads (
    token TEXT PRIMARY KEY, content TEXT NOT NULL, packed INTEGER NOT NULL, expires REAL NOT NULL
);
"""
DOWNLOAD_LIVES = 300
BUSY = RefusalError(500, "SYSTEM_ERROR", "系统异常，请用相同参数重新调用")
REFUSALS = {
    "unknown": BUSY,
    "too_often": RefusalError(429, "FREQUENCY_LIMITED", "频率超限，请稍后再试"),
}
Content = dict[str, Any] | None


class OpenIds(Protocol):
    def knows(self, openid: str) -> bool: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Books:
    trades: Trades
    refunds: Refunds
    bills: Bills
    notices: Notices
    open_ids: OpenIds


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its body, its query, the address that it came to, and its path's variables."""

    body: dict[str, Any]
    args: dict[str, str]
    home: str
    path: dict[str, str]

    @property
    def subject(self) -> str:
        return str(self.body.get("out_trade_no") or self.path.get("out_trade_no", ""))


class Gateway:
    def __init__(
        self,
        *,
        app: App,
        store: Store,
        clock: Clock,
        keys: Keys,
        account: Account,
        faults: Faults,
        books: Books,
    ) -> None:
        self._store, self._clock, self._keys = store, clock, keys
        self._account, self._faults, self._books = account, faults, books
        pay = "/v3/pay/transactions"
        for kind in ("native", "jsapi", "h5"):
            self._serve(app, kind, f"{pay}/{kind}", self._ordering(kind), "POST")
        self._serve(app, "query", f"{pay}/out-trade-no/<out_trade_no>", self._query)
        self._serve(app, "query", f"{pay}/id/<transaction_id>", self._query)
        self._serve(app, "close", f"{pay}/out-trade-no/<out_trade_no>/close", self._close, "POST")
        self._serve(app, "refund", "/v3/refund/domestic/refunds", self._refund, "POST")
        one = "/v3/refund/domestic/refunds/<out_refund_no>"
        self._serve(app, "refund_query", one, self._refund_query)
        self._serve(app, "certificates", "/v3/certificates", self._certificates)
        self._serve(app, "tradebill", "/v3/bill/tradebill", self._trade_bill)
        self._serve(app, "fundflowbill", "/v3/bill/fundflowbill", self._flow_bill)
        app.add("/v3/billdownload/file", self._download)

    def _serve(
        self, app: App, name: str, path: str, act: Callable[[Call], Content], method: str = "GET"
    ) -> None:
        def answer(request: Request, **variables: str) -> Response:
            try:
                call, serial = self._read(request, variables)
            except RefusalError as refused:
                return _plain(refused)
            return self._faulty(request, name, serial, lambda: act(call), call.subject)

        app.add(path, answer, method)

    def _read(self, request: Request, variables: dict[str, str]) -> tuple[Call, str]:
        """The request, once it is known to be the merchant's; and who signs the answer."""
        body = self._checked(request)
        try:
            said = json.loads(body) if body else {}
        except ValueError:
            raise wrong("请求体不是合法的JSON") from None
        if not isinstance(said, dict):
            raise wrong("请求体应为JSON对象")
        serial = self._keys.signer(request.headers.get("Wechatpay-Serial", ""))
        return Call(said, request.args.to_dict(), request.host_url, variables), serial

    def _checked(self, request: Request) -> bytes:
        body = request.get_data()
        if not request.headers.get("Accept") or not request.headers.get("User-Agent"):
            raise wrong("Http头缺少Accept或User-Agent")
        self._keys.check(
            method=request.method,
            target=str(request.environ["RAW_URI"]),
            authorization=request.headers.get("Authorization", ""),
            body=body,
        )
        return body

    def _faulty(
        self, request: Request, name: str, serial: str, act: Callable[[], Content], subject: str
    ) -> Response:
        """Do the business, unless something is to go wrong before or after it."""
        where = {"subject": subject, "method": name}
        if (pause := self._faults.take("latency", **where)) is not None:
            time.sleep(pause / 1000)
        if self._faults.take("lost", **where) is not None:
            return hang_up(request)
        if self._faults.take("http_502", **where) is not None:
            raise BadGateway
        try:
            content = self._done(where, act)
        except RefusalError as refused:
            return self._signed(serial, refused.content(), refused.status)
        if self._faults.take("drop", **where) is not None:
            return hang_up(request)
        probe = self._faults.take("probe_answer", **where) is not None
        return self._signed(serial, content, 204 if content is None else 200, probe=probe)

    def _done(self, where: dict[str, str], act: Callable[[], Content]) -> Content:
        for kind, refusal in REFUSALS.items():
            if self._faults.take(kind, **where) is not None:
                raise refusal
        content = act()
        if self._faults.take("unknown_done", **where) is not None:
            raise BUSY
        return content

    def _signed(
        self, serial: str, content: Content, status: int, *, probe: bool = False
    ) -> Response:
        body = b"" if content is None else compact(content).encode()
        headers = dict(self._keys.dress(body, serial, probe=probe))
        headers["Request-ID"] = secrets.token_hex(16).upper()
        kind = None if content is None else "application/json; charset=utf-8"
        return Response(body, status, headers, content_type=kind)

    def _ordering(self, kind: str) -> Callable[[Call], Content]:
        def act(call: Call) -> Content:
            asked = reading.order(
                call.body, kind=kind, account=self._account, now=self._clock.now()
            )
            if asked.openid and not self._books.open_ids.knows(asked.openid):
                raise wrong("无效的openid", "/payer/openid")
            token = self._books.trades.ask(asked)
            if kind == "native":
                return {"code_url": f"{SCAN}{token}"}
            if kind == "jsapi":
                return {"prepay_id": token}
            page = f"{call.home}cgi-bin/mmpayweb-bin/checkmweb"
            return {"h5_url": f"{page}?prepay_id={token}&package={secrets.randbelow(10**9)}"}

        return act

    def _query(self, call: Call) -> Content:
        reading.its_own(self._account, call.args.get("mchid"))
        return self._books.notices.transaction(self._books.trades.get(**call.path))

    def _close(self, call: Call) -> Content:
        reading.its_own(self._account, call.body.get("mchid"))
        self._books.trades.close(**call.path)
        return None

    def _refund(self, call: Call) -> Content:
        asked = reading.refund(call.body)
        number = str(call.body.get("out_trade_no") or "")
        transaction = str(call.body.get("transaction_id") or "")
        trade = self._books.trades.find(number, transaction)
        if trade is None:
            raise RefusalError(404, "RESOURCE_NOT_EXISTS", "订单不存在")
        return self._refund_content(self._books.refunds.ask(trade, asked))

    def _refund_query(self, call: Call) -> Content:
        return self._refund_content(self._books.refunds.get(call.path["out_refund_no"]))

    def _refund_content(self, refund: sqlite3.Row) -> Content:
        trade = self._books.trades.get(refund["out_trade_no"])
        said: dict[str, Any] = {
            "refund_id": refund["refund_id"],
            "out_refund_no": refund["out_refund_no"],
            "transaction_id": trade["transaction_id"],
            "out_trade_no": trade["out_trade_no"],
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "create_time": rfc3339(refund["created"]),
            "status": refund["status"],
            "funds_account": "AVAILABLE",
            "promotion_detail": [],
            "amount": {
                "total": trade["amount"],
                "refund": refund["amount"],
                "payer_total": trade["amount"],
                "payer_refund": refund["amount"],
                "settlement_total": trade["amount"],
                "settlement_refund": refund["amount"],
                "discount_refund": 0,
                "currency": "CNY",
            },
        }
        if refund["status"] == "SUCCESS":
            said["success_time"] = rfc3339(refund["done"])
        return said

    def _certificates(self, _call: Call) -> Content:
        return {"data": self._keys.certificates()}

    def _trade_bill(self, call: Call) -> Content:
        kind = call.args.get("bill_type", "ALL")
        if kind not in ("ALL", "SUCCESS", "REFUND"):
            raise wrong("账单类型有误")
        return self._kept(call, self._books.bills.trades(call.args.get("bill_date", ""), kind))

    def _flow_bill(self, call: Call) -> Content:
        if call.args.get("account_type", "BASIC") != "BASIC":
            raise RefusalError(400, "NO_STATEMENT_EXIST", "账单文件不存在")
        return self._kept(call, self._books.bills.flow(call.args.get("bill_date", "")))

    def _kept(self, call: Call, content: str) -> Content:
        """The digest is of the file before it is packed."""
        packed = call.args.get("tar_type", "")
        if packed not in ("", "GZIP"):
            raise wrong("压缩类型有误")
        token = secrets.token_urlsafe(32)
        self._store.insert(
            "downloads",
            token=token,
            content=content,
            packed=int(bool(packed)),
            expires=self._clock.now() + DOWNLOAD_LIVES,
        )
        return {
            "hash_type": "SHA1",
            "hash_value": hashlib.sha1(content.encode()).hexdigest(),  # noqa: S324 - the protocol's
            "download_url": f"{call.home}v3/billdownload/file?token={token}",
        }

    def _download(self, request: Request) -> Response:
        """The file, for a signed request; the answer itself carries no signature."""
        try:
            self._checked(request)
        except RefusalError as refused:
            return _plain(refused)
        found = self._store.row(
            "SELECT * FROM downloads WHERE token = ? AND expires > ?",
            request.args.get("token", ""),
            self._clock.now(),
        )
        if found is None:
            return _plain(RefusalError(400, "INVALID_REQUEST", "下载地址无效或已过期"))
        content = found["content"].encode()
        if found["packed"]:
            return Response(gzip.compress(content, mtime=0), content_type="application/x-gzip")
        return Response(content, content_type="text/plain; charset=utf-8")


def _plain(refused: RefusalError) -> Response:
    """Who is not known gets no signature."""
    return Response(
        compact(refused.content()), refused.status, content_type="application/json; charset=utf-8"
    )
