"""`/gateway.do`: reads a request as the real one does, checks it, does it, signs the answer."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from werkzeug.exceptions import BadGateway
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from simulators.alipay.bills import Bills
from simulators.alipay.envelope import Content, Envelope, InvalidError, is_certified
from simulators.alipay.trades import Asked, RefusalError, Trades, fen, yuan
from simulators.common.clock import Clock, read_time
from simulators.common.faults import Faults
from simulators.common.web import App, hang_up, said

Biz = Mapping[str, str]
PAGES = ("alipay.trade.page.pay", "alipay.trade.wap.pay")
_UNKNOWN = {
    "code": "20000",
    "msg": "Service Currently Unavailable",
    "sub_code": "isp.unknow-error",
    "sub_msg": "系统繁忙",
}
_LONGEST = 15 * 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request: its common parameters, its content, and the address at which we were asked."""

    params: Mapping[str, str]
    biz: Biz
    host: str

    @property
    def method(self) -> str:
        return self.params["method"]


class Gateway:
    def __init__(
        self,
        *,
        app: App,
        clock: Clock,
        envelope: Envelope,
        faults: Faults,
        trades: Trades,
        bills: Bills,
    ) -> None:
        self._app, self._clock, self._envelope = app, clock, envelope
        self._faults, self._trades, self._bills = faults, trades, bills
        self._methods: dict[str, Callable[[Call], Content]] = {
            "alipay.trade.precreate": self._precreate,
            "alipay.trade.query": lambda call: self._query(call.biz),
            "alipay.trade.close": self._close,
            "alipay.trade.refund": lambda call: self._refund(call.biz),
            "alipay.trade.fastpay.refund.query": lambda call: self._refund_query(call.biz),
            "alipay.data.dataservice.bill.downloadurl.query": self._bill,
            "alipay.open.app.alipaycert.download": lambda call: self._certificate(call.biz),
        }
        app.add("/gateway.do", self.answer, "GET", "POST")

    def answer(self, request: Request) -> Response:
        params = said(request)
        method = params.get("method", "")
        try:
            biz = self._envelope.opened(params, (*self._methods, *PAGES))
        except InvalidError as wrong:
            if method in PAGES:
                return self._app.page("error.html", code=wrong.sub_code, text=wrong.sub_msg)
            return self._sealed(params, wrong.content())
        call = Call(params=params, biz=biz, host=request.host_url)
        return self._cashier(call) if method in PAGES else self._faulty(request, call)

    def _faulty(self, request: Request, call: Call) -> Response:
        """Do the business, unless something is to go wrong before or after it."""
        where = {"subject": call.biz.get("out_trade_no", ""), "method": call.method}
        if (pause := self._faults.take("latency", **where)) is not None:
            time.sleep(pause / 1000)
        if self._faults.take("lost", **where) is not None:
            return hang_up(request)
        if self._faults.take("http_502", **where) is not None:
            raise BadGateway
        if self._faults.take("unknown", **where) is not None:
            return self._sealed(call.params, _UNKNOWN)
        content = self._done(call)
        if self._faults.take("drop", **where) is not None:
            return hang_up(request)
        if self._faults.take("unknown_done", **where) is not None:
            content = _UNKNOWN
        probe = self._faults.take("probe_answer", **where) is not None
        return self._sealed(call.params, content, probe=probe)

    def _done(self, call: Call) -> Content:
        try:
            return {"code": "10000", "msg": "Success", **self._methods[call.method](call)}
        except RefusalError as refused:
            return {
                "code": "40004",
                "msg": "Business Failed",
                "sub_code": refused.sub_code,
                "sub_msg": refused.sub_msg,
            }

    def _sealed(
        self, params: Mapping[str, str], content: Content, *, probe: bool = False
    ) -> Response:
        method = params.get("method", "")
        if method not in self._methods:
            return self._envelope.unknown(content)
        return self._envelope.sealed(method, content, certified=is_certified(params), probe=probe)

    def _cashier(self, call: Call) -> Response:
        try:
            token = self._trades.ask(self._asked(call.params, call.biz))
        except RefusalError as refused:
            return self._app.page("error.html", code=refused.sub_code, text=refused.sub_msg)
        return redirect(f"/cashier/{token}", 302)

    def _precreate(self, call: Call) -> Content:
        """The code leads to this simulator, as the real one's leads to qr.alipay.com."""
        asked = self._asked(call.params, call.biz)
        token = self._trades.ask(asked)
        return {"out_trade_no": asked.out_trade_no, "qr_code": f"{call.host}qr/{token}"}

    def _asked(self, params: Mapping[str, str], biz: Biz) -> Asked:
        number = biz.get("out_trade_no", "")
        if not re.fullmatch(r"\w{1,64}", number, re.ASCII) or not biz.get("subject"):
            raise RefusalError("ACQ.INVALID_PARAMETER", "参数无效")
        now = self._clock.now()
        try:
            expires = read_time(biz["time_expire"]) if "time_expire" in biz else now + _LONGEST
        except ValueError:
            raise RefusalError("ACQ.INVALID_PARAMETER", "参数无效：time_expire") from None
        if expires <= now:
            raise RefusalError("ACQ.INVALID_PARAMETER", "付款时间已过，请回商家重新下单")
        return Asked(
            out_trade_no=number,
            method=params["method"],
            amount=fen(biz.get("total_amount", "")),
            subject=biz["subject"][:256],
            passback=biz.get("passback_params", ""),
            notify_url=params.get("notify_url", ""),
            return_url=params.get("return_url", ""),
            expires=expires,
            certified=is_certified(params),
        )

    def _named(self, biz: Biz) -> sqlite3.Row:
        if not biz.get("out_trade_no") and not biz.get("trade_no"):
            raise RefusalError("ACQ.INVALID_PARAMETER", "参数无效：缺少订单号")
        return self._trades.get(biz.get("out_trade_no", ""), biz.get("trade_no", ""))

    def _query(self, biz: Biz) -> Content:
        trade = self._named(biz)
        total = yuan(trade["amount"])
        content = _who(trade) | {
            "buyer_user_id": trade["buyer_id"],
            "trade_status": trade["status"],
            "total_amount": total,
        }
        if trade["paid"] is not None:
            content |= {
                "send_pay_date": self._clock.text(trade["paid"]),
                "receipt_amount": total,
                "buyer_pay_amount": total,
                "invoice_amount": total,
                "point_amount": "0.00",
                "fund_bill_list": [{"amount": total, "fund_channel": "ALIPAYACCOUNT"}],
            }
        return content

    def _close(self, call: Call) -> Content:
        """Tells only whom the request names: a shop that closes a trade knows it."""
        trade = self._named(call.biz)
        if self._faults.take("pay_before_close", subject=trade["out_trade_no"]) is not None:
            self._trades.pay(trade["out_trade_no"])
        closed = self._trades.close(trade["out_trade_no"], tell=bool(call.params.get("notify_url")))
        return {"out_trade_no": closed["out_trade_no"], "trade_no": closed["trade_no"]}

    def _refund(self, biz: Biz) -> Content:
        trade = self._named(biz)
        number, amount = trade["out_trade_no"], fen(biz.get("refund_amount", ""))
        request_no = biz.get("out_request_no", "")
        if not request_no and amount != trade["amount"]:
            raise RefusalError("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "部分退款必须传入退款请求号")
        if self._faults.take("no_balance", subject=number) is not None:
            raise RefusalError("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足")
        changed = self._give_back(
            trade, request_no or number, amount=amount, reason=biz.get("refund_reason", "")
        )
        trade = self._trades.get(number)
        return _who(trade) | {
            "fund_change": "Y" if changed else "N",
            "refund_fee": yuan(trade["refunded"]),
            "send_back_fee": yuan(amount if changed else 0),
            "gmt_refund_pay": self._clock.text(),
        }

    def _give_back(self, trade: sqlite3.Row, request_no: str, *, amount: int, reason: str) -> bool:
        number = trade["out_trade_no"]
        pause = self._faults.take("slow_refund", subject=number)
        if pause is not None:
            self._trades.refund_later(
                trade, request_no=request_no, amount=amount, reason=reason, after=pause
            )
        if self._trades.is_slow(number, request_no):
            return False
        return self._trades.refund(trade, request_no=request_no, amount=amount, reason=reason)

    def _refund_query(self, biz: Biz) -> Content:
        trade = self._named(biz)
        if not biz.get("out_request_no"):
            raise RefusalError("ACQ.INVALID_PARAMETER", "参数无效：缺少退款请求号")
        refund = self._trades.refund_of(trade["out_trade_no"], biz["out_request_no"])
        if refund is None:
            return {}
        return {
            "out_trade_no": trade["out_trade_no"],
            "trade_no": trade["trade_no"],
            "out_request_no": refund["out_request_no"],
            "total_amount": yuan(trade["amount"]),
            "refund_amount": yuan(refund["amount"]),
            "refund_reason": refund["reason"],
            "refund_status": "REFUND_SUCCESS",
            "gmt_refund_pay": self._clock.text(refund["at"]),
        }

    def _bill(self, call: Call) -> Content:
        kind, day = call.biz.get("bill_type", ""), call.biz.get("bill_date", "")
        return {"bill_download_url": self._bills.address(call.host, kind, day)}

    def _certificate(self, biz: Biz) -> Content:
        found = self._envelope.certificates.content(biz.get("alipay_cert_sn", ""))
        if found is None:
            raise RefusalError("INVALID_PARAMETER", "参数无效：证书序列号")
        return {"alipay_cert_content": found}


def _who(trade: sqlite3.Row) -> Content:
    return {
        "out_trade_no": trade["out_trade_no"],
        "trade_no": trade["trade_no"],
        "buyer_logon_id": trade["buyer"],
    }
