"""The map as a picture of dots and on paper, from the same drawing as the map on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from math import floor
from pathlib import Path
from xml.sax.saxutils import escape

import resvg_py
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.drawing import Transform
from fpdf.svg import SVGObject

from shangliu.flow.drawing import graph
from shangliu.flow.export import FORMATS, export
from shangliu.flow.layouts import sheet
from shangliu.platform.errors import Refused
from shangliu.platform.text import Text
from shangliu.process.drawing.flat import Flat, Words, flatten
from shangliu.process.drawing.fold import Folded, fold
from shangliu.process.drawing.svg import to_svg

FORMS = (*FORMATS, "png", "pdf")
A3 = (420.0, 297.0)  # mm, landscape
WIDEST = 24_000  # dots
_EDGE, _FOOT = 8.0, 6.0  # mm
_WIDTHS = {"all": 12_000}
_WIDTH = 3_200
_FONT, _RARE = "noto", "noto-rare"
_FAMILY = "Noto Sans SC Medium"
_ANCHORS = {"start": 0.0, "middle": 0.5, "end": 1.0}
_POINTS = 72 / 25.4
_FINEST = 1e-4  # fpdf2 writes a factor with four digits: a finer one would part words from shapes


def printed(
    form: str, *, stage: str | None = None, lang: str = "zh", width: int | None = None
) -> bytes:
    """The flow, or one stage of it, in any of `FORMS`; `width` in dots is for PNG."""
    name = stage or "all"
    if form == "png":
        return png(name, lang, width=width)
    if form == "pdf":
        return pdf(name, lang)
    return export(form, stage=stage, lang=lang).encode()


def png(name: str, lang: str, *, width: int | None = None) -> bytes:
    """A sheet (`all`, `overview`, a stage's code), `width` dots wide."""
    wide = width or _WIDTHS.get(name, _WIDTH)
    if not 100 <= wide <= WIDEST:
        raise Refused(Text(f"宽度填 100 到 {WIDEST} 像素", f"Width: 100 to {WIDEST} pixels"))
    flat = _flat(name, lang)
    usual, rare = _fonts()
    fonts = (usual, rare) if _is_rare(flat.words) else (usual,)
    text = "".join((flat.head, *flat.shapes, *map(_written, flat.words), "</svg>"))
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=text,
            width=wide,
            skip_system_fonts=True,
            font_files=[str(one) for one in fonts],
            font_family=_FAMILY,
            sans_serif_family=_FAMILY,
        )
    )


def pdf(name: str, lang: str) -> bytes:
    """A sheet on a page of A3, in lines and not in dots. The whole map is folded to fill its page,
    and followed by its stages, a page each."""
    names = ["all", *(stage.code for stage in graph().stages)] if name == "all" else [name]
    flats = {one: _flat(one, lang) for one in names}
    paper = _paper([words for flat in flats.values() for words in flat.words])
    for one, flat in flats.items():
        paper.add_page()
        _draw(paper, flat, folded(one))
        _foot(paper, _title(one, lang))
    return bytes(paper.output())


def folded(name: str) -> Folded:
    """How the sheet fills a page of A3 best."""
    wide, high = A3[0] - 2 * _EDGE, A3[1] - 2 * _EDGE - _FOOT
    return fold(sheet(name)[1], wide / high)


def _flat(name: str, lang: str) -> Flat:
    drawn, geometry = sheet(name)
    return flatten(to_svg(geometry, drawn, lang=lang))


def _title(name: str, lang: str) -> str:
    drawn, _ = sheet(name)
    words = drawn.name.en if lang == "en" else drawn.name.zh
    return f"{words} · {drawn.version}"


def _fonts() -> tuple[Path, Path]:
    """The open font of the labels, and the one for what it lacks."""
    folder = Path(str(files("shangliu"))) / "web" / "fonts"
    return folder / "NotoSansSC-GB2312.ttf", folder / "NotoSansSC-rare.ttf"


def _written(words: Words) -> str:
    turned = f' transform="rotate({words.turn:g} {words.x:g} {words.y:g})"' if words.turn else ""
    weight = ' font-weight="700"' if words.bold else ""
    return (
        f'<text x="{words.x:g}" y="{words.y:g}" font-family="{_FAMILY}"'
        f' font-size="{words.size:g}" text-anchor="{words.anchor}" fill="{words.fill}"'
        f"{weight}{turned}>{escape(words.text)}</text>"
    )


def _is_rare(words: Sequence[Words]) -> bool:
    """Whether the large font is needed, which costs a second."""
    return not {letter for one in words for letter in one.text} <= _known()


def _paper(words: Sequence[Words]) -> FPDF:
    paper = FPDF(orientation="landscape", unit="mm", format="A3")
    paper.set_auto_page_break(auto=False)
    usual, rare = _fonts()
    paper.add_font(_FONT, fname=usual)
    if _is_rare(words):
        paper.add_font(_RARE, fname=rare)
        paper.set_fallback_fonts([_RARE])
    return paper


@cache
def _known() -> frozenset[str]:
    with TTFont(_fonts()[0]) as font:
        return frozenset(map(chr, font.getBestCmap()))


def _draw(paper: FPDF, flat: Flat, folded: Folded) -> None:
    """As large as the page allows, in its middle."""
    wide, high = A3[0] - 2 * _EDGE, A3[1] - 2 * _EDGE - _FOOT
    scale = floor(min(wide / folded.width, high / folded.height) / _FINEST) * _FINEST
    left = (A3[0] - folded.width * scale) / 2
    top = (A3[1] - _FOOT - folded.height * scale) / 2
    picture = SVGObject("".join((flat.head, *flat.shapes, "</svg>")))
    for piece in folded.pieces:
        at = left + piece.x * scale, top + piece.y * scale
        x, y = at[0] - piece.left * scale, at[1]
        size = (piece.right - piece.left) * scale, folded.row_height * scale
        with paper.rect_clip(*at, *size):
            picture.base_group.transform = Transform.scaling(scale).translate(x, y)
            with paper.drawing_context() as canvas:
                canvas.add_item(picture.base_group)
            for words in flat.words:
                if piece.left <= words.x < piece.right:
                    _write(paper, words, left=x, top=y, scale=scale)


def _write(paper: FPDF, words: Words, *, left: float, top: float, scale: float) -> None:
    x, y = left + words.x * scale, top + words.y * scale
    paper.set_font(_FONT, size=words.size * scale * _POINTS)
    paper.set_text_color(words.fill)
    start = x - _ANCHORS[words.anchor] * paper.get_string_width(words.text)
    with paper.rotation(-words.turn, x, y):
        paper.text(start, y, words.text)


def _foot(paper: FPDF, title: str) -> None:
    paper.set_font(_FONT, size=9)
    paper.set_text_color("#5b6875")
    paper.text(_EDGE, A3[1] - _EDGE, title)
    number = f"{paper.page_no()}"
    paper.text(A3[0] - _EDGE - paper.get_string_width(number), A3[1] - _EDGE, number)
