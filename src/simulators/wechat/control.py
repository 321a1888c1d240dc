"""`/_sim/`: the hand on the simulator, for people, tests and load generators."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from werkzeug.exceptions import BadRequest
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from simulators.common.clock import Clock
from simulators.common.deliveries import Deliveries
from simulators.common.faults import Faults
from simulators.common.web import App, answer_json, missing, plain, said, wants_page
from simulators.wechat.account import RefusalError
from simulators.wechat.bills import yuan
from simulators.wechat.faults import KINDS
from simulators.wechat.gateway import Books
from simulators.wechat.notices import MODES, Signer
from simulators.wechat.signin import SignIn
from simulators.wechat.signing import Keys

Asked = dict[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Levers:
    """What the control page can move."""

    clock: Clock
    keys: Keys
    faults: Faults
    books: Books
    sign_in: SignIn
    signer: Signer
    deliveries: Deliveries


class Control:
    def __init__(self, app: App, levers: Levers) -> None:
        self._app, self._levers, self._books = app, levers, levers.books
        app.add("/healthz", lambda _: answer_json({"ok": True, "system": "wechat"}))
        app.add("/", self.page)
        app.add("/_sim", self.page)
        for name, show in (
            ("trades", self.trades),
            ("refunds", self.refunds),
            ("ledger", self.ledger),
            ("notifications", self.notifications),
            ("clock", self.clock),
        ):
            app.add(f"/_sim/{name}", show)
        for name, act in self._verbs().items():
            app.add(f"/_sim/{name}", self._acting(act), "POST")

    def page(self, _request: Request) -> Response:
        levers = self._levers
        return self._app.page(
            "control.html",
            trades=self._books.trades.recent(),
            token=self._books.trades.last_token,
            refunds=self._books.refunds.recent(60),
            notifications=levers.deliveries.recent(limit=60),
            faults=levers.faults.active(),
            kinds=KINDS,
            mode=levers.signer.mode,
            now=levers.clock.text(),
            speed=levers.clock.speed,
            yuan=yuan,
            text=levers.clock.text,
        )

    def trades(self, request: Request) -> Response:
        number = request.args.get("out_trade_no", "")
        if not number:
            return answer_json([plain(one) for one in self._books.trades.recent(1000)])
        found = self._books.trades.find(number)
        if found is None:
            raise missing("such trade")
        return answer_json(plain(found))

    def refunds(self, request: Request) -> Response:
        number = request.args.get("out_trade_no", "")
        refunds = self._books.refunds
        found = refunds.of_trade(number) if number else refunds.recent(1000)
        return answer_json([plain(one) for one in found])

    def ledger(self, _request: Request) -> Response:
        return answer_json([plain(one) for one in self._books.bills.ledger()])

    def notifications(self, request: Request) -> Response:
        number = request.args.get("out_trade_no", "")
        return answer_json([plain(one) for one in self._levers.deliveries.recent(number, 1000)])

    def clock(self, _request: Request) -> Response:
        clock = self._levers.clock
        return answer_json({"now": clock.text(), "speed": clock.speed})

    def _verbs(self) -> dict[str, Callable[[Asked], object]]:
        books, levers = self._books, self._levers
        return {
            "pay": lambda asked: plain(books.trades.pay(_number(asked))),
            "refuse": lambda asked: plain(self._trade(asked)),
            "close": self._close,
            "openid": lambda asked: {"openid": levers.sign_in.make(asked.get("openid", ""))},
            "refunds/settle": lambda asked: plain(
                books.refunds.settle(asked.get("out_refund_no", ""), asked.get("status", ""))
            ),
            "certificates/rotate": lambda _: {"serial_no": levers.keys.rotate()},
            "signing": self._sign_with,
            "notify/duplicate": self._duplicate,
            "notify/probe": lambda asked: books.notices.probe(self._trade(asked)),
            "notify/wrong-amount": lambda asked: books.notices.wrong_amount(self._trade(asked)),
            "notify/release": lambda asked: {
                "released": levers.deliveries.release(asked.get("out_trade_no", ""))
            },
            "faults": self._fault,
            "faults/clear": lambda _: levers.faults.clear(),
            "clock": self._move_clock,
        }

    def _acting(self, act: Callable[[Asked], object]) -> Callable[[Request], Response]:
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

    def _trade(self, asked: Asked) -> sqlite3.Row:
        return self._books.trades.get(_number(asked))

    def _close(self, asked: Asked) -> object:
        self._books.trades.close(_number(asked))
        return plain(self._trade(asked))

    def _sign_with(self, asked: Asked) -> object:
        if asked.get("mode") not in MODES:
            raise BadRequest(f"mode is one of {', '.join(MODES)}")
        self._levers.signer.mode = asked["mode"]
        return {"mode": asked["mode"]}

    def _duplicate(self, asked: Asked) -> None:
        for _ in range(int(asked.get("times", "1"))):
            if not self._books.notices.again(_number(asked)):
                raise missing("notification to repeat")

    def _fault(self, asked: Asked) -> None:
        self._levers.faults.add(
            asked.get("kind", ""),
            subject=asked.get("out_trade_no", ""),
            method=asked.get("method", ""),
            value=int(asked.get("value") or 0),
            times=int(asked.get("times") or 1),
        )

    def _move_clock(self, asked: Asked) -> object:
        clock = self._levers.clock
        if asked.get("reset"):
            clock.reset()
        else:
            clock.advance(float(asked.get("advance", "0")))
        self._levers.deliveries.wake()
        return {"now": clock.text()}


def _number(asked: Asked) -> str:
    if not asked.get("out_trade_no"):
        raise BadRequest("out_trade_no is missing")
    return asked["out_trade_no"]
