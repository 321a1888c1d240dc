"""States of a parcel."""

from enum import StrEnum


class ParcelState(StrEnum):
    REQUESTED = "requested"
    LABEL_FAILED = "label_failed"
    LABELLED = "labelled"
    COLLECTED = "collected"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    PROBLEM = "problem"
    REJECTED = "rejected"
    RETURNED = "returned"
    LOST = "lost"
    VOIDED = "voided"
