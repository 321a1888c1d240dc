"""Points and store credit: at checkout, beside a gateway, back again, and the buyer's own page."""

from __future__ import annotations

import pytest

from shangliu.domain.crm.models import User
from shangliu.domain.ledger.queries import wallet
from shangliu.domain.ledger.services import Purse, grant
from shangliu.domain.orders.models import Order, Trade
from shangliu.domain.payments.models import Payment
from shangliu.platform.money import Money
from tests.insight import world
from tests.web.storefront.walker import Walker

pytestmark = pytest.mark.django_db


@pytest.fixture
def rich(shop: world.Shop, walker: Walker) -> User:
    """Somebody with 500 points and ¥30.00 who stands at checkout with tea for ¥128.00."""
    walker.sign_in()
    user = User.objects.get(phone="+8613800138000")
    _give(user, Purse.POINTS, 500)
    _give(user, Purse.CREDIT, 3000)
    walker.put_in_cart(shop.tea.pk)
    walker.get("/checkout/")
    return user


def _give(user: User, purse: Purse, fen: int) -> None:
    grant(
        purse,
        user_id=user.pk,
        amount=Money(fen),
        document=f"G-{purse.value}",
        actor="kefu",
        why="包装破损补偿",
    )


def test_nothing_is_used_unless_it_is_ticked(rich: User, walker: Walker) -> None:
    assert "共 500 积分" in walker.text
    assert "可抵 ¥5.00" in walker.text
    assert 'value="points" checked' not in walker.html
    walker.checkout()
    assert wallet(Purse.POINTS, rich.pk) == Money(500)
    assert not Payment.objects.exists()


def test_the_sum_is_told_again_for_every_tick(rich: User, walker: Walker) -> None:
    walker.get("/checkout/amounts/?delivery=standard&purse=points&purse=credit")
    assert "−¥5.00" in walker.text
    assert "−¥30.00" in walker.text
    assert "还需支付 ¥ 93 .00" in walker.text
    assert wallet(Purse.CREDIT, rich.pk) == Money(3000)


def test_wallets_and_one_gateway_pay_together(shop: world.Shop, rich: User, walker: Walker) -> None:
    walker.checkout(purse=["points", "credit"])
    trade = Trade.objects.get()
    assert "还需支付 ¥ 93 .00" in walker.text
    assert "已用积分 −¥5.00 已用账户余额 −¥30.00" in walker.text
    walker.post(f"/pay/{trade.number}/start/", way="testpay:page")
    payment = Payment.objects.get(provider="testpay")
    assert payment.amount == Money(9300)
    walker.client.post("/pay/notify/testpay/", payment.number, content_type="text/plain")
    walker.get(f"/pay/{trade.number}/result/")
    assert "付款成功" in walker.text
    assert "积分 ¥5.00 账户余额 ¥30.00 测试支付 ¥93.00" in walker.text
    walker.get(f"/orders/{Order.objects.get().number}/")
    assert "测试支付" in walker.text


def test_wallets_that_cover_everything_need_no_gateway(
    shop: world.Shop, rich: User, walker: Walker
) -> None:
    _give(rich, Purse.CREDIT, 20000)
    walker.checkout(purse=["points", "credit"])
    assert "付款成功" in walker.text
    assert Order.objects.get().paid_at is not None
    assert wallet(Purse.POINTS, rich.pk) == Money(0)
    assert wallet(Purse.CREDIT, rich.pk) == Money(23000 - 12300)


def test_giving_up_gives_the_wallets_back(shop: world.Shop, rich: User, walker: Walker) -> None:
    walker.checkout(purse=["points", "credit"])
    order = Order.objects.get()
    walker.send(f"/orders/{order.number}/cancel/", reason="不想买了")
    world.send_all()
    walker.get(f"/orders/{order.number}/")
    assert "退回积分 已退回" in walker.text
    assert "退回账户余额 已退回" in walker.text
    assert wallet(Purse.POINTS, rich.pk) == Money(500)
    assert wallet(Purse.CREDIT, rich.pk) == Money(3000)


def test_a_ticked_wallet_stays_ticked_when_the_order_is_refused(rich: User, walker: Walker) -> None:
    walker.checkout(purse=["points"], phone="1")
    assert 'value="points" checked' in walker.html
    assert 'value="credit" checked' not in walker.html
    assert wallet(Purse.POINTS, rich.pk) == Money(500)


def test_a_guest_has_no_wallet(shop: world.Shop, walker: Walker) -> None:
    walker.put_in_cart(shop.tea.pk)
    walker.get("/checkout/?guest=1")
    assert "使用积分" not in walker.text
    walker.checkout(purse=["points", "credit"])
    assert not Payment.objects.exists()
    assert Order.objects.get().state == "awaiting_payment"


def test_the_wallet_page_tells_the_history(rich: User, walker: Walker) -> None:
    walker.checkout(purse=["points"])
    number = Order.objects.get().number
    walker.get("/account/wallet/")
    assert "支付订单" in walker.text
    assert "−500 积分" in walker.text
    assert f'href="/orders/{number}/"' in walker.html
    assert "包装破损补偿" in walker.text
    walker.get("/account/wallet/?of=credit")
    assert "+¥30.00" in walker.text
    assert walker.get("/account/wallet/?of=nothing").status_code == 404
    walker.get("/account/")
    assert "¥30.00" in walker.text


def test_a_wallet_is_its_owners(other: Walker, rich: User) -> None:
    assert other.client.get("/account/wallet/")["Location"].startswith("/sign-in/")
    other.sign_in("13800138001")
    other.get("/account/wallet/?of=credit")
    assert "包装破损补偿" not in other.text
