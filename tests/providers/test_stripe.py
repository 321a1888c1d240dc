"""What is special to Stripe: its webhooks, its keys, sessions that it was never told to keep."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import stripe

from shangliu.domain.payments.provider import Outcome, ProviderError, Ref, RefundOutcome
from shangliu.platform import clock
from shangliu.platform.models import OutsideCall
from shangliu.providers.payments.stripe import Stripe
from tests.providers.conftest import stripe_of
from tests.providers.drivers import Case, StripeDriver
from tests.providers.vectors import VECTORS
from tests.simulators.running import Ear, Simulator

pytestmark = pytest.mark.django_db(transaction=True)
SIGNED_AT = datetime.fromtimestamp(1795411800, UTC)


@pytest.fixture
def one(stripe_gateway: Stripe, stripe_simulator: Simulator, number: str, shop: Ear) -> Case:
    driver = StripeDriver(stripe_gateway, stripe_simulator, lambda: stripe_gateway)
    driver.listen(shop.url)
    return Case(driver, number, shop)


def test_the_vector_of_a_webhook_holds_and_no_other(
    stripe_simulator: Simulator, tmp_path: Path
) -> None:
    vector = VECTORS["stripe"]
    secret = tmp_path / "secret.txt"
    secret.write_text(vector["secret"])
    gateway = stripe_of(stripe_simulator, WEBHOOK_SECRET_FILE=str(secret))
    headers = {"Stripe-Signature": f"t={vector['t']},v1={vector['v1']}"}
    body = vector["payload"].encode()
    with clock.at(SIGNED_AT):
        with pytest.raises(ProviderError, match="understand"):
            gateway.read_notification(headers=headers, body=body)
        with pytest.raises(ProviderError, match="signature"):
            gateway.read_notification(headers=headers, body=body + b" ")
    with clock.at(SIGNED_AT + timedelta(seconds=301)), pytest.raises(ProviderError, match="long"):
        gateway.read_notification(headers=headers, body=body)


def test_a_session_that_stripe_never_named_is_found_among_the_latest(one: Case) -> None:
    one.driver.fault("drop", one.number, "start")
    with pytest.raises(ProviderError):
        one.start()
    assert one.provider_id == ""
    assert one.gateway.query(one.ref).outcome is Outcome.WAITING
    assert one.driver.can_pay(one.number)
    said = one.gateway.query(one.ref)
    assert (said.outcome, said.amount) == (Outcome.PAID, one.amount)
    assert one.give_back("R", 8800).outcome is RefundOutcome.DONE


def test_a_refund_that_failed_at_the_bank_is_tried_again_with_the_same_number(one: Case) -> None:
    one.pay()
    one.driver.fault("refund_failed", one.number)
    failed = one.ask_back("R", 100)
    assert (failed.outcome, failed.reason) == (RefundOutcome.REFUSED, "expired_or_canceled_card")
    assert one.found("R").outcome is RefundOutcome.REFUSED
    assert one.ask_back("R", 100).outcome is RefundOutcome.DONE
    assert one.ask_back("R", 100).outcome is RefundOutcome.DONE
    assert one.driver.refunded(one.number) == 100


def test_another_amount_under_the_same_number_is_refused(one: Case) -> None:
    one.start()
    one.fen = 8801
    with pytest.raises(ProviderError):
        one.start()
    assert one.driver.trades(one.number) == 1


def test_a_wrong_key_is_refused_for_good(stripe_simulator: Simulator, tmp_path: Path) -> None:
    key = tmp_path / "key.txt"
    key.write_text("sk_test_wrong")
    gateway = stripe_of(stripe_simulator, SECRET_KEY_FILE=str(key))
    with pytest.raises(ProviderError) as caught:
        gateway.query(Ref(number="A1"))
    assert not caught.value.retry
    assert "sk_test_wrong" not in json.dumps(list(OutsideCall.objects.values("request", "answer")))


def test_a_missing_key_is_waited_for(stripe_simulator: Simulator, tmp_path: Path) -> None:
    gateway = stripe_of(stripe_simulator, SECRET_KEY_FILE=str(tmp_path / "nobody"))
    with pytest.raises(ProviderError) as caught:
        gateway.query(Ref(number="A1"))
    assert caught.value.retry
    assert not OutsideCall.objects.exists()


def test_a_refund_that_somebody_made_on_the_dashboard_is_not_ours(one: Case) -> None:
    one.pay()
    one.query()
    one.heard(0)
    trade = one.driver.simulator.look("trades", out_trade_no=one.number)
    key = (one.driver.simulator.folder / "secret_key.txt").read_text().strip()
    theirs = stripe.StripeClient(key, base_addresses={"api": one.driver.simulator.url})
    made = theirs.v1.refunds.create({"payment_intent": trade["payment_intent"], "amount": 1})
    assert made.status == "succeeded"
    with pytest.raises(ProviderError, match="not made by us"):
        one.told(1)
