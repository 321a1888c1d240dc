"""The demo shop's history is made, not written, so everything in it must add up."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import connection
from django.db.models import Sum
from pytest_django.plugin import DjangoDbBlocker

from shangliu.cli import seed, stock
from shangliu.cli.demo import people
from shangliu.cli.demo.history import Made
from shangliu.cli.demo.keepsakes import Keepsakes
from shangliu.config.env import ENV
from shangliu.domain.catalog.models import Category, Product
from shangliu.domain.crm.models import User
from shangliu.domain.inventory.models import Reservation, Stock
from shangliu.domain.inventory.services import OutOfStock
from shangliu.domain.inventory.states import ReservationState
from shangliu.domain.ledger import queries as books
from shangliu.domain.logistics.models import Parcel
from shangliu.domain.logistics.provider import carrier_gateway
from shangliu.domain.logistics.states import ParcelState
from shangliu.domain.orders.models import Order
from shangliu.domain.orders.states import OrderState
from shangliu.domain.payments.models import Payment, Refund
from shangliu.domain.payments.provider import provider
from shangliu.domain.payments.states import PaymentState, RefundState
from shangliu.domain.reconciliation.models import DailyBill, Difference
from shangliu.domain.settlement.models import SettlementEntry
from shangliu.insight.models import Behaviour
from shangliu.platform import clock
from shangliu.platform.models import Heartbeat, Outbox, OutsideCall
from shangliu.process.models import Event
from shangliu.process.roles import Role
from shangliu.process.running import flow
from simulators.alipay import trades as alipay
from simulators.common.past import take_in
from simulators.common.store import Store
from simulators.kuaidi100 import parcels
from simulators.wechat import refunds as wechat_refunds
from simulators.wechat import trades as wechat

DAYS, ORDERS_PER_DAY = 3, 5
GATEWAYS = {"alipay": alipay.SCHEMA, "wechat": wechat.SCHEMA + wechat_refunds.SCHEMA}
END = datetime(2026, 3, 18, 17, 20, tzinfo=clock.SHOP_ZONE)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the simulators find what happened before them."""
    return tmp_path_factory.mktemp("sim")


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker, kept: Path) -> Iterator[Made]:
    """A small history, committed as the real one is; the database is emptied afterwards."""
    with django_db_blocker.unblock():
        try:
            with clock.at(END):
                made = seed.make(
                    lambda _: None,
                    pictures=False,
                    days=DAYS,
                    orders_per_day=ORDERS_PER_DAY,
                    keepsakes=Keepsakes(
                        directory=kept,
                        notify_urls=dict.fromkeys(GATEWAYS, "http://shop.test/notify"),
                        push_url="http://shop.test/push",
                        salt="salt",
                    ),
                )
            yield made
        finally:
            call_command("flush", interactive=False, verbosity=0)


def test_something_happened_at_nearly_every_process(made: Made) -> None:
    assert made.orders == Order.objects.count() > DAYS * ORDERS_PER_DAY
    assert made.visits == Behaviour.objects.count() > made.orders
    assert made.calls == OutsideCall.objects.count() > made.orders
    steps = {f"{one.process}.{one.step}" for one in Event.objects.all()}
    assert {
        "payment.succeed",
        "order.approve",
        "order.hold",
        "fulfilment.report_short",
        "fulfilment.hand_over",
        "parcel.hit_problem",
        "order.confirm_receipt",
        "aftersale.apply",
        "refund.give_up",
    } <= steps


def test_the_stock_counters_equal_their_ledger_and_their_claims(made: Made) -> None:
    assert stock.differences() == []
    for column, state in (
        ("held", ReservationState.HELD),
        ("committed", ReservationState.COMMITTED),
    ):
        claimed = Counter(
            dict(
                Reservation.objects.filter(state=state)
                .values_list("stock_id")
                .annotate(Sum("quantity"))
            )
        )
        counted = Counter({pk: n for pk, n in Stock.objects.values_list("pk", column) if n})
        assert claimed == counted


def test_every_paid_order_is_covered_by_its_payments(made: Made) -> None:
    paid = Order.objects.filter(paid_at__isnull=False)
    assert paid.count() > 0
    for order in paid:
        held = Payment.objects.filter(case_no=order.case_no, paid_at__isnull=False)
        assert order.payment_number in {one.number for one in held}
        assert sum(one.amount_fen for one in held) == order.trade.total_fen
    for late in Payment.objects.filter(paid_at__isnull=False).exclude(
        case_no__in=paid.values("case_no")
    ):
        assert (late.state, late.refunded_fen) == (PaymentState.REFUNDED, late.amount_fen)


def test_what_went_back_is_what_was_refunded_and_never_more_than_was_paid(made: Made) -> None:
    for payment in Payment.objects.all():
        sums: Counter[bool] = Counter()
        for refund in payment.refunds.all():
            sums[refund.state == RefundState.SUCCEEDED] += refund.amount_fen
        assert (payment.refunded_fen, payment.refunding_fen) == (sums[True], sums[False])
        assert sums[True] + sums[False] <= (payment.amount_fen if payment.paid_at else 0)
    for order in Order.objects.all():
        back = Refund.objects.filter(
            after_sale_id__in=order.after_sales.values("pk"), state=RefundState.SUCCEEDED
        ).aggregate(n=Sum("amount_fen"))["n"]
        assert order.refunded_fen == (back or 0)
        closed = order.state == OrderState.CLOSED
        assert closed == (order.refunded_fen == order.total_fen)


def test_what_the_shop_is_owed_is_what_completed_orders_kept(made: Made) -> None:
    completed = Order.objects.filter(completed_at__isnull=False)
    owed = {order.number: order.total_fen - order.refunded_fen for order in completed}
    entries: Counter[str] = Counter()
    for entry in SettlementEntry.objects.all():
        entries[entry.order_number] += entry.amount_fen
    assert dict(entries) == owed


def test_the_last_event_of_everything_says_the_state_that_it_is_in(made: Made) -> None:
    for process in flow().processes:
        if process.model is None:
            continue
        said = {
            event.object_id: (event.target, event.step)
            for event in Event.objects.filter(process=process.name).order_by("id")
        }
        rows = process.model._default_manager.values_list("pk", "state", "last_step")
        assert {pk: (state, step) for pk, state, step in rows} == said


def test_the_log_goes_forward_in_time_and_stays_within_the_days(made: Made) -> None:
    latest: dict[tuple[str, int], object] = {}
    for event in Event.objects.order_by("id"):
        assert event.dwell_us is None or event.dwell_us >= 0
        key = (event.process, event.object_id)
        assert latest.setdefault(key, event.at) <= event.at  # type: ignore[operator]
        latest[key] = event.at
    span = (END - timedelta(days=DAYS), END + timedelta(seconds=1))
    assert not Event.objects.exclude(at__range=span).exists()


def test_nothing_is_left_in_the_outbox_but_one_letter_that_finance_never_took(made: Made) -> None:
    left = Outbox.objects.filter(done_at__isnull=True)
    assert [(one.topic, one.attempts) for one in left] == [("finance.order_paid", 10)]
    assert left.get().dead_at is not None


def test_people_were_refused_nothing_but_goods_that_were_sold_out(made: Made) -> None:
    assert [one for one in made.refused if not isinstance(one, OutOfStock)] == []


def test_the_real_gateways_are_back_and_the_mark_is_gone(made: Made) -> None:
    assert type(provider("alipay")).__module__ == "shangliu.providers.payments.alipay"
    assert type(carrier_gateway("kuaidi100")).__module__.startswith("shangliu.providers.")
    assert not Heartbeat.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setting = reset_val FROM pg_settings WHERE name = 'synchronous_commit'"
        )
        assert cursor.fetchone() == (True,)


@pytest.mark.parametrize("code", GATEWAYS)
def test_a_gateway_simulator_can_refund_what_was_paid(made: Made, kept: Path, code: str) -> None:
    store = Store(kept / code / f"{code}.sqlite3", GATEWAYS[code])
    past = kept / code / "past.json"

    assert take_in(store, past) > 0
    assert not past.exists()
    assert take_in(store, past) == 0

    known = {
        row["out_trade_no"]: (row["amount"], row["refunded"])
        for row in store.rows("SELECT * FROM trades WHERE paid IS NOT NULL")
    }
    paid = Payment.objects.filter(paid_at__isnull=False, provider=code)
    assert known == {one.number: (one.amount_fen, one.refunded_fen) for one in paid}
    assert known
    store.close()


def test_every_statement_agrees_but_for_what_was_collected_by_hand(made: Made) -> None:
    for bill in DailyBill.objects.all():
        rows = bill.rows.count()
        assert bill.matched == rows - bill.differences.count()
    assert {(one.kind, one.state) for one in Difference.objects.all()} == {
        ("unknown_payment", "found")
    }
    assert books.total() == 0


def test_the_carrier_simulator_can_bring_what_is_under_way(made: Made, kept: Path) -> None:
    store = Store(kept / "kuaidi100" / "kuaidi100.sqlite3", parcels.SCHEMA)
    take_in(store, kept / "kuaidi100" / "past.json")

    numbers = {row["number"] for row in store.rows("SELECT number FROM parcels")}
    watched = {row["number"] for row in store.rows("SELECT number FROM subscriptions")}
    moving = Parcel.objects.exclude(waybill_no="").exclude(
        state__in=(ParcelState.DELIVERED, ParcelState.RETURNED, ParcelState.VOIDED)
    )
    assert numbers == watched == set(moving.values_list("waybill_no", flat=True))
    store.close()


def test_everybody_on_the_staff_can_sign_in_with_the_demo_password(made: Made) -> None:
    roles = {}
    for login in people.FIRST_LOGINS:
        person = authenticate(username=login, password=people.PASSWORD)
        assert isinstance(person, User)
        roles[login] = person.acts_as
    assert roles == {
        "yunying": {Role.OPERATIONS},
        "cangku": {Role.WAREHOUSE},
        "kefu": {Role.SERVICE},
        "caiwu": {Role.FINANCE},
        "admin": {Role.ADMIN},
    }


def test_a_shop_with_goods_is_left_alone(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    before = Event.objects.count()

    status = seed.run(ENV, argparse.Namespace(days=1, orders_per_day=1))

    assert status == 1
    assert "已有商品" in capsys.readouterr().out
    assert Event.objects.count() == before


@pytest.mark.django_db(transaction=True)
def test_what_an_interrupted_making_left_is_cleared_away() -> None:
    Heartbeat.objects.create(name="seeding", beat_at=clock.now())
    Category.objects.create(name="茶", slug="tea")

    seed.clean_start(lambda _: None)

    assert not Category.objects.exists()
    assert not Product.objects.exists()
    assert not Heartbeat.objects.exists()
