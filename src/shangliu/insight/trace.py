"""One purchase, whole: what happened to all its objects, in order, and its way on the map."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from django.conf import settings

from shangliu.insight.archive import archived
from shangliu.insight.figures import ways_of
from shangliu.insight.models import Behaviour
from shangliu.insight.ways import NOT_SEEN, Passage, Ways
from shangliu.platform.models import OutsideCall
from shangliu.process.drawing.graph import Graph
from shangliu.process.models import Event, Stateful
from shangliu.process.running import flow


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """`path`: the nodes and edges gone along, in order; the last node is where it stands. `legs`:
    the part of it that each event stands for, its own node last; empty for what is not drawn."""

    events: tuple[Event, ...]
    calls: tuple[OutsideCall, ...]
    path: tuple[str, ...]
    legs: tuple[tuple[str, ...], ...] = ()

    def at(self, node: str) -> tuple[Event, ...]:
        """What was taken on this node; of a diamond, the steps that it led to."""
        return tuple(
            event for event, leg in zip(self.events, self.legs, strict=True) if node in leg
        )

    def node_of(self, place: int) -> str:
        """Where the event at this place of `events` is drawn; empty where it is not."""
        return self.legs[place][-1] if self.legs[place] else ""


def trace(graph: Graph, *, cases: Collection[str], visit: str = "") -> Trace:
    """Everything that stands under these case numbers (a purchase and its cart)."""
    kept = Event.objects.filter(case_no__in=cases).order_by("at", "id")
    events = (*archived(settings.EVENT_ARCHIVE, cases), *kept)
    calls = tuple(OutsideCall.objects.filter(case_no__in=cases).order_by("started_at", "id"))
    ways = ways_of(graph)
    legs = tuple(_legs(ways, events))
    path = (*_visited(ways, visit), *chain.from_iterable(legs))
    return Trace(events=events, calls=calls, path=path, legs=legs)


def events_of(process: str, one: Stateful) -> list[Event]:
    """The life of one object, from its beginning: what was archived of it is read there."""
    kept = list(Event.objects.filter(process=process, object_id=one.pk).order_by("id"))
    if kept and not kept[0].source:
        return kept
    old = archived(settings.EVENT_ARCHIVE, [one.case_no])
    own = [event for event in old if (event.process, event.object_id) == (process, one.pk)]
    return [*own, *kept]


def last_events(process: str, step: str, limit: int = 10) -> list[Event]:
    return list(Event.objects.filter(process=process, step=step).order_by("-id")[:limit])


def _visited(ways: Ways, visit: str) -> list[str]:
    """The steps of the visit that are on the map, with the ways between them."""
    process = next((one.name for one in flow().processes if one.recorded), "")
    if not visit or not process:
        return []
    path: list[str] = []
    for seen in Behaviour.objects.filter(visit=visit).order_by("at", "id"):
        before = f"{process}.{seen.prev}" if seen.prev else ""
        path += _along(ways, Passage(f"{process}.{seen.step}", before, ""))
    return path


def _legs(ways: Ways, events: Sequence[Event]) -> Iterator[tuple[str, ...]]:
    earlier: list[str] = []
    for event in events:
        name = f"{event.process}.{event.step}"
        before = f"{event.process}.{event.prev}" if event.prev else ""
        passage = Passage(name, before, event.cause)
        entries = ways.undecided(passage)
        if entries:
            names = {counts[0] for key in entries if key and (counts := ways.nodes[key].counts)}
            last = next((said for said in reversed(earlier) if said.partition("|")[0] in names), "")
            passage = replace(passage, origin=last or NOT_SEEN)
        yield tuple(_along(ways, passage))
        earlier.append(f"{name}|{event.cause}")


def _along(ways: Ways, passage: Passage) -> list[str]:
    """The edges and diamonds that lead to the node, then the node."""
    path: list[str] = []
    for edge in ways.edges(passage):
        source = edge.partition(">")[0]
        if ways.nodes[source].counts is None:
            path.append(source)
        path.append(edge)
    return [*path, *(node.key for node in ways.nodes_of(passage.step, passage.cause)[:1])]
