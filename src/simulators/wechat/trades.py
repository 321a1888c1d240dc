"""Orders: asked for, paid, closed."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from typing import Protocol

from simulators.common.clock import Clock
from simulators.common.store import Store
from simulators.wechat.account import RefusalError

SCHEMA = """
CREATE TABLE IF NOT EXISTS trades (
    out_trade_no TEXT PRIMARY KEY, transaction_id TEXT UNIQUE, trade_type TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'NOTPAY', amount INTEGER NOT NULL,
    refunded INTEGER NOT NULL DEFAULT 0, description TEXT NOT NULL, attach TEXT NOT NULL,
    notify_url TEXT NOT NULL, openid TEXT NOT NULL, created REAL NOT NULL, expires REAL NOT NULL,
    paid REAL, closed REAL
);
CREATE TABLE IF NOT EXISTS codes (
    token TEXT PRIMARY KEY, out_trade_no TEXT NOT NULL, expires REAL NOT NULL
);
"""
FORGET = (
    "DELETE FROM refunds WHERE out_trade_no = ?",
    "DELETE FROM codes WHERE out_trade_no = ?",
    "DELETE FROM trades WHERE out_trade_no = ?",
)
NOTPAY, SUCCESS, REFUND, CLOSED = "NOTPAY", "SUCCESS", "REFUND", "CLOSED"
TYPES = {"native": "NATIVE", "jsapi": "JSAPI", "h5": "MWEB"}
LIVES = {"NATIVE": 7200.0, "JSAPI": 7200.0, "MWEB": 300.0}
SCAN = "weixin://wxpay/bizpayurl?pr="


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What an order asks for; the amount in fen."""

    out_trade_no: str
    trade_type: str
    amount: int
    description: str
    attach: str
    notify_url: str
    openid: str
    expires: float


class Notifier(Protocol):
    def paid(self, trade: sqlite3.Row) -> None: ...
    def refunded(self, trade: sqlite3.Row, refund: sqlite3.Row) -> None: ...


class Trades:
    """Every verb is one transaction, the notification included."""

    def __init__(self, store: Store, clock: Clock, notifier: Notifier) -> None:
        self._store, self._clock, self._notifier = store, clock, notifier

    def ask(self, asked: Asked) -> str:
        """Order, or order again with the same parameters; gives a fresh token of the pay page."""
        with self._store.transaction():
            known = self.find(asked.out_trade_no)
            if known is None:
                self._add(asked)
            else:
                _refuse_again(known, asked)
            made = self._clock.compact() + secrets.token_hex(9)
            token = f"wx{made}" if asked.trade_type != "NATIVE" else secrets.token_urlsafe(9)[:9]
            life = self._clock.now() + LIVES[asked.trade_type]
            self._store.insert("codes", token=token, out_trade_no=asked.out_trade_no, expires=life)
            return token

    def of_token(self, token: str) -> sqlite3.Row:
        """The trade of a code, prepay id or page; refuses what is not known or too old."""
        found = self._store.row("SELECT * FROM codes WHERE token = ?", token)
        if found is None:
            raise RefusalError(404, "RESOURCE_NOT_EXISTS", "二维码或支付链接无效")
        trade = self.get(found["out_trade_no"])
        if found["expires"] <= self._clock.now() and trade["paid"] is None:
            raise RefusalError(403, "TRADE_ERROR", "二维码或支付链接已过期，请回商家重新获取")
        return trade

    def last_token(self, out_trade_no: str) -> str:
        found = self._store.row(
            "SELECT token FROM codes WHERE out_trade_no = ? ORDER BY rowid DESC", out_trade_no
        )
        return "" if found is None else str(found["token"])

    def find(self, out_trade_no: str = "", transaction_id: str = "") -> sqlite3.Row | None:
        if transaction_id:
            return self._store.row("SELECT * FROM trades WHERE transaction_id = ?", transaction_id)
        return self._store.row("SELECT * FROM trades WHERE out_trade_no = ?", out_trade_no)

    def get(self, out_trade_no: str = "", transaction_id: str = "") -> sqlite3.Row:
        found = self.find(out_trade_no, transaction_id)
        if found is None:
            raise RefusalError(404, "ORDER_NOT_EXIST", "订单不存在")
        return found

    def pay(self, out_trade_no: str) -> sqlite3.Row:
        """The buyer pays. A second click finds the trade paid and changes nothing."""
        with self._store.transaction():
            trade = self.get(out_trade_no)
            if trade["state"] == CLOSED:
                raise RefusalError(400, "ORDER_CLOSED", "订单已关闭")
            if trade["state"] != NOTPAY:
                return trade
            if trade["expires"] <= self._clock.now():
                raise RefusalError(403, "TRADE_ERROR", "付款时间已过，请回商家重新下单")
            self._store.run(
                "UPDATE trades SET state = 'SUCCESS', paid = ?, transaction_id = ?"
                " WHERE out_trade_no = ?",
                self._clock.now(),
                _transaction_id(self._clock),
                out_trade_no,
            )
            trade = self.get(out_trade_no)
            self._notifier.paid(trade)
            return trade

    def close(self, out_trade_no: str) -> None:
        with self._store.transaction():
            trade = self.get(out_trade_no)
            if trade["state"] in (SUCCESS, REFUND):
                raise RefusalError(400, "ORDERPAID", "该订单已支付")
            if trade["state"] == NOTPAY:
                self._store.run(
                    "UPDATE trades SET state = 'CLOSED', closed = ? WHERE out_trade_no = ?",
                    self._clock.now(),
                    out_trade_no,
                )

    def recent(self, limit: int = 100) -> list[sqlite3.Row]:
        return self._store.rows("SELECT * FROM trades ORDER BY created DESC LIMIT ?", limit)

    def _add(self, asked: Asked) -> None:
        if asked.expires <= self._clock.now():
            raise RefusalError(400, "PARAM_ERROR", "订单失效时间必须晚于现在", field="/time_expire")
        self._store.insert(
            "trades",
            out_trade_no=asked.out_trade_no,
            trade_type=asked.trade_type,
            amount=asked.amount,
            description=asked.description,
            attach=asked.attach,
            notify_url=asked.notify_url,
            openid=asked.openid or f"o{secrets.token_urlsafe(21)[:27]}",
            created=self._clock.now(),
            expires=asked.expires,
        )


def _refuse_again(known: sqlite3.Row, asked: Asked) -> None:
    if known["state"] == CLOSED:
        raise RefusalError(400, "ORDER_CLOSED", "订单已关闭")
    if known["state"] != NOTPAY:
        raise RefusalError(400, "ORDERPAID", "该订单已支付")
    same = (
        known["trade_type"] == asked.trade_type
        and known["amount"] == asked.amount
        and known["description"] == asked.description
        and asked.openid in ("", known["openid"])
    )
    if not same:
        raise RefusalError(400, "INVALID_REQUEST", "请求重入时，参数与首次请求时不一致")


def _transaction_id(clock: Clock) -> str:
    day = clock.compact()[:8]
    return f"42000{secrets.randbelow(10**5):05d}{day}{secrets.randbelow(10**10):010d}"
