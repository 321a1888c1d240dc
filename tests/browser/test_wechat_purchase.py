"""Paying with WeChat as each device does it: by a code, on WeChat's sheet, on WeChat's page."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.system import System

pytestmark = pytest.mark.browser

GOODS = "轻奢纯棉刺绣水洗四件套"
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36"
PHONE = "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36"
WECHAT = f"{PHONE} MicroMessenger/8.0.60"


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A browser that says what it is."""
    context = browser.new_context(locale="zh-CN", user_agent=request.param)
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    yield opened
    context.close()


def _scan(page: Page, system: System, number: str) -> None:
    """The phone's camera: the code on the screen is paid elsewhere, and the screen notices."""
    expect(page.locator("main svg").first).to_be_visible()
    phone = page.context.browser.new_page()  # type: ignore[union-attr]
    phone.goto(f"{system.wechat}/scan")
    phone.get_by_role("button", name=re.compile(number)).click()
    phone.locator("[data-do=pay]").click()
    expect(phone.locator("main")).to_contain_text("支付成功")
    phone.close()


def _sheet(page: Page, _system: System, _number: str) -> None:
    sheet = page.frame_locator("iframe")
    sheet.locator("[data-do=refuse]").click()
    expect(page.locator("[data-bridge-says=cancel]")).to_be_visible()
    page.locator("[data-bridge-pay]").click()
    sheet.locator("[data-do=pay]").click()


def _page(page: Page, system: System, _number: str) -> None:
    page.wait_for_url(re.compile(f"^{re.escape(system.wechat)}/"))
    page.locator("[data-do=pay]").click()


@pytest.mark.parametrize(
    ("page", "method", "pay"),
    [(DESKTOP, "native", _scan), (WECHAT, "jsapi", _sheet), (PHONE, "h5", _page)],
    indirect=["page"],
    ids=["desktop", "wechat", "phone"],
)
def test_an_order_is_paid_with_wechat(
    page: Page, system: System, method: str, pay: Callable[[Page, System, str], None]
) -> None:
    _order(page, system)
    page.locator(f"input[name=way][value='wechat:{method}']").check(force=True)
    page.get_by_role("button", name="去付款").click()
    number = _number(system, method)

    pay(page, system, number)

    page.wait_for_url(re.compile(rf"^{re.escape(system.url)}/pay/T\d+/"), timeout=20_000)
    expect(page.locator("main")).to_contain_text("付款成功", timeout=20_000)
    told = system.rows("SELECT verdict FROM payments_gatewaynotification WHERE number = %s", number)
    assert ("applied",) in told or ("duplicate",) in told
    paid = system.rows("SELECT state FROM payments_payment WHERE number = %s", number)
    assert paid == [("succeeded",)]


def _order(page: Page, system: System) -> None:
    page.goto(f"{system.url}/search/?q={quote(GOODS)}")
    page.get_by_role("link", name=GOODS).first.click()
    page.get_by_role("button", name="加入购物车").last.click()
    page.wait_for_timeout(500)
    page.goto(f"{system.url}/checkout/?guest=1")
    for label, text in (
        ("收货人", "李小满"),
        ("手机号", "13812345679"),
        ("城市", "杭州市"),
        ("区县", "西湖区"),
        ("详细地址", "文三路 478 号 6 幢 1202"),
    ):
        page.get_by_label(label).fill(text)
    page.get_by_label("省份").select_option("浙江省")
    page.get_by_role("button", name="提交订单").click()
    page.wait_for_url(re.compile(r"/pay/T\d+/"))


def _number(system: System, method: str) -> str:
    """Our payment's number, once it was started."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        found = system.rows(
            "SELECT number FROM payments_payment"
            " WHERE provider = 'wechat' AND method = %s AND state = 'pending' ORDER BY id DESC",
            method,
        )
        if found:
            return str(found[0][0])
        time.sleep(0.1)
    raise AssertionError(f"no payment by {method} was started")
