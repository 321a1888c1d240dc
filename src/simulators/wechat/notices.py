"""Notifications: what they say, sealed; signed anew at every send."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from simulators.common.clock import BEIJING, Clock
from simulators.common.deliveries import Deliveries
from simulators.common.faults import Faults
from simulators.common.store import Store
from simulators.wechat.account import Account
from simulators.wechat.signing import Keys, compact

_HALF, _HOUR = 1800, 3600
SCHEDULE = (
    *(15, 15, 30, 180, 600, 1200, _HALF, _HALF, _HALF, _HOUR),
    *(3 * _HOUR, 3 * _HOUR, 3 * _HOUR, 6 * _HOUR, 6 * _HOUR),
)
PROBE = "签名探测"
MODES = ("public_key", "certificate", "mixed")
STATES = {
    "NOTPAY": "订单未支付",
    "SUCCESS": "支付成功",
    "REFUND": "订单发生过退款，退款详情请查询退款单",
    "CLOSED": "订单已关闭",
}
_SUMMARIES = {"SUCCESS": "退款成功", "ABNORMAL": "退款异常", "CLOSED": "退款关闭"}


def acknowledged(status: int, _answer: bytes) -> bool:
    """The status alone decides."""
    return status in (200, 204)


class Signer:
    """Gives each send its headers. While the merchant changes from certificates to the public
    key, both sign by turns (`mixed`)."""

    def __init__(self, keys: Keys, account: Account, mode: str = "public_key") -> None:
        self._keys, self._account, self.mode = keys, account, mode

    def dress(self, found: sqlite3.Row) -> Mapping[str, str]:
        by_key = self.mode == "public_key" or (self.mode == "mixed" and found["id"] % 2 == 0)
        serial = self._account.public_key_id if by_key else self._keys.newest()
        probe = found["kind"].endswith(PROBE) and found["attempts"] == 0
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Mozilla/4.0",
            "Request-ID": secrets.token_hex(12),
            **self._keys.dress(found["body"].encode(), serial, probe=probe),
        }


class Notices:
    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        keys: Keys,
        account: Account,
        faults: Faults,
        deliveries: Deliveries,
    ) -> None:
        self._store, self._clock, self._keys = store, clock, keys
        self._account, self._faults, self._deliveries = account, faults, deliveries

    def paid(self, trade: sqlite3.Row) -> None:
        """Write a notification down, in the transaction of the change it tells of."""
        number = trade["out_trade_no"]
        extra = 1 if self._faults.take("wrong_amount", subject=number) is not None else 0
        self._tell(trade["notify_url"], number, self._payment(trade, extra))

    def refunded(self, trade: sqlite3.Row, refund: sqlite3.Row) -> None:
        number = trade["out_trade_no"]
        extra = 1 if self._faults.take("wrong_amount", subject=number) is not None else 0
        event = f"REFUND.{refund['status']}"
        content = {
            "mchid": self._account.mch_id,
            "out_trade_no": number,
            "transaction_id": trade["transaction_id"],
            "out_refund_no": refund["out_refund_no"],
            "refund_id": refund["refund_id"],
            "refund_status": refund["status"],
            "user_received_account": "支付用户零钱",
            "amount": {
                "total": trade["amount"],
                "refund": refund["amount"] + extra,
                "payer_total": trade["amount"],
                "payer_refund": refund["amount"] + extra,
            },
        }
        if refund["status"] == "SUCCESS":
            content["success_time"] = rfc3339(refund["done"])
        body = self._sealed(event, _SUMMARIES[refund["status"]], "refund", content)
        self._tell(refund["notify_url"], number, body)

    def again(self, number: str) -> bool:
        """Send the trade's last notification once more; only its signature is new."""
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
        """Everything right but the signature; whoever refuses it gets it rightly signed."""
        event, name, body = self._payment(trade, 0)
        self._add(trade["notify_url"], trade["out_trade_no"], (f"{event} {PROBE}", name, body))

    def wrong_amount(self, trade: sqlite3.Row) -> None:
        """A rightly signed notification of one fen too much."""
        self._add(trade["notify_url"], trade["out_trade_no"], self._payment(trade, 1))

    def transaction(self, trade: sqlite3.Row, extra: int = 0) -> dict[str, Any]:
        """The transaction as queries and notifications tell it; `extra` falsifies the amount."""
        total = trade["amount"] + extra
        said: dict[str, Any] = {
            "appid": self._account.app_id,
            "mchid": self._account.mch_id,
            "out_trade_no": trade["out_trade_no"],
            "attach": trade["attach"],
            "trade_state": trade["state"],
            "trade_state_desc": STATES[trade["state"]],
            "promotion_detail": [],
            "amount": {"total": total, "currency": "CNY", "payer_currency": "CNY"},
        }
        if trade["paid"] is not None:
            said["amount"]["payer_total"] = total
            said |= {
                "transaction_id": trade["transaction_id"],
                "trade_type": trade["trade_type"],
                "bank_type": "OTHERS",
                "success_time": rfc3339(trade["paid"]),
                "payer": {"openid": trade["openid"]},
            }
        return said

    def _payment(self, trade: sqlite3.Row, extra: int) -> tuple[str, str, str]:
        content = self.transaction(trade, extra)
        return self._sealed("TRANSACTION.SUCCESS", "支付成功", "transaction", content)

    def _sealed(
        self, event: str, summary: str, about: str, content: Mapping[str, Any]
    ) -> tuple[str, str, str]:
        """The event, the id and the body of a notification."""
        name = f"EV-{self._clock.compact()}{secrets.randbelow(10**8):08d}"
        body = {
            "id": name,
            "create_time": rfc3339(self._clock.now()),
            "resource_type": "encrypt-resource",
            "event_type": event,
            "summary": summary,
            "resource": {"original_type": about, **self._keys.seal(compact(content), about)},
        }
        return event, name, compact(body)

    def _tell(self, url: str, number: str, said: tuple[str, str, str]) -> None:
        waits = self._store.row(
            "SELECT id FROM deliveries WHERE subject = ? AND state = 'reorder'", number
        )
        if self._faults.take("probe_notice", subject=number) is not None:
            said = (f"{said[0]} {PROBE}", *said[1:])
        state = self._state(number)
        after = float(self._faults.take("delay", subject=number) or 0)
        self._add(url, number, said, state=state, after=after)
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

    def _add(
        self,
        url: str,
        number: str,
        said: tuple[str, str, str],
        *,
        state: str = "waiting",
        after: float = 0,
    ) -> None:
        kind, name, body = said
        self._deliveries.add(
            subject=number,
            message_id=name,
            kind=kind,
            url=url,
            body=body,
            after=after,
            state=state,
        )


def rfc3339(moment: float) -> str:
    return datetime.fromtimestamp(moment, BEIJING).isoformat(timespec="seconds")
