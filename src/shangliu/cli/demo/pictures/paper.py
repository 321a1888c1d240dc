"""Paper, pens and pencils."""

from __future__ import annotations

from shangliu.cli.demo.pictures.ink import DEEP, Sheet, dim, lines, lit, n, oval, rounded
from shangliu.cli.demo.pictures.solids import (
    cloth,
    mouth,
    plate_top,
    seal,
    shadow,
    stitches,
    turned,
)


def _lying(sheet: Sheet, shape: str) -> None:
    with sheet.moved(30, 34):
        sheet.path(shape, DEEP, opacity=0.2, blur=26)
    with sheet.moved(9, 11):
        sheet.path(shape, DEEP, opacity=0.28, blur=8)


def notebook(sheet: Sheet, *, colour: str, ribbon: str, thread: bool = True) -> None:
    """A thread-bound notebook lying open to its cover, with a ribbon."""
    with sheet.moved(turn=-11, around=(600, 600)):
        cover = rounded(290, 230, 600, 760, 14)
        _lying(sheet, cover)
        for at in range(6):
            sheet.path(
                rounded(294 + at * 3, 234 + at * 4, 602, 764, 10),
                "#efe8d8" if at % 2 else "#d9cfb8",
            )
        sheet.path("M720 980V1060L740 1040L760 1062V980Z", ribbon)
        cloth(sheet, cover, colour, depth=0.7)
        with sheet.inside(cover):
            sheet.path("M290 230H372V990H290Z", dim(colour, 0.22), opacity=0.7)
            sheet.line("M374 230V990", lit(colour, 0.4), 3, opacity=0.5)
            for at in range(40):
                sheet.line(f"M290 {236 + at * 19}H890", "#ffffff", 1.6, opacity=0.06)
        if thread:
            for y in (300, 480, 660, 840, 930):
                sheet.line(f"M292 {y}H350", lit(ribbon, 0.7), 6)
            sheet.line("M350 240V980", lit(ribbon, 0.7), 5)
        sheet.path(rounded(560, 320, 220, 330, 4), "#f6f0e2")
        sheet.line(rounded(572, 332, 196, 306, 2), dim(colour, 0.1), 2.5, opacity=0.6)
        seal(sheet, 670, 430, 96)
        sheet.line("M630 530H712M630 560H690", dim(colour, 0.2), 5, opacity=0.5)


def fountain_pen(sheet: Sheet, *, colour: str, metal: str = "#c9a464") -> None:
    """An uncapped pen, its cap beside it and a line just written."""
    sheet.line("M190 860C260 800 300 900 370 846S470 880 520 836", "#26364a", 7, opacity=0.85)
    with sheet.moved(turn=-36, around=(600, 620)):
        sheet.path(rounded(250, 640, 800, 76, 38), DEEP, opacity=0.25, blur=20)
        nib = "M214 640C280 618 320 604 380 600V680C320 676 280 662 214 640Z"
        sheet.path(
            nib, sheet.down([(0, lit(metal, 0.6), 1), (0.5, metal, 1), (1, dim(metal, 0.4), 1)])
        )
        sheet.line("M230 640H330", dim(metal, 0.6), 3)
        sheet.path(oval(336, 640, 7, 7), dim(metal, 0.7))
        _barrel(sheet, 376, 130, 50, dim(colour, 0.25))
        _barrel(sheet, 502, 22, 60, metal)
        _barrel(sheet, 520, 490, 62, colour)
        _barrel(sheet, 1000, 26, 44, metal)
    with sheet.moved(60, 176, turn=-36, around=(700, 760)):
        sheet.path(rounded(560, 782, 340, 66, 33), DEEP, opacity=0.25, blur=16)
        with sheet.moved(0, 120):
            _barrel(sheet, 560, 330, 74, colour)
            _barrel(sheet, 560, 26, 78, metal)
        clip = rounded(640, 742, 250, 16, 8)
        sheet.path(clip, sheet.down([(0, lit(metal, 0.7), 1), (1, dim(metal, 0.3), 1)]))


def _barrel(sheet: Sheet, x: float, length: float, width: float, colour: str) -> None:
    sheet.path(
        rounded(x, 640 - width / 2, length, width, min(width / 2, length * 0.3, 26)),
        sheet.down(
            [
                (0, dim(colour, 0.2), 1),
                (0.22, lit(colour, 0.5), 1),
                (0.36, lit(colour, 0.1), 1),
                (0.75, dim(colour, 0.3), 1),
                (1, dim(colour, 0.15), 1),
            ]
        ),
    )


def pencils(sheet: Sheet, *, colours: tuple[str, ...]) -> None:
    """A row of cedar pencils and a curl of shaving."""
    with sheet.moved(turn=-58, around=(600, 600)):
        for at, colour in enumerate(colours):
            y, x = 330 + at * 92, 210 + (at % 2) * 46
            sheet.path(rounded(x + 20, y + 26, 760, 50, 20), DEEP, opacity=0.25, blur=14)
            for part, share in ((0, 0.42), (20, 0.08), (40, -0.26)):
                tone = lit(colour, share) if share > 0 else dim(colour, -share)
                sheet.path(f"M{x + 150} {y + part}H{x + 760}V{y + part + 20}H{x + 150}Z", tone)
            sheet.path(
                lines([(x + 150, y), (x + 150, y + 60), (x, y + 32), (x, y + 28)]),
                sheet.down([(0, "#f1d9b2", 1), (1, "#c79b63", 1)]),
            )
            sheet.path(
                f"M{x + 150} {y}q-14 10 0 20q-14 10 0 20q-14 10 0 20V{y + 60}H{x + 160}V{y}Z",
                colour,
            )
            sheet.path(
                lines([(x + 52, y + 19), (x + 52, y + 42), (x - 2, y + 32), (x - 2, y + 28)]),
                dim(colour, 0.35),
            )
            sheet.path(
                rounded(x + 750, y, 34, 60, 8),
                sheet.down([(0, "#f3e6c8", 1), (0.4, "#c9a464", 1), (1, "#7b5f32", 1)]),
            )
    sheet.line("M880 900C960 860 1010 920 960 960C920 986 880 950 906 926", "#d9ab72", 22)
    sheet.line("M880 894C960 852 1018 916 964 962", colours[0], 5)


def ink_bottle(sheet: Sheet, *, colour: str, paper: str = "#f3ecdc") -> None:
    """A squat glass bottle of ink with a brush-drawn stroke behind."""
    sheet.path(
        (
            "M180 700C300 560 520 480 760 470C900 466 1000 500 1040 540"
            "C980 520 860 520 760 540C560 576 360 660 230 760Z"
        ),
        sheet.linear([(0, colour, 0.9), (0.7, colour, 0.55), (1, colour, 0.06)]),
    )
    cx, r = 600.0, 190.0
    shadow(sheet, cx, 884, r)
    body = turned(
        sheet,
        cx,
        [(600, 150), (640, r - 6), (700, r), (840, r), (880, r - 20)],
        dim(colour, 0.25),
        gloss=0.6,
    )
    with sheet.inside(body):
        sheet.path(rounded(cx - 120, 690, 240, 140, 6), paper)
    seal(sheet, cx - 58, 760, 66)
    sheet.line(f"M{n(cx)} 740H{n(cx + 84)}M{n(cx)} 768H{n(cx + 60)}", colour, 7, opacity=0.7)
    turned(sheet, cx, [(560, 92), (612, 96)], dim(colour, 0.4), gloss=0.3)
    turned(sheet, cx, [(470, 112), (566, 114)], "#2a2a2e", gloss=0.35)
    plate_top(sheet, cx, 470, 112, "#3a3a40")


def desk_set(sheet: Sheet, *, colour: str) -> None:
    """A pot with pens, for things to write with in general."""
    cx, r = 590.0, 160.0
    shadow(sheet, cx, 886, r)
    for x, top, tone, lean in (
        (-84, 300, "#b8402a", -9),
        (-20, 250, "#e0b04c", -2),
        (46, 290, "#3f6f8f", 5),
        (100, 340, "#5f7f4c", 12),
    ):
        with sheet.moved(cx + x, 600, turn=lean):
            sheet.path(f"M-17 {top - 540}L0 {top - 600}L17 {top - 540}Z", "#e5c698")
            sheet.path(
                f"M-17 {top - 540}H17V40H-17Z",
                sheet.linear([(0, lit(tone, 0.4), 1), (0.5, tone, 1), (1, dim(tone, 0.35), 1)]),
            )
    turned(sheet, cx, [(570, r), (720, r), (882, r - 6)], colour, gloss=0.35)
    mouth_y = 570
    sheet.line(f"M{n(cx - r)} {mouth_y}A{n(r)} 38 0 0 0 {n(cx + r)} {mouth_y}", lit(colour, 0.5), 9)
    seal(sheet, cx - 30, 740, 64)


def open_tin(sheet: Sheet, *, colour: str) -> None:
    """A small open pot, for paste or balm."""
    cx = 590.0
    shadow(sheet, cx, 890, 210)
    turned(sheet, cx, [(690, 226), (860, 222), (886, 204)], colour, gloss=0.5)
    mouth(sheet, (cx, 690), 226, lit(colour, 0.3), wall=16, fill="#f3ecdc", level=6)
    with sheet.moved(250, 40):
        turned(sheet, cx, [(820, 190), (880, 190)], dim(colour, 0.1), gloss=0.35)
        plate_top(sheet, cx, 820, 190, colour)
        seal(sheet, cx, 820, 48)
    stitches(sheet, f"M{n(cx - 214)} 800A214 50 0 0 0 {n(cx + 40)} 846", colour)
