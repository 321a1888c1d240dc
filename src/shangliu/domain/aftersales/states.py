"""States of an after-sale case."""

from enum import StrEnum


class AfterSaleState(StrEnum):
    APPLIED = "applied"
    APPROVED = "approved"
    REJECTED = "rejected"
    ESCALATED = "escalated"
    REJECTED_FINAL = "rejected_final"
    CANCELLED = "cancelled"
    AWAITING_RETURN = "awaiting_return"
    RETURNING = "returning"
    RECEIVED = "received"
    INSPECTED = "inspected"
    REJECTED_GOODS = "rejected_goods"
    RETURNED_TO_BUYER = "returned_to_buyer"
    REFUNDING = "refunding"
    COMPLETED = "completed"


ENDED = (
    AfterSaleState.CANCELLED,
    AfterSaleState.REJECTED_FINAL,
    AfterSaleState.RETURNED_TO_BUYER,
    AfterSaleState.COMPLETED,
)

UNDECIDED = (
    AfterSaleState.APPLIED,
    AfterSaleState.APPROVED,
    AfterSaleState.ESCALATED,
)
