"""What the port to gateways promises of refunds, bills and records, asked of every gateway."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from shangliu.domain.payments.provider import BillKind, Outcome, ProviderError, RefundOutcome
from shangliu.platform import clock
from shangliu.platform.models import OutsideCall
from tests.providers.drivers import Case
from tests.simulators.running import Ear

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_refund_whose_answer_was_lost_is_found_by_asking_and_moves_once(case: Case) -> None:
    case.pay()
    case.query()
    case.driver.fault("drop", case.number, "refund")

    with pytest.raises(ProviderError) as caught:
        case.ask_back("R", 100)

    assert (caught.value.retry, caught.value.unknown) == (True, True)
    assert case.found("R").outcome in (RefundOutcome.DONE, RefundOutcome.PENDING)
    assert case.give_back("R", 100).outcome is RefundOutcome.DONE
    assert case.driver.refunded(case.number) == 100


def test_a_refund_whose_answer_is_not_the_gateways_is_unknown(case: Case) -> None:
    case.pay()
    case.query()
    case.driver.forge_answer(case.number, "refund")

    with pytest.raises(ProviderError) as caught:
        case.ask_back("R", 100)

    assert (caught.value.retry, caught.value.unknown) == (True, True)
    assert case.give_back("R", 100).outcome is RefundOutcome.DONE
    assert case.driver.refunded(case.number) == 100


@pytest.mark.parametrize("kind", ["unknown", "unknown_done", "http_502"])
def test_a_refund_whose_answer_says_nothing_is_unknown_and_moves_once(
    case: Case, kind: str
) -> None:
    case.pay()
    case.query()
    case.driver.fault(kind, case.number, "refund")

    with pytest.raises(ProviderError) as caught:
        case.ask_back("R", 100)

    assert (caught.value.retry, caught.value.unknown) == (True, True)
    assert case.give_back("R", 100).outcome is RefundOutcome.DONE
    assert case.driver.refunded(case.number) == 100


def test_a_refund_that_never_arrived_is_unknown_and_not_found(case: Case) -> None:
    case.pay()
    case.query()
    case.driver.fault("lost", case.number, "refund")

    with pytest.raises(ProviderError) as caught:
        case.ask_back("R", 100)

    assert caught.value.unknown
    assert case.found("R").outcome is RefundOutcome.NOT_FOUND
    assert case.give_back("R", 100).outcome is RefundOutcome.DONE


def test_a_refund_asked_for_again_moves_no_money_twice(case: Case) -> None:
    case.pay()
    case.query()

    answers = [case.give_back("R", 3000) for _ in range(3)]

    assert {one.outcome for one in answers} == {RefundOutcome.DONE}
    assert {one.amount for one in answers} == {case.money(3000)}
    assert case.driver.refunded(case.number) == 3000


def test_refunds_go_to_the_last_fen_and_no_further(case: Case) -> None:
    case.pay()
    case.query()

    assert case.give_back("R1", 8798).outcome is RefundOutcome.DONE
    over = case.ask_back("R2", 3)
    assert case.give_back("R3", 1).outcome is RefundOutcome.DONE
    assert case.give_back("R4", 1).outcome is RefundOutcome.DONE
    after = case.ask_back("R5", 1)

    assert (over.outcome, after.outcome) == (RefundOutcome.REFUSED, RefundOutcome.REFUSED)
    assert over.reason
    assert case.driver.refunded(case.number) == 8800
    assert case.found("R1").amount == case.money(8798)
    assert case.found("R2").outcome is RefundOutcome.NOT_FOUND
    assert case.query().outcome is Outcome.PAID


def test_a_refund_that_takes_its_time_is_pending_then_done_and_told(case: Case) -> None:
    case.pay()
    case.query()
    case.heard(0)
    case.driver.be_slow(case.number)

    accepted = case.ask_back("R", 3000)
    early = case.found("R")
    again = case.ask_back("R", 3000)
    case.driver.finish(case.number, case.refund_number("R"))
    told = case.told(1)

    assert accepted.outcome is again.outcome is RefundOutcome.PENDING
    assert early.outcome in (RefundOutcome.PENDING, RefundOutcome.NOT_FOUND)
    assert (case.found("R").outcome, case.found("R").amount) == (
        RefundOutcome.DONE,
        case.money(3000),
    )
    assert told.refund is not None
    assert (told.refund.number, told.refund.outcome) == (
        case.refund_number("R"),
        RefundOutcome.DONE,
    )
    assert told.refund.amount in (None, case.money(3000))
    assert (told.number, told.outcome) == (case.number, Outcome.PAID)
    assert case.driver.refunded(case.number) == 3000


def test_a_refund_of_everything_is_told_as_a_refund_too(case: Case) -> None:
    case.pay()
    case.query()
    case.heard(0)

    case.give_back("R", 8800)

    told = case.told(1)
    assert told.refund is not None
    assert told.refund.number == case.refund_number("R")
    assert told.outcome is Outcome.PAID


def test_a_refund_that_goes_wrong_is_refused_with_the_reason_and_can_be_tried_again(
    case: Case,
) -> None:
    case.pay()
    case.query()
    case.driver.fail_refund(case.number)

    answer = case.give_back("R", 100)

    assert answer.outcome is RefundOutcome.REFUSED
    assert answer.reason
    assert case.driver.refunded(case.number) == 0
    assert case.give_back("S", 100).outcome is RefundOutcome.DONE
    assert case.driver.refunded(case.number) == 100


def test_the_bill_lists_exactly_what_happened_with_fees(case: Case, shop: Ear) -> None:
    today = clock.local(clock.now()).date()
    other, unpaid = (Case(case.driver, f"{case.number}{end}", shop) for end in ("b", "c"))
    case.pay()
    other.pay(case.driver.asking)
    unpaid.open()
    case.query()
    case.give_back("R1", 3000)
    case.ask_back("R2", 5801)
    case.give_back("R3", 5800)

    with case.driver.bill_is_ready():
        bill = case.gateway.bill(today)

    fee, back = case.driver.fee, case.driver.refund_fee
    mine = [one for one in bill.lines if one.number.startswith(case.number)]
    assert bill.day == today
    assert bill.raw
    assert sorted((one.number, one.refund_number, one.kind) for one in mine) == [
        (case.number, "", BillKind.PAYMENT),
        (case.number, case.refund_number("R1"), BillKind.REFUND),
        (case.number, case.refund_number("R3"), BillKind.REFUND),
        (other.number, "", BillKind.PAYMENT),
    ]
    assert {one.refund_number or one.number: (one.amount, one.fee) for one in mine} == {
        case.number: (case.amount, case.money(fee(8800))),
        other.number: (case.amount, case.money(fee(8800))),
        case.refund_number("R1"): (case.money(3000), case.money(back(8800, 5800))),
        case.refund_number("R3"): (case.money(5800), case.money(back(5800, 0))),
    }
    for one in mine:
        assert one.provider_id
        assert abs(one.at - clock.now()) < timedelta(minutes=1)


def test_a_day_without_business_has_an_empty_bill_and_today_has_none_yet(case: Case) -> None:
    today = clock.local(clock.now()).date()
    case.pay()

    empty = case.gateway.bill(today - timedelta(days=40))

    assert empty.lines == ()
    assert empty.day == today - timedelta(days=40)
    with pytest.raises(ProviderError) as caught:
        case.gateway.bill(today)
    assert caught.value.retry


@pytest.fixture
def everything(case: Case) -> Case:
    """A payment with all that can be asked about it."""
    case.pay(case.driver.asking)
    case.query()
    case.give_back("R", 100)
    case.found("R")
    case.gateway.close(case.ref)
    today = clock.local(clock.now()).date()
    with case.driver.bill_is_ready():
        case.gateway.bill(today)
    return case


def test_calls_are_written_down_without_secrets_and_persons(everything: Case) -> None:
    calls = list(OutsideCall.objects.all())
    kept = json.dumps([[one.request, one.answer] for one in calls], ensure_ascii=False)

    assert len(calls) >= 6
    assert everything.number in kept
    hidden = [*everything.driver.secrets(), *everything.driver.personal(everything.number)]
    assert all(len(one) > 5 for one in hidden)
    assert [one for one in hidden if one in kept] == []
    assert re.findall(r"(?:sign|token|secret)[^=&?]*=(?!\*)", kept) == []
    assert {one.system for one in calls} == {everything.gateway.code}
