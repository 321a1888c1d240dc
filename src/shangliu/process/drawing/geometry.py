"""Where everything of a picture stands, in whole pixels. Labels carry both languages."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Box:
    x: int
    y: int
    w: int
    h: int

    @property
    def right(self) -> int:
        return self.x + self.w

    @property
    def bottom(self) -> int:
        return self.y + self.h

    @property
    def cx(self) -> int:
        return self.x + self.w // 2

    @property
    def cy(self) -> int:
        return self.y + self.h // 2

    def grown(self, by: int) -> Box:
        return Box(self.x - by, self.y - by, self.w + 2 * by, self.h + 2 * by)

    def overlaps(self, other: Box) -> bool:
        return (
            self.x < other.right
            and other.x < self.right
            and self.y < other.bottom
            and other.y < self.bottom
        )

    def holds(self, other: Box) -> bool:
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.right <= self.right
            and other.bottom <= self.bottom
        )


@dataclass(frozen=True, slots=True)
class Label:
    """Wrapped text. `box` fits the longer of the two languages; `anchor` as SVG's text-anchor."""

    box: Box
    zh: tuple[str, ...]
    en: tuple[str, ...]
    anchor: str = "middle"

    def lines(self, lang: str) -> tuple[str, ...]:
        return self.en if lang.startswith("en") else self.zh


@dataclass(frozen=True, slots=True)
class Band:
    """A lane, a pool or a stage; `head` is the part that carries its name."""

    code: str
    box: Box
    head: Box


@dataclass(frozen=True, slots=True)
class NodeBox:
    key: str
    box: Box
    label: Label


@dataclass(frozen=True, slots=True)
class Line:
    """A flow as an orthogonal polyline. `pill` is the centre of the place kept for its figure."""

    key: str
    points: tuple[Point, ...]
    pill: Point | None = None
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class Geometry:
    """A laid-out picture; `edges` and `messages` stand in the order of the graph's."""

    width: int
    height: int
    pool: Band
    stages: tuple[Band, ...]
    lanes: tuple[Band, ...]
    pools: tuple[Band, ...]
    nodes: tuple[NodeBox, ...]
    edges: tuple[Line, ...]
    messages: tuple[Line, ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> Geometry:
        data = json.loads(text)
        return Geometry(
            width=data["width"],
            height=data["height"],
            pool=_band(data["pool"]),
            stages=tuple(map(_band, data["stages"])),
            lanes=tuple(map(_band, data["lanes"])),
            pools=tuple(map(_band, data["pools"])),
            nodes=tuple(
                NodeBox(n["key"], Box(**n["box"]), _label(n["label"])) for n in data["nodes"]
            ),
            edges=tuple(map(_line, data["edges"])),
            messages=tuple(map(_line, data["messages"])),
        )


def _band(data: dict[str, Any]) -> Band:
    return Band(data["code"], Box(**data["box"]), Box(**data["head"]))


def _label(data: dict[str, Any]) -> Label:
    return Label(Box(**data["box"]), tuple(data["zh"]), tuple(data["en"]), data["anchor"])


def _line(data: dict[str, Any]) -> Line:
    return Line(
        key=data["key"],
        points=tuple((x, y) for x, y in data["points"]),
        pill=(data["pill"][0], data["pill"][1]) if data["pill"] else None,
        label=_label(data["label"]) if data["label"] else None,
    )
