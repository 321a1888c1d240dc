"""Whatever people do in whatever order: goods and money add up after every move."""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from shangliu.domain.aftersales.models import AfterSale, AfterSaleKind
from shangliu.domain.cart.queries import cart_view
from shangliu.domain.crm.models import User
from shangliu.domain.fulfilment.models import FulfilmentTask
from shangliu.domain.inventory.models import Reservation
from shangliu.domain.ledger.services import Purse, grant
from shangliu.domain.logistics.models import Parcel
from shangliu.domain.logistics.provider import Push, TrackState
from shangliu.domain.orders.models import Order, OrderLine
from shangliu.domain.payments.models import Payment
from shangliu.domain.payments.provider import Outcome, RefundOutcome
from shangliu.flow import checkout, steps
from shangliu.flow.aftersale import services as aftersales
from shangliu.flow.aftersale.effects import Agreement, Answer, Inspection, ReturnWaybill
from shangliu.flow.aftersale.services import Claim
from shangliu.flow.cart import services as carts
from shangliu.flow.fulfilment.effects import Scans, Shortage, Wave, Weight
from shangliu.flow.order import services as orders
from shangliu.flow.order.effects import Reason
from shangliu.flow.parcel import services as parcels
from shangliu.flow.parcel.effects import Loss
from shangliu.flow.payment import services as money
from shangliu.flow.payment.effects import Arrived, Transferred
from shangliu.flow.refund.effects import ByHand
from shangliu.flow.timers import run_due
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.platform.money import Money
from shangliu.process.engine import Conflict
from shangliu.process.models import Event
from shangliu.process.roles import Role
from shangliu.process.running import flow
from tests.insight.world import Shop, assert_books_balance, buyer, open_shop, send_all, shipped

EVERYBODY = frozenset(Role) - {Role.SYSTEM}
WAITS = (timedelta(minutes=1), timedelta(minutes=20), timedelta(hours=30), timedelta(days=9))


class Walk(RuleBasedStateMachine):
    """One small shop; buyers, staff, gateway, carrier and the clock each make random moves."""

    shop: Shop
    person: User
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
        self.person = buyer()
        for purse, fen in ((Purse.CREDIT, 30_000), (Purse.POINTS, 5_000)):
            grant(
                purse,
                user_id=self.person.pk,
                amount=Money(fen),
                document="T",
                actor="test",
                why="test",
            )

    def _at(self) -> Any:
        self.now += timedelta(seconds=1)
        return clock.at(self.now)

    @rule(
        quantity=st.integers(1, 3),
        purses=st.sampled_from([None, frozenset(), frozenset(Purse), frozenset({Purse.CREDIT})]),
    )
    def buy(self, quantity: int, purses: frozenset[Purse] | None) -> None:
        """`purses` None: a guest."""
        user_id = None if purses is None else self.person.pk
        with self._at():
            cart = carts.add(
                token=carts.new_token(),
                user_id=user_id,
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
                wishes=checkout.Wishes(delivery="express", remark="", purses=purses or frozenset()),
                submit_key=secrets.token_hex(8),
                expected=checkout.preview(cart_view(cart), delivery="express").total,
                user_id=user_id,
            )

    @rule(
        pick=st.randoms(use_true_random=False),
        provider=st.sampled_from(["testpay", "testpay", "cod", "transfer"]),
    )
    def go_to_pay(self, pick: Any, provider: str) -> None:
        if order := _one(pick, Order, "awaiting_payment"):
            with self._at():
                _try(
                    lambda: money.start(
                        trade=order.trade,
                        way=money.Way(provider),
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

    @rule(
        pick=st.randoms(use_true_random=False),
        quantity=st.integers(0, 3),
        claim=st.builds(
            Claim,
            kind=st.sampled_from([None, *AfterSaleKind]),
            amount=st.one_of(st.none(), st.integers(1, 20_000).map(Money)),
            freight=st.booleans(),
        ),
    )
    def buyer_applies(self, pick: Any, quantity: int, claim: Claim) -> None:
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
                        claim=claim,
                    )
                )

    @rule(
        pick=st.randoms(use_true_random=False),
        process=st.sampled_from(
            ["order", "payment", "fulfilment", "parcel", "aftersale", "refund", "settlement"]
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

    @rule(
        pick=st.randoms(use_true_random=False),
        news=st.sampled_from([TrackState.DELIVERED, *TrackState]),
    )
    def carrier_reports(self, pick: Any, news: TrackState) -> None:
        if parcel := _one(pick, Parcel, None):
            push = Push(waybill_no=parcel.waybill_no, carrier="yuantong", state=news, points=())
            with self._at():
                parcels.follow(parcel, push, actor="yuantong")

    @rule(pick=st.randoms(use_true_random=False))
    def everything_is_packed_and_handed_over(self, pick: Any) -> None:
        """The whole way through the warehouse, so that walks reach what comes after it."""
        if order := _one(pick, Order, "awaiting_fulfilment"):
            with self._at():
                _try(lambda: shipped(order))

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
    def the_books_balance(self) -> None:
        if hasattr(self, "shop"):
            assert_books_balance()

    @invariant()
    def what_is_kept_is_what_is_still_bought(self) -> None:
        for order in Order.objects.all() if hasattr(self, "shop") else ():
            payments = list(Payment.objects.filter(case_no=order.case_no))
            kept = sum(one.kept_fen for one in payments if one.paid_at is not None)
            to_collect = sum(one.amount_fen for one in payments if one.state == "to_collect")
            if order.state == "awaiting_payment":
                assert kept <= order.total_fen
            elif order.state == "cancelled":
                assert kept + to_collect == 0
            else:
                assert kept + to_collect == order.total_fen - _gone(order)
            if order.state == "closed":
                assert order.refunded_fen == order.total_fen

    @invariant()
    def nothing_ships_unpaid(self) -> None:
        for task in FulfilmentTask.objects.filter(state="handed_over"):
            payments = Payment.objects.filter(case_no=task.case_no)
            assert (
                payments.filter(paid_at__isnull=False).exists()
                or payments.filter(last_step__in=("promise", "lower", "call_off")).exists()
            )

    @invariant()
    def no_piece_is_both_sent_and_given_back(self) -> None:
        for line in OrderLine.objects.all() if hasattr(self, "shop") else ():
            claims = Reservation.objects.filter(order_line_id=line.pk)
            sold = claims.filter(state__in=("held", "committed", "shipped"))
            assert sum(one.quantity for one in sold) <= line.quantity
            assert line.returned <= line.quantity

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


def _gone(order: Order) -> int:
    """What cases took off an order: what is done or being refunded, and what is waived already."""
    cases = AfterSale.objects.filter(order=order)
    done = sum(one.amount_fen for one in cases.filter(state__in=("completed", "refunding")))
    coming = cases.exclude(state__in=("completed", "refunding"))
    return done + sum(one.waived_fen for one in coming)


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
        accepted = subject.undelivered or pick.random() < 0.7
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
        Agreement: Agreement(amount_fen=pick.randint(1, 9000), note="少退一些"),
        Loss: Loss(reason="找不到了"),
        Transferred: Transferred(payer="李小满"),
        Arrived: Arrived(voucher="B1", amount_fen=getattr(subject, "amount_fen", 0)),
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
