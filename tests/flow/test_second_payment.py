"""Two payments were begun for one order; one of them came."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shangliu.domain.orders.models import Order
from shangliu.domain.payments.models import GatewayNotification, Payment
from shangliu.domain.payments.provider import Outcome, ProviderError, Ref, TradeAnswer
from shangliu.flow.order import services as orders
from shangliu.flow.payment import services as money
from shangliu.flow.timers import run_due
from shangliu.platform import clock
from shangliu.process.models import Event
from shangliu.process.roles import Role
from tests.insight.world import Shop, open_shop, pay, placed

pytestmark = pytest.mark.django_db(transaction=True)


def begin(order: Order, provider: str) -> Payment:
    money.start(
        trade=order.trade,
        way=money.Way(provider),
        return_url="https://shop.example/back",
        notify_url="https://shop.example/notify",
        actor="guest",
    )
    return Payment.objects.get(case_no=order.case_no, provider=provider)


def test_a_payment_that_no_order_waits_for_any_more_is_closed_and_not_asked_for_ever() -> None:
    shop = open_shop()
    order = placed(shop)
    forgotten = begin(order, shop.gateway.code)
    Payment.objects.filter(pk=forgotten.pk).update(method="another")
    pay(shop, order)
    with clock.ahead(timedelta(minutes=2)):
        run_due()
    forgotten.refresh_from_db()
    assert forgotten.state == "closed"
    with clock.ahead(timedelta(minutes=32)):
        run_due()
    forgotten.refresh_from_db()
    assert (forgotten.state, forgotten.due_at) == ("closed", None)
    assert Order.objects.get(pk=order.pk).state == "awaiting_fulfilment"


def test_one_that_was_paid_as_well_is_found_and_goes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = open_shop()
    order = placed(shop)
    second = begin(order, shop.gateway.code)
    Payment.objects.filter(pk=second.pk).update(method="another")
    pay(shop, order)
    monkeypatch.setattr(
        shop.gateway, "close", lambda ref: TradeAnswer(number=ref.number, outcome=Outcome.PAID)
    )
    with clock.ahead(timedelta(minutes=2)):
        run_due()
    second.refresh_from_db()
    assert second.state == "succeeded"
    assert [refund.amount_fen for refund in second.refunds.all()] == [second.amount_fen]


def test_a_gateway_that_does_not_answer_leaves_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = open_shop()
    order = placed(shop)
    forgotten = begin(order, shop.gateway.code)
    Payment.objects.filter(pk=forgotten.pk).update(method="another")
    pay(shop, order)

    def away(ref: Ref) -> TradeAnswer:
        raise ProviderError(f"no answer about {ref.number}", retry=True, unknown=True)

    monkeypatch.setattr(shop.gateway, "close", away)
    with clock.ahead(timedelta(minutes=2)):
        run_due()
    forgotten.refresh_from_db()
    assert forgotten.state == "pending"
    assert forgotten.due_at is not None


def test_a_bank_transfer_that_nobody_waits_for_is_closed_after_its_days() -> None:
    shop = open_shop()
    order = placed(shop)
    transfer = begin(order, "transfer")
    pay(shop, order)
    with clock.ahead(timedelta(days=4)):
        run_due()
    transfer.refresh_from_db()
    assert transfer.state == "closed"


def test_a_notification_with_a_nul_is_kept_and_refused() -> None:
    shop = open_shop()
    answer = money.take_notification(
        provider_code="alipay", headers={}, body=b"out_trade_no=A1\x00&sign=x"
    )
    assert answer == (200, "text/plain", b"failure")
    kept = GatewayNotification.objects.get()
    assert kept.body == "out_trade_no=A1\N{REPLACEMENT CHARACTER}&sign=x"
    assert kept.verdict.startswith("refused")
    assert not Payment.objects.filter(provider=shop.gateway.code).exists()


def closed_early(shop: Shop) -> Payment:
    """Given up by the buyer before the gateway ever heard of the payment."""
    order = placed(shop)
    payment = begin(order, shop.gateway.code)
    orders.cancel(order=order, actor="guest", role=Role.BUYER, reason="")
    payment.refresh_from_db()
    assert payment.state == "closed"
    return payment


def test_what_was_paid_after_closing_is_found_even_if_no_word_of_it_ever_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = open_shop()
    payment = closed_early(shop)
    monkeypatch.setattr(
        shop.gateway, "close", lambda ref: TradeAnswer(number=ref.number, outcome=Outcome.PAID)
    )
    with clock.ahead(timedelta(minutes=32)):
        run_due()
    payment.refresh_from_db()
    assert payment.state == "succeeded_late"
    order = Order.objects.get(case_no=payment.case_no)
    assert (order.state, order.payment_number) == ("awaiting_fulfilment", payment.number)


def test_a_closed_payment_is_asked_about_once_after_its_deadline() -> None:
    shop = open_shop()
    payment = closed_early(shop)
    for minutes in (20, 32, 60):
        with clock.ahead(timedelta(minutes=minutes)):
            run_due()
    payment.refresh_from_db()
    assert (payment.state, payment.last_step, payment.due_at) == ("closed", "look_back", None)
    asked = Event.objects.filter(process="payment", object_id=payment.pk, step="look_back")
    assert asked.count() == 1


def test_a_gateway_that_is_away_after_the_deadline_is_asked_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = open_shop()
    payment = closed_early(shop)

    def away(ref: Ref) -> TradeAnswer:
        raise ProviderError(f"no answer about {ref.number}", retry=True, unknown=True)

    with monkeypatch.context() as patch, clock.ahead(timedelta(minutes=32)):
        patch.setattr(shop.gateway, "close", away)
        run_due()
    payment.refresh_from_db()
    assert (payment.last_step, payment.due_at is None) == ("close", False)
    with clock.ahead(timedelta(hours=1)):
        run_due()
    payment.refresh_from_db()
    assert payment.last_step == "look_back"
