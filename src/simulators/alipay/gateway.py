"""`/gateway.do`: reads a request as the real one does, checks it, does it, signs the answer."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.exceptions import BadGateway
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from simulators.alipay.notices import Account
from simulators.alipay.signing import Keys
from simulators.alipay.trades import Asked, RefusalError, Trades, fen, yuan
from simulators.common.clock import Clock, read_time
from simulators.common.faults import Faults
from simulators.common.web import App, hang_up, said

Content = dict[str, Any]
Biz = Mapping[str, str]
PAGES = ("alipay.trade.page.pay", "alipay.trade.wap.pay")
_NEEDED = ("app_id", "method", "sign_type", "sign", "timestamp", "version")
_NAMES = {"sign": "signature", "sign_type": "signature-type", "app_id": "app-id"}
_UNKNOWN = {
    "code": "20000",
    "msg": "Service Currently Unavailable",
    "sub_code": "isp.unknow-error",
    "sub_msg": "系统繁忙",
}
_LONGEST = 15 * 24 * 3600


class InvalidError(Exception):
    """The request itself is wrong: 40001 (something is missing) or 40002 (something is invalid)."""

    def __init__(self, code: str, sub_code: str, sub_msg: str) -> None:
        super().__init__(sub_msg)
        self.code, self.sub_code, self.sub_msg = code, sub_code, sub_msg

    def content(self) -> Content:
        msg = "Missing Required Arguments" if self.code == "40001" else "Invalid Arguments"
        return {"code": self.code, "msg": msg, "sub_code": self.sub_code, "sub_msg": self.sub_msg}


class Gateway:
    def __init__(
        self,
        *,
        app: App,
        clock: Clock,
        keys: Keys,
        account: Account,
        faults: Faults,
        trades: Trades,
    ) -> None:
        self._app, self._clock, self._keys = app, clock, keys
        self._account, self._faults, self._trades = account, faults, trades
        self._methods: dict[str, Callable[[Biz], Content]] = {
            "alipay.trade.query": self._query,
            "alipay.trade.close": self._close,
            "alipay.trade.refund": self._refund,
            "alipay.trade.fastpay.refund.query": self._refund_query,
        }
        app.add("/gateway.do", self.answer, "GET", "POST")

    def answer(self, request: Request) -> Response:
        params = said(request)
        method = params.get("method", "")
        try:
            biz = self._checked(params)
        except InvalidError as wrong:
            if method in PAGES:
                return self._app.page("error.html", code=wrong.sub_code, text=wrong.sub_msg)
            return self._envelope(method, wrong.content())
        if method in PAGES:
            return self._cashier(params, biz)
        return self._faulty(request, method, {**biz, "notify_url": params.get("notify_url", "")})

    def _checked(self, params: Mapping[str, str]) -> Biz:
        for name in _NEEDED:
            if not params.get(name):
                label = _NAMES.get(name, name)
                raise InvalidError("40001", f"isv.missing-{label}", f"缺少{name}参数")
        if params["app_id"] != self._account.app_id:
            raise InvalidError("40002", "isv.invalid-app-id", "无效的AppID参数")
        if params["method"] not in self._methods and params["method"] not in PAGES:
            raise InvalidError("40002", "isv.invalid-method", "不存在的方法名")
        if params["sign_type"] != "RSA2":
            raise InvalidError("40002", "isv.invalid-signature-type", "无效的签名类型")
        if not self._keys.is_merchants(params):
            raise InvalidError("40002", "isv.invalid-signature", "验签出错，请确认签名内容与密钥")
        try:
            biz = json.loads(params.get("biz_content", ""))
        except ValueError:
            raise InvalidError("40002", "isv.invalid-parameter", "业务参数不是合法的JSON") from None
        return {name: v if isinstance(v, str) else json.dumps(v) for name, v in biz.items()}

    def _faulty(self, request: Request, method: str, biz: Biz) -> Response:
        """Do the business, unless something is to go wrong before or after it."""
        where = {"subject": biz.get("out_trade_no", ""), "method": method}
        if (pause := self._faults.take("latency", **where)) is not None:
            time.sleep(pause / 1000)
        if self._faults.take("lost", **where) is not None:
            return hang_up(request)
        if self._faults.take("http_502", **where) is not None:
            raise BadGateway
        if self._faults.take("unknown", **where) is not None:
            return self._envelope(method, _UNKNOWN)
        content = self._done(method, biz)
        if self._faults.take("drop", **where) is not None:
            return hang_up(request)
        if self._faults.take("unknown_done", **where) is not None:
            content = _UNKNOWN
        return self._envelope(method, content)

    def _done(self, method: str, biz: Biz) -> Content:
        try:
            return {"code": "10000", "msg": "Success", **self._methods[method](biz)}
        except RefusalError as refused:
            return {
                "code": "40004",
                "msg": "Business Failed",
                "sub_code": refused.sub_code,
                "sub_msg": refused.sub_msg,
            }

    def _envelope(self, method: str, content: Content) -> Response:
        """HTTP 200 whatever the content says. Who is not known gets no signature."""
        known = method in self._methods
        name = f"{method.replace('.', '_')}_response" if known else "error_response"
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        unsigned = not known or content.get("sub_code") == "isv.invalid-app-id"
        tail = "" if unsigned else f',"sign":"{self._keys.sign(text)}"'
        return Response(f'{{"{name}":{text}{tail}}}', content_type="text/html;charset=utf-8")

    def _cashier(self, params: Mapping[str, str], biz: Biz) -> Response:
        try:
            token = self._trades.ask(self._asked(params, biz))
        except RefusalError as refused:
            return self._app.page("error.html", code=refused.sub_code, text=refused.sub_msg)
        return redirect(f"/cashier/{token}", 302)

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

    def _close(self, biz: Biz) -> Content:
        """Tells only whom the request names: a shop that closes a trade knows it."""
        self._named(biz)
        closed = self._trades.close(
            biz.get("out_trade_no", ""), biz.get("trade_no", ""), tell=bool(biz["notify_url"])
        )
        return {"out_trade_no": closed["out_trade_no"], "trade_no": closed["trade_no"]}

    def _refund(self, biz: Biz) -> Content:
        trade = self._named(biz)
        amount = fen(biz.get("refund_amount", ""))
        request_no = biz.get("out_request_no", "")
        if not request_no and amount != trade["amount"]:
            raise RefusalError("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "部分退款必须传入退款请求号")
        if self._faults.take("no_balance", subject=trade["out_trade_no"]) is not None:
            raise RefusalError("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足")
        changed = self._trades.refund(
            trade,
            request_no=request_no or trade["out_trade_no"],
            amount=amount,
            reason=biz.get("refund_reason", ""),
        )
        trade = self._trades.get(trade["out_trade_no"])
        return _who(trade) | {
            "fund_change": "Y" if changed else "N",
            "refund_fee": yuan(trade["refunded"]),
            "send_back_fee": yuan(amount if changed else 0),
            "gmt_refund_pay": self._clock.text(),
        }

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


def _who(trade: sqlite3.Row) -> Content:
    return {
        "out_trade_no": trade["out_trade_no"],
        "trade_no": trade["trade_no"],
        "buyer_logon_id": trade["buyer"],
    }
