"""Stripe Checkout, for buyers abroad: the card is typed on Stripe's own page."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import stripe

from shangliu.domain.payments.provider import (
    Bill,
    Charge,
    Device,
    Method,
    Nature,
    Notified,
    Outcome,
    PaymentProvider,
    ProviderError,
    Ref,
    RefundAnswer,
    RefundOutcome,
    Started,
    TradeAnswer,
)
from shangliu.platform import clock
from shangliu.platform.money import Money
from shangliu.platform.text import Text
from shangliu.providers.payments.stripe_bill import amount_of, read
from shangliu.providers.payments.stripe_wire import Transport, asking

TOLERANCE = timedelta(seconds=300)
_LOOK_BACK = timedelta(days=2)  # a session lives a day at most
_STATES = {
    "open": Outcome.WAITING,
    "complete": Outcome.PAID,
    "expired": Outcome.CLOSED,
}
_REFUNDS = {
    "succeeded": RefundOutcome.DONE,
    "pending": RefundOutcome.PENDING,
    "requires_action": RefundOutcome.PENDING,
    "failed": RefundOutcome.REFUSED,
    "canceled": RefundOutcome.REFUSED,
}
_PAID = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
_CLOSED = ("checkout.session.expired", "checkout.session.async_payment_failed")
_REFUND = ("refund.created", "refund.updated", "refund.failed")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """`PAYMENTS_STRIPE_API`, `_SECRET_KEY_FILE` and `_WEBHOOK_SECRET_FILE`. The webhook's endpoint
    is set on Stripe's dashboard, for the events of a session and of a refund. The defaults are
    those of the simulator that runs beside us."""

    api: str
    secret_key_file: Path
    webhook_secret_file: Path

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        def said(name: str, otherwise: str) -> str:
            return environ.get(f"PAYMENTS_STRIPE_{name}", otherwise)

        keys = Path(environ.get("DATA_DIR") or "var") / "sim" / "stripe"
        beside = int(environ.get("PORT") or 8000) + 15
        return cls(
            api=said("API", f"http://127.0.0.1:{beside}"),
            secret_key_file=Path(said("SECRET_KEY_FILE", str(keys / "secret_key.txt"))),
            webhook_secret_file=Path(said("WEBHOOK_SECRET_FILE", str(keys / "webhook_secret.txt"))),
        )


@dataclass(frozen=True, kw_only=True)
class Stripe:
    settings: Settings = field(default_factory=lambda: Settings.read(os.environ))
    code: str = "stripe"
    label: Text = field(default=Text("银行卡（Stripe）", "Card (Stripe)"))
    nature: Nature = Nature.GATEWAY
    methods: tuple[Method, ...] = (
        Method(
            code="checkout",
            label=Text("境外银行卡", "International card"),
            devices=frozenset(Device),
        ),
    )

    @cached_property
    def client(self) -> stripe.StripeClient:
        """Made at first use: the simulator writes the keys when it starts for the first time."""
        return stripe.StripeClient(
            self._secret(self.settings.secret_key_file),
            base_addresses={"api": self.settings.api},
            http_client=Transport(),
            max_network_retries=0,
        )

    @cached_property
    def webhook_secret(self) -> str:
        return self._secret(self.settings.webhook_secret_file)

    def start(self, charge: Charge) -> Started:
        """Without an end of its own: the session is expired when the order is given up."""
        if charge.method not in {one.code for one in self.methods}:
            raise ProviderError(f"stripe has no method {charge.method!r}")
        back = {"number": charge.number, "check": self._seal(charge.number)}
        joint = "&" if "?" in charge.return_url else "?"
        address = f"{charge.return_url}{joint}{urlencode(back)}"
        about = {"number": charge.number}
        with asking("checkout.create", charge.number):
            made = self.client.v1.checkout.sessions.create(
                {
                    "mode": "payment",
                    "client_reference_id": charge.number,
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": charge.amount.currency.lower(),
                                "unit_amount": charge.amount.fen,
                                "product_data": {"name": charge.subject[:250] or charge.number},
                            },
                        }
                    ],
                    "success_url": f"{address}&session_id={{CHECKOUT_SESSION_ID}}",
                    "cancel_url": address,
                    "metadata": about,
                    "payment_intent_data": {"metadata": about},
                },
                {"idempotency_key": charge.number},
            )
        if not made.url:
            raise ProviderError("stripe gave no address to pay at", retry=True, unknown=True)
        return Started(redirect_to=made.url, provider_id=made.id)

    def payer_url(self, back: str) -> str:
        raise ProviderError(f"stripe needs no payer to go {back}")

    def payer(self, query: Mapping[str, str]) -> str:
        raise ProviderError(f"stripe knows no payer: {sorted(query)}")

    def read_notification(self, *, headers: Mapping[str, str], body: bytes) -> Notified:
        event = self._genuine(headers, body)
        try:
            return self._read(event)
        except (KeyError, TypeError, ValueError) as strange:
            raise ProviderError("the event says nothing that we understand") from strange

    def _read(self, event: Mapping[str, Any]) -> Notified:
        kind, said = str(event["type"]), event["data"]["object"]
        if kind in _REFUND:
            return _refund_news(event, said)
        if kind in _PAID and said["payment_status"] != "unpaid":
            outcome = Outcome.PAID
        elif kind in _PAID:
            outcome = Outcome.WAITING
        elif kind in _CLOSED:
            outcome = Outcome.CLOSED
        else:
            raise ProviderError(f"stripe tells of {kind}, which is not ours to know")
        return Notified(
            number=str(said["client_reference_id"]),
            outcome=outcome,
            notification_id=str(event["id"]),
            provider_id=str(said["id"]),
            amount=amount_of(said["amount_total"], said["currency"]),
            facts={"type": kind, "payment_status": str(said["payment_status"])},
        )

    def read_return(self, query: Mapping[str, str]) -> str:
        number, check = query.get("number", ""), query.get("check", "")
        if not number or not hmac.compare_digest(self._seal(number).encode(), check.encode()):
            raise ProviderError("the return was not addressed by us")
        return number

    def accepted(self) -> tuple[int, str, bytes]:
        return 200, "text/plain", b"ok"

    def rejected(self) -> tuple[int, str, bytes]:
        return 400, "text/plain", b"refused"

    def query(self, ref: Ref) -> TradeAnswer:
        said = self._session(ref)
        if said is None:
            return TradeAnswer(number=ref.number, outcome=Outcome.NOT_FOUND)
        outcome = _STATES.get(str(said["status"]))
        if outcome is None:
            raise ProviderError(f"stripe reports the state {said['status']!r}")
        if outcome is Outcome.PAID and said["payment_status"] == "unpaid":
            outcome = Outcome.WAITING
        if outcome is not Outcome.PAID:
            return TradeAnswer(number=ref.number, outcome=outcome, provider_id=str(said["id"]))
        charge = (said["payment_intent"] or {}).get("latest_charge") or {}
        return TradeAnswer(
            number=ref.number,
            outcome=outcome,
            provider_id=str(said["id"]),
            amount=amount_of(said["amount_total"], said["currency"]),
            paid_at=_moment(charge.get("created")),
            buyer=_card(charge),
        )

    def close(self, ref: Ref) -> TradeAnswer:
        """What refuses to be expired is asked for: it may have been paid a moment ago."""
        said = self._session(ref)
        if said is None:
            return TradeAnswer(number=ref.number, outcome=Outcome.NOT_FOUND)
        if said["status"] == "open":
            with asking("checkout.expire", ref.number, may_refuse=True) as refused:
                self.client.v1.checkout.sessions.expire(str(said["id"]))
            if not refused:
                return TradeAnswer(
                    number=ref.number, outcome=Outcome.CLOSED, provider_id=str(said["id"])
                )
        return self.query(Ref(number=ref.number, provider_id=str(said["id"])))

    def refund(
        self,
        *,
        ref: Ref,
        refund_number: str,
        amount: Money,
        total: Money,  # noqa: ARG002 - other gateways want it
        reason: str,
    ) -> RefundAnswer:
        """Keys are forgotten after a day, so what was refunded already is looked for first."""
        intent = self._intent(ref)
        if not intent:
            return _refused(refund_number, "没有可退的付款")
        before = self._refunds(ref, intent, refund_number)
        if before and before[0].outcome is not RefundOutcome.REFUSED:
            return before[0]
        with asking("refund", ref.number, may_refuse=True) as refused:
            made = self.client.v1.refunds.create(
                {
                    "payment_intent": intent,
                    "amount": amount.fen,
                    "metadata": {
                        "number": ref.number,
                        "refund_number": refund_number,
                        "reason": reason[:200],
                    },
                },
                {"idempotency_key": f"{refund_number}-{len(before)}"},
            )
        return _refused(refund_number, refused[0]) if refused else _refund(made.to_dict())

    def query_refund(self, *, ref: Ref, refund_number: str) -> RefundAnswer:
        intent = self._intent(ref)
        found = self._refunds(ref, intent, refund_number) if intent else []
        if not found:
            return RefundAnswer(number=refund_number, outcome=RefundOutcome.NOT_FOUND)
        return found[0]

    def bill(self, day: date) -> Bill:
        """The balance transactions of the day, which Stripe has at once."""
        since = datetime.combine(day, time(), tzinfo=clock.SHOP_ZONE)
        until = since + timedelta(days=1)
        if clock.now() < until:
            raise ProviderError(f"{day} is not over yet", retry=True)
        with asking("balance", str(day)):
            page = self.client.v1.balance_transactions.list(
                {
                    "created": {"gte": int(since.timestamp()), "lt": int(until.timestamp())},
                    "expand": ["data.source"],
                    "limit": 100,
                }
            )
            rows = [one.to_dict() for one in page.auto_paging_iter()]
        lines = tuple(read(row) for row in rows if row["type"] in ("charge", "refund"))
        raw = json.dumps(rows, default=str).encode()
        return Bill(day=day, lines=lines, file_name=f"stripe-{day}.json", raw=raw)

    def _session(self, ref: Ref) -> dict[str, Any] | None:
        """By Stripe's number; where it was never told, among the sessions of the last days."""
        key = ref.provider_id or next(self._candidates(ref.number), "")
        if not key:
            return None
        with asking("checkout.get", ref.number, may_refuse=True) as refused:
            found = self.client.v1.checkout.sessions.retrieve(
                key, {"expand": ["payment_intent", "payment_intent.latest_charge"]}
            )
        if refused:
            return None
        said: dict[str, Any] = found.to_dict()
        if said.get("client_reference_id") != ref.number:
            raise ProviderError("stripe's session is for another number")
        return said

    def _candidates(self, number: str) -> Iterator[str]:
        since = int((clock.now() - _LOOK_BACK).timestamp())
        with asking("checkout.list", number):
            page = self.client.v1.checkout.sessions.list({"created": {"gte": since}, "limit": 100})
            for one in page.auto_paging_iter():
                if one.client_reference_id == number:
                    yield one.id

    def _intent(self, ref: Ref) -> str:
        said = self._session(ref)
        intent = (said or {}).get("payment_intent") or ""
        return str(intent["id"]) if isinstance(intent, dict) else str(intent)

    def _refunds(self, ref: Ref, intent: str, refund_number: str) -> list[RefundAnswer]:
        """The refunds of that number, the latest first: several only where some failed."""
        with asking("refund.list", ref.number):
            page = self.client.v1.refunds.list({"payment_intent": intent, "limit": 100})
            rows = [one.to_dict() for one in page.auto_paging_iter()]
        found = [_refund(row) for row in rows]
        return [one for one in found if one.number == refund_number]

    def _genuine(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """The event, when Stripe signed it for this endpoint a short while ago."""
        header = {name.lower(): value for name, value in headers.items()}.get("stripe-signature")
        try:
            stripe.WebhookSignature.verify_header(body, header, self.webhook_secret)
            event = json.loads(body)
            signed = dict(part.split("=", 1) for part in (header or "").split(","))["t"]
            at = datetime.fromtimestamp(int(signed), UTC)
        except (stripe.SignatureVerificationError, ValueError, KeyError) as failed:
            raise ProviderError("the signature is not stripe's") from failed
        if abs(clock.now() - at) > TOLERANCE:
            raise ProviderError("it was signed too long ago")
        if not isinstance(event, dict) or event.get("object") != "event":
            raise ProviderError("that is no event")
        return event

    def _seal(self, number: str) -> str:
        return hmac.new(self.webhook_secret.encode(), number.encode(), hashlib.sha256).hexdigest()

    @staticmethod
    def _secret(file: Path) -> str:
        try:
            return file.read_text().strip()
        except OSError as failed:
            raise ProviderError(f"stripe's key cannot be read: {failed}", retry=True) from failed


def _refund_news(event: Mapping[str, Any], said: Mapping[str, Any]) -> Notified:
    number = str((said.get("metadata") or {}).get("number", ""))
    if not number:
        raise ProviderError("the refund was not made by us")
    return Notified(
        number=number,
        outcome=Outcome.PAID,
        notification_id=str(event["id"]),
        refund=_refund(said),
        facts={"type": str(event["type"]), "status": str(said["status"])},
    )


def _refund(said: Mapping[str, Any]) -> RefundAnswer:
    about = said.get("metadata") or {}
    return RefundAnswer(
        number=str(about.get("refund_number", "")),
        outcome=_REFUNDS.get(str(said["status"]), RefundOutcome.PENDING),
        reason=str(said.get("failure_reason") or ""),
        amount=amount_of(said["amount"], said["currency"]),
    )


def _refused(refund_number: str, reason: str) -> RefundAnswer:
    return RefundAnswer(number=refund_number, outcome=RefundOutcome.REFUSED, reason=reason)


def _moment(seconds: Any) -> datetime | None:
    return datetime.fromtimestamp(int(seconds), UTC) if seconds else None


def _card(charge: Mapping[str, Any]) -> str:
    card = (charge.get("payment_method_details") or {}).get("card") or {}
    return f"{card['brand']} ****{card['last4']}" if card else ""


PROVIDER: PaymentProvider = Stripe()
