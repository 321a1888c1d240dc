"""For small people, and for their animals."""

from __future__ import annotations

from shangliu.cli.demo.pictures.ink import DEEP, Sheet, dim, lines, lit, n, oval, rounded, smooth
from shangliu.cli.demo.pictures.solids import (
    FLAT,
    FLOOR,
    cloth,
    fold,
    mouth,
    seal,
    shadow,
    slab_shadow,
    stitches,
    turned,
)


def blocks(sheet: Sheet, *, colours: tuple[str, ...]) -> None:
    """A tower of beech blocks: an arch, cubes, a roof and a ball."""
    slab_shadow(sheet, 270, 660, FLOOR)
    red, blue, yellow, green, wood = colours
    for x, tone in ((270, wood), (760, green)):
        _block(sheet, x, 760, 170, 170, tone)
    arch = "M440 760H760V930H690A90 90 0 0 0 510 930H440Z"
    sheet.path(lines([(452, 722), (748, 722), (762, 764), (438, 764)]), lit(yellow, 0.45))
    sheet.path(
        arch, sheet.linear([(0, lit(yellow, 0.25), 1), (1, dim(yellow, 0.2), 1)], end=(1, 0.5))
    )
    _block(sheet, 330, 612, 540, 130, blue)
    for x in (380, 720):
        turned(sheet, x + 50, [(424, 56), (596, 56)], red if x < 500 else wood, gloss=0.2)
    sheet.path(oval(600, 590, 80, 14), DEEP, opacity=0.3, blur=6)
    sheet.path(
        oval(600, 526, 66, 66),
        sheet.radial(
            [(0, lit(green, 0.6), 1), (0.6, green, 1), (1, dim(green, 0.4), 1)],
            centre=(0.35, 0.3),
            radius=0.8,
        ),
    )
    _block(sheet, 350, 370, 500, 50, wood)
    roof = lines([(370, 344), (600, 190), (830, 344)])
    sheet.path(roof, sheet.linear([(0, lit(red, 0.3), 1), (1, dim(red, 0.25), 1)], end=(1, 0.5)))
    sheet.line("M374 342L600 192", lit(red, 0.55), 6, opacity=0.8)


def _block(sheet: Sheet, x: float, y: float, width: float, height: float, colour: str) -> None:
    lid = 30
    sheet.path(
        lines([(x + 12, y - lid), (x + width - 12, y - lid), (x + width, y + 3), (x, y + 3)]),
        sheet.linear([(0, lit(colour, 0.6), 1), (1, lit(colour, 0.3), 1)]),
    )
    front = rounded(x, y, width, height, 6)
    sheet.path(
        front,
        sheet.linear(
            [(0, lit(colour, 0.22), 1), (0.5, colour, 1), (1, dim(colour, 0.2), 1)], end=(1, 0.4)
        ),
    )
    with sheet.inside(front):
        for at in range(int(height // 22)):
            sheet.line(
                f"M{n(x)} {n(y + 12 + at * 22)}q{n(width / 2)} {6 - at % 3 * 5} {n(width)} 0",
                DEEP,
                2,
                opacity=0.08,
            )


def rabbit(sheet: Sheet, *, colour: str, inner: str = "#e6b8a8", scarf: str = "#b8502f") -> None:
    """A plush rabbit sitting up."""
    shadow(sheet, 600, FLOOR - 26, 230)
    for side in (1, -1):
        ear = smooth(
            [
                (600 + side * 50, 420),
                (600 + side * 30, 250),
                (600 + side * 84, 150),
                (600 + side * 140, 190),
                (600 + side * 136, 320),
                (600 + side * 110, 430),
            ],
            closed=True,
        )
        cloth(sheet, ear, colour)
        with sheet.moved(0, 14, scale=0.66, around=(600 + side * 86, 310)):
            sheet.path(ear, sheet.down([(0, lit(inner, 0.3), 1), (1, inner, 1)]))
    for side in (1, -1):
        _plush(sheet, 600 + side * 170, 690, 62, 120, colour, turn=side * -22)
    _plush(sheet, 600, 750, 190, 170, colour)
    sheet.path(oval(596, 770, 118, 116), lit(colour, 0.5), opacity=0.7, blur=12)
    for side in (1, -1):
        _plush(sheet, 600 + side * 130, 880, 98, 62, colour)
        sheet.path(oval(600 + side * 136, 884, 44, 32), inner, opacity=0.8)
    _plush(sheet, 600, 470, 196, 166, colour)
    sheet.path(oval(596, 520, 96, 66), lit(colour, 0.6), opacity=0.8, blur=10)
    for side in (1, -1):
        sheet.path(oval(600 + side * 78, 462, 16, 19), "#2b2320")
        sheet.path(oval(600 + side * 78 - 5, 455, 5, 6), "#ffffff")
        sheet.path(oval(600 + side * 118, 516, 34, 22), inner, opacity=0.55, blur=8)
    sheet.path(
        smooth([(578, 500), (600, 494), (622, 500), (600, 522)], closed=True), dim(inner, 0.2)
    )
    sheet.line(
        "M600 522V540M600 540C590 556 572 556 564 546M600 540C610 556 628 556 636 546", "#4a3a34", 5
    )
    wrap = smooth(
        [(450, 604), (600, 636), (750, 604), (760, 650), (600, 690), (440, 650)], closed=True
    )
    cloth(sheet, wrap, scarf)
    end = "M660 640L740 640L770 800L690 806Z"
    cloth(sheet, end, scarf)
    for at in range(6):
        sheet.line(f"M{692 + at * 14} {806 - at}v26", scarf, 7)
    stitches(sheet, "M600 720V880", colour)


def _plush(
    sheet: Sheet, cx: float, cy: float, rx: float, ry: float, colour: str, *, turn: float = 0
) -> None:
    with sheet.moved(turn=turn, around=(cx, cy)):
        sheet.path(
            oval(cx, cy, rx, ry),
            sheet.radial(
                [(0, lit(colour, 0.5), 1), (0.55, colour, 1), (1, dim(colour, 0.30), 1)],
                centre=(0.36, 0.28),
                radius=0.82,
            ),
        )


def child_bowl(sheet: Sheet, *, colour: str, spoon: str) -> None:
    """A bowl with ears, and a spoon."""
    cx = 560.0
    shadow(sheet, cx, FLOOR - 50, 190, reach=1.1)
    for side in (1, -1):
        sheet.path(oval(cx + side * 190, 556, 76, 76), dim(colour, 0.1 if side > 0 else 0))
        sheet.path(oval(cx + side * 190, 556, 40, 40), lit(colour, 0.45))
    body = turned(
        sheet, cx, [(600, 290), (660, 284), (760, 250), (840, 196), (884, 150)], colour, gloss=0.4
    )
    with sheet.inside(body):
        for side in (1, -1):
            sheet.path(oval(cx + side * 84, 740, 15, 18), "#3a2c28")
            sheet.path(oval(cx + side * 140, 786, 34, 20), "#f0a08c", opacity=0.6, blur=6)
        sheet.path(oval(cx, 776, 22, 15), "#3a2c28")
        sheet.line(
            (
                f"M{n(cx)} 790C{n(cx - 6)} 814 {n(cx - 34)} 816 {n(cx - 44)} 802"
                f"M{n(cx)} 790C{n(cx + 6)} 814 {n(cx + 34)} 816 {n(cx + 44)} 802"
            ),
            "#3a2c28",
            6,
        )
    mouth(sheet, (cx, 600), 290, lit(colour, 0.25), wall=16, fill="#f6ecd0", level=12)
    with sheet.moved(turn=24, around=(960, 700)):
        sheet.path(rounded(950, 500, 40, 380, 18), DEEP, opacity=0.25, blur=12)
        sheet.path(
            rounded(936, 560, 38, 330, 18),
            sheet.linear([(0, lit(spoon, 0.4), 1), (1, dim(spoon, 0.3), 1)]),
        )
        sheet.path(
            oval(955, 500, 62, 84),
            sheet.linear([(0, lit(spoon, 0.45), 1), (1, dim(spoon, 0.25), 1)]),
        )
        sheet.path(oval(957, 502, 44, 64), dim(spoon, 0.2))


def cat(sheet: Sheet, *, colour: str, bowl: str = "#5d7d86") -> None:
    """A cat beside its bowl."""
    shadow(sheet, 520, FLOOR - 26, 210)
    sheet.line("M690 860C820 880 880 780 830 690C806 650 760 660 766 700", colour, 52)
    _plush(sheet, 520, 730, 200, 200, colour)
    for side in (1, -1):
        ear = lines([(520 + side * 40, 340), (520 + side * 150, 230), (520 + side * 168, 410)])
        sheet.path(ear, dim(colour, 0.08))
        sheet.path(
            lines([(520 + side * 74, 340), (520 + side * 136, 276), (520 + side * 146, 390)]),
            "#e6b8a8",
        )
    _plush(sheet, 520, 450, 176, 150, colour)
    for side in (1, -1):
        sheet.path(oval(520 + side * 66, 440, 20, 25), "#f2d98a")
        sheet.path(oval(520 + side * 66, 442, 9, 21), "#2b2320")
        sheet.line(
            f"M{520 + side * 70} 500l{side * 110} -14M{520 + side * 70} 512l{side * 112} 8",
            lit(colour, 0.7),
            4,
        )
        _plush(sheet, 520 + side * 80, 890, 66, 44, lit(colour, 0.15))
    sheet.path(smooth([(502, 486), (520, 480), (538, 486), (520, 504)], closed=True), "#c9786a")
    sheet.line("M520 504C510 524 490 524 482 512M520 504C530 524 550 524 558 512", "#4a3a34", 5)
    for x in (470, 520, 570):
        sheet.line(f"M{x} 316v52", dim(colour, 0.35), 14, opacity=0.6)
    shadow(sheet, 900, 930, 110, reach=0.4)
    turned(sheet, 900, [(850, 120), (930, 136)], bowl, gloss=0.4)
    mouth(sheet, (900, 850), 120, bowl, wall=12, fill="#8a5a32", level=2)


def peaks(sheet: Sheet, *, colour: str) -> None:
    """The shop's own mark in stone: what stands in where nothing else fits."""
    sheet.path(oval(640, 880, 420, 60), DEEP, opacity=0.22, blur=26)
    for x, height, half, tone in (
        (400, 330, 190, 0.18),
        (800, 380, 210, -0.12),
        (600, 560, 250, 0.05),
    ):
        top = FLOOR - 40 - height
        shade = lit(colour, tone) if tone > 0 else dim(colour, -tone)
        peak = smooth(
            [
                (x - half, 890),
                (x - half * 0.5, top + height * 0.4),
                (x, top),
                (x + half * 0.52, top + height * 0.42),
                (x + half, 890),
            ]
        )
        sheet.path(
            peak + "Z",
            sheet.linear([(0, lit(shade, 0.35), 1), (0.5, shade, 1), (1, dim(shade, 0.35), 1)]),
        )
        with sheet.inside(peak + "Z"):
            fold(
                sheet,
                [(x + 6, top), (x - 20, top + height * 0.4), (x + 16, 890)],
                width=24,
                strength=0.12,
            )
    sheet.path(oval(600, 890, 470, 470 * FLAT * 0.35), "#ffffff", opacity=0.35, blur=24)
    seal(sheet, 600, 700, 110)
