"""Shapes that know how light falls on them: turned bodies, boxes, cloth, and their shadows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from shangliu.cli.demo.pictures.ink import (
    DEEP,
    SIDE,
    Point,
    Sheet,
    dim,
    lines,
    lit,
    mix,
    n,
    oval,
    rounded,
    smooth,
)

FLAT = 0.24
"""How far the camera looks down: a circle on the table is this much as high as it is wide."""

FLOOR = 930.0
"""Where the front of an object meets the table."""

Profile = Sequence[tuple[float, float]]
"""Heights and half widths of a turned body, from the top down."""

SEAL = "#b8402a"


def ground(sheet: Sheet, colour: str) -> None:
    """Paper that runs from the wall onto the table without an edge, lit from the upper left."""
    sheet.path(
        f"M0 0h{SIDE}v{SIDE}h-{SIDE}Z",
        sheet.down(
            [
                (0, lit(colour, 0.30), 1),
                (0.55, colour, 1),
                (0.68, dim(colour, 0.035), 1),
                (0.80, lit(colour, 0.10), 1),
                (1, dim(colour, 0.02), 1),
            ]
        ),
    )
    sheet.path(
        f"M0 0h{SIDE}v{SIDE}h-{SIDE}Z",
        sheet.radial(
            [
                (0, "#ffffff", 0.5),
                (0.35, "#ffffff", 0.28),
                (0.7, "#ffffff", 0.07),
                (1, "#ffffff", 0),
            ],
            centre=(0.22, 0.16),
            radius=0.95,
        ),
    )
    sheet.path(
        f"M0 0h{SIDE}v{SIDE}h-{SIDE}Z",
        sheet.radial(
            [(0.45, DEEP, 0), (0.75, DEEP, 0.025), (1, DEEP, 0.085)],
            centre=(0.42, 0.45),
            radius=0.9,
        ),
    )


def shadow(sheet: Sheet, cx: float, cy: float, rx: float, *, reach: float = 1.0) -> None:
    """Where an object stands: dark where it touches, soft and long away from the light."""
    ry = rx * FLAT
    sheet.path(
        smooth(
            [
                (cx - rx * 0.75, cy + ry * 0.1),
                (cx + rx * 0.3, cy - ry * 0.75),
                (cx + rx * (1.15 + 0.55 * reach), cy - ry * 0.55),
                (cx + rx * (1.25 + 0.6 * reach), cy + ry * 0.35),
                (cx + rx * 0.6, cy + ry * 1.15),
                (cx - rx * 0.4, cy + ry * 1.0),
            ],
            closed=True,
        ),
        DEEP,
        opacity=0.17,
        blur=34,
    )
    sheet.path(
        oval(cx + rx * 0.10, cy + ry * 0.12, rx * 1.04, ry * 1.05), DEEP, opacity=0.17, blur=26
    )
    sheet.path(
        oval(cx + rx * 0.02, cy + ry * 0.06, rx * 0.95, ry * 0.92), DEEP, opacity=0.30, blur=11
    )


def slab_shadow(sheet: Sheet, x: float, width: float, y: float) -> None:
    """The shadow of something flat-bottomed and straight, such as a box or a folded pile."""
    sheet.path(
        lines(
            [
                (x + 10, y - 40),
                (x + width + 120, y - 52),
                (x + width + 150, y + 4),
                (x + 50, y + 26),
            ]
        ),
        DEEP,
        opacity=0.17,
        blur=30,
    )
    sheet.path(rounded(x + 4, y - 14, width, 26, 12), DEEP, opacity=0.42, blur=9)


def round_fill(sheet: Sheet, colour: str, *, depth: float = 1.0) -> str:
    """Light around a turned body: shade, highlight left of the middle, shade, bounce."""
    return sheet.linear(
        [
            (0, dim(colour, 0.26 * depth), 1),
            (0.10, dim(colour, 0.10 * depth), 1),
            (0.30, lit(colour, 0.24 * depth), 1),
            (0.46, lit(colour, 0.08 * depth), 1),
            (0.72, dim(colour, 0.16 * depth), 1),
            (0.92, dim(colour, 0.36 * depth), 1),
            (1, dim(colour, 0.26 * depth), 1),
        ]
    )


def outline(cx: float, profile: Profile, *, flat: float = FLAT) -> str:
    """The seen edge of a turned body, its round top and bottom included."""
    (top, r_top), (bottom, r_bottom) = profile[0], profile[-1]
    right = smooth([(cx + r, y) for y, r in profile], start="L")
    left = smooth([(cx - r, y) for y, r in reversed(profile)], start="L")
    return (
        f"M{n(cx - r_top)} {n(top)}A{n(r_top)} {n(r_top * flat)} 0 0 1 {n(cx + r_top)} {n(top)}"
        f"{right}A{n(r_bottom)} {n(r_bottom * flat)} 0 0 1 {n(cx - r_bottom)} {n(bottom)}{left}Z"
    )


def turned(
    sheet: Sheet,
    cx: float,
    profile: Profile,
    colour: str,
    *,
    gloss: float = 0.35,
    depth: float = 1.0,
    flat: float = FLAT,
) -> str:
    """A body of revolution; answers its outline, to draw decoration inside."""
    shape = outline(cx, profile, flat=flat)
    sheet.path(shape, round_fill(sheet, colour, depth=depth))
    sheet.path(shape, sheet.down([(0, "#ffffff", 0.10), (0.4, DEEP, 0), (1, DEEP, 0.22)]))
    if gloss:
        with sheet.inside(shape):
            shine(sheet, cx, profile, gloss)
    return shape


def shine(sheet: Sheet, cx: float, profile: Profile, strength: float) -> None:
    """The window in the glaze: a long soft streak on the side of the light."""
    span = profile[-1][0] - profile[0][0]
    kept = [
        (y, r) for y, r in profile if profile[0][0] + span * 0.06 < y < profile[0][0] + span * 0.8
    ]
    if len(kept) < 2:
        kept = [
            (profile[0][0] + span * at, _radius(profile, profile[0][0] + span * at))
            for at in (0.1, 0.4, 0.72)
        ]
    outer = [(cx - r * 0.66, y) for y, r in kept]
    inner = [(cx - r * 0.50, y) for y, r in reversed(kept)]
    sheet.path(smooth(outer) + smooth(inner, start="L") + "Z", "#ffffff", opacity=strength, blur=5)
    edge = [(cx + r * 0.93, y) for y, r in kept]
    sheet.line(smooth(edge), "#ffffff", 7, opacity=strength * 0.35, blur=4)


def _radius(profile: Profile, y: float) -> float:
    for (ya, ra), (yb, rb) in pairwise(profile):
        if ya <= y <= yb:
            return ra + (rb - ra) * (y - ya) / ((yb - ya) or 1)
    return profile[-1][1]


def mouth(
    sheet: Sheet,
    at: Point,
    r: float,
    colour: str,
    *,
    wall: float = 10,
    fill: str | None = None,
    level: float = 0.0,
) -> None:
    """An open top: the rim, the inner wall lit on the far side of the light, and what is inside."""
    cx, y = at
    flat = r * FLAT
    sheet.path(
        oval(cx, y, r, flat),
        sheet.linear(
            [(0, lit(colour, 0.35), 1), (0.5, lit(colour, 0.5), 1), (1, lit(colour, 0.12), 1)]
        ),
    )
    hole = oval(cx, y + wall * 0.12, r - wall, flat - wall * 0.42)
    sheet.path(
        hole,
        sheet.linear(
            [(0, dim(colour, 0.42), 1), (0.35, dim(colour, 0.22), 1), (1, lit(colour, 0.15), 1)]
        ),
    )
    with sheet.inside(hole):
        sheet.path(oval(cx, y - flat * 0.55, r, flat * 0.8), DEEP, opacity=0.16, blur=10)
        if fill:
            liquid = oval(cx, y + level, (r - wall) * 0.985, (flat - wall * 0.42) * 0.97)
            sheet.path(
                liquid,
                sheet.linear([(0, dim(fill, 0.18), 1), (0.55, fill, 1), (1, lit(fill, 0.25), 1)]),
            )
            sheet.path(
                oval(cx + r * 0.32, y + level + flat * 0.2, r * 0.34, flat * 0.22),
                "#ffffff",
                opacity=0.28,
                blur=5,
            )


def plate_top(sheet: Sheet, cx: float, y: float, r: float, colour: str) -> None:
    """A closed round top, as of a lid or a tin."""
    sheet.path(
        oval(cx, y, r, r * FLAT),
        sheet.linear(
            [(0, lit(colour, 0.42), 1), (0.45, lit(colour, 0.24), 1), (1, dim(colour, 0.04), 1)]
        ),
    )


def band(
    sheet: Sheet, cx: float, r: float, y: float, height: float, colour: str, *, opacity: float = 1
) -> None:
    """A strip around an upright body of half width `r`; draw it inside the body's outline."""
    dip = r * FLAT
    sheet.path(
        f"M{n(cx - r)} {n(y)}A{n(r)} {n(dip)} 0 0 0 {n(cx + r)} {n(y)}v{n(height)}"
        f"A{n(r)} {n(dip)} 0 0 1 {n(cx - r)} {n(y + height)}Z",
        round_fill(sheet, colour, depth=0.8),
        opacity=opacity,
    )


def seal(sheet: Sheet, cx: float, cy: float, size: float, colour: str = SEAL) -> None:
    """The shop's mark: three peaks in a square, as a seal would print it."""
    half = size / 2
    sheet.path(rounded(cx - half, cy - half, size, size, size * 0.16), colour)
    peaks = "".join(
        f"M{n(cx + at * size)} {n(cy - rise * size)}V{n(cy + 0.24 * size)}"
        for at, rise in ((-0.26, 0.06), (0, 0.30), (0.26, 0.06))
    )
    base = f"M{n(cx - 0.26 * size)} {n(cy + 0.24 * size)}H{n(cx + 0.26 * size)}"
    sheet.line(peaks + base, "#fdf3e4", size * 0.085)


def box(sheet: Sheet, at: Point, width: float, height: float, *, lid: float, colour: str) -> str:
    """A box seen from the front and a little above; `lid` is the height of the seen top."""
    x, y = at
    inset = lid * 0.55
    top = lines(
        [(x + inset, y - lid), (x + width - inset, y - lid), (x + width, y + 4), (x, y + 4)]
    )
    sheet.path(
        top, sheet.linear([(0, lit(colour, 0.5), 1), (1, lit(colour, 0.16), 1)], end=(1, 0.4))
    )
    front = rounded(x, y, width, height, 6)
    sheet.path(
        front,
        sheet.linear(
            [(0, lit(colour, 0.10), 1), (0.5, colour, 1), (1, dim(colour, 0.16), 1)], end=(1, 0.35)
        ),
    )
    sheet.path(front, sheet.down([(0, "#ffffff", 0.10), (0.5, DEEP, 0), (1, DEEP, 0.14)]))
    sheet.line(f"M{n(x + 4)} {n(y + 2)}H{n(x + width - 4)}", lit(colour, 0.6), 3, opacity=0.8)
    return front


def cloth(sheet: Sheet, shape: str, colour: str, *, depth: float = 1.0) -> None:
    """A soft surface: light from the upper left over the whole of it."""
    sheet.path(
        shape,
        sheet.linear(
            [
                (0, lit(colour, 0.26 * depth), 1),
                (0.5, colour, 1),
                (1, dim(colour, 0.24 * depth), 1),
            ],
            end=(0.8, 1),
        ),
    )


def fold(
    sheet: Sheet, points: Sequence[Point], *, width: float = 14, strength: float = 0.16
) -> None:
    """A crease: a shade with the light that it throws up beside it."""
    sheet.line(smooth(points), DEEP, width, opacity=strength, blur=width * 0.45)
    beside = [(x - width * 0.8, y - width * 0.35) for x, y in points]
    sheet.line(smooth(beside), "#ffffff", width * 0.7, opacity=strength * 1.5, blur=width * 0.4)


def stitches(sheet: Sheet, shape: str, colour: str) -> None:
    sheet.line(shape, lit(colour, 0.35), 2.6, opacity=0.85, dash="9 7")


def grain(sheet: Sheet, shape: str, colour: str, rows: Sequence[Sequence[Point]]) -> None:
    """Wood: quiet lines along its length."""
    with sheet.inside(shape):
        for at, points in enumerate(rows):
            sheet.line(smooth(points), mix(colour, DEEP, 0.35), 2.4 + at % 3, opacity=0.20)
