"""Documents on paper: shipping labels (100 × 150 mm) and picking lists (A4), as PDF."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

from barcode.codex import Code128
from django.utils.translation import gettext as _
from fontTools.ttLib import TTFont
from fpdf import FPDF

from shangliu.domain.fulfilment.queries import PickRow

LABEL_MM = (100, 150)
_FONT, _RARE = "noto", "noto-rare"
_EDGE = 4  # mm
_MODULE = 0.33  # mm, the narrow bar of a barcode a hand scanner reads at arm's length


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """What is printed on a parcel; the receiver's phone comes masked."""

    carrier: str
    waybill_no: str
    sort_code: str
    reference: str
    order_number: str
    to_name: str
    to_phone: str
    to_region: str
    to_street: str
    from_name: str
    from_phone: str
    from_address: str
    goods: str
    weight_g: int
    printed: str
    collection: str = ""


def labels(parcels: Sequence[Label]) -> bytes:
    """One page a parcel."""
    said = (str(getattr(one, field.name)) for one in parcels for field in fields(Label))
    pdf = _paper(LABEL_MM, said)
    for parcel in parcels:
        pdf.add_page()
        _label(pdf, parcel)
    return bytes(pdf.output())


def picking_list(wave: str, rows: Sequence[PickRow], *, tasks: int, printed: str) -> bytes:
    """The pieces of a wave by warehouse and SKU, with a box to tick."""
    pdf = _paper((210, 297), (f"{row.warehouse}{row.name}{row.options}{row.sku}" for row in rows))
    pdf.set_auto_page_break(auto=True, margin=15)
    pdf.add_page()
    pieces = sum(row.quantity for row in rows)
    _text(pdf, 12, 12, f"{_('拣货单')} {wave}", size=20)
    summary = _("{tasks} 个任务，{pieces} 件，打印于 {printed}")
    _text(pdf, 12, 23, summary.format(tasks=tasks, pieces=pieces, printed=printed), size=10)
    _barcode(pdf, wave, x=140, y=11, height=11, width=58)
    pdf.set_y(32)
    warehouse = ""
    for row in rows:
        if row.warehouse != warehouse:
            warehouse = row.warehouse
            _row(pdf, (warehouse, "", "", ""), head=True)
            _row(pdf, ("SKU", _("商品"), _("任务"), _("件数")), head=True)
        goods = f"{row.name} {row.options}".strip()
        _row(pdf, (row.sku, goods, " ".join(row.tasks), str(row.quantity)), head=False)
    return bytes(pdf.output())


def _label(pdf: FPDF, parcel: Label) -> None:
    width, height = LABEL_MM
    right = width - _EDGE
    pdf.set_line_width(0.4)
    pdf.rect(_EDGE, _EDGE, width - 2 * _EDGE, height - 2 * _EDGE)
    _text(pdf, _EDGE + 2, 6, parcel.carrier, size=20)
    _text(pdf, _EDGE + 2, 6, parcel.printed, size=8, width=right - _EDGE - 4, align="R")
    _rule(pdf, 19)
    _text(pdf, _EDGE + 2, 21, parcel.sort_code or "—", size=30, width=width - 12, align="C")
    _rule(pdf, 37)
    _barcode(pdf, parcel.waybill_no, x=_EDGE + 4, y=40, height=20, width=width - 2 * _EDGE - 8)
    _text(pdf, _EDGE, 61, parcel.waybill_no, size=13, width=width - 2 * _EDGE, align="C")
    _rule(pdf, 69)
    _text(pdf, _EDGE + 2, 71.5, _("收"), size=18)
    _text(pdf, _EDGE + 13, 71, f"{parcel.to_name}  {parcel.to_phone}", size=14, width=78)
    _text(pdf, _EDGE + 13, 78.5, parcel.to_region, size=12, width=78)
    _lines(pdf, _EDGE + 13, 85, parcel.to_street, size=14, width=77)
    _rule(pdf, 101)
    _text(pdf, _EDGE + 2, 103, _("寄"), size=12)
    _text(pdf, _EDGE + 13, 102.5, f"{parcel.from_name}  {parcel.from_phone}", size=9, width=78)
    _lines(pdf, _EDGE + 13, 107, parcel.from_address, size=9, width=77)
    _rule(pdf, 118)
    _lines(pdf, _EDGE + 2, 120, f"{_('品名')} {parcel.goods}", size=9, width=88)
    weight = f"{_('重量')} {parcel.weight_g / 1000:.2f} kg"
    _text(pdf, _EDGE + 2, 130, weight, size=9)
    if parcel.collection:
        _collect(pdf, parcel.collection)
    _text(pdf, _EDGE + 2, 135, f"{_('订单')} {parcel.order_number}", size=9)
    _text(pdf, _EDGE + 2, 140, f"{_('包裹')} {parcel.reference}", size=8)


def _collect(pdf: FPDF, amount: str) -> None:
    """What the courier takes at the door, in a frame that cannot be overlooked."""
    left, width = LABEL_MM[0] - _EDGE - 42, 40
    pdf.set_line_width(0.8)
    pdf.rect(left, 129, width, 15)
    _text(pdf, left, 130.5, _("代收货款"), size=10, width=width, align="C")
    _text(pdf, left, 136, amount, size=16, width=width, align="C")


def _paper(size: tuple[int, int], texts: Iterable[str]) -> FPDF:
    """A document in the project's own font; the rare characters only where they are needed."""
    pdf = FPDF(unit="mm", format=size)
    pdf.set_auto_page_break(auto=False)
    pdf.set_margins(0, 0, 0)
    pdf.set_creator("Shangliu")
    pdf.add_font(_FONT, fname=str(files("shangliu.web") / "fonts" / "NotoSansSC-GB2312.ttf"))
    if any(ord(letter) not in _common() for text in texts for letter in text):
        pdf.add_font(_RARE, fname=str(files("shangliu.web") / "fonts" / "NotoSansSC-rare.ttf"))
        pdf.set_fallback_fonts([_RARE])
    pdf.set_font(_FONT, size=10)
    return pdf


@cache
def _common() -> frozenset[int]:
    font = (files("shangliu.web") / "fonts" / "NotoSansSC-GB2312.ttf").read_bytes()
    with TTFont(io.BytesIO(font)) as opened:
        return frozenset(opened.getBestCmap())


def _text(
    pdf: FPDF, x: float, y: float, text: str, *, size: float, width: float = 0, align: str = "L"
) -> None:
    """One line, made smaller until it fits into `width`."""
    pdf.set_font(_FONT, size=size)
    while width and pdf.get_string_width(text) > width and size > 6:
        size -= 0.5
        pdf.set_font(_FONT, size=size)
    pdf.set_xy(x, y)
    pdf.cell(w=width or None, h=size * 0.45, text=text, align=align)


def _lines(pdf: FPDF, x: float, y: float, text: str, *, size: float, width: float) -> None:
    pdf.set_font(_FONT, size=size)
    pdf.set_xy(x, y)
    pdf.multi_cell(w=width, h=size * 0.45, text=text, align="L", wrapmode="CHAR")


def _rule(pdf: FPDF, y: float) -> None:
    pdf.line(_EDGE, y, LABEL_MM[0] - _EDGE, y)


def _row(pdf: FPDF, cells: tuple[str, str, str, str], *, head: bool) -> None:
    pdf.set_font(_FONT, size=9 if head else 11)
    pdf.set_x(12)
    if not head:
        pdf.rect(12, pdf.get_y() + 2, 4, 4)
    for width, text, align in zip((48, 78, 42, 14), cells, "LLLR", strict=True):
        inset = 6 if width == 48 and not head else 0
        pdf.set_x(pdf.get_x() + inset)
        pdf.cell(w=width - inset, h=8, text=_cut(pdf, text, width - inset - 1), align=align)
    pdf.line(12, pdf.get_y() + 8, 198, pdf.get_y() + 8)
    pdf.ln(8)


def _cut(pdf: FPDF, text: str, width: float) -> str:
    while pdf.get_string_width(text) > width and len(text) > 1:
        text = f"{text[:-2]}…"
    return text


def _barcode(pdf: FPDF, text: str, *, x: float, y: float, height: float, width: float) -> None:
    """Code 128 as rectangles, so that it is sharp at any resolution; centred in `width`."""
    bars = modules(text)
    module = min(_MODULE, width / len(bars))
    left = x + (width - module * len(bars)) / 2
    at = 0
    while at < len(bars):
        end = at
        while end < len(bars) and bars[end] == bars[at]:
            end += 1
        if bars[at] == "1":
            pdf.rect(left + at * module, y, (end - at) * module, height, style="F")
        at = end


def modules(text: str) -> str:
    """The bars (1) and gaps (0) of a Code 128 symbol, without the quiet zone."""
    built: str = Code128(text).build()[0]
    return built.strip("0")
