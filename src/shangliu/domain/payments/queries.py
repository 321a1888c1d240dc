"""Questions of finance about money that came and went."""

from __future__ import annotations

from collections.abc import Collection

from shangliu.domain.payments.models import GatewayNotification, Payment, Refund
from shangliu.platform.money import Money
from shangliu.platform.summary import Summary

__all__ = [
    "Payment",
    "notifications_of_case",
    "payment_summaries",
    "payments_of_case",
    "refund_summaries",
    "refunds_of_case",
]


def payments_of_case(case_no: str) -> list[Payment]:
    return list(Payment.objects.filter(case_no=case_no).order_by("pk"))


def refunds_of_case(case_no: str) -> list[Refund]:
    return list(Refund.objects.filter(case_no=case_no).select_related("payment").order_by("pk"))


def notifications_of_case(case_no: str) -> list[GatewayNotification]:
    return list(GatewayNotification.objects.filter(case_no=case_no).order_by("received_at", "pk"))


def payment_summaries(pks: Collection[int]) -> dict[int, Summary]:
    return {
        one.pk: Summary(number=one.number, text=one.subject, amount=one.amount, by=one.provider)
        for one in Payment.objects.filter(pk__in=pks)
    }


def refund_summaries(pks: Collection[int]) -> dict[int, Summary]:
    return {
        one.pk: Summary(
            number=one.number,
            text=one.error or one.reason,
            amount=Money(one.amount_fen, one.payment.currency),
            by=one.payment.provider,
        )
        for one in Refund.objects.filter(pk__in=pks).select_related("payment")
    }
