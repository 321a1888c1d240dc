"""The stand-in for WeChat's own browser: the sheet over a shop's page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.simulators.running import Simulator, simulator
from tests.simulators.wechat_merchant import APP_ID, OPENID, WeChatMerchant


@pytest.fixture(scope="module")
def wechat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with simulator("wechat", tmp_path_factory.mktemp("wechat")) as one:
        one.sim("openid", openid=OPENID)
        yield one


pytestmark = pytest.mark.browser


class Shop(BaseHTTPRequestHandler):
    """A page that lets scripts and frames of WeChat in, and nothing else."""

    wechat = ""

    def do_GET(self) -> None:
        body = f'<!doctype html><script src="{self.wechat}/_sim/bridge.js"></script>'.encode()
        policy = f"default-src 'self'; script-src {self.wechat}; frame-src {self.wechat}"
        self.send_response(200)
        self.send_header("Content-Security-Policy", policy)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Tests are quiet."""


@pytest.fixture
def page(browser: Browser, wechat: Simulator) -> Iterator[Page]:
    Shop.wechat = wechat.url
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    context = browser.new_context(locale="zh-CN")
    opened = context.new_page()
    opened.goto(f"http://127.0.0.1:{server.server_port}/pay")
    yield opened
    context.close()
    server.shutdown()
    server.server_close()


def _ask(wechat: Simulator, page: Page, number: str, *, forged: bool = False) -> None:
    """Ask the bridge for payment, as a shop's script does; the answer becomes the title."""
    merchant = WeChatMerchant(wechat, "http://127.0.0.1:9/hear")
    order = merchant.order(number, payer={"openid": OPENID})
    prepay = merchant.post("/v3/pay/transactions/jsapi", order).json()["prepay_id"]
    package = f"prepay_id={prepay}"
    asked = {
        "appId": APP_ID,
        "timeStamp": "1795411800",
        "nonceStr": "N1",
        "package": package,
        "signType": "RSA",
        "paySign": merchant.sign(APP_ID, "0" if forged else "1795411800", "N1", package),
    }
    page.evaluate(
        "asked => { WeixinJSBridge.invoke('getBrandWCPayRequest', JSON.parse(asked),"
        " said => { document.title = said.err_msg; }); }",
        json.dumps(asked),
    )


@pytest.mark.parametrize(
    ("button", "said", "state"),
    [("立即支付", "ok", "SUCCESS"), ("取消支付", "cancel", "NOTPAY")],
)
def test_the_sheet_is_paid_or_left_and_the_shop_hears_of_it(
    wechat: Simulator, page: Page, button: str, said: str, state: str
) -> None:
    number = f"B1000000{said}"
    _ask(wechat, page, number)
    sheet = page.frame_locator("iframe")

    sheet.get_by_role("button", name=button).click()
    expect(page).to_have_title(f"get_brand_wcpay_request:{said}")

    assert page.locator("iframe").count() == 0
    assert wechat.look("trades", out_trade_no=number)["state"] == state


def test_a_sheet_that_the_merchant_did_not_sign_does_not_open(
    wechat: Simulator, page: Page
) -> None:
    _ask(wechat, page, "B1000000fail", forged=True)

    expect(page).to_have_title("get_brand_wcpay_request:fail")
