"""What the table is laid with."""

from __future__ import annotations

from shangliu.cli.demo.pictures.ink import DEEP, Sheet, dim, lines, lit, n, oval, rounded, smooth
from shangliu.cli.demo.pictures.solids import FLAT, FLOOR, band, mouth, seal, shadow, turned


def bowl(sheet: Sheet, *, colour: str, inside: str | None = None, ring: str = "") -> None:
    """A wide bowl on a foot, crackled like celadon."""
    cx = 590.0
    shadow(sheet, cx, FLOOR - 62, 170, reach=1.6)
    turned(sheet, cx, [(842, 118), (876, 128)], dim(colour, 0.12), gloss=0)
    body = turned(
        sheet,
        cx,
        [(560, 336), (600, 332), (680, 300), (760, 240), (820, 166), (852, 124)],
        colour,
        gloss=0.5,
    )
    with sheet.inside(body):
        for at in range(7):
            x = cx - 270 + at * 90
            sheet.line(
                smooth([(x, 620), (cx + (x - cx) * 0.86, 700), (cx + (x - cx) * 0.5, 830)]),
                lit(colour, 0.5),
                7,
                opacity=0.28,
                blur=2,
            )
        if ring:
            band(sheet, cx, 338, 578, 9, ring)
    mouth(sheet, (cx, 560), 336, inside or colour, wall=15)
    with sheet.inside(oval(cx, 562, 320, 320 * FLAT - 8)):
        sheet.path(oval(cx + 90, 610, 220, 60), "#ffffff", opacity=0.30, blur=22)
        sheet.path(oval(cx + 20, 632, 120, 26), dim(inside or colour, 0.3), opacity=0.35, blur=10)


def plates(sheet: Sheet, *, colour: str = "#f0eee6", line: str = "#35618c") -> None:
    """One plate stood up to show its painting, two lying before it."""
    shadow(sheet, 600, FLOOR - 66, 240, reach=1.1)
    sheet.path(oval(612, 566, 290, 288), dim(colour, 0.3))
    disc = oval(600, 560, 290, 288)
    sheet.path(
        disc,
        sheet.linear(
            [(0, lit(colour, 0.5), 1), (0.6, colour, 1), (1, dim(colour, 0.16), 1)], end=(0.8, 1)
        ),
    )
    sheet.line(oval(600, 560, 276, 274), line, 5, opacity=0.85)
    sheet.line(oval(600, 560, 198, 197), dim(colour, 0.25), 4, opacity=0.6)
    sheet.line(oval(598, 557, 196, 195), "#ffffff", 3, opacity=0.8)
    _orchid(sheet, 600, 660, line)
    sheet.path(
        smooth([(392, 420), (470, 342), (580, 306)])
        + smooth([(590, 330), (486, 366), (414, 438)], start="L")
        + "Z",
        "#ffffff",
        opacity=0.5,
        blur=7,
    )
    for y, r in ((880, 300), (852, 288)):
        turned(sheet, 600, [(y, r), (y + 20, r * 0.8), (y + 34, r * 0.45)], colour, gloss=0)
        sheet.path(
            oval(600, y, r, r * FLAT * 0.8),
            sheet.linear([(0, lit(colour, 0.5), 1), (1, dim(colour, 0.1), 1)]),
        )
        sheet.line(oval(600, y, r - 11, (r - 11) * FLAT * 0.8), line, 4, opacity=0.7)
    sheet.path(oval(600, 854, 190, 36), dim(colour, 0.16), opacity=0.6)


def _orchid(sheet: Sheet, x: float, y: float, line: str) -> None:
    for dx, height, lean in (
        (-10, 250, -150),
        (0, 270, -40),
        (8, 260, 70),
        (14, 200, 160),
        (-4, 170, -90),
    ):
        blade = smooth(
            [(x + dx - 5, y), (x + dx + lean * 0.25, y - height * 0.6), (x + dx + lean, y - height)]
        )
        back = smooth(
            [
                (x + dx + lean, y - height),
                (x + dx + lean * 0.35 + 12, y - height * 0.55),
                (x + dx + 7, y),
            ],
            start="L",
        )
        sheet.path(blade + back + "Z", sheet.down([(0, lit(line, 0.1), 0.8), (1, line, 0.95)]))
    for px, py in ((x + 96, y - 226), (x - 74, y - 236)):
        for turn in (-70, -20, 30, 80, 150):
            with sheet.moved(px, py, turn=turn):
                sheet.path(oval(20, 0, 22, 8), lit(line, 0.35), opacity=0.8)


def mug(sheet: Sheet, *, colour: str, glaze: str, drink: str = "#4b2d1c") -> None:
    """A stoneware mug, dipped halfway in glaze."""
    cx, r = 560.0, 210.0
    shadow(sheet, cx, FLOOR - 52, r)
    handle = "M752 560C880 530 908 650 868 740C840 800 790 812 742 806"
    sheet.line(handle, dim(glaze, 0.35), 56)
    sheet.line(handle, sheet.down([(0, lit(glaze, 0.2), 1), (1, dim(glaze, 0.2), 1)]), 46)
    sheet.line("M762 548C856 528 884 620 858 704", "#ffffff", 9, opacity=0.35, blur=4)
    profile = [(470, r), (560, r + 3), (780, r - 2), (850, r - 14), (880, r - 34)]
    body = turned(sheet, cx, profile, colour, gloss=0.12)
    with sheet.inside(body):
        drip = [
            (cx - 240, 700),
            (cx - 150, 742),
            (cx - 60, 716),
            (cx + 40, 752),
            (cx + 130, 724),
            (cx + 240, 700),
        ]
        dipped = (
            f"M{n(cx - 240)} 380H{n(cx + 240)}V700" + smooth(list(reversed(drip)), start="L") + "Z"
        )
        sheet.path(
            dipped,
            sheet.linear(
                [
                    (0, dim(glaze, 0.26), 1),
                    (0.30, lit(glaze, 0.24), 1),
                    (0.5, glaze, 1),
                    (0.92, dim(glaze, 0.36), 1),
                    (1, dim(glaze, 0.25), 1),
                ]
            ),
        )
        sheet.line(smooth([(x, y + 2) for x, y in drip]), DEEP, 8, opacity=0.18, blur=4)
        for at in range(60):
            x, y = cx - 200 + (at * 89) % 400, 500 + (at * 137) % 380
            sheet.path(oval(x, y, 2.6, 2.0), dim(colour, 0.5), opacity=0.35)
        sheet.path(
            smooth([(cx - 140, 540), (cx - 146, 640), (cx - 140, 720)])
            + smooth([(cx - 108, 716), (cx - 112, 640), (cx - 108, 548)], start="L")
            + "Z",
            "#ffffff",
            opacity=0.42,
            blur=6,
        )
    mouth(sheet, (cx, 470), r, glaze, wall=16, fill=drink, level=10)


def glass_cup(sheet: Sheet, *, tint: str = "#b9cdd0", drink: str = "#dfe9e6") -> None:
    """A heavy tumbler with water."""
    cx = 580.0
    shadow(sheet, cx, FLOOR - 46, 180)
    turned(sheet, cx, [(610, 186), (860, 170), (884, 150)], drink, gloss=0, depth=0.4)
    sheet.path(oval(cx, 610, 186, 44), lit(drink, 0.5))
    edges = [(cx - 210, 420), (cx - 196, 700), (cx - 184, 860), (cx - 160, 892)]
    sheet.line(smooth(edges), "#ffffff", 12, opacity=0.85)
    sheet.line(smooth([(2 * cx - x, y) for x, y in edges]), dim(tint, 0.35), 9, opacity=0.55)
    sheet.path(
        smooth([(cx - 150, 460), (cx - 140, 660), (cx - 130, 800)])
        + smooth([(cx - 92, 800), (cx - 98, 660), (cx - 104, 460)], start="L")
        + "Z",
        "#ffffff",
        opacity=0.5,
        blur=5,
    )
    sheet.line(oval(cx, 420, 210, 50), "#ffffff", 10, opacity=0.9)
    sheet.line(oval(cx, 420, 204, 47), dim(tint, 0.3), 3, opacity=0.7)


def chopsticks(sheet: Sheet, *, colour: str = "#5a3524", tip: str = "#c9a464") -> None:
    """Pairs in a paper sleeve, one pair on a rest."""
    with sheet.moved(turn=-24, around=(600, 600)):
        sheet.path(rounded(300, 470, 640, 210, 30), DEEP, opacity=0.22, blur=26)
        for at in range(6):
            y = 476 + at * 30
            _stick(sheet, 190, 1010, y, colour, tip)
        sleeve = rounded(380, 452, 330, 206, 6)
        sheet.path(sleeve, sheet.down([(0, "#f5efe0", 1), (0.6, "#e9e0ca", 1), (1, "#cfc3a8", 1)]))
        sheet.line("M380 474H710M380 636H710", "#b8402a", 3, opacity=0.7)
        seal(sheet, 545, 555, 92)
    with sheet.moved(40, 210, turn=-24, around=(640, 700)):
        sheet.path(rounded(330, 706, 620, 52, 20), DEEP, opacity=0.22, blur=18)
        for y in (690, 724):
            _stick(sheet, 250, 1000, y, colour, tip)
        rest = smooth(
            [(372, 676), (420, 690), (424, 730), (414, 778), (362, 782), (336, 730)], closed=True
        )
        sheet.path(rest, sheet.linear([(0, "#f7f6f0", 1), (0.5, "#dfe5e2", 1), (1, "#aab7b5", 1)]))
        sheet.path(oval(362, 716, 10, 22), "#ffffff", opacity=0.8, blur=3)


def _stick(sheet: Sheet, x: float, end: float, y: float, colour: str, tip: str) -> None:
    shape = lines(
        [
            (x, y - 11),
            (end - 200, y - 8),
            (end, y - 4),
            (end, y + 4),
            (end - 200, y + 8),
            (x, y + 11),
        ]
    )
    sheet.path(
        shape, sheet.down([(0, lit(colour, 0.35), 1), (0.45, colour, 1), (1, dim(colour, 0.5), 1)])
    )
    sheet.path(
        lines([(x, y - 11), (x + 40, y - 11), (x + 40, y + 11), (x, y + 11)]),
        sheet.down([(0, lit(tip, 0.5), 1), (1, dim(tip, 0.35), 1)]),
    )
