"""How the business moves against its own history: steps that stop, pile up, or go another way.

What is usual is learnt from the same hour of the same weekday in former weeks (`HourFigure`) and
from the last two hours of the log. Where there is too little of both, only the service-level times
of the definition speak, and the evidence says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db import connection

from shangliu.insight.alarms.likely import binomial_at_most, poisson_at_least, poisson_at_most
from shangliu.insight.alarms.signals import RULES, Depth, Play, Signal, awaited, state_named
from shangliu.insight.models import HourFigure
from shangliu.insight.passages import Dwell
from shangliu.insight.rollup import hour_of
from shangliu.insight.waiting import Waiting, waiting, waiting_cases
from shangliu.platform import clock
from shangliu.platform.text import Text
from shangliu.process.definition import Flow, Kind, Process, Step
from shangliu.process.drawing.figures import spell

WINDOWS = (45, 120, 600, 3600)  # seconds; the shortest that tells is used
_BACK = timedelta(hours=2)
_WEEKS = 8
_SURE = 0.002
_ODD = 0.2
_LEAST = 5  # passages that make a history
_PATIENCE = 20.0  # seconds that nothing is late before
_BUYERS = frozenset({"buyer", "storefront"})  # lanes where the next step is up to buyers
_TIMES = 3  # as long as it usually takes is late
_PART = 1 / 40  # of all that leaves a state goes wrong, as long as nothing is known
_PRIOR = 20  # passages that this is worth


@dataclass(slots=True)
class Pace:
    """One step's counts in the windows, what was before, and how its objects had waited."""

    recent: tuple[int, ...] = (0,) * len(WINDOWS)
    before: int = 0
    spanned: float = 0.0
    p95: float | None = None
    weeks: Sequence[int] = ()

    def usual(self, seconds: float) -> tuple[float, float] | None:
        """The least and the most that is usual in so many seconds; None without a history."""
        found = []
        if self.before >= _LEAST and 0 < seconds <= WINDOWS[1] <= 3 * self.spanned:
            found.append(self.before / self.spanned * seconds)
        if len(self.weeks) >= 2:
            middle = median(self.weeks)
            spread = median(abs(one - middle) for one in self.weeks)
            found += [max(0.0, middle - 3 * spread) / 3600 * seconds]
            found += [(middle + 3 * spread) / 3600 * seconds]
        return (min(found), max(found)) if found else None


@dataclass(slots=True)
class Log:
    """All that the looks of this module need, read by a few statements."""

    paces: dict[str, Pace] = field(default_factory=lambda: defaultdict(Pace))
    leaving: dict[tuple[str, str], float] = field(default_factory=dict)
    waiting: Mapping[tuple[str, str], Waiting] = field(default_factory=dict)
    last: dict[tuple[str, str], datetime] = field(default_factory=dict)


_COUNTS = """
SELECT process || '.' || step, process, source,
  count(*) FILTER (WHERE at >= %(w0)s), count(*) FILTER (WHERE at >= %(w1)s),
  count(*) FILTER (WHERE at >= %(w2)s), count(*) FILTER (WHERE at >= %(w3)s),
  count(*) FILTER (WHERE at < %(w1)s), min(at), max(at),
  percentile_disc(0.95) WITHIN GROUP (ORDER BY dwell_us)
    FILTER (WHERE source <> target AND at < %(w1)s) / 1e6
FROM process_event WHERE at >= %(back)s GROUP BY 1, 2, 3"""
_VISITS = """
SELECT '{process}.' || step, '{process}', '',
  count(*) FILTER (WHERE at >= %(w0)s), count(*) FILTER (WHERE at >= %(w1)s),
  count(*) FILTER (WHERE at >= %(w2)s), count(*) FILTER (WHERE at >= %(w3)s),
  count(*) FILTER (WHERE at < %(w1)s), min(at), max(at), NULL
FROM insight_behaviour WHERE at >= %(back)s GROUP BY 1"""


def read(flow: Flow, version: str) -> Log:
    """Four statements, by the index on the time of the log and the waiting indexes."""
    now = clock.now()
    given: dict[str, Any] = {
        f"w{n}": now - timedelta(seconds=width) for n, width in enumerate(WINDOWS)
    }
    given["back"] = now - _BACK
    statements = [_COUNTS]
    statements += [_VISITS.format(process=one.name) for one in flow.processes if one.recorded]
    log = Log(waiting=waiting())
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(statements), given)
        rows = cursor.fetchall()
    begun = min((row[8] for row in rows if row[8] is not None), default=now)
    spanned = max(0.0, (now - begun).total_seconds() - WINDOWS[1])
    for name, process, source, *counts, before, _, last, p95 in rows:
        pace = log.paces[name]
        pace.recent = tuple(a + b for a, b in zip(pace.recent, counts, strict=True))
        pace.before += before
        pace.spanned = spanned
        if p95 is not None and before >= _LEAST:
            at = (process, source)
            log.leaving[at] = max(log.leaving.get(at, 0.0), float(p95))
        log.last[process, source] = max(log.last.get((process, source), begun), last)
    _former_weeks(flow, version, log)
    return log


def _former_weeks(flow: Flow, version: str, log: Log) -> None:
    hour = hour_of(clock.now())
    hours = [hour - timedelta(weeks=n) for n in range(1, _WEEKS + 1)]
    rows = HourFigure.objects.filter(version=version, hour__in=hours, kind=HourFigure.Kind.NODE)
    weeks: defaultdict[str, list[int]] = defaultdict(list)
    dwells: defaultdict[str, Dwell] = defaultdict(lambda: Dwell(0, {}))
    for key, count, buckets in rows.values_list("key", "count", "buckets"):
        weeks[key].append(count)
        dwells[key] += Dwell(count, {int(one): n for one, n in buckets.items()})
    for name, process, step in flow.steps():
        log.paces[name].weeks = tuple(weeks.get(name, ()))
        p95 = dwells[name].p95_us if name in dwells else None
        if p95 is None or dwells[name].count < _LEAST:
            continue
        for state in step.source:
            if state != step.target:
                at = (process.name, str(state))
                log.leaving[at] = max(log.leaving.get(at, 0.0), p95 / 1e6)


def stalls(flow: Flow, log: Log) -> list[Signal]:
    """States in which things wait much longer than they used to, and that nothing leaves; and
    those whose service-level time is over."""
    found = []
    idle = not _buyers_come(flow, log)
    for (name, state), here in log.waiting.items():
        process = flow[name]
        step = awaited(process, state)
        if step is None:
            continue
        age = (clock.now() - here.oldest).total_seconds()
        usual = log.leaving.get((name, state))
        words = state_named(process, state)
        allowed = words.within.span.total_seconds() if words and words.within else None
        if usual is not None and idle and step.lane.code in _BUYERS:
            continue
        if usual is not None and _has_stopped(log, (name, state), usual):
            late = _late(name, state, max(_TIMES * usual, _PATIENCE))
            if late:
                found.append(_stall(process, step, state, late, usual=usual, age=age))
        elif allowed is not None and age > allowed:
            late = _late(name, state, allowed)
            found.append(_stall(process, step, state, late, usual=allowed, age=age, slow=True))
    return found


def _buyers_come(flow: Flow, log: Log) -> bool:
    """Was there a visit lately? Without one it means nothing that buyers do not go on."""
    return any(
        log.paces[f"{one.name}.{step.name}"].recent[2]
        for one in flow.processes
        if one.recorded
        for step in one.steps
    )


def _has_stopped(log: Log, at: tuple[str, str], usual: float) -> bool:
    """Nothing has left for much longer than it takes, while something waits longer than usual."""
    here, silent = log.waiting[at], max(_TIMES * usual, _PATIENCE)
    last = log.last.get(at)
    since = min(silent, 60.0) if silent < 600 else silent
    quiet = last is None or (clock.now() - last).total_seconds() > since
    return quiet and (clock.now() - here.oldest).total_seconds() > silent


def _late(process: str, state: str, seconds: float) -> Sequence[str]:
    until = clock.now() - timedelta(seconds=seconds)
    known = waiting_cases([(process, state)], limit=20)
    return tuple(one.case_no for one in known if one.entered_at < until)


def _stall(
    process: Process[Any],
    step: Step[Any],
    state: str,
    late: Sequence[str],
    *,
    usual: float,
    age: float,
    slow: bool = False,
) -> Signal:
    words = state_named(process, state)
    label = words.label if words else Text(state, state)
    kind = Text("时限", "limit") if slow else Text("平时 95% 在", "usually 95% within")
    return Signal(
        depth=Depth.STALL,
        system=_party(process, step, state),
        step=f"{process.name}.{step.name}",
        state=state,
        count=len(late),
        fresh=not slow,
        cause=Text(
            f"{process.label.zh}停在“{label.zh}”，没有等到“{step.label.zh}”",
            f"{process.label.en} stays in “{label.en}”; “{step.label.en}” does not come",
        ),
        evidence=(
            Text(
                f"{len(late)} 个超过应有的时间，最久 {spell(age, 'zh')}；"
                f"{kind.zh} {spell(usual, 'zh')}",
                f"{len(late)} waited too long, the oldest {spell(age, 'en')}; "
                f"{kind.en} {spell(usual, 'en')}",
            ),
        ),
        cases=tuple(late),
        plays=_plays(process, step, state),
    )


def _plays(process: Process[Any], step: Step[Any], state: str) -> tuple[Play, ...]:
    if step.hears is not None:
        return (Play("query", process.name), Play("ring"), Play("escalate"))
    if step.kind in (Kind.USER, Kind.MANUAL):
        return (Play("cases", f"{process.name}:{state}"), Play("escalate"))
    return (Play("ring"), Play("cases", f"{process.name}:{state}"), Play("escalate"))


def _system(step: Step[Any]) -> str:
    if step.hears is not None:
        return step.hears.code
    return RULES if step.kind is Kind.RULE else step.lane.code


def _party(process: Process[Any], step: Step[Any], state: str) -> str:
    """Of an outside party, the one that the oldest object waits for; one statement."""
    if step.hears is None or process.model is None:
        return _system(step)
    names = {one.name for one in process.model._meta.get_fields()}  # noqa: SLF001
    column = next((one for one in ("provider", "gateway") if one in names), None)
    if column is None:
        return _system(step)
    waits = process.model._default_manager.filter(state=state).order_by("entered_at")  # noqa: SLF001
    return str(waits.values_list(column, flat=True).first() or _system(step))


def rates(flow: Flow, log: Log) -> list[Signal]:
    """Steps that are taken far less often than usual, and what goes wrong far more often."""
    found = []
    for name, process, step in flow.steps():
        pace = log.paces[name]
        for n, (width, count) in enumerate(zip(WINDOWS, pace.recent, strict=True)):
            usual = pace.usual(width)
            if (
                step.problem
                and _is_high(count, usual)
                and not _is_usual_part(process, step, n, log)
            ):
                signal = _surge(name, process, step, count, usual, width)
                found.append(replace(signal, fresh=pace.recent[0] > 0))
                break
            if usual is not None and step.main and _is_low(count, usual[0]):
                found.append(_drop(name, process, step, count, usual, width))
                break
    return found


def _is_low(count: int, least: float) -> bool:
    """Far too few, and less than half: buyers come in waves."""
    return count < least / 2 and poisson_at_most(count, least) < _SURE


def _is_high(count: int, usual: tuple[float, float] | None) -> bool:
    most = usual[1] if usual is not None else 0.05
    return count > 1 and poisson_at_least(count, most) < _SURE


def _is_usual_part(process: Process[Any], step: Step[Any], window: int, log: Log) -> bool:
    """Does it take no larger part than before of all that leaves the same states? Then there is
    only more trade. What little is known of a young shop counts as one in forty."""
    beside = {other.name for state in step.source for other in process.steps_from(str(state))}
    if not beside:
        return False
    paces = {name: log.paces[f"{process.name}.{name}"] for name in beside}
    past = {name: pace.before + sum(pace.weeks) for name, pace in paces.items()}
    part = (past[step.name] + _PRIOR * _PART) / (sum(past.values()) + _PRIOR)
    many = sum(pace.recent[window] for pace in paces.values())
    others = many - paces[step.name].recent[window]
    return binomial_at_most(others, many, 1 - part) >= _SURE


def _surge(
    name: str,
    process: Process[Any],
    step: Step[Any],
    count: int,
    usual: tuple[float, float] | None,
    width: float,
) -> Signal:
    state = str(step.source[0]) if step.source else str(step.target)
    return Signal(
        depth=Depth.CHOICE,
        system=_system(step),
        step=name,
        state=state,
        count=count,
        cause=Text(
            f"“{step.label.zh}”突然增多", f"“{step.label.en}” happens far more often than usual"
        ),
        evidence=(_counted(count, usual, width),),
        plays=(Play("cases", f"{process.name}:{step.target}"), Play("escalate")),
    )


def _drop(
    name: str,
    process: Process[Any],
    step: Step[Any],
    count: int,
    usual: tuple[float, float],
    width: float,
) -> Signal:
    state = str(step.source[0]) if step.source else str(step.target)
    return Signal(
        depth=Depth.RATE,
        system=_system(step),
        step=name,
        state=state,
        count=max(1, round(usual[0]) - count),
        cause=Text(
            f"“{step.label.zh}”比平时少得多", f"“{step.label.en}” happens far less than usual"
        ),
        evidence=(_counted(count, usual, width),),
        plays=(Play("cases", f"{process.name}:{state}"), Play("escalate")),
    )


def _counted(count: int, usual: tuple[float, float] | None, width: float) -> Text:
    if usual is None:
        return Text(
            f"最近 {spell(width, 'zh')} {count} 次，之前两小时和前几周同一时段几乎没有",
            f"{count} in {spell(width, 'en')}; hardly any before, nor at this hour of former weeks",
        )
    low, high = usual
    return Text(
        f"最近 {spell(width, 'zh')} {count} 次，同一时段平时 {low:.1f} 到 {high:.1f} 次",
        f"{count} in the last {spell(width, 'en')}; usual at this hour {low:.1f} to {high:.1f}",
    )


def choices(flow: Flow, log: Log) -> list[Signal]:
    """Decisions that a rule makes and that suddenly go another way."""
    found = []
    for process in flow.processes:
        for state in process.states:
            ways = [one for one in process.steps_from(state) if one.kind is Kind.RULE]
            if len(ways) > 1 and (signal := _shifted(process, str(state), ways, log)):
                found.append(signal)
    return found


def _shifted(
    process: Process[Any], state: str, ways: Sequence[Step[Any]], log: Log
) -> Signal | None:
    paces = {one.name: log.paces[f"{process.name}.{one.name}"] for one in ways}
    before = {name: pace.before + sum(pace.weeks) for name, pace in paces.items()}
    total = sum(before.values())
    if total < _LEAST:
        return None
    usual = max(ways, key=lambda one: before[one.name])
    part = before[usual.name] / total
    for n, width in enumerate(WINDOWS[:3]):
        now = {name: pace.recent[n] for name, pace in paces.items()}
        many = sum(now.values())
        if many >= 3 and binomial_at_most(now[usual.name], many, min(part, 0.98)) < _SURE:
            instead = max((one for one in ways if one is not usual), key=lambda one: now[one.name])
            found = _shift(process, state, (usual, instead), (now[usual.name], many, part), width)
            last = {name: pace.recent[0] for name, pace in paces.items()}
            return replace(found, fresh=_goes_on(last, usual.name, part))
    return None


def _goes_on(last: Mapping[str, int], usual: str, part: float) -> bool:
    """False once the last decisions go the usual way again; without any nothing has changed."""
    many = sum(last.values())
    return not many or binomial_at_most(last[usual], many, min(part, 0.98)) < _ODD


def _shift(
    process: Process[Any],
    state: str,
    ways: tuple[Step[Any], Step[Any]],
    counts: tuple[int, int, float],
    width: float,
) -> Signal:
    usual, instead = ways
    some, many, part = counts
    policies = [*usual.policies]
    for known, decision in process.decisions.items():
        if known == state:
            policies += [one for one in decision.policies if one not in policies]
    return Signal(
        depth=Depth.RULE,
        system=RULES,
        step=f"{process.name}.{usual.name}",
        state=state,
        count=many - some,
        cause=Text(
            f"规则不再让“{usual.label.zh}”，都走“{instead.label.zh}”",
            f"The rule gives “{instead.label.en}” instead of “{usual.label.en}”",
        ),
        evidence=(
            Text(
                f"最近 {spell(width, 'zh')} {many} 次里“{usual.label.zh}”{some} 次，"
                f"平时占 {part:.0%}",
                f"“{usual.label.en}” {some} of {many} in {spell(width, 'en')}; usually {part:.0%}",
            ),
        ),
        plays=(
            *(Play("policy", one.key) for one in policies),
            Play("cases", f"{process.name}:{state}"),
            Play("escalate"),
        ),
        policy=",".join(one.key for one in policies),
    )
