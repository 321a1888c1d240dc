"""What a difference's steps do: settling one books it."""

from __future__ import annotations

from dataclasses import dataclass

from shangliu.domain.ledger import services as ledger
from shangliu.domain.ledger.accounts import Accounts
from shangliu.domain.reconciliation.matching import Kind
from shangliu.domain.reconciliation.models import Difference
from shangliu.process.definition import Context

_REFUNDS = (Kind.UNKNOWN_REFUND, Kind.MISSING_REFUND, Kind.REFUND_AMOUNT)
_OF_THE_GATEWAY = (
    Kind.UNKNOWN_PAYMENT,
    Kind.MISSING_PAYMENT,
    Kind.AMOUNT,
    Kind.DUPLICATE,
    *_REFUNDS,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteOff:
    """`reason`: why the books are put right this way."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """What the gateway said when it was asked."""

    answer: str


def write_off(one: Difference, ctx: Context) -> None:
    """The gateway's account is brought to what its statement says; the rest is an adjustment.
    Differences inside our own books move no money."""
    reason = ctx.data.reason.strip() if isinstance(ctx.data, WriteOff) else ""
    ctx.note(reason=reason, missing_fen=one.missing_fen)
    ctx.write(one, note=reason[:200])
    if one.kind not in _OF_THE_GATEWAY or not one.missing_fen:
        return
    fen = -one.missing_fen if one.kind in _REFUNDS else one.missing_fen
    ledger.post(
        ledger.Kind.ADJUSTED,
        {Accounts.GATEWAY.of(one.bill.provider): fen, Accounts.ADJUSTMENT.code: -fen},
        document=one.number,
        case_no=one.case_no,
        actor=ctx.actor,
        why=reason,
        currency=one.bill.currency,
    )


def note_answer(one: Difference, ctx: Context) -> None:
    answer = ctx.data.answer if isinstance(ctx.data, Answered) else ""
    ctx.note(answer=answer)
    ctx.write(one, note=answer[:200])
