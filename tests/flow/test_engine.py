"""The engine: the only writer of states, and one that does things whole or not at all."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, InternalError, ProgrammingError, connection, transaction

from shangliu.domain.orders.models import Order
from shangliu.domain.orders.states import OrderState
from shangliu.domain.payments.models import Payment
from shangliu.flow import steps
from shangliu.flow.order.definition import ORDER
from shangliu.flow.order.effects import Reason
from shangliu.flow.payment import services as money
from shangliu.flow.timers import run_due
from shangliu.platform import clock
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.models import Outbox
from shangliu.process import engine
from shangliu.process.definition import Context
from shangliu.process.models import Event
from shangliu.process.roles import Role
from shangliu.web.backoffice import timeline, words
from tests.insight.world import open_shop, paid, placed

REFUSED = (ProgrammingError, InternalError, DatabaseError)


@pytest.mark.django_db
def test_the_database_refuses_any_other_writer_of_a_state() -> None:
    order = placed(open_shop())
    events = Event.objects.count()
    with pytest.raises(REFUSED, match="process engine only"), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(state="cancelled")
    order.state = "completed"
    with pytest.raises(REFUSED, match="process engine only"), transaction.atomic():
        order.save()
    with (
        pytest.raises(REFUSED, match="process engine only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "SELECT set_config('shangliu.step', 'order:cancelled:,999999,', true);"
            "UPDATE orders_order SET state = 'cancelled'"
        )
    order.refresh_from_db()
    assert order.state == OrderState.AWAITING_PAYMENT
    assert Event.objects.count() == events


@pytest.mark.django_db
def test_an_order_cannot_be_born_paid() -> None:
    order = placed(open_shop())
    order.pk, order.number, order.state = None, "S0", "awaiting_review"
    with pytest.raises(REFUSED, match="may not begin in state"), transaction.atomic():
        order.save(force_insert=True)


@pytest.mark.django_db
def test_the_event_log_only_grows() -> None:
    placed(open_shop())
    before = list(Event.objects.values_list("id", "step").order_by("id"))
    with pytest.raises(REFUSED, match="append-only"), transaction.atomic():
        Event.objects.all().delete()
    with pytest.raises(REFUSED, match="append-only"), transaction.atomic():
        Event.objects.update(actor="somebody else")
    assert list(Event.objects.values_list("id", "step").order_by("id")) == before


@pytest.mark.django_db
def test_the_same_key_takes_a_step_once() -> None:
    order = paid(open_shop(), remark="请核对")
    ctx = Context(actor="anna", role=Role.OPERATIONS, data=Reason(reason="核对电话"))
    first = engine.fire(ORDER, ORDER["hold"], order, ctx, key="hold-1")
    again = engine.fire(
        ORDER, ORDER["hold"], order, Context(actor="anna", role=Role.OPERATIONS), key="hold-1"
    )
    assert first is not None
    assert again is None
    assert Event.objects.filter(process="order", step="hold").count() == 1


@pytest.mark.django_db
def test_a_refused_step_leaves_no_trace() -> None:
    order = placed(open_shop())
    before = (Event.objects.count(), Outbox.objects.count())
    with pytest.raises(Refused, match="当前状态不能"):
        steps.take("order.approve", order, actor="anna", roles=frozenset({Role.OPERATIONS}))
    with pytest.raises(Refused, match="只能由"):
        steps.take("order.pay", order, actor="eve", roles=frozenset({Role.BUYER}))
    with pytest.raises(NotFound):
        steps.take("order.fly", order, actor="eve", roles=frozenset({Role.BUYER}))
    order.refresh_from_db()
    assert order.state == OrderState.AWAITING_PAYMENT
    assert (Event.objects.count(), Outbox.objects.count()) == before


@pytest.mark.django_db
def test_an_event_says_who_when_why_and_how_long() -> None:
    order = paid(open_shop())
    event = Event.objects.get(process="order", step="auto_approve", object_id=order.pk)
    assert (event.source, event.target, event.prev) == (
        "awaiting_review",
        "awaiting_fulfilment",
        "pay",
    )
    assert (event.cause, event.role, event.lane) == ("order.pay", "system", "orders")
    assert event.dwell_us is not None
    assert event.dwell_us >= 0
    assert event.facts == {
        "automatic": 1,
        "total_fen": order.total_fen,
        "limit_fen": 500_000,
        "address_plausible": True,
        "remark": False,
    }


@pytest.mark.django_db
def test_a_step_that_a_clock_took_says_for_which_hour_it_was_set() -> None:
    order = placed(open_shop())
    due = order.due_at
    assert due is not None
    with clock.ahead(timedelta(minutes=31)):
        run_due()
    event = Event.objects.get(process="order", step="time_out", object_id=order.pk)
    assert event.facts == {"due": due.isoformat()}
    assert due < event.at
    assert timeline.explained(event.facts) == f"预定时间 {words.moment(due)}"


@pytest.mark.django_db
def test_a_person_who_takes_a_clocks_step_leaves_no_hour() -> None:
    shop = open_shop()
    order = placed(shop)
    money.start(
        trade=order.trade,
        way=money.Way(shop.gateway.code),
        return_url="r",
        notify_url="n",
        actor="guest",
    )
    payment = Payment.objects.latest("id")
    steps.take("payment.query", payment, actor="fin", roles=frozenset({Role.FINANCE}))
    event = Event.objects.get(process="payment", step="query", object_id=payment.pk)
    assert event.role == Role.FINANCE
    assert "due" not in event.facts


@pytest.mark.django_db
def test_an_administrator_stands_in_for_staff_but_not_for_the_system_or_the_buyer() -> None:
    order = paid(open_shop(), remark="请核对")
    admin = frozenset({Role.ADMIN})
    offered = {offer.name for offer in steps.offers("order", order, actor="root", roles=admin)}
    assert offered == {"order.approve", "order.hold"}


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told() -> None:
    shop = open_shop()
    order = paid(shop, remark="请核对")
    start = threading.Barrier(2)
    said: list[str] = []

    def decide(name: str, data: object) -> None:
        start.wait()
        try:
            one = Order.objects.get(pk=order.pk)
            roles = frozenset({Role.OPERATIONS})
            steps.take(name, one, actor=name, roles=roles, data=data)
            said.append("done")
        except Refused:
            said.append("refused")
        finally:
            connection.close()

    threads = [
        threading.Thread(target=decide, args=("order.approve", None)),
        threading.Thread(target=decide, args=("order.approve", None)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["done", "refused"]
    assert Event.objects.filter(process="order", step="approve").count() == 1
    assert order.tasks.count() == 1
