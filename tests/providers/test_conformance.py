"""What the port to gateways promises, asked of every gateway over the wire."""

from __future__ import annotations

from datetime import timedelta
from threading import Timer

import pytest
from django.db import transaction

from shangliu.domain.payments.provider import (
    Device,
    Nature,
    Outcome,
    ProviderError,
    RefundOutcome,
    Started,
    provider,
    providers,
)
from shangliu.platform import clock
from shangliu.platform.errors import NotFound
from shangliu.platform.models import OutsideCall
from tests.providers.conftest import GATEWAYS
from tests.providers.drivers import Case, Driver
from tests.simulators.running import Ear

pytestmark = pytest.mark.django_db(transaction=True)
RUBBISH = (b"", b"{}", b"[]", b"\xff\xfe", b"a=b&sign=c", b"sign=AAAA&sign_type=RSA2", b"null")


def _ways(started: Started) -> int:
    return sum(map(bool, (started.redirect_to, started.qr, started.invoke, started.details)))


def test_every_gateway_is_driven_here() -> None:
    there = {one.code for one in providers() if one.nature is Nature.GATEWAY}

    assert there == {name.partition("-")[0] for name in GATEWAYS}


def test_it_is_found_under_its_code_and_named_in_both_languages(driver: Driver) -> None:
    code = driver.gateway.code

    assert provider(code).methods == driver.gateway.methods
    assert driver.gateway.nature is Nature.GATEWAY
    for text in (driver.gateway.label, *(one.label for one in driver.gateway.methods)):
        assert text.zh
        assert text.en
    with pytest.raises(NotFound):
        provider("nobody")


def test_each_method_starts_is_paid_and_found_with_its_amount(case: Case, shop: Ear) -> None:
    for method in case.gateway.methods:
        one = Case(case.driver, f"{case.number}{method.code}", shop)
        assert method.devices <= set(Device)

        assert _ways(one.start(method.code)) == 1
        one.pay(method.code)

        said = one.query()
        assert (said.outcome, said.amount) == (Outcome.PAID, one.amount)
        assert said.provider_id
        assert said.paid_at is not None
        assert abs(said.paid_at - clock.now()) < timedelta(minutes=1)


def test_a_way_of_paying_that_it_does_not_have_is_refused(case: Case) -> None:
    with pytest.raises(ProviderError):
        case.start("nothing")
    assert case.query().outcome is Outcome.NOT_FOUND


def test_started_again_it_is_the_same_trade(case: Case) -> None:
    for _ in range(3):
        case.open()

    assert case.driver.trades(case.number) == 1
    assert case.driver.can_pay(case.number)
    assert case.query().outcome is Outcome.PAID
    assert case.driver.trades(case.number) == 1


def test_a_start_whose_answer_was_lost_is_started_again(case: Case) -> None:
    case.driver.fault("drop", case.number, "start")
    with pytest.raises(ProviderError) as caught:
        case.start(case.driver.asking)

    case.pay(case.driver.asking)

    assert (caught.value.retry, caught.value.unknown) == (True, True)
    assert case.driver.trades(case.number) == 1
    assert case.query().outcome is Outcome.PAID


def test_what_was_never_started_is_not_found(case: Case) -> None:
    assert case.query().outcome is Outcome.NOT_FOUND
    assert case.gateway.close(case.ref).outcome in (Outcome.NOT_FOUND, Outcome.CLOSED)
    assert case.found("R").outcome is RefundOutcome.NOT_FOUND
    assert case.ask_back("R", 1).outcome is RefundOutcome.REFUSED


def test_what_the_buyer_has_not_paid_is_waited_for(case: Case) -> None:
    case.start()
    assert case.query().outcome in (Outcome.NOT_FOUND, Outcome.WAITING)

    case.open()

    assert case.query().outcome is Outcome.WAITING
    assert case.ask_back("R", 1).outcome is RefundOutcome.REFUSED
    assert not case.shop.heard


def test_a_notification_says_what_was_paid_and_twice_it_says_the_same(case: Case) -> None:
    case.pay()
    case.heard(0)
    case.driver.duplicate(case.number)

    first, second = case.told(0), case.told(1)

    assert first == second
    assert (first.number, first.outcome, first.amount) == (case.number, Outcome.PAID, case.amount)
    assert first.refund is None
    assert first.notification_id
    assert first.provider_id == case.query().provider_id
    assert not OutsideCall.objects.filter(operation__contains="notif").exists()


def test_the_notification_may_come_before_the_buyer_comes_back(case: Case) -> None:
    started = case.start(case.driver.returning)

    query = case.driver.come_back(case.number, started)

    assert case.told(0).outcome is Outcome.PAID
    assert case.gateway.read_return(query) == case.number
    for forged in ({**query, **dict.fromkeys(query, "A0")}, {}):
        with pytest.raises(ProviderError):
            case.gateway.read_return(forged)
    assert case.query().outcome is Outcome.PAID


def test_a_notification_changed_in_anything_is_refused_without_asking_anybody(case: Case) -> None:
    case.pay()
    heard = case.heard(0)
    OutsideCall.objects.all().delete()

    for headers, body in case.driver.tamper(heard):
        with pytest.raises(ProviderError) as caught:
            case.gateway.read_notification(headers=headers, body=body)
        assert not caught.value.unknown

    assert not OutsideCall.objects.exists()
    assert case.told(0).outcome is Outcome.PAID


def test_a_strangers_notification_is_refused(case: Case) -> None:
    case.pay()
    case.heard(0)
    case.driver.simulator.sim("notify/probe", out_trade_no=case.number)

    with pytest.raises(ProviderError):
        case.told(1)


def test_a_notification_for_another_merchant_is_refused(case: Case) -> None:
    case.pay()

    with pytest.raises(ProviderError):
        case.told(0, case.driver.stranger())
    assert case.told(0).number == case.number


def test_a_stale_notification_is_refused_where_the_protocol_says_how_old_it_is(case: Case) -> None:
    case.pay()
    case.heard(0)
    allowed = case.driver.stale_after

    with clock.ahead((allowed or timedelta(hours=25)) - timedelta(seconds=15)):
        assert case.told(0).outcome is Outcome.PAID
    if allowed is not None:
        with clock.ahead(allowed + timedelta(seconds=15)), pytest.raises(ProviderError):
            case.told(0)


def test_a_wrong_amount_is_said_as_it_came(case: Case) -> None:
    case.driver.fault("wrong_amount", case.number)
    case.pay()

    assert case.told(0).amount == case.money(8801)


def test_closing_is_final_and_can_be_repeated(case: Case) -> None:
    case.open()

    outcomes = [case.gateway.close(case.ref).outcome for _ in range(2)]

    assert outcomes == [Outcome.CLOSED, Outcome.CLOSED]
    assert case.query().outcome is Outcome.CLOSED
    assert not case.driver.can_pay(case.number)
    assert case.ask_back("R", 1).outcome is RefundOutcome.REFUSED


def test_what_was_paid_is_found_paid_when_it_is_closed(case: Case) -> None:
    case.pay()

    said = case.gateway.close(case.ref)

    assert (said.outcome, said.amount) == (Outcome.PAID, case.amount)
    assert case.driver.refunded(case.number) == 0


def test_a_payment_that_overtakes_the_closing_wins(case: Case) -> None:
    case.open()
    case.driver.fault("latency", case.number, "close", 500)
    buyer = Timer(0.1, case.driver.can_pay, (case.number,))
    buyer.start()

    said = case.gateway.close(case.ref)
    buyer.join()

    assert (said.outcome, said.amount) == (Outcome.PAID, case.amount)


def test_a_closing_whose_answer_was_lost_is_found_by_asking(case: Case) -> None:
    case.open()
    case.driver.fault("drop", case.number, "close")

    with pytest.raises(ProviderError) as caught:
        case.gateway.close(case.ref)

    assert (caught.value.retry, caught.value.unknown) == (True, True)
    assert case.query().outcome is Outcome.CLOSED
    assert case.gateway.close(case.ref).outcome is Outcome.CLOSED


@pytest.mark.parametrize("body", RUBBISH)
def test_rubbish_is_no_notification(case: Case, body: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        case.gateway.read_notification(headers={}, body=body)

    assert not caught.value.unknown
    assert not OutsideCall.objects.exists()


def test_rubbish_is_no_return(driver: Driver) -> None:
    for query in ({}, {"out_trade_no": "A1", "sign": "x"}, {"session_id": "x", "check": "不"}):
        with pytest.raises(ProviderError):
            driver.gateway.read_return(query)


def test_yes_and_no_are_told_apart(driver: Driver) -> None:
    assert driver.gateway.accepted() != driver.gateway.rejected()
    assert driver.gateway.accepted()[0] in (200, 204)


def test_nothing_waits_for_the_network_inside_a_transaction(case: Case) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a transaction"):
        case.query()
    assert not OutsideCall.objects.exists()
