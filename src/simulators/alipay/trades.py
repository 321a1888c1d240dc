"""Trades and refunds, and what may become of them."""

from __future__ import annotations

import re
import secrets
import sqlite3
from dataclasses import dataclass
from typing import Protocol

from simulators.common.clock import Clock
from simulators.common.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS asked (
    out_trade_no TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE, method TEXT NOT NULL,
    amount INTEGER NOT NULL, subject TEXT NOT NULL, passback TEXT NOT NULL,
    notify_url TEXT NOT NULL, return_url TEXT NOT NULL, expires REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS trades (
    out_trade_no TEXT PRIMARY KEY, trade_no TEXT NOT NULL UNIQUE, status TEXT NOT NULL,
    amount INTEGER NOT NULL, refunded INTEGER NOT NULL DEFAULT 0, subject TEXT NOT NULL,
    passback TEXT NOT NULL, notify_url TEXT NOT NULL, buyer_id TEXT NOT NULL, buyer TEXT NOT NULL,
    created REAL NOT NULL, expires REAL NOT NULL, paid REAL, closed REAL
);
CREATE INDEX IF NOT EXISTS trades_expiring ON trades (expires) WHERE status = 'WAIT_BUYER_PAY';
CREATE TABLE IF NOT EXISTS refunds (
    out_trade_no TEXT NOT NULL, out_request_no TEXT NOT NULL, amount INTEGER NOT NULL,
    reason TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (out_trade_no, out_request_no)
);
CREATE TABLE IF NOT EXISTS slow_refunds (
    out_trade_no TEXT NOT NULL, out_request_no TEXT NOT NULL, amount INTEGER NOT NULL,
    reason TEXT NOT NULL, due REAL NOT NULL, PRIMARY KEY (out_trade_no, out_request_no)
);
CREATE TABLE IF NOT EXISTS certified (out_trade_no TEXT PRIMARY KEY);
"""
FORGET = tuple(
    f"DELETE FROM {table} WHERE out_trade_no = ?"  # noqa: S608 - the tables above
    for table in ("asked", "trades", "refunds", "slow_refunds", "certified")
)
WAITING, SUCCESS, FINISHED, CLOSED = (
    "WAIT_BUYER_PAY",
    "TRADE_SUCCESS",
    "TRADE_FINISHED",
    "TRADE_CLOSED",
)
_BUYERS = (
    ("2088102116773037", "138****2041"),
    ("2088102169481075", "159****5620"),
    ("2088102176635311", "lin***@example.com"),
    ("2088102180002904", "186****7713"),
)


class RefusalError(Exception):
    """A business refusal: code 40004 with this `sub_code`."""

    def __init__(self, sub_code: str, sub_msg: str) -> None:
        super().__init__(sub_msg)
        self.sub_code, self.sub_msg = sub_code, sub_msg


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What a request to pay asks for; amounts in fen. `certified`: it came with certificates, so
    notifications are signed with ours."""

    out_trade_no: str
    method: str
    amount: int
    subject: str
    passback: str
    notify_url: str
    return_url: str
    expires: float
    certified: bool = False


class Notifier(Protocol):
    def trade_changed(self, trade: sqlite3.Row, refund: sqlite3.Row | None) -> None: ...


class Trades:
    """Every verb is one transaction, the notification included."""

    def __init__(self, store: Store, clock: Clock, notifier: Notifier) -> None:
        self._store, self._clock, self._notifier = store, clock, notifier

    def ask(self, asked: Asked) -> str:
        """Keep a request to pay and give the token of its cashier page. No trade exists yet."""
        with self._store.transaction():
            if known := self.find(asked.out_trade_no):
                if known["amount"] != asked.amount:
                    raise RefusalError("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
                if known["status"] == CLOSED:
                    raise RefusalError("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
                if known["status"] != WAITING:
                    raise RefusalError("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
            earlier = self.asked(out_trade_no=asked.out_trade_no)
            if earlier is not None and earlier["amount"] != asked.amount:
                raise RefusalError("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
            token = earlier["token"] if earlier is not None else secrets.token_urlsafe(16)
            self._store.run(
                "INSERT OR REPLACE INTO asked VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                asked.out_trade_no,
                token,
                asked.method,
                asked.amount,
                asked.subject,
                asked.passback,
                asked.notify_url,
                asked.return_url,
                asked.expires,
            )
            if asked.certified:
                self._store.run("INSERT OR IGNORE INTO certified VALUES (?)", asked.out_trade_no)
            return str(token)

    def asked(self, *, token: str = "", out_trade_no: str = "") -> sqlite3.Row | None:
        return self._store.row(
            "SELECT * FROM asked WHERE token = ? OR out_trade_no = ?", token, out_trade_no
        )

    def find(self, out_trade_no: str = "", trade_no: str = "") -> sqlite3.Row | None:
        """The trade as it stands now; `trade_no` wins."""
        self.expire_due()
        if trade_no:
            return self._store.row("SELECT * FROM trades WHERE trade_no = ?", trade_no)
        return self._store.row("SELECT * FROM trades WHERE out_trade_no = ?", out_trade_no)

    def get(self, out_trade_no: str = "", trade_no: str = "") -> sqlite3.Row:
        found = self.find(out_trade_no, trade_no)
        if found is None:
            raise RefusalError("ACQ.TRADE_NOT_EXIST", "交易不存在")
        return found

    def scan(self, out_trade_no: str) -> sqlite3.Row:
        """The buyer logs in or scans: only now the trade exists."""
        with self._store.transaction():
            if known := self.find(out_trade_no):
                return known
            asked = self.asked(out_trade_no=out_trade_no)
            if asked is None:
                raise RefusalError("ACQ.TRADE_NOT_EXIST", "交易不存在")
            if asked["expires"] <= self._clock.now():
                raise RefusalError("ACQ.TRADE_HAS_CLOSE", "付款时间已过，请回商家重新下单")
            buyer_id, buyer = _BUYERS[int(re.sub(r"\D", "", out_trade_no) or 0) % len(_BUYERS)]
            self._store.insert(
                "trades",
                out_trade_no=out_trade_no,
                trade_no=self._clock.compact()[:8] + f"2200{secrets.randbelow(10**16):016d}",
                status=WAITING,
                amount=asked["amount"],
                subject=asked["subject"],
                passback=asked["passback"],
                notify_url=asked["notify_url"],
                buyer_id=buyer_id,
                buyer=buyer,
                created=self._clock.now(),
                expires=asked["expires"],
            )
            return self.get(out_trade_no)

    def pay(self, out_trade_no: str) -> sqlite3.Row:
        """The buyer pays. A second click finds the trade paid and changes nothing."""
        with self._store.transaction():
            trade = self.scan(out_trade_no)
            if trade["status"] == CLOSED:
                raise RefusalError("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
            if trade["status"] == WAITING:
                return self._change(out_trade_no, SUCCESS, "paid")
            return trade

    def close(self, out_trade_no: str = "", trade_no: str = "", *, tell: bool) -> sqlite3.Row:
        with self._store.transaction():
            trade = self.get(out_trade_no, trade_no)
            if trade["status"] == CLOSED:
                raise RefusalError("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
            if trade["status"] != WAITING:
                raise RefusalError(
                    "ACQ.REASON_TRADE_STATUS_INVALID", "交易状态不合法，已付款不能关闭"
                )
            return self._change(trade["out_trade_no"], CLOSED, "closed", tell=tell)

    def finish(self, out_trade_no: str) -> sqlite3.Row:
        """The refund window is over."""
        with self._store.transaction():
            if self.get(out_trade_no)["status"] != SUCCESS:
                raise RefusalError("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
            return self._change(out_trade_no, FINISHED, "closed")

    def expire_due(self, out_trade_no: str = "") -> None:
        """Close what was not paid in time; with a number, that trade at once."""
        due = self._store.rows(
            "SELECT out_trade_no FROM trades WHERE status = 'WAIT_BUYER_PAY'"
            " AND (expires <= ? OR out_trade_no = ?)",
            self._clock.now(),
            out_trade_no,
        )
        for one in due:
            with self._store.transaction():
                self._change(one["out_trade_no"], CLOSED, "closed", only=WAITING)

    def refund(self, trade: sqlite3.Row, *, request_no: str, amount: int, reason: str) -> bool:
        """Give money back once per `request_no`; False for a replay, which changes nothing."""
        number = trade["out_trade_no"]
        with self._store.transaction():
            if (known := self.refund_of(number, request_no)) is not None:
                if known["amount"] != amount:
                    raise RefusalError(
                        "ACQ.DISCORDANT_REPEAT_REQUEST", "同一退款请求号的金额不一致"
                    )
                return False
            _refuse_refund(self.get(number), amount)
            self._store.insert(
                "refunds",
                out_trade_no=number,
                out_request_no=request_no,
                amount=amount,
                reason=reason,
                at=self._clock.now(),
            )
            self._store.run(
                "UPDATE trades SET refunded = refunded + ?, status = CASE WHEN refunded + ? ="
                " amount THEN 'TRADE_CLOSED' ELSE status END WHERE out_trade_no = ?",
                amount,
                amount,
                number,
            )
            self._notifier.trade_changed(self.get(number), self.refund_of(number, request_no))
            return True

    def refund_later(
        self, trade: sqlite3.Row, *, request_no: str, amount: int, reason: str, after: float
    ) -> None:
        """Accept a refund whose money moves only later; until then nobody can see it."""
        with self._store.transaction():
            _refuse_refund(self.get(trade["out_trade_no"]), amount)
            self._store.run(
                "INSERT OR IGNORE INTO slow_refunds VALUES (?, ?, ?, ?, ?)",
                trade["out_trade_no"],
                request_no,
                amount,
                reason,
                self._clock.now() + after,
            )

    def refund_due(self, out_trade_no: str = "") -> int:
        """Move what was accepted and is due; with a number, that trade's at once."""
        found = self._store.rows(
            "SELECT * FROM slow_refunds WHERE due <= ? OR out_trade_no = ?",
            self._clock.now(),
            out_trade_no,
        )
        for one in found:
            with self._store.transaction():
                number, request_no = one["out_trade_no"], one["out_request_no"]
                self._store.run(
                    "DELETE FROM slow_refunds WHERE out_trade_no = ? AND out_request_no = ?",
                    number,
                    request_no,
                )
                self.refund(
                    self.get(number),
                    request_no=request_no,
                    amount=one["amount"],
                    reason=one["reason"],
                )
        return len(found)

    def is_slow(self, out_trade_no: str, request_no: str) -> bool:
        return (
            self._store.row(
                "SELECT 1 FROM slow_refunds WHERE out_trade_no = ? AND out_request_no = ?",
                out_trade_no,
                request_no,
            )
            is not None
        )

    def tick(self) -> None:
        self.expire_due()
        self.refund_due()

    def refund_of(self, out_trade_no: str, request_no: str) -> sqlite3.Row | None:
        return self._store.row(
            "SELECT * FROM refunds WHERE out_trade_no = ? AND out_request_no = ?",
            out_trade_no,
            request_no,
        )

    def codes(self) -> list[sqlite3.Row]:
        """Codes that nobody has paid yet, the newest first."""
        return self._store.rows(
            "SELECT a.* FROM asked a LEFT JOIN trades t USING (out_trade_no)"
            " WHERE a.method = 'alipay.trade.precreate' AND a.expires > ?"
            " AND coalesce(t.status, ?) = ? ORDER BY a.rowid DESC LIMIT 50",
            self._clock.now(),
            WAITING,
            WAITING,
        )

    def recent(self, limit: int = 100) -> list[sqlite3.Row]:
        return self._store.rows("SELECT * FROM trades ORDER BY created DESC LIMIT ?", limit)

    def _change(
        self, out_trade_no: str, status: str, stamp: str, *, tell: bool = True, only: str = ""
    ) -> sqlite3.Row:
        changed = self._store.run(
            f"UPDATE trades SET status = ?, {stamp} = ? WHERE out_trade_no = ?"  # noqa: S608
            " AND (? = '' OR status = ?)",
            status,
            self._clock.now(),
            out_trade_no,
            only,
            only,
        )
        trade = self._store.row("SELECT * FROM trades WHERE out_trade_no = ?", out_trade_no)
        assert trade is not None  # noqa: S101 - callers have just read it
        if changed and tell:
            self._notifier.trade_changed(trade, None)
        return trade


def _refuse_refund(trade: sqlite3.Row, amount: int) -> None:
    if trade["status"] == FINISHED:
        raise RefusalError("ACQ.TRADE_NOT_ALLOW_REFUND", "当前交易不允许退款")
    if trade["status"] == CLOSED and trade["paid"] is None:
        raise RefusalError("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
    if trade["status"] == WAITING:
        raise RefusalError("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
    if amount > trade["amount"] - trade["refunded"]:
        raise RefusalError("ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额超过可退金额")


def fen(text: str) -> int:
    """`"88.00"` as 8800; `RefusalError` for what is no amount between 0.01 and 100000000."""
    if not re.fullmatch(r"\d{1,9}(\.\d{1,2})?", text):
        raise RefusalError("ACQ.INVALID_PARAMETER", "参数无效：金额")
    yuan, _, cents = text.partition(".")
    value = int(yuan) * 100 + int(cents.ljust(2, "0") or 0)
    if value < 1:
        raise RefusalError("ACQ.INVALID_PARAMETER", "参数无效：金额")
    if value > 10_000_000_000:
        raise RefusalError("ACQ.TOTAL_FEE_EXCEED", "订单总金额超过限额")
    return value


def yuan(value: int) -> str:
    return f"{value // 100}.{value % 100:02d}"
