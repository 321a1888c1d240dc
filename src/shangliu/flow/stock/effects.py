"""What a reservation's steps do to the counters."""

from __future__ import annotations

from dataclasses import dataclass

from shangliu.domain.inventory.models import Reservation
from shangliu.domain.inventory.services import Move, Units, move
from shangliu.flow.policies import Policies
from shangliu.platform import clock
from shangliu.process.definition import Context


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """`reason`: why a buyer's hold is taken away, for the buyer and the next reader."""

    reason: str


def _move(kind: Move, reservation: Reservation, ctx: Context) -> None:
    units = [Units(reservation.stock_id, reservation.quantity)]
    why = ctx.data.reason.strip()[:120] if isinstance(ctx.data, Reason) else ctx.cause
    move(kind, units, document=reservation.case_no, actor=ctx.actor, why=why)


def note_reason(reservation: Reservation, ctx: Context) -> None:
    if isinstance(ctx.data, Reason):
        ctx.note(reason=ctx.data.reason.strip())


def release(reservation: Reservation, ctx: Context) -> None:
    _move(Move.RELEASE, reservation, ctx)


def commit(reservation: Reservation, ctx: Context) -> None:
    _move(Move.COMMIT, reservation, ctx)


def uncommit(reservation: Reservation, ctx: Context) -> None:
    _move(Move.UNCOMMIT, reservation, ctx)


def give_part_back(reservation: Reservation, ctx: Context) -> None:
    """`part` pieces of the claim are free again; it stands for the others."""
    part: int = reservation.part  # type: ignore[attr-defined]
    units = [Units(reservation.stock_id, part)]
    move(Move.UNCOMMIT, units, document=reservation.case_no, actor=ctx.actor, why=ctx.cause)
    reservation.quantity -= part
    reservation.save(update_fields=["quantity"])


def ship(reservation: Reservation, ctx: Context) -> None:
    _move(Move.SHIP, reservation, ctx)


def hold_again(reservation: Reservation, ctx: Context) -> None:
    _move(Move.HOLD, reservation, ctx)
    ctx.write(reservation, hold_until=clock.now() + Policies.HOLD.span)
