"""The picture without a style sheet: every colour and width on its own element, arrow heads as
shapes, text apart. For programs that know neither variables nor markers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from defusedxml import ElementTree

from shangliu.process.drawing.svg import css

_SHAPES = frozenset({"rect", "path", "circle"})
_PAINT = (
    *("fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "stroke-linecap"),
    *("opacity", "stroke-opacity"),
)
_PLACE = ("x", "y", "width", "height", "rx", "cx", "cy", "r", "d")
_ALONE = frozenset({"opacity"})  # what children do not take over
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_BLOCK = re.compile(r"@[^{]+\{(?:[^{}]*\{[^{}]*\}[^{}]*)*\}")
_VARIABLE = re.compile(r"var\((--[\w-]+)(?:,\s*([^()]*))?\)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_PART = re.compile(r"[.\[]?[\w-]+(?:=\"[^\"]*\"\])?")


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text: where its anchor stands, how large it is, turned by `turn` degrees."""

    text: str
    x: float
    y: float
    size: float
    anchor: str
    fill: str
    bold: bool
    turn: float = 0.0


@dataclass(frozen=True, slots=True)
class Flat:
    """`shapes` is SVG without text, head and foot; the texts belong on top of it."""

    width: int
    height: int
    shapes: tuple[str, ...]
    words: tuple[Words, ...]

    @property
    def head(self) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}"'
            f' width="{self.width}" height="{self.height}">'
        )


@dataclass(frozen=True, slots=True)
class _Compound:
    """One step of a selector: a tag, classes, and attributes with their values."""

    tag: str
    classes: frozenset[str]
    attributes: tuple[tuple[str, str], ...]

    @property
    def weight(self) -> int:
        return 10 * (len(self.classes) + len(self.attributes)) + bool(self.tag)

    def fits(self, one: _Seen) -> bool:
        return (
            self.tag in ("", one.tag)
            and self.classes <= one.classes
            and all(one.attributes.get(name) == value for name, value in self.attributes)
        )


@dataclass(frozen=True, slots=True)
class _Rule:
    chain: tuple[_Compound, ...]
    said: tuple[tuple[str, str], ...]
    weight: int

    def fits(self, way: tuple[_Seen, ...]) -> bool:
        """Whether the last of `way` is meant: the others stand among those around it, in order."""
        *above, last = self.chain
        if not last.fits(way[-1]):
            return False
        around = iter(way[:-1])
        return all(any(step.fits(one) for one in around) for step in above)


@dataclass(frozen=True, slots=True)
class _Seen:
    tag: str
    classes: frozenset[str]
    attributes: Mapping[str, str]


@cache
def _rules() -> tuple[_Rule, ...]:
    """The picture's style, the weakest first. What asks for a pointer or a medium is left out."""
    found = []
    for selectors, body in _RULE.findall(_BLOCK.sub("", css())):
        pairs = (part.split(":", 1) for part in body.split(";") if ":" in part)
        said = tuple((name.strip(), value.strip()) for name, value in pairs)
        for selector in selectors.split(","):
            if ":" not in selector:
                chain = tuple(_compound(part) for part in selector.split())
                found.append(_Rule(chain, said, sum(one.weight for one in chain)))
    return tuple(sorted(found, key=lambda rule: rule.weight))


def _compound(text: str) -> _Compound:
    tag, classes, attributes = "", set(), []
    for part in _PART.findall(text):
        if part.startswith("."):
            classes.add(part[1:])
        elif part.startswith("["):
            name, _, value = part[1:-1].partition("=")
            attributes.append((name, value.strip('"')))
        else:
            tag = part
    return _Compound(tag, frozenset(classes), tuple(attributes))


def flatten(svg: str) -> Flat:
    """What `to_svg` has drawn."""
    root = ElementTree.fromstring(svg)
    pen = _Flattening()
    pen.walk(root, (), {})
    _, _, width, height = (float(part) for part in root.get("viewBox", "0 0 0 0").split())
    return Flat(round(width), round(height), tuple(pen.shapes), tuple(pen.words))


@dataclass
class _Flattening:
    shapes: list[str] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)
    heads: dict[str, tuple[object, dict[str, str], tuple[_Seen, ...]]] = field(default_factory=dict)

    def walk(self, element: object, way: tuple[_Seen, ...], given: dict[str, str]) -> None:
        """An element and what is in it, in the order of drawing. `given`: the style around it."""
        seen = _seen(element)
        way = (*way, seen)
        style = _style(way, given)
        if seen.attributes.get("visibility") == "hidden" or seen.tag == "title":
            return
        if seen.tag == "marker":
            self.heads[seen.attributes["id"]] = (element, style, way)
        elif seen.tag == "text":
            self._text(element, seen, style)
        elif seen.tag in _SHAPES:
            self._shape(seen, style)
        else:
            self._group(element, way, style)

    def _group(self, element: object, way: tuple[_Seen, ...], style: dict[str, str]) -> None:
        moved = way[-1].attributes.get("transform", "")
        mark, before = len(self.shapes), len(self.words)
        for child in element:  # type: ignore[attr-defined]
            self.walk(child, way, style)
        if moved and len(self.shapes) > mark:
            opacity = f' opacity="{style["opacity"]}"' if "opacity" in style else ""
            self.shapes[mark:] = [
                f'<g transform="{moved}"{opacity}>',
                *self.shapes[mark:],
                "</g>",
            ]
        if moved:
            x, y = (float(one) for one in _NUMBER.findall(moved)[:2])
            self.words[before:] = [
                replace(one, x=one.x + x, y=one.y + y) for one in self.words[before:]
            ]

    def _shape(self, seen: _Seen, style: dict[str, str]) -> None:
        if style.get("stroke", "none") == "none" and style.get("fill") == "none":
            return
        self.shapes.append(_drawn(seen, style))
        for name, at_start in (("marker-start", True), ("marker-end", False)):
            if name in seen.attributes:
                self._head(seen.attributes[name][5:-1], seen.attributes["d"], at_start=at_start)

    def _head(self, name: str, path: str, *, at_start: bool) -> None:
        """An arrow head or a dot at an end of a line, turned as the line arrives."""
        marker, style, way = self.heads[name]
        numbers = [float(one) for one in _NUMBER.findall(path)]
        (ax, ay), (x, y) = (
            (numbers[2:4], numbers[:2]) if at_start else (numbers[-4:-2], numbers[-2:])
        )
        said = way[-1].attributes
        turn = math.degrees(math.atan2(y - ay, x - ax)) if said.get("orient") == "auto" else 0
        self.shapes.append(
            f'<g transform="translate({x:g} {y:g}) rotate({turn:g})'
            f' translate({-float(said["refX"]):g} {-float(said["refY"]):g})">'
        )
        for child in marker:  # type: ignore[attr-defined]
            self.walk(child, way, style)
        self.shapes.append("</g>")

    def _text(self, element: object, seen: _Seen, style: dict[str, str]) -> None:
        if "rotate" in seen.attributes.get("transform", ""):
            x, y, turn = (float(one) for one in _NUMBER.findall(seen.attributes["transform"]))
            places = [(x, y, element.text or "")]  # type: ignore[attr-defined]
        else:
            turn = 0.0
            parts = list(element) or [element]  # type: ignore[call-overload]
            places = [
                (float(one.get("x", 0)), float(one.get("y", 0)), one.text or "") for one in parts
            ]
        for x, y, said in places:
            if said:
                self.words.append(
                    Words(
                        text=said,
                        x=x,
                        y=y,
                        size=float(style.get("font-size", "13px").removesuffix("px")),
                        anchor=seen.attributes.get("text-anchor", "start"),
                        fill=style.get("fill", "#000000"),
                        bold=int(style.get("font-weight", "400")) >= 600,
                        turn=turn,
                    )
                )


def _seen(element: object) -> _Seen:
    attributes = dict(element.attrib)  # type: ignore[attr-defined]
    tag = str(element.tag).rpartition("}")[2]  # type: ignore[attr-defined]
    return _Seen(tag, frozenset(attributes.get("class", "").split()), attributes)


def _style(way: tuple[_Seen, ...], given: Mapping[str, str]) -> dict[str, str]:
    """What holds for the last of `way`: taken over, then its attributes, then the rules."""
    style = {name: value for name, value in given.items() if name not in _ALONE}
    own = way[-1].attributes
    style |= {name: own[name] for name in _PAINT if name in own}
    for rule in _rules():
        if rule.fits(way):
            style |= {name: _resolved(value, style) for name, value in rule.said}
    return style


def _resolved(value: str, style: Mapping[str, str]) -> str:
    while (found := _VARIABLE.search(value)) is not None:
        known = style.get(found[1]) or found[2] or "none"
        value = value[: found.start()] + known + value[found.end() :]
    return value


def _drawn(seen: _Seen, style: Mapping[str, str]) -> str:
    attributes = dict(_attributes(seen, style))
    said = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return f"<{seen.tag} {said}/>"


def _attributes(seen: _Seen, style: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield from ((name, seen.attributes[name]) for name in _PLACE if name in seen.attributes)
    if "transform" in seen.attributes:
        yield "transform", seen.attributes["transform"]
    yield from ((name, style[name]) for name in _PAINT if name in style)
