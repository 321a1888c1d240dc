"""What the simulators must know of the history that they were not asked about: paid trades, so
that they can be refunded, and parcels under way, so that they can arrive.

Each gets a file beside its store, which it takes in at its next start.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shangliu.cli.demo.gateway import Gateway, Trade
from shangliu.domain.logistics.models import Parcel, TrackingEvent
from shangliu.domain.logistics.states import ParcelState
from shangliu.domain.payments.models import Payment
from shangliu.domain.payments.provider import Outcome

Rows = Mapping[str, Sequence[Mapping[str, object]]]

_BUYER_ID = "2088102116773037"
# The last event that the carrier's simulator knows by name, for each state of a parcel.
_LAST = {
    ParcelState.LABELLED: "ordered",
    ParcelState.COLLECTED: "picked_up",
    ParcelState.IN_TRANSIT: "arrive_branch",
    ParcelState.OUT_FOR_DELIVERY: "out_for_delivery",
    ParcelState.PROBLEM: "problem",
    ParcelState.REJECTED: "rejected",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Keepsakes:
    """`directory` holds a folder for each simulator; the addresses are the shop's own, for
    notifications by gateway. `salt` is
    what pushes of tracks are signed with."""

    directory: Path
    notify_urls: Mapping[str, str]
    push_url: str
    salt: str

    def leave(self, gateways: Mapping[str, Gateway]) -> None:
        self._write("alipay", self._trades(gateways["alipay"]))
        self._write("wechat", self._transactions(gateways["wechat"]))
        self._write("kuaidi100", self._parcels())

    def _write(self, simulator: str, rows: Rows) -> None:
        folder = self.directory / simulator
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(rows, ensure_ascii=False)
        (folder / "past.json").write_text(text, encoding="utf-8")

    def _trades(self, gateway: Gateway) -> Rows:
        subjects = dict(Payment.objects.values_list("number", "subject"))
        known = _over(gateway)
        return {
            "trades": [
                self._trade(number, trade, subjects[number]) for number, trade in known.items()
            ],
            "refunds": [
                {
                    "out_trade_no": number,
                    "out_request_no": refund_number,
                    "amount": amount.fen,
                    "reason": reason,
                    "at": at.timestamp(),
                }
                for number, trade in known.items()
                for refund_number, amount, reason, at in trade.refunds
            ],
        }

    def _trade(self, number: str, trade: Trade, subject: str) -> Mapping[str, object]:
        refunded = sum(amount.fen for _, amount, _, _ in trade.refunds)
        paid = trade.paid_at.timestamp() if trade.paid_at else None
        gone = refunded == trade.amount.fen or paid is None
        return {
            "out_trade_no": number,
            "trade_no": trade.provider_id,
            "status": "TRADE_CLOSED" if gone else "TRADE_SUCCESS",
            "amount": trade.amount.fen,
            "refunded": refunded,
            "subject": subject,
            "passback": "",
            "notify_url": self.notify_urls["alipay"],
            "buyer_id": _BUYER_ID,
            "buyer": trade.buyer,
            "created": trade.started_at.timestamp(),
            "expires": trade.expires_at.timestamp(),
            "paid": paid,
            "closed": trade.expires_at.timestamp() if paid is None else None,
        }

    def _transactions(self, gateway: Gateway) -> Rows:
        subjects = dict(Payment.objects.values_list("number", "subject"))
        url = self.notify_urls[gateway.code]
        known = _over(gateway)
        return {
            "trades": [
                {
                    "out_trade_no": number,
                    "transaction_id": trade.provider_id,
                    "trade_type": "NATIVE",
                    "state": ("REFUND" if trade.refunds else "SUCCESS")
                    if trade.paid_at
                    else "CLOSED",
                    "amount": trade.amount.fen,
                    "refunded": sum(amount.fen for _, amount, _, _ in trade.refunds),
                    "description": subjects[number],
                    "attach": "",
                    "notify_url": url,
                    "openid": "",
                    "created": trade.started_at.timestamp(),
                    "expires": trade.expires_at.timestamp(),
                    "paid": trade.paid_at.timestamp() if trade.paid_at else None,
                    "closed": None if trade.paid_at else trade.expires_at.timestamp(),
                }
                for number, trade in known.items()
            ],
            "refunds": [
                {
                    "out_refund_no": refund_number,
                    "refund_id": f"5030{refund_number}",
                    "out_trade_no": number,
                    "amount": amount.fen,
                    "fee": 0,
                    "reason": reason,
                    "notify_url": url,
                    "status": "SUCCESS",
                    "fate": "SUCCESS",
                    "created": at.timestamp(),
                    "done": at.timestamp(),
                }
                for number, trade in known.items()
                for refund_number, amount, reason, at in trade.refunds
            ],
        }

    def _parcels(self) -> Rows:
        under_way = list(Parcel.objects.filter(state__in=list(_LAST)).exclude(waybill_no=""))
        numbers = {one.pk: one.waybill_no for one in under_way}
        return {
            "parcels": [
                {
                    "number": one.waybill_no,
                    "carrier": one.carrier,
                    "order_id": one.reference,
                    "answer": "{}",
                    "origin": one.sender["city"],
                    "target": one.receiver["city"],
                    "district": one.receiver["district"],
                    "phone": one.receiver["phone"],
                    "courier": one.pk,
                    "last": _LAST[ParcelState(one.state)],
                    "next_at": None,
                    "created": one.entered_at.timestamp(),
                }
                for one in under_way
            ],
            "track": [
                {
                    "number": numbers[line.parcel_id],
                    "name": "",
                    "state": "0",
                    "code": line.code,
                    "text": line.text,
                    "place": line.place,
                    "at": line.at.timestamp(),
                }
                for line in TrackingEvent.objects.filter(parcel__in=under_way).order_by("at", "id")
            ],
            "subscriptions": [
                {
                    "number": one.waybill_no,
                    "carrier": one.carrier,
                    "callback": self.push_url,
                    "salt": self.salt,
                    "status": "polling",
                }
                for one in under_way
            ],
        }


def _over(gateway: Gateway) -> Mapping[str, Trade]:
    """Trades that were paid or closed; the others nobody can pay any more."""
    return {
        number: trade
        for number, trade in gateway.trades.items()
        if trade.outcome in (Outcome.PAID, Outcome.CLOSED)
    }
