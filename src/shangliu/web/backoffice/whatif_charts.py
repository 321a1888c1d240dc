"""Small drawings of two distributions, made on the server: no script, and a table beside each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from django.utils.translation import gettext as _

from shangliu.insight.whatif.result import Distribution, edges
from shangliu.web.backoffice import words

_WIDE, _HIGH, _LEFT, _FOOT = 480, 168, 4, 22
_PARTS = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class Chart:
    """`rows`: the same in words, one quantile a row."""

    title: str
    svg: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def chart(title: str, named: Sequence[tuple[str, Distribution]]) -> Chart:
    """Bars of how many took how long, one colour for each of up to three distributions."""
    rows = tuple(
        (
            "p50" if part == 0.5 else f"p{part * 100:.0f}",
            *(words.lasted(one.part(part)) or "—" for _name, one in named),
        )
        for part in _PARTS
    )
    columns = (_("分位"), *(name for name, _one in named))
    return Chart(title, _drawn(title, named), columns, rows)


def _drawn(title: str, named: Sequence[tuple[str, Distribution]]) -> str:
    marks = edges(*(one for _name, one in named))
    shares = [one.shares(marks) for _name, one in named]
    most = max((max(one) for one in shares), default=0.0) or 1.0
    said = words.clauses(
        _("{name}：中位 {p50}，p95 {p95}").format(
            name=name,
            p50=words.lasted(one.part(0.5)) or "—",
            p95=words.lasted(one.part(0.95)) or "—",
        )
        for name, one in named
    )
    label = f'aria-label="{escape(title)}。{escape(said)}"'
    parts = [f'<svg class="spread" viewBox="0 0 {_WIDE} {_HIGH}" role="img" {label}>']
    parts += [_steps(one, most, number) for number, one in enumerate(shares)]
    parts += [
        _middle(one.part(0.5), marks[-1], number) for number, (_name, one) in enumerate(named)
    ]
    parts += _axis(marks)
    return "".join([*parts, "</svg>"])


def _x(part: float) -> float:
    return _LEFT + part * (_WIDE - 2 * _LEFT)


def _y(share: float, most: float) -> float:
    return (_HIGH - _FOOT) - share / most * (_HIGH - _FOOT - 8)


def _steps(shares: Sequence[float], most: float, number: int) -> str:
    """The outline of the bars; filled, so that one can be seen through the other."""
    width = 1 / len(shares)
    points = [f"M{_x(0):.1f} {_y(0, most):.1f}"]
    for place, share in enumerate(shares):
        points.append(f"V{_y(share, most):.1f}H{_x((place + 1) * width):.1f}")
    points.append(f"V{_y(0, most):.1f}Z")
    return f'<path class="spread__bars spread__bars--{number}" d="{"".join(points)}"/>'


def _middle(value: int | None, most: int, number: int) -> str:
    if value is None or not most:
        return ""
    at = _x(min(1.0, value / most))
    return f'<path class="spread__mid spread__mid--{number}" d="M{at:.1f} 4V{_HIGH - _FOOT}"/>'


def _axis(marks: Sequence[int]) -> list[str]:
    base = _HIGH - _FOOT
    parts = [f'<path class="spread__axis" d="M{_LEFT} {base}H{_WIDE - _LEFT}"/>']
    for part, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        value = round(marks[-1] * part)
        said = words.lasted(value) if value else "0"
        parts.append(
            f'<text x="{_x(part):.1f}" y="{_HIGH - 6}" text-anchor="{anchor}">{said}</text>'
        )
    return parts
