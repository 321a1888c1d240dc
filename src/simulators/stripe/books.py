"""Sessions, refunds and the balance: what the platform keeps of each payment."""

from __future__ import annotations

import json
import secrets
import sqlite3
from dataclasses import dataclass
from typing import Any, Protocol

from simulators.common.clock import Clock
from simulators.common.faults import Faults
from simulators.common.store import Store
from simulators.stripe.account import RefusalError, missing, wrong

SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, out_trade_no TEXT NOT NULL, name TEXT NOT NULL,
    amount INTEGER NOT NULL, currency TEXT NOT NULL, state TEXT NOT NULL,
    success_url TEXT NOT NULL, cancel_url TEXT NOT NULL, metadata TEXT NOT NULL,
    payment_metadata TEXT NOT NULL, payment_intent TEXT NOT NULL DEFAULT '',
    charge TEXT NOT NULL DEFAULT '', email TEXT NOT NULL DEFAULT '',
    refunded INTEGER NOT NULL DEFAULT 0, reserved INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL, expires REAL NOT NULL, paid REAL
);
CREATE INDEX IF NOT EXISTS sessions_number ON sessions (out_trade_no);
CREATE TABLE IF NOT EXISTS refunds (
    id TEXT PRIMARY KEY, session TEXT NOT NULL, payment_intent TEXT NOT NULL,
    amount INTEGER NOT NULL, status TEXT NOT NULL, failure TEXT NOT NULL DEFAULT '',
    metadata TEXT NOT NULL, created REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS balance (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, amount INTEGER NOT NULL, fee INTEGER NOT NULL,
    currency TEXT NOT NULL, source TEXT NOT NULL, created REAL NOT NULL
);
"""
_SESSIONS = "SELECT id FROM sessions WHERE out_trade_no = ?"
FORGET = (
    "DELETE FROM balance WHERE source IN (SELECT charge FROM sessions WHERE out_trade_no = ?)",
    f"DELETE FROM balance WHERE source IN (SELECT id FROM refunds WHERE session IN ({_SESSIONS}))",  # noqa: S608
    f"DELETE FROM refunds WHERE session IN ({_SESSIONS})",  # noqa: S608 - a constant of ours
    "DELETE FROM sessions WHERE out_trade_no = ?",
)
SHORTEST, LONGEST = 1800, 86400


class Teller(Protocol):
    """Who tells the merchant."""

    def session(self, kind: str, found: sqlite3.Row) -> None: ...
    def refund(self, kind: str, found: sqlite3.Row, session: sqlite3.Row) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Ordered:
    """What a session is made of."""

    number: str
    name: str
    amount: int
    currency: str
    success_url: str
    cancel_url: str
    metadata: dict[str, str]
    payment_metadata: dict[str, str]
    expires: float | None


class Books:
    def __init__(self, store: Store, clock: Clock, faults: Faults, teller: Teller) -> None:
        self._store, self._clock, self._faults, self._teller = store, clock, faults, teller

    def order(self, wanted: Ordered) -> sqlite3.Row:
        now = self._clock.now()
        expires = wanted.expires if wanted.expires is not None else now + LONGEST
        if not SHORTEST <= round(expires - now) <= LONGEST:
            raise wrong("The `expires_at` timestamp must be between 30 minutes and 24 hours away.")
        key = f"cs_test_{secrets.token_hex(20)}"
        self._store.insert(
            "sessions",
            id=key,
            out_trade_no=wanted.number,
            name=wanted.name,
            amount=wanted.amount,
            currency=wanted.currency,
            state="open",
            success_url=wanted.success_url,
            cancel_url=wanted.cancel_url,
            metadata=json.dumps(wanted.metadata),
            payment_metadata=json.dumps(wanted.payment_metadata),
            created=now,
            expires=expires,
        )
        return self.session(key)

    def session(self, key: str) -> sqlite3.Row:
        found = self._store.row("SELECT * FROM sessions WHERE id = ?", key)
        if found is None:
            raise missing(f"checkout.session: '{key}'")
        return found

    def of_number(self, number: str) -> sqlite3.Row:
        found = self._store.row(
            "SELECT * FROM sessions WHERE out_trade_no = ? ORDER BY created DESC LIMIT 1", number
        )
        if found is None:
            raise missing(f"session of '{number}'")
        return found

    def of_intent(self, intent: str) -> sqlite3.Row:
        found = self._store.row("SELECT * FROM sessions WHERE payment_intent = ?", intent)
        if not intent or found is None:
            raise missing(f"payment_intent: '{intent}'")
        return found

    def sessions(self, limit: int = 1000) -> list[sqlite3.Row]:
        return self._store.rows("SELECT * FROM sessions ORDER BY created DESC LIMIT ?", limit)

    def pay(self, key: str) -> sqlite3.Row:
        """Only what is open and not over can be paid, once."""
        now = self._clock.now()
        with self._store.transaction():
            before = self.session(key)
            moved = self._store.run(
                "UPDATE sessions SET state = 'complete', paid = ?, payment_intent = ?, charge = ?,"
                " email = ? WHERE id = ? AND state = 'open' AND expires > ?",
                now,
                f"pi_{secrets.token_hex(12)}",
                f"ch_{secrets.token_hex(12)}",
                f"li.{secrets.token_hex(3)}@buyer.example",
                key,
                now,
            )
            if not moved:
                raise RefusalError(409, "invalid_request_error", f"it is {before['state']}")
            found = self.session(key)
            self._balance("charge", found["amount"], fee(found["amount"]), found, found["charge"])
            self._teller.session("checkout.session.completed", found)
            return found

    def expire(self, key: str) -> sqlite3.Row:
        with self._store.transaction():
            found = self.session(key)
            if found["state"] != "open":
                raise wrong(
                    'Only Checkout Sessions with a status in ["open"] can be expired.'
                    f" This Checkout Session has a status of `{found['state']}`.",
                    "",
                )
            self._store.run("UPDATE sessions SET state = 'expired' WHERE id = ?", key)
            found = self.session(key)
            self._teller.session("checkout.session.expired", found)
            return found

    def expire_due(self) -> None:
        for found in self._store.rows(
            "SELECT id FROM sessions WHERE state = 'open' AND expires <= ?", self._clock.now()
        ):
            self.expire(found["id"])

    def give_back(self, intent: str, amount: int | None, metadata: dict[str, str]) -> sqlite3.Row:
        with self._store.transaction():
            session = self.of_intent(intent)
            left = session["amount"] - session["reserved"]
            wanted = left if amount is None else amount
            if wanted <= 0 or wanted > left:
                raise wrong(
                    f"Refund amount ({wanted}) is greater than unrefunded amount on charge"
                    f" ({left})",
                    "",
                )
            number = session["out_trade_no"]
            if self._faults.take("no_balance", subject=number) is not None:
                raise wrong("Insufficient funds in your Stripe balance.", "balance_insufficient")
            key = f"re_{secrets.token_hex(12)}"
            self._store.insert(
                "refunds",
                id=key,
                session=session["id"],
                payment_intent=intent,
                amount=wanted,
                status="pending",
                metadata=json.dumps(metadata),
                created=self._clock.now(),
            )
            self._store.run(
                "UPDATE sessions SET reserved = reserved + ? WHERE id = ?", wanted, session["id"]
            )
            if self._faults.take("refund_failed", subject=number) is not None:
                return self.settle(key, "failed")
            if self._faults.take("refund_wait", subject=number) is not None:
                return self.refund(key)
            return self.settle(key, "succeeded")

    def settle(self, key: str, status: str) -> sqlite3.Row:
        """Decide a pending refund: `succeeded` or `failed`."""
        if status not in ("succeeded", "failed"):
            raise wrong("status is succeeded or failed")
        with self._store.transaction():
            found = self.refund(key)
            if found["status"] != "pending":
                raise RefusalError(409, "invalid_request_error", f"it is {found['status']}")
            failure = "expired_or_canceled_card" if status == "failed" else ""
            self._store.run(
                "UPDATE refunds SET status = ?, failure = ? WHERE id = ?", status, failure, key
            )
            column = "refunded" if status == "succeeded" else "reserved"
            sign = 1 if status == "succeeded" else -1
            self._store.run(
                f"UPDATE sessions SET {column} = {column} + ? WHERE id = ?",  # noqa: S608 - one of two
                sign * found["amount"],
                found["session"],
            )
            found, session = self.refund(key), self.session(found["session"])
            if status == "succeeded":
                self._balance("refund", -found["amount"], 0, session, key)
            kind = "refund.updated" if status == "succeeded" else "refund.failed"
            self._teller.refund(kind, found, session)
            return found

    def refund(self, key: str) -> sqlite3.Row:
        found = self._store.row("SELECT * FROM refunds WHERE id = ?", key)
        if found is None:
            raise missing(f"refund: '{key}'")
        return found

    def refunds(self, intent: str = "", limit: int = 1000) -> list[sqlite3.Row]:
        return self._store.rows(
            "SELECT * FROM refunds WHERE ? = '' OR payment_intent = ?"
            " ORDER BY created DESC, rowid DESC LIMIT ?",
            intent,
            intent,
            limit,
        )

    def balance(self, since: float, until: float) -> list[sqlite3.Row]:
        """The newest first, as the interface lists it."""
        return self._store.rows(
            "SELECT * FROM balance WHERE created >= ? AND created < ?"
            " ORDER BY created DESC, rowid DESC",
            since,
            until,
        )

    def _balance(
        self, kind: str, amount: int, kept: int, session: sqlite3.Row, source: str
    ) -> None:
        self._store.insert(
            "balance",
            id=f"txn_{secrets.token_hex(12)}",
            kind=kind,
            amount=amount,
            fee=kept,
            currency=session["currency"],
            source=source,
            created=self._clock.now(),
        )


def fee(amount: int) -> int:
    """3.4 % and 2.35 yuan; Stripe does not give it back with a refund."""
    return (amount * 34 + 500) // 1000 + 235


def session_object(found: sqlite3.Row, *, extra: int = 0) -> dict[str, Any]:
    paid = found["state"] == "complete"
    return {
        "id": found["id"],
        "object": "checkout.session",
        "mode": "payment",
        "livemode": False,
        "status": found["state"],
        "payment_status": "paid" if paid else "unpaid",
        "client_reference_id": found["out_trade_no"],
        "amount_subtotal": found["amount"] + extra,
        "amount_total": found["amount"] + extra,
        "currency": found["currency"],
        "created": int(found["created"]),
        "expires_at": int(found["expires"]),
        "metadata": json.loads(found["metadata"]),
        "payment_intent": found["payment_intent"] or None,
        "customer_details": {"email": found["email"]} if paid else None,
        "success_url": found["success_url"],
        "cancel_url": found["cancel_url"],
    }


def intent_object(found: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": found["payment_intent"],
        "object": "payment_intent",
        "amount": found["amount"],
        "amount_received": found["amount"],
        "currency": found["currency"],
        "status": "succeeded",
        "livemode": False,
        "created": int(found["created"]),
        "metadata": json.loads(found["payment_metadata"]),
        "latest_charge": charge_object(found),
    }


def charge_object(found: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": found["charge"],
        "object": "charge",
        "amount": found["amount"],
        "amount_refunded": found["refunded"],
        "currency": found["currency"],
        "created": int(found["paid"] or 0),
        "payment_intent": found["payment_intent"],
        "metadata": json.loads(found["payment_metadata"]),
        "paid": True,
        "payment_method_details": {"type": "card", "card": {"brand": "visa", "last4": "4242"}},
    }


def refund_object(found: sqlite3.Row, *, extra: int = 0) -> dict[str, Any]:
    said = {
        "id": found["id"],
        "object": "refund",
        "amount": found["amount"] + extra,
        "currency": "cny",
        "created": int(found["created"]),
        "payment_intent": found["payment_intent"],
        "status": found["status"],
        "metadata": json.loads(found["metadata"]),
    }
    return said | ({"failure_reason": found["failure"]} if found["failure"] else {})
