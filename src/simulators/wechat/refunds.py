"""Refunds: accepted at once, decided later."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass

from simulators.common.clock import Clock
from simulators.common.faults import Faults
from simulators.common.store import Store
from simulators.wechat.account import RefusalError
from simulators.wechat.bills import fee_of
from simulators.wechat.trades import CLOSED, NOTPAY, Notifier, Trades

SCHEMA = """
CREATE TABLE IF NOT EXISTS refunds (
    out_refund_no TEXT PRIMARY KEY, refund_id TEXT NOT NULL UNIQUE, out_trade_no TEXT NOT NULL,
    amount INTEGER NOT NULL, fee INTEGER NOT NULL, reason TEXT NOT NULL, notify_url TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'PROCESSING', fate TEXT NOT NULL, due REAL,
    created REAL NOT NULL, done REAL
);
CREATE INDEX IF NOT EXISTS refunds_of_trade ON refunds (out_trade_no);
CREATE INDEX IF NOT EXISTS refunds_due ON refunds (due) WHERE status = 'PROCESSING';
"""
FATES = {"refund_abnormal": "ABNORMAL", "refund_closed": "CLOSED", "refund_wait": ""}
TAKES = 2.0
MOST = 50
LONGEST = 365 * 86400


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedBack:
    out_refund_no: str
    amount: int
    total: int
    reason: str
    notify_url: str


class Refunds:
    def __init__(
        self, *, store: Store, clock: Clock, trades: Trades, faults: Faults, notifier: Notifier
    ) -> None:
        self._store, self._clock, self._trades = store, clock, trades
        self._faults, self._notifier = faults, notifier

    def ask(self, trade: sqlite3.Row, asked: AskedBack) -> sqlite3.Row:
        """Accept a refund, or find the one of this number; a failed one is tried once more."""
        number = trade["out_trade_no"]
        if self._faults.take("no_balance", subject=number) is not None:
            raise RefusalError(403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起")
        with self._store.transaction():
            known = self.find(asked.out_refund_no)
            if known is not None:
                if (known["out_trade_no"], known["amount"]) != (number, asked.amount):
                    raise _invalid("请求重入时，参数与首次请求时不一致")
                return self._again(known)
            self._refuse(self._trades.get(number), asked)
            fate, due = self._fate(number)
            before = trade["amount"] - trade["refunded"]
            self._store.insert(
                "refunds",
                out_refund_no=asked.out_refund_no,
                refund_id=_refund_id(self._clock),
                out_trade_no=number,
                amount=asked.amount,
                fee=fee_of(before) - fee_of(before - asked.amount),
                reason=asked.reason,
                notify_url=asked.notify_url or trade["notify_url"],
                fate=fate,
                due=due,
                created=self._clock.now(),
            )
            self._store.run(
                "UPDATE trades SET refunded = refunded + ?, state = 'REFUND'"
                " WHERE out_trade_no = ?",
                asked.amount,
                number,
            )
            return self.get(asked.out_refund_no)

    def find(self, out_refund_no: str) -> sqlite3.Row | None:
        self.settle_due()
        return self._store.row("SELECT * FROM refunds WHERE out_refund_no = ?", out_refund_no)

    def get(self, out_refund_no: str) -> sqlite3.Row:
        found = self.find(out_refund_no)
        if found is None:
            raise RefusalError(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        return found

    def of_trade(self, out_trade_no: str) -> list[sqlite3.Row]:
        return self._store.rows(
            "SELECT * FROM refunds WHERE out_trade_no = ? ORDER BY created", out_trade_no
        )

    def recent(self, limit: int = 100) -> list[sqlite3.Row]:
        return self._store.rows("SELECT * FROM refunds ORDER BY created DESC LIMIT ?", limit)

    def settle(self, out_refund_no: str, status: str) -> sqlite3.Row:
        """The bank has answered. What is closed can be asked for again under another number."""
        if status not in ("SUCCESS", "ABNORMAL", "CLOSED"):
            raise ValueError(f"unknown refund status {status!r}")
        with self._store.transaction():
            changed = self._store.run(
                "UPDATE refunds SET status = ?, done = ? WHERE out_refund_no = ?"
                " AND status = 'PROCESSING'",
                status,
                self._clock.now(),
                out_refund_no,
            )
            refund = self._store.row("SELECT * FROM refunds WHERE out_refund_no = ?", out_refund_no)
            if refund is None:
                raise RefusalError(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
            if changed:
                if status == "CLOSED":
                    self._store.run(
                        "UPDATE trades SET refunded = refunded - ? WHERE out_trade_no = ?",
                        refund["amount"],
                        refund["out_trade_no"],
                    )
                self._notifier.refunded(self._trades.get(refund["out_trade_no"]), refund)
            return refund

    def settle_due(self) -> None:
        for one in self._store.rows(
            "SELECT out_refund_no, fate FROM refunds WHERE status = 'PROCESSING' AND due <= ?",
            self._clock.now(),
        ):
            self.settle(one["out_refund_no"], one["fate"])

    def _again(self, known: sqlite3.Row) -> sqlite3.Row:
        if known["status"] == "ABNORMAL":
            fate, due = self._fate(known["out_trade_no"])
            self._store.run(
                "UPDATE refunds SET status = 'PROCESSING', fate = ?, due = ?, done = NULL"
                " WHERE out_refund_no = ?",
                fate,
                due,
                known["out_refund_no"],
            )
        return self.get(known["out_refund_no"])

    def _fate(self, number: str) -> tuple[str, float | None]:
        """What will become of a refund, and when; no moment: it waits for a hand."""
        for kind, status in FATES.items():
            if self._faults.take(kind, subject=number) is not None:
                return status, self._clock.now() + TAKES if status else None
        return "SUCCESS", self._clock.now() + TAKES

    def _refuse(self, trade: sqlite3.Row, asked: AskedBack) -> None:
        if trade["state"] == NOTPAY:
            raise _invalid("订单未支付，不能退款")
        if trade["state"] == CLOSED:
            raise _invalid("订单已关闭，不能退款")
        if asked.total != trade["amount"]:
            raise _invalid("订单金额与下单时不一致")
        if self._clock.now() - trade["paid"] > LONGEST:
            raise _invalid("订单已超过可退款的最大期限")
        if asked.amount > trade["amount"] - trade["refunded"]:
            raise _invalid("申请退款金额大于订单可退金额")
        if len(self.of_trade(trade["out_trade_no"])) >= MOST:
            raise _invalid("一笔订单最多退款50次")


def _invalid(message: str) -> RefusalError:
    return RefusalError(400, "INVALID_REQUEST", message)


def _refund_id(clock: Clock) -> str:
    return (
        f"50300{secrets.randbelow(10**6):06d}{clock.compact()[:8]}{secrets.randbelow(10**10):010d}"
    )
