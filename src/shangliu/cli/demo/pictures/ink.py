"""Colours, curves and the sheet that pictures are drawn on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape

Point = tuple[float, float]
Stops = Sequence[tuple[float, str, float]]

SIDE = 1200
LIGHT = "#fffaf0"
DEEP = "#1d1a24"


def mix(a: str, b: str, share: float) -> str:
    """`share` of `b` in `a`, both `#rrggbb`."""
    parts = (
        round(int(a[at : at + 2], 16) * (1 - share) + int(b[at : at + 2], 16) * share)
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{part:02x}" for part in parts)


def lit(colour: str, share: float) -> str:
    """Towards the warm light."""
    return mix(colour, LIGHT, share)


def dim(colour: str, share: float) -> str:
    """Towards the cool shade."""
    return mix(colour, DEEP, share)


def n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def smooth(points: Sequence[Point], *, closed: bool = False, start: str = "M") -> str:
    """A soft line through all points (Catmull-Rom as Béziers)."""
    if closed:
        ring = [points[-1], *points, points[0], points[1]]
    else:
        ring = [points[0], *points, points[-1]]
    parts = [f"{start}{n(ring[1][0])} {n(ring[1][1])}"]
    for (ax, ay), (bx, by), (cx, cy), (dx, dy) in zip(
        ring, ring[1:], ring[2:], ring[3:], strict=False
    ):
        control = (bx + (cx - ax) / 6, by + (cy - ay) / 6, cx - (dx - bx) / 6, cy - (dy - by) / 6)
        parts.append("C" + " ".join(n(value) for value in (*control, cx, cy)))
    return "".join(parts) + ("Z" if closed else "")


def lines(points: Sequence[Point], *, closed: bool = True) -> str:
    return "M" + "L".join(f"{n(x)} {n(y)}" for x, y in points) + ("Z" if closed else "")


def rounded(x: float, y: float, width: float, height: float, radius: float) -> str:
    r = min(radius, width / 2, height / 2)
    return (
        f"M{n(x + r)} {n(y)}h{n(width - 2 * r)}a{n(r)} {n(r)} 0 0 1 {n(r)} {n(r)}"
        f"v{n(height - 2 * r)}a{n(r)} {n(r)} 0 0 1 {n(-r)} {n(r)}h{n(2 * r - width)}"
        f"a{n(r)} {n(r)} 0 0 1 {n(-r)} {n(-r)}v{n(2 * r - height)}"
        f"a{n(r)} {n(r)} 0 0 1 {n(r)} {n(-r)}Z"
    )


def oval(cx: float, cy: float, rx: float, ry: float) -> str:
    return (
        f"M{n(cx - rx)} {n(cy)}a{n(rx)} {n(ry)} 0 1 1 {n(2 * rx)} 0"
        f"a{n(rx)} {n(ry)} 0 1 1 {n(-2 * rx)} 0Z"
    )


OVAL = re.compile(r"M([\d.-]+) ([\d.-]+)a([\d.]+) ([\d.]+) 0 1 1 [\d.]+ 0a[^M]*Z")
STEP = re.compile(r"([MLCQSHVhvaZ])([^A-Za-z]*)")


def extent(shape: str) -> tuple[Point, Point] | None:
    """The corners of a box around a path; None for one with steps that are not read here.

    A relative arc is taken by its ends alone, which holds for ovals and for rounded corners.
    """
    if found := OVAL.fullmatch(shape):
        x, y, rx, ry = map(float, found.groups())
        return (x, y - ry), (x + 2 * rx, y + ry)
    if STEP.sub("", shape).strip():
        return None
    points: list[Point] = [(0.0, 0.0)]
    for kind, said in STEP.findall(shape):
        points += _reached(kind, [float(one) for one in re.findall(r"-?[\d.]+", said)], points[-1])
    xs, ys = zip(*points[1:], strict=True)
    return (min(xs), min(ys)), (max(xs), max(ys))


def _reached(kind: str, numbers: list[float], at: Point) -> list[Point]:
    """Where a step leads from `at`, its control points included."""
    x, y = at
    if kind in "Hh":
        return [(number + (x if kind == "h" else 0), y) for number in numbers]
    if kind in "Vv":
        return [(x, number + (y if kind == "v" else 0)) for number in numbers]
    if kind == "a":
        return [(x + numbers[5], y + numbers[6])]
    return list(zip(numbers[0::2], numbers[1::2], strict=True))


class Sheet:
    """Collects SVG. Shapes lie over each other in the order in which they are drawn."""

    def __init__(self) -> None:
        self._defs: list[str] = []
        self._body: list[str] = []
        self._made = 0

    def svg(self) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIDE}" height="{SIDE}"'
            f' viewBox="0 0 {SIDE} {SIDE}"><defs>{"".join(self._defs)}</defs>'
            f"{''.join(self._body)}</svg>"
        )

    def linear(self, stops: Stops, *, start: Point = (0, 0), end: Point = (1, 0)) -> str:
        """A gradient over the shape's own box; left to right unless said otherwise."""
        return self._gradient(
            "linearGradient",
            f'x1="{start[0]}" y1="{start[1]}" x2="{end[0]}" y2="{end[1]}"',
            stops,
        )

    def down(self, stops: Stops) -> str:
        return self.linear(stops, end=(0, 1))

    def radial(self, stops: Stops, *, centre: Point = (0.5, 0.5), radius: float = 0.5) -> str:
        return self._gradient(
            "radialGradient", f'cx="{centre[0]}" cy="{centre[1]}" r="{radius}"', stops
        )

    def path(self, shape: str, fill: str, *, opacity: float = 1, blur: float = 0) -> None:
        soft = f' filter="url(#{self._blur(shape, blur)})"' if blur else ""
        seen = f' fill-opacity="{opacity}"' if opacity < 1 else ""
        self._body.append(f'<path d="{shape}" fill="{escape(fill)}"{seen}{soft}/>')

    def line(
        self,
        shape: str,
        colour: str,
        width: float,
        *,
        opacity: float = 1,
        blur: float = 0,
        dash: str = "",
    ) -> None:
        soft = f' filter="url(#{self._blur(shape, blur, width)})"' if blur else ""
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self._body.append(
            f'<path d="{shape}" fill="none" stroke="{escape(colour)}" stroke-width="{n(width)}"'
            f' stroke-opacity="{opacity}" stroke-linecap="round" stroke-linejoin="round"'
            f"{dashes}{soft}/>"
        )

    @contextmanager
    def inside(self, shape: str) -> Iterator[None]:
        """What is drawn in the block shows only within `shape`."""
        name = self._name()
        self._defs.append(f'<clipPath id="{name}"><path d="{shape}"/></clipPath>')
        with self._wrapped(f'clip-path="url(#{name})"'):
            yield

    @contextmanager
    def moved(
        self,
        x: float = 0,
        y: float = 0,
        *,
        turn: float = 0,
        scale: float = 1,
        around: Point = (0, 0),
    ) -> Iterator[None]:
        cx, cy = around
        with self._wrapped(
            f'transform="translate({n(x + cx)} {n(y + cy)}) rotate({turn}) scale({scale})'
            f' translate({n(-cx)} {n(-cy)})"'
        ):
            yield

    @contextmanager
    def _wrapped(self, attributes: str) -> Iterator[None]:
        self._body.append(f"<g {attributes}>")
        yield
        self._body.append("</g>")

    def _name(self) -> str:
        self._made += 1
        return f"i{self._made}"

    def _gradient(self, kind: str, place: str, stops: Stops) -> str:
        name = self._name()
        inner = "".join(
            f'<stop offset="{at}" stop-color="{colour}" stop-opacity="{opacity}"/>'
            for at, colour, opacity in stops
        )
        self._defs.append(f'<{kind} id="{name}" {place}>{inner}</{kind}>')
        return f"url(#{name})"

    def _blur(self, shape: str, amount: float, width: float = 0) -> str:
        name = self._name()
        found = extent(shape)
        if found is None:
            place = 'x="-50%" y="-50%" width="200%" height="200%"'
        else:
            (left, top), (right, bottom) = found
            edge = 3 * amount + width
            place = (
                f'filterUnits="userSpaceOnUse" x="{n(left - edge)}" y="{n(top - edge)}"'
                f' width="{n(right - left + 2 * edge)}" height="{n(bottom - top + 2 * edge)}"'
            )
        self._defs.append(
            f'<filter id="{name}" {place}><feGaussianBlur stdDeviation="{amount}"/></filter>'
        )
        return name
