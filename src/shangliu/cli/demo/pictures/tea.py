"""Tea and what it is made in."""

from __future__ import annotations

import math

from shangliu.cli.demo.pictures.ink import DEEP, Sheet, dim, lines, lit, n, oval, rounded, smooth
from shangliu.cli.demo.pictures.solids import (
    FLAT,
    FLOOR,
    band,
    box,
    cloth,
    fold,
    grain,
    mouth,
    plate_top,
    seal,
    shadow,
    slab_shadow,
    turned,
)


def tea_tin(sheet: Sheet, *, colour: str, label: str = "#f3ecdc", leaf: str = "#5f7f4c") -> None:
    """A tall tin with a paper label and a few leaves before it."""
    cx, r = 580.0, 205.0
    shadow(sheet, cx, FLOOR - 40, r)
    body = turned(sheet, cx, [(430, r), (700, r), (FLOOR - 50, r)], colour, gloss=0.30)
    with sheet.inside(body):
        band(sheet, cx, r, 545, 250, label)
        band(sheet, cx, r, 538, 7, "#c9a464")
        band(sheet, cx, r, 795, 7, "#c9a464")
    lid = [(300, r + 6), (430, r + 6)]
    cap = turned(sheet, cx, lid, dim(colour, 0.12), gloss=0.32)
    with sheet.inside(cap):
        band(sheet, cx, r + 6, 396, 5, lit(colour, 0.35), opacity=0.7)
    plate_top(sheet, cx, 300, r + 6, colour)
    sheet.line(oval(cx, 300, r - 26, (r - 26) * FLAT), lit(colour, 0.5), 3, opacity=0.6)
    _mountains(sheet, cx - 40, 735, leaf)
    seal(sheet, cx - 62, 668, 62)
    for x, y, turn in ((842, 962, -18), (905, 928, 24), (800, 1000, 8), (962, 985, -40)):
        tea_leaf(sheet, x, y, leaf, turn=turn)


def _mountains(sheet: Sheet, cx: float, y: float, colour: str) -> None:
    """Two hills in washed ink, as a label's picture."""
    for dx, height, tone in ((36, 88, 0.5), (-40, 62, 0.25)):
        hill = smooth(
            [
                (cx + dx - 120, y + 62),
                (cx + dx - 50, y + 52 - height * 0.6),
                (cx + dx, y + 50 - height),
                (cx + dx + 56, y + 52 - height * 0.45),
                (cx + dx + 120, y + 62),
            ]
        )
        sheet.path(
            hill + "Z", sheet.down([(0, lit(colour, tone), 0.55), (1, lit(colour, tone), 0)])
        )


def tea_leaf(
    sheet: Sheet, x: float, y: float, colour: str, *, turn: float, size: float = 34
) -> None:
    with sheet.moved(x, y, turn=turn):
        sheet.path(oval(4, 9, size * 1.0, size * 0.2), DEEP, opacity=0.25, blur=5)
        shape = smooth(
            [(-size, 4), (-size * 0.2, -size * 0.32), (size, 0), (-size * 0.1, size * 0.22)],
            closed=True,
        )
        sheet.path(shape, sheet.down([(0, lit(colour, 0.35), 1), (1, dim(colour, 0.3), 1)]))
        sheet.line(f"M{n(-size * 0.9)} 3Q0 -4 {n(size * 0.9)} 0", lit(colour, 0.45), 2, opacity=0.7)


def tea_box(sheet: Sheet, *, colour: str, ribbon: str = "#d8c7a2") -> None:
    """A folded paper box with a wrapper, and a small packet before it."""
    slab_shadow(sheet, 290, 540, FLOOR)
    box(sheet, (290, 420), 540, FLOOR - 420, lid=92, colour=colour)
    sheet.path(
        lines([(290, 560), (830, 560), (830, 760), (290, 760)]),
        sheet.linear([(0, lit(ribbon, 0.3), 1), (1, dim(ribbon, 0.12), 1)]),
    )
    sheet.line("M290 570H830M290 750H830", dim(ribbon, 0.3), 2.5, opacity=0.6)
    for at in range(5):
        wave = [(330 + at * 30 + step * 48, 672 + math.sin(step + at) * 26) for step in range(8)]
        sheet.line(smooth(wave), colour, 2.5, opacity=0.22)
    seal(sheet, 380, 660, 84)
    with sheet.moved(0, 0, turn=-6, around=(850, 940)):
        slab_shadow(sheet, 735, 230, 988)
        packet = rounded(735, 800, 230, 190, 10)
        cloth(sheet, packet, lit(colour, 0.25))
        sheet.line("M735 838H965", dim(colour, 0.2), 3, opacity=0.4)
        fold(sheet, [(760, 985), (800, 930), (812, 860)], width=10, strength=0.14)
        seal(sheet, 850, 905, 54)


def tea_cake(sheet: Sheet, *, paper: str = "#e9dfc8", tea: str = "#4a2f20") -> None:
    """A pressed cake leaning in its paper, with a broken piece."""
    shadow(sheet, 620, FLOOR - 24, 200, reach=1.2)
    disc = oval(580, 600, 322, 318)
    sheet.path(oval(610, 616, 322, 316), dim(tea, 0.35))
    sheet.path(
        disc,
        sheet.radial(
            [(0, lit(paper, 0.6), 1), (0.6, paper, 1), (1, dim(paper, 0.2), 1)],
            centre=(0.34, 0.3),
            radius=0.8,
        ),
    )
    with sheet.inside(disc):
        for at in range(26):
            angle = math.tau * at / 26
            sheet.line(
                f"M{n(580 + 226 * math.cos(angle))} {n(600 + 224 * math.sin(angle))}"
                f"L{n(580 + 330 * math.cos(angle + 0.05))} {n(600 + 326 * math.sin(angle + 0.05))}",
                DEEP,
                9,
                opacity=0.07,
                blur=4,
            )
        sheet.line(oval(580, 600, 214, 212), "#8f3a26", 5, opacity=0.85)
        sheet.line(oval(580, 600, 200, 198), "#8f3a26", 2, opacity=0.6)
        _mountains(sheet, 575, 650, "#6b4a38")
    seal(sheet, 580, 545, 104)
    shadow(sheet, 880, 955, 80, reach=0.3)
    chunk = smooth(
        [(800, 930), (830, 876), (900, 862), (968, 900), (960, 962), (880, 985), (812, 968)],
        closed=True,
    )
    sheet.path(
        chunk,
        sheet.linear([(0, lit(tea, 0.3), 1), (0.5, tea, 1), (1, dim(tea, 0.4), 1)], end=(0.6, 1)),
    )
    with sheet.inside(chunk):
        for at in range(16):
            x, y = 806 + (at * 37) % 150, 876 + (at * 53) % 100
            sheet.line(f"M{x} {y}q18 -9 38 2", lit(tea, 0.4 if at % 2 else 0.15), 5, opacity=0.6)


def gaiwan(sheet: Sheet, *, colour: str = "#eef0ea", line: str = "#3f6f8f") -> None:
    """A lidded bowl on its saucer."""
    cx = 590.0
    shadow(sheet, cx, FLOOR - 62, 210, reach=1.4)
    turned(sheet, cx, [(800, 330), (838, 262), (868, 150)], colour, gloss=0)
    sheet.path(
        oval(cx, 800, 330, 330 * FLAT),
        sheet.linear([(0, lit(colour, 0.4), 1), (0.6, colour, 1), (1, dim(colour, 0.14), 1)]),
    )
    sheet.line(oval(cx, 800, 318, 318 * FLAT), line, 4, opacity=0.75)
    sheet.path(oval(cx + 14, 806, 190, 48), DEEP, opacity=0.22, blur=14)
    bowl = turned(
        sheet,
        cx,
        [(520, 262), (560, 250), (650, 214), (740, 140), (790, 108), (806, 112)],
        colour,
        gloss=0.55,
    )
    with sheet.inside(bowl):
        _blue_landscape(sheet, cx, 640, line)
    lip = oval(cx, 520, 262, 262 * FLAT)
    sheet.path(lip, lit(colour, 0.6))
    sheet.line(lip, dim(colour, 0.2), 2, opacity=0.5)
    sheet.path(oval(cx + 10, 524, 234, 232 * FLAT), DEEP, opacity=0.20, blur=6)
    lid = turned(sheet, cx, [(398, 74), (420, 150), (460, 208), (512, 236)], colour, gloss=0.55)
    with sheet.inside(lid):
        sheet.line(f"M{n(cx - 226)} 492A226 54 0 0 0 {n(cx + 226)} 492", line, 4, opacity=0.75)
    turned(sheet, cx, [(352, 62), (372, 50), (402, 56)], colour, gloss=0.3)
    sheet.path(oval(cx, 352, 62, 15), lit(colour, 0.5))
    sheet.path(oval(cx, 354, 44, 9), dim(colour, 0.22))


def _blue_landscape(sheet: Sheet, cx: float, y: float, line: str) -> None:
    for dx, height, share in ((-120, 70, 0.35), (40, 108, 0.2), (150, 60, 0.45)):
        hill = smooth(
            [
                (cx + dx - 120, y + 46),
                (cx + dx - 46, y - height * 0.35),
                (cx + dx, y - height),
                (cx + dx + 50, y - height * 0.3),
                (cx + dx + 120, y + 46),
            ]
        )
        sheet.path(hill + "Z", sheet.down([(0, lit(line, share), 0.75), (1, lit(line, share), 0)]))
    sheet.line(
        f"M{n(cx - 170)} {n(y + 74)}q60 12 120 4M{n(cx - 20)} {n(y + 84)}q70 8 130 -6",
        line,
        3,
        opacity=0.4,
    )


def teapot(sheet: Sheet, *, colour: str = "#8a4a36") -> None:
    """A round clay pot with a straight spout."""
    cx = 570.0
    shadow(sheet, cx + 6, FLOOR - 42, 196, reach=1.3)
    handle = "M770 560C900 500 958 590 930 690C908 770 840 806 770 800"
    sheet.line(handle, dim(colour, 0.30), 50)
    sheet.line(handle, sheet.down([(0, lit(colour, 0.15), 1), (1, dim(colour, 0.25), 1)]), 40)
    sheet.line("M778 548C896 494 940 584 916 676", lit(colour, 0.5), 8, opacity=0.5, blur=4)
    spout = (
        "M420 790C340 770 326 650 250 560L214 522C206 508 236 484 256 492C330 520 372 560 430 580Z"
    )
    sheet.path(
        spout,
        sheet.linear(
            [(0, lit(colour, 0.25), 1), (0.5, colour, 1), (1, dim(colour, 0.35), 1)], end=(0.7, 1)
        ),
    )
    sheet.path(oval(236, 505, 27, 15), dim(colour, 0.5))
    body = turned(
        sheet,
        cx,
        [(500, 150), (530, 212), (590, 258), (670, 276), (750, 262), (830, 214), (886, 160)],
        colour,
        gloss=0.20,
    )
    with sheet.inside(body):
        sheet.line(
            f"M{n(cx - 280)} 690A280 70 0 0 0 {n(cx + 280)} 690", dim(colour, 0.35), 3, opacity=0.35
        )
        sheet.line(
            f"M{n(cx - 280)} 694A280 70 0 0 0 {n(cx + 280)} 694", lit(colour, 0.4), 2, opacity=0.35
        )
    sheet.path(oval(cx, 502, 158, 158 * FLAT), dim(colour, 0.34))
    turned(sheet, cx, [(420, 46), (440, 104), (470, 142), (496, 150)], colour, gloss=0.22)
    turned(sheet, cx, [(352, 26), (372, 45), (400, 40), (424, 26)], colour, gloss=0.25)
    sheet.path(oval(cx, 352, 26, 8), lit(colour, 0.35))
    seal(sheet, cx + 60, 742, 54, dim(colour, 0.35))


def glass_pitcher(sheet: Sheet, *, tea: str = "#c98a3a") -> None:
    """Clear glass with tea in it, and two small cups."""
    cx = 520.0
    shadow(sheet, cx, FLOOR - 40, 200, reach=0.6)
    profile = [(420, 150), (520, 158), (640, 186), (760, 204), (850, 190), (888, 160)]
    from_level = [(600, 174), (700, 196), (790, 203), (856, 184), (884, 156)]
    handle = "M680 520C800 500 826 600 796 690C776 752 740 780 706 786"
    sheet.line(handle, "#9fb0b3", 30, opacity=0.5)
    sheet.line(handle, "#ffffff", 12, opacity=0.6)
    sheet.path(
        (
            f"M{n(cx - 150)} 420"
            f"C{n(cx - 190)} 410 {n(cx - 214)} 430 {n(cx - 206)} 448L{n(cx - 150)} 500Z"
        ),
        "#dfe8e8",
        opacity=0.85,
    )
    turned(sheet, cx, from_level, tea, gloss=0, depth=0.7)
    sheet.path(
        oval(cx, 600, 174, 174 * FLAT),
        sheet.linear([(0, lit(tea, 0.25), 1), (1, lit(tea, 0.5), 1)]),
    )
    from_outline = [(y, r + 6) for y, r in profile]
    glass = f"{smooth([(cx - r, y) for y, r in from_outline])}"
    sheet.line(glass, "#ffffff", 8, opacity=0.75)
    sheet.line(smooth([(cx + r, y) for y, r in from_outline]), "#7f9296", 7, opacity=0.55)
    sheet.path(
        smooth([(cx - 112, 450), (cx - 118, 540), (cx - 140, 660), (cx - 150, 770)])
        + smooth([(cx - 118, 800), (cx - 108, 660), (cx - 84, 540), (cx - 82, 450)], start="L")
        + "Z",
        "#ffffff",
        opacity=0.5,
        blur=5,
    )
    sheet.line(oval(cx, 420, 156, 156 * FLAT), "#ffffff", 8, opacity=0.9)
    sheet.line(oval(cx, 420, 150, 150 * FLAT), "#8ea0a4", 2.5, opacity=0.8)
    for x, y in ((842, 910), (990, 965)):
        small_cup(sheet, x, y, "#eef0ea", tea)


def small_cup(sheet: Sheet, cx: float, floor: float, colour: str, tea: str) -> None:
    shadow(sheet, cx, floor, 62, reach=0.4)
    turned(
        sheet,
        cx,
        [(floor - 106, 92), (floor - 60, 82), (floor - 14, 50), (floor, 46)],
        colour,
        gloss=0.5,
    )
    mouth(sheet, (cx, floor - 106), 92, colour, wall=7, fill=tea, level=3)


def tea_tray(sheet: Sheet, *, colour: str = "#b98a55") -> None:
    """A slatted bamboo tray with a cup and a small pot on it."""
    slab_shadow(sheet, 152, 906, 940)
    top = lines([(270, 640), (940, 640), (1060, 880), (150, 880)])
    sheet.path(
        top, sheet.linear([(0, lit(colour, 0.40), 1), (1, dim(colour, 0.05), 1)], end=(1, 0.6))
    )
    for at in range(1, 14):
        share = at / 14
        sheet.line(
            f"M{n(270 + 670 * share)} 652L{n(150 + 910 * share)} 866",
            dim(colour, 0.6),
            7,
            opacity=0.55,
        )
        sheet.line(
            f"M{n(266 + 670 * share)} 652L{n(145 + 910 * share)} 866",
            lit(colour, 0.6),
            3,
            opacity=0.5,
        )
    front = rounded(150, 878, 910, 62, 10)
    sheet.path(front, sheet.linear([(0, lit(colour, 0.10), 1), (1, dim(colour, 0.25), 1)]))
    grain(
        sheet,
        front,
        colour,
        [[(150, 890 + at * 11), (500, 893 + at * 10), (1060, 888 + at * 11)] for at in range(5)],
    )
    sheet.line("M152 880H1058", lit(colour, 0.55), 4, opacity=0.8)
    with sheet.moved(-60, -130, scale=0.62, around=(600, 900)):
        teapot(sheet, colour="#5d5a55")
    small_cup(sheet, 800, 790, "#e7e6dc", "#b97b34")
    small_cup(sheet, 905, 845, "#e7e6dc", "#b97b34")
