"""What is drawn: nodes in lanes, flows between them, outside pools. Knows no shop and no database.

`flow` builds a `Graph` from the definition; layout, SVG, BPMN and Mermaid read nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shangliu.platform.text import Text


class View(StrEnum):
    """The family a lane belongs to; decides its tint."""

    BUYER = "buyer"
    SYSTEM = "system"
    MANAGEMENT = "management"
    OUTSIDE = "outside"


class Shape(StrEnum):
    """BPMN shapes. The value is stable: it is stored and exported."""

    START = "start"
    END = "end"
    USER_TASK = "user_task"
    MANUAL_TASK = "manual_task"
    SERVICE_TASK = "service_task"
    RULE_TASK = "rule_task"
    SEND_TASK = "send_task"
    MESSAGE_CATCH = "message_catch"
    TIMER_CATCH = "timer_catch"
    EXCLUSIVE = "exclusive"
    EVENT_BASED = "event_based"
    PARALLEL = "parallel"
    LINK_IN = "link_in"
    LINK_OUT = "link_out"
    STAGE = "stage"


@dataclass(frozen=True, slots=True)
class LaneSpec:
    code: str
    label: Text
    view: View


@dataclass(frozen=True, slots=True)
class StageSpec:
    code: str
    number: int
    label: Text


@dataclass(frozen=True, slots=True)
class PoolSpec:
    """An outside party: a black-box pool, above (`top`) or below the lanes."""

    code: str
    label: Text
    top: bool


@dataclass(frozen=True, slots=True)
class Node:
    """`key` is unique and stable across versions, e.g. `order.pay` or `order:awaiting_payment`.

    `waits` names the (process, state) pairs whose waiting objects are counted on this node;
    `counts` the step whose events are (`order.pay`) and, where a step is drawn once for every
    step that sets it off, that cause (else empty).
    `members` are the nodes of the whole map that this one stands for on a sheet: its figures are
    theirs together; a link event names the step on the other side.
    """

    key: str
    label: Text
    shape: Shape
    lane: str
    stage: str
    waits: tuple[tuple[str, str], ...] = ()
    main: bool = False
    counts: tuple[str, str] | None = None
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """A sequence flow. `main` marks the happy path; `label` stands at a gateway's exits.

    `origins` are the keys of the edges of the whole map that this one stands for on a sheet.
    """

    source: str
    target: str
    label: Text | None = None
    main: bool = False
    problem: bool = False
    origins: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.source}>{self.target}"


@dataclass(frozen=True, slots=True)
class MessageFlow:
    """What crosses to or from an outside pool; exactly one end is a pool code."""

    node: str
    pool: str
    label: Text
    outgoing: bool

    @property
    def key(self) -> str:
        ends = (self.node, self.pool) if self.outgoing else (self.pool, self.node)
        return "~".join(ends)


@dataclass(frozen=True, slots=True)
class Graph:
    """One picture. Lanes, stages and pools in drawing order; nodes of a lane in reading order."""

    name: Text
    version: str
    lanes: tuple[LaneSpec, ...]
    stages: tuple[StageSpec, ...]
    pools: tuple[PoolSpec, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    messages: tuple[MessageFlow, ...] = ()
