"""The stand-in for Stripe, asked by Stripe's own library."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import stripe

from tests.simulators.running import Ear, Simulator, ear, simulator


@pytest.fixture(scope="module")
def sim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with simulator("stripe", tmp_path_factory.mktemp("stripe")) as one:
        yield one


@pytest.fixture
def shop(sim: Simulator) -> Iterator[Ear]:
    with ear() as one:
        sim.sim("endpoint", url=one.url)
        yield one


@pytest.fixture
def client(sim: Simulator) -> stripe.StripeClient:
    key = (sim.folder / "secret_key.txt").read_text().strip()
    return stripe.StripeClient(key, base_addresses={"api": sim.url}, max_network_retries=0)


def _order(client: stripe.StripeClient, number: str, fen: int = 8800, key: str = "") -> str:
    made = client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "client_reference_id": number,
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": "cny",
                        "unit_amount": fen,
                        "product_data": {"name": "龙井茶叶"},
                    },
                }
            ],
            "success_url": "http://127.0.0.1:9/done?s={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://127.0.0.1:9/back",
            "payment_intent_data": {"metadata": {"number": number}},
        },
        {"idempotency_key": key or number},
    )
    return made.id


def test_a_session_is_paid_and_told_with_a_signature_that_the_library_accepts(
    sim: Simulator, client: stripe.StripeClient, shop: Ear
) -> None:
    key = _order(client, "S1")
    page = f"{sim.url}/c/pay/{key}"
    assert "88.00" in requests.get(page, timeout=10).text
    assert "拒绝" in requests.post(f"{page}/decline", timeout=10).text
    paid = requests.post(f"{page}/pay", timeout=10, allow_redirects=False)
    assert paid.headers["Location"] == f"http://127.0.0.1:9/done?s={key}"
    shop.wait(1)
    secret = (sim.folder / "webhook_secret.txt").read_text().strip()
    event = stripe.Webhook.construct_event(
        shop.heard[0], shop.headers[0]["Stripe-Signature"], secret
    )
    assert event.type == "checkout.session.completed"
    session = client.v1.checkout.sessions.retrieve(key, {"expand": ["payment_intent"]})
    assert (session.status, session.payment_status, session.amount_total) == (
        "complete",
        "paid",
        8800,
    )


def test_the_same_key_gives_the_same_answer_and_other_parameters_are_refused(
    client: stripe.StripeClient,
) -> None:
    assert _order(client, "S2") == _order(client, "S2")
    with pytest.raises(stripe.IdempotencyError):
        _order(client, "S2", fen=1)


def test_what_is_paid_cannot_be_expired_and_what_is_expired_not_paid(
    sim: Simulator, client: stripe.StripeClient, shop: Ear
) -> None:
    paid, given_up = _order(client, "S3"), _order(client, "S4")
    sim.sim("pay", out_trade_no="S3")
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.expire(paid)
    assert client.v1.checkout.sessions.expire(given_up).status == "expired"
    refused = requests.post(f"{sim.url}/_sim/pay", data={"out_trade_no": "S4"}, timeout=10)
    assert refused.status_code == 409


def test_a_session_ends_by_itself_after_a_day(
    sim: Simulator, client: stripe.StripeClient, shop: Ear
) -> None:
    _order(client, "S5")
    sim.sim("clock", advance=86_401)
    shop.wait(1)
    said = json.loads(shop.heard[0])
    sim.sim("clock", reset=1)
    assert said["type"] == "checkout.session.expired"


def test_the_balance_has_the_fee_and_does_not_give_it_back(
    sim: Simulator, client: stripe.StripeClient
) -> None:
    _order(client, "S6", fen=10_000)
    session = sim.sim("pay", out_trade_no="S6")
    client.v1.refunds.create({"payment_intent": session["payment_intent"], "amount": 4000})
    rows = client.v1.balance_transactions.list({"limit": 2}).data
    assert [(one.type, one.amount, one.fee, one.net) for one in rows] == [
        ("refund", -4000, 0, -4000),
        ("charge", 10_000, 575, 9425),
    ]


def test_without_the_key_nothing_is_said(sim: Simulator) -> None:
    answer = requests.get(f"{sim.url}/v1/refunds", timeout=10)
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_message_is_sent_again_until_it_is_taken(
    sim: Simulator, client: stripe.StripeClient, shop: Ear
) -> None:
    shop.answer = (500, b"no")
    _order(client, "S7")
    sim.sim("pay", out_trade_no="S7")
    shop.wait(1)
    sim.wait_attempts("notifications?out_trade_no=S7", 1)
    shop.answer = (200, b"")
    sim.sim("clock", advance=61)
    shop.wait(2)
    sim.sim("clock", reset=1)
    assert json.loads(shop.heard[0])["id"] == json.loads(shop.heard[1])["id"]
    assert shop.headers[0]["Stripe-Signature"] != "" != shop.headers[1]["Stripe-Signature"]


def test_every_fault_stands_on_the_control_page(sim: Simulator) -> None:
    said = requests.get(f"{sim.url}/_sim", timeout=10).text
    for kind in ("lost", "drop", "reorder", "refund_failed", "wrong_amount"):
        assert f'value="{kind}"' in said


def test_the_past_is_taken_in_at_the_start(tmp_path: Path) -> None:
    row = {"id": "txn_1", "kind": "charge", "amount": 5, "fee": 1, "currency": "cny"}
    told = {"balance": [row | {"source": "ch_1", "created": 1.0}]}
    (tmp_path / "past.json").write_text(json.dumps(told))
    with simulator("stripe", tmp_path) as one:
        assert [row["id"] for row in one.look("ledger")] == ["txn_1"]


def test_a_forgotten_session_is_on_no_balance(
    sim: Simulator, client: stripe.StripeClient, shop: Ear
) -> None:
    for number in ("F1", "F2"):
        _order(client, number)
        sim.sim("pay", out_trade_no=number)
    before = len(sim.look("ledger"))
    sim.sim("forget", out_trade_no="F1")
    assert len(sim.look("ledger")) == before - 1
    assert [one["out_trade_no"] for one in sim.look("trades")].count("F1") == 0
    assert [one["out_trade_no"] for one in sim.look("trades")].count("F2") == 1
