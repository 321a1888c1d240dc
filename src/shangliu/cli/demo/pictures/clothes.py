"""What one wears."""

from __future__ import annotations

from shangliu.cli.demo.pictures.ink import DEEP, Sheet, dim, lines, lit, n, oval, rounded, smooth
from shangliu.cli.demo.pictures.solids import cloth, fold, seal, slab_shadow, stitches


def _under(sheet: Sheet, shape: str, *, dx: float = 26, dy: float = 30) -> None:
    """The shadow of something that lies or hangs close to the wall."""
    with sheet.moved(dx, dy):
        sheet.path(shape, DEEP, opacity=0.22, blur=24)
    with sheet.moved(dx * 0.3, dy * 0.3):
        sheet.path(shape, DEEP, opacity=0.2, blur=7)


TEE = (
    "M430 250C480 292 720 292 770 250C850 268 900 296 936 330L1046 512L918 590L868 512"
    "C860 650 872 820 880 936C700 966 500 966 320 936"
    "C328 820 340 650 332 512L282 590L154 512L264 330"
    "C300 296 350 268 430 250Z"
)


def t_shirt(sheet: Sheet, *, colour: str, mark: bool = True) -> None:
    """A T-shirt laid flat."""
    _under(sheet, TEE)
    cloth(sheet, TEE, colour)
    with sheet.inside(TEE):
        sheet.path("M332 512C330 430 320 380 300 330L150 500L280 600Z", DEEP, opacity=0.10, blur=10)
        sheet.path(
            "M868 512C870 430 880 380 900 330L1050 500L920 600Z", DEEP, opacity=0.14, blur=10
        )
        for points in (
            [(338, 520), (360, 440), (372, 380)],
            [(862, 520), (840, 440), (828, 380)],
            [(352, 560), (420, 590), (500, 590)],
            [(850, 570), (790, 600), (720, 596)],
            [(420, 950), (440, 820), (424, 700)],
            [(660, 960), (650, 860), (668, 760)],
            [(790, 950), (770, 840), (786, 740)],
        ):
            fold(sheet, points, width=20, strength=0.12)
        sheet.path(oval(480, 460, 150, 190), "#ffffff", opacity=0.22, blur=50)
        sheet.line(
            "M318 916C500 946 700 946 884 916", dim(colour, 0.3), 3, opacity=0.5, dash="10 6"
        )
        sheet.line(
            "M170 490L296 566M1030 490L904 566", dim(colour, 0.3), 3, opacity=0.5, dash="10 6"
        )
    neck = "M430 250C480 292 720 292 770 250C740 340 460 340 430 250Z"
    sheet.path(neck, dim(colour, 0.38))
    sheet.path("M446 256C500 282 700 282 754 256C720 276 480 276 446 256Z", dim(colour, 0.15))
    sheet.line("M430 250C460 352 740 352 770 250", lit(colour, 0.12), 24)
    sheet.line("M424 262C456 368 744 368 776 262", dim(colour, 0.25), 2.5, opacity=0.5)
    if mark:
        seal(sheet, 740, 470, 46)


def shirt(sheet: Sheet, *, colour: str, buttons: str = "#f2ead8") -> None:
    """A linen shirt on a hanger."""
    sheet.line("M600 176C600 130 660 136 650 172C642 196 600 200 600 236", "#8b8f92", 9)
    sheet.line("M600 236L360 326M600 236L840 326", "#a4703c", 24)
    body = (
        "M470 268L560 246H640L730 268C820 290 880 316 912 372L1010 800L900 836L840 560"
        "C836 700 850 830 862 976C690 1004 510 1004 338 976C350 830 364 700 360 560L300 836L190 800"
        "L288 372C320 316 380 290 470 268Z"
    )
    _under(sheet, body)
    cloth(sheet, body, colour)
    with sheet.inside(body):
        sheet.path(
            "M360 560L300 836L190 800L288 372C330 420 350 480 360 560Z", DEEP, opacity=0.10, blur=8
        )
        sheet.path(
            "M840 560L900 836L1010 800L912 372C870 420 850 480 840 560Z", DEEP, opacity=0.16, blur=8
        )
        for at in range(34):
            x = 190 + at * 25
            sheet.line(f"M{x} 240C{x + 6} 500 {x - 8} 760 {x + 2} 1000", "#ffffff", 2, opacity=0.10)
        for points in (
            [(372, 420), (430, 520), (440, 640)],
            [(828, 420), (776, 520), (770, 660)],
            [(470, 980), (486, 820), (470, 700)],
            [(730, 980), (716, 840), (732, 720)],
            [(236, 620), (262, 660), (300, 676)],
            [(966, 620), (936, 664), (900, 678)],
        ):
            fold(sheet, points, width=20, strength=0.13)
        sheet.path(oval(470, 470, 110, 180), "#ffffff", opacity=0.25, blur=46)
    sheet.path("M574 300H628L634 990H568Z", lit(colour, 0.10), opacity=0.8)
    sheet.line("M572 300L566 992M630 300L636 992", dim(colour, 0.35), 2.5, opacity=0.5)
    for y in range(390, 960, 112):
        sheet.path(oval(602, y + 3, 11, 11), DEEP, opacity=0.3, blur=2)
        sheet.path(oval(600, y, 11, 11), buttons)
        sheet.path(oval(598, y - 2, 3, 3), dim(buttons, 0.5))
    sheet.path("M510 262C560 300 640 300 690 262L640 240H560Z", dim(colour, 0.42))
    for side in (1, -1):
        collar = lines(
            [
                (600 - side * 112, 256),
                (600 - side * 62, 232),
                (600, 310),
                (600 - side * 56, 396),
                (600 - side * 134, 300),
            ]
        )
        sheet.path(
            collar, sheet.linear([(0, lit(colour, 0.4), 1), (1, dim(colour, 0.1), 1)], end=(1, 1))
        )
        sheet.line(collar, dim(colour, 0.3), 2.5, opacity=0.5)
    pocket = "M690 500H810V630L750 662L690 630Z"
    sheet.path(pocket, lit(colour, 0.08))
    stitches(sheet, pocket, dim(colour, 0.2))


def socks(sheet: Sheet, *, colour: str, trim: str, stripe: str) -> None:
    """Two pairs lying side by side."""
    for dx, dy, turn, tone in ((210, -30, 10, trim), (-20, 20, -4, colour)):
        with sheet.moved(dx, dy, turn=turn, around=(500, 600)):
            shape = (
                "M350 230C400 216 520 216 570 230C574 400 566 520 590 640C620 700 760 760 830 820"
                "C880 870 850 950 770 948C640 944 470 880 392 780C340 712 360 400 350 230Z"
            )
            _under(sheet, shape)
            cloth(sheet, shape, tone)
            with sheet.inside(shape):
                sheet.path("M340 220H580V330H340Z", lit(tone, 0.18))
                for x in range(352, 580, 16):
                    sheet.line(f"M{x} 222L{x + 2} 330", dim(tone, 0.25), 4, opacity=0.4)
                sheet.path("M340 352H590V378H340ZM340 396H590V408H340Z", stripe)
                sheet.path(
                    smooth([(340, 690), (430, 670), (500, 720), (470, 800), (380, 820)]) + "Z",
                    stripe,
                    opacity=0.9,
                )
                sheet.path(
                    smooth([(730, 730), (690, 830), (740, 960), (900, 980), (900, 780)]) + "Z",
                    stripe,
                    opacity=0.9,
                )
                fold(sheet, [(560, 560), (500, 620), (470, 690)], width=22, strength=0.18)
                fold(sheet, [(590, 640), (540, 690), (520, 730)], width=18, strength=0.14)
                sheet.path(oval(430, 480, 40, 190), "#ffffff", opacity=0.28, blur=24)


def scarf(sheet: Sheet, *, colour: str, stripe: str) -> None:
    """A long scarf folded over itself."""
    back = (
        "M360 300C520 250 760 250 880 310C910 420 880 520 800 560L420 560C340 500 330 380 360 300Z"
    )
    _under(sheet, back)
    cloth(sheet, back, dim(colour, 0.12))
    sheet.path(
        "M430 400C540 360 720 360 800 404C790 480 740 520 620 524C500 520 440 480 430 400Z",
        DEEP,
        opacity=0.35,
        blur=12,
    )
    for x, y, turn, length in ((640, 470, -7, 470), (420, 450, 9, 430)):
        with sheet.moved(turn=turn, around=(x + 60, y)):
            tail = (
                f"M{x - 50} {y}C{x} {y - 40} {x + 130} {y - 40} {x + 180} {y}"
                f"L{x + 172} {y + length}H{x - 40}Z"
            )
            _under(sheet, tail)
            cloth(sheet, tail, colour)
            with sheet.inside(tail):
                for at in range(4):
                    sheet.path(
                        f"M{x - 60} {y + length - 150 + at * 34}"
                        f"H{x + 190}v{10 if at % 2 else 18}H{x - 60}Z",
                        stripe,
                        opacity=0.85,
                    )
                fold(
                    sheet,
                    [(x + 20, y - 20), (x + 34, y + 200), (x + 20, y + length)],
                    width=20,
                    strength=0.13,
                )
                fold(
                    sheet,
                    [(x + 110, y - 20), (x + 100, y + 180), (x + 114, y + length)],
                    width=20,
                    strength=0.12,
                )
            for at in range(15):
                sheet.line(
                    f"M{x - 36 + at * 15} {y + length}l{(at * 7) % 9 - 4} 52", dim(colour, 0.06), 6
                )
    loop = smooth(
        [
            (330, 400),
            (420, 330),
            (600, 360),
            (800, 320),
            (900, 400),
            (860, 520),
            (700, 570),
            (520, 560),
            (370, 530),
        ],
        closed=True,
    )
    _under(sheet, loop)
    cloth(sheet, loop, colour)
    with sheet.inside(loop):
        for points in (
            [(340, 430), (560, 480), (890, 400)],
            [(370, 510), (600, 540), (870, 480)],
            [(420, 350), (620, 410), (860, 350)],
        ):
            fold(sheet, points, width=24, strength=0.16)


def slippers(sheet: Sheet, *, colour: str, sole: str = "#c9ad84") -> None:
    """A pair of house slippers seen from above."""
    for dx, dy in ((0, 0), (330, -46)):
        with sheet.moved(dx, dy, turn=-14, around=(430, 600)):
            under = smooth(
                [
                    (430, 300),
                    (530, 340),
                    (556, 500),
                    (530, 700),
                    (520, 860),
                    (430, 930),
                    (340, 860),
                    (330, 700),
                    (304, 500),
                    (330, 340),
                ],
                closed=True,
            )
            _under(sheet, under)
            with sheet.moved(6, 14):
                sheet.path(under, dim(sole, 0.3))
            sheet.path(under, sheet.linear([(0, lit(sole, 0.5), 1), (1, sole, 1)]))
            upper = (
                "M302 520C300 380 360 300 430 296C500 300 560 380 558 520"
                "C560 590 550 640 540 680C480 620 380 620 320 680C308 640 300 590 302 520Z"
            )
            sheet.path(
                "M312 650C380 610 480 610 548 650L540 700C480 640 380 640 320 700Z",
                DEEP,
                opacity=0.35,
                blur=10,
            )
            cloth(sheet, upper, colour)
            with sheet.inside(upper):
                sheet.path(oval(390, 420, 60, 90), "#ffffff", opacity=0.3, blur=22)
            stitches(sheet, "M322 668C380 612 480 612 538 668", colour)


def pyjamas(sheet: Sheet, *, colour: str) -> None:
    """Nightwear, folded."""
    slab_shadow(sheet, 270, 660, 890)
    for y, tone in ((760, dim(colour, 0.08)), (640, colour)):
        shape = rounded(266, y, 668, 130, 46)
        cloth(sheet, shape, tone)
        with sheet.inside(shape):
            for x in range(290, 940, 40):
                sheet.line(f"M{x} {y}v140", "#ffffff", 4, opacity=0.35)
            sheet.path(oval(600, y + 134, 330, 24), DEEP, opacity=0.28, blur=12)
    top = "M280 660C320 500 380 440 440 430H760C820 440 880 500 920 660Z"
    cloth(sheet, top, lit(colour, 0.1))
    with sheet.inside(top):
        for x in range(300, 920, 40):
            sheet.line(f"M{600 + (x - 600) * 0.7} 430L{x} 670", "#ffffff", 4, opacity=0.35)
    sheet.path("M520 432L600 560L680 432C640 452 560 452 520 432Z", dim(colour, 0.35))
    for side in (1, -1):
        sheet.path(
            lines(
                [
                    (600 - side * 84, 428),
                    (600 - side * 120, 500),
                    (600 - side * 20, 580),
                    (600, 560),
                ]
            ),
            lit(colour, 0.45),
        )
    for y in (600, 640):
        sheet.path(oval(600, y, 9, 9), lit(colour, 0.8))
    sheet.line(f"M{n(600)} 566V660", dim(colour, 0.3), 2.5, opacity=0.5)
