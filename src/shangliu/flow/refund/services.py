"""Giving money back through the gateway, outside any transaction and with one number for ever."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace

from django.db import transaction

from shangliu.domain.payments.models import Payment, Refund
from shangliu.domain.payments.provider import (
    ProviderError,
    Ref,
    RefundAnswer,
    RefundOutcome,
    provider,
)
from shangliu.domain.payments.states import RefundState
from shangliu.flow.refund.definition import REFUND
from shangliu.flow.refund.effects import Failure
from shangliu.platform import http
from shangliu.platform.money import Money
from shangliu.process import engine
from shangliu.process.definition import Context
from shangliu.process.roles import Role


def execute(refund_id: int) -> None:
    """Ask the gateway for the refund and note what it says. Safe to repeat after any failure.

    Where a request went out before and its result is not known, the gateway is asked about it
    first, and asked to refund again only when it knows nothing. Raises `ProviderError` when the
    result stays unknown: the outbox comes again, same number.
    """
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    if refund.state not in (RefundState.REQUESTED, RefundState.PROCESSING):
        return
    asked_before = refund.state == RefundState.PROCESSING and refund.last_step != "retry"
    _move(refund, "send", Context(actor="system", role=Role.SYSTEM))
    answer = _look(refund) if asked_before else None
    if answer is None:
        answer = _request(refund)
    _note(refund, _checked(refund, answer))


def _look(refund: Refund) -> RefundAnswer | None:
    """What the gateway knows of the refund; None when it must be asked for it once more. Where
    only the result was asked for, nothing is asked for again."""
    payment = refund.payment
    with _about(refund):
        answer = provider(payment.provider).query_refund(
            ref=Ref(number=payment.number, provider_id=payment.provider_id),
            refund_number=refund.number,
        )
    if answer.outcome is not RefundOutcome.NOT_FOUND:
        return answer
    if refund.last_step != "ask":
        return None
    return replace(answer, outcome=RefundOutcome.REFUSED, reason="支付网关没有这笔退款")


def _checked(refund: Refund, answer: RefundAnswer) -> RefundAnswer:
    """A refund of another amount than ours is none of ours: a person has to look at it."""
    if answer.amount is None or answer.amount.fen == refund.amount_fen:
        return answer
    return replace(
        answer,
        outcome=RefundOutcome.REFUSED,
        reason=f"网关退款金额为 {answer.amount}，与退款单不符",
    )


def _note(refund: Refund, answer: RefundAnswer) -> None:
    if answer.outcome is RefundOutcome.DONE:
        _move(refund, "succeed", Context(actor=refund.payment.provider, role=Role.SYSTEM))
    elif answer.outcome is RefundOutcome.REFUSED:
        _refused(refund, answer)
    elif answer.outcome is RefundOutcome.BY_HAND:
        _move(refund, "hand_over", Context(actor="system", role=Role.SYSTEM))


def hear(payment: Payment, answer: RefundAnswer) -> str:
    """Take a gateway's news about a refund; answers with one word. News that the refund's own
    number does not name, or with another amount, changes nothing."""
    refund = (
        Refund.objects.select_related("payment")
        .filter(number=answer.number, payment=payment)
        .first()
    )
    if refund is None:
        return "unknown refund"
    if answer.amount is not None and answer.amount.fen != refund.amount_fen:
        return "wrong amount"
    if refund.state == RefundState.SUCCEEDED:
        return "duplicate"
    if answer.outcome is RefundOutcome.DONE:
        for step in ("send", "retry", "succeed"):
            _move(refund, step, Context(actor=payment.provider, role=Role.SYSTEM))
        return "applied"
    waiting = refund.state in (RefundState.REQUESTED, RefundState.PROCESSING)
    if answer.outcome is RefundOutcome.REFUSED and waiting:
        _move(refund, "send", Context(actor="system", role=Role.SYSTEM))
        _refused(refund, answer)
        return "applied"
    return "refund news"


def _refused(refund: Refund, answer: RefundAnswer) -> None:
    data = Failure(reason=answer.reason)
    _move(refund, "fail", Context(actor=refund.payment.provider, role=Role.SYSTEM, data=data))


def _request(refund: Refund) -> RefundAnswer:
    payment = refund.payment
    with _about(refund):
        try:
            return provider(payment.provider).refund(
                ref=Ref(number=payment.number, provider_id=payment.provider_id),
                refund_number=refund.number,
                amount=Money(refund.amount_fen, payment.currency),
                total=payment.amount,
                reason=refund.reason,
            )
        except ProviderError as error:
            if error.retry or error.unknown:
                raise
            http.note(error)
            return RefundAnswer(
                number=refund.number, outcome=RefundOutcome.REFUSED, reason=str(error), amount=None
            )


def _about(refund: Refund) -> AbstractContextManager[None]:
    return http.about(
        case_no=refund.case_no,
        process="refund",
        object_id=refund.pk,
        attempt=max(refund.attempts, 1),
    )


@transaction.atomic
def _move(refund: Refund, step: str, ctx: Context) -> None:
    """Take the step if the refund still stands where it can be taken."""
    engine.lock_case(refund.case_no, ctx)
    refund.refresh_from_db()
    if refund.state in REFUND[step].source:
        engine.fire(REFUND, REFUND[step], refund, ctx)
