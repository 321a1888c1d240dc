"""Light, scent, towels and what keeps a room in order."""

from __future__ import annotations

from shangliu.cli.demo.pictures.ink import DEEP, Sheet, dim, lines, lit, n, oval, rounded, smooth
from shangliu.cli.demo.pictures.solids import (
    FLAT,
    FLOOR,
    cloth,
    grain,
    mouth,
    outline,
    plate_top,
    seal,
    shadow,
    slab_shadow,
    stitches,
    turned,
)


def lamp(sheet: Sheet, *, shade: str = "#f2dfb8", base: str = "#6f8a86") -> None:
    """A table lamp that is switched on."""
    cx = 590.0
    sheet.path(oval(cx, 440, 520, 440), sheet.radial([(0, "#ffe9b8", 0.75), (1, "#ffe9b8", 0)]))
    sheet.path(oval(cx, 900, 420, 90), sheet.radial([(0, "#ffe9b8", 0.6), (1, "#ffe9b8", 0)]))
    shadow(sheet, cx, FLOOR - 30, 130)
    turned(sheet, cx, [(560, 18), (640, 18)], "#b08d57", gloss=0.4)
    turned(
        sheet,
        cx,
        [(630, 34), (660, 60), (730, 128), (800, 140), (860, 110), (896, 96)],
        base,
        gloss=0.5,
    )
    profile = [(250, 168), (420, 232), (570, 286)]
    sheet.path(oval(cx, 570, 286, 286 * FLAT), "#fff6dc")
    body = turned(sheet, cx, profile, shade, gloss=0, depth=0.5)
    with sheet.inside(body):
        sheet.path(oval(cx, 500, 220, 170), "#fffbe9", opacity=0.85, blur=50)
        for at in range(-9, 10):
            sheet.line(
                f"M{n(cx + at * 17.6)} 240L{n(cx + at * 30)} 640", "#a98a52", 2, opacity=0.25
            )
    sheet.line(
        f"M{n(cx - 286)} 570A286 {n(286 * FLAT)} 0 0 0 {n(cx + 286)} 570",
        dim(shade, 0.25),
        7,
        opacity=0.7,
    )
    sheet.line(oval(cx, 250, 168, 168 * FLAT), dim(shade, 0.2), 5, opacity=0.7)
    sheet.path(oval(cx, 252, 160, 160 * FLAT - 3), dim(shade, 0.30))


def candle(sheet: Sheet, *, glass: str = "#a9745a", label: str = "#f6efdf") -> None:
    """A scented candle in tinted glass, burning."""
    cx, r = 590.0, 200.0
    sheet.path(oval(cx, 470, 360, 330), sheet.radial([(0, "#ffe2a0", 0.6), (1, "#ffe2a0", 0)]))
    shadow(sheet, cx, FLOOR - 46, r - 4)
    body = turned(sheet, cx, [(540, r), (720, r), (860, r - 4), (888, r - 22)], glass, gloss=0.5)
    with sheet.inside(body):
        sheet.path(oval(cx, 590, 190, 90), "#ffd9a0", opacity=0.55, blur=30)
        sheet.path(rounded(cx - 110, 660, 220, 170, 6), label)
    seal(sheet, cx, 722, 72)
    sheet.line(f"M{n(cx - 62)} 786H{n(cx + 62)}", dim(glass, 0.2), 5, opacity=0.6)
    mouth(sheet, (cx, 540), r, lit(glass, 0.2), wall=12, fill="#f7ecd2", level=14)
    sheet.line(f"M{n(cx)} 556C{n(cx - 4)} 536 {n(cx + 4)} 520 {n(cx)} 504", "#3a2a22", 8)
    sheet.path(oval(cx, 450, 70, 110), "#ffcf6a", opacity=0.5, blur=24)
    flame = smooth(
        [(cx, 372), (cx + 26, 430), (cx + 32, 478), (cx, 516), (cx - 32, 478), (cx - 22, 430)],
        closed=True,
    )
    sheet.path(flame, sheet.down([(0, "#ffd56b", 1), (0.6, "#fff3c4", 1), (1, "#f0a03c", 1)]))
    sheet.path(oval(cx, 488, 13, 24), "#fffdf2")


def towel(sheet: Sheet, *, colours: tuple[str, ...]) -> None:
    """Towels rolled and folded."""
    slab_shadow(sheet, 250, 680, 888)
    y = 888.0
    for at, colour in enumerate(colours[:3]):
        y -= 120
        shape = rounded(250 + at * 6, y, 680 - at * 12, 122, 52)
        cloth(sheet, shape, colour)
        with sheet.inside(shape):
            for row in range(6):
                for dot in range(46):
                    sheet.path(
                        oval(258 + dot * 15 + (row % 2) * 7, y + 10 + row * 20, 3, 2.4),
                        "#ffffff",
                        opacity=0.28,
                    )
            sheet.line(f"M250 {n(y + 62)}H930", DEEP, 6, opacity=0.2, blur=3)
            sheet.path(oval(600, y + 126, 350, 26), DEEP, opacity=0.28, blur=10)
        sheet.line(
            (
                f"M{n(286 + at * 6)} {n(y + 84)}H{n(896 - at * 6)}"
                f"M{n(286 + at * 6)} {n(y + 96)}H{n(896 - at * 6)}"
            ),
            lit(colour, 0.7),
            4,
            opacity=0.8,
        )
    for x, colour in ((470, colours[-1]), (712, colours[0])):
        with sheet.moved(x - 470, y - 528):
            sheet.path(oval(480, 528, 120, 18), DEEP, opacity=0.3, blur=8)
            sheet.path(
                oval(470, 410, 120, 118),
                sheet.radial(
                    [(0, lit(colour, 0.5), 1), (0.7, colour, 1), (1, dim(colour, 0.25), 1)],
                    centre=(0.35, 0.3),
                    radius=0.8,
                ),
            )
            spiral = (
                "M470 410a14 14 0 0 1 14 -14a34 34 0 0 1 34 34a52 52 0 0 1 -52 52"
                "a72 72 0 0 1 -72 -72a88 88 0 0 1 88 -86a98 98 0 0 1 92 90"
            )
            sheet.line(spiral, dim(colour, 0.35), 7, opacity=0.5)


def basket(sheet: Sheet, *, colour: str = "#c49a5e") -> None:
    """A woven basket with a cloth over its edge."""
    cx = 590.0
    shadow(sheet, cx, FLOOR - 40, 250)
    for side in (1, -1):
        sheet.line(
            (
                f"M{n(cx + side * 286)} 560"
                f"C{n(cx + side * 380)} 540 {n(cx + side * 380)} 660 {n(cx + side * 278)} 650"
            ),
            dim(colour, 0.25),
            26,
        )
    profile = [(520, 310), (640, 306), (780, 284), (892, 250)]
    body = turned(sheet, cx, profile, colour, gloss=0)
    with sheet.inside(body):
        for row in range(12):
            y = 530 + row * 32
            for at in range(22):
                x = cx - 310 + at * 29 + (row % 2) * 14
                dip = 66 * (1 - ((x - cx) / 316) ** 2)
                sheet.path(
                    rounded(x, y + dip - 28, 27, 22, 10),
                    sheet.down([(0, lit(colour, 0.45), 0.85), (1, dim(colour, 0.35), 0.85)]),
                    opacity=0.75,
                )
        sheet.path(
            outline(cx, profile),
            sheet.linear(
                [(0, DEEP, 0.28), (0.3, "#ffffff", 0.12), (0.6, DEEP, 0.04), (1, DEEP, 0.42)]
            ),
        )
    mouth(sheet, (cx, 520), 310, colour, wall=22)


def chair(sheet: Sheet, *, wood: str = "#b07c48", seat: str = "#d9cbb0") -> None:
    """A round-backed wooden chair with a woven seat."""
    shadow(sheet, 600, FLOOR - 20, 220, reach=0.8)
    for x, foot in ((420, 400), (760, 780)):
        sheet.line(f"M{x} 640L{foot} 860", dim(wood, 0.35), 26)
    sheet.line(
        "M406 330C396 470 420 560 430 640M778 330C788 470 764 560 750 640", dim(wood, 0.15), 26
    )
    sheet.line("M396 360C420 250 764 250 788 360", dim(wood, 0.25), 40)
    sheet.line("M396 350C420 240 764 240 788 350", lit(wood, 0.12), 30)
    sheet.line("M592 290V620", dim(wood, 0.1), 54)
    sheet.line("M584 290V620", lit(wood, 0.25), 14, opacity=0.6)
    top = lines([(410, 610), (770, 610), (830, 720), (350, 720)])
    sheet.path(top, sheet.linear([(0, lit(seat, 0.4), 1), (1, dim(seat, 0.12), 1)], end=(1, 0.6)))
    with sheet.inside(top):
        for at in range(-14, 30):
            sheet.line(
                f"M{350 + at * 22} 720l110 -110M{350 + at * 22} 610l110 110",
                dim(seat, 0.35),
                3,
                opacity=0.4,
            )
    sheet.path(
        rounded(342, 716, 496, 34, 10), sheet.down([(0, lit(wood, 0.3), 1), (1, dim(wood, 0.3), 1)])
    )
    sheet.line("M366 740L346 920M814 740L834 920", dim(wood, 0.28), 34)
    sheet.line("M362 742L342 916M810 742L830 916", lit(wood, 0.2), 14, opacity=0.7)
    sheet.line("M360 846H824", dim(wood, 0.2), 18)


def vase(sheet: Sheet, *, colour: str = "#d8d2c2") -> None:
    """A vase with one branch of plum."""
    cx = 570.0
    shadow(sheet, cx, FLOOR - 46, 150)
    branch = [(cx + 4, 480), (cx + 30, 380), (cx + 130, 300), (cx + 220, 220), (cx + 330, 190)]
    sheet.line(smooth(branch), "#5b4334", 15)
    sheet.line(smooth([(cx + 60, 350), (cx - 40, 280), (cx - 80, 190)]), "#5b4334", 10)
    for x, y, size in (
        (130, 292, 30),
        (220, 214, 34),
        (326, 190, 26),
        (-40, 276, 28),
        (-84, 186, 32),
        (260, 252, 18),
        (20, 330, 16),
    ):
        for turn in range(0, 360, 72):
            with sheet.moved(cx + x, y, turn=turn):
                sheet.path(
                    oval(size * 0.6, 0, size * 0.56, size * 0.46),
                    sheet.linear([(0, "#c4453a", 1), (1, "#ec9a88", 1)]),
                )
        sheet.path(oval(cx + x, y, size * 0.24, size * 0.24), "#f4d37a")
    body = turned(
        sheet,
        cx,
        [(470, 62), (500, 50), (550, 62), (640, 158), (730, 190), (820, 158), (886, 100)],
        colour,
        gloss=0.5,
    )
    with sheet.inside(body):
        for at in range(40):
            sheet.path(
                oval(cx - 190 + (at * 83) % 380, 560 + (at * 59) % 320, 3, 2.4),
                dim(colour, 0.5),
                opacity=0.3,
            )
    mouth(sheet, (cx, 470), 62, colour, wall=9)


def fan(sheet: Sheet, *, colour: str = "#e8ebe8") -> None:
    """A small electric fan."""
    cx = 600.0
    shadow(sheet, cx, FLOOR - 26, 170)
    turned(sheet, cx, [(850, 120), (880, 170), (904, 176)], colour, gloss=0.3)
    plate_top(sheet, cx, 852, 120, colour)
    turned(sheet, cx, [(640, 30), (860, 36)], dim(colour, 0.05), gloss=0.4)
    sheet.path(oval(cx + 18, 452, 290, 290), DEEP, opacity=0.18, blur=24)
    sheet.path(
        oval(cx, 440, 290, 290),
        sheet.radial(
            [(0, lit(colour, 0.5), 1), (1, dim(colour, 0.10), 1)], centre=(0.35, 0.3), radius=0.8
        ),
    )
    for turn in range(0, 360, 72):
        with sheet.moved(cx, 440, turn=turn):
            blade = smooth(
                [(20, -30), (120, -120), (236, -60), (230, 30), (110, 40), (20, 20)], closed=True
            )
            sheet.path(blade, sheet.linear([(0, "#8fa8a4", 1), (1, "#c9d8d4", 1)]), opacity=0.9)
    for r in (290, 244, 196, 148, 100):
        sheet.line(oval(cx, 440, r, r), dim(colour, 0.35), 9 if r == 290 else 4, opacity=0.8)
    for turn in range(0, 360, 15):
        with sheet.moved(cx, 440, turn=turn):
            sheet.line("M62 0H288", dim(colour, 0.35), 3, opacity=0.6)
    sheet.path(
        oval(cx, 440, 62, 62),
        sheet.radial(
            [(0, "#ffffff", 1), (1, dim(colour, 0.15), 1)], centre=(0.35, 0.3), radius=0.8
        ),
    )
    seal(sheet, cx, 440, 50)


def soap(sheet: Sheet, *, colour: str = "#dcc9a0") -> None:
    """A bar of soap on a slatted dish, and a tube."""
    slab_shadow(sheet, 250, 600, 900)
    dish = rounded(240, 800, 620, 84, 38)
    sheet.path(dish, sheet.down([(0, "#c79a68", 1), (1, "#7c5836", 1)]))
    grain(
        sheet,
        dish,
        "#a67a4a",
        [[(240, 816 + at * 15), (540, 822 + at * 13), (860, 814 + at * 15)] for at in range(5)],
    )
    sheet.path(oval(560, 800, 250, 20), DEEP, opacity=0.3, blur=9)
    sheet.path(
        rounded(310, 640, 480, 160, 70),
        sheet.linear([(0, dim(colour, 0.05), 1), (1, dim(colour, 0.3), 1)]),
    )
    top = smooth(
        [
            (320, 690),
            (390, 620),
            (550, 604),
            (720, 622),
            (782, 690),
            (720, 730),
            (550, 742),
            (380, 730),
        ],
        closed=True,
    )
    sheet.path(top, sheet.linear([(0, lit(colour, 0.65), 1), (1, colour, 1)], end=(1, 0.6)))
    sheet.line(
        smooth(
            [
                (370, 690),
                (420, 640),
                (550, 628),
                (690, 640),
                (734, 690),
                (680, 714),
                (550, 722),
                (420, 714),
            ],
            closed=True,
        ),
        dim(colour, 0.2),
        4,
        opacity=0.6,
    )
    seal(sheet, 550, 676, 60, dim(colour, 0.25))
    for x, y, r in ((884, 770, 54), (950, 690, 36), (880, 640, 24), (930, 590, 15)):
        sheet.path(
            oval(x, y, r, r),
            sheet.radial([(0, "#ffffff", 0.1), (0.8, "#ffffff", 0.35), (1, "#9fc0c8", 0.6)]),
        )
        sheet.path(oval(x - r * 0.35, y - r * 0.35, r * 0.22, r * 0.16), "#ffffff")
    stitches(sheet, "M330 760H770", dim(colour, 0.1))


def house(sheet: Sheet, *, colour: str = "#cfc4b0") -> None:
    """A small wooden house, for things of the home in general."""
    slab_shadow(sheet, 320, 560, FLOOR)
    wall = lines([(330, 560), (600, 330), (870, 560), (870, 930), (330, 930)])
    sheet.path(
        wall, sheet.linear([(0, lit(colour, 0.4), 1), (1, dim(colour, 0.12), 1)], end=(1, 0.6))
    )
    sheet.line("M270 590L600 306L930 590", dim("#a8503c", 0.3), 56)
    sheet.line("M270 580L600 296L930 580", "#b8603f", 46)
    sheet.path(
        "M520 930V740A80 80 0 0 1 680 740V930Z",
        sheet.linear([(0, "#8a6238", 1), (1, "#5d4024", 1)]),
    )
    sheet.path(oval(656, 840, 9, 9), "#e7cf98")
    sheet.path(oval(600, 560, 58, 58), "#fff3cf")
    sheet.line("M600 502V618M542 560H658" + oval(600, 560, 58, 58), dim(colour, 0.35), 8)
