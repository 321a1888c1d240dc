"""Whatever people do in whatever order: goods and money add up after every move."""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from shangliu.cli.stock import differences
from shangliu.domain.cart.queries import cart_view
from shangliu.domain.fulfilment.models import FulfilmentTask
from shangliu.domain.inventory.models import Reservation, Stock
from shangliu.domain.logistics.models import Parcel
from shangliu.domain.orders.models import Order
from shangliu.domain.payments.models import Payment, Refund
from shangliu.domain.payments.provider import Outcome, RefundOutcome
from shangliu.domain.settlement.models import SettlementEntry
from shangliu.flow import checkout, steps
from shangliu.flow.aftersale import services as aftersales
from shangliu.flow.aftersale.effects import Answer, Inspection, ReturnWaybill
from shangliu.flow.cart import services as carts
from shangliu.flow.fulfilment.effects import Scans, Shortage, Wave, Weight
from shangliu.flow.order import services as orders
from shangliu.flow.order.effects import Reason
from shangliu.flow.parcel import services as parcels
from shangliu.flow.payment import services as money
from shangliu.flow.refund.effects import ByHand
from shangliu.flow.timers import run_due
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.process.engine import Conflict
from shangliu.process.models import Event
from shangliu.process.roles import Role
from shangliu.process.running import flow
from tests.insight.world import Shop, open_shop, send_all

EVERYBODY = frozenset(Role) - {Role.SYSTEM}
WAITS = (timedelta(minutes=1), timedelta(minutes=20), timedelta(hours=30), timedelta(days=9))


class Walk(RuleBasedStateMachine):
    """One small shop; buyers, staff, gateway, carrier and the clock each make random moves."""

    shop: Shop
    now: Any

    def __init__(self) -> None:
        super().__init__()
        self.whole = transaction.atomic()
        self.whole.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.whole.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        self.shop = open_shop()
        self.now = clock.now()
        Stock.objects.update(safety=0)

    def _at(self) -> Any:
        self.now += timedelta(seconds=1)
        return clock.at(self.now)

    @rule(quantity=st.integers(1, 3))
    def buy(self, quantity: int) -> None:
        with self._at():
            cart = carts.add(
                token=carts.new_token(),
                user_id=None,
                visit="",
                variant_id=self.shop.tea.pk,
                quantity=quantity,
            )
            checkout.place_order(
                cart=cart,
                receiver=checkout.Receiver(
                    name="张三",
                    phone="13912345678",
                    province="浙江省",
                    city="宁波市",
                    district="海曙区",
                    street="中山西路 2 号",
                ),
                wishes=checkout.Wishes(delivery="standard", remark=""),
                submit_key=secrets.token_hex(8),
                expected=checkout.preview(cart_view(cart)).total,
                user_id=None,
            )

    @rule(pick=st.randoms(use_true_random=False))
    def go_to_pay(self, pick: Any) -> None:
        if order := _one(pick, Order, "awaiting_payment"):
            with self._at():
                _try(
                    lambda: money.start(
                        trade=order.trade,
                        way=money.Way("testpay"),
                        return_url="r",
                        notify_url="n",
                        actor="guest",
                    )
                )

    @rule(pick=st.randoms(use_true_random=False))
    def gateway_says_paid(self, pick: Any) -> None:
        if payment := _one(pick, Payment, None):
            with self._at():
                money.take_notification(
                    provider_code="testpay", headers={}, body=payment.number.encode()
                )

    @rule(pick=st.randoms(use_true_random=False))
    def buyer_cancels(self, pick: Any) -> None:
        if order := _one(pick, Order, None):
            with self._at():
                _try(
                    lambda: orders.cancel(
                        order=order, actor="guest", role=Role.BUYER, reason="算了"
                    )
                )

    @rule(pick=st.randoms(use_true_random=False), quantity=st.integers(0, 3))
    def buyer_applies(self, pick: Any, quantity: int) -> None:
        if order := _one(pick, Order, None):
            line = order.lines.order_by("id")[0]
            with self._at():
                _try(
                    lambda: aftersales.apply(
                        order=order,
                        quantities={line.pk: quantity},
                        reason="质量问题",
                        note="",
                        actor="guest",
                    )
                )

    @rule(
        pick=st.randoms(use_true_random=False),
        process=st.sampled_from(
            ["order", "fulfilment", "parcel", "aftersale", "refund", "settlement"]
        ),
    )
    def somebody_takes_a_step(self, pick: Any, process: str) -> None:
        model = flow()[process].model
        subject = _one(pick, model, None)
        if subject is None:
            return
        offered = [
            offer
            for offer in steps.offers(process, subject, actor="anna", roles=EVERYBODY)
            if offer.name != "order.cancel"
        ]
        if offered:
            offer = pick.choice(offered)
            with self._at():
                data = _answer(offer.step.asks, subject, pick)
                _try(
                    lambda: steps.take(
                        offer.name, subject, actor="anna", roles=EVERYBODY, data=data
                    )
                )

    @rule(pick=st.randoms(use_true_random=False))
    def carrier_reports(self, pick: Any) -> None:
        if parcel := _one(pick, Parcel, None):
            with self._at():
                parcels.take_push(
                    gateway_code="kuaidi100", headers={}, body=(parcel.waybill_no or "x").encode()
                )

    @rule(done=st.sampled_from(RefundOutcome))
    def letters_are_sent(self, done: RefundOutcome) -> None:
        self.shop.gateway.refunds = done
        with self._at():
            send_all()

    @rule(wait=st.sampled_from(WAITS), says=st.sampled_from([Outcome.WAITING, Outcome.CLOSED]))
    def time_passes(self, wait: timedelta, says: Outcome) -> None:
        self.shop.gateway.outcome = says
        self.now += wait
        with self._at():
            run_due()

    @invariant()
    def goods_add_up(self) -> None:
        if not hasattr(self, "shop"):
            return
        assert differences() == []
        for stock in Stock.objects.all():
            claims = Reservation.objects.filter(stock=stock)
            held = claims.filter(state="held").aggregate(n=Sum("quantity"))["n"] or 0
            committed = claims.filter(state="committed").aggregate(n=Sum("quantity"))["n"] or 0
            assert (stock.held, stock.committed) == (held, committed)

    @invariant()
    def money_adds_up(self) -> None:
        if not hasattr(self, "shop"):
            return
        for payment in Payment.objects.all():
            done = Refund.objects.filter(payment=payment, state="succeeded")
            assert payment.refunded_fen == sum(one.amount_fen for one in done)
            assert payment.refunded_fen + payment.refunding_fen <= payment.amount_fen
        for order in Order.objects.exclude(state__in=("awaiting_payment", "cancelled")):
            payment = Payment.objects.get(number=order.payment_number)
            assert payment.amount_fen == order.total_fen
            assert order.refunded_fen <= order.total_fen
            if order.state == "closed":
                assert order.refunded_fen == order.total_fen
            owed = SettlementEntry.objects.filter(order_number=order.number)
            if owed.exists():
                assert sum(one.amount_fen for one in owed) == order.total_fen - order.refunded_fen

    @invariant()
    def nothing_ships_unpaid(self) -> None:
        for task in FulfilmentTask.objects.filter(state="handed_over"):
            assert Payment.objects.filter(
                number=task.order.payment_number, paid_at__isnull=False
            ).exists()

    @invariant()
    def the_log_agrees_with_the_rows(self) -> None:
        for process in flow().processes:
            if process.model is None:
                continue
            for row in process.model._default_manager.all():
                last = (
                    Event.objects.filter(process=process.name, object_id=row.pk)
                    .order_by("-id")
                    .first()
                )
                assert last is not None
                assert (last.target, last.step) == (row.state, row.last_step)


def _one(pick: Any, model: Any, state: str | None) -> Any:
    rows = model.objects.order_by("id")
    found = list(rows.filter(state=state) if state else rows)
    return pick.choice(found) if found else None


def _try(act: Any) -> None:
    with suppress(Refused, Conflict), transaction.atomic():
        act()


def _answer(asks: type | None, subject: Any, pick: Any) -> object:
    if asks is None:
        return None
    if asks is Inspection:
        accepted = pick.random() < 0.7
        found = {line.pk: (line.quantity, 0) for line in subject.lines.all()} if accepted else {}
        return Inspection(accepted=accepted, found=found)
    if asks is Scans:
        return Scans(counts={x.order_line.sku: x.quantity for x in subject.lines.all()})
    made: dict[type, object] = {
        Reason: Reason(reason="看看"),
        Wave: Wave(wave="W1"),
        Shortage: Shortage(reason="缺"),
        Weight: Weight(grams=getattr(subject, "expected_g", 0)),
        ReturnWaybill: ReturnWaybill(carrier="shunfeng", waybill_no="SF1"),
        Answer: Answer(note="看看"),
        ByHand: ByHand(voucher="V1"),
    }
    return made[asks]


@pytest.mark.django_db(transaction=True)
def test_walks() -> None:
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=25,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
