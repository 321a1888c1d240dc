"""`/_sim/`: the hand on the simulator, for people, tests and load generators."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from werkzeug.exceptions import BadRequest
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from simulators.common.clock import Clock
from simulators.common.deliveries import Deliveries
from simulators.common.faults import Faults
from simulators.common.web import App, answer_json, missing, plain, said, wants_page
from simulators.stripe.account import Account, RefusalError
from simulators.stripe.books import Books
from simulators.stripe.events import Events
from simulators.stripe.faults import KINDS

Asked = dict[str, str]


class Control:
    def __init__(
        self,
        *,
        app: App,
        account: Account,
        clock: Clock,
        faults: Faults,
        books: Books,
        events: Events,
        deliveries: Deliveries,
    ) -> None:
        self._app, self._account, self._clock, self._faults = app, account, clock, faults
        self._books, self._events, self._deliveries = books, events, deliveries
        app.add("/healthz", lambda _: answer_json({"ok": True, "system": "stripe"}))
        app.add("/", self.page)
        app.add("/_sim", self.page)
        for name, show in (
            ("trades", self.trades),
            ("refunds", lambda _: answer_json([plain(one) for one in books.refunds()])),
            ("ledger", lambda _: answer_json([plain(one) for one in books.balance(0, 1e12)])),
            ("notifications", self.notifications),
            ("clock", lambda _: answer_json({"now": clock.text(), "speed": clock.speed})),
        ):
            app.add(f"/_sim/{name}", show)
        for name, act in self._verbs().items():
            app.add(f"/_sim/{name}", self._acting(act), "POST")

    def page(self, _request: Request) -> Response:
        return self._app.page(
            "control.html",
            sessions=self._books.sessions(60),
            refunds=self._books.refunds(limit=60),
            notifications=self._deliveries.recent(limit=60),
            faults=self._faults.active(),
            kinds=KINDS,
            endpoint=self._account.endpoint,
            now=self._clock.text(),
            speed=self._clock.speed,
            text=self._clock.text,
            yuan=lambda fen: f"{fen // 100}.{fen % 100:02d}",
        )

    def trades(self, request: Request) -> Response:
        number = request.args.get("out_trade_no", "")
        if not number:
            return answer_json([plain(one) for one in self._books.sessions()])
        try:
            return answer_json(plain(self._books.of_number(number)))
        except RefusalError:
            raise missing("such session") from None

    def notifications(self, request: Request) -> Response:
        number = request.args.get("out_trade_no", "")
        return answer_json([plain(one) for one in self._deliveries.recent(number, 1000)])

    def _verbs(self) -> dict[str, Callable[[Asked], Any]]:
        return {
            "pay": lambda asked: plain(self._books.pay(self._session(asked)["id"])),
            "refuse": lambda asked: plain(self._session(asked)),
            "expire": lambda asked: plain(self._books.expire(self._session(asked)["id"])),
            "refunds/settle": self._settle,
            "endpoint": self._listen,
            "notify/duplicate": self._duplicate,
            "notify/probe": lambda asked: self._events.probe(self._session(asked)),
            "notify/wrong-amount": lambda asked: self._events.wrong_amount(self._session(asked)),
            "notify/release": lambda asked: {
                "released": self._deliveries.release(asked.get("out_trade_no", ""))
            },
            "faults": self._fault,
            "faults/clear": lambda _: self._faults.clear(),
            "clock": self._move_clock,
        }

    def _acting(self, act: Callable[[Asked], Any]) -> Callable[[Request], Response]:
        """JSON for a program, the page again for a browser; a refusal is 409."""

        def handler(request: Request) -> Response:
            try:
                done = act(said(request))
            except RefusalError as refused:
                return answer_json(refused.content(), 409)
            except ValueError as wrong:
                raise BadRequest(str(wrong)) from None
            if wants_page(request):
                return redirect("/_sim", 303)
            return answer_json(done if done is not None else {"ok": True})

        return handler

    def _session(self, asked: Asked) -> sqlite3.Row:
        return self._books.of_number(asked.get("out_trade_no", ""))

    def _settle(self, asked: Asked) -> object:
        wanted = asked.get("refund", "")
        for one in self._books.refunds():
            if wanted in (one["id"], *_values(one)):
                return plain(self._books.settle(one["id"], asked.get("status", "")))
        raise missing("such refund")

    def _listen(self, asked: Asked) -> object:
        self._account.endpoint = asked.get("url", "")
        return {"url": self._account.endpoint}

    def _duplicate(self, asked: Asked) -> None:
        for _ in range(int(asked.get("times", "1"))):
            if not self._events.again(asked.get("out_trade_no", "")):
                raise missing("notification to repeat")

    def _fault(self, asked: Asked) -> None:
        self._faults.add(
            asked.get("kind", ""),
            subject=asked.get("out_trade_no", ""),
            method=asked.get("method", ""),
            value=int(asked.get("value") or 0),
            times=int(asked.get("times") or 1),
        )

    def _move_clock(self, asked: Asked) -> object:
        if asked.get("reset"):
            self._clock.reset()
        else:
            self._clock.advance(float(asked.get("advance", "0")))
        self._deliveries.wake()
        return {"now": self._clock.text()}


def _values(refund: sqlite3.Row) -> list[str]:
    return [part for part in str(refund["metadata"]).split('"') if part]
