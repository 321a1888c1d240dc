"""`/_sim/`: the hand on the simulator, for people, tests and load generators."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from werkzeug.exceptions import BadRequest
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from simulators.alipay.certificates import Certificates
from simulators.alipay.faults import KINDS
from simulators.alipay.notices import Notices
from simulators.alipay.trades import RefusalError, Trades, yuan
from simulators.common.clock import Clock
from simulators.common.deliveries import Deliveries
from simulators.common.faults import Faults
from simulators.common.web import App, answer_json, missing, plain, said, wants_page


class Control:
    def __init__(
        self,
        *,
        app: App,
        clock: Clock,
        faults: Faults,
        trades: Trades,
        notices: Notices,
        deliveries: Deliveries,
        certificates: Certificates,
    ) -> None:
        self._app, self._clock, self._faults = app, clock, faults
        self._trades, self._certificates = trades, certificates
        self._notices, self._deliveries = notices, deliveries
        app.add("/healthz", lambda _: answer_json({"ok": True, "system": "alipay"}))
        app.add("/", self.page)
        app.add("/_sim", self.page)
        for name, show in (
            ("trades", self.trades),
            ("notifications", self.notifications),
            ("clock", self.clock),
        ):
            app.add(f"/_sim/{name}", show)
        for name, act in self._verbs().items():
            app.add(f"/_sim/{name}", self._acting(act), "POST")
        app.add("/_sim/faults", self._acting(self._fault), "POST")
        app.add("/_sim/faults/clear", self._acting(self._clear), "POST")
        app.add("/_sim/clock", self._acting(self._move_clock), "POST")

    def page(self, _request: Request) -> Response:
        return self._app.page(
            "control.html",
            trades=self._trades.recent(),
            notifications=self._deliveries.recent(limit=60),
            faults=self._faults.active(),
            kinds=KINDS,
            now=self._clock.text(),
            speed=self._clock.speed,
            yuan=yuan,
            text=self._clock.text,
        )

    def trades(self, request: Request) -> Response:
        number = request.args.get("out_trade_no", "")
        if not number:
            return answer_json([plain(one) for one in self._trades.recent(1000)])
        found = self._trades.find(number)
        if found is None:
            raise missing("such trade")
        return answer_json(plain(found))

    def notifications(self, request: Request) -> Response:
        number = request.args.get("out_trade_no", "")
        return answer_json([plain(one) for one in self._deliveries.recent(number, 1000)])

    def clock(self, _request: Request) -> Response:
        return answer_json({"now": self._clock.text(), "speed": self._clock.speed})

    def _verbs(self) -> dict[str, Callable[[dict[str, str]], object]]:
        return {
            "scan": lambda asked: plain(self._trades.scan(_number(asked))),
            "pay": lambda asked: plain(self._trades.pay(_number(asked))),
            "refuse": self._refuse,
            "expire": self._expire,
            "finish": lambda asked: plain(self._trades.finish(_number(asked))),
            "refund/finish": lambda asked: {"moved": self._trades.refund_due(_number(asked))},
            "certificate/rotate": lambda _: {"alipay_cert_sn": self._certificates.rotate()},
            "notify/duplicate": self._duplicate,
            "notify/probe": lambda asked: self._notices.probe(self._trade(asked)),
            "notify/wrong-amount": lambda asked: self._notices.wrong_amount(self._trade(asked)),
            "notify/give-up": lambda _asked: {"given_up": self._deliveries.give_up()},
            "notify/release": lambda asked: {
                "released": self._deliveries.release(asked.get("out_trade_no", ""))
            },
        }

    def _acting(self, act: Callable[[dict[str, str]], object]) -> Callable[[Request], Response]:
        """JSON for a program, the page again for a browser; a refusal is 409."""

        def handler(request: Request) -> Response:
            try:
                done = act(said(request))
            except RefusalError as refused:
                return answer_json({"sub_code": refused.sub_code, "sub_msg": refused.sub_msg}, 409)
            except ValueError as wrong:
                raise BadRequest(str(wrong)) from None
            if wants_page(request):
                return redirect("/_sim", 303)
            return answer_json(done if done is not None else {"ok": True})

        return handler

    def _trade(self, asked: dict[str, str]) -> sqlite3.Row:
        return self._trades.get(_number(asked))

    def _refuse(self, asked: dict[str, str]) -> object:
        self._trades.scan(_number(asked))
        return plain(self._trades.close(_number(asked), tell=True))

    def _expire(self, asked: dict[str, str]) -> object:
        self._trades.expire_due(_number(asked))
        return plain(self._trade(asked))

    def _duplicate(self, asked: dict[str, str]) -> object:
        for _ in range(int(asked.get("times", "1"))):
            if not self._notices.again(_number(asked)):
                raise missing("notification to repeat")
        return None

    def _fault(self, asked: dict[str, str]) -> None:
        self._faults.add(
            asked.get("kind", ""),
            subject=asked.get("out_trade_no", ""),
            method=asked.get("method", ""),
            value=int(asked.get("value") or 0),
            times=int(asked.get("times") or 1),
        )

    def _clear(self, _asked: dict[str, str]) -> None:
        self._faults.clear()

    def _move_clock(self, asked: dict[str, str]) -> object:
        if asked.get("reset"):
            self._clock.reset()
        else:
            self._clock.advance(float(asked.get("advance", "0")))
        self._deliveries.wake()
        return {"now": self._clock.text()}


def _number(asked: dict[str, str]) -> str:
    if not asked.get("out_trade_no"):
        raise BadRequest("out_trade_no is missing")
    return asked["out_trade_no"]
