"""What the cashier offers on which device, and what each way of paying leads to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from shangliu.domain.orders.models import Order, Trade
from shangliu.domain.payments import provider as payments
from shangliu.domain.payments.models import Payment
from shangliu.domain.payments.provider import (
    Charge,
    Device,
    Method,
    Outcome,
    ProviderError,
    Started,
)
from shangliu.flow.policies import Policies
from shangliu.flow.timers import run_due
from shangliu.platform import clock
from shangliu.platform.text import Text
from shangliu.process import policies
from tests.insight import world
from tests.web.storefront.walker import Walker

pytestmark = pytest.mark.django_db

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
WECHAT = f"{PHONE} MicroMessenger/8.0.50"


@dataclass
class Many(world.Gateway):
    """A gateway with a way for every device; `broken` fails to start anything."""

    code: str = "manypay"
    label: Text = field(default_factory=lambda: Text("多多付", "Many pay"))
    broken: bool = False
    charges: list[Charge] = field(default_factory=list)

    @property
    def methods(self) -> tuple[Method, ...]:
        return (
            _method("scan", "扫码支付", Device.DESKTOP),
            _method("hop", "手机支付", Device.PHONE),
            _method("inside", "微信内支付", Device.WECHAT, needs_payer=True),
        )

    def payer_url(self, back: str) -> str:
        return f"https://who.example/?back={back}"

    def payer(self, query: Any) -> str:
        if query.get("code") != "good":
            raise ProviderError("nobody")
        return "openid-1"

    def start(self, charge: Charge) -> Started:
        self.charges.append(charge)
        if self.broken:
            raise ProviderError("down", retry=True, unknown=True)
        if charge.method == "scan":
            return Started(qr=f"many://{charge.number}/{len(self.charges)}")
        if charge.method == "inside":
            return Started(invoke={"package": f"id={charge.number}", "paySign": "</script>"})
        return Started(redirect_to=f"https://many.example/{charge.number}")


def _method(code: str, label: str, device: Device, *, needs_payer: bool = False) -> Method:
    return Method(
        code=code, label=Text(label, code), devices=frozenset({device}), needs_payer=needs_payer
    )


@pytest.fixture
def many(shop: world.Shop) -> Iterator[Many]:
    one = Many()
    payments.register(one)
    return one  # type: ignore[return-value]


@pytest.fixture
def ordered(many: Many, shop: world.Shop, walker: Walker) -> Trade:
    walker.put_in_cart(shop.tea.pk)
    walker.get("/checkout/?guest=1")
    walker.checkout()
    return Trade.objects.get()


def _offered(walker: Walker) -> list[str]:
    found = re.findall(r'name="way" value="(\w+:\w+)"', walker.html)
    return [one for one in found if one.startswith(("manypay", "cod", "transfer"))]


def _start(walker: Walker, trade: Trade, way: str, **more: str) -> str:
    """Choose it on the cashier's page."""
    walker.get(f"/pay/{trade.number}/")
    answer = walker.post(f"/pay/{trade.number}/start/", way=way, **more)
    assert answer.status_code == 303
    return str(answer["Location"])


@pytest.mark.parametrize(
    ("agent", "way"),
    [("", "manypay:scan"), (PHONE, "manypay:hop"), (WECHAT, "manypay:inside")],
)
def test_only_ways_that_fit_the_device_are_offered(
    walker: Walker, ordered: Trade, agent: str, way: str
) -> None:
    walker.get(f"/pay/{ordered.number}/", headers={"user-agent": agent})
    assert _offered(walker) == [way, "transfer:transfer", "cod:cod"]


def test_nothing_chosen_is_said_and_starts_nothing(walker: Walker, ordered: Trade) -> None:
    walker.send(f"/pay/{ordered.number}/start/")
    walker.get(f"/pay/{ordered.number}/")
    assert "请先选择一种付款方式" in walker.text
    assert not Payment.objects.exists()


@pytest.mark.parametrize("way", ["manypay:nothing", "credit:credit", "points:points", "x", ":"])
def test_a_way_that_is_not_offered_is_not_found(walker: Walker, ordered: Trade, way: str) -> None:
    assert walker.send(f"/pay/{ordered.number}/start/", way=way).status_code == 404
    assert not Payment.objects.exists()


def test_a_code_is_shown_with_amount_and_time(walker: Walker, ordered: Trade) -> None:
    where = _start(walker, ordered, "manypay:scan")
    assert where == f"/pay/{ordered.number}/with/manypay/scan/"
    walker.get(where)
    assert "¥ 128 .00" in walker.text
    assert "剩余支付时间" in walker.text
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in walker.html
    number = Payment.objects.get().number
    assert f'hx-get="/pay/{ordered.number}/watch/?payment={number}&amp;n=1"' in walker.html


def test_the_page_with_the_code_leads_on_by_itself(
    many: Many, walker: Walker, ordered: Trade
) -> None:
    walker.get(_start(walker, ordered, "manypay:scan"))
    watch = f"/pay/{ordered.number}/watch/?payment={Payment.objects.get().number}"
    walker.get(f"{watch}&n=1")
    assert "n=2" in walker.html
    many.outcome = Outcome.PAID
    assert "HX-Redirect" not in walker.get(f"{watch}&n=1")
    answer = walker.get(f"{watch}&n=2")
    assert answer["HX-Redirect"] == f"/pay/{ordered.number}/result/"
    assert Order.objects.get().paid_at is not None
    assert walker.client.get(f"/pay/{ordered.number}/with/manypay/scan/")["Location"] == (
        f"/pay/{ordered.number}/result/"
    )


def test_a_refused_payment_says_so_and_stops_asking(
    many: Many, walker: Walker, ordered: Trade
) -> None:
    walker.get(_start(walker, ordered, "manypay:scan"))
    many.outcome = Outcome.CLOSED
    walker.get(f"/pay/{ordered.number}/watch/?payment={Payment.objects.get().number}&n=2")
    assert "没有成功，没有扣款" in walker.text
    assert "hx-get" not in walker.html
    walker.get(f"/pay/{ordered.number}/")
    assert "manypay:scan" in _offered(walker)


def test_an_expired_code_is_renewed_by_a_button(many: Many, walker: Walker, ordered: Trade) -> None:
    where = _start(walker, ordered, "manypay:scan")
    _start(walker, ordered, "transfer:transfer")
    with clock.ahead(timedelta(hours=3)):
        walker.get(where)
        assert "二维码已失效" in walker.text
        assert "<svg xmlns" not in walker.html
        assert _start(walker, ordered, "manypay:scan") == where
        walker.get(where)
        assert "二维码已失效" not in walker.text
    live = Payment.objects.filter(provider="manypay").order_by("-id")[0]
    assert many.charges[-1].number == live.number
    assert live.expires_at > clock.now() + timedelta(days=2)


def test_another_browser_is_sent_to_choose_again(
    walker: Walker, other: Walker, ordered: Trade
) -> None:
    where = _start(walker, ordered, "manypay:scan")
    other.get(f"/pay/{ordered.number}/?t={ordered.secret}")
    assert other.client.get(where)["Location"] == f"/pay/{ordered.number}/"


def test_a_phone_goes_to_the_gateways_page(walker: Walker, ordered: Trade) -> None:
    assert _start(walker, ordered, "manypay:hop") == (
        f"https://many.example/{Payment.objects.get().number}"
    )


def test_a_gateway_that_is_down_leaves_the_other_ways(
    many: Many, walker: Walker, ordered: Trade
) -> None:
    many.broken = True
    assert _start(walker, ordered, "manypay:scan") == f"/pay/{ordered.number}/"
    walker.get(f"/pay/{ordered.number}/")
    assert "多多付暂时没有响应，没有扣款" in walker.text
    assert _offered(walker) == ["manypay:scan", "transfer:transfer", "cod:cod"]
    many.broken = False
    assert _start(walker, ordered, "manypay:scan").endswith("/with/manypay/scan/")
    assert Payment.objects.count() == 1


def test_who_must_be_known_is_asked_first(many: Many, walker: Walker, ordered: Trade) -> None:
    asked = _start(walker, ordered, "manypay:inside")
    assert asked.startswith("https://who.example/?back=http")
    assert not Payment.objects.exists()
    back = "/pay/" + asked.partition("/pay/")[2]
    answer = walker.client.get(f"{back}?code=good")
    assert answer["Location"] == f"/pay/{ordered.number}/with/manypay/inside/"
    assert many.charges[-1].payer == "openid-1"
    walker.get(answer["Location"])
    assert "data-bridge" in walker.html
    script = walker.html.split('id="invoke">')[1].partition("</script>")[0]
    assert "\\u003c/script\\u003e" in script
    assert _start(walker, ordered, "manypay:inside").endswith("/with/manypay/inside/")


def test_a_way_back_that_this_browser_did_not_ask_for_binds_nobody(
    many: Many, walker: Walker, ordered: Trade
) -> None:
    asked = _start(walker, ordered, "manypay:inside")
    back = "/pay/" + asked.partition("/pay/")[2]
    forged = back[:-33] + "0" * 32 + "/"
    assert walker.client.get(f"{forged}?code=good")["Location"] == f"/pay/{ordered.number}/"
    assert walker.client.get(f"{back}?code=bad")["Location"] == f"/pay/{ordered.number}/"
    assert many.charges == []
    assert not Payment.objects.exists()


def test_at_the_door_only_after_it_was_confirmed(walker: Walker, ordered: Trade) -> None:
    where = _start(walker, ordered, "cod:cod")
    assert where == f"/pay/{ordered.number}/at-door/cod/"
    assert not Payment.objects.exists()
    walker.get(where)
    assert "确认货到付款" in walker.text
    assert _start(walker, ordered, "cod:cod", confirmed="1") == f"/pay/{ordered.number}/result/"
    walker.get(f"/pay/{ordered.number}/result/")
    assert "订单已确认" in walker.text
    assert "签收时付款" in walker.text
    order = Order.objects.get()
    assert (order.state, order.paid_at) == ("awaiting_fulfilment", None)
    walker.get(f"/orders/{order.number}/")
    assert "货到付款：签收时请付 ¥128.00" in walker.text
    walker.get("/orders/")
    assert "签收时付款" in walker.text


def test_at_the_door_is_not_offered_where_the_rules_say_no(walker: Walker, ordered: Trade) -> None:
    policies.change(Policies.ON_DELIVERY_LIMIT, 100, user_id=None, why="test")
    policies.forget()
    walker.get(f"/pay/{ordered.number}/")
    assert "货到付款仅限 ¥1.00 以内的订单" in walker.text
    walker.get(f"/pay/{ordered.number}/at-door/cod/")
    assert "确认货到付款" not in walker.text
    _start(walker, ordered, "cod:cod", confirmed="1")
    assert not Payment.objects.exists()
    assert Order.objects.get().state == "awaiting_payment"


def test_a_transfer_says_where_to_and_hears_that_it_was_made(
    walker: Walker, ordered: Trade
) -> None:
    where = _start(walker, ordered, "transfer:transfer")
    walker.get(where)
    number = Payment.objects.get().number
    assert "户名" in walker.text
    assert f'data-copy="{number}"' in walker.html
    walker.post(f"/pay/{ordered.number}/report/", payer="  ", voucher="")
    walker.get(where)
    assert "请填写转账的户名" in walker.text
    walker.post(f"/pay/{ordered.number}/report/", payer="李小满", voucher="B20261123")
    walker.get(where)
    assert "李小满 转账，流水号 B20261123。财务正在核对。" in walker.text
    assert Payment.objects.get().state == "pending"
    walker.get(f"/pay/{ordered.number}/result/")
    assert "等待转账到账" in walker.text
    walker.get(f"/orders/{Order.objects.get().number}/")
    assert "查看转账账号" in walker.text


def test_two_tabs_with_two_ways_pay_once(many: Many, walker: Walker, ordered: Trade) -> None:
    walker.get(_start(walker, ordered, "manypay:scan"))
    _start(walker, ordered, "testpay:page")
    first, second = Payment.objects.order_by("id")
    for number in (second.number, first.number):
        walker.client.post(
            f"/pay/notify/{'testpay' if number == second.number else 'manypay'}/",
            number,
            content_type="text/plain",
        )
    walker.get(f"/pay/{ordered.number}/result/")
    assert "付款成功" in walker.text
    assert "原路退回多多付" in walker.text
    assert Order.objects.get().payment_number == second.number


def test_a_payment_after_closing_reopens_and_says_so(walker: Walker, ordered: Trade) -> None:
    _start(walker, ordered, "testpay:page")
    number = Payment.objects.get().number
    with clock.ahead(timedelta(minutes=31)):
        run_due()
        assert Order.objects.get().state == "cancelled"
        walker.client.post("/pay/notify/testpay/", number, content_type="text/plain")
        walker.get(f"/pay/{ordered.number}/result/")
        assert "订单已恢复" in walker.text
        walker.get(f"/orders/{Order.objects.get().number}/")
        assert "订单已恢复" in walker.text


def test_a_payment_after_closing_goes_back_when_the_stock_is_gone(
    shop: world.Shop, walker: Walker, other: Walker, ordered: Trade
) -> None:
    _start(walker, ordered, "testpay:page")
    number = Payment.objects.get().number
    with clock.ahead(timedelta(minutes=31)):
        run_due()
        world.placed(shop, quantity=500)
        world.placed(shop, quantity=500)
        walker.client.post("/pay/notify/testpay/", number, content_type="text/plain")
        world.send_all()
        walker.get(f"/pay/{ordered.number}/result/")
    assert "订单已关闭，款项退回" in walker.text
    assert "原路退回测试支付" in walker.text
    assert "−¥128.00" in walker.text
    assert "已退回" in walker.text


def test_after_the_deadline_nothing_can_be_started(walker: Walker, ordered: Trade) -> None:
    with clock.ahead(timedelta(minutes=31)):
        walker.get(f"/pay/{ordered.number}/")
        assert "付款时间已过" in walker.text
        assert _offered(walker) == []


def test_money_for_a_payment_that_had_failed_still_pays_the_order(
    many: Many, walker: Walker, ordered: Trade
) -> None:
    walker.get(_start(walker, ordered, "manypay:scan"))
    number = Payment.objects.get().number
    many.outcome = Outcome.CLOSED
    walker.get(f"/pay/{ordered.number}/watch/?payment={number}&n=2")
    assert Payment.objects.get().state == "failed"
    walker.client.post("/pay/notify/manypay/", number, content_type="text/plain")
    walker.get(f"/pay/{ordered.number}/result/")
    assert "付款成功" in walker.text
    assert Order.objects.get().payment_number == number


def test_what_was_collected_at_the_door_is_paid(
    shop: world.Shop, walker: Walker, ordered: Trade
) -> None:
    _start(walker, ordered, "cod:cod", confirmed="1")
    order = world.delivered(shop, Order.objects.get())
    walker.get(f"/pay/{ordered.number}/result/")
    assert "付款成功" in walker.text
    assert "进展和物流在订单里查看" in walker.text
    walker.get(f"/orders/{order.number}/")
    assert "实付" in walker.text
    assert "签收时请付" not in walker.text


def test_a_closed_order_says_where_the_money_went(
    shop: world.Shop, walker: Walker, ordered: Trade
) -> None:
    _start(walker, ordered, "testpay:page")
    number = Payment.objects.get().number
    walker.client.post("/pay/notify/testpay/", number, content_type="text/plain")
    case = world.applied(Order.objects.get(), reason="不想要了")
    assert case.state in ("completed", "refunding", "applied")
    if case.state == "applied":
        world.step("aftersale.approve", case)
    world.send_all()
    walker.get(f"/pay/{ordered.number}/result/")
    assert Order.objects.get().state == "closed"
    assert "订单已关闭" in walker.text
    assert "原路退回测试支付" in walker.text
