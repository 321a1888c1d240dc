"""Questions of finance about money that came and went."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet

from shangliu.domain.payments.models import GatewayNotification, Payment, Refund
from shangliu.domain.payments.provider import Nature, providers
from shangliu.domain.payments.states import PaymentState
from shangliu.platform import clock
from shangliu.platform.money import Money
from shangliu.platform.summary import Summary

_LATE = timedelta(days=30)

__all__ = [
    "Payment",
    "notifications_of_case",
    "payment_summaries",
    "payments_of_case",
    "refund_summaries",
    "refunds_of_case",
    "waiting",
    "waiting_count",
]


def payments_of_case(case_no: str) -> list[Payment]:
    return list(Payment.objects.filter(case_no=case_no).order_by("pk"))


def refunds_of_case(case_no: str) -> list[Refund]:
    return list(Refund.objects.filter(case_no=case_no).select_related("payment").order_by("pk"))


def notifications_of_case(case_no: str) -> list[GatewayNotification]:
    return list(GatewayNotification.objects.filter(case_no=case_no).order_by("received_at", "pk"))


def waiting(
    natures: Collection[Nature], states: Collection[PaymentState], *, limit: int
) -> list[Payment]:
    """The payments that come in one of these ways and stand in one of these states, the oldest
    first; what was closed more than a month ago waits for nothing."""
    return list(_waiting(natures, states).order_by("entered_at", "pk")[:limit])


def waiting_count(
    natures: Collection[Nature], states: Collection[PaymentState]
) -> tuple[int, datetime | None]:
    """How many there are, and since when the oldest waits."""
    found = _waiting(natures, states).aggregate(n=Count("pk"), oldest=Min("entered_at"))
    return found["n"], found["oldest"]


def _waiting(natures: Collection[Nature], states: Collection[PaymentState]) -> QuerySet[Payment]:
    codes = [one.code for one in providers() if one.nature in natures]
    over = Q(state=PaymentState.CLOSED, entered_at__lt=clock.now() - _LATE)
    return Payment.objects.filter(provider__in=codes, state__in=list(states)).exclude(over)


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
