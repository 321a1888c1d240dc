"""Finance sees every day's statement, settles what differs, and reads the ledger."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client

from shangliu.domain.ledger import queries as books
from shangliu.domain.orders.models import Order
from shangliu.domain.payments.models import Payment
from shangliu.domain.payments.provider import Bill, BillKind, BillLine
from shangliu.domain.reconciliation.models import DailyBill, Difference
from shangliu.flow.payment import services as money
from shangliu.platform import clock
from shangliu.platform.money import Money
from shangliu.process.roles import Role
from tests.insight import world
from tests.web.backoffice.conftest import Enter


@pytest.fixture
def day(shop: world.Shop) -> date:
    """Yesterday had one payment of ours, and the statement says one fen more."""
    then = clock.now() - timedelta(days=1)
    with clock.at(then):
        order = world.paid(shop)
    payment = Payment.objects.get(case_no=order.case_no)
    line = BillLine(
        kind=BillKind.PAYMENT,
        number=payment.number,
        provider_id="G1",
        amount=payment.amount + Money(1),
        fee=Money(7),
        at=then,
    )
    found = clock.local(then).date()
    shop.gateway.bills[found] = Bill(day=found, lines=(line,), file_name="b.csv", raw=b"raw,bill")
    return found


def run(client: Client, day: date) -> str:
    said = {"provider": "testpay", "day": day.isoformat()}
    answer = client.post("/staff/reconciliation/run/", said)
    assert answer.status_code == 302
    return str(answer["Location"])


def test_a_difference_is_seen_asked_about_and_written_off(enter: Enter, day: date) -> None:
    client = enter(Role.FINANCE)
    assert "下载并对账" in client.get("/staff/reconciliation/").content.decode()
    address = run(client, day)
    page = client.get(address).content.decode()
    assert "收款金额不一致" in page
    assert "1 处差异" in client.get("/staff/reconciliation/").content.decode()
    one = Difference.objects.get()
    assert client.get("/staff/queue/differences/").status_code == 200
    take = {"step": "difference.ask", "pk": str(one.pk), "next": address}
    assert client.post("/staff/steps/", take).status_code == 302
    one.refresh_from_db()
    assert (one.state, one.note) == ("found", "本店已入账")
    bare = {"step": "difference.write_off", "pk": str(one.pk), "next": address, "reason": " "}
    assert client.post("/staff/steps/", bare).status_code == 409
    done = client.post("/staff/steps/", bare | {"reason": "渠道抹零"})
    assert done.status_code == 302
    one.refresh_from_db()
    assert one.state == "settled"
    assert "渠道抹零" in client.get(address).content.decode()


def test_the_files_of_a_statement(enter: Enter, day: date) -> None:
    client = enter(Role.FINANCE)
    address = run(client, day)
    assert client.get(f"{address}raw.file").content == b"raw,bill"
    rows = client.get(f"{address}rows.file").content.decode("utf-8-sig").splitlines()
    assert len(rows) == 2
    assert rows[0].startswith("kind,payment,refund")
    differences = client.get(f"{address}differences.file").content.decode("utf-8-sig")
    assert "收款金额不一致" in differences
    assert client.get(f"{address}nothing.file").status_code == 404


def test_clearing_books_the_net_sum_once(enter: Enter, day: date) -> None:
    client = enter(Role.FINANCE)
    address = run(client, day)
    said = {"voucher": "BANK-9", "next": address}
    assert client.post(f"{address}clear/", said).status_code == 302
    bill = DailyBill.objects.get()
    assert books.balance("bank") == bill.net.fen
    assert client.post(f"{address}clear/", said).status_code == 409
    assert books.balance("bank") == bill.net.fen


def test_cash_on_delivery_is_remitted_from_the_page(enter: Enter, shop: world.Shop) -> None:
    order = world.placed(shop)
    money.start(
        trade=order.trade, way=money.Way("cod"), return_url="", notify_url="", actor="guest"
    )
    world.completed(shop, Order.objects.get(pk=order.pk))
    client = enter(Role.FINANCE)
    payment = Payment.objects.get()
    assert payment.number in client.get("/staff/reconciliation/").content.decode()
    said = {"number": payment.number, "voucher": "B-7", "next": "/staff/reconciliation/"}
    assert client.post("/staff/reconciliation/remit/", said).status_code == 302
    assert books.balance("carrier:cod") == 0
    assert "没有待回款的货款" in client.get("/staff/reconciliation/").content.decode()


def test_the_trial_balance_and_a_journal_are_read(enter: Enter, day: date) -> None:
    client = enter(Role.FINANCE)
    page = client.get("/staff/books/").content.decode()
    assert "借贷平衡" in page
    journal = client.get("/staff/books/gateway:testpay/").content.decode()
    payment = Payment.objects.get()
    assert payment.number in journal
    csv = client.get("/staff/books/gateway:testpay/?as=csv").content.decode("utf-8-sig")
    assert len(csv.splitlines()) == 2
    assert client.get("/staff/books/nonsense/").status_code == 404


def test_an_adjustment_needs_two_accounts_an_amount_and_a_reason(
    enter: Enter, shop: world.Shop
) -> None:
    client = enter(Role.FINANCE)
    said = {"debit": "fees", "credit": "bank", "amount": "12.50", "why": "年费"}
    for wrong in ({"credit": "fees"}, {"amount": "x"}, {"why": " "}, {"debit": "buyer"}):
        answer = client.post("/staff/books/adjust/", {**said, **wrong, "next": "/staff/books/"})
        assert answer.status_code == 409
    assert books.balance("fees") == 0
    assert client.post("/staff/books/adjust/", said).status_code == 302
    assert books.balance("fees") == 1250


@pytest.mark.parametrize("address", ["/staff/reconciliation/", "/staff/books/"])
def test_only_finance_sees_money(enter: Enter, shop: world.Shop, address: str) -> None:
    assert enter(Role.WAREHOUSE).get(address).status_code == 403


def test_a_reason_that_looks_like_a_formula_is_only_text_in_a_spreadsheet(enter: Enter) -> None:
    client = enter(Role.FINANCE)
    said = {"debit": "bank", "credit": "adjustment", "amount": "1.00", "why": "=1+1"}
    assert client.post("/staff/books/adjust/", said).status_code == 302
    text = client.get("/staff/books/bank/?as=csv").content.decode("utf-8-sig")
    assert "'=1+1" in text
    assert text.splitlines()[1].endswith(",1.00")
