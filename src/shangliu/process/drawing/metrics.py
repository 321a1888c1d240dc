"""Sizes of shapes and of text. No font is asked: a Han character is one em, a Latin one 0.55."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass

from shangliu.platform.text import Text
from shangliu.process.drawing.geometry import Box, Label
from shangliu.process.drawing.graph import Node, Shape

GAP = 98
TRACK = 14
CHANNEL = 44
PILL = (74, 18)
NODE_FONT = 13
SMALL_FONT = 12
LINE_HEIGHT = 16
ICON_WIDTH = 30

GATEWAYS = frozenset({Shape.EXCLUSIVE, Shape.EVENT_BASED, Shape.PARALLEL})
EVENTS = frozenset(
    {
        Shape.START,
        Shape.END,
        Shape.MESSAGE_CATCH,
        Shape.TIMER_CATCH,
        Shape.LINK_IN,
        Shape.LINK_OUT,
    }
)
_WORDS = re.compile(r"[ -~À-ɏ‘-”…]+\s*|\s+|.")
_CLOSING = frozenset("，。、；：？！）”’》」』】·％")


@dataclass(frozen=True, slots=True)
class Size:
    w: int
    h: int


def size_of(shape: Shape) -> Size:
    """The size of the shape itself, without a label that stands outside of it."""
    if shape is Shape.STAGE:
        return Size(208, 136)
    if shape in GATEWAYS:
        return Size(44, 44)
    if shape in EVENTS:
        return Size(36, 36)
    return Size(144, 72)


def badge_room(node: Node, box: Box) -> Box | None:
    """The place at the upper right corner that the count of waiting objects may take."""
    if not node.waits or node.shape is Shape.STAGE:
        return None
    if box.w > 60:
        return Box(box.right - 52, box.y - 11, 60, 22)
    return Box(box.cx + 7, box.y - 11, 60, 22)


def text_width(text: str, font: float) -> float:
    ems = sum(1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.55 for c in text)
    return ems * font


def wrap(text: str, width: float, font: float, most: int = 3) -> tuple[str, ...]:
    """Break `text` into at most `most` lines; what does not fit is cut with an ellipsis."""
    lines = [""]
    for word in _pieces(text):
        if lines[-1] and text_width((lines[-1] + word).rstrip(), font) > width:
            lines.append(word)
        else:
            lines[-1] += word
    lines = [line.strip() for line in lines if line.strip()]
    if len(lines) > most:
        lines[most - 1] = lines[most - 1][: max(1, int(width / font) - 1)] + "…"
    return tuple(lines[:most])


def _pieces(text: str) -> list[str]:
    """Words and single Han characters; closing marks stay with what they close."""
    pieces: list[str] = []
    for word in re.findall(r"\S+\s*", text):
        for piece in _WORDS.findall(word):
            if pieces and piece[0] in _CLOSING:
                pieces[-1] += piece
            else:
                pieces.append(piece)
    return pieces


def label_of(text: Text, width: int, font: int, most: int = 3) -> Label:
    """A label at the origin whose box fits both languages, evenly broken."""
    zh, en = (_balanced(words, width, font, most) for words in (text.zh, text.en))
    widest = max((text_width(line, font) for line in zh + en), default=0.0)
    height = max(len(zh), len(en), 1) * LINE_HEIGHT
    return Label(Box(0, 0, math.ceil(widest) + 4, height), zh, en)


def _balanced(text: str, width: int, font: int, most: int) -> tuple[str, ...]:
    """The narrowest breaking with as few lines as `width` allows: no lonely last character."""
    best = wrap(text, width, font, most)
    if len(best) < 2 or best[-1].endswith("…"):
        return best
    for narrower in range(width - font // 2, 0, -font // 2 or -1):
        lines = wrap(text, narrower, font, most + 1)
        if len(lines) > len(best):
            return best
        best = lines
    return best
