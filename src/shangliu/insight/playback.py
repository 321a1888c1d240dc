"""A day played again: who went along which way when, and how many waited where.

What moves is a sample where a day is too large, of whole cases; how many waited is counted from
everything that happened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from django.db import connection

from shangliu.insight.passages import EVENTS, LAST_OF, Stretch, counted, log_of
from shangliu.insight.rollup import sums
from shangliu.insight.then import moves, waited
from shangliu.insight.ways import NOT_SEEN, Passage, Ways
from shangliu.process.running import flow

MOST = 6000  # passages that a page can move about
QUARTER = timedelta(minutes=15)

_IN = "e.at >= %s AND e.at < %s"
_CHOSEN = "mod(hashtext(case_no) & 2147483647, %s) = 0"


@dataclass(frozen=True, slots=True)
class Move:
    """One passage: seconds since the beginning, which of the paths, which of the cases."""

    second: float
    path: int
    case: int


@dataclass(frozen=True, slots=True)
class Played:
    """`waiting`: for the beginning and the end of each quarter of an hour, how many waited on each
    of `nodes`. `one_in`: one of how many cases moves; 1 is all."""

    since: datetime
    until: datetime
    paths: tuple[tuple[str, ...], ...]
    moves: tuple[Move, ...]
    nodes: tuple[str, ...]
    waiting: tuple[tuple[int, ...], ...]
    one_in: int


def play(ways: Ways, since: datetime, until: datetime, *, most: int = MOST) -> Played:
    stretch = Stretch(since, until)
    total = sum(sums(ways, stretch).passages.values())
    one_in = max(1, ceil(total / most))
    paths: dict[tuple[str, ...], int] = {}
    cases: dict[str, int] = {}
    found = []
    for at, case_no, edges in _passed(ways, stretch, one_in):
        found.append(
            Move(
                round((at - since).total_seconds(), 1),
                paths.setdefault(edges, len(paths)),
                cases.setdefault(case_no, len(cases)),
            )
        )
    nodes = tuple(node.key for node in ways.graph.nodes if node.waits)
    waiting = tuple(_waiting(ways, stretch))
    return Played(since, until, tuple(paths), tuple(found), nodes, waiting, one_in)


def _passed(
    ways: Ways, stretch: Stretch, one_in: int
) -> list[tuple[datetime, str, tuple[str, ...]]]:
    """The passages of the chosen cases in their order, each with its edges on the whole map."""
    logs = [EVENTS, *(log_of(one.name) for one in flow().processes if one.recorded)]
    rows = []
    with connection.cursor() as cursor:
        for log in logs:
            cursor.execute(
                f"SELECT id, at, step, before, cause, case_no FROM ({log} WHERE {_IN}) e"  # noqa: S608
                f" WHERE {_CHOSEN}",
                [*stretch.ends, one_in],
            )
            rows += [(log, *row) for row in cursor.fetchall()]
    rows.sort(key=lambda row: (row[2], row[1]))
    origins: dict[Passage, Mapping[int, str]] = {}
    found = []
    for log, pk, at, step, before, cause, case_no in rows:
        passage = Passage(step, before, cause)
        if log is EVENTS and (entries := ways.undecided(passage)):
            if passage not in origins:
                origins[passage] = _origins(ways, passage, entries, stretch, one_in)
            passage = replace(passage, origin=origins[passage].get(pk, NOT_SEEN))
        if edges := ways.edges(passage):
            found.append((at, case_no, edges))
    return found


def _origins(
    ways: Ways, passage: Passage, entries: tuple[str, ...], stretch: Stretch, one_in: int
) -> dict[int, str]:
    """Event -> the step that came last of those that the drawing knows before it."""
    names = [counted(ways, key)[0] for key in entries if key]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.id, ({LAST_OF}) FROM ({EVENTS} WHERE {_IN}) e"  # noqa: S608
            f" WHERE step = %s AND before = %s AND cause = %s AND {_CHOSEN}",
            [names, *stretch.ends, passage.step, passage.before, passage.cause, one_in],
        )
        return {pk: said for pk, said in cursor.fetchall() if said}


def _waiting(ways: Ways, stretch: Stretch) -> list[tuple[int, ...]]:
    """Row by row: the beginning, then the end of each quarter."""
    now = Counter(waited(ways, stretch.since))
    changes = _changes(stretch)
    nodes = [node for node in ways.graph.nodes if node.waits]
    rows = []
    for quarter in range(ceil((stretch.until - stretch.since) / QUARTER) + 1):
        now.update(changes.get(quarter - 1, Counter()))
        rows.append(tuple(max(0, sum(now[pair] for pair in node.waits)) for node in nodes))
    return rows


def _changes(stretch: Stretch) -> dict[int, Counter[tuple[str, str]]]:
    """Quarter -> (process, state) -> how many more came than left."""
    found: dict[int, Counter[tuple[str, str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT floor(extract(epoch FROM at - %s) / 900)::int, step, before, count(*)"  # noqa: S608
            f" FROM ({EVENTS} WHERE {_IN}) e GROUP BY 1, 2, 3",
            [stretch.since, *stretch.ends],
        )
        for quarter, step, before, count in cursor.fetchall():
            here = found.setdefault(quarter, Counter())
            for pair, sign in moves(step, before):
                here[pair] += sign * count
    return found
