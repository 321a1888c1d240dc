"""Statement, orders and ledger against each other, to the fen, with the cause of what differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from shangliu.domain.ledger import queries as books
from shangliu.domain.orders.models import Order
from shangliu.domain.payments.models import Payment, Refund
from shangliu.domain.payments.provider import Bill, BillKind, BillLine, Outcome, ProviderError
from shangliu.domain.reconciliation.models import DailyBill, Difference
from shangliu.flow.aftersale import services as aftersales
from shangliu.flow.payment import services as money
from shangliu.flow.reconciliation import services
from shangliu.flow.reconciliation.effects import WriteOff
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.platform.money import Money
from tests.insight.world import Shop, completed, open_shop, paid, placed, send_all, step

pytestmark = pytest.mark.django_db
FEE = 53


def today() -> date:
    return clock.local(clock.now()).date()


@pytest.fixture
def shop(db: None) -> Iterator[Shop]:
    yield open_shop()
    assert books.total() == 0


def statement(shop: Shop, day: date | None = None, *lines: BillLine) -> None:
    """The gateway's truth: every payment and refund of ours, and `lines` more."""
    rows = [
        BillLine(
            kind=BillKind.PAYMENT,
            number=one.number,
            provider_id=f"G{one.number}",
            amount=one.amount,
            fee=Money(FEE),
            at=one.paid_at or clock.now(),
        )
        for one in Payment.objects.filter(provider=shop.gateway.code, paid_at__isnull=False)
    ]
    rows += [
        BillLine(
            kind=BillKind.REFUND,
            number=one.payment.number,
            refund_number=one.number,
            provider_id=f"G{one.number}",
            amount=Money(one.amount_fen),
            fee=Money(0),
            at=one.done_at or clock.now(),
        )
        for one in Refund.objects.filter(state="succeeded").select_related("payment")
    ]
    put(shop, day or today(), [*rows, *lines])


def put(shop: Shop, day: date, lines: list[BillLine]) -> None:
    raw = repr(lines).encode()
    shop.gateway.bills[day] = Bill(day=day, lines=tuple(lines), file_name="b.csv", raw=raw)


def reconcile(shop: Shop, day: date | None = None) -> DailyBill:
    return services.reconcile(shop.gateway.code, day or today())


def found() -> list[tuple[str, str, int | None, int | None]]:
    rows = Difference.objects.filter(state="found").order_by("id")
    return [(one.kind, one.payment_number, one.ours_fen, one.theirs_fen) for one in rows]


def payment_of(order: Order) -> Payment:
    return Payment.objects.get(case_no=order.case_no)


def test_a_day_that_agrees_has_no_difference_and_books_its_fees_once(shop: Shop) -> None:
    orders = [completed(shop, paid(shop)), paid(shop, quantity=2)]
    statement(shop)
    bill = reconcile(shop)
    assert (bill.matched, found()) == (2, [])
    whole = sum(one.total_fen for one in orders)
    assert (bill.paid_fen, bill.fee_fen, bill.net.fen) == (whole, 2 * FEE, whole - 2 * FEE)
    reconcile(shop)
    assert books.balance("fees") == 2 * FEE
    services.clear(bill, voucher="BANK-1", actor="finance")
    assert books.balance("gateway:testpay") == 0
    assert books.balance("bank") == whole - 2 * FEE
    with pytest.raises(Refused, match="已登记"):
        services.clear(bill, voucher="BANK-2", actor="finance")
    assert books.balance("bank") == whole - 2 * FEE


def test_one_fen_is_listed_and_written_off_with_a_reason(shop: Shop) -> None:
    payment = payment_of(paid(shop))
    statement(shop)
    line = shop.gateway.bills[today()].lines[0]
    put(shop, today(), [replace(line, amount=payment.amount + Money(1))])
    reconcile(shop)
    fen = payment.amount_fen
    assert found() == [("amount", payment.number, fen, fen + 1)]
    one = Difference.objects.get()
    with pytest.raises(Refused, match="原因"):
        step("difference.write_off", one, WriteOff(reason=" "))
    step("difference.write_off", one, WriteOff(reason="渠道抹零"))
    assert found() == []
    assert books.balance("gateway:testpay") == fen + 1 - FEE
    assert books.balance("adjustment") == -1


def test_a_lost_notification_is_found_by_the_statement_and_healed_by_asking(shop: Shop) -> None:
    order = placed(shop)
    money.start(
        trade=order.trade,
        way=money.Way(shop.gateway.code),
        return_url="",
        notify_url="",
        actor="guest",
    )
    payment = payment_of(order)
    line = BillLine(
        kind=BillKind.PAYMENT,
        number=payment.number,
        provider_id="G1",
        amount=payment.amount,
        fee=Money(FEE),
        at=clock.now(),
    )
    put(shop, today(), [line])
    reconcile(shop)
    assert found() == [("not_booked", payment.number, None, payment.amount_fen)]
    shop.gateway.outcome = Outcome.PAID
    answer = services.ask(Difference.objects.get(), actor="caiwu")
    assert "applied" in answer
    assert Difference.objects.get().state == "cleared"
    assert Order.objects.get(pk=order.pk).state == "awaiting_fulfilment"


def test_what_crosses_midnight_clears_itself_with_the_next_statement(shop: Shop) -> None:
    payment = payment_of(paid(shop))
    put(shop, today(), [])
    reconcile(shop)
    assert found() == [("missing_payment", payment.number, payment.amount_fen, None)]
    statement(shop, today() + timedelta(days=1))
    with clock.ahead(timedelta(days=1)):
        reconcile(shop, today())
    assert found() == []
    assert Difference.objects.get().state == "cleared"


def test_strangers_duplicates_and_missing_refunds_are_told_apart(shop: Shop) -> None:
    order = paid(shop)
    from_us = payment_of(order)
    stranger = BillLine(
        kind=BillKind.PAYMENT,
        number="X1",
        provider_id="G",
        amount=Money(500),
        fee=Money(3),
        at=clock.now(),
    )
    back = replace(stranger, kind=BillKind.REFUND, number="X1", refund_number="XR", fee=Money(0))
    statement(shop, None, stranger, back)
    lines = list(shop.gateway.bills[today()].lines)
    put(shop, today(), [*lines, lines[0]])
    reconcile(shop)
    assert found() == [
        ("unknown_payment", "X1", None, 500),
        ("unknown_refund", "X1", None, 500),
        ("duplicate", from_us.number, from_us.amount_fen, from_us.amount_fen),
    ]


def test_a_refund_that_the_statement_does_not_have_is_missed(shop: Shop) -> None:
    order = paid(shop)
    aftersales.apply(order=order, quantities={}, reason="不想要了", note="", actor="guest")
    send_all()
    refund = Refund.objects.get()
    assert refund.state == "succeeded"
    statement(shop)
    put(shop, today(), list(shop.gateway.bills[today()].lines[:1]))
    reconcile(shop)
    assert found() == [("missing_refund", payment_of(order).number, refund.amount_fen, None)]


def test_a_refund_long_after_its_payment_does_not_miss_the_payment(shop: Shop) -> None:
    order = paid(shop)
    later = clock.now() + timedelta(days=20)
    with clock.at(later):
        aftersales.apply(order=order, quantities={}, reason="不想要了", note="", actor="guest")
        send_all()
        statement(shop)
        rows = [one for one in shop.gateway.bills[today()].lines if one.refund_number]
        put(shop, today(), rows)
        bill = reconcile(shop)
    assert (len(rows), bill.matched, found()) == (1, 1, [])


def test_a_statement_that_is_not_ready_leaves_nothing_behind(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_yet(day: date) -> Bill:
        raise ProviderError("not yet", retry=True)

    paid(shop)
    monkeypatch.setattr(shop.gateway, "bill", not_yet)
    with pytest.raises(ProviderError):
        reconcile(shop)
    assert not DailyBill.objects.exists()
    with clock.ahead(timedelta(days=1, hours=12)):
        assert services.run_due() == 0


def test_the_day_is_fetched_by_itself_once_it_is_over(shop: Shop) -> None:
    paid(shop)
    statement(shop)
    with clock.ahead(timedelta(days=1, hours=12)):
        assert services.run_due() == 1
        assert services.run_due() == 0
    assert DailyBill.objects.get().matched == 1


def test_cash_that_carriers_collected_is_remitted_once(shop: Shop) -> None:
    order = placed(shop)
    money.start(
        trade=order.trade, way=money.Way("cod"), return_url="", notify_url="", actor="guest"
    )
    completed(shop, Order.objects.get(pk=order.pk))
    (payment,) = services.outstanding()
    assert services.remit([payment.number], voucher="B1", actor="caiwu") == 1
    assert books.balance("carrier:cod") == 0
    assert books.balance("bank") == order.total_fen
    assert services.outstanding() == []
    with pytest.raises(Refused):
        services.remit([payment.number], voucher="B1", actor="caiwu")
    assert books.balance("bank") == order.total_fen


def test_everything_agrees_after_partial_refunds(shop: Shop) -> None:
    completed(shop, paid(shop))
    send_all()
    statement(shop)
    assert reconcile(shop).matched == 1
    assert found() == []
