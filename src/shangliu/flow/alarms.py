"""What only the shop's own books can tell: notifications, stock, ledger, policies. And the whole
list of what the watch asks."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from shangliu.domain.inventory.books import differences_of
from shangliu.flow.compensation import fitted
from shangliu.flow.drawing import graph
from shangliu.insight.alarms import choices, house, outside, pace, rates, stalls, watch
from shangliu.insight.alarms.signals import LEDGER, RULES, STOCK, STREAM, WEB, Depth, Play, Signal
from shangliu.platform import clock
from shangliu.platform.text import Text
from shangliu.process.drawing.figures import spell
from shangliu.process.models import PolicyValue
from shangliu.process.running import flow

_RECENT = timedelta(minutes=3)
_GOES_ON = timedelta(seconds=40)
_CHANGED = timedelta(minutes=30)
_GRACE = timedelta(seconds=8)


def look(*, every: timedelta = watch.EVERY, programs: bool = True) -> watch.Looked | None:
    """One look at everything; None when somebody else has just done so."""
    return watch.look(sources(programs=programs), every=every)


def fresh() -> bool:
    """Make sure that the alarms are not older than a quarter of a minute, whoever should have
    looked. True when it was done here."""
    return look(every=timedelta(seconds=15)) is not None


def sources(*, programs: bool = True) -> list[watch.Source]:
    found: list[watch.Source] = [
        house.sessions,
        house.silent,
        lambda: [fitted(one) for one in house.timers(flow())],
        lambda: outside.calls(flow()),
        lambda: outside.letters(flow()),
        notifications,
        lost,
        stock,
        kept_back,
        ledger,
        paces,
    ]
    return [*found, listening] if programs else found


def listening() -> Sequence[Signal]:
    env = settings.SHANGLIU
    return house.programs(
        {
            STREAM: f"http://{env.reached_at}:{env.stream_port}/healthz",
            WEB: f"http://{env.reached_at}:{env.port}/about/",
        }
    )


_REFUSED = """
SELECT provider, verdict, count(*), max(received_at), (array_agg(case_no ORDER BY id DESC))[1:5]
FROM payments_gatewaynotification
WHERE id > (SELECT coalesce(max(id), 0) FROM payments_gatewaynotification) - 2000
  AND received_at > %s AND (verdict LIKE 'refused%%' OR verdict LIKE 'wrong%%'
    OR verdict LIKE 'unknown%%')
GROUP BY 1, 2"""


def notifications() -> list[Signal]:
    """Notifications that were turned away."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(_REFUSED, [now - _RECENT])
        rows = cursor.fetchall()
    return [
        Signal(
            depth=Depth.NOTICE,
            system=provider,
            step="payment.succeed",
            state="pending",
            count=count,
            fresh=newest > now - _GOES_ON,
            cause=_turned_away(verdict),
            evidence=(
                Text(
                    f"{provider} 的通知 3 分钟内被拒 {count} 次：{verdict}",
                    f"{count} notifications of {provider} turned away in 3 minutes: {verdict}",
                ),
            ),
            cases=tuple(filter(None, cases)),
            plays=(Play("query", provider), Play("escalate")),
        )
        for provider, verdict, count, newest, cases in rows
    ]


def _turned_away(verdict: str) -> Text:
    if verdict.startswith("wrong amount"):
        return Text("支付通知里的金额和支付单不一致", "A notification names another amount")
    if verdict.startswith("unknown"):
        return Text("支付通知里的单号不是我们的", "A notification names a number that is not ours")
    return Text(
        "支付通知的签名或身份不对，可能是伪造", "A notification is not signed as it should be"
    )


_LOST = """
SELECT p.provider, count(*) FILTER (WHERE n.at IS NULL), count(*) FILTER (WHERE n.at IS NOT NULL),
  max(e.at), (array_agg(e.case_no ORDER BY e.at DESC))[1:5],
  max(extract(epoch FROM e.at - e.entered_at))
FROM process_event e JOIN payments_payment p ON p.id = e.object_id
LEFT JOIN LATERAL (SELECT min(received_at) AS at FROM payments_gatewaynotification g
  WHERE g.number = p.number AND g.verdict IN ('applied', 'duplicate')) n ON true
WHERE e.process = 'payment' AND e.step IN ('succeed', 'succeed_late') AND e.at > %(since)s
  AND e.at < %(until)s AND e.actor <> p.provider AND (n.at IS NULL OR n.at > e.at + %(grace)s)
GROUP BY 1"""


def lost() -> list[Signal]:
    """Payments that we only know of because we asked: their notification did not come, or late."""
    now = clock.now()
    given: dict[str, Any] = {"since": now - _RECENT, "until": now - _GRACE, "grace": _GRACE}
    with connection.cursor() as cursor:
        cursor.execute(_LOST, given)
        rows = cursor.fetchall()
    return [
        Signal(
            depth=Depth.NOTICE,
            system=provider,
            step="payment.succeed",
            state="pending",
            count=missing + late,
            fresh=newest > now - _GOES_ON,
            cause=Text("付了款，支付通知没有到", "It is paid, but no notification came")
            if missing
            else Text("支付通知来得太晚", "Notifications come too late"),
            evidence=(
                Text(
                    f"{provider}：{missing} 笔查到已付但没有通知，{late} 笔通知迟到；"
                    f"靠主动查询最多等了 {spell(float(waited or 0), 'zh')}",
                    f"{provider}: {missing} found paid by asking without a notification, {late} "
                    f"notified late; the query took {spell(float(waited or 0), 'en')} at most",
                ),
            ),
            cases=tuple(cases),
            plays=(Play("query", provider), Play("escalate")),
        )
        for provider, missing, late, newest, cases, waited in rows
    ]


class _Memory(threading.local):
    """What this thread saw when it looked last, so that only what changed is added up again."""

    def __init__(self) -> None:
        self.stock: dict[int, tuple[int, ...]] = {}
        self.wrong: set[int] = set()
        self.posting = 0
        self.sum = 0


_memory = _Memory()


def forget() -> None:
    """Add everything up anew at the next look (for tests, whose databases begin anew)."""
    _memory.__init__()  # type: ignore[misc]


def stock() -> list[Signal]:
    """Counters that differ from the ledger or the reservations. Only rows whose counters changed
    since the last look are added up; at the first look all."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, on_hand, held, committed, damaged, in_transit, safety FROM inventory_stock"
        )
        now = {row[0]: tuple(row[1:]) for row in cursor.fetchall()}
    changed = {pk for pk, counters in now.items() if _memory.stock.get(pk) != counters}
    found = differences_of(sorted(changed | (_memory.wrong & now.keys())))
    _memory.stock = now
    _memory.wrong = {one.stock_id for one in found}
    by_counter = Counter("commit" if one.counter == "committed" else "hold" for one in found)
    return [
        Signal(
            depth=Depth.BOOKS,
            system=STOCK,
            step=f"reservation.{step}",
            state="held",
            count=count,
            cause=Text("库存数和流水、预占对不上", "Stock counters differ from their books"),
            evidence=tuple(
                Text(
                    f"{one.sku} @ {one.warehouse} {one.counter}：计数 {one.counted}，"
                    f"流水 {one.ledger}，单据 {one.proof if one.proof is not None else '—'}",
                    f"{one.sku} @ {one.warehouse} {one.counter}: counter {one.counted}, ledger "
                    f"{one.ledger}, documents {one.proof if one.proof is not None else '-'}",
                )
                for one in found[:5]
            ),
            plays=(Play("repair"), Play("escalate")),
        )
        for step, count in by_counter.items()
    ]


_KEPT_BACK = """
SELECT v.sku, w.code, m.kind, m.actor, m.why, s.on_hand, s.held + s.committed, s.safety, m.at
FROM (SELECT DISTINCT ON (stock_id) * FROM inventory_stockmovement
  WHERE id > (SELECT coalesce(max(id), 0) FROM inventory_stockmovement) - 5000 AND at > %s
    AND (safety > 0 OR (on_hand < 0 AND committed = 0 AND held = 0))
  ORDER BY stock_id, id DESC) m
JOIN inventory_stock s ON s.id = m.stock_id JOIN catalog_variant v ON v.id = s.variant_id
JOIN catalog_product p ON p.id = v.product_id JOIN inventory_warehouse w ON w.id = s.warehouse_id
WHERE v.active AND p.on_shelf AND w.active AND s.on_hand - s.held - s.committed <= s.safety
ORDER BY m.at DESC LIMIT 50"""


def kept_back() -> list[Signal]:
    """Goods that cannot be sold any more since somebody changed their stock by hand."""
    with connection.cursor() as cursor:
        cursor.execute(_KEPT_BACK, [clock.now() - _CHANGED])
        rows = cursor.fetchall()
    if not rows:
        return []
    return [
        Signal(
            depth=Depth.BOOKS,
            system=STOCK,
            step="reservation.hold",
            state="held",
            count=len(rows),
            cause=Text(
                "人工调整后商品卖不出去了",
                "Goods cannot be sold since their stock was changed by hand",
            ),
            evidence=tuple(
                Text(
                    f"{sku} @ {house_code}：在库 {on_hand}，已占 {taken}，安全库存 {safety}；"
                    f"{actor} 的 {kind}（{why or '—'}）",
                    f"{sku} @ {house_code}: {on_hand} on hand, {taken} claimed, "
                    f"{safety} kept back; {kind} by {actor} ({why or '-'})",
                )
                for sku, house_code, kind, actor, why, on_hand, taken, safety, _ in rows[:5]
            ),
            plays=(Play("stock"), Play("escalate")),
        )
    ]


def ledger() -> list[Signal]:
    """The sum of all postings; zero, always. Only new ones are added."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(id), %s), coalesce(sum(amount_fen), 0)::bigint"
            " FROM ledger_posting WHERE id > %s",
            [_memory.posting, _memory.posting],
        )
        last, more = cursor.fetchone()
    if _memory.sum + more == 0:
        _memory.posting = last
        return []
    off = _memory.sum + more
    return [
        Signal(
            depth=Depth.BOOKS,
            system=LEDGER,
            step="settlement.accrue",
            cause=Text("总账借贷不平", "The ledger does not balance"),
            evidence=(Text(f"差 {off} 分", f"off by {off} fen"),),
            plays=(Play("escalate"),),
        )
    ]


def paces() -> list[Signal]:
    """How the steps move, with the policies that were changed lately and what rules said."""
    read = pace.read(flow(), graph().version)
    found = [
        *stalls.stalls(flow(), read),
        *rates.rates(flow(), read),
        *choices.choices(flow(), read),
    ]
    changes = _changes() if found else {}
    return [fitted(_told(one, changes)) for one in found]


def _told(signal: Signal, changes: dict[str, Text]) -> Signal:
    """A step that moves otherwise since one of its policies was changed does so by rule."""
    _, step = flow().step(signal.step)
    keys = {*filter(None, signal.policy.split(",")), *(one.key for one in step.policies)}
    known = tuple(changes[key] for key in sorted(keys) if key in changes)
    said = _reasons(signal) if signal.depth is Depth.RULE else ()
    if not known and not said:
        return signal
    if known:
        signal = replace(
            signal,
            depth=Depth.RULE,
            system=RULES,
            cause=Text(
                f"{signal.cause.zh}；策略刚被修改", f"{signal.cause.en}; a policy was just changed"
            ),
        )
    return replace(signal, evidence=(*signal.evidence, *known, *said))


def _changes() -> dict[str, Text]:
    """Policies that were changed lately and did not get their old value back."""
    labels = {one.key: one.label for one in flow().policies}
    defaults = {one.key: one.default for one in flow().policies}
    since = clock.now() - _CHANGED
    rows = PolicyValue.objects.filter(
        key__in=PolicyValue.objects.filter(at__gte=since).values("key")
    )
    before, last = dict(defaults), dict[str, PolicyValue]()
    for one in rows.order_by("id"):
        if one.at < since:
            before[one.key] = one.value
        last[one.key] = one
    return {
        key: Text(
            f"策略“{labels[key].zh}”{clock.local(one.at):%H:%M:%S} "
            f"从 {before[key]} 改为 {one.value}（{one.why}）",
            f"policy “{labels[key].en}” set from {before[key]} to {one.value} at "
            f"{clock.local(one.at):%H:%M:%S} ({one.why})",
        )
        for key, one in last.items()
        if key in labels and one.value != before[key]
    }


def _reasons(signal: Signal) -> tuple[Text, ...]:
    """What the rule wrote down when it said no."""
    process = signal.step.partition(".")[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(reason->>'zh', reason #>> '{}'),"
            " coalesce(reason->>'en', reason #>> '{}'), count(*) FROM process_event e,"
            " jsonb_each(e.facts) AS fact(name, list), jsonb_array_elements("
            "  CASE WHEN jsonb_typeof(list) = 'array' THEN list ELSE '[]'::jsonb END) AS reason"
            " WHERE e.at > %s AND e.process = %s AND e.source = %s"
            " GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 3",
            [clock.now() - _RECENT, process, signal.state],
        )
        rows = cursor.fetchall()
    return tuple(
        Text(f"规则给出的原因：{zh}（{n} 次）", f"the rule said: {en} ({n} ×)")
        for zh, en, n in rows
    )
