"""`/v1/…`: reads a request as the real one does, does it once for a key, answers in its words."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import time
from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.exceptions import BadGateway
from werkzeug.wrappers import Request, Response

from simulators.common.faults import Faults
from simulators.common.store import Store
from simulators.common.web import App, answer_json, hang_up
from simulators.stripe.account import Account, RefusalError, missing, wrong
from simulators.stripe.books import (
    Books,
    Ordered,
    charge_object,
    intent_object,
    refund_object,
    session_object,
)

SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, asked TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL
);
"""
BROKEN = RefusalError(500, "api_error", "An unknown error occurred")
_BEFORE: Mapping[str, Exception] = {
    "http_502": BadGateway(),
    "unknown": BROKEN,
    "too_often": RefusalError(429, "invalid_request_error", "Too many requests", code="rate_limit"),
}
_AFTER: Mapping[str, Callable[[Request], Response]] = {
    "drop": hang_up,
    "unknown_done": lambda _: answer_json(BROKEN.content(), BROKEN.status),
    "probe_answer": lambda _: Response("<html>It works</html>", mimetype="text/html"),
}
Content = dict[str, Any]
Form = dict[str, str]
_NAME = re.compile(r"\[([^\]]*)\]")


class Api:
    def __init__(
        self, *, app: App, store: Store, account: Account, faults: Faults, books: Books
    ) -> None:
        self._app, self._store, self._account = app, store, account
        self._faults, self._books = faults, books
        for path, name, act in (
            ("/v1/checkout/sessions", "sessions", self._order),
            ("/v1/checkout/sessions/<key>/expire", "expire", self._expire),
            ("/v1/refunds", "refunds", self._give_back),
        ):
            app.add(path, self._doing(name, act), "POST")
        for path, name, look in (
            ("/v1/checkout/sessions", "sessions.list", self._sessions),
            ("/v1/checkout/sessions/<key>", "sessions.get", self._session),
            ("/v1/payment_intents/<key>", "payment_intents.get", self._intent),
            ("/v1/refunds", "refunds.list", self._refunds),
            ("/v1/refunds/<key>", "refunds.get", self._refund),
            ("/v1/balance_transactions", "balance", self._balance),
        ):
            app.add(path, self._doing(name, look))

    def _doing(
        self, name: str, act: Callable[[Form, str, Request], Content]
    ) -> Callable[..., Response]:
        def handler(request: Request, key: str = "") -> Response:
            asked = {**request.args.to_dict(), **request.form.to_dict()}
            try:
                self._known(request)
                subject = self._subject(name, asked, key)
                return self._weather(
                    name,
                    subject,
                    request,
                    lambda: self._once(request, asked, lambda: act(asked, key, request)),
                )
            except RefusalError as refused:
                return answer_json(refused.content(), refused.status)

        return handler

    def _known(self, request: Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {self._account.secret_key}":
            raise RefusalError(401, "invalid_request_error", "Invalid API Key provided")
        if not request.headers.get("Stripe-Version"):
            raise wrong("Stripe-Version is missing")

    def _subject(self, name: str, asked: Form, key: str) -> str:
        """Our number of what is asked about, for the faults."""
        try:
            if name == "sessions":
                return asked.get("client_reference_id", "")
            if name in ("expire", "sessions.get"):
                return str(self._books.session(key)["out_trade_no"])
            intent = asked.get("payment_intent", "") or key
            return str(self._books.of_intent(intent)["out_trade_no"])
        except RefusalError:
            return ""

    def _weather(
        self, name: str, subject: str, request: Request, act: Callable[[], Response]
    ) -> Response:
        """What goes wrong before it is done, the doing, and what goes wrong after it."""

        def falls(kind: str) -> int | None:
            return self._faults.take(kind, subject=subject, method=name)

        if (wait := falls("latency")) is not None:
            time.sleep(wait / 1000)
        if falls("lost") is not None:
            return hang_up(request)
        for kind, refusal in _BEFORE.items():
            if falls(kind) is not None:
                raise refusal
        answer = act()
        for kind, instead in _AFTER.items():
            if falls(kind) is not None:
                return instead(request)
        return answer

    def _once(self, request: Request, asked: Form, act: Callable[[], Content]) -> Response:
        """The same key with the same parameters gives the same answer, whatever happened since."""
        key = request.headers.get("Idempotency-Key", "")
        if request.method != "POST" or not key:
            return answer_json(act())
        said = json.dumps([request.path, sorted(asked.items())])
        mark = hashlib.sha256(said.encode()).hexdigest()
        with self._store.transaction():
            before = self._store.row("SELECT * FROM answers WHERE key = ?", key)
            if before is None:
                try:
                    status, content = 200, act()
                except RefusalError as refused:
                    status, content = refused.status, refused.content()
                body = json.dumps(content, ensure_ascii=False)
                self._store.insert("answers", key=key, asked=mark, status=status, body=body)
                return answer_json(content, status)
        if before["asked"] != mark:
            raise RefusalError(
                400,
                "idempotency_error",
                "Keys for idempotent requests can only be used with the same parameters",
            )
        return Response(before["body"], before["status"], content_type="application/json")

    def _order(self, asked: Form, _key: str, request: Request) -> Content:
        if asked.get("mode") != "payment":
            raise wrong("mode must be payment")
        head = "line_items[0]"
        name = asked.get(f"{head}[price_data][product_data][name]", "")
        amount = _whole(asked, f"{head}[price_data][unit_amount]")
        quantity = _whole(asked, f"{head}[quantity]")
        currency = asked.get(f"{head}[price_data][currency]", "")
        if not name or amount * quantity <= 0 or len(currency) != 3:
            raise wrong("line_items[0] must have a name, an amount, a quantity and a currency")
        if not asked.get("success_url"):
            raise wrong("success_url is missing")
        expires = asked.get("expires_at")
        found = self._books.order(
            Ordered(
                number=asked.get("client_reference_id", ""),
                name=name,
                amount=amount * quantity,
                currency=currency.lower(),
                success_url=asked["success_url"],
                cancel_url=asked.get("cancel_url", ""),
                metadata=_nested(asked, "metadata"),
                payment_metadata=_nested(asked, "payment_intent_data[metadata]"),
                expires=float(expires) if expires else None,
            )
        )
        return session_object(found) | {"url": f"{request.host_url}c/pay/{found['id']}"}

    def _expire(self, _asked: Form, key: str, _request: Request) -> Content:
        return session_object(self._books.expire(key))

    def _session(self, asked: Form, key: str, _request: Request) -> Content:
        found = self._books.session(key)
        said = session_object(found)
        if "payment_intent" in _expanded(asked) and found["payment_intent"]:
            said["payment_intent"] = intent_object(found)
        return said

    def _sessions(self, asked: Form, _key: str, _request: Request) -> Content:
        since = float(asked.get("created[gte]", "0"))
        rows = [one for one in self._books.sessions(10_000) if one["created"] >= since]
        return _page(asked, rows, session_object, "/v1/checkout/sessions")

    def _intent(self, _asked: Form, key: str, _request: Request) -> Content:
        return intent_object(self._books.of_intent(key))

    def _give_back(self, asked: Form, _key: str, _request: Request) -> Content:
        amount = _whole(asked, "amount") if "amount" in asked else None
        intent = asked.get("payment_intent", "")
        return refund_object(self._books.give_back(intent, amount, _nested(asked, "metadata")))

    def _refunds(self, asked: Form, _key: str, _request: Request) -> Content:
        rows = self._books.refunds(asked.get("payment_intent", ""))
        return _page(asked, rows, refund_object, "/v1/refunds")

    def _refund(self, _asked: Form, key: str, _request: Request) -> Content:
        return refund_object(self._books.refund(key))

    def _balance(self, asked: Form, _key: str, _request: Request) -> Content:
        since = float(asked.get("created[gte]", "0"))
        until = float(asked.get("created[lt]", "1e12"))
        rows = self._books.balance(since, until)
        expand = "data.source" in _expanded(asked)
        return _page(asked, rows, lambda one: self._moved(one, expand), "/v1/balance_transactions")

    def _moved(self, found: sqlite3.Row, expand: bool) -> Content:  # noqa: FBT001 - a column
        source: object = found["source"]
        if expand and found["kind"] == "refund":
            source = refund_object(self._books.refund(found["source"]))
        elif expand:
            rows = self._store.rows("SELECT * FROM sessions WHERE charge = ?", found["source"])
            source = charge_object(rows[0])
        return {
            "id": found["id"],
            "object": "balance_transaction",
            "type": found["kind"],
            "amount": found["amount"],
            "fee": found["fee"],
            "net": found["amount"] - found["fee"],
            "currency": found["currency"],
            "created": int(found["created"]),
            "source": source,
        }


def _page(
    asked: Form, rows: list[sqlite3.Row], look: Callable[[sqlite3.Row], Content], url: str
) -> Content:
    limit = int(asked.get("limit", "10"))
    if not 1 <= limit <= 100:
        raise wrong("limit must be between 1 and 100")
    if after := asked.get("starting_after"):
        keys = [one["id"] for one in rows]
        if after not in keys:
            raise missing(f"object: '{after}'")
        rows = rows[keys.index(after) + 1 :]
    data = [look(one) for one in rows[:limit]]
    return {"object": "list", "url": url, "has_more": len(rows) > limit, "data": data}


def _expanded(asked: Form) -> set[str]:
    return {value for name, value in asked.items() if name.startswith("expand[")}


def _nested(asked: Mapping[str, str], head: str) -> dict[str, str]:
    """`metadata[number]=A1` as {"number": "A1"}."""
    found = {}
    for name, value in asked.items():
        inner = _NAME.findall(name.removeprefix(head)) if name.startswith(f"{head}[") else []
        if len(inner) == 1:
            found[inner[0]] = value
    return found


def _whole(asked: Form, name: str) -> int:
    typed = asked.get(name, "")
    if not typed.isascii() or not typed.isdigit():
        raise wrong(f"Invalid integer: {name}", "parameter_invalid_integer")
    return int(typed)
