"""What the buyer sees: scanning a code, the H5 page, the sheet of WeChat's browser."""

from __future__ import annotations

from importlib.resources import files
from urllib.parse import urlsplit

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from simulators.common.clock import Clock
from simulators.common.web import App, Handler
from simulators.wechat.account import Account, RefusalError
from simulators.wechat.bills import yuan
from simulators.wechat.signing import Keys
from simulators.wechat.trades import NOTPAY, SCAN, Trades

SCRIPTS = ("bridge", "sheet")


class Cashier:
    def __init__(
        self, *, app: App, clock: Clock, keys: Keys, account: Account, trades: Trades
    ) -> None:
        self._app, self._clock, self._keys = app, clock, keys
        self._account, self._trades = account, trades
        app.add("/scan", self.scan)
        app.add("/cgi-bin/mmpayweb-bin/checkmweb", self.h5)
        app.add("/bridge", self.bridge)
        app.add("/pay/<token>", self.show)
        app.add("/pay/<token>/pay", self.pay, "POST")
        app.add("/pay/<token>/refuse", self.refuse, "POST")
        for name in SCRIPTS:
            app.add(f"/_sim/{name}.js", self._script(name))

    def scan(self, request: Request) -> Response:
        """What the phone's camera does with a code: opens what it says."""
        code = request.args.get("code_url", "").strip()
        if code.startswith(SCAN):
            return redirect(f"/pay/{code.removeprefix(SCAN)}", 303)
        waiting = [
            (one, SCAN + self._trades.last_token(one["out_trade_no"]))
            for one in self._trades.recent()
            if one["trade_type"] == "NATIVE" and one["state"] == NOTPAY
        ]
        problem = "这不是微信支付的二维码" if code else ""
        return self._app.page("scan.html", problem=problem, waiting=waiting, yuan=yuan)

    def h5(self, request: Request) -> Response:
        token = request.args.get("prepay_id", "")
        return self._page(token, back=_web(request.args.get("redirect_url", "")))

    def bridge(self, request: Request) -> Response:
        """The sheet that WeChat's browser lays over the page, once it has checked `paySign`."""
        said = request.args
        package = said.get("package", "")
        lines = (said.get("appId", ""), said.get("timeStamp", ""), said.get("nonceStr", ""))
        message = "\n".join((*lines, package, "")).encode()
        genuine = said.get("signType") == "RSA" and said.get("appId") == self._account.app_id
        if not genuine or not self._keys.is_merchants(message, said.get("paySign", "")):
            return self._app.page("error.html", text="支付验证签名失败", sheet=True)
        return self._page(package.removeprefix("prepay_id="), sheet=True)

    def show(self, request: Request, token: str) -> Response:
        return self._page(
            token,
            back=_web(request.args.get("back", "")),
            sheet="sheet" in request.args,
            result=request.args.get("result", ""),
        )

    def pay(self, request: Request, token: str) -> Response:
        """Pay, then go where the buyer came from: the H5 page goes back to the shop by itself."""
        return self._done(request, token, pays=True)

    def refuse(self, request: Request, token: str) -> Response:
        """Closing the sheet changes nothing: the order still waits for its money."""
        return self._done(request, token, pays=False)

    def _done(self, request: Request, token: str, *, pays: bool) -> Response:
        back, sheet = _web(request.form.get("back", "")), bool(request.form.get("sheet"))
        try:
            trade = self._trades.of_token(token)
            if pays:
                trade = self._trades.pay(trade["out_trade_no"])
        except RefusalError as refused:
            return self._page(token, back=back, sheet=sheet, problem=refused.message)
        if back:
            return redirect(back, 303)
        result = "cancel" if trade["paid"] is None else "ok"
        return redirect(f"/pay/{token}?result={result}{'&sheet=1' if sheet else ''}", 303)

    def _page(
        self,
        token: str,
        *,
        back: str = "",
        sheet: bool = False,
        result: str = "",
        problem: str = "",
    ) -> Response:
        try:
            trade = self._trades.of_token(token)
        except RefusalError as refused:
            return self._app.page("error.html", text=refused.message, sheet=sheet)
        over = trade["state"] == NOTPAY and trade["expires"] <= self._clock.now()
        return self._app.page(
            "pay.html",
            token=token,
            trade=trade,
            status="EXPIRED" if over else trade["state"],
            amount=yuan(trade["amount"]),
            until=self._clock.text(trade["expires"]),
            back=back,
            sheet=sheet,
            result=result,
            problem=problem,
        )

    def _script(self, name: str) -> Handler:
        text = (files("simulators.wechat") / "scripts" / f"{name}.js").read_text("utf-8")

        def answer(_request: Request) -> Response:
            return Response(text, content_type="text/javascript; charset=utf-8")

        return answer


def _web(url: str) -> str:
    return url if urlsplit(url).scheme in ("http", "https") else ""
