"""When an order's clocks ring. The terms that it began with count, not today's policies."""

from __future__ import annotations

from datetime import datetime, timedelta

from shangliu.domain.orders.models import Order
from shangliu.flow.policies import Policies
from shangliu.process.policies import Policy

PROTECTED = (
    Policies.PAY_WITHIN,
    Policies.RECEIPT_AFTER_SHIPMENT,
    Policies.RECEIPT_AFTER_DELIVERY,
    Policies.RECEIPT_EXTENSION,
    Policies.RETURN_WINDOW,
    Policies.SHIP_WITHIN,
)


def terms() -> dict[str, int]:
    """The values that an order placed now keeps."""
    return {policy.key: policy.value for policy in PROTECTED}


def agreed(order: Order, policy: Policy) -> int:
    """The order's own value of a policy; today's for an older order that has none."""
    return int(order.terms.get(policy.key, policy.value))


def pay_until(order: Order, moment: datetime) -> datetime:
    """A bank transfer gets the longer time that was granted when it was chosen."""
    return order.pay_by or order.placed_at + timedelta(minutes=agreed(order, Policies.PAY_WITHIN))


def receipt_until(order: Order, moment: datetime) -> datetime:
    """After delivery the shorter clock runs; the buyer may lengthen it once."""
    if order.delivered_at is not None:
        due = order.delivered_at + timedelta(days=agreed(order, Policies.RECEIPT_AFTER_DELIVERY))
    else:
        shipped = order.shipped_at or moment
        due = shipped + timedelta(days=agreed(order, Policies.RECEIPT_AFTER_SHIPMENT))
    if order.receipt_extended:
        due += timedelta(days=agreed(order, Policies.RECEIPT_EXTENSION))
    return due


def return_until(order: Order) -> datetime | None:
    """The end of the last day of the no-reason return window (law: the day of receipt does not
    count); None before receipt."""
    received = order.delivered_at or order.completed_at
    if received is None:
        return None
    return received + timedelta(days=agreed(order, Policies.RETURN_WINDOW) + 1)
