"""Double entry. Postings of an entry sum to zero; a trigger refuses any others, and any change."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Entry(models.Model):
    """One business fact that moved money. `document` is the number that it rests on."""

    at = models.DateTimeField("时间")
    kind = models.CharField("类别", max_length=20)
    document = models.CharField("凭证", max_length=60)
    case_no = models.CharField("案例", max_length=40, default="", blank=True)
    actor = models.CharField("操作者", max_length=80)
    why = models.CharField("说明", max_length=200, default="", blank=True)
    currency = models.CharField("币种", max_length=3, default="CNY")

    class Meta:
        verbose_name = "分录"
        indexes = [
            models.Index(fields=["case_no"], name="entry_case"),
            models.Index(fields=["document"], name="entry_document"),
            models.Index(fields=["at"], name="entry_at"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.document}"


class Posting(models.Model):
    """`amount_fen`: debit positive, credit negative."""

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="postings", verbose_name="分录")
    account = models.CharField("科目", max_length=40)
    amount_fen = models.BigIntegerField("金额（分）")

    class Meta:
        verbose_name = "记账"
        indexes = [
            models.Index(
                fields=["account", "entry"], include=["amount_fen"], name="posting_account"
            )
        ]
        constraints = [
            models.CheckConstraint(name="posting_of_something", condition=~Q(amount_fen=0))
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.amount_fen}"


class Wallet(models.Model):
    """What a buyer may spend, kept beside the ledger for the guard: never below zero, and always
    the credit balance of the account `<kind>:<user>`."""

    user_id = models.BigIntegerField("用户")
    kind = models.CharField("类别", max_length=10)
    balance_fen = models.BigIntegerField("余额（分）", default=0)

    class Meta:
        verbose_name = "钱包"
        constraints = [
            models.UniqueConstraint(fields=["user_id", "kind"], name="wallet_once"),
            models.CheckConstraint(name="wallet_covered", condition=Q(balance_fen__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.user_id}"
