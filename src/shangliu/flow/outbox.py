"""Who takes which letter of the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shangliu.domain.notifications.webhooks import Endpoint, push
from shangliu.domain.orders.models import Order
from shangliu.domain.settlement.models import SettlementEntry
from shangliu.flow.notices import tell
from shangliu.flow.parcel import services as parcels
from shangliu.flow.refund import services as refunds
from shangliu.platform.outbox import Handler, Letter
from shangliu.process.running import flow


@dataclass(frozen=True, kw_only=True, slots=True)
class Addresses:
    """Where the outside world is, and where it reaches us. `finance` None: nobody listens."""

    carrier_callback: str
    finance: Endpoint | None


def handlers(addresses: Addresses) -> Mapping[str, Handler]:
    def to_finance(letter: Letter) -> None:
        if addresses.finance is not None:
            push(
                addresses.finance,
                event_id=letter.event_id,
                topic=letter.topic,
                case_no=letter.case_no,
                payload=_facts(letter),
            )

    return {
        "notice.*": _tell,
        "refund.execute": lambda letter: refunds.execute(_id(letter)),
        "carrier.order_label": lambda letter: parcels.order_label(_id(letter)),
        "carrier.subscribe": lambda letter: parcels.subscribe(
            _id(letter), callback_url=addresses.carrier_callback
        ),
        "carrier.cancel_label": lambda letter: parcels.cancel_label(_id(letter)),
        "finance.*": to_finance,
    }


def _id(letter: Letter) -> int:
    return int(str(letter.body["id"]))


def _tell(letter: Letter) -> None:
    process = flow()[str(letter.body["process"])]
    tell(process, _id(letter), letter.topic.removeprefix("notice."), letter.event_id)


def _facts(letter: Letter) -> dict[str, object]:
    """What finance needs to know; no personal data."""
    if letter.topic == "finance.order_paid":
        order = Order.objects.get(pk=_id(letter))
        return {
            "order": order.number,
            "trade": order.case_no,
            "payment": order.payment_number,
            "amount_fen": order.total_fen,
            "freight_fen": order.freight_fen,
            "currency": order.currency,
            "paid_at": order.paid_at.isoformat() if order.paid_at else None,
        }
    entry = SettlementEntry.objects.get(pk=_id(letter))
    return {
        "order": entry.order_number,
        "amount_fen": entry.amount_fen,
        "currency": entry.currency,
        "corrects": entry.corrects_id,
    }
