"""States of a settlement entry."""

from enum import StrEnum


class SettlementState(StrEnum):
    PENDING = "pending"
    DUE = "due"
    IN_STATEMENT = "in_statement"
    PAID_OUT = "paid_out"
