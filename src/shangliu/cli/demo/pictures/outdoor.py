"""For the road and the rain."""

from __future__ import annotations

import math
from itertools import pairwise

from shangliu.cli.demo.pictures.ink import DEEP, Sheet, dim, lines, lit, n, oval, rounded
from shangliu.cli.demo.pictures.solids import (
    FLOOR,
    band,
    cloth,
    fold,
    plate_top,
    seal,
    shadow,
    slab_shadow,
    stitches,
    turned,
)


def backpack(sheet: Sheet, *, colour: str, leather: str = "#9a6236") -> None:
    """A canvas rucksack with leather straps."""
    slab_shadow(sheet, 310, 560, 932)
    sheet.line("M520 250C520 180 680 180 680 250", dim(leather, 0.3), 26)
    sheet.line("M520 244C520 178 676 178 678 244", lit(leather, 0.15), 12)
    for side in (1, -1):
        pocket = rounded(600 + side * 290 - 60, 610, 120, 280, 40)
        cloth(sheet, pocket, dim(colour, 0.12))
    body = (
        "M340 420C340 290 430 240 600 240S860 290 860 420L884 880"
        "C884 920 850 936 800 936H400C350 936 316 920 316 880Z"
    )
    cloth(sheet, body, colour)
    with sheet.inside(body):
        fold(sheet, [(370, 560), (356, 740), (372, 930)], width=26, strength=0.14)
        fold(sheet, [(830, 560), (848, 740), (830, 930)], width=26, strength=0.14)
        sheet.path("M320 560H880V640H320Z", DEEP, opacity=0.25, blur=18)
    pocket = rounded(400, 680, 400, 222, 36)
    sheet.path(rounded(406, 692, 400, 222, 36), DEEP, opacity=0.28, blur=10)
    cloth(sheet, pocket, lit(colour, 0.06))
    stitches(sheet, rounded(414, 694, 372, 194, 28), colour)
    flap = (
        "M332 420C332 290 430 236 600 236S868 290 868 420L872 560"
        "C872 606 840 616 800 616H400C360 616 328 606 328 560Z"
    )
    cloth(sheet, flap, lit(colour, 0.08))
    with sheet.inside(flap):
        sheet.path(oval(480, 330, 180, 80), "#ffffff", opacity=0.28, blur=36)
    stitches(sheet, "M346 560C348 594 366 600 400 600H800C834 600 852 594 854 560", colour)
    for x in (470, 730):
        sheet.path(
            rounded(x - 24, 470, 48, 300, 8),
            sheet.linear([(0, lit(leather, 0.3), 1), (1, dim(leather, 0.25), 1)]),
        )
        stitches(sheet, f"M{x - 16} 480V760M{x + 16} 480V760", leather)
        sheet.line(rounded(x - 34, 640, 68, 50, 8), "#c9a464", 9)
        sheet.line(f"M{x} 646V684", "#e8cf94", 6)
    seal(sheet, 600, 440, 64)


def bottle(sheet: Sheet, *, colour: str, steel: str = "#c3cacc") -> None:
    """A vacuum flask with a cup for a lid."""
    cx, r = 590.0, 130.0
    shadow(sheet, cx, FLOOR - 30, r)
    body = turned(
        sheet, cx, [(420, 112), (450, r), (700, r), (872, r), (898, r - 10)], colour, gloss=0.28
    )
    with sheet.inside(body):
        band(sheet, cx, r, 840, 60, steel)
    turned(sheet, cx, [(392, 106), (424, 112)], steel, gloss=0.4)
    lid = turned(sheet, cx, [(220, 104), (240, 116), (392, 116)], steel, gloss=0.5)
    with sheet.inside(lid):
        band(sheet, cx, 116, 250, 4, dim(steel, 0.3))
        band(sheet, cx, 116, 366, 4, dim(steel, 0.3))
    plate_top(sheet, cx, 220, 104, steel)
    seal(sheet, cx - 10, 660, 62, lit(colour, 0.75))


def umbrella(sheet: Sheet, *, colour: str, wood: str = "#8a5a32") -> None:
    """An open umbrella set down on its rim."""
    sheet.path(oval(660, 905, 400, 50), DEEP, opacity=0.28, blur=28)
    with sheet.moved(turn=-16, around=(600, 600)):
        sheet.line("M600 210V905C600 984 700 984 700 905", dim(wood, 0.3), 26)
        sheet.line("M596 230V905C598 972 694 976 698 908", lit(wood, 0.2), 10, opacity=0.8)
        left, right, top = 170.0, 1030.0, 200.0
        ribs = [left + (right - left) * at / 6 for at in range(7)]
        sheet.path(oval(600, 640, 420, 60), dim(colour, 0.55))
        for at, (x, end) in enumerate(pairwise(ribs)):
            tone = (
                lit(colour, 0.26),
                lit(colour, 0.14),
                colour,
                colour,
                dim(colour, 0.14),
                dim(colour, 0.28),
            )[at]
            near = f"{_high(x, top)} {_low(x)}"
            far = f"{_low(end)} {_high(end, top)}"
            sheet.path(
                f"M600 {n(top)}C{near} {n(x)} 640Q{n((x + end) / 2)} 596 {n(end)} 640"
                f"C{far} 600 {n(top)}Z",
                sheet.down([(0, lit(tone, 0.12), 1), (1, dim(tone, 0.12), 1)]),
            )
            sheet.line(f"M600 {n(top)}C{near} {n(x)} 640", dim(colour, 0.35), 3, opacity=0.6)
        sheet.path(oval(430, 370, 130, 70), "#ffffff", opacity=0.25, blur=34)
        sheet.line("M600 200V160", wood, 16)


def _high(x: float, top: float) -> str:
    """Where a rib that ends at `x` bends below the tip."""
    return f"{n(600 + (x - 600) * 0.62)} {n(top + 20)}"


def _low(x: float) -> str:
    return f"{n(x)} 440"


def suitcase(sheet: Sheet, *, colour: str) -> None:
    """A cabin trolley."""
    slab_shadow(sheet, 360, 480, 930)
    sheet.line("M520 340V180H680V340", "#8d969b", 16)
    sheet.path(rounded(506, 160, 188, 40, 16), "#33363a")
    for x in (420, 760):
        sheet.path(rounded(x - 24, 890, 56, 46, 16), "#2a2c30")
    shell = rounded(350, 310, 500, 592, 60)
    cloth(sheet, shell, colour)
    with sheet.inside(shell):
        for x in range(400, 840, 58):
            sheet.line(f"M{x} 300V910", dim(colour, 0.3), 12, opacity=0.5, blur=3)
            sheet.line(f"M{x - 14} 300V910", "#ffffff", 8, opacity=0.22, blur=3)
        sheet.path(rounded(350, 310, 120, 592, 40), "#ffffff", opacity=0.14, blur=26)
    for x, y in ((350, 310), (770, 310), (350, 822), (770, 822)):
        sheet.path(rounded(x, y, 80, 80, 34), dim(colour, 0.25), opacity=0.8)
    seal(sheet, 600, 420, 60, lit(colour, 0.7))


def tent(sheet: Sheet, *, colour: str) -> None:
    """A ridge tent with its door tied back."""
    sheet.path(oval(640, 890, 470, 56), DEEP, opacity=0.26, blur=24)
    sheet.path(
        lines([(600, 320), (860, 380), (1060, 880), (840, 900)]),
        sheet.linear([(0, dim(colour, 0.05), 1), (1, dim(colour, 0.35), 1)]),
    )
    front = lines([(600, 320), (860, 900), (180, 900)])
    sheet.path(front, sheet.linear([(0, lit(colour, 0.35), 1), (1, dim(colour, 0.05), 1)]))
    sheet.path(lines([(600, 360), (690, 900), (390, 900)]), dim(colour, 0.65))
    sheet.path("M600 360L390 900L330 900C400 760 520 560 600 360Z", lit(colour, 0.5))
    sheet.path(oval(540, 890, 100, 16), "#ffdf9a", opacity=0.5, blur=12)
    sheet.line("M600 320L600 286M600 320L180 900M600 320L860 900", lit(colour, 0.6), 7)
    sheet.line("M180 900L110 930M1060 880L1120 906", "#d9cfb8", 5)
    stitches(sheet, "M250 870L590 350", colour)


def ball(sheet: Sheet, *, colour: str) -> None:
    """A basketball, for sport in general."""
    shadow(sheet, 600, 876, 190)
    disc = oval(600, 600, 290, 290)
    sheet.path(
        disc,
        sheet.radial(
            [(0, lit(colour, 0.5), 1), (0.5, colour, 1), (1, dim(colour, 0.45), 1)],
            centre=(0.34, 0.28),
            radius=0.85,
        ),
    )
    with sheet.inside(disc):
        for at in range(3):
            angle = math.radians(20 + at * 60)
            dx, dy = 320 * math.cos(angle), 320 * math.sin(angle)
            sheet.line(
                f"M{n(600 - dx)} {n(600 - dy)}Q{n(600 - dy * 0.25)} {n(600 + dx * 0.25)}"
                f" {n(600 + dx)} {n(600 + dy)}",
                dim(colour, 0.6),
                10,
            )
    sheet.path(oval(500, 440, 70, 44), "#ffffff", opacity=0.4, blur=14)


def leather_bag(sheet: Sheet, *, colour: str) -> None:
    """A small shoulder bag."""
    slab_shadow(sheet, 270, 660, 900)
    sheet.line("M330 560C330 180 870 180 870 560", dim(colour, 0.35), 26)
    sheet.line("M326 556C328 190 862 186 866 556", lit(colour, 0.25), 10)
    body = "M280 540H920L950 850C950 890 930 904 890 904H310C270 904 250 890 250 850Z"
    cloth(sheet, body, dim(colour, 0.08))
    flap = (
        "M272 520C272 506 284 500 300 500H900C916 500 928 506 928 520"
        "L930 640C930 760 760 780 600 780S270 760 270 640Z"
    )
    with sheet.moved(6, 14):
        sheet.path(flap, DEEP, opacity=0.3, blur=10)
    cloth(sheet, flap, colour)
    stitches(sheet, "M286 630C290 744 760 744 600 762C760 762 912 744 914 630", colour)
    sheet.path(rounded(566, 740, 68, 84, 14), sheet.linear([(0, "#f0dca8", 1), (1, "#a98546", 1)]))
    sheet.path(oval(600, 782, 12, 12), "#7c5f2c")
