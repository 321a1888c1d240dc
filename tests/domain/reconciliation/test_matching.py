"""The three-way match names exactly what differs, and why."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from shangliu.domain.reconciliation.matching import Kind, Line, Ours, match

LINES = st.lists(
    st.builds(
        Line,
        number=st.sampled_from(["A1", "A2", "A3"]),
        refund=st.sampled_from(["", "R1", "R2"]),
        fen=st.integers(1, 9),
    ),
    max_size=8,
    unique_by=lambda one: (one.number, one.refund),
)


@given(LINES, st.data())
def test_exactly_the_faults_that_were_made_are_found(
    truth: list[Line], data: st.DataObject
) -> None:
    """A statement equal to our books says nothing; each change of it says what was changed."""
    posted: dict[str, int] = {}
    for one in truth:
        key = one.refund or one.number
        if key in posted:
            return
        posted[key] = -one.fen if one.refund else one.fen
    ours = Ours(booked=tuple(truth), known=frozenset(), posted=posted)
    assert match(truth, ours) == ([], len(truth))
    if not truth:
        return
    index = data.draw(st.integers(0, len(truth) - 1))
    hit = truth[index]
    fault = data.draw(st.sampled_from(["drop", "more", "twice", "stranger"]))
    theirs = list(truth)
    if fault == "drop":
        del theirs[index]
        kind = Kind.MISSING_REFUND if hit.refund else Kind.MISSING_PAYMENT
    elif fault == "more":
        theirs[index] = replace(hit, fen=hit.fen + 1)
        kind = Kind.REFUND_AMOUNT if hit.refund else Kind.AMOUNT
    elif fault == "twice":
        theirs.append(hit)
        kind = Kind.DUPLICATE
    else:
        hit = Line(number="Z", fen=5)
        theirs.append(hit)
        kind = Kind.UNKNOWN_PAYMENT
    differences, _ = match(theirs, ours)
    assert [(one.kind, one.number, one.refund) for one in differences] == [
        (kind, hit.number, hit.refund)
    ]


def test_a_posting_that_is_missing_and_an_order_that_is_not_covered_are_found() -> None:
    line = Line(number="A1", fen=500)
    ours = Ours(
        booked=(line,), known=frozenset(), posted={"A1": 499}, owed={"A1": (500, 400), "A2": (1, 1)}
    )
    differences, matched = match([line], ours)
    assert matched == 1
    assert [(one.kind, one.ours_fen, one.theirs_fen) for one in differences] == [
        (Kind.LEDGER, 499, 500),
        (Kind.ORDER, 400, 500),
    ]
