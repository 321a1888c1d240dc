"""What one sleeps on and under."""

from __future__ import annotations

from shangliu.cli.demo.pictures.ink import DEEP, Sheet, dim, lines, lit, n, oval, rounded, smooth
from shangliu.cli.demo.pictures.solids import cloth, fold, grain, seal, slab_shadow, stitches


def pillow(sheet: Sheet, *, colour: str, piping: str = "") -> None:
    """One full pillow leaning back on another."""
    slab_shadow(sheet, 260, 700, 900)
    with sheet.moved(54, -96, turn=5, around=(600, 600)):
        _cushion(sheet, dim(colour, 0.07), piping)
    sheet.path(oval(620, 862, 350, 50), DEEP, opacity=0.25, blur=20)
    _cushion(sheet, colour, piping)
    seal(sheet, 830, 812, 46)


def _cushion(sheet: Sheet, colour: str, piping: str) -> None:
    shape = smooth(
        [
            (236, 560),
            (250, 520),
            (330, 532),
            (600, 500),
            (870, 530),
            (950, 516),
            (968, 560),
            (944, 640),
            (948, 780),
            (970, 868),
            (948, 906),
            (860, 884),
            (600, 910),
            (340, 886),
            (256, 904),
            (232, 866),
            (258, 780),
            (260, 650),
        ],
        closed=True,
    )
    cloth(sheet, shape, colour)
    with sheet.inside(shape):
        sheet.path(oval(480, 640, 260, 120), "#ffffff", opacity=0.45, blur=44)
        sheet.path(oval(690, 860, 330, 80), DEEP, opacity=0.10, blur=40)
        for points in (
            [(250, 530), (330, 590), (390, 612)],
            [(950, 530), (880, 590), (810, 616)],
            [(246, 890), (330, 830), (400, 812)],
            [(954, 890), (870, 834), (800, 816)],
            [(600, 505), (596, 540), (606, 566)],
            [(500, 898), (508, 868), (498, 846)],
            [(720, 898), (712, 862), (724, 838)],
        ):
            fold(sheet, points, width=16, strength=0.15)
    if piping:
        sheet.line(shape, piping, 7, opacity=0.8)


def quilt(sheet: Sheet, *, colour: str, trim: str) -> None:
    """A thick quilt folded in three and tied with a band."""
    slab_shadow(sheet, 238, 730, 892)
    for at, (y, height) in enumerate(((720, 170), (570, 170), (424, 164))):
        shape = smooth(
            [
                (240, y + 30),
                (300, y),
                (600, y - 12),
                (900, y),
                (962, y + 34),
                (972, y + height * 0.55),
                (940, y + height - 6),
                (860, y + height),
                (600, y + height + 8),
                (340, y + height),
                (258, y + height - 8),
                (230, y + height * 0.55),
            ],
            closed=True,
        )
        cloth(sheet, shape, dim(colour, 0.03 * (2 - at)))
        with sheet.inside(shape):
            sheet.path(oval(520, y + 36, 330, 40), "#ffffff", opacity=0.5, blur=22)
            sheet.path(oval(640, y + height, 360, 42), DEEP, opacity=0.24, blur=20)
            for x in (380, 500, 620, 740, 850):
                fold(
                    sheet,
                    [(x, y - 6), (x + 10, y + height * 0.5), (x - 2, y + height)],
                    width=11,
                    strength=0.10,
                )
    top = lines([(300, 420), (400, 350), (840, 350), (930, 424)])
    sheet.path(
        smooth(
            [
                (262, 440),
                (330, 380),
                (460, 352),
                (620, 346),
                (780, 352),
                (890, 384),
                (948, 444),
                (600, 428),
            ],
            closed=True,
        ),
        sheet.linear([(0, lit(colour, 0.6), 1), (1, lit(colour, 0.1), 1)], end=(1, 0.5)),
    )
    with sheet.inside(top):
        for x in (420, 560, 700, 830):
            fold(sheet, [(x, 350), (x - 14, 390), (x - 30, 430)], width=9, strength=0.10)
    ribbon = (
        smooth([(560, 346), (552, 420), (546, 600), (548, 760), (556, 896)])
        + smooth([(648, 898), (642, 760), (640, 600), (644, 420), (640, 346)], start="L")
        + "Z"
    )
    sheet.path(
        ribbon, sheet.linear([(0, lit(trim, 0.2), 1), (0.5, trim, 1), (1, dim(trim, 0.25), 1)])
    )
    sheet.line("M546 566H642M548 716H646", DEEP, 8, opacity=0.25, blur=4)
    seal(sheet, 596, 640, 62, lit(trim, 0.7))


def bed_linen(sheet: Sheet, *, colour: str, second: str) -> None:
    """A set folded and stacked: sheet, cover, two cases, a sprig on top."""
    slab_shadow(sheet, 264, 674, 886)
    layers = ((806, 84, second), (716, 92, colour), (622, 96, lit(colour, 0.35)), (536, 88, second))
    for at, (y, height, tone) in enumerate(layers):
        inset = at * 8
        shape = rounded(262 + inset, y, 676 - 2 * inset, height, 34)
        cloth(sheet, shape, tone)
        with sheet.inside(shape):
            sheet.line(
                (
                    f"M{n(270 + inset)} {n(y + height * 0.52)}"
                    f"C450 {n(y + height * 0.46)} 700 {n(y + height * 0.58)}"
                    f" {n(930 - inset)} {n(y + height * 0.5)}"
                ),
                DEEP,
                6,
                opacity=0.22,
                blur=3,
            )
            sheet.line(
                f"M{n(290 + inset)} {n(y + 9)}H{n(900 - inset)}", "#ffffff", 10, opacity=0.5, blur=5
            )
            sheet.path(oval(600, y + height + 6, 340, 20), DEEP, opacity=0.3, blur=10)
            fold(sheet, [(350 + at * 60, y), (362 + at * 60, y + height)], width=10, strength=0.09)
        sheet.line(
            f"M{n(296 + inset)} {n(y + height - 14)}H{n(904 - inset)}",
            lit(tone, 0.55),
            2.5,
            opacity=0.7,
            dash="9 7",
        )
    top = lines([(320, 544), (392, 482), (822, 482), (884, 544)])
    sheet.path(
        top, sheet.linear([(0, lit(second, 0.55), 1), (1, lit(second, 0.08), 1)], end=(1, 0.6))
    )
    stem = [(452, 528), (540, 506), (640, 500), (760, 486)]
    sheet.line(smooth(stem), "#7c8a63", 6)
    for at in range(7):
        x, y = 500 + at * 38, 516 - at * 4
        for turn in (-48, 42):
            with sheet.moved(x, y, turn=turn):
                sheet.path(oval(22, 0, 24, 9), sheet.down([(0, "#a5b387", 1), (1, "#6f8058", 1)]))


def blanket(sheet: Sheet, *, colour: str, stripe: str) -> None:
    """A wool throw over a rail, with fringe."""
    sheet.line("M190 330H1010", "#8a6238", 30)
    sheet.line("M190 322H1010", "#d2a878", 9, opacity=0.8, blur=2)
    sheet.path(rounded(350, 360, 560, 560, 30), DEEP, opacity=0.22, blur=38)
    shape = (
        "M310 336C310 300 340 300 370 304H830C860 300 890 300 890 336"
        "C900 520 880 700 892 880L308 880C320 700 300 520 310 336Z"
    )
    cloth(sheet, shape, colour)
    with sheet.inside(shape):
        for y, height in ((660, 26), (706, 64), (790, 26)):
            sheet.path(
                (
                    f"M290 {y}C500 {y + 12} 700 {y - 8} 910 {y + 6}v{height}"
                    f"C700 {y + height - 8} 500 {y + height + 12} 290 {y + height}Z"
                ),
                stripe,
                opacity=0.9,
            )
        for x in range(330, 900, 26):
            sheet.line(f"M{x} 300C{x + 8} 500 {x - 6} 700 {x} 890", "#ffffff", 3, opacity=0.09)
        for points in (
            [(430, 320), (446, 560), (428, 880)],
            [(600, 320), (590, 600), (612, 880)],
            [(770, 320), (784, 560), (766, 880)],
        ):
            fold(sheet, points, width=30, strength=0.16)
        sheet.path("M300 300H900V352H300Z", "#ffffff", opacity=0.28, blur=14)
    for x in range(318, 890, 17):
        sheet.line(f"M{x} 880q{(x * 7) % 9 - 4} 30 {(x * 5) % 11 - 5} 62", dim(colour, 0.08), 7)
    seal(sheet, 846, 600, 40, "#8f3a26")


def mattress(sheet: Sheet, *, colour: str = "#eceae3") -> None:
    """A thick mattress on a low wooden frame."""
    slab_shadow(sheet, 180, 840, 900)
    for x in (220, 940):
        sheet.path(rounded(x, 800, 40, 110, 8), "#7c5836")
    frame = rounded(150, 760, 900, 74, 14)
    sheet.path(frame, sheet.down([(0, "#c79a68", 1), (1, "#8a6238", 1)]))
    grain(
        sheet,
        frame,
        "#a67a4a",
        [[(150, 775 + at * 16), (600, 780 + at * 14), (1050, 774 + at * 16)] for at in range(4)],
    )
    side = rounded(166, 600, 868, 172, 44)
    cloth(sheet, side, colour)
    stitches(sheet, "M180 650H1020M180 720H1020", dim(colour, 0.3))
    top = "M190 612C230 520 300 470 360 466H840C900 470 970 520 1010 612Z"
    sheet.path(
        top, sheet.linear([(0, lit(colour, 0.7), 1), (1, dim(colour, 0.06), 1)], end=(0.9, 0.8))
    )
    with sheet.inside(top):
        for row in range(3):
            for at in range(9):
                x = 600 + (at - 4) * (84 + row * 18)
                sheet.path(oval(x, 496 + row * 40, 7, 4), dim(colour, 0.35), opacity=0.6)
                sheet.path(oval(x - 6, 504 + row * 40, 34, 10), DEEP, opacity=0.06, blur=5)
