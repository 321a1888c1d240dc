"""States of payments and refunds."""

from enum import StrEnum


class PaymentState(StrEnum):
    CREATED = "created"
    PENDING = "pending"
    TO_COLLECT = "to_collect"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CLOSED = "closed"
    SUCCEEDED_LATE = "succeeded_late"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"


class RefundState(StrEnum):
    REQUESTED = "requested"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    MANUAL = "manual"


OPEN_PAYMENTS = (PaymentState.CREATED, PaymentState.PENDING)
HAS_MONEY = (
    PaymentState.SUCCEEDED,
    PaymentState.SUCCEEDED_LATE,
    PaymentState.PARTLY_REFUNDED,
)
