"""Things to eat."""

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
    plate_top,
    round_fill,
    seal,
    shadow,
    slab_shadow,
    turned,
)


def jar(
    sheet: Sheet, *, content: str, lid: str = "#c9a464", label: str = "#f6efdf", bits: str = ""
) -> None:
    """A glass jar with its content showing above and below the label."""
    cx, r = 580.0, 226.0
    shadow(sheet, cx, FLOOR - 46, r - 6)
    profile = [(450, 176), (480, 206), (530, r), (820, r), (870, r - 14), (888, r - 40)]
    body = turned(sheet, cx, profile, content, gloss=0)
    with sheet.inside(body):
        sheet.path(oval(cx - 30, 560, 150, 60), lit(content, 0.6), opacity=0.45, blur=28)
        if bits:
            for at in range(44):
                x, y = cx - 210 + (at * 97) % 420, 500 + (at * 61) % 380
                sheet.path(oval(x, y, 7 + at % 5, 5 + at % 4), bits, opacity=0.75)
        band(sheet, cx, r, 596, 176, label)
        band(sheet, cx, r, 606, 4, "#b8402a", opacity=0.7)
        band(sheet, cx, r, 758, 4, "#b8402a", opacity=0.7)
    seal(sheet, cx - 10, 732, 92)
    with sheet.inside(body):
        sheet.path(
            smooth([(cx - 158, 490), (cx - 166, 620), (cx - 160, 820)])
            + smooth([(cx - 112, 830), (cx - 116, 640), (cx - 108, 490)], start="L")
            + "Z",
            "#ffffff",
            opacity=0.5,
            blur=5,
        )
        sheet.line(
            smooth([(cx + 200, 520), (cx + 206, 660), (cx + 200, 830)]),
            "#ffffff",
            10,
            opacity=0.35,
            blur=4,
        )
    turned(sheet, cx, [(452, 170), (470, 172)], "#dfe5e2", gloss=0.2)
    turned(sheet, cx, [(350, 186), (446, 186)], lid, gloss=0.3)
    plate_top(sheet, cx, 350, 186, lid)
    sheet.line(oval(cx, 350, 160, 160 * FLAT), lit(lid, 0.55), 3, opacity=0.6)


def honey(sheet: Sheet) -> None:
    """Honey, with the dipper that draws it."""
    jar(sheet, content="#d9922c", lid="#8a6238")
    with sheet.moved(turn=34, around=(900, 800)):
        sheet.path(rounded(880, 520, 30, 330, 14), DEEP, opacity=0.2, blur=12)
        sheet.path(
            rounded(868, 480, 26, 340, 12), sheet.linear([(0, "#e2bd88", 1), (1, "#8a6238", 1)])
        )
        for at, half in enumerate((30, 46, 54, 54, 46, 30)):
            y = 800 + at * 24
            sheet.path(
                rounded(881 - half, y, half * 2, 19, 9),
                sheet.linear([(0, "#c08a4c", 1), (0.3, "#f0d09a", 1), (1, "#7c5226", 1)]),
            )
        sheet.path(rounded(830, 842, 104, 70, 34), "#e8a83c", opacity=0.55)
        sheet.path(oval(862, 858, 14, 22), "#ffffff", opacity=0.5, blur=4)


def biscuits(sheet: Sheet, *, colour: str, biscuit: str = "#d9a760") -> None:
    """A printed box and walnut biscuits leaning on it."""
    slab_shadow(sheet, 270, 500, FLOOR)
    front = box(sheet, (270, 400), 500, FLOOR - 400, lid=84, colour=colour)
    with sheet.inside(front):
        sheet.path(oval(520, 660, 168, 168), lit(colour, 0.78))
        sheet.line(oval(520, 660, 150, 150), colour, 4, opacity=0.6)
        for x in (270, 770):
            for y in (400, 930):
                sheet.line(oval(x, y, 96, 96), lit(colour, 0.5), 4, opacity=0.5)
                sheet.line(oval(x, y, 70, 70), lit(colour, 0.5), 4, opacity=0.5)
    seal(sheet, 520, 660, 118)
    for x, y, size in ((930, 905, 118), (800, 950, 112), (990, 985, 100)):
        _biscuit(sheet, x, y, size, biscuit)


def _biscuit(sheet: Sheet, x: float, y: float, r: float, colour: str) -> None:
    sheet.path(oval(x + 16, y + 20, r * 1.05, r * 0.42), DEEP, opacity=0.26, blur=12)
    sheet.path(oval(x, y + 14, r, r * 0.42), dim(colour, 0.28))
    sheet.path(
        oval(x, y, r, r * 0.42),
        sheet.linear([(0, lit(colour, 0.45), 1), (0.6, colour, 1), (1, dim(colour, 0.12), 1)]),
    )
    for at in range(9):
        angle = at * 2.4
        px, py = (
            x + r * 0.6 * math.cos(angle) * (0.4 + (at % 3) * 0.3),
            y + r * 0.26 * math.sin(angle) * (0.4 + (at % 3) * 0.3),
        )
        sheet.line(
            f"M{n(px - 14)} {n(py)}q10 -9 24 {3 - at % 5}", dim(colour, 0.42), 4, opacity=0.6
        )
    sheet.path(oval(x - 6, y - 4, r * 0.26, r * 0.13), "#8a5a30")
    sheet.path(oval(x - 12, y - 8, r * 0.12, r * 0.05), "#c89660")


def nuts(sheet: Sheet, *, colour: str, nut: str = "#b5783f") -> None:
    """A standing paper bag with a window, nuts spilled before it."""
    slab_shadow(sheet, 320, 460, FLOOR - 10)
    bag = "M330 340L350 300H760L780 340L800 900C700 934 420 934 306 900Z"
    cloth(sheet, bag, colour)
    with sheet.inside(bag):
        sheet.path("M320 290H800V384H320Z", dim(colour, 0.14))
        sheet.line("M330 384H790", DEEP, 6, opacity=0.25, blur=3)
        fold(sheet, [(380, 390), (366, 600), (380, 910)], width=24, strength=0.14)
        fold(sheet, [(730, 390), (750, 600), (728, 910)], width=24, strength=0.14)
    seal(sheet, 555, 480, 104)
    window = oval(555, 720, 140, 130)
    sheet.path(window, dim(nut, 0.5))
    with sheet.inside(window):
        for at in range(18):
            nut_at(
                sheet,
                430 + (at % 5) * 66 + (at // 5 % 2) * 30,
                630 + (at // 5) * 62,
                nut,
                turn=at * 47,
            )
    sheet.line(window, lit(colour, 0.5), 6)
    for x, y, turn in (
        (850, 930, 20),
        (940, 960, -30),
        (880, 1000, 70),
        (1000, 910, 10),
        (780, 990, -60),
    ):
        sheet.path(oval(x + 8, y + 20, 44, 14), DEEP, opacity=0.3, blur=7)
        nut_at(sheet, x, y, nut, turn=turn)


def nut_at(sheet: Sheet, x: float, y: float, colour: str, *, turn: float) -> None:
    """An almond."""
    with sheet.moved(x, y, turn=turn):
        shape = smooth([(-44, 0), (-14, -25), (30, -12), (46, 4), (24, 22), (-18, 24)], closed=True)
        sheet.path(
            shape,
            sheet.down([(0, lit(colour, 0.35), 1), (0.5, colour, 1), (1, dim(colour, 0.4), 1)]),
        )
        for dy in (-10, 0, 10):
            sheet.line(
                f"M-34 {dy * 0.6}Q0 {dy} 36 {4 + dy * 0.4}", dim(colour, 0.4), 2.4, opacity=0.6
            )


def rice_cakes(sheet: Sheet, *, plate: str = "#8ba29a") -> None:
    """Pastries piled on a plate."""
    shadow(sheet, 600, FLOOR - 50, 250, reach=1.2)
    turned(sheet, 600, [(790, 380), (830, 300), (872, 170)], plate, gloss=0)
    sheet.path(
        oval(600, 790, 380, 380 * FLAT),
        sheet.linear([(0, lit(plate, 0.45), 1), (0.6, plate, 1), (1, dim(plate, 0.15), 1)]),
    )
    sheet.path(oval(612, 796, 280, 58), DEEP, opacity=0.25, blur=18)
    spots = ((430, 790), (600, 812), (770, 790), (510, 700), (690, 700), (600, 610))
    for at, (x, y) in enumerate(spots):
        colour = ("#e9d7a8", "#dfe4c0", "#eec9b4")[at % 3]
        profile = [(y - 84, 86), (y - 70, 100), (y - 24, 104), (y, 92)]
        turned(sheet, x, profile, colour, gloss=0.15)
        sheet.path(
            oval(x, y - 84, 86, 86 * FLAT), sheet.linear([(0, lit(colour, 0.6), 1), (1, colour, 1)])
        )
        for petal in range(8):
            angle = math.tau * petal / 8
            sheet.line(
                (
                    f"M{n(x)} {n(y - 84)}"
                    f"L{n(x + 62 * math.cos(angle))} {n(y - 84 + 15 * math.sin(angle))}"
                ),
                dim(colour, 0.35),
                5,
                opacity=0.5,
            )
        sheet.path(oval(x, y - 84, 14, 5), "#b8402a", opacity=0.8)


def sauce_bottle(sheet: Sheet, *, content: str = "#4a1f16", label: str = "#f2e7d0") -> None:
    """A dark bottle, as of sauce or oil, with a dish."""
    cx = 540.0
    shadow(sheet, cx, FLOOR - 46, 140)
    profile = [(330, 46), (420, 50), (480, 74), (540, 136), (600, 146), (850, 146), (886, 128)]
    body = turned(sheet, cx, profile, content, gloss=0.5)
    with sheet.inside(body):
        band(sheet, cx, 146, 610, 190, label)
    seal(sheet, cx, 730, 84)
    turned(sheet, cx, [(262, 52), (348, 54)], "#b8402a", gloss=0.3)
    plate_top(sheet, cx, 262, 52, "#c85a42")
    shadow(sheet, 850, 948, 110, reach=0.4)
    turned(sheet, 850, [(900, 150), (930, 120), (956, 70)], "#e8e6dc", gloss=0.3)
    sheet.path(oval(850, 900, 150, 36), "#f6f4ec")
    sheet.path(oval(850, 904, 124, 26), round_fill(sheet, content))
    sheet.path(oval(810, 900, 40, 8), "#ffffff", opacity=0.4, blur=3)


def gift_box(sheet: Sheet, *, colour: str, ribbon: str) -> None:
    """A tied box."""
    slab_shadow(sheet, 280, 620, FLOOR)
    box(sheet, (290, 540), 600, FLOOR - 540, lid=10, colour=colour)
    box(sheet, (268, 450), 644, 120, lid=96, colour=lit(colour, 0.06))
    sheet.line("M268 572H912", DEEP, 10, opacity=0.25, blur=6)
    sheet.path(
        lines([(540, 450), (640, 450), (640, 930), (540, 930)]),
        sheet.linear([(0, lit(ribbon, 0.3), 1), (1, dim(ribbon, 0.2), 1)]),
    )
    sheet.path(lines([(556, 354), (626, 354), (640, 452), (540, 452)]), lit(ribbon, 0.25))
    for side in (1, -1):
        loop = smooth(
            [
                (590, 380),
                (590 + side * 70, 290),
                (590 + side * 180, 270),
                (590 + side * 190, 350),
                (590 + side * 90, 392),
            ],
            closed=True,
        )
        sheet.path(
            loop, sheet.linear([(0, lit(ribbon, 0.35), 1), (1, dim(ribbon, 0.25), 1)], end=(0.6, 1))
        )
        sheet.path(oval(590 + side * 122, 332, 44, 26), dim(ribbon, 0.4), opacity=0.6, blur=5)
    sheet.path(
        rounded(556, 348, 70, 56, 18),
        sheet.down([(0, lit(ribbon, 0.3), 1), (1, dim(ribbon, 0.25), 1)]),
    )
    seal(sheet, 770, 740, 92, lit(colour, 0.75))
