"""Steps, events, gateways and stage blocks as SVG groups."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from shangliu.process.drawing.figures import (
    TASKS,
    HeatMark,
    Level,
    NodeFigure,
    PassedMark,
    change_text,
    duration,
    dwell_text,
    human,
    is_english,
    passed_text,
    tag_text,
)
from shangliu.process.drawing.geometry import Box, Label, NodeBox
from shangliu.process.drawing.graph import Node, Shape, View
from shangliu.process.drawing.icons import ICONS
from shangliu.process.drawing.metrics import EVENTS, GATEWAYS, LINE_HEIGHT, text_width

_ANCHOR = {"start": 0.0, "middle": 0.5, "end": 1.0}
_RINGED = frozenset({Shape.MESSAGE_CATCH, Shape.TIMER_CATCH, Shape.LINK_IN, Shape.LINK_OUT})
_MARK = {
    Level.OK: "",
    Level.WARN: '<path class="mark" d="M-3 3V-3H3V3Z"/>',
    Level.LATE: '<path class="mark" d="M0-4.6L4.6 3.6H-4.6Z"/>',
}


def text(label: Label, lang: str, classes: str) -> str:
    """A label, its lines centred in the height of its box."""
    lines = label.lines(lang)
    box = label.box
    x = round(box.x + _ANCHOR[label.anchor] * box.w)
    y = box.y + (box.h - LINE_HEIGHT * len(lines)) // 2 + 12
    spans = "".join(
        f'<tspan x="{x}" y="{y + i * LINE_HEIGHT}">{escape(line)}</tspan>'
        for i, line in enumerate(lines)
    )
    return f'<text class="{classes}" text-anchor="{label.anchor}">{spans}</text>'


@dataclass(frozen=True, slots=True)
class Face:
    """How one node looks now. `classes` are a trace's `visited`, `current`. `silent`: its figures
    are not known, which is not the same as 0."""

    view: View
    figure: NodeFigure
    lang: str
    href: str
    classes: str = ""
    stage_number: int = 0
    silent: bool = False
    heated: bool = False
    heat: HeatMark | None = None
    passed: PassedMark | None = None


def draw_node(node: Node, place: NodeBox, face: Face) -> str:
    figure = face.figure
    if node.shape is Shape.STAGE:
        body = _stage(node, place, face)
    elif node.shape in GATEWAYS:
        body = _gateway(node, place, face.lang)
    elif node.shape in EVENTS:
        body = _event(node, place, face.lang)
    else:
        body = _task(node, place, face)
    if node.shape is not Shape.STAGE and (node.waits or figure.waiting):
        body += _badge(node, place.box, figure, face.lang)
    if figure.letters or figure.dead:
        body += _letters(place.box, figure, face.lang)
    if words := tag_text(node, figure, face.heat, face.lang):
        body += _tag(node, place.box, figure, words)
    if face.passed is not None:
        body += _passed(node, place.box, face.passed)
    heat = f' data-heat="{face.heat.band}"' if face.heat else ""
    classes = f"node {node.shape.value} view-{face.view.value} {face.classes}".strip()
    return (
        f'<a class="{classes}" data-node={quoteattr(node.key)} data-level="{figure.level.value}"'
        f"{heat} href={quoteattr(face.href)}>"
        f"<title>{escape(_title(node, face))}</title>"
        f"{body}</a>"
    )


def _title(node: Node, face: Face) -> str:
    english = is_english(face.lang)
    parts = [
        node.label.en if english else node.label.zh,
        *_heat_title(face.heat, english=english),
        *_figure_title(node, face.figure, face.lang),
        *_passed_title(face.passed, english=english),
    ]
    return (" · " if english else "，").join(parts)


def _heat_title(heat: HeatMark | None, *, english: bool) -> list[str]:
    if heat is None:
        return []
    band = f"band {heat.band}" if english else f"第 {heat.band} 档"
    return [f"{heat.words} ({band})" if english else f"{heat.words}（{band}）"]


def _figure_title(node: Node, figure: NodeFigure, lang: str) -> list[str]:
    english = is_english(lang)
    parts = []
    if figure.waiting:
        parts.append(f"{figure.waiting} waiting" if english else f"{figure.waiting} 个等待")
    if figure.oldest_seconds is not None:
        age = duration(figure.oldest_seconds * 1_000_000, lang)
        parts.append(f"oldest {age}" if english else f"最久 {age}")
    if figure.letters:
        said = f"{figure.letters} letters wait" if english else f"{figure.letters} 条消息未送达"
        parts.append(said)
    if figure.dead:
        said = f"{figure.dead} letters given up" if english else f"{figure.dead} 条消息已放弃"
        parts.append(said)
    if dwell := dwell_text(figure, lang):
        parts.append(dwell)
    if figure.before is not None and node.counts:
        change = change_text(figure.before.count, figure.count, lang)
        times = f"{figure.before.count} → {figure.count}"
        parts.append(f"times {times} {change}" if english else f"次数 {times} {change}")
    return parts


def _passed_title(mark: PassedMark | None, *, english: bool) -> list[str]:
    if mark is None:
        return []
    said = [passed_text(mark)]
    if mark.ok:
        said.append(f"{mark.ok} calls answered" if english else f"外部调用成功 {mark.ok} 次")
    if mark.failed:
        said.append(f"{mark.failed} calls failed" if english else f"外部调用失败 {mark.failed} 次")
    return said


def _passed(node: Node, box: Box, mark: PassedMark) -> str:
    """The time on a shape that has no line for it; the calls below: a tick, a cross."""
    drawn = ""
    if node.shape not in TASKS:
        width = round(text_width(mark.at, 10.5)) + 10
        x = box.cx - width / 2
        drawn = (
            f'<g class="tag" transform="translate({x:g} {box.y - 17})">'
            f'<rect width="{width}" height="16" rx="4"/><text x="{width / 2:g}" y="11.8"'
            f' text-anchor="middle">{escape(mark.at)}</text></g>'
        )
    x = box.right
    for kind, count, sign in (("failed", mark.failed, "×"), ("ok", mark.ok, "✓")):
        if count:
            words = f"{sign}{count if count > 1 else ''}"
            width = round(text_width(words, 10.5)) + 9
            x -= width + 2
            drawn += (
                f'<g class="calls {kind}" data-calls="{kind}"'
                f' transform="translate({x + 8} {box.bottom - 8})">'
                f'<rect width="{width}" height="16" rx="8"/>'
                f'<text x="{width / 2:g}" y="11.8" text-anchor="middle">{words}</text></g>'
            )
    return drawn


def _shortened(words: str, width: float) -> str:
    short = words
    while text_width(short, 10.5) > width:
        short = f"{short.rstrip('…')[:-1]}…"
    return short


def _task(node: Node, place: NodeBox, face: Face) -> str:
    box, lang = place.box, face.lang
    kind, line = "dwell", dwell_text(face.figure, lang)
    if face.heated:
        kind, line = "heat-words", face.heat.words if face.heat else ""
    elif face.passed is not None:
        kind, line = "passed", _shortened(passed_text(face.passed), box.w - 10)
    first_line = place.label.box.cy - LINE_HEIGHT * (len(place.label.lines(lang)) - 1) // 2
    return (
        f'<rect class="shape" x="{box.x}" y="{box.y}" width="{box.w}" height="{box.h}" rx="8"/>'
        f'<g class="icon" transform="translate({box.x + 16} {first_line})">{ICONS[node.shape]}</g>'
        f"{text(place.label, lang, 'name')}"
        f'<text class="dwell" data-{kind}="{_attribute(node.key)}" text-anchor="middle"'
        f' x="{box.cx}" y="{box.bottom - 7}">{escape(line)}</text>'
    )


def _gateway(node: Node, place: NodeBox, lang: str) -> str:
    box = place.box
    return (
        f'<path class="shape" d="M{box.cx} {box.y}L{box.right} {box.cy}L{box.cx} {box.bottom}'
        f'L{box.x} {box.cy}Z"/>'
        f'<g class="icon" transform="translate({box.cx} {box.cy})">{ICONS[node.shape]}</g>'
        f"{text(place.label, lang, 'name outside question')}"
    )


def _event(node: Node, place: NodeBox, lang: str) -> str:
    box = place.box
    ring = f'<circle class="ring" cx="{box.cx}" cy="{box.cy}" r="14"/>'
    icon = ICONS.get(node.shape, "")
    return (
        f'<circle class="shape" cx="{box.cx}" cy="{box.cy}" r="18"/>'
        f"{ring if node.shape in _RINGED else ''}"
        f'<g class="icon" transform="translate({box.cx} {box.cy})">{icon}</g>'
        f"{text(place.label, lang, 'name outside')}"
    )


def _badge(node: Node, box: Box, figure: NodeFigure, lang: str) -> str:
    """How many wait here, with a mark besides the colour when the oldest is late."""
    words = human(figure.waiting, lang) if figure.waiting else ""
    mark = _MARK[figure.level]
    width = round(text_width(words, 11.5)) + 16 + (12 if mark else 0)
    x = box.right + 6 - width if box.w > 60 else box.cx + 8
    hidden = "" if figure.waiting else ' visibility="hidden"'
    return (
        f'<g class="badge" data-badge="{_attribute(node.key)}"'
        f' transform="translate({x} {box.y - 10})"{hidden}>'
        f'<rect width="{width}" height="20" rx="10"/>'
        f'<g transform="translate(11 10)">{mark}</g>'
        f'<text x="{width / 2 + (6 if mark else 0):g}" y="14" text-anchor="middle">'
        f"{words}</text></g>"
    )


def _letters(box: Box, figure: NodeFigure, lang: str) -> str:
    """What was sent from here and has not arrived: an envelope and how many, on the other corner
    than what waits; in the colour of what is late once something was given up."""
    words = human(figure.letters + figure.dead, lang)
    width = round(text_width(words, 11.5)) + 30
    dead = " dead" if figure.dead else ""
    return (
        f'<g class="letters{dead}" data-letters="" transform="translate({box.x - 6} {box.y - 10})">'
        f'<rect width="{width}" height="20" rx="10"/>'
        '<path transform="translate(13 10)" d="M-6-4H6V4H-6ZM-6-4L0 1L6-4"/>'
        f'<text x="{width / 2 + 8:g}" y="14" text-anchor="middle">{words}</text></g>'
    )


def _tag(node: Node, box: Box, figure: NodeFigure, words: str) -> str:
    """A sheet's second mark: the change, the heat of a shape without a line of its own."""
    width = round(text_width(words, 10.5)) + 12
    x, y = box.x - 6, box.y - 10
    if node.shape is Shape.STAGE:
        x = box.right - 12 - width
    elif figure.letters or figure.dead:
        x -= width + 3
    return (
        f'<g class="tag" data-tag="{_attribute(node.key)}" transform="translate({x} {y})">'
        f'<rect width="{width}" height="18" rx="4"/>'
        f'<text x="{width / 2:g}" y="12.8" text-anchor="middle">{escape(words)}</text></g>'
    )


def _stage(node: Node, place: NodeBox, face: Face) -> str:
    """A block that reads from across the room: number, name, one figure, one colour."""
    box, figure, lang = place.box, face.figure, face.lang
    english = is_english(lang)
    words = place.label.lines(lang)
    lines = "".join(
        f'<tspan x="{box.x + 62}" y="{box.y + 36 + 24 * i + (0 if len(words) > 1 else 6)}">'
        f"{escape(line)}</tspan>"
        for i, line in enumerate(words)
    )
    oldest = ""
    if figure.oldest_seconds is not None:
        age = duration(figure.oldest_seconds * 1_000_000, lang)
        oldest = f"oldest {age}" if english else f"最久 {age}"
    unit = "" if face.silent else "waiting" if english else "个等待"
    key = _attribute(node.key)
    return (
        f'<rect class="shape" x="{box.x}" y="{box.y}" width="{box.w}" height="{box.h}" rx="14"/>'
        f'<rect class="heat" x="{box.x + 16}" y="{box.bottom - 13}" width="{box.w - 32}"'
        ' height="5" rx="2.5"/>'
        f'<circle class="number-ground" cx="{box.x + 34}" cy="{box.y + 36}" r="18"/>'
        f'<text class="number" x="{box.x + 34}" y="{box.y + 42}" text-anchor="middle">'
        f"{face.stage_number}</text>"
        f'<text class="stage-name">{lines}</text>'
        f'<text class="figure" data-badge="{key}" x="{box.x + 18}" y="{box.bottom - 26}">'
        f"{'—' if face.silent else human(figure.waiting, lang)}</text>"
        f'<text class="unit" x="{box.right - 16}" y="{box.bottom - 44}" text-anchor="end">'
        f"{unit}</text>"
        f'<text class="unit" data-oldest="{key}" x="{box.right - 16}" y="{box.bottom - 26}"'
        f' text-anchor="end">{oldest}</text>'
    )


def _attribute(value: str) -> str:
    return escape(value, {'"': "&quot;"})
