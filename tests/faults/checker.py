"""What must be true of the shop's data, whatever happened to its programs.

Asks the database in plain SQL and the simulators for their own books, never the code under test.
A rule is a statement that finds what breaks it: one text a finding. `ALWAYS` holds at any moment
between two transactions, for one case or for all; `AT_REST` once nothing is under way any more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Rows = Callable[[str, Mapping[str, object]], Sequence[tuple[Any, ...]]]

GATEWAYS = ("alipay", "wechat", "stripe")
TABLES = {
    "cart": "cart_cart",
    "reservation": "inventory_reservation",
    "order": "orders_order",
    "payment": "payments_payment",
    "fulfilment": "fulfilment_fulfilmenttask",
    "parcel": "logistics_parcel",
    "aftersale": "aftersales_aftersale",
    "refund": "payments_refund",
    "settlement": "settlement_settlemententry",
    "difference": "reconciliation_difference",
}
_HAS_MONEY = "('succeeded', 'succeeded_late', 'partly_refunded', 'refunded')"
_GIVEN_UP = "('cancelled', 'closed')"


@dataclass(frozen=True, slots=True)
class Violation:
    rule: str
    found: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.found}"


@dataclass(frozen=True, slots=True)
class Moved:
    """One line of a gateway's own book: a payment, or a refund that names ours."""

    provider: str
    number: str
    fen: int
    refund_number: str = ""


# What each purchase received, sent back and is sending back, and what its orders may keep.
_MONEY = f"""
WITH mine AS (
  SELECT case_no, sum(total_fen) FILTER (WHERE state NOT IN ('awaiting_payment', 'cancelled'))
      AS sold, bool_or(state = 'awaiting_payment') AS waits, sum(total_fen) AS total
  FROM orders_order WHERE (%(case)s::text = '' OR case_no = %(case)s::text) GROUP BY case_no),
paid AS (
  SELECT case_no, sum(amount_fen) FILTER (WHERE state IN {_HAS_MONEY}) AS received,
    sum(amount_fen) FILTER (WHERE state = 'to_collect') AS promised
  FROM payments_payment WHERE (%(case)s::text = '' OR case_no = %(case)s::text) GROUP BY case_no),
back AS (
  SELECT case_no, sum(amount_fen) AS all_of_it,
    sum(amount_fen) FILTER (WHERE after_sale_id IS NOT NULL) AS after_sales
  FROM payments_refund WHERE (%(case)s::text = '' OR case_no = %(case)s::text) GROUP BY case_no),
waived AS (
  SELECT case_no, sum(waived_fen) AS never_collected FROM aftersales_aftersale
  WHERE (%(case)s::text = '' OR case_no = %(case)s::text) GROUP BY case_no),
books AS (
  SELECT mine.case_no, waits, mine.total,
    coalesce(received, 0) + coalesce(promised, 0) - coalesce(all_of_it, 0) AS kept,
    coalesce(sold, 0) - coalesce(after_sales, 0) - coalesce(never_collected, 0) AS owed
  FROM mine LEFT JOIN paid USING (case_no) LEFT JOIN back USING (case_no)
  LEFT JOIN waived USING (case_no))
"""

ALWAYS: Mapping[str, str] = {
    "money kept is money of an order": _MONEY
    + """SELECT case_no || ' keeps ' || kept || ' fen, its orders are owed ' || owed FROM books
    WHERE CASE WHEN waits THEN kept > total ELSE kept <> owed END""",
    "no order is paid without its payment": """
    SELECT o.number || ' is ' || o.state || ', its payment ' || o.payment_number || ' is '
      || coalesce(p.state, 'unknown')
    FROM orders_order o LEFT JOIN payments_payment p ON p.number = o.payment_number
    WHERE (%(case)s::text = '' OR o.case_no = %(case)s::text)
      AND o.state NOT IN ('awaiting_payment', 'cancelled', 'closed')
      AND coalesce(p.state, '') NOT IN ('succeeded', 'succeeded_late', 'partly_refunded',
        'refunded', 'to_collect')""",
    "a payment knows its refunds": """
    SELECT p.number || ' says ' || p.refunded_fen || ' back and ' || p.refunding_fen
      || ' on the way, its refunds say ' || coalesce(done, 0) || ' and ' || coalesce(open, 0)
    FROM payments_payment p LEFT JOIN LATERAL (
      SELECT sum(amount_fen) FILTER (WHERE state = 'succeeded') AS done,
        sum(amount_fen) FILTER (WHERE state <> 'succeeded') AS open
      FROM payments_refund WHERE payment_id = p.id) r ON true
    WHERE (%(case)s::text = '' OR p.case_no = %(case)s::text)
      AND (p.refunded_fen <> coalesce(done, 0) OR p.refunding_fen <> coalesce(open, 0)
        OR (p.state = 'refunded') <> (p.refunded_fen = p.amount_fen))""",
    "a line is shipped at most as often as it was ordered": """
    SELECT o.number || ' line ' || l.id || ': ordered ' || l.quantity || ', handed over '
      || t.shipped
    FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id JOIN LATERAL (
      SELECT sum(tl.quantity) AS shipped
      FROM fulfilment_taskline tl JOIN fulfilment_fulfilmenttask t ON t.id = tl.task_id
      WHERE t.state = 'handed_over' AND tl.order_line_id = l.id) t ON true
    WHERE (%(case)s::text = '' OR o.case_no = %(case)s::text) AND t.shipped > l.quantity""",
    "what was not paid or was given up is not shipped": """
    SELECT o.number || ' is ' || o.state || ' and task ' || t.number || ' was handed over'
    FROM orders_order o JOIN fulfilment_fulfilmenttask t ON t.order_id = o.id
    WHERE (%(case)s::text = '' OR o.case_no = %(case)s::text)
      AND o.state IN ('awaiting_payment', 'awaiting_review', 'cancelled')
      AND t.state = 'handed_over'""",
    "a line's claims are its quantity": f"""
    SELECT o.number || ' (' || o.state || ') line ' || l.id || ' of ' || l.quantity
      || ' less ' || coalesce(taken, 0) || ' has '
      || coalesce(held, 0) || ' held, ' || coalesce(committed, 0) || ' committed, '
      || coalesce(shipped, 0) || ' shipped'
    FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id LEFT JOIN LATERAL (
      SELECT sum(quantity) FILTER (WHERE state = 'held') AS held,
        sum(quantity) FILTER (WHERE state = 'committed') AS committed,
        sum(quantity) FILTER (WHERE state = 'shipped') AS shipped
      FROM inventory_reservation WHERE order_line_id = l.id) r ON true
    LEFT JOIN LATERAL (
      SELECT sum(al.quantity) AS taken FROM aftersales_aftersaleline al
      JOIN aftersales_aftersale a ON a.id = al.after_sale_id
      WHERE al.order_line_id = l.id AND a.kind = 'refund_only'
        AND a.state IN ('refunding', 'completed')) t ON true
    WHERE (%(case)s::text = '' OR o.case_no = %(case)s::text) AND CASE
      WHEN o.state = 'awaiting_payment' THEN coalesce(held, 0) <> l.quantity
        OR coalesce(committed, 0) + coalesce(shipped, 0) <> 0
      WHEN o.state IN {_GIVEN_UP} THEN coalesce(held, 0) + coalesce(committed, 0) <> 0
      ELSE coalesce(held, 0) <> 0
        OR coalesce(committed, 0) + coalesce(shipped, 0) <> l.quantity - coalesce(taken, 0)
      END""",
    "every object stands where its last step led": " UNION ALL ".join(
        f"""SELECT '{process} ' || t.id || ' is ' || t.state || ' after ' || t.last_step
      || ', its last event says ' || coalesce(e.target, 'nothing')
    FROM {table} t LEFT JOIN LATERAL (
      SELECT target, step FROM process_event WHERE process = '{process}' AND object_id = t.id
      ORDER BY id DESC LIMIT 1) e ON true
    WHERE (%(case)s::text = '' OR t.case_no = %(case)s::text)
      AND (t.state, t.last_step) IS DISTINCT FROM (e.target, e.step)"""
        for process, table in TABLES.items()
    ),
    "every entry of the ledger sums to zero": """
    SELECT 'entry ' || e.id || ' (' || e.kind || ' ' || e.document || '): '
      || coalesce(sum(p.amount_fen), 0) || ' fen'
    FROM ledger_entry e LEFT JOIN ledger_posting p ON p.entry_id = e.id
    WHERE (%(case)s::text = '' OR e.case_no = %(case)s::text)
    GROUP BY e.id HAVING coalesce(sum(p.amount_fen), 0) <> 0 OR count(p.id) < 2""",
    "the buyer's account is what was received less what went back and was earned": f"""
    SELECT coalesce(b.case_no, m.case_no) || ': the ledger holds ' || coalesce(b.fen, 0)
      || ' fen for the buyer, payments and settlements say ' || coalesce(m.fen, 0)
    FROM (
      SELECT e.case_no, -sum(p.amount_fen) AS fen
      FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id
      WHERE p.account = 'buyer' AND (%(case)s::text = '' OR e.case_no = %(case)s::text)
      GROUP BY e.case_no) b
    FULL JOIN (
      SELECT case_no, sum(fen) AS fen FROM (
        SELECT case_no, amount_fen AS fen FROM payments_payment WHERE state IN {_HAS_MONEY}
          AND (%(case)s::text = '' OR case_no = %(case)s::text)
        UNION ALL SELECT case_no, -amount_fen FROM payments_refund WHERE state = 'succeeded'
          AND (%(case)s::text = '' OR case_no = %(case)s::text)
        UNION ALL SELECT case_no, -amount_fen FROM settlement_settlemententry
          WHERE (%(case)s::text = '' OR case_no = %(case)s::text)) one
      GROUP BY case_no) m ON m.case_no = b.case_no
    WHERE coalesce(b.fen, 0) <> coalesce(m.fen, 0)""",
}

WHOLE: Mapping[str, str] = {
    "stock counters are the sums of their ledger": """
    SELECT 'stock ' || s.id || ': counters ' || (s.on_hand, s.held, s.committed, s.damaged)::text
      || ', ledger ' || (coalesce(m.on_hand, 0), coalesce(m.held, 0), coalesce(m.committed, 0),
        coalesce(m.damaged, 0))::text
    FROM inventory_stock s LEFT JOIN (
      SELECT stock_id, sum(on_hand) AS on_hand, sum(held) AS held, sum(committed) AS committed,
        sum(damaged) AS damaged FROM inventory_stockmovement GROUP BY stock_id) m
      ON m.stock_id = s.id
    WHERE (s.on_hand, s.held, s.committed, s.damaged) IS DISTINCT FROM (coalesce(m.on_hand, 0),
      coalesce(m.held, 0), coalesce(m.committed, 0), coalesce(m.damaged, 0))""",
    "stock counters are the sums of the claims": """
    SELECT 'stock ' || s.id || ': counters ' || s.held || ' held and ' || s.committed
      || ' committed, claims ' || coalesce(r.held, 0) || ' and ' || coalesce(r.committed, 0)
    FROM inventory_stock s LEFT JOIN (
      SELECT stock_id, sum(quantity) FILTER (WHERE state = 'held') AS held,
        sum(quantity) FILTER (WHERE state = 'committed') AS committed
      FROM inventory_reservation GROUP BY stock_id) r ON r.stock_id = s.id
    WHERE s.held <> coalesce(r.held, 0) OR s.committed <> coalesce(r.committed, 0)""",
    "what left the shelves was shipped for somebody": """
    SELECT 'stock ' || s.id || ': ' || coalesce(m.out, 0) || ' units left, '
      || coalesce(r.shipped, 0) || ' claims were shipped'
    FROM inventory_stock s
    LEFT JOIN (SELECT stock_id, -sum(on_hand) AS out FROM inventory_stockmovement
      WHERE kind = 'ship' GROUP BY stock_id) m ON m.stock_id = s.id
    LEFT JOIN (SELECT stock_id, sum(quantity) AS shipped FROM inventory_reservation
      WHERE state = 'shipped' GROUP BY stock_id) r ON r.stock_id = s.id
    WHERE coalesce(m.out, 0) <> coalesce(r.shipped, 0)""",
    "no claim is below zero": """
    SELECT 'stock ' || id || ' has ' || on_hand || ' for ' || held + committed || ' claims'
    FROM inventory_stock WHERE on_hand < held + committed OR held < 0 OR committed < 0""",
    "one waybill is one parcel's": """
    SELECT waybill_no || ' is on ' || count(*) || ' parcels' FROM logistics_parcel
    WHERE waybill_no <> '' GROUP BY waybill_no HAVING count(*) > 1""",
    "an object's steps are a chain": """
    SELECT process || ' ' || object_id || ': ' || step || ' left ' || source || ' behind ' || was
    FROM (SELECT process, object_id, step, source, lag(target)
        OVER (PARTITION BY process, object_id ORDER BY id) AS was
      FROM process_event WHERE process = ANY(%(processes)s::text[])) e
    WHERE source <> coalesce(was, '')""",
    "all postings together are zero": """
    SELECT 'the ledger sums to ' || sum(amount_fen) || ' fen' FROM ledger_posting
    HAVING sum(amount_fen) <> 0""",
    "wallets are their accounts": """
    SELECT coalesce(w.code, p.account) || ': the wallet holds ' || coalesce(w.fen, 0)
      || ' fen, the ledger ' || coalesce(p.fen, 0)
    FROM (SELECT kind || ':' || user_id AS code, balance_fen AS fen FROM ledger_wallet) w
    FULL JOIN (SELECT account, -sum(amount_fen) AS fen FROM ledger_posting
      WHERE account LIKE 'credit:%%' OR account LIKE 'points:%%' GROUP BY account) p
      ON p.account = w.code
    WHERE coalesce(w.fen, 0) <> coalesce(p.fen, 0)""",
    "nobody is told the same thing twice": """
    SELECT template || ' of ' || case_no || ' by ' || channel || ' ' || count(*) || ' times'
    FROM notifications_message WHERE case_no <> '' AND template IN ('order_paid', 'order_placed')
    GROUP BY template, case_no, channel, user_id, phone HAVING count(*) > 1""",
}

AT_REST: Mapping[str, str] = {
    "the outbox is empty, or says why not": """
    SELECT 'letter ' || id || ' (' || topic || ' of ' || ordering || '), ' || attempts
      || ' attempts: ' || CASE WHEN dead_at IS NULL THEN 'still waiting ' || error
        ELSE 'dead without a reason' END
    FROM platform_outbox WHERE done_at IS NULL AND (dead_at IS NULL OR error = '')""",
    "no payment hangs": """
    SELECT number || ' is ' || state FROM payments_payment WHERE state IN ('created', 'pending')""",
    "no refund hangs": """
    SELECT number || ' is ' || state || ': ' || error FROM payments_refund
    WHERE state NOT IN ('succeeded', 'manual')""",
    "an order that waits for its shipment has its work in a warehouse": """
    SELECT o.number || ' waits for a shipment that nobody makes' FROM orders_order o
    WHERE o.state = 'awaiting_fulfilment' AND NOT EXISTS (
      SELECT 1 FROM fulfilment_fulfilmenttask t WHERE t.order_id = o.id
        AND t.state NOT IN ('cancelled', 'handed_over'))""",
    "the buyer's account is empty when a case is over": """
    SELECT e.case_no || ': ' || -sum(p.amount_fen) || ' fen are left with the buyer'
    FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id
    WHERE p.account = 'buyer' AND e.case_no <> '' AND NOT EXISTS (
      SELECT 1 FROM orders_order o WHERE o.case_no = e.case_no
        AND o.state NOT IN ('completed', 'cancelled', 'closed'))
      AND NOT EXISTS (SELECT 1 FROM payments_refund r WHERE r.case_no = e.case_no
        AND r.state <> 'succeeded')
    GROUP BY e.case_no HAVING sum(p.amount_fen) <> 0""",
    "who was paid for was told to finance": """
    SELECT e.case_no || ': ' || e.step || ' left no letter to finance' FROM process_event e
    WHERE e.process = 'order' AND e.step IN ('pay', 'reopen') AND NOT EXISTS (
      SELECT 1 FROM platform_outbox b WHERE b.event_id = e.id AND b.topic LIKE 'finance.%%')""",
}

_OURS = f"""
SELECT provider, number, '', amount_fen FROM payments_payment
WHERE provider = ANY(%(gateways)s::text[]) AND state IN {_HAS_MONEY}
  AND (%(case)s::text = '' OR case_no = %(case)s::text)
UNION ALL
SELECT p.provider, p.number, r.number, -r.amount_fen FROM payments_refund r
JOIN payments_payment p ON p.id = r.payment_id
WHERE p.provider = ANY(%(gateways)s::text[]) AND r.state = 'succeeded'
  AND r.last_step <> 'settle_by_hand' AND (%(case)s::text = '' OR r.case_no = %(case)s::text)
"""


def _of_one_case() -> str:
    """All rules that hold always as one statement about one case, so that it can be asked often."""
    anywhere = re.compile(r"\(%\(case\)s::text = '' OR ([\w.]+) = %\(case\)s::text\)")
    return " UNION ALL ".join(
        f"SELECT {n}, found::text FROM ({anywhere.sub(_THIS, sql)}) AS r{n}(found)"
        for n, sql in enumerate(ALWAYS.values())
    )


_THIS = r"\1 = %(case)s::text"
_ONE_CASE = _of_one_case()


def always(rows: Rows, case_no: str = "") -> list[Violation]:
    """What is wrong at this moment: in one case, or everywhere."""
    if case_no:
        names = list(ALWAYS)
        return [Violation(names[n], found) for n, found in rows(_ONE_CASE, {"case": case_no})]
    return _broken(rows, ALWAYS, "")


def everything(rows: Rows) -> list[Violation]:
    """What is wrong at this moment in any case or in the whole shop."""
    return always(rows) + _broken(rows, WHOLE, "")


def at_rest(rows: Rows) -> list[Violation]:
    """What is wrong once nothing moves any more."""
    return everything(rows) + _broken(rows, AT_REST, "")


def against_gateways(rows: Rows, theirs: Iterable[Moved], case_no: str = "") -> list[Violation]:
    """Our money against the gateways' own books, to the fen: each payment and refund that we know
    as done is there once, and what is there is known here. Only at rest."""
    given = {"gateways": list(GATEWAYS), "case": case_no}
    ours = [Moved(row[0], row[1], row[3], row[2]) for row in rows(_OURS, given)]
    books = list(theirs)
    found = [
        *(_once("no payment or refund of ours is booked twice", ours)),
        *(_once("the gateway did nothing twice", books)),
    ]
    for one in sorted(set(ours) - set(books), key=str):
        what = "refund" if one.refund_number else "money"
        rule = f"no {what} here that is unknown there"
        found.append(Violation(rule, f"{one} is not in the gateway's book"))
    for one in sorted(set(books) - set(ours), key=str):
        what = "refund" if one.refund_number else "money"
        rule = f"no {what} there that is unknown here"
        found.append(Violation(rule, f"{one} is in the gateway's book only"))
    return found


def against_carrier(rows: Rows, waybills: Mapping[str, str]) -> list[Violation]:
    """Our parcels' waybills against the carrier's book (our reference -> waybill): none was
    ordered that we do not know."""
    ours: dict[str, str] = dict(
        rows("SELECT reference, waybill_no FROM logistics_parcel WHERE waybill_no <> ''", {})
    )
    rule = "one waybill a parcel"
    found = [
        Violation(
            rule, f"parcel {reference} has {number}, the carrier gave {waybills.get(reference)}"
        )
        for reference, number in ours.items()
        if waybills.get(reference) != number
    ]
    dropped = {row[0] for row in rows(_WITHOUT_WAYBILL, {})}
    found += [
        Violation(rule, f"the carrier gave {number} to {reference}, which has none")
        for reference, number in waybills.items()
        if reference not in ours and reference not in dropped
    ]
    return found


_WITHOUT_WAYBILL = """
SELECT reference FROM logistics_parcel WHERE waybill_no = '' AND state IN ('voided', 'requested',
  'label_failed')"""


def against_finance(rows: Rows, told: Iterable[tuple[str, str]]) -> list[Violation]:
    """Every delivered letter to finance is in its book, once each (event id, topic)."""
    sent = rows(
        "SELECT event_id::text, topic FROM platform_outbox"
        " WHERE topic LIKE 'finance.%%' AND done_at IS NOT NULL",
        {},
    )
    missing = {(row[0], row[1]) for row in sent} - set(told)
    return [
        Violation("finance knows what it was told", f"{topic} of event {event} never arrived")
        for event, topic in sorted(missing)
    ]


def _once(rule: str, lines: Sequence[Moved]) -> list[Violation]:
    seen: set[tuple[str, str, str]] = set()
    found = []
    for one in lines:
        key = (one.provider, one.number, one.refund_number)
        if key in seen:
            found.append(Violation(rule, str(one)))
        seen.add(key)
    return found


def _broken(rows: Rows, rules: Mapping[str, str], case_no: str) -> list[Violation]:
    given = {"case": case_no, "processes": list(TABLES)}
    return [Violation(rule, str(row[0])) for rule, sql in rules.items() for row in rows(sql, given)]
