"""The timeline of a purchase as a picture: a line for each object, the idle time squeezed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.sax.saxutils import escape, quoteattr

from django.utils.translation import gettext as _

from shangliu.insight.squeezed import Axis, Life, Stay
from shangliu.platform import clock
from shangliu.process.drawing.metrics import text_width
from shangliu.web.backoffice import words

WIDTH = 940.0
_LEFT, _RIGHT, _TOP, _ROW, _BAR = 190.0, 110.0, 52.0, 36.0, 20.0
_SIZE = 12
_APART = 84.0
_SHAPES = {
    "ok": "M{x:.1f} {y:.1f}m0-7v13",
    "failed": "M{x:.1f} {y:.1f}m-4-5l8 8m0-8l-8 8",
    "told": "M{x:.1f} {y:.1f}m0-15l5 5l-5 5l-5-5z",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """A call on the line of its object, or a notice. `row` is that line's place; `kind` is `ok`,
    `failed` or `told`."""

    row: int
    at: datetime
    kind: str
    says: str


def draw(
    axis: Axis,
    lines: Sequence[Life],
    ticks: Sequence[Tick],
    *,
    label: Callable[[Life], str],
    more: Sequence[str] = (),
) -> str:
    """The picture; every part says in its title what it is, and a table says the same. `more` names
    the rows below those of the objects."""
    rows = len(lines) + len(more)
    height = _TOP + rows * _ROW + 8
    width = _LEFT + axis.width + _RIGHT
    return "".join(
        (
            (
                '<svg xmlns="http://www.w3.org/2000/svg" class="lifelines" role="img"'
                f" aria-label={quoteattr(_('时间轴，下方有同样内容的表格'))}"
                f' viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}"'
                f' height="{height:.0f}">'
            ),
            *_scale(axis, height),
            *(_line(axis, life, row, label(life)) for row, life in enumerate(lines)),
            *(
                _text(0, _middle(len(lines) + row) + 4, name, "life__name")
                for row, name in enumerate(more)
            ),
            *(_tick(axis, tick) for tick in ticks),
            "</svg>",
        )
    )


def _scale(axis: Axis, height: float) -> list[str]:
    """The breaks with the time that they stand for, and the hour where a stretch begins."""
    drawn: list[str] = []
    for piece in axis.breaks:
        x, says = _LEFT + piece.x, words.spell(piece.lasted)
        drawn.append(
            f'<g class="idle"><title>{escape(_("空闲"))} {escape(says)}</title>'
            f'<rect x="{x:.1f}" y="{_TOP - 8:.1f}" width="{piece.width:.1f}"'
            f' height="{height - _TOP + 4:.1f}"/>'
            f"{_text(x + piece.width / 2, 16, says, 'idle__for', 'middle')}"
            f'<path d="M{x + 3:.1f} 24H{x + piece.width - 3:.1f}"/></g>'
        )
    last = -_APART
    for piece in axis.pieces:
        if piece.squeezed and piece is not axis.pieces[0]:
            continue
        x = _LEFT + piece.x
        if x - last < _APART:
            continue
        last = x
        drawn.append(
            f'<path class="hour" d="M{x:.1f} {_TOP - 8:.1f}V{height - 4:.1f}"/>'
            f"{_text(x + 3, 38, _hour(piece.begin, axis), 'hour__at')}"
        )
    if axis.pieces and axis.width + _LEFT - last >= _APART:
        end = _hour(axis.pieces[-1].end, axis)
        drawn.append(_text(_LEFT + axis.width, 38, end, "hour__at"))
    return drawn


def _hour(at: datetime, axis: Axis) -> str:
    """With seconds where all that is drawn went by within minutes."""
    whole = axis.pieces[-1].end - axis.pieces[0].begin
    return f"{clock.local(at):%H:%M:%S}" if whole < timedelta(minutes=10) else words.moment(at)


def _line(axis: Axis, life: Life, row: int, name: str) -> str:
    middle = _middle(row)
    short = name
    while text_width(short, _SIZE) > _LEFT - 14:
        short = f"{short.rstrip('…')[:-1]}…"
    return (
        f'<g class="life"><title>{escape(name)}</title>'
        f"{_text(0, middle + 4, short, 'life__name')}"
        f'<path class="life__line" d="M{_LEFT:.1f} {middle:.1f}H{_LEFT + axis.width:.1f}"/>'
        f"{''.join(_stay(axis, stay, life, middle) for stay in life.stays)}</g>"
    )


def _stay(axis: Axis, stay: Stay, life: Life, middle: float) -> str:
    said = " / ".join(words.state_label(life.process, state) for state in stay.states)
    kind = words.chip(life.process, stay.states[0])
    x = _LEFT + axis.place(stay.begin)
    if stay.end is None:
        title = f"{said} {words.moment(stay.begin)}"
        return (
            f'<g class="stay stay--{kind}"><title>{escape(title)}</title>'
            f'<circle cx="{x:.1f}" cy="{middle:.1f}" r="6"/>'
            f"{_text(x + 10, middle + 4, said, 'stay__end')}</g>"
        )
    width = max(3.0, _LEFT + axis.place(stay.end) - x)
    title = f"{said} {words.moment(stay.begin)} – {words.moment(stay.end)} · {span(stay)}"
    fits = text_width(said, _SIZE) + 10 < width
    return (
        f'<g class="stay stay--{kind}{" is-open" if stay.open else ""}">'
        f"<title>{escape(title)}</title>"
        f'<rect x="{x:.1f}" y="{middle - _BAR / 2:.1f}" width="{width:.1f}" height="{_BAR:.0f}"'
        f' rx="3"/>{_text(x + 5, middle + 4, said, "stay__name") if fits else ""}</g>'
    )


def span(stay: Stay) -> str:
    lasted = stay.lasted or timedelta()
    return words.lasted(int(lasted.total_seconds() * 1_000_000))


def _tick(axis: Axis, tick: Tick) -> str:
    x, y = _LEFT + axis.place(tick.at), _middle(tick.row) + _BAR / 2
    shape = _SHAPES[tick.kind].format(x=x, y=y)
    return (
        f'<g class="tick tick--{tick.kind}"><title>{escape(tick.says)}</title>'
        f'<path d="{shape}"/></g>'
    )


def _middle(row: int) -> float:
    return _TOP + row * _ROW + _ROW / 2


def _text(x: float, y: float, said: str, kind: str, anchor: str = "start") -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(said)}</text>'
    )
