"""Pans, knives, boards and kettles."""

from __future__ import annotations

from shangliu.cli.demo.pictures.ink import DEEP, Sheet, dim, lines, lit, n, oval, rounded, smooth
from shangliu.cli.demo.pictures.solids import (
    FLAT,
    FLOOR,
    grain,
    mouth,
    seal,
    shadow,
    slab_shadow,
    turned,
)

STEEL = "#b9c0c4"


def _handle(sheet: Sheet, shape: str, colour: str, width: float) -> None:
    sheet.line(shape, dim(colour, 0.45), width + 6)
    sheet.line(shape, colour, width)
    with sheet.moved(-2, -width * 0.2):
        sheet.line(shape, lit(colour, 0.45), width * 0.28, opacity=0.7, blur=3)


def frying_pan(sheet: Sheet, *, colour: str = "#2f3134", egg: bool = True) -> None:
    """A cast-iron pan seen from above the rim, an egg in it."""
    cx, cy = 520.0, 640.0
    sheet.path(oval(cx + 50, cy + 150, 380, 110), DEEP, opacity=0.28, blur=36)
    sheet.path(oval(cx + 12, cy + 120, 330, 100), DEEP, opacity=0.4, blur=14)
    _handle(sheet, "M800 560L1075 420", colour, 46)
    sheet.path(oval(1058, 428, 15, 11), lit(colour, 0.55))
    rim = oval(cx, cy, 360, 150)
    side = (
        f"M{n(cx - 360)} {n(cy)}C{n(cx - 350)} {n(cy + 150)} {n(cx - 190)} {n(cy + 222)}"
        f" {n(cx)} {n(cy + 222)}S{n(cx + 350)} {n(cy + 150)} {n(cx + 360)} {n(cy)}Z"
    )
    sheet.path(
        side,
        sheet.linear(
            [
                (0, dim(colour, 0.3), 1),
                (0.25, lit(colour, 0.28), 1),
                (0.5, colour, 1),
                (1, dim(colour, 0.5), 1),
            ]
        ),
    )
    sheet.path(
        rim,
        sheet.linear(
            [(0, lit(colour, 0.45), 1), (0.5, lit(colour, 0.22), 1), (1, colour, 1)], end=(1, 0.5)
        ),
    )
    inner = oval(cx, cy + 8, 332, 132)
    sheet.path(
        inner,
        sheet.linear(
            [(0, dim(colour, 0.55), 1), (0.6, dim(colour, 0.15), 1), (1, lit(colour, 0.18), 1)],
            end=(0.8, 1),
        ),
    )
    with sheet.inside(inner):
        floor = oval(cx + 4, cy + 34, 270, 98)
        sheet.path(floor, sheet.linear([(0, dim(colour, 0.3), 1), (1, lit(colour, 0.10), 1)]))
        sheet.path(oval(cx + 130, cy + 70, 130, 30), "#ffffff", opacity=0.10, blur=16)
        if egg:
            _egg(sheet, cx - 20, cy + 34)


def _egg(sheet: Sheet, x: float, y: float) -> None:
    white = smooth(
        [
            (x - 150, y),
            (x - 90, y - 48),
            (x + 10, y - 56),
            (x + 120, y - 40),
            (x + 168, y + 6),
            (x + 90, y + 50),
            (x - 40, y + 58),
            (x - 128, y + 40),
        ],
        closed=True,
    )
    sheet.path(
        smooth([(x - 146, y + 8), (x, y - 40), (x + 172, y + 14), (x + 20, y + 68)], closed=True),
        DEEP,
        opacity=0.35,
        blur=9,
    )
    sheet.path(white, sheet.down([(0, "#fffdf6", 1), (1, "#e8e0cf", 1)]))
    sheet.path(oval(x + 12, y - 6, 66, 36), "#d98a1f")
    sheet.path(
        oval(x + 12, y - 11, 64, 34),
        sheet.radial(
            [(0, "#ffd777", 1), (0.6, "#f3ac35", 1), (1, "#e2911f", 1)],
            centre=(0.36, 0.3),
            radius=0.8,
        ),
    )
    sheet.path(oval(x - 12, y - 24, 18, 6), "#ffffff", opacity=0.75, blur=3)


def wok(sheet: Sheet, *, colour: str = "#4a4d50", wood: str = "#a9743f") -> None:
    """A deep round pan with a wooden handle and a spatula."""
    cx, cy = 540.0, 570.0
    shadow(sheet, cx, 858, 190, reach=1.4)
    _handle(sheet, "M840 520L1110 400", wood, 44)
    _handle(sheet, "M790 542L868 508", STEEL, 30)
    profile = [(cy, 366), (cy + 60, 350), (cy + 150, 300), (cy + 230, 216), (cy + 286, 120)]
    turned(sheet, cx, profile, colour, gloss=0.22)
    mouth(sheet, (cx, cy), 366, lit(colour, 0.08), wall=11)
    sheet.path(oval(cx + 110, cy + 48, 190, 34), "#ffffff", opacity=0.16, blur=14)
    sheet.line(
        (
            f"M{n(cx - 366)} {n(cy + 4)}"
            f"C{n(cx - 436)} {n(cy + 10)} {n(cx - 436)} {n(cy + 62)} {n(cx - 352)} {n(cy + 58)}"
        ),
        dim(colour, 0.2),
        20,
    )
    with sheet.moved(0, 0, turn=4, around=(480, 560)):
        blade = "M430 588L640 520L668 560L470 640Z"
        sheet.path(blade, sheet.linear([(0, lit(STEEL, 0.5), 1), (1, dim(STEEL, 0.3), 1)]))
        _handle(sheet, "M650 534L880 330", wood, 26)


def knife(sheet: Sheet, *, wood: str = "#6b4630") -> None:
    """A chef's knife lying on the diagonal, its hammered blade towards the light."""
    with sheet.moved(turn=-32, around=(600, 620)):
        sheet.path(
            lines([(110, 640), (800, 640), (1090, 650), (1090, 700), (780, 705), (300, 760)]),
            DEEP,
            opacity=0.26,
            blur=20,
        )
        blade = "M96 690C190 640 300 560 420 548L770 548V690C560 706 300 716 96 690Z"
        sheet.path(
            blade,
            sheet.down(
                [
                    (0, "#8d969b", 1),
                    (0.28, "#dfe4e6", 1),
                    (0.55, "#b3bcc0", 1),
                    (0.8, "#e9edee", 1),
                    (1, "#9aa4a9", 1),
                ]
            ),
        )
        with sheet.inside(blade):
            for row in range(3):
                for at in range(22):
                    x, y = 200 + at * 30 + (row % 2) * 15, 566 + row * 22
                    sheet.path(
                        oval(x, y, 11, 8), "#ffffff" if (at + row) % 3 else "#7d878c", opacity=0.28
                    )
            sheet.path("M96 690C300 690 560 672 770 656V720H96Z", "#f6f8f8", opacity=0.75)
            sheet.line("M120 684C320 676 560 664 770 650", "#7f898e", 2, opacity=0.6)
        sheet.path(
            rounded(752, 548, 46, 104, 4),
            sheet.down([(0, "#e7dcc4", 1), (0.5, "#b7a273", 1), (1, "#7c6a45", 1)]),
        )
        grip = (
            "M796 548H1040C1090 548 1104 580 1098 620"
            "C1094 650 1060 668 1030 660C960 640 880 636 796 652Z"
        )

        sheet.path(
            grip, sheet.down([(0, lit(wood, 0.35), 1), (0.4, wood, 1), (1, dim(wood, 0.5), 1)])
        )
        grain(
            sheet,
            grip,
            wood,
            [
                [(800, 560 + at * 18), (930, 572 + at * 14), (1100, 560 + at * 17)]
                for at in range(6)
            ],
        )
        for x in (860, 950, 1034):
            sheet.path(oval(x, 602, 11, 11), "#c9cfd2")
            sheet.path(oval(x - 3, 599, 4, 4), "#ffffff")


def board(sheet: Sheet, *, wood: str = "#b98454") -> None:
    """A thick board stood against the wall, a tomato and spring onions before it."""
    slab_shadow(sheet, 282, 592, 890)
    with sheet.moved(turn=-3, around=(580, 880)):
        sheet.path(rounded(292, 300, 590, 590, 46), dim(wood, 0.45))
        face = rounded(276, 292, 590, 590, 46)
        sheet.path(
            face,
            sheet.linear(
                [(0, lit(wood, 0.42), 1), (0.5, wood, 1), (1, dim(wood, 0.18), 1)], end=(0.8, 1)
            ),
        )
        rows = [
            [
                (276, 320 + at * 44),
                (470, 306 + at * 45 + (at % 3) * 9),
                (680, 326 + at * 44),
                (866, 310 + at * 44),
            ]
            for at in range(13)
        ]
        grain(sheet, face, wood, rows)
        for at in range(4):
            sheet.line(
                smooth(
                    [
                        (620 - at * 10, 600),
                        (660 + at * 20, 560 - at * 16),
                        (740 + at * 20, 600),
                        (660 + at * 16, 650 + at * 14),
                    ],
                    closed=True,
                ),
                dim(wood, 0.4),
                2.5,
                opacity=0.22,
            )
        sheet.path(rounded(500, 330, 150, 44, 22), dim(wood, 0.62))
        sheet.line("M506 364H644", lit(wood, 0.4), 4, opacity=0.7)
    shadow(sheet, 838, 940, 92, reach=0.5)
    turned(
        sheet, 838, [(776, 40), (796, 84), (850, 106), (912, 84), (946, 50)], "#c8432f", gloss=0.55
    )
    sheet.path(
        smooth(
            [
                (792, 782),
                (830, 770),
                (838, 742),
                (850, 770),
                (888, 778),
                (850, 792),
                (838, 806),
                (826, 792),
            ],
            closed=True,
        ),
        "#58793f",
    )
    for at in range(3):
        y = 952 + at * 17
        sheet.line(f"M330 {y}C440 {y - 12} 560 {y + 4} 690 {y - 8}", "#5f8a45", 12)
        sheet.line(f"M250 {y + 3}C280 {y + 2} 300 {y} 350 {y - 1}", "#eef0dc", 13)
        sheet.line(f"M260 {y - 2}C440 {y - 16} 560 {y} 690 {y - 11}", "#ffffff", 3, opacity=0.4)


def kettle(sheet: Sheet, *, colour: str, wood: str = "#a4703c") -> None:
    """An enamel kettle with a swan's spout."""
    cx = 590.0
    shadow(sheet, cx, FLOOR - 46, 230)
    sheet.line("M410 420C410 190 770 190 770 420", dim(STEEL, 0.35), 20)
    sheet.line("M408 416C410 196 764 190 768 416", lit(STEEL, 0.4), 7, opacity=0.8)
    sheet.line("M494 264C550 238 630 238 686 264", dim(wood, 0.3), 46)
    sheet.line("M494 258C550 232 630 232 686 258", lit(wood, 0.15), 34)
    spout = (
        "M430 800C330 760 350 640 290 560C270 530 230 520 214 534"
        "L196 508C226 474 300 486 330 540C372 610 380 640 450 660Z"
    )
    sheet.path(
        spout,
        sheet.linear(
            [(0, lit(colour, 0.3), 1), (0.5, colour, 1), (1, dim(colour, 0.4), 1)], end=(0.8, 0.8)
        ),
    )
    sheet.path(oval(204, 521, 17, 12), dim(colour, 0.55))
    turned(
        sheet,
        cx,
        [(450, 150), (500, 206), (600, 246), (740, 262), (840, 256), (884, 236)],
        colour,
        gloss=0.5,
    )
    sheet.path(oval(cx, 452, 156, 156 * FLAT), dim(colour, 0.25))
    turned(sheet, cx, [(398, 50), (414, 112), (446, 148)], colour, gloss=0.4)
    turned(sheet, cx, [(344, 30), (364, 38), (386, 30), (402, 22)], wood, gloss=0.25)
    sheet.path(oval(cx, 344, 30, 8), lit(wood, 0.3))
    seal(sheet, cx + 20, 720, 64, lit(colour, 0.75))
