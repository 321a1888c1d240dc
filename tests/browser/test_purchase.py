"""A purchase of a real product through all eight stages, by its buyer and by each who works on it.

After every stage the buyer's page, the staff's page, the stock, the events and the counts on the
map are looked at.
"""

from __future__ import annotations

import json
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.system import PASSWORD, System

pytestmark = pytest.mark.browser

GOODS = "轻奢纯棉刺绣水洗四件套"
PHONE = "13812345678"
COUNT = 5
STREET = "文三路 478 号 6 幢 1202"


class Stage:
    """The people of one purchase, each at a screen of their own."""

    def __init__(self, browser: Browser, system: System) -> None:
        self.browser = browser
        self.system = system
        self.contexts: dict[str, BrowserContext] = {}
        self.errors: list[str] = []
        self.buyer = self._page("buyer", width=390, height=844)
        self.order = ""
        self.trade = ""
        self.stock = self._stock()

    def staff(self, login: str, width: int = 1440) -> Page:
        """The screen of a member of staff, signed in."""
        if login in self.contexts:
            return self.contexts[login].pages[0]
        page = self._page(login, width=width, height=900)
        page.goto(f"{self.system.url}/staff/sign-in/")
        page.get_by_label("登录名").fill(login)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        expect(page).to_have_url(re.compile(r"/staff/"))
        return page

    def _page(self, name: str, *, width: int, height: int) -> Page:
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN"
        )
        self.contexts[name] = context
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: self.errors.append(f"{name}: {error}"))
        return page

    def go(self, page: Page, path: str) -> None:
        answer = page.goto(self.system.url + path)
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"

    def _stock(self) -> tuple[int, int, int, int]:
        """on hand, held, committed, damaged of the goods, over all warehouses."""
        return tuple(
            self.system.rows(
                "SELECT sum(s.on_hand)::int, sum(s.held)::int, sum(s.committed)::int,"
                " sum(s.damaged)::int FROM inventory_stock s"
                " JOIN catalog_variant v ON v.id = s.variant_id"
                " JOIN catalog_product p ON p.id = v.product_id WHERE p.name = %s",
                GOODS,
            )[0]
        )

    def moved(self) -> tuple[int, int, int, int]:
        """How the stock differs from the beginning."""
        now = self._stock()
        return tuple(a - b for a, b in zip(now, self.stock, strict=True))  # type: ignore[return-value]

    def state(self, table: str = "orders_order") -> str:
        return str(self.system.rows(f"SELECT state FROM {table} ORDER BY id DESC LIMIT 1")[0][0])

    def until_state(self, state: str, table: str = "orders_order") -> None:
        end = time.monotonic() + 30
        while self.state(table) != state:
            assert time.monotonic() < end, f"{table} is {self.state(table)}, not {state}"
            time.sleep(0.2)

    def events(self, process: str) -> list[str]:
        """The steps of a process so far, in order."""
        rows = self.system.rows(
            "SELECT step FROM process_event WHERE process = %s ORDER BY id", process
        )
        return [str(row[0]) for row in rows]

    def on_the_map(self) -> dict[str, list[Any]]:
        """What the map says of its nodes: waiting first, the count at `COUNT`."""
        page = self.staff("admin")
        answer = page.request.get(f"{self.system.url}/staff/map/figures.json?period=1d")
        assert answer.status == 200
        nodes: dict[str, list[Any]] = answer.json()["nodes"]
        return nodes

    def counted(self, node: str, *, waiting: int, count: int) -> None:
        """The map comes to say so within the two seconds that it may take, and equals SQL."""
        end = time.monotonic() + 4
        while True:
            figure = self.on_the_map().get(node, [0, None, None, None, "", 0, 0, 0])
            if (figure[0], figure[COUNT]) == (waiting, count) or time.monotonic() > end:
                break
            time.sleep(0.3)
        assert (figure[0], figure[COUNT]) == (waiting, count), (node, figure)
        step = self.system.rows(
            "SELECT count(*) FROM process_event WHERE process || '.' || step = %s", node
        )
        assert step[0][0] == count


@pytest.fixture(scope="module")
def stage(browser: Browser, system: System) -> Iterator[Stage]:
    made = Stage(browser, system)
    yield made
    assert made.errors == []
    for context in made.contexts.values():
        context.close()


def sim(url: str, **values: str) -> dict[str, Any]:
    """Press a button of a simulator."""
    data = urllib.parse.urlencode(values).encode()
    with urllib.request.urlopen(url, data=data, timeout=10) as answer:
        said: dict[str, Any] = json.load(answer)
        return said


def test_1_browse(stage: Stage) -> None:
    page = stage.buyer
    stage.go(page, "/?utm_source=xiaohongshu&utm_medium=social&utm_campaign=double11")
    page.goto(f"{stage.system.url}/search/?q={urllib.parse.quote(GOODS)}")
    page.get_by_role("link", name=GOODS).first.click()
    expect(page.get_by_role("heading", name=GOODS)).to_be_visible()
    expect(page.locator("body")).to_contain_text("899")
    page.wait_for_timeout(1500)
    seen = stage.system.rows(
        "SELECT step, source, campaign, device, about <> '' FROM insight_behaviour ORDER BY id"
    )
    assert {row[0] for row in seen} == {"arrive", "browse", "view_product"}
    assert {row[1:4] for row in seen} == {("xiaohongshu", "double11", "desktop")}
    assert [row[4] for row in seen if row[0] == "view_product"] == [True]


def test_2_cart(stage: Stage) -> None:
    page = stage.buyer
    page.get_by_role("button", name="加入购物车").last.click()
    page.wait_for_timeout(500)
    stage.go(page, "/cart/")
    expect(page.locator("body")).to_contain_text(GOODS)
    expect(page.locator("[data-until]").first).to_be_visible()
    assert stage.moved() == (0, 1, 0, 0)
    assert stage.events("cart") == ["add"]
    stage.counted("cart.add", waiting=0, count=1)
    stage.counted("reservation.hold", waiting=0, count=1)
    assert stage.on_the_map()["cart.check_out"][0] == 1


def test_3_sign_in_and_checkout(stage: Stage) -> None:
    page = stage.buyer
    page.get_by_role("link", name=re.compile("结算")).or_(
        page.get_by_role("button", name=re.compile("结算"))
    ).first.click()
    page.get_by_label("手机号").fill(PHONE)
    page.get_by_role("button", name="获取验证码").click()
    inbox = stage.contexts["buyer"].new_page()
    inbox.goto(f"{stage.system.url}/dev/inbox/")
    code = re.search(r"\b(\d{6})\b", inbox.locator("main").inner_text())
    assert code is not None
    inbox.close()
    page.get_by_label("6 位验证码").fill(code.group(1))
    page.get_by_role("button", name="登录").click()

    page.get_by_label("收货人").fill("李小满")
    page.get_by_label("省份").select_option("浙江省")
    page.get_by_label("城市").fill("杭州市")
    page.get_by_label("区县").fill("西湖区")
    page.get_by_label("详细地址").fill(STREET)
    page.get_by_label("给商家留言").fill("请在工作日送货")
    expect(page.locator("#amounts")).to_contain_text("899.00")
    page.get_by_role("button", name="提交订单").click()
    page.wait_for_url(re.compile(r"/pay/T\d+/"))

    stage.trade, stage.order = stage.system.rows("SELECT case_no, number FROM orders_order")[0]
    assert stage.state() == "awaiting_payment"
    assert stage.moved() == (0, 1, 0, 0)
    assert stage.events("reservation") == ["hold", "renew"]
    stage.counted("order.place", waiting=0, count=1)
    assert stage.on_the_map()["order.pay"][0] == 1
    source = stage.system.rows(
        "SELECT b.source FROM orders_trade t JOIN insight_behaviour b ON b.visit = t.visit LIMIT 1"
    )
    assert source == [("xiaohongshu",)]


def test_4_payment(stage: Stage) -> None:
    page = stage.buyer
    page.locator("input[name=way][value^='alipay:']").first.check(force=True)
    page.get_by_role("button", name="去付款").click()
    page.wait_for_url(re.compile(rf":{stage.system.port + 11}/"))
    for button in ("scan", "pay"):
        page.locator(f"[data-do={button}]").click()
    page.wait_for_url(re.compile(r"/pay/.*"), timeout=20_000)
    page.wait_for_url(re.compile(rf"127\.0\.0\.1:{stage.system.port}/"), timeout=20_000)
    expect(page.locator("main")).to_contain_text(re.compile("付款成功|已付款|支付成功"))
    stage.until_state("awaiting_review")
    assert stage.moved() == (0, 0, 1, 0)
    assert stage.events("payment") == ["start", "send", "succeed"]
    stage.go(page, f"/orders/{stage.order}/")
    expect(page.locator("main")).to_contain_text("待发货")
    stage.counted("payment.succeed", waiting=0, count=1)
    stage.counted("order.approve", waiting=1, count=0)


def test_5_order_processing(stage: Stage) -> None:
    page = stage.staff("yunying")
    stage.go(page, "/staff/queue/review/")
    expect(page.locator("main")).to_contain_text("请在工作日送货")
    expect(page.locator("main")).not_to_contain_text(PHONE)
    page.get_by_role("button", name="审核通过").last.click()
    stage.until_state("awaiting_fulfilment")
    assert stage.events("fulfilment") == ["create"]
    stage.counted("order.approve", waiting=0, count=1)
    stage.counted("fulfilment.wave", waiting=1, count=0)
    told = sim_events(stage)
    assert [event["topic"] for event in told] == ["finance.order_paid"]


def sim_events(stage: Stage) -> list[dict[str, Any]]:
    """What the finance system has been told, once it was."""
    end = time.monotonic() + 15
    while time.monotonic() < end:
        with urllib.request.urlopen(
            f"{stage.system.finance}/_sim/events?case={stage.trade}", timeout=5
        ) as answer:
            said = json.load(answer)
        found: list[dict[str, Any]] = said["events"] if isinstance(said, dict) else said
        if found:
            return found
        time.sleep(0.3)
    raise AssertionError("finance was not told")


def test_6_warehouse_and_delivery(stage: Stage) -> None:
    page = stage.staff("cangku", width=390)
    stage.go(page, "/staff/warehouse/")
    page.locator("[data-all]").check()
    page.get_by_role("button", name=re.compile("编入波次")).click()
    stage.until_state("in_wave", "fulfilment_fulfilmenttask")
    task = stage.system.rows("SELECT number FROM fulfilment_fulfilmenttask")[0][0]
    sku = stage.system.rows("SELECT sku FROM orders_orderline")[0][0]

    def at_task() -> None:
        stage.go(page, f"/staff/warehouse/tasks/{task}/")

    at_task()
    page.get_by_role("button", name="开始拣货").click()
    stage.until_state("picking", "fulfilment_fulfilmenttask")
    at_task()
    scanner = page.locator("input[name=code]")
    scanner.fill("WRONG-SKU")
    scanner.press("Enter")
    expect(page.locator("[data-scan-result=bad]")).to_be_visible()
    assert stage.state("fulfilment_fulfilmenttask") == "picking"
    scanner.fill(str(sku))
    scanner.press("Enter")
    stage.until_state("picked", "fulfilment_fulfilmenttask")
    at_task()
    page.get_by_role("button", name="打包").click()
    stage.until_state("labelled", "logistics_parcel")
    at_task()
    waybill, grams = stage.system.rows(
        "SELECT p.waybill_no, t.expected_g FROM logistics_parcel p"
        " JOIN fulfilment_fulfilmenttask t ON t.parcel_id = p.id"
    )[0]
    expect(page.locator("main")).to_contain_text(waybill)
    page.locator("details[data-ask='fulfilment.weigh'] summary").click()
    page.locator("details[data-ask='fulfilment.weigh'] input[name=grams]").fill(str(grams * 2))
    page.locator("details[data-ask='fulfilment.weigh'] button[type=submit]").click()
    expect(page.locator("[data-refused]")).to_contain_text("拆包复核")
    assert stage.state("fulfilment_fulfilmenttask") == "packed"
    weigh = page.locator("details[data-ask='fulfilment.weigh']")
    if not weigh.locator("input[name=grams]").is_visible():
        weigh.locator("summary").click()
    weigh.locator("input[name=grams]").fill(str(grams))
    weigh.locator("button[type=submit]").click()
    stage.until_state("weighed", "fulfilment_fulfilmenttask")
    at_task()
    page.get_by_role("button", name="交接承运商").click()
    stage.until_state("shipped")
    assert stage.moved() == (-1, 0, 0, 0)
    stage.counted("fulfilment.hand_over", waiting=0, count=1)

    label = page.request.get(
        f"{stage.system.url}/staff/warehouse/labels/"
        + str(stage.system.rows("SELECT reference FROM logistics_parcel")[0][0])
        + ".pdf"
    )
    assert label.status == 200
    assert label.body().startswith(b"%PDF")

    for event in ("collect", "travel", "go_out"):
        sim(f"{stage.system.carrier}/_sim/next", number=str(waybill), steps="1")
        if event in stage.events("parcel"):
            continue
    stage.go(stage.buyer, f"/orders/{stage.order}/")
    expect(stage.buyer.locator("main")).to_contain_text("已发货")
    expect(stage.buyer.locator("main")).to_contain_text(str(waybill))


def test_7_receipt(stage: Stage) -> None:
    waybill = stage.system.rows("SELECT waybill_no FROM logistics_parcel")[0][0]
    sim(f"{stage.system.carrier}/_sim/next", number=str(waybill), event="delivered")
    stage.until_state("delivered", "logistics_parcel")
    page = stage.buyer
    stage.go(page, f"/orders/{stage.order}/")
    expect(page.locator("main")).to_contain_text("签收")
    page.get_by_role("button", name="确认收货").first.click()
    page.locator("dialog[open]").get_by_role("button", name="确认收货").click()
    stage.until_state("completed")
    expect(page.locator("main")).to_contain_text("已完成")
    amount = stage.system.rows("SELECT amount_fen, state FROM settlement_settlemententry")
    assert amount == [(89900, "pending")]
    stage.counted("settlement.accrue", waiting=0, count=1)
    finance = stage.staff("caiwu")
    stage.go(finance, "/staff/queue/settlement/?state=pending")
    expect(finance.locator("main")).to_contain_text(stage.order)


def test_8_after_sales(stage: Stage) -> None:
    page = stage.buyer
    stage.go(page, f"/orders/{stage.order}/after-sale/")
    page.locator("input[name^=quantity-]").first.fill("1")
    page.get_by_label("原因").select_option("质量问题")
    page.get_by_label("说明").fill("被角脱线")
    page.get_by_role("button", name="提交申请").click()
    page.wait_for_url(re.compile(r"/after-sales/H\d+/"))
    case = page.url.rstrip("/").rsplit("/", 1)[-1]
    assert stage.state("aftersales_aftersale") == "applied"

    service = stage.staff("kefu")
    stage.go(service, "/staff/queue/aftersales/")
    expect(service.locator("main")).to_contain_text("被角脱线")
    service.get_by_role("button", name="同意售后").last.click()
    stage.until_state("awaiting_return", "aftersales_aftersale")

    stage.go(page, f"/after-sales/{case}/")
    page.locator("select[name=carrier]").select_option("shunfeng")
    page.locator("input[name=waybill_no]").fill("SF1234567890")
    page.get_by_role("button", name="寄回商品").click()
    stage.until_state("returning", "aftersales_aftersale")

    warehouse = stage.staff("cangku")
    stage.go(warehouse, "/staff/queue/returns/")
    warehouse.locator("a[href*='at=aftersale']").first.click()
    warehouse.get_by_role("button", name="收到退货").last.click()
    stage.until_state("received", "aftersales_aftersale")
    stage.go(warehouse, "/staff/queue/returns/")
    warehouse.locator("a[href*='at=aftersale']").first.click()
    ask = warehouse.locator("details[data-ask='aftersale.inspect']").last
    if not ask.locator("button[type=submit]").is_visible():
        ask.locator("summary").click()
    ask.locator("button[type=submit]").click()
    stage.until_state("completed", "aftersales_aftersale")

    assert stage.state("payments_refund") == "succeeded"
    assert stage.state("payments_payment") == "refunded"
    stage.until_state("closed")
    assert stage.moved() == (0, 0, 0, 0)
    entries = stage.system.rows("SELECT amount_fen FROM settlement_settlemententry ORDER BY id")
    assert entries == [(89900,), (-89900,)]
    with urllib.request.urlopen(f"{stage.system.alipay}/_sim/ledger", timeout=5) as answer:
        assert [one["fen"] for one in json.load(answer)] == [89900, -89900]
    stage.go(page, f"/after-sales/{case}/")
    expect(page.locator("main")).to_contain_text("已完成")
    stage.counted("refund.succeed", waiting=0, count=1)


def test_9_the_trace_tells_all_of_it(stage: Stage) -> None:
    page = stage.staff("admin")
    stage.go(page, f"/staff/orders/{stage.order}/")
    main = page.locator("main")
    for words in ("提交订单", "收到支付成功", "审核通过", "交接承运商", "确认收货", "退款到账"):
        expect(main).to_contain_text(words)
    expect(main).to_contain_text("alipay")
    expect(main).to_contain_text("kuaidi100")
    expect(main).not_to_contain_text(PHONE)
    assert page.locator("svg .visited").count() > 15
