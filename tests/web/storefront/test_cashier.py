"""Going to pay, coming back, and what the page says whenever the news comes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from shangliu.domain.orders.models import Order, Trade
from shangliu.domain.payments.models import GatewayNotification, Payment
from shangliu.domain.payments.provider import Outcome
from shangliu.flow.timers import run_due
from shangliu.platform import clock
from tests.insight import world
from tests.web.storefront.walker import Walker

pytestmark = pytest.mark.django_db


@pytest.fixture
def ordered(shop: world.Shop, walker: Walker) -> Trade:
    """A guest's trade, with its cashier open."""
    walker.put_in_cart(shop.tea.pk)
    walker.get("/checkout/?guest=1")
    walker.checkout()
    return Trade.objects.get()


def _start(walker: Walker, trade: Trade) -> str:
    answer = walker.post(f"/pay/{trade.number}/start/", way="testpay:page")
    assert answer.status_code == 303
    return str(answer["Location"])


def _notify(walker: Walker, body: str) -> bytes:
    answer = walker.client.post(
        "/pay/notify/testpay/", body, content_type="application/x-www-form-urlencoded"
    )
    return bytes(answer.content)


def test_the_cashier_shows_amount_and_time_left(walker: Walker, ordered: Trade) -> None:
    assert "¥ 128 .00" in walker.text
    assert "剩余付款时间" in walker.text
    assert "测试支付" in walker.text
    assert re.findall(r'<input[^>]* name="([^"]+)"', walker.html.split("<main")[1]) == [
        "csrfmiddlewaretoken",
        *("way",) * walker.html.count('name="way"'),
    ]
    assert "checked" not in walker.html.split("<main")[1]


def test_two_clicks_are_one_payment(walker: Walker, ordered: Trade) -> None:
    first = _start(walker, ordered)
    walker.get(f"/pay/{ordered.number}/")
    assert _start(walker, ordered) == first
    assert Payment.objects.count() == 1


def test_the_notification_first_then_the_browser(walker: Walker, ordered: Trade) -> None:
    _start(walker, ordered)
    number = Payment.objects.get().number
    assert _notify(walker, number) == b"success"
    assert _notify(walker, number) == b"success"
    walker.get(f"/pay/return/testpay/?number={number}")
    assert "付款成功" in walker.text
    assert "hx-trigger" not in walker.html.split('id="result"')[1][:200]
    assert [one.verdict for one in GatewayNotification.objects.order_by("id")] == [
        "applied",
        "duplicate",
    ]


def test_the_browser_first_then_the_notification(walker: Walker, ordered: Trade) -> None:
    _start(walker, ordered)
    number = Payment.objects.get().number
    walker.get(f"/pay/return/testpay/?number={number}")
    assert "正在确认付款" in walker.text
    assert f'hx-get="/pay/{ordered.number}/status/?n=1"' in walker.html
    _notify(walker, number)
    walker.get(f"/pay/{ordered.number}/status/?n=1")
    assert "付款成功" in walker.text


def test_a_lost_notification_is_asked_for(shop: world.Shop, walker: Walker, ordered: Trade) -> None:
    _start(walker, ordered)
    shop.gateway.outcome = Outcome.PAID
    walker.get(f"/pay/{ordered.number}/status/?n=2")
    assert "付款成功" in walker.text
    assert Order.objects.get().paid_at is not None


def test_no_news_at_all_is_said_plainly(walker: Walker, ordered: Trade) -> None:
    walker.get(f"/pay/{ordered.number}/status/?n=40")
    assert "还没有收到付款结果" in walker.text
    assert "hx-get" not in walker.html


def test_too_late_is_said_and_offers_no_payment(walker: Walker, ordered: Trade) -> None:
    with clock.ahead(timedelta(minutes=31)):
        run_due()
        walker.get(f"/pay/{ordered.number}/")
        assert "没有在时限内付款" in walker.text
        answer = walker.client.get(f"/pay/{ordered.number}/")
    assert answer["Location"] == f"/pay/{ordered.number}/result/"


def test_a_forged_notification_is_refused(walker: Walker, ordered: Trade) -> None:
    forged = f"out_trade_no={ordered.number}&trade_status=TRADE_SUCCESS&sign=AAAA&sign_type=RSA2"
    answer = walker.client.post(
        "/pay/notify/alipay/", forged, content_type="application/x-www-form-urlencoded"
    )
    assert answer.content != b"success"
    assert Order.objects.get().paid_at is None
    assert GatewayNotification.objects.get().verdict.startswith("refused")


def test_a_huge_notification_is_not_read(walker: Walker, ordered: Trade) -> None:
    answer = walker.client.post(
        "/pay/notify/testpay/", "x" * 70_000, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 413
    assert not GatewayNotification.objects.exists()


def test_an_unknown_gateway_is_not_found(walker: Walker, ordered: Trade) -> None:
    assert walker.client.post("/pay/notify/nobody/").status_code == 404
    assert walker.send(f"/pay/{ordered.number}/start/", way="nobody:page").status_code == 404
    assert not Payment.objects.exists()


def test_somebody_elses_trade_is_not_found(other: Walker, ordered: Trade) -> None:
    other.sign_in("13800138001")
    for address in ("", "result/", "status/", "watch/", "with/testpay/page/"):
        assert other.get(f"/pay/{ordered.number}/{address}").status_code == 404


@pytest.mark.parametrize("number", ["T1", "that of a trade"])
def test_who_is_not_signed_in_any_more_is_asked_to(
    other: Walker, ordered: Trade, number: str
) -> None:
    """Whether or not there is such a trade, so that nobody can try numbers."""
    wanted = ordered.number if number != "T1" else number
    answer = other.client.get(f"/pay/{wanted}/")
    assert (answer.status_code, answer["Location"]) == (302, f"/sign-in/?next=%2Fpay%2F{wanted}%2F")
    polled = other.client.get(f"/pay/{wanted}/watch/", headers={"HX-Request": "true"})
    assert polled["HX-Redirect"] == f"/sign-in/?next=%2Fpay%2F{wanted}%2F"
    assert ordered.number not in other.get(f"/pay/{wanted}/result/").content.decode().replace(
        wanted, ""
    )


def test_a_guest_comes_back_with_the_secret(other: Walker, ordered: Trade) -> None:
    assert "请登录后继续付款" in other.get(f"/pay/{ordered.number}/?t=wrong").content.decode()
    assert other.get(f"/pay/{ordered.number}/?t={ordered.secret}").status_code == 200
    assert other.get(f"/pay/{ordered.number}/").status_code == 200


def test_the_return_page_believes_no_address(walker: Walker, other: Walker, ordered: Trade) -> None:
    _start(walker, ordered)
    number = Payment.objects.get().number
    other.get(f"/pay/return/testpay/?number={number}")
    assert "请登录后继续付款" in other.text
    other.sign_in("13800138001")
    assert other.get(f"/pay/return/testpay/?number={number}").status_code == 404
    assert other.get("/pay/return/testpay/?number=A1").status_code == 404
    assert Order.objects.get().paid_at is None
