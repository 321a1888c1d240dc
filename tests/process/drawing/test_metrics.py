from __future__ import annotations

import pytest

from shangliu.platform.text import Text
from shangliu.process.drawing.metrics import label_of, text_width, wrap


def test_a_han_character_is_one_em_and_a_latin_one_a_good_half() -> None:
    assert text_width("付款", 10) == 20
    assert text_width("Pay", 10) == pytest.approx(16.5)


def test_chinese_breaks_anywhere_but_never_before_a_closing_mark() -> None:
    assert wrap("需要人工审核吗？", 91, 13) == ("需要人工审核", "吗？")


def test_english_breaks_between_words() -> None:
    assert wrap("Record source and behaviour", 100, 13) == ("Record source", "and behaviour")


def test_what_does_not_fit_is_cut() -> None:
    assert wrap("一二三四五六七八九十", 39, 13, most=2)[-1].endswith("…")


def test_lines_are_evenly_long_and_the_box_fits_both_languages() -> None:
    label = label_of(Text("选择地址与配送方式", "Choose"), 104, 13)

    assert label.zh == ("选择地址与", "配送方式")
    assert label.box.w == 69
    assert label.box.h == 32
