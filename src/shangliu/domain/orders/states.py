"""States of an order."""

from enum import StrEnum


class OrderState(StrEnum):
    AWAITING_PAYMENT = "awaiting_payment"
    AWAITING_REVIEW = "awaiting_review"
    ON_HOLD = "on_hold"
    AWAITING_FULFILMENT = "awaiting_fulfilment"
    PARTLY_SHIPPED = "partly_shipped"
    SHIPPED = "shipped"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    CLOSED = "closed"


BEFORE_SHIPMENT = (
    OrderState.AWAITING_REVIEW,
    OrderState.ON_HOLD,
    OrderState.AWAITING_FULFILMENT,
)
