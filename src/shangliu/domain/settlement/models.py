"""What the platform owes the shop for completed orders. Corrected by reversals, never by edits."""

from __future__ import annotations

from django.db import models

from shangliu.domain.settlement.states import SettlementState
from shangliu.process.models import Stateful, due_index, waiting_index


class SettlementEntry(Stateful):
    """`amount_fen` is negative for a reversal, which names the entry that it corrects."""

    order_number = models.CharField("订单号", max_length=40, db_index=True)
    amount_fen = models.BigIntegerField("金额（分）")
    currency = models.CharField("币种", max_length=3, default="CNY")
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="corrections", verbose_name="冲正"
    )
    reason = models.CharField("说明", max_length=120, default="", blank=True)
    created_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "结算"
        indexes = [
            waiting_index("settlement_waiting", (SettlementState.PAID_OUT,)),
            due_index("settlement_due"),
            models.Index(fields=["created_at"], name="settlement_created"),
        ]

    def __str__(self) -> str:
        return self.order_number
