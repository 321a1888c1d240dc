"""Values computed by other implementations (INTEGRATIONS, appendix A.4 to A.7)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from shangliu.domain.payments.provider import BillKind, Charge, Outcome, ProviderError, Ref
from shangliu.platform import clock
from shangliu.platform.money import Money
from shangliu.providers.payments import wechat_bill
from shangliu.providers.payments.wechat import WeChat
from shangliu.providers.payments.wechat_wire import Settings, Wire
from tests.providers.vectors import FOLDER, VECTORS

pytestmark = pytest.mark.django_db(transaction=True)
STAMP, NONCE = "1795411800", "593BEC0C930BF1AFEB40B4A08C8FB242"
MOMENT = datetime.fromtimestamp(int(STAMP), UTC)
PUBLIC_KEY_ID = "PUB_KEY_ID_1"


def wechat_with(folder: Path, gateway: str = "http://127.0.0.1:9") -> WeChat:
    key = folder / "apiv3.txt"
    key.write_text(VECTORS["wx_notify"]["apiv3_key"])
    said = {
        "GATEWAY": gateway,
        "PRIVATE_KEY_FILE": str(FOLDER / "merchant.pem"),
        "PUBLIC_KEY_FILE": str(FOLDER / "platform.pub.pem"),
        "PUBLIC_KEY_ID": PUBLIC_KEY_ID,
        "API_KEY_FILE": str(key),
        "CERTIFICATES_DIR": str(folder),
    }
    environ = {f"PAYMENTS_WECHAT_{name}": value for name, value in said.items()}
    return WeChat(wire=Wire(settings=Settings.read(environ)))


@pytest.fixture
def wechat(tmp_path: Path) -> Iterator[WeChat]:
    with clock.at(MOMENT):
        yield wechat_with(tmp_path)


def signed(signature: str, **more: str) -> dict[str, str]:
    return {
        "Wechatpay-Timestamp": STAMP,
        "Wechatpay-Nonce": NONCE,
        "Wechatpay-Signature": signature,
        "Wechatpay-Serial": PUBLIC_KEY_ID,
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        **more,
    }


def test_a_request_is_signed_to_the_letter(wechat: WeChat) -> None:
    vector = VECTORS["wx_request"]
    method, path, stamp, nonce, body, _ = vector["message"].split("\n")

    said = wechat.wire.keys.authorization(method, path, body, nonce=nonce)

    assert stamp == STAMP
    assert said == vector["authorization"]


def test_answers_with_and_without_content_are_believed(wechat: WeChat) -> None:
    body = VECTORS["wx_response"]["message"].split("\n")[2].encode()
    wechat.wire.check(signed(VECTORS["wx_response"]["signature"]), body)
    wechat.wire.check(signed(VECTORS["wx_response_204"]["signature"]), b"")

    with pytest.raises(ProviderError):
        wechat.wire.check(signed(VECTORS["wx_response"]["signature"]), body + b"\n")
    with pytest.raises(ProviderError):
        wechat.wire.check({}, body)


def test_the_sheet_is_signed_to_the_letter(wechat: WeChat) -> None:
    vector = VECTORS["wx_jsapi_paySign"]
    package = vector["message"].split("\n")[3]

    said = wechat.invoke_with(package, stamp=STAMP, nonce=NONCE)

    assert said == {
        "appId": "wxd678efh567hg6787",
        "timeStamp": STAMP,
        "nonceStr": NONCE,
        "package": "prepay_id=wx23133000123456789012345678901234",
        "signType": "RSA",
        "paySign": vector["paySign"],
    }


def test_a_notification_is_verified_opened_and_read(wechat: WeChat) -> None:
    vector = VECTORS["wx_notify"]
    headers = signed(vector["Wechatpay-Signature"])
    body = vector["body"].encode()

    said = wechat.read_notification(headers=headers, body=body)

    assert (said.number, said.outcome, said.amount) == (
        "T20261123000001",
        Outcome.PAID,
        Money(8800),
    )
    assert said.provider_id == "4200002026112300000001"
    assert said.notification_id == "EV-2026112313302100001"
    opened = wechat.wire.keys.opened(json.loads(body)["resource"])
    assert opened.decode() == vector["plaintext"]
    with pytest.raises(ProviderError):
        wechat.read_notification(headers=headers, body=body.replace(b"EV-", b"EW-"))


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[WeChat]:
    """Connected to a gateway that always gives the vector's answer, with headers to be chosen."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Canned)
    Canned.headers_said = signed(VECTORS["wx_response"]["signature"])
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    with clock.at(MOMENT):
        yield wechat_with(tmp_path, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


class Canned(BaseHTTPRequestHandler):
    headers_said: Mapping[str, str] = {}

    def do_POST(self) -> None:
        body = VECTORS["wx_response"]["message"].split("\n")[2].encode()
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        for name, value in self.headers_said.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Tests are quiet."""


def _charge() -> Charge:
    return Charge(
        number="T20261123000001",
        amount=Money(8800),
        subject="龙井茶叶 250g",
        expires_at=datetime(2026, 11, 23, 6, tzinfo=UTC),
        return_url="http://127.0.0.1/r",
        notify_url="http://127.0.0.1/n",
        method="native",
    )


def test_an_order_gives_the_vectors_code(answering: WeChat) -> None:
    assert answering.start(_charge()).qr == "weixin://wxpay/bizpayurl?pr=p4lpSuKzz"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed("AAAA"),
        signed(VECTORS["wx_response"]["signature"], **{"Wechatpay-Nonce": "x"}),
        signed(VECTORS["wx_response"]["signature"], **{"Wechatpay-Timestamp": "1795411499"}),
        signed("WECHATPAY/SIGNTEST/" + VECTORS["wx_response"]["signature"][19:]),
    ],
)
def test_an_answer_that_is_not_signed_for_now_leaves_the_result_unknown(
    answering: WeChat, headers: dict[str, str]
) -> None:
    Canned.headers_said = headers

    with pytest.raises(ProviderError) as caught:
        answering.start(_charge())

    assert (caught.value.unknown, caught.value.retry) == (True, True)


HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,"
    "退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
WHO = "`wxd678efh567hg6787,`1900000109,`0,`,`42001,`A1,`oU,`NATIVE"
PAID = "`88.00,`0.00,`0,`0,`0.00,`0.00,`,`,`茶, 250g,`,`0.53000,`0.60%,`88.00,`0.00,`"
BACK = (
    "`0.00,`0.00,`50300,`R{0},`30.00,`0.00,`ORIGINAL,`{1},"
    "`茶, 250g,`,`-0.18000,`0.60%,`0.00,`30.00,`"
)
LINES = (
    f"`2026-11-23 00:00:05,{WHO},`SUCCESS,`OTHERS,`CNY,{PAID}",
    f"`2026-11-23 09:00:00,{WHO},`REFUND,`OTHERS,`CNY,{BACK.format(1, 'SUCCESS')}",
    f"`2026-11-23 09:01:00,{WHO},`REFUND,`OTHERS,`CNY,{BACK.format(2, 'CHANGE')}",
    f"`2026-11-23 09:02:00,{WHO},`REFUND,`OTHERS,`CNY,{BACK.format(3, 'FAIL')}",
)
SUMS = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_a_bill_is_read_and_refunds_that_failed_left_out(end: str) -> None:
    text = end.join((HEADER, *LINES, SUMS, "`4,`88.00,`90.00,`0.00,`0.00000,`88.00,`90.00", ""))

    bill = wechat_bill.read(date(2026, 11, 23), text.encode("utf-8-sig"))

    payment, refund = bill.lines
    assert (payment.kind, payment.number, payment.amount) == (
        BillKind.PAYMENT,
        "A1",
        Money(8800),
    )
    assert (payment.fee, payment.provider_id) == (Money(53), "42001")
    assert payment.at == datetime(2026, 11, 22, 16, 0, 5, tzinfo=UTC)
    assert (refund.kind, refund.number, refund.refund_number) == (BillKind.REFUND, "A1", "R1")
    assert (refund.amount, refund.fee) == (Money(3000), Money(-18))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>",
        "\n".join((HEADER, *LINES)),
        "\n".join((HEADER, *LINES, SUMS, "`3,`88.00")),
        "\n".join((HEADER, LINES[0].replace("88.00", "many"), SUMS, "`1,`88.00")),
        "\n".join((HEADER, LINES[0].replace(",`CNY", ""), SUMS, "`1,`88.00")),
    ],
)
def test_a_bill_that_is_not_whole_is_refused(text: str) -> None:
    with pytest.raises(ProviderError):
        wechat_bill.read(date(2026, 11, 23), text.encode())


def test_the_query_of_nothing_needs_no_gateway_to_be_refused(wechat: WeChat) -> None:
    with pytest.raises(ProviderError) as caught:
        wechat.query(Ref(number="A1"))

    assert (caught.value.retry, caught.value.unknown) == (True, False)
