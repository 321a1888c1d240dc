"""What a reservation's steps do to the counters."""

from __future__ import annotations

from shangliu.domain.inventory.models import Reservation
from shangliu.domain.inventory.services import Move, Units, move
from shangliu.flow.policies import Policies
from shangliu.platform import clock
from shangliu.process.definition import Context


def _move(kind: Move, reservation: Reservation, ctx: Context) -> None:
    units = [Units(reservation.stock_id, reservation.quantity)]
    move(kind, units, document=reservation.case_no, actor=ctx.actor, why=ctx.cause)


def release(reservation: Reservation, ctx: Context) -> None:
    _move(Move.RELEASE, reservation, ctx)


def commit(reservation: Reservation, ctx: Context) -> None:
    _move(Move.COMMIT, reservation, ctx)


def uncommit(reservation: Reservation, ctx: Context) -> None:
    _move(Move.UNCOMMIT, reservation, ctx)


def ship(reservation: Reservation, ctx: Context) -> None:
    _move(Move.SHIP, reservation, ctx)


def hold_again(reservation: Reservation, ctx: Context) -> None:
    _move(Move.HOLD, reservation, ctx)
    ctx.write(reservation, hold_until=clock.now() + Policies.HOLD.span)
def give_part_back(reservation: Reservation, ctx: Context) -> None:
    """`part` pieces of the claim are free again; it stands for the others."""
    part: int = reservation.part  # type: ignore[attr-defined]
    units = [Units(reservation.stock_id, part)]
    move(Move.UNCOMMIT, units, document=reservation.case_no, actor=ctx.actor, why=ctx.cause)
    reservation.quantity -= part
    reservation.save(update_fields=["quantity"])


