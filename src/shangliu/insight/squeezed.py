"""A purchase as a timeline: when each object stood where, on an axis whose idle time is squeezed.

Pure: events in, stretches and places out. Nothing here reads the database or draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from shangliu.process.models import Event

IDLE = timedelta(minutes=10)
BREAK = 56.0

Ended = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Stay:
    """How long it stood in the states. `end` is None where it stands at rest: nothing is awaited.

    `open`: it still stands there and something is awaited; `end` is then the present.
    """

    states: tuple[str, ...]
    begin: datetime
    end: datetime | None
    open: bool = False

    @property
    def lasted(self) -> timedelta | None:
        return None if self.end is None else self.end - self.begin


@dataclass(frozen=True, slots=True)
class Life:
    """One row: an object, or several of one process folded into one."""

    process: str
    ids: tuple[int, ...]
    stays: tuple[Stay, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the axis. `squeezed`: drawn at a fixed width, however long it really was."""

    begin: datetime
    end: datetime
    x: float
    width: float
    squeezed: bool

    @property
    def lasted(self) -> timedelta:
        return self.end - self.begin


@dataclass(frozen=True, slots=True)
class Axis:
    """From moments to places, piece by piece."""

    pieces: tuple[Piece, ...]
    width: float

    def place(self, moment: datetime) -> float:
        """Where the moment is drawn; what lies outside stands at the nearest end."""
        if not self.pieces or moment <= self.pieces[0].begin:
            return 0.0
        for piece in self.pieces:
            if moment <= piece.end:
                share = (moment - piece.begin) / piece.lasted
                return piece.x + piece.width * share
        return self.width

    @property
    def breaks(self) -> tuple[Piece, ...]:
        return tuple(piece for piece in self.pieces if piece.squeezed)


def squeeze(moments: Iterable[datetime], *, width: float, idle: timedelta | None = IDLE) -> Axis:
    """The axis over these moments. Between two of them more than `idle` apart nothing happened:
    that stretch gets `BREAK`, and what is left goes to the others by their real length.

    `idle` None: nothing is squeezed. With so many breaks that they would fill the axis they share
    half of it.
    """
    known = sorted(set(moments))
    spans = [
        (begin, end, idle is not None and end - begin > idle) for begin, end in pairwise(known)
    ]
    breaks = sum(squeezed for _, _, squeezed in spans)
    busy = sum((end - begin for begin, end, squeezed in spans if not squeezed), timedelta())
    one = _break_width(breaks, width, alone=not busy)
    left = width - breaks * one
    pieces: list[Piece] = []
    x = 0.0
    for begin, end, squeezed in spans:
        taken = one if squeezed else left * ((end - begin) / busy)
        pieces.append(Piece(begin, end, x, taken, squeezed))
        x += taken
    return Axis(tuple(pieces), width)


def _break_width(count: int, width: float, *, alone: bool) -> float:
    if not count:
        return 0.0
    return width / count if alone else min(BREAK, width / 2 / count)


def lives(
    events: Iterable[Event],
    *,
    now: datetime,
    ended: Ended,
    order: Sequence[str],
    folded: frozenset[str] = frozenset(),
) -> list[Life]:
    """A row for each object in the `order` of the processes; those `folded` share one row."""
    by_object: dict[tuple[str, int], list[Event]] = {}
    for event in events:
        by_object.setdefault((event.process, event.object_id), []).append(event)
    rank = {name: place for place, name in enumerate(order)}
    keys = sorted(by_object, key=lambda key: (rank.get(key[0], len(rank)), key[1]))
    found: list[Life] = []
    for process, group in groupby(keys, key=lambda key: key[0]):
        rows = [
            Life(process, (pk,), tuple(_stays(by_object[process, pk], now, ended)))
            for _, pk in group
        ]
        found += [_together(rows)] if process in folded and len(rows) > 1 else rows
    return found


def _stays(events: Sequence[Event], now: datetime, ended: Ended) -> Iterable[Stay]:
    """A step that leaves the object where it is makes no new stay."""
    begin = events[0]
    for event in events[1:]:
        if event.target != begin.target:
            yield Stay((begin.target,), begin.at, event.at)
            begin = event
    if ended(begin.process, begin.target):
        yield Stay((begin.target,), begin.at, None)
    else:
        yield Stay((begin.target,), begin.at, max(now, begin.at), open=True)


def _together(rows: Sequence[Life]) -> Life:
    """One row for several: at every moment the set of states that any of them stood in."""
    stays = [stay for row in rows for stay in row.stays]
    moments = sorted({at for stay in stays for at in (stay.begin, stay.end) if at is not None})
    found: list[Stay] = []
    for begin, end in pairwise(moments):
        under_way = [s for s in stays if s.end and s.begin <= begin and s.end >= end]
        states = tuple(dict.fromkeys(name for stay in under_way for name in stay.states))
        if not states:
            continue
        still = any(stay.open and stay.end == end for stay in under_way)
        last = found[-1] if found else None
        if last is not None and last.states == states and last.end == begin:
            found[-1] = Stay(states, last.begin, end, still)
        else:
            found.append(Stay(states, begin, end, still))
    rests = [stay for stay in stays if stay.end is None]
    for begin, same in groupby(sorted(rests, key=lambda s: s.begin), key=lambda s: s.begin):
        states = tuple(dict.fromkeys(name for stay in same for name in stay.states))
        found.append(Stay(states, begin, None))
    found.sort(key=lambda stay: stay.begin)
    return Life(rows[0].process, tuple(pk for row in rows for pk in row.ids), tuple(found))
