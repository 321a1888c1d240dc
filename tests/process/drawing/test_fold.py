"""The whole map in rows for paper."""

from __future__ import annotations

import itertools

from shangliu.flow.layouts import names, sheet
from shangliu.process.drawing.fold import Folded, fold
from shangliu.process.drawing.geometry import Geometry

A3 = 420 / 297


def shares(geometry: Geometry, folded: Folded, aspect: float) -> float:
    """How large it gets, with one row as 1."""
    straight = min(aspect / geometry.width, 1 / geometry.height)
    return min(aspect / folded.width, 1 / folded.height) / straight


def test_the_whole_map_takes_two_rows_and_gets_almost_twice_as_large() -> None:
    _, geometry = sheet("all")
    folded = fold(geometry, A3)
    assert folded.rows == (
        ("browse", "cart", "checkout", "payment", "processing", "delivery"),
        ("receipt", "aftersales"),
    )
    assert shares(geometry, folded, A3) > 1.75
    assert folded.height == 2 * geometry.height + 48


def test_every_step_stands_whole_in_exactly_one_row() -> None:
    _, geometry = sheet("all")
    for aspect in (0.5, A3, 3.0, 10.0):
        folded = fold(geometry, aspect)
        bodies = [one for one in folded.pieces if one.left or not one.y]
        assert len(bodies) == len(folded.rows)
        for node in geometry.nodes:
            left, right = node.box.x, node.box.x + node.box.w
            assert sum(one.left <= left and right <= one.right for one in bodies) == 1, node.key
        assert bodies[0].left == 0
        assert bodies[-1].right == geometry.width
        assert all(a.right == b.left for a, b in itertools.pairwise(bodies))


def test_the_names_of_the_lanes_stand_before_each_row() -> None:
    _, geometry = sheet("all")
    folded = fold(geometry, A3)
    heads = max(lane.head.x + lane.head.w for lane in geometry.lanes)
    again = [piece for piece in folded.pieces if piece.y and not piece.x]
    assert [(one.left, one.right) for one in again] == [(0, heads)]


def test_the_overview_takes_two_rows_of_four_blocks_and_gets_almost_twice_as_large() -> None:
    _, geometry = sheet("overview")
    folded = fold(geometry, A3)
    assert folded.rows == (
        ("stage:browse", "stage:cart", "stage:checkout", "stage:payment"),
        ("stage:processing", "stage:delivery", "stage:receipt", "stage:aftersales"),
    )
    assert shares(geometry, folded, A3) > 1.9
    assert folded.height == 2 * 260 + 48


def test_what_lies_between_two_blocks_is_shown_in_both_rows() -> None:
    _, geometry = sheet("overview")
    above, below = fold(geometry, A3).pieces
    payment, processing = geometry.nodes[3].box, geometry.nodes[4].box
    assert (above.left, below.right) == (0, geometry.width)
    assert (below.left, above.right) == (
        payment.x + payment.w + 12,
        processing.x - 12,
    )
    assert (below.x, below.y) == (0, 260 + 48)


def test_a_sheet_of_one_stage_stays_as_it_is() -> None:
    for name in set(names()) - {"all", "overview"}:
        _, geometry = sheet(name)
        folded = fold(geometry, A3)
        assert (len(folded.rows), folded.width, folded.height) == (
            1,
            geometry.width,
            geometry.height,
        )
