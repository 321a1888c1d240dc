"""Our own programs: the database's sessions, the worker's loops, timers, what listens on a port."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from django.db import connection

from shangliu.insight.alarms.signals import DATABASE, WORKER, Depth, Play, Signal
from shangliu.platform import clock
from shangliu.platform.health import loops
from shangliu.platform.text import Text
from shangliu.process.definition import Flow
from shangliu.process.drawing.figures import spell

SILENT = timedelta(seconds=12)
_OVERDUE = timedelta(seconds=12)
_BLOCKED = 3.0
_LONG = 8.0
_CROWDED = 0.85

_SESSIONS = """
SELECT a.pid, extract(epoch FROM clock_timestamp() - a.query_start)::float8, a.state,
  coalesce(a.wait_event_type, ''), left(a.query, 120), pg_blocking_pids(a.pid),
  extract(epoch FROM clock_timestamp() - a.xact_start)::float8, a.application_name,
  (SELECT string_agg(DISTINCT c.relname, ', ') FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
   WHERE l.pid = a.pid AND NOT l.granted)
FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
  AND a.backend_type = 'client backend'"""
_ROOM = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::float8
  / current_setting('max_connections')::float8"""


def sessions() -> list[Signal]:
    """Who waits for a lock and who holds it, statements that take long, connections running out."""
    with connection.cursor() as cursor:
        cursor.execute(_SESSIONS)
        rows = cursor.fetchall()
        cursor.execute(_ROOM)
        room = float(cursor.fetchone()[0])
    found = []
    blocked = [row for row in rows if row[5] and (row[1] or 0) > _BLOCKED]
    if blocked:
        found.append(_locked(rows, blocked))
    busy = [row for row in rows if row[2] == "active" and not row[5] and (row[1] or 0) > _LONG]
    if len(busy) >= 2:
        found.append(_slow(busy))
    if room > _CROWDED:
        found.append(
            _database(
                Text("数据库连接快用完", "The database runs out of connections"),
                Text(f"已用 {room:.0%}", f"{room:.0%} in use"),
            )
        )
    return found


def _locked(rows: list[tuple[object, ...]], blocked: list[tuple[object, ...]]) -> Signal:
    holders = Counter(pid for row in blocked for pid in list(row[5]))  # type: ignore[call-overload]
    waiting = {row[0] for row in blocked}
    roots = [pid for pid, _ in holders.most_common() if pid not in waiting] or list(holders)
    by_pid = {row[0]: row for row in rows}
    held = by_pid.get(roots[0])
    tables = Counter(str(row[8]) for row in blocked if row[8])
    table = tables.most_common(1)[0][0] if tables else "-"
    longest = max(float(str(row[1] or 0)) for row in blocked)
    said = (
        f"{held[2]} {spell(float(str(held[6] or 0)), 'en')}: {held[4]}" if held is not None else "-"
    )
    return _database(
        Text(
            f"数据库会话 {roots[0]} 占着锁，{len(blocked)} 个会话在等（{table}）",
            f"Session {roots[0]} holds a lock that {len(blocked)} others wait for ({table})",
        ),
        Text(f"最久等了 {spell(longest, 'zh')}", f"the longest has waited {spell(longest, 'en')}"),
        Text(f"占锁的会话：{said}", f"the holder: {said}"),
        plays=(Play("unlock", str(roots[0])), Play("escalate")),
    )


def _slow(busy: list[tuple[object, ...]]) -> Signal:
    longest = max(float(str(row[1] or 0)) for row in busy)
    return _database(
        Text(f"{len(busy)} 条语句执行很久", f"{len(busy)} statements take very long"),
        Text(
            f"最久 {spell(longest, 'zh')}：{busy[0][4]}",
            f"the longest {spell(longest, 'en')}: {busy[0][4]}",
        ),
    )


def _database(cause: Text, *evidence: Text, plays: tuple[Play, ...] = ()) -> Signal:
    return Signal(
        depth=Depth.DATABASE,
        system=DATABASE,
        cause=cause,
        evidence=evidence,
        plays=plays or (Play("escalate"),),
    )


def unreachable(error: str) -> Signal:
    """When the database does not answer at all, or not in time."""
    return _database(
        Text("数据库没有应答", "The database does not answer"), Text(error[:200], error[:200])
    )


def silent() -> list[Signal]:
    """Loops of the worker that have not turned for a while. One statement."""
    now = clock.now()
    known = loops()
    late = {name: now - beat for name, beat in known.items() if now - beat > SILENT}
    if known and not late:
        return []
    everything = len(late) == len(known)
    names = "、".join(sorted(late)) or "-"
    longest = max((age.total_seconds() for age in late.values()), default=0.0)
    return [
        Signal(
            depth=Depth.LOOP,
            system=WORKER,
            count=len(late),
            cause=Text("后台任务停了", "The worker has stopped")
            if everything
            else Text(f"后台任务的循环 {names} 卡住了", f"The worker's loop {names} is stuck"),
            evidence=(
                Text(
                    f"没有心跳：{names}，{spell(longest, 'zh')}" if known else "从未有过心跳",
                    f"no heartbeat: {names}, {spell(longest, 'en')}"
                    if known
                    else "never a heartbeat",
                ),
            ),
            plays=(Play("ring"), Play("deliver"), Play("escalate")),
        )
    ]


def timers(flow: Flow) -> list[Signal]:
    """Objects whose timer should have rung. One statement, by the timers' indexes."""
    parts, given = [], []
    before = clock.now() - _OVERDUE
    for process in flow.processes:
        if process.model is None or not any(step.at for step in process.steps):
            continue
        table = process.model._meta.db_table  # noqa: SLF001
        parts.append(
            f"SELECT '{process.name}', state, count(*), min(due_at),"  # noqa: S608
            f" (array_agg(case_no ORDER BY due_at))[1:50]"
            f" FROM {table} WHERE due_at IS NOT NULL AND due_at < %s GROUP BY state"
        )
        given.append(before)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), given)
        rows = cursor.fetchall()
    found = []
    for name, state, count, oldest, cases in rows:
        steps = flow[name].timers(state)
        if steps:
            late = (clock.now() - oldest).total_seconds()
            found.append(
                Signal(
                    depth=Depth.TIMER,
                    system=WORKER,
                    step=f"{name}.{steps[0].name}",
                    state=state,
                    count=count,
                    cases=tuple(cases),
                    cause=Text(
                        f"到期的“{steps[0].label.zh}”没有执行", f"“{steps[0].label.en}” is overdue"
                    ),
                    evidence=(
                        Text(
                            f"{count} 个，最久迟 {spell(late, 'zh')}",
                            f"{count}, up to {spell(late, 'en')} late",
                        ),
                    ),
                    plays=(Play("ring"), Play("escalate")),
                )
            )
    return found


def programs(addresses: Mapping[str, str]) -> list[Signal]:
    """Programs of ours that do not answer at their address within two seconds."""
    return [
        Signal(
            depth=Depth.PROGRAM,
            system=system,
            cause=Text("程序没有应答", "The program does not answer"),
            evidence=(Text(f"{url} 两秒内没有应答", f"{url} gave no answer within 2 s"),),
            plays=(Play("escalate"),),
        )
        for system, url in addresses.items()
        if not _answers(url)
    ]


def _answers(url: str) -> bool:
    """Any answer counts: it is up."""
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own addresses
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
