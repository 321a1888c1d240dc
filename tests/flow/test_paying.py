"""Every way of paying, alone and mixed: what each leaves in states, in stock and in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import Error, connection, transaction

from shangliu.cli.stock import differences
from shangliu.domain.crm.models import User
from shangliu.domain.inventory.models import Stock
from shangliu.domain.ledger import queries, services
from shangliu.domain.ledger.models import Entry, Posting
from shangliu.domain.ledger.services import Kind, Purse
from shangliu.domain.orders.models import Order
from shangliu.domain.payments.models import Payment, Refund
from shangliu.flow import steps
from shangliu.flow.order import services as orders
from shangliu.flow.payment import services as money
from shangliu.flow.payment.effects import Arrived, Transferred
from shangliu.flow.policies import Policies
from shangliu.flow.timers import run_due
from shangliu.platform import clock
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.money import Money
from shangliu.process.policies import change
from shangliu.process.roles import Role
from tests.insight.world import (
    Shop,
    buyer,
    completed,
    open_shop,
    pay,
    placed,
    send_all,
    shipped,
    step,
)

pytestmark = pytest.mark.django_db

BOTH = frozenset(Purse)


@pytest.fixture
def shop() -> Shop:
    return open_shop()


@pytest.fixture(autouse=True)
def _books_balance() -> Iterator[None]:
    yield
    assert differences() == []
    assert queries.total() == 0
    assert queries.unbalanced_wallets() == []


def begin(order: Order, provider: str) -> Payment:
    money.start(
        trade=order.trade, way=money.Way(provider), return_url="", notify_url="", actor="guest"
    )
    return Payment.objects.filter(case_no=order.case_no, provider=provider).latest("id")


def again(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def rich(*, credit: int = 0, points: int = 0) -> User:
    person = buyer()
    for purse, fen in ((Purse.CREDIT, credit), (Purse.POINTS, points)):
        if fen:
            services.grant(
                purse,
                user_id=person.pk,
                amount=Money(fen),
                document="T",
                actor="kefu",
                why="补偿",
            )
    return person


def tea(shop: Shop) -> tuple[int, int, int]:
    row = Stock.objects.get(variant=shop.tea, warehouse=shop.near)
    return row.on_hand, row.held, row.committed


def test_a_gateways_money_goes_through_clearing_to_the_merchant(shop: Shop) -> None:
    order = completed(shop, pay(shop, placed(shop, quantity=2)))
    account = "gateway:testpay"
    assert queries.balance(account) == order.total_fen
    assert queries.balance("buyer", case_no=order.case_no) == 0
    assert queries.balance("merchant") == order.total_fen
    kinds = [one.kind for one in queries.entries_of_case(order.case_no)]
    assert kinds == [Kind.COLLECTED, Kind.ACCRUED]


def test_cash_on_delivery_ships_first_and_is_collected_at_the_door(shop: Shop) -> None:
    order = placed(shop)
    payment = begin(order, "cod")
    order = again(order)
    assert (order.state, payment.state) == ("awaiting_fulfilment", "to_collect")
    assert tea(shop) == (500, 0, 1)
    assert not Entry.objects.exists()
    done = completed(shop, order)
    payment.refresh_from_db()
    assert (done.state, payment.state) == ("completed", "succeeded")
    assert queries.balance("carrier:cod") == order.total_fen
    assert queries.balance("buyer", case_no=order.case_no) == 0


def test_cash_on_delivery_is_refused_above_the_limit_and_nothing_changes(shop: Shop) -> None:
    change(Policies.ON_DELIVERY_LIMIT, 100, user_id=None, why="test")
    order = placed(shop)
    with pytest.raises(Refused, match="货到付款仅限"):
        begin(order, "cod")
    assert again(order).state == "awaiting_payment"
    assert not Payment.objects.exists()
    assert tea(shop) == (500, 1, 0)


def test_a_transfer_gets_days_and_finance_confirms_it(shop: Shop) -> None:
    order = placed(shop)
    payment = begin(order, "transfer")
    assert (payment.state, again(order).state) == ("pending", "awaiting_payment")
    with clock.ahead(timedelta(days=2)):
        run_due()
        assert again(order).state == "awaiting_payment"
        step("payment.report", payment, Transferred(payer="李小满", voucher="88"))
        with pytest.raises(Refused, match="到账金额必须等于应付"):
            step("payment.confirm", payment, Arrived(voucher="B1", amount_fen=1))
        assert queries.total() == 0
        assert not Entry.objects.exists()
        step("payment.confirm", payment, Arrived(voucher="B1", amount_fen=payment.amount_fen))
    assert again(order).state == "awaiting_fulfilment"
    assert queries.balance("bank") == order.total_fen
    assert tea(shop) == (500, 0, 1)


def test_a_buyer_may_not_confirm_the_own_transfer(shop: Shop) -> None:
    payment = begin(placed(shop), "transfer")
    arrived = Arrived(voucher="B1", amount_fen=payment.amount_fen)
    with pytest.raises((Refused, NotFound)):
        steps.take(
            "payment.confirm",
            payment,
            actor="guest",
            roles=frozenset({Role.BUYER}),
            data=arrived,
        )
    payment.refresh_from_db()
    assert payment.state == "pending"


def test_a_transfer_that_never_comes_closes_the_order_and_a_late_one_reopens_it(
    shop: Shop,
) -> None:
    order = placed(shop)
    payment = begin(order, "transfer")
    with clock.ahead(timedelta(days=3, minutes=1)):
        run_due()
        payment.refresh_from_db()
        assert (again(order).state, payment.state) == ("cancelled", "closed")
        assert tea(shop) == (500, 0, 0)
        arrived = Arrived(voucher="B2", amount_fen=payment.amount_fen)
        step("payment.confirm_late", payment, arrived)
        assert again(order).state == "awaiting_fulfilment"
        assert tea(shop) == (500, 0, 1)


def test_wallets_pay_first_and_the_gateway_the_rest(shop: Shop) -> None:
    person = rich(credit=3000, points=500)
    order = placed(shop, user=person, purses=BOTH)
    paid = {one.provider: one.amount_fen for one in Payment.objects.all()}
    assert paid == {"points": 500, "credit": 3000}
    assert order.state == "awaiting_payment"
    assert money.due(order.trade).fen == order.total_fen - 3500
    order = pay(shop, order)
    assert order.state == "awaiting_fulfilment"
    assert Payment.objects.get(provider="testpay").amount_fen == order.total_fen - 3500
    assert queries.balance("buyer", case_no=order.case_no) == order.total_fen
    assert queries.wallet(Purse.CREDIT, person.pk).fen == 0
    assert not Refund.objects.exists()


def test_wallets_that_reach_pay_everything_at_once(shop: Shop) -> None:
    person = rich(credit=900_000)
    order = placed(shop, user=person, purses=frozenset({Purse.CREDIT}))
    assert again(order).state == "awaiting_fulfilment"
    assert queries.wallet(Purse.CREDIT, person.pk).fen == 900_000 - order.total_fen


def test_what_a_wallet_paid_comes_back_when_the_order_is_given_up(shop: Shop) -> None:
    person = rich(credit=3000, points=500)
    order = placed(shop, user=person, purses=BOTH)
    orders.cancel(order=order, actor=f"user:{person.pk}", role=Role.BUYER, reason="不要了")
    send_all()
    assert again(order).state == "cancelled"
    assert queries.wallet(Purse.CREDIT, person.pk).fen == 3000
    assert queries.wallet(Purse.POINTS, person.pk).fen == 500
    assert queries.balance("buyer", case_no=order.case_no) == 0
    assert {one.state for one in Refund.objects.all()} == {"succeeded"}


def test_one_wallet_cannot_be_spent_twice(shop: Shop) -> None:
    person = rich(credit=3000)
    first = placed(shop, user=person, purses=frozenset({Purse.CREDIT}))
    second = placed(shop, user=person, purses=frozenset({Purse.CREDIT}))
    assert money.due(first.trade).fen == first.total_fen - 3000
    assert money.due(second.trade).fen == second.total_fen


def test_a_second_payment_for_the_same_order_goes_back(shop: Shop) -> None:
    order = placed(shop)
    first = begin(order, "testpay")
    begin(order, "transfer")
    order = pay(shop, order)
    assert order.payment_number == first.number
    late = Payment.objects.get(provider="transfer")
    step("payment.confirm", late, Arrived(voucher="B3", amount_fen=late.amount_fen))
    send_all()
    refund = Refund.objects.get()
    assert (refund.payment_id, refund.amount_fen, refund.state) == (
        late.pk,
        late.amount_fen,
        "manual",
    )
    assert order.state == "awaiting_fulfilment"


def test_points_are_earned_when_the_purchase_is_settled(shop: Shop) -> None:
    person = buyer()
    order = pay(shop, placed(shop, quantity=2, user=person))
    done = shipped(order)
    steps.take(
        "order.confirm_receipt", done, actor=f"user:{person.pk}", roles=frozenset({Role.BUYER})
    )
    assert queries.wallet(Purse.POINTS, person.pk).fen == 0
    with clock.ahead(timedelta(days=8)):
        run_due()
    expected = (order.total_fen - order.freight_fen) // 100
    assert queries.wallet(Purse.POINTS, person.pk).fen == expected > 0


def test_an_entry_that_does_not_balance_is_refused_by_the_database(shop: Shop) -> None:
    with pytest.raises(ValueError, match="does not balance"):
        services.post(Kind.ADJUSTED, {"bank": 5, "fees": -4}, document="X", actor="test")
    entry = services.post(Kind.ADJUSTED, {"bank": 5, "fees": -5}, document="X", actor="test")
    for statement in (
        "INSERT INTO ledger_posting (entry_id, account, amount_fen) VALUES (%s, 'bank', 1)",
        "UPDATE ledger_posting SET amount_fen = 0 WHERE entry_id = %s",
        "DELETE FROM ledger_posting WHERE entry_id = %s",
    ):
        with (
            pytest.raises(Error),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, [entry])
    assert Posting.objects.count() == 2
