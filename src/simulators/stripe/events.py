"""Webhooks: signed with the endpoint's secret, sent again for up to three days."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
import time
from collections.abc import Mapping
from typing import Any

from simulators.common.clock import Clock
from simulators.common.deliveries import Deliveries
from simulators.common.faults import Faults
from simulators.common.store import Store
from simulators.stripe.account import API_VERSION, Account
from simulators.stripe.books import refund_object, session_object

_HOUR = 3600
SCHEDULE = (60, 300, 1800, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, *(12 * _HOUR,) * 4)
PROBE = "错误签名"


def acknowledged(status: int, _answer: bytes) -> bool:
    return 200 <= status < 300


def signature(secret: str, body: bytes, at: int) -> str:
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


def dress(account: Account, found: sqlite3.Row) -> Mapping[str, str]:
    """Signed anew for every send, with the world's time and not the simulated one."""
    probe = found["kind"].endswith(PROBE) and found["attempts"] == 0
    secret = "whsec_nobody" if probe else account.webhook_secret
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Stripe-Signature": signature(secret, found["body"].encode(), int(time.time())),
    }


class Events:
    """Writes a message down in the transaction of the change that it tells of."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        account: Account,
        faults: Faults,
        deliveries: Deliveries,
    ) -> None:
        self._store, self._clock, self._account = store, clock, account
        self._faults, self._deliveries = faults, deliveries

    def session(self, kind: str, found: sqlite3.Row) -> None:
        number = found["out_trade_no"]
        extra = self._extra(number) if kind == "checkout.session.completed" else 0
        self._tell(number, kind, session_object(found, extra=extra))

    def refund(self, kind: str, found: sqlite3.Row, session: sqlite3.Row) -> None:
        number = session["out_trade_no"]
        self._tell(number, kind, refund_object(found, extra=self._extra(number)))

    def again(self, number: str) -> bool:
        """The last message once more, with its own id."""
        last = self._deliveries.last(number)
        if last is not None:
            self._add(number, last["message_id"], last["kind"], last["body"])
        return last is not None

    def probe(self, found: sqlite3.Row) -> None:
        """One that somebody else signed."""
        content = self._content("checkout.session.completed", session_object(found))
        kind = f"checkout.session.completed {PROBE}"
        self._add(found["out_trade_no"], content["id"], kind, _compact(content))

    def wrong_amount(self, found: sqlite3.Row) -> None:
        said = session_object(found, extra=1)
        content = self._content("checkout.session.completed", said)
        self._add(found["out_trade_no"], content["id"], content["type"], _compact(content))

    def _extra(self, number: str) -> int:
        return 1 if self._faults.take("wrong_amount", subject=number) is not None else 0

    def _tell(self, number: str, kind: str, said: Mapping[str, Any]) -> None:
        content = self._content(kind, said)
        after = self._faults.take("delay", subject=number)
        state = "waiting"
        for fault, becomes in (("lose", "lost"), ("hold", "held"), ("reorder", "reorder")):
            if self._faults.take(fault, subject=number) is not None:
                state = becomes
                break
        if self._faults.take("probe_notice", subject=number) is not None:
            kind = f"{kind} {PROBE}"
        waits = self._store.row(
            "SELECT id FROM deliveries WHERE subject = ? AND state = 'reorder'", number
        )
        self._add(number, content["id"], kind, _compact(content), float(after or 0), state)
        if waits is not None:
            self._store.run(
                "UPDATE deliveries SET state = 'waiting', due = ? WHERE id = ?",
                self._clock.now() + self._clock.speed,
                waits["id"],
            )

    def _add(
        self,
        number: str,
        message_id: str,
        kind: str,
        body: str,
        after: float = 0.0,
        state: str = "waiting",
    ) -> None:
        url = self._account.endpoint
        if not url:
            state = "lost"
        self._deliveries.add(
            subject=number,
            message_id=message_id,
            kind=kind,
            url=url,
            body=body,
            after=after,
            state=state,
        )

    def _content(self, kind: str, said: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "id": f"evt_{secrets.token_hex(12)}",
            "object": "event",
            "api_version": API_VERSION,
            "created": int(self._clock.now()),
            "type": kind,
            "livemode": False,
            "pending_webhooks": 1,
            "data": {"object": dict(said)},
        }


def _compact(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
