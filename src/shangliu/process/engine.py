"""The only writer of states.

A step is one transaction: locks, checks, effects, then one statement that moves the state on
condition that it is still the expected one, writes the event and fills the outbox.

Locks are taken in this order: the case (an advisory lock on its number; a cart's case before the
trade's), the object's row, then what the effects lock, stock last and by id. So all steps of one
purchase are one queue, whichever object they begin with.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import connection, transaction
from django.db.models import QuerySet

from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.platform.text import Text, kept
from shangliu.process import running
from shangliu.process.definition import Context, Link, Process, Step, WrongState
from shangliu.process.models import Event, Stateful
from shangliu.process.roles import Role

T = TypeVar("T", bound=Stateful)

_EVENT = """
  INSERT INTO process_event (at, process, object_id, case_no, version, step, source, target, prev,
    cause, lane, role, actor, entered_at, dwell_us, facts, key)
  SELECT %(at)s::timestamptz, %(process)s::text, i.id, i.case_no, %(version)s::int, %(step)s::text,
    i.source, %(target)s::text, i.prev, i.cause, %(lane)s::text, %(role)s::text,
    i.actor, i.entered_at,
    (extract(epoch FROM %(at)s::timestamptz - i.entered_at) * 1000000)::bigint,
    i.facts::jsonb, %(key)s::text
  FROM {moved}
  RETURNING id, object_id, case_no, actor"""

_OUTBOX = """
  INSERT INTO platform_outbox (topic, ordering, body, event_id, created_at, due_at, attempts, error)
  SELECT topic, e.case_no,
    jsonb_build_object('process', %(process)s::text, 'id', e.object_id, 'step', %(step)s::text,
      'case', e.case_no, 'actor', e.actor),
    e.id, %(at)s::timestamptz, %(at)s::timestamptz, 0, ''
  FROM event e, unnest(%(topics)s::text[]) topic"""

_INPUT = """input AS (
  SELECT * FROM unnest(%(ids)s::bigint[], %(sources)s::text[], %(prevs)s::text[],
    %(entered)s::timestamptz[], %(cases)s::text[], %(dues)s::timestamptz[], %(actors)s::text[],
    %(causes)s::text[], %(facts)s::text[])
    AS i(id, source, prev, entered_at, case_no, due_at, actor, cause, facts))"""

# The texts below are put together from constants of this file; values are always parameters.
_MOVE = (
    "WITH pass AS MATERIALIZED (SELECT set_config('shangliu.step', %(pass)s::text, true)),"  # noqa: S608
    + _INPUT
    + """, moved AS (
  UPDATE {table} t SET state = %(target)s::text, due_at = i.due_at, last_step = %(step)s::text
    {columns},
    entered_at = CASE WHEN i.source = %(target)s::text THEN t.entered_at
      ELSE %(at)s::timestamptz END
  FROM input i, pass
  WHERE t.id = i.id AND t.state = i.source
  RETURNING i.*), event AS ("""
    + _EVENT.replace("{moved}", "moved i")
    + "), sent AS ("
    + _OUTBOX
    + ") SELECT id, object_id FROM event"
)

_BEGIN = (
    "WITH "  # noqa: S608
    + _INPUT
    + ", event AS ("
    + _EVENT.replace("{moved}", "input i")
    + "), sent AS ("
    + _OUTBOX
    + ") SELECT id, object_id FROM event"
)


class Conflict(Exception):
    """Somebody else moved the object between our reading and our writing; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The events that a call wrote, by object id."""

    events: dict[int, int]


def fire(
    process: Process[T], step: Step[T], subject: T, ctx: Context, *, key: str | None = None
) -> Taken | None:
    """Take `step` on `subject`, or raise `Refused` and change nothing.

    `key` makes the call safe to repeat: a second call with the same key returns None.
    """
    return fire_all(process, step, [subject], ctx, key=key)


@transaction.atomic(savepoint=False)
def fire_all(
    process: Process[T],
    step: Step[T],
    subjects: Sequence[T],
    ctx: Context,
    *,
    key: str | None = None,
) -> Taken | None:
    """Take `step` on every subject or on none, with one write for all of them."""
    if not subjects:
        return Taken({})
    for subject in sorted(subjects, key=lambda one: one.pk):
        lock(process, subject, ctx)
    if key is not None and Event.objects.filter(key=key).exists():
        return None
    _check(step, subjects, ctx)
    return _take(process, step, subjects, ctx, key)


def _take(
    process: Process[T], step: Step[T], subjects: Sequence[T], ctx: Context, key: str | None
) -> Taken:
    """What `fire_all` does once the subjects are locked and nothing speaks against the step."""
    before = [_Before(one.state, one.last_step, one.entered_at) for one in subjects]
    ctx.columns.clear()
    _note_due(step, subjects, ctx)
    _act(step, subjects, ctx)
    moment = clock.now()
    for subject, was in zip(subjects, before, strict=True):
        subject.state = step.target.value
        subject.last_step = step.name
        subject.entered_at = (was.entered or moment) if was.state == step.target else moment
        subject.due_at = _due(process, step, subject, moment)
    contexts = [ctx] * len(subjects)
    taken = _record(_MOVE, _Move(process, step, subjects, before, contexts), key)
    if len(taken.events) != len(subjects):
        raise Conflict(f"{process.name}.{step.name}")
    _follow(process, step, subjects, ctx)
    return taken


@transaction.atomic(savepoint=False)
def begin(
    process: Process[T], step: Step[T], subject: T, ctx: Context, *, key: str | None = None
) -> Taken:
    """Bring an unsaved object into being by its first step."""
    return begin_all(process, step, [subject], ctx, key=key)


@transaction.atomic(savepoint=False)
def begin_all(
    process: Process[T],
    step: Step[T],
    subjects: Sequence[T],
    ctx: Context,
    *,
    key: str | None = None,
) -> Taken:
    """Bring unsaved objects into being: one insert, one write of the events."""
    return begin_each(process, step, [(subject, ctx) for subject in subjects], key=key)


@transaction.atomic(savepoint=False)
def begin_each(
    process: Process[T],
    step: Step[T],
    pairs: Sequence[tuple[T, Context]],
    *,
    key: str | None = None,
) -> Taken:
    """`begin_all` for several people at once: each object comes with its own context."""
    if not pairs:
        return Taken({})
    if not step.creates:
        raise ValueError(f"{process.name}.{step.name} does not create anything")
    for subject, ctx in pairs:
        _check(step, [subject], ctx)
    moment = clock.now()
    subjects = [subject for subject, _ in pairs]
    for subject in subjects:
        subject.state = step.target.value
        subject.last_step = step.name
        subject.entered_at = moment
        subject.flow_version = running.flow().number
        subject.due_at = _due(process, step, subject, moment)
    type(subjects[0])._default_manager.bulk_create(subjects)  # noqa: SLF001
    for subject, ctx in pairs:
        ctx.fresh.add((process.name, subject.pk))
        _act(step, [subject], ctx)
        if ctx.columns:
            raise ValueError(f"{process.name}.{step.name} creates: set columns before it")
    unborn = [_UNBORN] * len(pairs)
    contexts = [ctx for _, ctx in pairs]
    taken = _record(_BEGIN, _Move(process, step, subjects, unborn, contexts), key)
    for subject, ctx in pairs:
        _follow(process, step, [subject], ctx)
    return taken


def postpone(subject: Stateful, *, until: datetime) -> None:
    """Let a timer that could not be taken ring again later."""
    type(subject)._default_manager.filter(  # noqa: SLF001
        pk=subject.pk, state=subject.state
    ).update(due_at=until)


def offers(process: Process[T], subject: T, ctx: Context) -> list[tuple[Step[T], tuple[Text, ...]]]:
    """The steps that `ctx.role` may be shown on `subject` now, each with the reasons against it."""
    return [
        (step, step.refusals(subject, ctx))
        for step in process.steps_from(subject.state)
        if ctx.role in step.by
    ]


@dataclass(frozen=True, slots=True)
class _Before:
    """Where an object stood."""

    state: str
    step: str
    entered: datetime | None


_UNBORN = _Before("", "", None)


@dataclass(frozen=True)
class _Move(Generic[T]):
    """One step of several objects, about to be written."""

    process: Process[T]
    step: Step[T]
    subjects: Sequence[T]
    before: Sequence[_Before]
    contexts: Sequence[Context]


def _check(step: Step[T], subjects: Sequence[T], ctx: Context) -> None:
    for subject in subjects:
        if reasons := step.refusals(subject, ctx):
            raise Refused(*reasons)
    _ask(step, ctx)


def _ask(step: Step[T], ctx: Context) -> None:
    if step.asks is not None and not isinstance(ctx.data, step.asks):
        raise TypeError(f"{step.name} asks for {step.asks.__name__}")


def _note_due(step: Step[T], subjects: Sequence[T], ctx: Context) -> None:
    """What a clock decided by: the hour of this object, as the policies of the day put it."""
    rang = ctx.role is Role.SYSTEM and not ctx.cause
    if step.at is None or not rang or len(subjects) != 1:
        return
    (one,) = subjects
    due = step.at(one, one.entered_at)
    if due is not None:
        ctx.note(due=due.isoformat())


def _act(step: Step[T], subjects: Sequence[T], ctx: Context) -> None:
    for effect in step.does:
        for subject in subjects:
            effect(subject, ctx)


def _record(statement: str, move: _Move[T], key: str | None) -> Taken:
    process, step, subjects = move.process, move.step, move.subjects
    ctx = move.contexts[0]
    marks = ",".join(str(subject.pk) for subject in subjects)
    given: dict[str, Any] = {
        "pass": f"{process.name}:{step.target.value}:,{marks},",
        "ids": [subject.pk for subject in subjects],
        "sources": [was.state for was in move.before],
        "prevs": [was.step for was in move.before],
        "entered": [was.entered for was in move.before],
        "cases": [subject.case_no for subject in subjects],
        "dues": [subject.due_at for subject in subjects],
        "at": clock.now(),
        "process": process.name,
        "version": running.flow().number,
        "step": step.name,
        "target": step.target.value,
        "causes": [one.cause for one in move.contexts],
        "lane": step.lane.code,
        "role": ctx.role.value,
        "actors": [one.actor for one in move.contexts],
        "facts": [json.dumps(one.facts, ensure_ascii=False, default=kept) for one in move.contexts],
        "key": key,
        "topics": [send.topic for send in step.sends]
        + [f"notice.{template}" for template in step.tells],
    }
    table = type(subjects[0])._meta.db_table  # noqa: SLF001
    columns = "".join(f", {name} = %(set_{name})s" for name in ctx.columns)
    given |= {f"set_{name}": value for name, value in ctx.columns.items()}
    ctx.columns.clear()
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("{table}", table).replace("{columns}", columns), given)
        return Taken({object_id: event_id for event_id, object_id in cursor.fetchall()})


def _follow(process: Process[T], step: Step[T], subjects: Sequence[T], ctx: Context) -> None:
    name = f"{process.name}.{step.name}"
    for link in running.flow().links_after(name):
        for subject in subjects:
            then = ctx.following(name)
            _fire_link(link, list(link.on(subject, then)), then)


def _fire_link(link: Link, targets: list[Any], ctx: Context) -> None:
    if not targets:
        return
    flow = running.flow()
    process, step = flow.step(link.fire[0])
    if targets[0].pk is None:
        begin_all(process, step, targets, ctx)
        return
    # Read under the lock of their case, so nothing newer can be had by reading again.
    ctx.fresh.update(
        (process.name, one.pk) for one in targets if ("case", one.case_no) in ctx.fresh
    )
    if len(link.fire) == 1 and not link.optional:
        fire_all(process, step, targets, ctx)
        return
    for target in targets:
        _fire_first(link, target, ctx)


def _fire_first(link: Link, target: Any, ctx: Context) -> None:
    reasons: tuple[Text, ...] = ()
    for name in link.fire:
        process, step = running.flow().step(name)
        lock(process, target, ctx)
        tried = replace(ctx, facts=dict(ctx.facts), columns={})
        reasons = step.refusals(target, tried)
        if not reasons:
            _ask(step, tried)
            _take(process, step, [target], tried, None)
            return
        ctx.facts.update(tried.facts)
        ctx.facts[name] = list(reasons)
    if not link.optional:
        raise Refused(*(reasons or (WrongState(Text("", "")),)))


def lock_case(case_no: str, ctx: Context) -> None:
    """Wait until nobody else works on this case; held to the end of the transaction."""
    mark = ("case", case_no)
    if mark not in ctx.fresh:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [case_no])
        ctx.fresh.add(mark)


def new_case(case_no: str, ctx: Context) -> None:
    """A case that begins in this transaction: nobody else can know it yet, so it needs no lock."""
    ctx.fresh.add(("case", case_no))


def lock(process: Process[T], subject: T, ctx: Context) -> None:
    """Lock the object's case and its row, and read it as it is now; once in a transaction."""
    mark = (process.name, subject.pk)
    if mark not in ctx.fresh:
        lock_case(subject.case_no, ctx)
        _refresh(subject)
        ctx.fresh.add(mark)


def _refresh(subject: Stateful) -> None:
    model = type(subject)
    rows: QuerySet[Any] = QuerySet(model).select_for_update(of=("self",))
    subject.refresh_from_db(from_queryset=rows)


def _due(process: Process[T], step: Step[T], subject: T, moment: datetime) -> datetime | None:
    times = [
        due
        for timer in process.timers(step.target)
        if timer.at is not None and (due := timer.at(subject, moment)) is not None
    ]
    return min(times, default=None)
