"""Money on its way back: split over payments, failing, retried, settled by hand; never too much."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shangliu.domain.aftersales.models import AfterSale, AfterSaleKind
from shangliu.domain.crm.models import User
from shangliu.domain.ledger import queries as ledger
from shangliu.domain.ledger import services as wallets
from shangliu.domain.ledger.services import Purse
from shangliu.domain.orders.models import Order, OrderLine
from shangliu.domain.payments.models import Payment, Refund
from shangliu.domain.payments.provider import ProviderError, RefundAnswer, RefundOutcome
from shangliu.flow import checkout
from shangliu.flow.aftersale import services as aftersales
from shangliu.flow.aftersale.effects import Agreement, Inspection, ReturnWaybill
from shangliu.flow.aftersale.services import Claim
from shangliu.flow.aftersale.sums import Left
from shangliu.flow.payment import services as money
from shangliu.flow.payment.effects import Arrived
from shangliu.flow.refund import services as refunds
from shangliu.flow.refund.effects import ByHand
from shangliu.flow.timers import run_due
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.platform.money import Money
from shangliu.process import engine
from shangliu.process.definition import Context
from shangliu.process.roles import Role
from shangliu.process.running import flow
from tests.insight.world import (
    Shop,
    assert_books_balance,
    buyer,
    completed,
    open_shop,
    paid,
    pay,
    placed,
    placed_as,
    send_all,
    step,
)

pytestmark = pytest.mark.django_db

BOTH = frozenset(Purse)


@pytest.fixture
def shop() -> Shop:
    return open_shop()


def rich(*, credit: int, points: int) -> User:
    person = buyer()
    for purse, fen in ((Purse.CREDIT, credit), (Purse.POINTS, points)):
        wallets.grant(
            purse, user_id=person.pk, amount=Money(fen), document="T", actor="kefu", why="补偿"
        )
    return person


def again(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def cancelled(order: Order, pieces: int | None = None) -> AfterSale:
    """The buyer cancels pieces of an order that is not shipped, or all of it."""
    line = order.lines.order_by("id")[0]
    return aftersales.apply(
        order=order,
        quantities={} if pieces is None else {line.pk: pieces},
        reason="不想要了",
        note="",
        actor="guest",
    )


def given_back(order: Order, fen: int) -> AfterSale:
    """Staff give money back for goods that the buyer keeps."""
    case = aftersales.apply(
        order=order,
        quantities={line.pk: line.quantity for line in order.lines.all()},
        reason="降价补差",
        note="",
        actor="guest",
        claim=Claim(kind=AfterSaleKind.ALLOWANCE, amount=Money(fen)),
    )
    step("aftersale.approve", case)
    return case


def parts(case: AfterSale) -> list[tuple[str, int]]:
    found = Refund.objects.filter(after_sale_id=case.pk).order_by("id")
    return [(one.payment.provider, one.amount_fen) for one in found]


def test_an_amount_goes_back_to_the_gateway_first_then_credit_then_points(shop: Shop) -> None:
    person = rich(credit=3000, points=500)
    order = completed(shop, pay(shop, placed(shop, user=person, purses=BOTH)))
    assert order.total_fen == 12800
    first = given_back(order, 9000)
    assert parts(first) == [("testpay", 9000)]
    send_all()
    second = given_back(again(order), 2000)
    assert parts(second) == [("testpay", 300), ("credit", 1700)]
    send_all()
    third = given_back(again(order), 1800)
    assert parts(third) == [("credit", 1300), ("points", 500)]
    send_all()
    order = again(order)
    assert (order.state, order.refunded_fen) == ("closed", 12800)
    assert ledger.wallet(Purse.CREDIT, person.pk).fen == 3000
    assert ledger.wallet(Purse.POINTS, person.pk).fen == 500
    assert {one.state for one in Payment.objects.all()} == {"refunded"}


def test_a_case_is_complete_when_the_last_of_its_refunds_is(shop: Shop) -> None:
    person = rich(credit=3000, points=500)
    order = pay(shop, placed(shop, user=person, purses=BOTH))
    shop.gateway.refunds = RefundOutcome.REFUSED
    case = cancelled(order)
    send_all()
    states = dict(Refund.objects.values_list("payment__provider", "state"))
    assert states == {"testpay": "failed", "credit": "succeeded", "points": "succeeded"}
    case.refresh_from_db()
    assert (case.state, again(order).state) == ("refunding", "awaiting_fulfilment")
    failed = Refund.objects.get(state="failed")
    assert failed.error == "余额不足"
    step("refund.settle_by_hand", failed, ByHand(voucher="BK1"))
    case.refresh_from_db()
    assert (case.state, again(order).state) == ("completed", "closed")
    assert ledger.balance("bank") == -9300


def test_a_transfer_goes_back_by_hand_with_a_voucher(shop: Shop) -> None:
    order = placed(shop)
    money.start(
        trade=order.trade, way=money.Way("transfer"), return_url="", notify_url="", actor="guest"
    )
    payment = Payment.objects.get()
    step("payment.confirm", payment, Arrived(voucher="B1", amount_fen=12800))
    case = cancelled(again(order))
    send_all()
    refund = Refund.objects.get()
    assert (refund.state, refund.error) == (
        "manual",
        "这种付款方式不能原路退回，请线下退款后登记凭证",
    )
    with pytest.raises(Refused, match="没有网关"):
        step("refund.ask", refund)
    with pytest.raises(Refused, match="凭证号"):
        step("refund.settle_by_hand", refund, ByHand(voucher=" "))
    with clock.ahead(timedelta(days=3)):
        run_due()
    refund.refresh_from_db()
    assert refund.state == "manual"
    step("refund.settle_by_hand", refund, ByHand(voucher="BK7"))
    case.refresh_from_db()
    assert (case.state, again(order).state) == ("completed", "closed")
    assert ledger.balance("bank") == 0


def test_a_refused_refund_is_tried_again_with_the_same_number_then_handed_to_finance(
    shop: Shop,
) -> None:
    order = paid(shop)
    shop.gateway.refunds = RefundOutcome.REFUSED
    cancelled(order)
    send_all()
    refund = Refund.objects.get()
    waits = []
    now = clock.now()
    while refund.state == "failed":
        assert refund.due_at is not None
        waits.append(round((refund.due_at - refund.entered_at).total_seconds()))
        now = max(now, refund.due_at) + timedelta(seconds=1)
        with clock.at(now):
            run_due()
            send_all()
        refund.refresh_from_db()
    assert (refund.state, refund.error, refund.attempts) == ("manual", "余额不足", 5)
    assert waits == [60, 120, 240, 480, 0]
    assert set(shop.gateway.asked) == {f"refund {refund.number}"}
    assert len(shop.gateway.asked) == 5


def test_finance_tries_again_from_the_manual_queue(shop: Shop) -> None:
    refund = manual(shop)
    shop.gateway.refunds = RefundOutcome.DONE
    step("refund.retry", refund)
    send_all()
    refund.refresh_from_db()
    assert (refund.state, refund.error) == ("succeeded", "")
    assert again(Order.objects.get()).state == "closed"


def manual(shop: Shop) -> Refund:
    cancelled(paid(shop))
    shop.gateway.refunds = RefundOutcome.REFUSED
    send_all()
    Refund.objects.update(attempts=5)
    with clock.ahead(timedelta(hours=1)):
        run_due()
        send_all()
        run_due()
    refund = Refund.objects.get()
    if refund.state == "failed":
        with clock.ahead(timedelta(hours=2)):
            run_due()
    refund.refresh_from_db()
    assert refund.state == "manual"
    shop.gateway.asked.clear()
    return refund


def test_asking_the_gateway_asks_only(shop: Shop) -> None:
    refund = manual(shop)
    shop.gateway.known = RefundOutcome.NOT_FOUND
    step("refund.ask", refund)
    send_all()
    refund.refresh_from_db()
    assert (refund.state, refund.error) == ("failed", "支付网关没有这笔退款")
    assert shop.gateway.asked == [f"query {refund.number}"]
    shop.gateway.known = RefundOutcome.DONE
    step("refund.ask", refund)
    send_all()
    refund.refresh_from_db()
    assert refund.state == "succeeded"
    assert not any(one.startswith("refund") for one in shop.gateway.asked)


def test_an_unknown_result_is_asked_about_before_anything_is_sent_again(shop: Shop) -> None:
    case = cancelled(paid(shop))
    shop.gateway.trouble = ProviderError("连接中断", retry=True, unknown=True)
    refund = Refund.objects.get()
    for _ in range(2):
        with pytest.raises(ProviderError):
            refunds.execute(refund.pk)
        shop.gateway.known = RefundOutcome.NOT_FOUND
    shop.gateway.known = RefundOutcome.DONE
    refunds.execute(refund.pk)
    number = refund.number
    assert shop.gateway.asked == [
        f"refund {number}",
        f"query {number}",
        f"refund {number}",
        f"query {number}",
    ]
    case.refresh_from_db()
    refund.refresh_from_db()
    assert (refund.state, case.state) == ("succeeded", "completed")
    send_all()


def test_a_pending_refund_is_asked_about_ever_more_seldom(shop: Shop) -> None:
    cancelled(paid(shop))
    shop.gateway.refunds = RefundOutcome.PENDING
    send_all()
    refund = Refund.objects.get()
    assert refund.state == "processing"
    waits = []
    now = clock.now()
    for _ in range(12):
        refund.refresh_from_db()
        assert refund.due_at is not None
        waits.append(round((refund.due_at - now).total_seconds()))
        now = refund.due_at + timedelta(seconds=1)
        with clock.at(now):
            run_due()
            send_all()
    assert waits == sorted(waits)
    assert waits[-1] > 4 * waits[0]
    assert [one.partition(" ")[0] for one in shop.gateway.asked] == ["refund", *["query"] * 12]
    shop.gateway.known = RefundOutcome.DONE
    with clock.at(now + timedelta(days=1)):
        run_due()
        send_all()
    refund.refresh_from_db()
    assert refund.state == "succeeded"


@pytest.mark.parametrize("where", ["processing", "failed", "manual"])
def test_the_gateways_news_ends_a_refund_wherever_it_stands(shop: Shop, where: str) -> None:
    if where == "manual":
        refund = manual(shop)
    else:
        cancelled(paid(shop))
        shop.gateway.refunds = {
            "processing": RefundOutcome.PENDING,
            "failed": RefundOutcome.REFUSED,
        }[where]
        send_all()
        refund = Refund.objects.get()
    assert refund.state == where
    news = RefundAnswer(
        number=refund.number, outcome=RefundOutcome.DONE, amount=Money(refund.amount_fen)
    )
    assert refunds.hear(refund.payment, news) == "applied"
    assert refunds.hear(refund.payment, news) == "duplicate"
    send_all()
    refund.refresh_from_db()
    assert refund.state == "succeeded"
    assert again(Order.objects.get()).refunded_fen == 12800


def test_news_with_another_amount_or_number_changes_nothing(shop: Shop) -> None:
    cancelled(paid(shop))
    shop.gateway.refunds = RefundOutcome.PENDING
    send_all()
    refund = Refund.objects.get()
    for number, fen, verdict in (
        (refund.number, 1, "wrong amount"),
        ("R0", refund.amount_fen, "unknown refund"),
    ):
        news = RefundAnswer(number=number, outcome=RefundOutcome.DONE, amount=Money(fen))
        assert refunds.hear(refund.payment, news) == verdict
    refund.refresh_from_db()
    assert refund.state == "processing"


def test_more_than_was_paid_cannot_even_be_asked_for(shop: Shop) -> None:
    order = paid(shop)
    payment = Payment.objects.get()
    process, request = flow().step("refund.request")
    refund = Refund(
        number="R1", payment=payment, amount_fen=12801, reason="错", case_no=order.case_no
    )
    with pytest.raises(Refused, match="超过可退金额"), transaction.atomic():
        engine.begin(process, request, refund, Context(actor="test", role=Role.SYSTEM))
    payment.refresh_from_db()
    assert (payment.refunding_fen, Refund.objects.count()) == (0, 0)


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("keep"), st.integers(0, 4), st.integers(0, 4), st.integers(1, 80_000)),
        st.tuples(st.just("back"), st.integers(0, 4), st.integers(0, 4), st.integers(0, 20_000)),
        st.tuples(st.just("freight"), st.just(0), st.just(0), st.integers(1, 3000)),
    ),
    max_size=8,
)


@pytest.mark.django_db(transaction=True)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    first=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=2),
    moves=MOVES,
    prices=st.tuples(st.integers(1, 9999), st.integers(1, 9999)),
    purses=st.sampled_from([frozenset(), BOTH]),
)
def test_any_sequence_of_part_refunds_adds_up_and_never_exceeds_what_was_paid(
    first: list[tuple[int, int]],
    moves: list[tuple[str, int, int, int]],
    prices: tuple[int, int],
    purses: frozenset[Purse],
) -> None:
    """Pieces cancelled before shipment, then returns, allowances and freight in any order."""
    with transaction.atomic():
        _walk(first, moves, prices, purses)
        transaction.set_rollback(True)


def _walk(
    first: list[tuple[int, int]],
    moves: list[tuple[str, int, int, int]],
    prices: tuple[int, int],
    purses: frozenset[Purse],
) -> None:
    shop = open_shop()
    for variant, fen in zip((shop.tea, shop.cup), prices, strict=True):
        type(variant).objects.filter(pk=variant.pk).update(price_fen=fen)
    person = rich(credit=777, points=333)
    wishes = checkout.Wishes(delivery="express", remark="", purses=purses)
    order = placed_as(wishes, {shop.tea: 3, shop.cup: 4}, user=person)
    if again(order).state == "awaiting_payment":
        order = pay(shop, order)
    if again(order).state == "awaiting_review":
        step("order.approve", again(order))
    for wanted in first:
        _tried(order, Claim(), wanted)
        _adds_up(order)
    if again(order).state == "closed":
        return
    order = completed(shop, again(order))
    for move, one, two, fen in moves:
        if move == "back":
            _tried(order, Claim(kind=AfterSaleKind.RETURN), (one, two), less=fen)
        else:
            how = Claim(kind=AfterSaleKind.ALLOWANCE, amount=Money(fen), freight=move == "freight")
            _tried(order, how, (one, two))
        _adds_up(order)


def _tried(order: Order, how: Claim, wanted: tuple[int, int], *, less: int = 0) -> None:
    lines = order.lines.order_by("id")
    try:
        case = aftersales.apply(
            order=again(order),
            quantities={line.pk: n for line, n in zip(lines, wanted, strict=True)},
            reason="测试",
            note="",
            actor="guest",
            claim=how,
        )
    except Refused:
        return
    if case.kind != AfterSaleKind.REFUND_ONLY:
        if 0 < less < case.amount_fen:
            step("aftersale.approve_less", case, Agreement(amount_fen=less, note="少了配件"))
        else:
            step("aftersale.approve", case)
    if case.kind == AfterSaleKind.RETURN:
        _come_back(case)
    send_all()
    case.refresh_from_db()
    assert case.state == "completed"


def _come_back(case: AfterSale) -> None:
    waybill = ReturnWaybill(carrier="shunfeng", waybill_no="SF1")
    flow_step = flow()["aftersale"]["send_back"]
    ctx = Context(actor="guest", role=Role.BUYER, data=waybill)
    engine.fire(flow()["aftersale"], flow_step, case, ctx)
    step("aftersale.receive", case)
    found = {line.pk: (line.quantity, 0) for line in case.lines.all()}
    step("aftersale.inspect", case, Inspection(accepted=True, found=found))


def _adds_up(order: Order) -> None:
    order = again(order)
    done = AfterSale.objects.filter(order=order, state="completed")
    back = Refund.objects.filter(case_no=order.case_no).aggregate(n=Sum("amount_fen"))["n"] or 0
    assert order.refunded_fen == sum(one.amount_fen for one in done) == back <= order.total_fen
    assert sum(one.freight_fen for one in done) <= order.freight_fen
    for line in order.lines.all():
        assert 0 <= line.refunded_fen <= line.amount_fen
        assert line.returned <= line.quantity
    for payment in Payment.objects.filter(case_no=order.case_no):
        assert payment.refunded_fen <= payment.amount_fen
    assert (order.state == "closed") == (order.refunded_fen == order.total_fen)
    assert_books_balance()


@settings(max_examples=200, deadline=None)
@given(
    amount=st.integers(0, 100_000),
    quantity=st.integers(1, 12),
    cuts=st.lists(st.integers(1, 12), max_size=12),
)
def test_the_pieces_of_a_line_add_up_to_the_fen(
    amount: int, quantity: int, cuts: list[int]
) -> None:
    line = OrderLine(amount_fen=amount, quantity=quantity)
    left, paid_back = quantity, 0
    for cut in [*cuts, quantity]:
        pieces = min(cut, left)
        share = Left(line=line, pieces=left, here=0, fen=amount - paid_back).share(pieces)
        assert abs(share * quantity - amount * pieces) < quantity
        left, paid_back = left - pieces, paid_back + share
    assert (left, paid_back) == (0, amount)
