"""The map as PNG and PDF: the drawing of the screen, with its words, and no browser."""

from __future__ import annotations

import io
import json
import re
import zlib
from pathlib import Path

import pytest
from PIL import Image

from shangliu.config.command import main
from shangliu.flow.drawing import graph
from shangliu.flow.layouts import sheet
from shangliu.flow.printing import printed
from shangliu.platform.errors import Refused
from shangliu.process.drawing.flat import flatten
from shangliu.process.drawing.svg import to_svg

A3 = (1190.55, 841.89)  # points
BLUE = (37, 99, 201)  # the outline of a buyer's step


def _near(pixel: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(a - b) < 60 for a, b in zip(pixel, colour, strict=True))


def _payment() -> Image.Image:
    return Image.open(io.BytesIO(printed("png", stage="payment", width=4352))).convert("RGB")


def test_the_png_has_the_geometry_of_the_screen_at_the_chosen_width() -> None:
    drawn, geometry = sheet("payment")
    image = _payment()
    scale = 4352 / geometry.width
    assert image.width == 4352
    assert image.height == pytest.approx(geometry.height * scale, abs=1)
    lanes = {lane.code: lane.view.value for lane in drawn.lanes}
    seen = 0
    for node, place in zip(drawn.nodes, geometry.nodes, strict=True):
        if lanes[node.lane] == "buyer" and node.shape.value == "user_task":
            x, y = round(place.box.x * scale), round(place.box.cy * scale)
            around = [image.getpixel((x + off, y)) for off in (-1, 0, 1)]
            assert any(_near(one, BLUE) for one in around), (node.key, around)
            seen += 1
    assert seen > 2


def test_the_words_are_on_the_picture() -> None:
    drawn, geometry = sheet("payment")
    image = _payment()
    scale = 4352 / geometry.width
    node, place = next(
        pair
        for pair in zip(drawn.nodes, geometry.nodes, strict=True)
        if pair[0].label.zh == "选择支付方式"
    )
    box = place.label.box
    words = image.crop(
        tuple(round(one * scale) for one in (box.x, box.y, box.x + box.w, box.y + box.h))  # type: ignore[arg-type]
    )
    darkest, _ = words.convert("L").getextrema()
    assert darkest < 90, node.key  # type: ignore[operator]


def test_a_width_out_of_bounds_is_refused() -> None:
    for width in (99, 24_001):
        with pytest.raises(Refused, match="宽度填 100 到 24000"):
            printed("png", stage="payment", width=width)


def test_the_pdf_of_a_stage_is_one_page_of_a3_with_lines_and_words() -> None:
    pdf = printed("pdf", stage="payment")
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 1
    box = re.search(rb"/MediaBox \[([\d. ]+)\]", pdf)
    assert box is not None
    assert [float(one) for one in box[1].split()[2:]] == pytest.approx(A3, abs=0.1)
    assert b"/Subtype /Image" not in pdf
    assert b"/FontFile2" in pdf
    page = b"".join(
        zlib.decompress(one)
        for one in re.findall(rb"stream\r?\n(x.*?)\r?\nendstream", pdf, re.DOTALL)
    )
    drawn, geometry = sheet("payment")
    flat = flatten(to_svg(geometry, drawn))
    assert page.count(b" Tj") == len([one for one in flat.words if one.text]) + 2
    strokes = sum(' stroke="#' in one for one in flat.shapes)
    assert len(re.findall(rb"\s[SBb]\*?\s", page)) >= strokes * 0.9


def test_the_pdf_of_the_whole_map_has_a_page_for_it_and_for_each_stage() -> None:
    pdf = printed("pdf")
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 1 + len(graph().stages)


def test_every_figure_has_its_colours_and_no_variable_is_left() -> None:
    drawn, geometry = sheet("all")
    flat = flatten(to_svg(geometry, drawn))
    assert (flat.width, flat.height) == (geometry.width, geometry.height)
    text = "".join(flat.shapes)
    assert "var(" not in text
    assert "class=" not in text
    assert text.count("<g ") == text.count("</g>")
    said = {one.text for one in flat.words}
    assert {"支付网关", "承运商", "收到支付成功"} <= said
    heads = len(drawn.edges) + 2 * len(drawn.messages)
    assert text.count(" rotate(") >= heads


def test_the_command_writes_both(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for form, start in (("png", b"\x89PNG"), ("pdf", b"%PDF-")):
        file = tmp_path / f"map.{form}"
        command = ["shangliu", "flow", "export", "--format", form, "--stage", "payment"]
        monkeypatch.setattr("sys.argv", [*command, "--lang", "en", "--output", str(file)])
        assert main() == 0
        assert json.loads(capsys.readouterr().out)["bytes"] == file.stat().st_size
        assert file.read_bytes().startswith(start)
    monkeypatch.setattr(
        "sys.argv", ["shangliu", "flow", "export", "--format", "png", "--width", "5"]
    )
    with pytest.raises(SystemExit, match="宽度填"):
        main()
