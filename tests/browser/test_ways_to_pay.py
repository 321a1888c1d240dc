"""Every way of paying, as buyers do it: from the cart to the money, on their own devices."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from shangliu.platform.env import embedded_url
from tests.system import PASSWORD, System

pytestmark = pytest.mark.browser

GOODS = "轻奢纯棉刺绣水洗四件套"
PRICE = 89900
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
    " Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)
WECHAT = f"{IPHONE} MicroMessenger/8.0.50(0x18003237) NetType/WIFI Language/zh_CN"
DESK, PHONE = (1280, 900), (390, 844)

_SHIP = """
import django; django.setup()
import sys, time
from shangliu.domain.fulfilment.models import FulfilmentTask
from shangliu.domain.logistics.models import Parcel
from shangliu.flow import steps
from shangliu.flow.fulfilment.effects import Scans, Wave, Weight
from shangliu.process.roles import STAFF

def step(name, one, data=None):
    steps.take(name, one, actor="cangku", roles=frozenset(STAFF), data=data)

task = FulfilmentTask.objects.filter(order__number=sys.argv[1]).latest("id")
step("fulfilment.wave", task, Wave(wave=f"W-{task.number}"))
step("fulfilment.start_pick", task)
counts = {line.order_line.sku: line.quantity for line in task.lines.all()}
step("fulfilment.pick", task, Scans(counts=counts))
step("fulfilment.pack", task)
end = time.monotonic() + 30
while not Parcel.objects.filter(order_number=sys.argv[1], state="labelled").exists():
    assert time.monotonic() < end, "no label"
    time.sleep(0.2)
task.refresh_from_db()
step("fulfilment.weigh", task, Weight(grams=task.expected_g))
step("fulfilment.hand_over", task)
print(Parcel.objects.get(order_number=sys.argv[1]).waybill_no)
"""


class Shop:
    """The running shop, and browsers of people with one device or another."""

    def __init__(self, browser: Browser, system: System) -> None:
        self.browser, self.system = browser, system
        self.contexts: list[BrowserContext] = []
        self.errors: list[str] = []
        found = system.rows("SELECT slug FROM catalog_product WHERE name = %s", GOODS)
        self.slug = str(found[0][0])

    def person(self, size: tuple[int, int] = DESK, agent: str | None = None) -> Page:
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="zh-CN",
            user_agent=agent,
            is_mobile=agent is not None,
        )
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def staff(self, login: str) -> Page:
        page = self.person()
        page.goto(f"{self.system.url}/staff/sign-in/")
        page.get_by_label("登录名").fill(login)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        expect(page).to_have_url(re.compile(r"/staff/"))
        return page

    def to_checkout(self, page: Page, *, guest: bool = True) -> None:
        page.goto(f"{self.system.url}/p/{self.slug}/")
        page.get_by_role("button", name="加入购物车").last.click()
        page.wait_for_timeout(500)
        page.goto(f"{self.system.url}/checkout/{'?guest=1' if guest else ''}")
        page.get_by_label("收货人").fill("李小满")
        page.get_by_label("手机号").fill("13912345678")
        page.get_by_label("省份").select_option("浙江省")
        page.get_by_label("城市").fill("杭州市")
        page.get_by_label("区县").fill("西湖区")
        page.get_by_label("详细地址").fill("文三路 478 号 6 幢 1202")

    def to_cashier(self, page: Page) -> str:
        """An order that waits for its money; gives the trade."""
        self.to_checkout(page)
        page.get_by_role("button", name="提交订单").locator("visible=true").first.click()
        page.wait_for_url(re.compile(r"/pay/T\d+/"))
        return page.url.rstrip("/").rsplit("/", 1)[-1]

    def choose(self, page: Page, way: str) -> None:
        page.locator(f"input[name=way][value='{way}']").check(force=True)
        page.get_by_role("button", name="去付款").click()

    def one(self, sql: str, *values: object) -> Any:
        return self.system.rows(sql, *values)[0][0]

    def until(self, wanted: object, sql: str, *values: object) -> None:
        end = time.monotonic() + 30
        while (said := self.one(sql, *values)) != wanted:
            assert time.monotonic() < end, f"{said!r}, not {wanted!r}: {sql}"
            time.sleep(0.2)

    def order_of(self, trade: str) -> str:
        return str(self.one("SELECT number FROM orders_order WHERE case_no = %s", trade))

    def paid(self, trade: str, provider: str, method: str, amount: int = PRICE) -> None:
        """The books know it too."""
        kept = self.system.rows(
            "SELECT provider, method, amount_fen, state FROM payments_payment"
            " WHERE case_no = %s AND provider NOT IN ('credit', 'points')",
            trade,
        )
        assert kept == [(provider, method, amount, "succeeded")]

    def run(self, code: str, *args: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code, *args],
            env={
                **self.system.environ,
                "DATABASE_URL": embedded_url(self.system.data),
                "DJANGO_SETTINGS_MODULE": "shangliu.config.settings",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture(scope="module")
def shop(browser: Browser, system: System) -> Iterator[Shop]:
    made = Shop(browser, system)
    yield made
    assert made.errors == []
    for context in made.contexts:
        context.close()


def _is_paid(page: Page) -> None:
    page.wait_for_url(re.compile(r"/pay/T\d+/result/"), timeout=30_000)
    expect(page.locator("main")).to_contain_text("付款成功", timeout=20_000)


def _press(page: Page, *names: str) -> None:
    for name in names:
        page.locator(f"[data-do={name}]").click()


def test_the_desk_offers_pages_and_codes_and_preselects_nothing(shop: Shop) -> None:
    page = shop.person()
    shop.to_cashier(page)
    offered = [one.get_attribute("value") for one in page.locator("input[name=way]").all()]
    assert {"alipay:page", "alipay:qr", "wechat:native", "transfer:transfer", "cod:cod"} <= {
        *offered
    }
    assert not {"alipay:wap", "wechat:h5", "wechat:jsapi"} & {*offered}
    assert page.locator("input[name=way]:checked").count() == 0


def test_alipays_page(shop: Shop) -> None:
    page = shop.person()
    trade = shop.to_cashier(page)
    shop.choose(page, "alipay:page")
    page.wait_for_url(f"{shop.system.alipay}/**")
    _press(page, "scan", "pay")
    _is_paid(page)
    shop.paid(trade, "alipay", "page")


@pytest.mark.parametrize(("provider", "method"), [("alipay", "qr"), ("wechat", "native")])
def test_a_code_on_the_desk_is_scanned_with_a_phone(shop: Shop, provider: str, method: str) -> None:
    page, phone = shop.person(), shop.person(PHONE, IPHONE)
    trade = shop.to_cashier(page)
    shop.choose(page, f"{provider}:{method}")
    expect(page.locator(".qr__code svg")).to_be_visible()
    expect(page.locator("main")).to_contain_text("剩余支付时间")
    number = shop.one("SELECT number FROM payments_payment WHERE case_no = %s", trade)
    gateway = {"alipay": shop.system.alipay, "wechat": shop.system.wechat}[provider]
    phone.goto(f"{gateway}/scan")
    phone.get_by_role("button", name=str(number)).click()
    _press(phone, "pay")
    _is_paid(page)
    shop.paid(trade, provider, method)


@pytest.mark.parametrize(("provider", "method"), [("alipay", "wap"), ("wechat", "h5")])
def test_a_phone_goes_to_the_gateway_and_comes_back(shop: Shop, provider: str, method: str) -> None:
    page = shop.person(PHONE, IPHONE)
    trade = shop.to_cashier(page)
    shop.choose(page, f"{provider}:{method}")
    gateway = {"alipay": shop.system.alipay, "wechat": shop.system.wechat}[provider]
    page.wait_for_url(f"{gateway}/**")
    _press(page, *(("scan", "pay") if provider == "alipay" else ("pay",)))
    _is_paid(page)
    shop.paid(trade, provider, method)


def test_a_card_from_abroad(shop: Shop) -> None:
    page = shop.person()
    trade = shop.to_cashier(page)
    shop.choose(page, "stripe:checkout")
    page.wait_for_url(re.compile(rf":{shop.system.port + 15}/c/pay/"))
    _press(page, "decline")
    expect(page.locator("body")).to_contain_text("请换一张卡再试")
    _press(page, "pay")
    _is_paid(page)
    shop.paid(trade, "stripe", "checkout")


def test_inside_wechat_the_sheet_is_closed_and_then_paid(shop: Shop) -> None:
    page = shop.person(PHONE, WECHAT)
    trade = shop.to_cashier(page)
    shop.choose(page, "wechat:jsapi")
    page.wait_for_url(re.compile(r"/with/wechat/jsapi/"))
    sheet = page.frame_locator("iframe[title=微信支付]")
    sheet.locator("[data-do=refuse]").click()
    expect(page.locator("main")).to_contain_text("已取消，没有扣款")
    state = "SELECT state FROM payments_payment WHERE case_no = %s"
    assert shop.one(state, trade) == "pending"
    page.get_by_role("button", name="微信支付").click()
    sheet.locator("[data-do=pay]").click()
    _is_paid(page)
    shop.paid(trade, "wechat", "jsapi")


def test_cash_on_delivery_until_it_is_collected(shop: Shop) -> None:
    page = shop.person(PHONE, IPHONE)
    trade = shop.to_cashier(page)
    shop.choose(page, "cod:cod")
    expect(page.locator("main")).to_contain_text("拒收不收货款")
    page.get_by_role("button", name="确认货到付款").click()
    expect(page.locator("main")).to_contain_text("订单已确认")
    order = shop.order_of(trade)
    waybill = shop.run(_SHIP, order)
    with urllib.request.urlopen(
        f"{shop.system.carrier}/_sim/parcels?number={waybill}", timeout=5
    ) as answer:
        assert '"collection": "899.00"' in re.sub(r'":\s*', '": ', answer.read().decode())
    data = urllib.parse.urlencode({"number": waybill, "event": "delivered"}).encode()
    urllib.request.urlopen(f"{shop.system.carrier}/_sim/next", data=data, timeout=10).close()
    state = "SELECT state FROM payments_payment WHERE case_no = %s"
    shop.until("succeeded", state, trade)
    page.goto(f"{shop.system.url}/orders/{order}/")
    expect(page.locator("main")).to_contain_text("货到付款")
    booked = shop.one(
        "SELECT p.amount_fen FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id"
        " WHERE e.case_no = %s AND p.account = 'carrier:cod'",
        trade,
    )
    assert booked == PRICE


def test_a_transfer_until_finance_has_found_it(shop: Shop) -> None:
    page = shop.person()
    trade = shop.to_cashier(page)
    shop.choose(page, "transfer:transfer")
    expect(page.locator("main")).to_contain_text("附言")
    page.get_by_label("付款账户的户名").fill("李小满")
    page.get_by_role("button", name="我已转账").click()
    expect(page.locator("main")).to_contain_text("已登记，等待到账")

    finance = shop.staff("caiwu")
    finance.goto(f"{shop.system.url}/staff/queue/transfers/")
    expect(finance.locator("main")).to_contain_text("李小满")
    ask = finance.locator("details[data-ask='payment.confirm']").first
    ask.locator("summary").click()
    ask.locator("input[name=voucher]").fill("20261123-001")
    ask.locator("input[name=amount_fen]").fill("898.99")
    ask.locator("button[type=submit]").click()
    expect(finance.locator("[data-refused]")).to_contain_text("到账金额必须等于应付的 ¥899.00")
    ask = finance.locator("details[data-ask='payment.confirm']").first
    if not ask.locator("input[name=voucher]").is_visible():
        ask.locator("summary").click()
    ask.locator("input[name=amount_fen]").fill("899")
    ask.locator("button[type=submit]").click()
    state = "SELECT state FROM payments_payment WHERE case_no = %s"
    shop.until("succeeded", state, trade)
    page.goto(f"{shop.system.url}/pay/{trade}/result/")
    expect(page.locator("main")).to_contain_text("付款成功")


def _sign_in(shop: Shop, page: Page, phone: str) -> None:
    page.goto(f"{shop.system.url}/sign-in/?next=/account/")
    page.get_by_label("手机号").fill(phone)
    page.get_by_role("button", name="获取验证码").click()
    page.get_by_label("6 位验证码").wait_for()
    text = shop.one(
        "SELECT text FROM notifications_message WHERE phone = %s ORDER BY id DESC LIMIT 1",
        f"+86{phone}",
    )
    code = re.search(r"\d{6}", str(text))
    assert code is not None
    page.get_by_label("6 位验证码").fill(code.group(0))
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(re.compile(r"/account/"))


def _give(shop: Shop, service: Page, purse: str, amount: str) -> None:
    service.get_by_label("送什么").select_option(purse)
    service.get_by_label("数额").fill(amount)
    service.get_by_label("原因").fill("包装破损补偿")
    service.get_by_role("button", name="确认赠送").click()
    expect(service.locator("main")).to_contain_text("买家会收到消息")


def test_points_credit_and_a_gateway_together_and_all_of_it_back(shop: Shop) -> None:
    page = shop.person()
    _sign_in(shop, page, "13811112222")
    user = shop.one("SELECT id FROM crm_user WHERE phone = '+8613811112222'")
    service = shop.staff("kefu")
    service.goto(f"{shop.system.url}/staff/customers/?q=2222")
    service.locator(f"a[href='/staff/customers/{user}/']").click()
    _give(shop, service, "points", "1200")
    _give(shop, service, "credit", "50")
    page.goto(f"{shop.system.url}/messages/")
    expect(page.locator("main")).to_contain_text("收到 ¥50.00 账户余额：包装破损补偿")

    shop.to_checkout(page, guest=False)
    expect(page.locator("#amounts")).to_contain_text("899.00")
    page.locator("#purse-points").check(force=True)
    expect(page.locator("#amounts")).to_contain_text("−¥12.00")
    page.locator("#purse-credit").check(force=True)
    expect(page.locator("#amounts")).to_contain_text("837.00")
    page.get_by_role("button", name="提交订单").locator("visible=true").first.click()
    page.wait_for_url(re.compile(r"/pay/T\d+/"))
    trade = page.url.rstrip("/").rsplit("/", 1)[-1]
    expect(page.locator("main")).to_contain_text("还需支付")
    shop.choose(page, "alipay:page")
    page.wait_for_url(f"{shop.system.alipay}/**")
    _press(page, "scan", "pay")
    _is_paid(page)
    expect(page.locator("main")).to_contain_text("积分")
    shop.paid(trade, "alipay", "page", 83700)

    order = shop.order_of(trade)
    page.goto(f"{shop.system.url}/orders/{order}/after-sale/")
    page.locator("input[name^=quantity-]").first.fill("1")
    page.get_by_label("原因").select_option("不想要了")
    page.get_by_role("button", name="提交申请").click()
    page.wait_for_url(re.compile(r"/after-sales/H\d+/"))
    left = "SELECT coalesce(sum(amount_fen - refunded_fen), 0)::int FROM payments_payment"
    shop.until(0, f"{left} WHERE case_no = %s", trade)
    balances = shop.system.rows(
        "SELECT kind, balance_fen FROM ledger_wallet WHERE user_id = %s ORDER BY kind", user
    )
    assert balances == [("credit", 5000), ("points", 1200)]
    page.goto(f"{shop.system.url}/orders/{order}/")
    for said in ("退回积分", "退回账户余额", "原路退回支付宝"):
        expect(page.locator("main")).to_contain_text(said)
    assert shop.one("SELECT coalesce(sum(amount_fen), 0)::int FROM ledger_posting") == 0


def test_a_second_tab_and_the_back_button_pay_nothing_twice(shop: Shop) -> None:
    page = shop.person()
    trade = shop.to_cashier(page)
    second = page.context.new_page()
    second.goto(page.url)
    shop.choose(page, "alipay:qr")
    expect(page.locator(".qr__code svg")).to_be_visible()
    shop.choose(second, "alipay:page")
    second.wait_for_url(f"{shop.system.alipay}/**")
    _press(second, "scan", "pay")
    _is_paid(second)
    _is_paid(page)
    page.go_back()
    page.wait_for_url(re.compile(r"/pay/T\d+/result/"))
    page.goto(f"{shop.system.url}/pay/{trade}/")
    page.wait_for_url(re.compile(r"/pay/T\d+/result/"))
    paid = "SELECT count(*)::int FROM payments_payment WHERE case_no = %s AND state = 'succeeded'"
    assert shop.one(paid, trade) == 1
