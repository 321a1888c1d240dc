"""The checker finds nothing in a sound shop, and each wrong that is put into one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest
from django.db import connection

from shangliu.domain.orders.models import Order
from shangliu.domain.payments.models import Payment, Refund
from shangliu.process.running import flow
from tests.faults import checker
from tests.faults.asking import rows
from tests.faults.checker import Moved, Violation
from tests.insight.world import (
    Shop,
    applied,
    buyer,
    completed,
    open_shop,
    paid,
    placed,
    send_all,
    shipped,
)

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Sold:
    shop: Shop
    waiting: Order
    paid: Order
    shipped: Order
    refunded: Order
    completed: Order


@pytest.fixture
def sold() -> Sold:
    """A shop with a purchase in each stage, everything delivered that was to be told."""
    shop, person = open_shop(), buyer()
    refunded = paid(shop)
    applied(refunded)
    done = Sold(
        shop=shop,
        waiting=placed(shop),
        paid=paid(shop, user=person, quantity=2),
        shipped=shipped(paid(shop)),
        refunded=refunded,
        completed=completed(shop, paid(shop)),
    )
    send_all()
    return done


def wrong(sql: str, *values: int) -> None:
    """Change the data behind the back of all triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql, values)
        cursor.execute("SET session_replication_role = DEFAULT")


def rules(found: Sequence[Violation]) -> set[str]:
    return {one.rule for one in found}


def book(more: Mapping[str, int] | None = None) -> list[Moved]:
    """The gateway's book as it should be, but for `more`: fen by which lines are wrong."""
    wrongs = more or {}
    lines = [
        Moved("alipay", one.number, one.amount_fen + wrongs.get(one.number, 0))
        for one in Payment.objects.exclude(state="pending")
    ]
    lines += [
        Moved("alipay", one.payment.number, -one.amount_fen - wrongs.get(one.number, 0), one.number)
        for one in Refund.objects.filter(state="succeeded")
    ]
    return lines


def test_the_checker_knows_every_process_that_has_objects() -> None:
    known = {
        process.name: process.model._meta.db_table
        for process in flow().processes
        if process.model is not None
    }
    assert known == checker.TABLES


def test_a_sound_shop_has_nothing_wrong(sold: Sold) -> None:
    assert Refund.objects.get().state == "succeeded"
    assert checker.everything(rows) == []
    for order in Order.objects.all():
        assert checker.always(rows, order.case_no) == []
    open_ones = rules(checker.at_rest(rows))
    assert open_ones == {"no payment hangs"} or not open_ones


@pytest.mark.parametrize(
    ("rule", "sql", "whose"),
    [
        (
            "no order is paid without its payment",
            "UPDATE orders_order SET state = 'awaiting_fulfilment' WHERE id = %s",
            "waiting",
        ),
        (
            "no order is paid without its payment",
            (
                "UPDATE payments_payment SET state = 'closed' WHERE case_no ="
                " (SELECT case_no FROM orders_order WHERE id = %s)"
            ),
            "paid",
        ),
        (
            "money kept is money of an order",
            "UPDATE orders_order SET state = 'cancelled' WHERE id = %s",
            "paid",
        ),
        (
            "money kept is money of an order",
            (
                "UPDATE payments_payment SET amount_fen = amount_fen + 1 WHERE case_no ="
                " (SELECT case_no FROM orders_order WHERE id = %s)"
            ),
            "shipped",
        ),
        (
            "a payment knows its refunds",
            (
                "UPDATE payments_refund SET amount_fen = amount_fen - 1 WHERE case_no ="
                " (SELECT case_no FROM orders_order WHERE id = %s)"
            ),
            "refunded",
        ),
        (
            "a line is shipped at most as often as it was ordered",
            (
                "UPDATE fulfilment_taskline SET quantity = quantity + 1 WHERE order_line_id IN"
                " (SELECT id FROM orders_orderline WHERE order_id = %s)"
            ),
            "shipped",
        ),
        (
            "what was not paid or was given up is not shipped",
            "UPDATE orders_order SET state = 'cancelled' WHERE id = %s",
            "shipped",
        ),
        (
            "a line's claims are its quantity",
            (
                "DELETE FROM inventory_reservation WHERE order_line_id IN"
                " (SELECT id FROM orders_orderline WHERE order_id = %s)"
            ),
            "waiting",
        ),
        (
            "every object stands where its last step led",
            "UPDATE orders_order SET state = 'on_hold' WHERE id = %s",
            "paid",
        ),
        (
            "every entry of the ledger sums to zero",
            (
                "UPDATE ledger_posting SET amount_fen = amount_fen + 1 WHERE id = (SELECT min(p.id)"
                " FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id"
                " JOIN orders_order o ON o.case_no = e.case_no WHERE o.id = %s)"
            ),
            "paid",
        ),
        (
            "the buyer's account is what was received less what went back and was earned",
            (
                "DELETE FROM ledger_posting USING ledger_entry e, orders_order o"
                " WHERE e.id = entry_id AND e.case_no = o.case_no AND o.id = %s"
            ),
            "paid",
        ),
    ],
)
def test_a_wrong_in_one_purchase_is_found(sold: Sold, rule: str, sql: str, whose: str) -> None:
    order: Order = getattr(sold, whose)
    assert checker.always(rows, order.case_no) == []
    wrong(sql, order.pk)
    assert rule in rules(checker.always(rows, order.case_no))
    assert rule in rules(checker.everything(rows))


@pytest.mark.parametrize(
    ("rule", "sql"),
    [
        (
            "stock counters are the sums of their ledger",
            (
                "UPDATE inventory_stock SET on_hand = on_hand - 1 WHERE id ="
                " (SELECT min(id) FROM inventory_stock)"
            ),
        ),
        (
            "stock counters are the sums of the claims",
            (
                "UPDATE inventory_stock SET held = held + 1 WHERE id ="
                " (SELECT min(id) FROM inventory_stock)"
            ),
        ),
        (
            "what left the shelves was shipped for somebody",
            "UPDATE inventory_reservation SET state = 'released' WHERE state = 'shipped'",
        ),
        (
            "an object's steps are a chain",
            (
                "DELETE FROM process_event WHERE id IN (SELECT max(id) FROM process_event"
                " WHERE process = 'order' AND step = 'pay')"
            ),
        ),
        ("all postings together are zero", "UPDATE ledger_posting SET amount_fen = 1"),
        (
            "wallets are their accounts",
            "INSERT INTO ledger_wallet (user_id, kind, balance_fen) VALUES (1, 'credit', 5)",
        ),
        ("one waybill is one parcel's", "UPDATE logistics_parcel SET waybill_no = 'YT1'"),
        (
            "nobody is told the same thing twice",
            (
                "INSERT INTO notifications_message (unique_key, channel, user_id, phone, template,"
                " title, text, link, case_no, created_at) SELECT 'again', channel, user_id, phone,"
                " template, title, text, link, case_no, created_at FROM notifications_message"
                " WHERE template = 'order_paid' LIMIT 1"
            ),
        ),
    ],
)
def test_a_wrong_in_the_shop_is_found(sold: Sold, rule: str, sql: str) -> None:
    wrong(sql)
    assert rule in rules(checker.everything(rows))


@pytest.mark.parametrize(
    ("rule", "sql"),
    [
        (
            "the outbox is empty, or says why not",
            (
                "UPDATE platform_outbox SET done_at = NULL, dead_at = now(), error = ''"
                " WHERE id = (SELECT min(id) FROM platform_outbox)"
            ),
        ),
        (
            "the outbox is empty, or says why not",
            (
                "UPDATE platform_outbox SET done_at = NULL, error = 'busy'"
                " WHERE id = (SELECT min(id) FROM platform_outbox)"
            ),
        ),
        ("no payment hangs", "UPDATE payments_payment SET state = 'pending'"),
        ("no refund hangs", "UPDATE payments_refund SET state = 'failed'"),
        (
            "an order that waits for its shipment has its work in a warehouse",
            "UPDATE fulfilment_fulfilmenttask SET state = 'cancelled'",
        ),
        (
            "the buyer's account is empty when a case is over",
            "DELETE FROM ledger_entry WHERE kind = 'accrued'",
        ),
        (
            "who was paid for was told to finance",
            "DELETE FROM platform_outbox WHERE topic = 'finance.order_paid'",
        ),
    ],
)
def test_what_still_hangs_is_found(sold: Sold, rule: str, sql: str) -> None:
    if "ledger_entry" in sql:
        wrong(
            "DELETE FROM ledger_posting p USING ledger_entry e"
            " WHERE e.id = p.entry_id AND e.kind = 'accrued'"
        )
    assert rule not in rules(checker.at_rest(rows)) or "ledger_entry" in sql
    wrong(sql)
    assert rule in rules(checker.at_rest(rows))


@pytest.fixture
def traded(sold: Sold) -> Sold:
    """The same, paid through a gateway that keeps a book."""
    wrong("UPDATE payments_payment SET provider = 'alipay'")
    return sold


def test_the_gateways_own_book_is_ours_to_the_fen(traded: Sold) -> None:
    assert len(book()) == 5
    assert checker.against_gateways(rows, book()) == []


def test_every_difference_from_the_gateways_book_is_found(traded: Sold) -> None:
    refund, payment = Refund.objects.get(), Payment.objects.get(case_no=traded.paid.case_no)
    one_fen = checker.against_gateways(rows, book({payment.number: 1}))
    assert rules(one_fen) == {
        "no money here that is unknown there",
        "no money there that is unknown here",
    }
    refund_fen = checker.against_gateways(rows, book({refund.number: 1}))
    assert rules(refund_fen) == {
        "no refund here that is unknown there",
        "no refund there that is unknown here",
    }
    lost = [one for one in book() if one.number != payment.number]
    assert rules(checker.against_gateways(rows, lost)) == {"no money here that is unknown there"}
    foreign = [*book(), Moved("alipay", "A-of-nobody", 100)]
    assert rules(checker.against_gateways(rows, foreign)) == {"no money there that is unknown here"}
    twice = [*book(), next(one for one in book() if one.refund_number)]
    assert rules(checker.against_gateways(rows, twice)) == {"the gateway did nothing twice"}


def test_a_waybill_that_was_ordered_twice_or_lost_is_found(sold: Sold) -> None:
    given = dict(rows("SELECT reference, waybill_no FROM logistics_parcel", {}))
    assert len(given) == 2
    assert checker.against_carrier(rows, given) == []
    first = min(given)
    assert rules(checker.against_carrier(rows, given | {first: "YT-other"})) == {
        "one waybill a parcel"
    }
    assert rules(checker.against_carrier(rows, given | {"P-of-nobody": "YT9"})) == {
        "one waybill a parcel"
    }


def test_a_letter_that_finance_never_got_is_found(sold: Sold) -> None:
    sent = rows(
        "SELECT event_id::text, topic FROM platform_outbox WHERE topic LIKE 'finance.%%'", {}
    )
    told = [(row[0], row[1]) for row in sent]
    assert checker.against_finance(rows, told) == []
    assert rules(checker.against_finance(rows, told[1:])) == {"finance knows what it was told"}
