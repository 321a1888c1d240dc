"""`/_sim/forget`: one trade was never there, on the statements of its day neither. For demo trade
that is removed; a real gateway has nothing of the kind."""

from __future__ import annotations

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response

from simulators.common.store import Store
from simulators.common.web import App, answer_json, said

_MESSAGES = "DELETE FROM deliveries WHERE subject = ?"


def serve_forgetting(app: App, store: Store, *statements: str) -> None:
    """`statements`: each deletes what a table holds of the trade (or the waybill) whose number
    stands for `?`. Messages that wait to be sent go too."""

    def forget(request: Request) -> Response:
        number = said(request).get("out_trade_no", "")
        if not number:
            raise BadRequest("out_trade_no is missing")
        with store.transaction():
            for one in (*statements, _MESSAGES):
                store.run(one, *[number] * one.count("?"))
        return answer_json({"ok": True})

    app.add("/_sim/forget", forget, "POST")
