"""Confirming transfers, and what staff see of the ways of paying."""

from __future__ import annotations

import re
from datetime import timedelta

from django.test import Client

from shangliu.domain.orders.models import Order
from shangliu.domain.payments.models import Payment
from shangliu.flow import steps, timers
from shangliu.flow.payment import services as money
from shangliu.flow.payment.effects import Transferred
from shangliu.platform import clock
from shangliu.process.roles import Role
from tests.insight import world
from tests.web.backoffice.conftest import Enter


def _transfer(shop: world.Shop) -> Payment:
    """A transfer that its buyer has told about."""
    order = world.placed(shop)
    money.start(
        trade=order.trade,
        way=money.Way("transfer"),
        return_url="",
        notify_url="",
        actor="guest",
    )
    payment = Payment.objects.get(case_no=order.case_no)
    said = Transferred(payer="李小满", voucher="B1")
    steps.take("payment.report", payment, actor="guest", roles=frozenset({Role.BUYER}), data=said)
    payment.refresh_from_db()
    return payment


def _confirm(client: Client, payment: Payment, step: str = "confirm", **typed: str) -> str:
    said = {
        "step": f"payment.{step}",
        "pk": str(payment.pk),
        "next": "/staff/queue/transfers/",
        "idempotency_key": "k" * 24,
        **typed,
    }
    return client.post("/staff/steps/", said, follow=True).content.decode()


def _said(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_queue_shows_what_the_buyer_said(shop: world.Shop, enter: Enter) -> None:
    payment = _transfer(shop)
    world.pay(shop, world.placed(shop))
    page = _said(enter(Role.FINANCE).get("/staff/queue/transfers/").content.decode())
    assert payment.number in page
    assert "付款户名 李小满" in page
    assert "登记流水号 B1" in page
    assert "确认转账到账" in page
    assert "主动查询" not in page


def test_each_queue_has_its_own_payments(shop: world.Shop, enter: Enter) -> None:
    transfer = _transfer(shop)
    order = world.placed(shop)
    money.start(
        trade=order.trade,
        way=money.Way("testpay"),
        return_url="",
        notify_url="",
        actor="guest",
    )
    other = Payment.objects.get(case_no=order.case_no)
    client = enter(Role.FINANCE)
    transfers = client.get("/staff/queue/transfers/").content.decode()
    gateways = client.get("/staff/queue/payments/").content.decode()
    assert (transfer.number in transfers, other.number in transfers) == (True, False)
    assert (transfer.number in gateways, other.number in gateways) == (False, True)
    assert re.search(r"待确认转账</span><span class=\"side__count num\">1<", gateways)
    assert re.search(r"等待付款结果</span><span class=\"side__count num\">1<", gateways)
    assert "确认转账到账" not in gateways


def test_the_amount_typed_in_yuan_must_be_the_payments(shop: world.Shop, enter: Enter) -> None:
    payment = _transfer(shop)
    client = enter(Role.FINANCE)
    page = _confirm(client, payment, voucher="S9", amount_fen="127.99")
    assert "到账金额必须等于应付的 ¥128.00" in page
    assert 'value="127.99"' in page
    assert "“到账金额”要填金额，最多两位小数" in _confirm(
        client, payment, voucher="S9", amount_fen="12.345"
    )
    assert "请填写“银行流水号”" in _confirm(client, payment, voucher=" ", amount_fen="128")
    payment.refresh_from_db()
    assert (payment.state, payment.paid_at) == ("pending", None)
    _confirm(client, payment, voucher="S9", amount_fen="128")
    payment.refresh_from_db()
    assert (payment.state, payment.provider_id, payment.buyer) == ("succeeded", "S9", "李小满")
    assert Order.objects.get().paid_at is not None


def test_only_finance_confirms(shop: world.Shop, enter: Enter) -> None:
    payment = _transfer(shop)
    client = enter(Role.SERVICE)
    assert client.get("/staff/queue/transfers/").status_code == 403
    _confirm(client, payment, voucher="S9", amount_fen="128")
    payment.refresh_from_db()
    assert payment.state == "pending"


def test_a_late_transfer_is_confirmed_among_the_closed_ones(shop: world.Shop, enter: Enter) -> None:
    payment = _transfer(shop)
    client = enter(Role.FINANCE)
    with clock.ahead(timedelta(days=4)):
        timers.run_due()
        payment.refresh_from_db()
        assert payment.state == "closed"
        assert payment.number not in client.get("/staff/queue/transfers/").content.decode()
        late = client.get("/staff/queue/transfers/?state=closed").content.decode()
        assert payment.number in late
        assert "确认迟到的转账" in late
        _confirm(client, payment, step="confirm_late", voucher="S9", amount_fen="128.00")
        payment.refresh_from_db()
        assert payment.state == "succeeded_late"
        assert Order.objects.get().paid_at is not None
    with clock.ahead(timedelta(days=40)):
        _transfer(shop)
        assert "都处理完了" in client.get("/staff/queue/transfers/?state=closed").content.decode()


def test_the_case_names_the_way_of_paying(shop: world.Shop, enter: Enter) -> None:
    order = world.paid(shop)
    page = _said(enter(Role.FINANCE).get(f"/staff/orders/{order.number}/").content.decode())
    assert "方式 测试支付" in page
