"""Small pictures inside the shapes, drawn around their own middle in a 16 px square."""

from __future__ import annotations

import math

from shangliu.process.drawing.graph import Shape


def _gear() -> str:
    teeth = []
    for tooth in range(8):
        for step, radius in ((-0.032, 5.0), (-0.024, 7.3), (0.024, 7.3), (0.032, 5.0)):
            angle = (tooth / 8 + step) * 2 * math.pi
            teeth.append(f"{radius * math.cos(angle):.1f},{radius * math.sin(angle):.1f}")
    return f'<path d="M{"L".join(teeth)}Z"/><circle r="2.4"/>'


def _pentagon(radius: float) -> str:
    angles = (i * 2 * math.pi / 5 for i in range(5))
    corners = (f"{radius * math.sin(a):.1f},{-radius * math.cos(a):.1f}" for a in angles)
    return f'<path d="M{"L".join(corners)}Z"/>'


_ENVELOPE = '<path d="M-7-5H7V5H-7Z"/><path d="M-7-5L0 1L7-5"/>'
_CLOCK = '<circle r="8"/><path d="M0-5V0L3.5 2"/>' + "".join(
    f'<path d="M0-8V-6.4" transform="rotate({angle})"/>' for angle in range(0, 360, 90)
)
_ARROW = '<path d="M-7-3H1V-6.5L8 0L1 6.5V3H-7Z"/>'

_PERSON = (
    '<circle cy="-3.4" r="3.4"/><path d="M-6.6 7V5.4C-6.6 2.4-4 1.4 0 1.4S6.6 2.4 6.6 5.4V7Z"/>'
)
_HAND = (
    '<path d="M-6.4-.6V3.2C-6.4 6-4.6 7.4-1.6 7.4H1.6C4 7.4 5.4 6.2 5.4 4V-3.6'
    "a1.3 1.3 0 0 0-2.6 0V-1M2.8-1V-5.9a1.3 1.3 0 0 0-2.6 0V-1M.2-1V-6.6a1.3 1.3 0 0 0-2.6 0V-.6"
    'M-2.4-.8V-5a1.3 1.3 0 0 0-2.6 0V1.6"/>'
)
_TABLE = (
    '<path d="M-7-6H7V6H-7Z"/><path class="solid" d="M-7-6H7V-2.6H-7Z"/>'
    '<path d="M-7 1.6H7M-2.4-2.6V6"/>'
)
_SEALED = (
    '<path class="solid" d="M-7-5.4H7L0 .6Z"/><path class="solid" d="M-7-3.4L0 2.6L7-3.4V5.4H-7Z"/>'
)

ICONS = {
    Shape.USER_TASK: _PERSON,
    Shape.MANUAL_TASK: _HAND,
    Shape.SERVICE_TASK: _gear(),
    Shape.RULE_TASK: _TABLE,
    Shape.SEND_TASK: _SEALED,
    Shape.MESSAGE_CATCH: _ENVELOPE,
    Shape.TIMER_CATCH: _CLOCK,
    Shape.LINK_IN: _ARROW,
    Shape.LINK_OUT: f'<g class="solid">{_ARROW}</g>',
    Shape.EXCLUSIVE: '<path class="bold" d="M-5.5-5.5L5.5 5.5M5.5-5.5L-5.5 5.5"/>',
    Shape.PARALLEL: '<path class="bold" d="M0-8V8M-8 0H8"/>',
    Shape.EVENT_BASED: f'<circle r="10.5"/><circle r="8.4"/>{_pentagon(5.4)}',
}
