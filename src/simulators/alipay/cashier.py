"""What the buyer sees: log in or scan, pay, refuse, go back to the shop."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Callable
from urllib.parse import urlencode

import segno
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from simulators.alipay.notices import Account, Notices
from simulators.alipay.trades import RefusalError, Trades, yuan
from simulators.common.clock import Clock
from simulators.common.web import App, missing


class Cashier:
    def __init__(
        self, *, app: App, clock: Clock, notices: Notices, account: Account, trades: Trades
    ) -> None:
        self._app, self._clock, self._notices = app, clock, notices
        self._account, self._trades = account, trades
        app.add("/qr/<token>", self.read_code)
        app.add("/scan", self.camera)
        app.add("/cashier/<token>", self.show)
        app.add("/cashier/<token>/scan", self.scan, "POST")
        app.add("/cashier/<token>/pay", self.pay, "POST")
        app.add("/cashier/<token>/refuse", self.refuse, "POST")
        app.add("/cashier/<token>/return", self.go_back, "POST")

    def show(self, request: Request, token: str, problem: str = "") -> Response:
        asked = self._asked(token)
        trade = self._trades.find(asked["out_trade_no"])
        expired = trade is None and asked["expires"] <= self._clock.now()
        status = trade["status"] if trade is not None else "EXPIRED" if expired else "NEW"
        paid = trade is not None and trade["paid"] is not None
        return self._app.page(
            "cashier.html",
            asked=asked,
            trade=trade,
            status=status,
            paid=paid,
            problem=problem,
            amount=yuan(asked["amount"]),
            until=self._clock.text(asked["expires"]),
            seconds=int(max(0, asked["expires"] - self._clock.now())),
            code=_drawn(request.base_url) if status == "NEW" else "",
            back=self._return_address(asked, trade) if paid else "",
        )

    def read_code(self, _request: Request, token: str) -> Response:
        """Where the code of `precreate` leads: the buyer has scanned, so the trade exists."""
        asked = self._asked(token)
        try:
            self._trades.scan(asked["out_trade_no"])
        except RefusalError as refused:
            return self._app.page("error.html", code=refused.sub_code, text=refused.sub_msg)
        return redirect(f"/cashier/{token}", 303)

    def camera(self, request: Request) -> Response:
        """A phone's camera for those who have none: takes what a code says, or picks one."""
        said = request.args.get("code", "").strip()
        if said.startswith(f"{request.host_url}qr/"):
            return redirect(said, 303)
        return self._app.page(
            "scan.html",
            problem="这不是本收银台的付款码" if said else "",
            waiting=self._trades.codes(),
            yuan=yuan,
        )

    def scan(self, request: Request, token: str) -> Response:
        return self._tried(request, token, self._trades.scan)

    def pay(self, request: Request, token: str) -> Response:
        return self._tried(request, token, self._trades.pay)

    def refuse(self, request: Request, token: str) -> Response:
        """The buyer will not pay: the trade is closed and the shop is told so."""
        return self._tried(request, token, lambda number: self._trades.close(number, tell=True))

    def go_back(self, _request: Request, token: str) -> Response:
        asked = self._asked(token)
        trade = self._trades.find(asked["out_trade_no"])
        return redirect(self._return_address(asked, trade) or f"/cashier/{token}", 303)

    def _tried(self, request: Request, token: str, act: Callable[[str], sqlite3.Row]) -> Response:
        asked = self._asked(token)
        try:
            act(asked["out_trade_no"])
        except RefusalError as refused:
            return self.show(request, token, refused.sub_msg)
        return redirect(f"/cashier/{token}", 303)

    def _asked(self, token: str) -> sqlite3.Row:
        asked = self._trades.asked(token=token)
        if asked is None:
            raise missing("such cashier page")
        return asked

    def _return_address(self, asked: sqlite3.Row, trade: sqlite3.Row | None) -> str:
        """The shop's `return_url` with the signed query that the real cashier adds."""
        if not asked["return_url"]:
            return ""
        said = {
            "charset": "utf-8",
            "out_trade_no": asked["out_trade_no"],
            "method": f"{asked['method']}.return",
            "total_amount": yuan(asked["amount"]),
            "trade_no": trade["trade_no"] if trade is not None else "",
            "auth_app_id": self._account.app_id,
            "version": "1.0",
            "app_id": self._account.app_id,
            "seller_id": self._account.seller_id,
            "timestamp": self._clock.text(),
        }
        given = {name: value for name, value in said.items() if value}
        signed = self._notices.signed(asked["out_trade_no"], given)
        joint = "&" if "?" in asked["return_url"] else "?"
        return f"{asked['return_url']}{joint}{urlencode(signed)}"


def _drawn(text: str) -> str:
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", xmldecl=False, omitsize=True, border=2)
    return out.getvalue().decode()
