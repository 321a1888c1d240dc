"""Asynchronous notifications: what they say, and the ways in which they can go astray."""

from __future__ import annotations

import json
import secrets
import sqlite3
from datetime import datetime
from urllib.parse import urlencode

from simulators.alipay.certificates import Certificates
from simulators.alipay.signing import Keys, joined
from simulators.alipay.trades import yuan
from simulators.common.clock import BEIJING, Clock
from simulators.common.deliveries import Deliveries
from simulators.common.faults import Faults
from simulators.common.store import Store

SCHEDULE = (240, 600, 600, 3600, 7200, 21600, 54000)


def acknowledged(status: int, answer: bytes) -> bool:
    return status == 200 and answer == b"success"


class Account:
    """Who the merchant is."""

    def __init__(self, app_id: str, seller_id: str) -> None:
        self.app_id, self.seller_id = app_id, seller_id


class Notices:
    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        keys: Keys,
        certificates: Certificates,
        account: Account,
        faults: Faults,
        deliveries: Deliveries,
    ) -> None:
        self._store, self._clock = store, clock
        self._keys, self._certificates = keys, certificates
        self._account, self._faults, self._deliveries = account, faults, deliveries

    def trade_changed(self, trade: sqlite3.Row, refund: sqlite3.Row | None) -> None:
        """Write a notification down, in the transaction of the change it tells of."""
        if not trade["notify_url"]:
            return
        number = trade["out_trade_no"]
        extra = 1 if self._faults.take("wrong_amount", subject=number) is not None else 0
        waits = self._store.row(
            "SELECT id FROM deliveries WHERE subject = ? AND state = 'reorder'", number
        )
        self._add(
            trade,
            self.content(trade, refund, extra=extra),
            state=self._state(number),
            after=float(self._faults.take("delay", subject=number) or 0),
        )
        if waits is not None:
            self._store.run(
                "UPDATE deliveries SET state = 'waiting', due = ? WHERE id = ?",
                self._clock.now() + self._clock.speed,
                waits["id"],
            )

    def _state(self, number: str) -> str:
        for kind, state in (("hold", "held"), ("lose", "lost"), ("reorder", "reorder")):
            if self._faults.take(kind, subject=number) is not None:
                return state
        return "waiting"

    def content(
        self, trade: sqlite3.Row, refund: sqlite3.Row | None, *, extra: int = 0
    ) -> dict[str, str]:
        """The parameters before signing; none of them is empty. `extra` falsifies the amount."""
        total = yuan(trade["amount"] + extra)
        said = {
            "notify_time": self._clock.text(),
            "notify_type": "trade_status_sync",
            "notify_id": self._clock.compact()[:8] + f"{secrets.randbelow(10**26):026d}",
            "app_id": self._account.app_id,
            "auth_app_id": self._account.app_id,
            "charset": "utf-8",
            "version": "1.0",
            "trade_no": trade["trade_no"],
            "out_trade_no": trade["out_trade_no"],
            "buyer_id": trade["buyer_id"],
            "buyer_logon_id": trade["buyer"],
            "seller_id": self._account.seller_id,
            "trade_status": trade["status"],
            "total_amount": total,
            "subject": trade["subject"],
            "gmt_create": self._clock.text(trade["created"]),
            "passback_params": trade["passback"],
        }
        if trade["paid"] is not None:
            said |= {
                "gmt_payment": self._clock.text(trade["paid"]),
                "receipt_amount": total,
                "buyer_pay_amount": total,
                "invoice_amount": total,
                "point_amount": "0.00",
                "fund_bill_list": json.dumps(
                    [{"amount": total, "fundChannel": "ALIPAYACCOUNT"}], separators=(",", ":")
                ),
            }
        if trade["closed"] is not None:
            said["gmt_close"] = self._clock.text(trade["closed"])
        if refund is not None:
            said |= {
                "refund_fee": yuan(trade["refunded"]),
                "out_biz_no": refund["out_request_no"],
                "gmt_refund": _with_milliseconds(refund["at"]),
            }
        return {name: value for name, value in said.items() if value}

    def signed(self, number: str, said: dict[str, str]) -> dict[str, str]:
        """With the key of the mode in which the trade was asked for."""
        if self._store.row("SELECT 1 FROM certified WHERE out_trade_no = ?", number) is None:
            return self._keys.signed(said)
        return {**said, "sign": self._certificates.sign(joined(said)), "sign_type": "RSA2"}

    def again(self, number: str) -> bool:
        """Send the trade's last notification once more, the same to the letter."""
        last = self._deliveries.last(number)
        if last is None:
            return False
        self._deliveries.add(
            subject=number,
            message_id=last["message_id"],
            kind=f"{last['kind']}（重复）",
            url=last["url"],
            body=last["body"],
        )
        return True

    def probe(self, trade: sqlite3.Row) -> None:
        """A notification that a stranger could have made: everything right but the signature."""
        said = self.signed(trade["out_trade_no"], self.content(trade, None))
        said["total_amount"] = "0.01"
        self._deliver(trade, said, kind="伪造签名")

    def wrong_amount(self, trade: sqlite3.Row) -> None:
        """A rightly signed notification of one fen too much."""
        self._add(trade, self.content(trade, None, extra=1))

    def _add(
        self, trade: sqlite3.Row, said: dict[str, str], *, state: str = "waiting", after: float = 0
    ) -> None:
        kind = f"{said['trade_status']}{' 退款' if 'gmt_refund' in said else ''}"
        signed = self.signed(trade["out_trade_no"], said)
        self._deliver(trade, signed, kind=kind, state=state, after=after)

    def _deliver(
        self,
        trade: sqlite3.Row,
        said: dict[str, str],
        *,
        kind: str,
        state: str = "waiting",
        after: float = 0,
    ) -> None:
        self._deliveries.add(
            subject=trade["out_trade_no"],
            message_id=said["notify_id"],
            kind=kind,
            url=trade["notify_url"],
            body=urlencode(said),
            after=after,
            state=state,
        )


def _with_milliseconds(moment: float) -> str:
    at = datetime.fromtimestamp(moment, BEIJING)
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}"
