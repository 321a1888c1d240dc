"""What outside systems did lately: calls that fail or crawl, letters that do not arrive."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.db import connection

from shangliu.insight.alarms.signals import (
    NOTICES,
    WORKER,
    Depth,
    Play,
    Signal,
    senders,
    system_label,
)
from shangliu.platform import clock
from shangliu.platform.text import Text
from shangliu.process.definition import Flow, Kind

RECENT = timedelta(minutes=3)
_NEWEST = 6  # calls of an operation that decide how it is now
_LOOKED_AT = 3000  # calls, the newest: what was before tells what is usual
_SLOW_US = 2_500_000
_LATE = timedelta(seconds=12)
_GOES_ON = timedelta(seconds=40)


@dataclass(frozen=True, slots=True)
class _Call:
    system: str
    operation: str
    process: str
    case_no: str
    status: int | None
    error: str
    at: datetime
    took_us: int

    @property
    def fault(self) -> str:
        """The class of what went wrong; empty when nothing did. A 4xx may be an answer."""
        if self.status is None:
            timed = "Timeout" in self.error
            return "time-out" if timed else "refused" if _refused(self) else "no answer"
        if self.status >= 500:
            return f"HTTP {self.status}"
        if self.status in (401, 403, 429):
            return f"HTTP {self.status}"
        if self.error:
            return "signature" if _forged(self.error) else "rejected"
        return "slow" if self.took_us > _SLOW_US else ""


def _refused(call: _Call) -> bool:
    return "ConnectionError" in call.error and call.took_us < 200_000


def _forged(error: str) -> bool:
    low = error.lower()
    return any(mark in low for mark in ("sign", "验签", "证书", "certificate", "forged", "seal"))


_FAULTS = {
    "time-out": Text("超时没有应答", "does not answer in time"),
    "refused": Text("连接被拒绝", "refuses the connection"),
    "no answer": Text("断开连接、没有应答", "breaks the connection without an answer"),
    "signature": Text("应答的签名不对", "answers with a wrong signature"),
    "rejected": Text("拒绝了请求或应答无法识别", "turns the request down, or is not understood"),
    "slow": Text("应答很慢", "answers slowly"),
}


def calls(flow: Flow) -> list[Signal]:
    """Operations most of whose newest calls failed. One statement, by the primary key."""
    by_operation: defaultdict[tuple[str, str], list[_Call]] = defaultdict(list)
    for call in _newest():
        by_operation[call.system, call.operation].append(call)
    found = []
    for (system, operation), known in by_operation.items():
        since = clock.now() - RECENT
        recent = [one for one in known if one.at >= since][:_NEWEST]
        before = [one for one in known if one not in recent]
        if signal := _judge(flow, (system, operation), recent, before):
            found.append(signal)
    return found


def _judge(
    flow: Flow, what: tuple[str, str], recent: Sequence[_Call], before: Sequence[_Call]
) -> Signal | None:
    bad = [one for one in recent if _is_bad(one, before)]
    if len(bad) < 2 or len(bad) < 0.4 * len(recent):
        return None
    system, operation = what
    kind, number = Counter(one.fault or f"HTTP {one.status}" for one in bad).most_common(1)[0]
    step, state = step_of_call(flow, bad[0].process, operation)
    words = _FAULTS.get(kind, Text(f"应答 {kind}", f"answers {kind}"))
    newest = bad[0]
    said = newest.error or (f"HTTP {newest.status}" if newest.status else "")
    took = median(one.took_us for one in bad) / 1e6
    return Signal(
        depth=Depth.CALL,
        system=system,
        step=step,
        state=state,
        count=len(bad),
        fresh=newest.at > clock.now() - _GOES_ON,
        cause=Text("{system} {words}", "{system} {words}").format(
            system=system_label(flow, system), words=words
        ),
        evidence=(
            Text(
                f"{system} {operation}：最近 {len(recent)} 次调用失败 {len(bad)} 次，"
                f"{number} 次为{words.zh}，中位耗时 {took:.1f} 秒",
                f"{system} {operation}: {len(bad)} of the last {len(recent)} calls failed, "
                f"{number} × {words.en}, median {took:.1f} s",
            ),
            Text(f"此前 {_share(before)}", f"before: {_share(before)}"),
            Text(f"最近一次：{said[:160]}", f"the latest: {said[:160]}"),
        ),
        cases=tuple(dict.fromkeys(one.case_no for one in bad if one.case_no)),
        plays=_plays(flow, system, operation),
    )


def _is_bad(call: _Call, before: Sequence[_Call]) -> bool:
    if call.fault:
        return True
    if call.status is None or call.status < 400:
        return False
    usual = sum(one.status is not None and 400 <= one.status < 500 for one in before)
    return usual < 0.2 * max(len(before), 1)


def _share(before: Sequence[_Call]) -> str:
    bad = sum(1 for one in before if one.fault)
    return f"{bad}/{len(before)}"


def _plays(flow: Flow, system: str, operation: str) -> tuple[Play, ...]:
    topics = [
        send.topic
        for _, _, step in flow.steps()
        for send in step.sends
        if _same(send.topic, operation)
    ]
    first = [Play("redrive", topics[0])] if topics else [Play("query", system)]
    return (*first, Play("ring"), Play("escalate"))


def _same(topic: str, operation: str) -> bool:
    """`carrier.order_label` and `label.order`, `refund.execute` and `alipay.trade.refund` …"""
    if topic == operation:
        return True
    ours = {*topic.replace("_", ".").split(".")} - {"carrier", "execute"}
    theirs = {*operation.replace("_", ".").replace("/", ".").split(".")}
    return bool(ours) and ours <= theirs


def step_of_call(flow: Flow, process: str, operation: str) -> tuple[str, str]:
    """Where a call stands: in the state that follows what sent it, at the step that is waited for
    there; else at the step that the outside party reports."""
    for name, owner, step in flow.steps():
        for send in step.sends:
            if _same(send.topic, operation) and process in ("", owner.name):
                return (name, "") if send.final else _after(flow, name)
    for name, owner, step in flow.steps():
        if owner.name == process and step.hears is not None and step.kind is Kind.MESSAGE:
            return name, str(step.source[0]) if step.source else ""
    for name, owner, _ in flow.steps():
        if owner.name == process:
            return name, ""
    return "", ""


def _after(flow: Flow, name: str) -> tuple[str, str]:
    process, step = flow.step(name)
    for one in process.steps_from(step.target):
        if one.main and one.hears is None and not one.at and step.target not in process.terminal:
            return f"{process.name}.{one.name}", str(step.target)
    for one in process.steps_from(step.target):
        if one.main and str(step.target) in process.decisions:
            return f"{process.name}.{one.name}", str(step.target)
    return name, ""


def _newest() -> list[_Call]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT system, operation, process, case_no, status, error, started_at, duration_us"
            " FROM platform_outsidecall"
            " WHERE id > (SELECT coalesce(max(id), 0) FROM platform_outsidecall) - %s"
            " ORDER BY started_at DESC",
            [_LOOKED_AT],
        )
        return [_Call(*row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class _Letters:
    """What one step wrote on one topic and nobody got: tried and refused, given up, not taken."""

    topic: str
    process: str | None
    step: str | None
    failed: int
    dead: int
    late: int
    tried: int
    touched: datetime | None
    error: str | None
    cases: list[str]

    @property
    def refused(self) -> bool:
        return bool(self.failed or self.dead)

    @property
    def matters(self) -> bool:
        return self.failed >= 2 or self.tried >= 2 or self.dead > 0 or self.late > 0


_LETTERS = """
SELECT topic, body->>'process', body->>'step',
  count(*) FILTER (WHERE dead_at IS NULL AND error <> ''),
  count(*) FILTER (WHERE dead_at IS NOT NULL),
  count(*) FILTER (WHERE dead_at IS NULL AND due_at < %(late)s),
  max(attempts),
  max(coalesce(dead_at, least(due_at, now()))) FILTER (WHERE error <> ''),
  (array_agg(error ORDER BY id DESC) FILTER (WHERE error <> ''))[1],
  (array_agg(ordering ORDER BY id DESC))[1:5]
FROM platform_outbox WHERE done_at IS NULL GROUP BY 1, 2, 3"""


def letters(flow: Flow) -> list[Signal]:
    """Letters that were refused, given up, or that nobody takes. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_LETTERS, {"late": clock.now() - _LATE})
        found = [_Letters(*row) for row in cursor.fetchall()]
    return [_undelivered(flow, one) for one in found if one.matters]


def _undelivered(flow: Flow, one: _Letters) -> Signal:
    topic, error = one.topic, (one.error or "-")[:160]
    going_on = one.touched is not None and one.touched > clock.now() - _GOES_ON
    return Signal(
        depth=Depth.LETTER if one.refused else Depth.TIMER,
        system=_system(flow, topic) if one.refused else WORKER,
        step=f"{one.process}.{one.step}",
        count=one.failed + one.dead + one.late,
        fresh=going_on if one.refused else True,
        cause=_letter_cause(_called(flow, topic), error, refused=one.refused),
        evidence=(
            Text(
                f"{topic}：{one.failed} 条重试中，{one.dead} 条已放弃，{one.late} 条到期未取",
                f"{topic}: {one.failed} tried again, {one.dead} given up, {one.late} not taken",
            ),
            Text(f"最近的错误：{error}", f"last error: {error}"),
        ),
        cases=tuple(one.cases),
        plays=(Play("redrive", topic), Play("escalate")),
    )


def _called(flow: Flow, topic: str) -> Text:
    """What people call what is sent on a topic."""
    label = next((send.label for _, _, send in senders(flow, topic)), None)
    return Text(f"“{label.zh}”", f"“{label.en}”") if label else Text(topic, topic)


def _letter_cause(what: Text, error: str, *, refused: bool) -> Text:
    if not refused:
        return Text(
            f"{what.zh}到期的消息没有人取", f"Nobody takes letters of {what.en} that are due"
        )
    return Text(f"{what.zh}送不出去：{error[:80]}", f"{what.en} cannot be delivered: {error[:80]}")


def _system(flow: Flow, topic: str) -> str:
    if topic.startswith("notice."):
        return NOTICES
    for _, _, send in senders(flow, topic):
        if send.pool is not None:
            return _POOLS.get(send.pool.code, send.pool.code)
    return topic.partition(".")[0]


_POOLS = {"finance_system": "finance"}
