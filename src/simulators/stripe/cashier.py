"""The hosted page on which buyers pay."""

from __future__ import annotations

import sqlite3

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from simulators.common.web import App
from simulators.stripe.account import RefusalError
from simulators.stripe.books import Books


class Cashier:
    def __init__(self, app: App, books: Books) -> None:
        self._app, self._books = app, books
        app.add("/c/pay/<key>", self.page)
        app.add("/c/pay/<key>/pay", self.pay, "POST")
        app.add("/c/pay/<key>/decline", self.decline, "POST")
        app.add("/c/pay/<key>/back", self.back, "POST")

    def page(self, _request: Request, key: str) -> Response:
        return self._show(key)

    def pay(self, _request: Request, key: str) -> Response:
        try:
            found = self._books.pay(key)
        except RefusalError as refused:
            return self._show(key, refused.message)
        return redirect(_success(found), 303)

    def decline(self, _request: Request, key: str) -> Response:
        """The bank says no: nothing happens, the buyer may try another card."""
        return self._show(key, "发卡行拒绝了这张卡，请换一张卡再试")

    def back(self, _request: Request, key: str) -> Response:
        found = self._books.session(key)
        paid = found["state"] == "complete"
        return redirect(_success(found) if paid else found["cancel_url"] or "/", 303)

    def _show(self, key: str, problem: str = "") -> Response:
        try:
            found = self._books.session(key)
        except RefusalError as refused:
            return Response(refused.message, 404)
        amount = f"{found['amount'] // 100}.{found['amount'] % 100:02d}"
        return self._app.page("pay.html", one=found, amount=amount, problem=problem)


def _success(found: sqlite3.Row) -> str:
    return str(found["success_url"]).replace("{CHECKOUT_SESSION_ID}", found["id"])
