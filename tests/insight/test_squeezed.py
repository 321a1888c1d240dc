"""The squeezed timeline: exact stretches and places."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shangliu.insight.squeezed import BREAK, Life, Piece, Stay, lives, squeeze
from shangliu.process.models import Event

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def _at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def _event(minutes: float, process: str, pk: int, target: str) -> Event:
    return Event(at=_at(minutes), process=process, object_id=pk, target=target)


def _ended(process: str, state: str) -> bool:
    return state == "done"


def test_an_idle_stretch_gets_the_width_of_a_break_and_the_rest_shares_by_length() -> None:
    axis = squeeze([_at(0), _at(3), _at(600), _at(604), _at(604)], width=756)
    assert axis.pieces == (
        Piece(_at(0), _at(3), 0.0, 300.0, squeezed=False),
        Piece(_at(3), _at(600), 300.0, BREAK, squeezed=True),
        Piece(_at(600), _at(604), 356.0, 400.0, squeezed=False),
    )
    assert [piece.lasted for piece in axis.breaks] == [timedelta(minutes=597)]
    assert axis.place(_at(1.5)) == 150.0
    assert axis.place(_at(301.5)) == 328.0
    assert axis.place(_at(602)) == 556.0


def test_a_stretch_of_exactly_the_threshold_is_not_squeezed() -> None:
    axis = squeeze([_at(0), _at(10)], width=100)
    assert axis.pieces == (Piece(_at(0), _at(10), 0.0, 100.0, squeezed=False),)
    assert squeeze([_at(0), _at(10), _at(20.1)], width=156).breaks == (
        Piece(_at(10), _at(20.1), 100.0, BREAK, squeezed=True),
    )


def test_the_real_scale_has_no_breaks() -> None:
    axis = squeeze([_at(0), _at(1), _at(100)], width=1000, idle=None)
    assert axis.breaks == ()
    assert [(piece.x, piece.width) for piece in axis.pieces] == [(0.0, 10.0), (10.0, 990.0)]


def test_breaks_share_half_of_a_narrow_axis_and_all_of_one_without_anything_else() -> None:
    narrow = squeeze([_at(0), _at(60), _at(61), _at(121)], width=100)
    assert [piece.width for piece in narrow.pieces] == [25.0, 50.0, 25.0]
    alone = squeeze([_at(0), _at(60), _at(120)], width=100)
    assert [piece.width for piece in alone.pieces] == [50.0, 50.0]


def test_moments_outside_stand_at_the_ends_and_one_moment_makes_no_axis() -> None:
    axis = squeeze([_at(0), _at(5)], width=80)
    assert (axis.place(_at(-9)), axis.place(_at(99))) == (0.0, 80.0)
    assert squeeze([_at(0)], width=80).pieces == ()
    assert squeeze([_at(0)], width=80).place(_at(3)) == 0.0


def test_stays_run_from_step_to_step_and_end_where_nothing_is_awaited() -> None:
    events = [
        _event(0, "order", 1, "unpaid"),
        _event(1, "payment", 4, "waiting"),
        _event(2, "payment", 4, "waiting"),
        _event(3, "payment", 4, "done"),
        _event(3, "order", 1, "review"),
    ]
    assert lives(events, now=_at(9), ended=_ended, order=("order", "payment")) == [
        Life(
            "order",
            (1,),
            (
                Stay(("unpaid",), _at(0), _at(3)),
                Stay(("review",), _at(3), _at(9), open=True),
            ),
        ),
        Life(
            "payment",
            (4,),
            (Stay(("waiting",), _at(1), _at(3)), Stay(("done",), _at(3), None)),
        ),
    ]


def test_folded_objects_share_one_row_with_the_states_that_any_of_them_stood_in() -> None:
    events = [
        _event(0, "reservation", 7, "held"),
        _event(2, "reservation", 8, "held"),
        _event(4, "reservation", 7, "committed"),
        _event(6, "reservation", 8, "done"),
        _event(8, "reservation", 7, "done"),
    ]
    (row,) = lives(events, now=_at(9), ended=_ended, order=(), folded=frozenset({"reservation"}))
    assert row.ids == (7, 8)
    assert row.stays == (
        Stay(("held",), _at(0), _at(4)),
        Stay(("committed", "held"), _at(4), _at(6)),
        Stay(("committed",), _at(6), _at(8)),
        Stay(("done",), _at(6), None),
        Stay(("done",), _at(8), None),
    )


@pytest.mark.parametrize(("pks", "rows"), [((7, 8), 2), ((7,), 1)])
def test_what_is_not_folded_keeps_its_own_row(pks: tuple[int, ...], rows: int) -> None:
    events = [_event(0, "parcel", pk, "done") for pk in pks]
    assert len(lives(events, now=_at(1), ended=_ended, order=("parcel",))) == rows
