"""Does reality follow the definition? Each object's steps in a log against what may follow what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import ibis
from ibis.expr import types as ir

from shangliu.insight.mining.log import EmptyLog, EventLog
from shangliu.process.definition import Flow, Process

_BEGIN = ""


class Fault(StrEnum):
    """`UNKNOWN`: the definition has no such activity; `BEGINNING`: nothing begins with it;
    `ORDER`: it may not follow what came before."""

    UNKNOWN = "unknown"
    BEGINNING = "beginning"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Deviation:
    """A step that the definition does not allow there; `cases` have it as their first deviation."""

    fault: Fault
    before: str
    activity: str
    count: int
    cases: int
    example: str


@dataclass(frozen=True, slots=True)
class FirstDeviation:
    case: str
    fault: Fault
    before: str
    activity: str
    at_us: int


@dataclass(frozen=True, slots=True)
class Conformance:
    """`cases` and `events` looked at; `fitting` cases have no deviation at all."""

    cases: int
    fitting: int
    events: int
    deviating_events: int
    deviations: tuple[Deviation, ...]

    @property
    def share(self) -> float:
        return self.fitting / self.cases if self.cases else 1.0


def allowed(flow: Flow) -> frozenset[tuple[str, str]]:
    """Every pair (step before, step) of the same object that the definition allows; the step
    before is empty where an object may begin."""
    return frozenset(pair for process in flow.processes for pair in _pairs(process))


def check(log: EventLog, flow: Flow) -> Conformance:
    """The log against the definition. Activities are `process.step`; those of one case that belong
    to the same process are one object's."""
    judged = _judged(log, flow)
    totals = (
        judged.agg(
            cases=judged.key.nunique(),
            events=judged.count(),
            wrong=(judged.fault != "").sum(),
        )
        .execute()
        .iloc[0]
    )
    if not totals["events"]:
        raise EmptyLog(log.name)
    wrong = _numbered(judged.filter(judged.fault != ""))
    rows = (
        wrong.group_by(["fault", "before", "activity"])
        .agg(
            n=wrong.count(),
            cases=wrong.key.nunique(where=wrong.nth == 0),
            example=wrong.case.min(),
        )
        .order_by([ibis.desc("n"), "fault", "before", "activity"])
        .execute()
    )
    deviating = int(wrong.key.nunique().execute())
    return Conformance(
        cases=int(totals["cases"]),
        fitting=int(totals["cases"]) - deviating,
        events=int(totals["events"]),
        deviating_events=int(totals["wrong"]),
        deviations=tuple(
            Deviation(
                Fault(row.fault), row.before, row.activity, int(row.n), int(row.cases), row.example
            )
            for row in rows.itertuples()
        ),
    )


def first_deviations(log: EventLog, flow: Flow, *, limit: int = 100) -> tuple[FirstDeviation, ...]:
    """Where each deviating case left the definition first; the latest cases first."""
    judged = _judged(log, flow)
    wrong = _numbered(judged.filter(judged.fault != ""))
    wrong = wrong.filter(wrong.nth == 0)
    rows = wrong.order_by([ibis.desc("at_us"), "case"]).limit(limit).execute()
    return tuple(
        FirstDeviation(row.case, Fault(row.fault), row.before, row.activity, int(row.at_us))
        for row in rows.itertuples()
    )


def _judged(log: EventLog, flow: Flow) -> ir.Table:
    """The log with `before` and `fault`, which is empty where all is well."""
    table = log.table
    known = sorted({name for name, _, _ in flow.steps()})
    table = table.rename(before="own_prev")
    pair = table.before.concat(ibis.literal(">"), table.activity)
    fine = pair.isin(sorted(f"{before}>{step}" for before, step in allowed(flow)))
    fault = ibis.cases(
        (~table.activity.isin(known), Fault.UNKNOWN.value),
        (fine, ""),
        (table.before == _BEGIN, Fault.BEGINNING.value),
        else_=Fault.ORDER.value,
    )
    return table.mutate(fault=fault)


def _numbered(wrong: ir.Table) -> ir.Table:
    """The faults with their number in the case, from 0."""
    window = ibis.window(group_by="key", order_by=["at_us", "seq"])
    return wrong.mutate(nth=ibis.row_number().over(window))


def _pairs(process: Process[Any]) -> Iterable[tuple[str, str]]:
    for step in process.steps:
        name = f"{process.name}.{step.name}"
        if step.creates:
            yield _BEGIN, name
        for after in process.steps:
            if step.target in after.source:
                yield name, f"{process.name}.{after.name}"
