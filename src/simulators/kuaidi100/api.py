"""The public interfaces, and the hand on the simulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from simulators.common.clock import Clock
from simulators.common.deliveries import Deliveries
from simulators.common.web import App, answer_json, plain, said, wants_page
from simulators.kuaidi100 import routes
from simulators.kuaidi100.parcels import Parcels, RefusedError
from simulators.kuaidi100.signing import Account, same

_PHONE_NEEDED = ("shunfeng", "zhongtong")


class Api:
    def __init__(self, *, app: App, account: Account, parcels: Parcels, clock: Clock) -> None:
        self._account, self._parcels, self._clock = account, parcels, clock
        self._failing = 0
        app.add("/label/order", self.label, "POST")
        app.add("/poll", self.subscribe, "POST")
        app.add("/poll/query.do", self.query, "POST")
        app.add("/autonumber/auto", self.recognise)
        app.add("/_sim/fail-labels", self.fail_labels, "POST")

    def label(self, request: Request) -> Response:
        asked = said(request)
        param, moment = asked.get("param", ""), asked.get("t", "")
        right = self._account.label_sign(param, moment)
        if asked.get("key") != self._account.key or not same(asked.get("sign", ""), right):
            return self._labelled("30002", "验签失败")
        if self._failing:
            self._failing -= 1
            return self._labelled("30005", "电子面单余额不足")
        try:
            wanted = _object(param)
            if asked.get("method") == "order":
                return self._labelled("200", "success", self._parcels.order(wanted))
            if asked.get("method") == "cancel":
                self._parcels.cancel(wanted)
                return self._labelled("200", "success")
        except RefusedError as refused:
            return self._labelled(refused.code, refused.message)
        return self._labelled("30001", "参数错误：method")

    def subscribe(self, request: Request) -> Response:
        return self._answered(request, self._subscribed)

    def query(self, request: Request) -> Response:
        return self._answered(request, self._reported)

    def _answered(
        self, request: Request, act: Callable[[dict[str, str]], dict[str, Any]]
    ) -> Response:
        try:
            return answer_json(act(said(request)))
        except RefusedError as refused:
            return answer_json(
                {"result": False, "returnCode": refused.code, "message": refused.message}
            )

    def _subscribed(self, asked: dict[str, str]) -> dict[str, Any]:
        wanted = _object(asked.get("param", ""))
        more = wanted.get("parameters") or {}
        if wanted.get("key") != self._account.key:
            raise RefusedError("600", "您不是合法的订阅者（即授权Key出错）")
        if wanted.get("company") not in routes.NAMES:
            raise RefusedError("701", "拒绝订阅的快递公司")
        if not wanted.get("number") or not more.get("callbackurl"):
            raise RefusedError("700", "订阅方的订阅数据存在错误")
        self._parcels.subscribe(
            number=str(wanted["number"]),
            carrier=str(wanted["company"]),
            callback=str(more["callbackurl"]),
            salt=more.get("salt"),
            phone=str(more.get("phone", "")),
        )
        return {"result": True, "returnCode": "200", "message": "提交成功"}

    def _reported(self, asked: dict[str, str]) -> dict[str, Any]:
        param = asked.get("param", "")
        genuine = same(asked.get("sign", ""), self._account.query_sign(param))
        if asked.get("customer") != self._account.customer or not genuine:
            raise RefusedError("503", "验证签名失败")
        wanted = _object(param)
        found = self._parcels.get(str(wanted.get("num", "")))
        phone = str(wanted.get("phone", ""))
        if found["carrier"] in _PHONE_NEEDED and phone[-4:] != found["phone"][-4:]:
            raise RefusedError("408", "快递公司参数异常：验证码错误")
        return self._parcels.report(found["number"])

    def recognise(self, request: Request) -> Response:
        found = routes.recognised(request.args.get("num", ""))
        return answer_json([{"comCode": one, "name": routes.NAMES[one]} for one in found])

    def fail_labels(self, request: Request) -> Response:
        self._failing = int(said(request).get("times", "1"))
        return answer_json({"ok": True})

    def _labelled(self, code: str, message: str, data: dict[str, Any] | None = None) -> Response:
        return answer_json(
            {
                "success": code == "200",
                "code": int(code),
                "message": message,
                "time": int(self._clock.now() * 1000),
                "data": data,
            }
        )


class Control:
    def __init__(self, *, app: App, parcels: Parcels, deliveries: Deliveries, clock: Clock) -> None:
        self._app, self._parcels = app, parcels
        self._deliveries, self._clock = deliveries, clock
        app.add("/healthz", lambda _: answer_json({"ok": True, "system": "kuaidi100"}))
        app.add("/", self.page)
        app.add("/_sim", self.page)
        app.add("/_sim/parcels", self.parcels)
        app.add("/_sim/pushes", self.pushes)
        app.add("/_sim/next", self._acting(self._move), "POST")
        app.add("/_sim/abort", self._acting(self._abort), "POST")
        app.add("/_sim/pace", self._acting(self._pace), "POST")
        app.add("/_sim/push/duplicate", self._acting(self._again), "POST")
        app.add("/_sim/clock", self._acting(self._move_clock), "POST")

    def page(self, _request: Request) -> Response:
        return self._app.page(
            "control.html",
            parcels=self._parcels.recent(),
            track=self._parcels.track,
            pushes=self._deliveries.recent(limit=60),
            names=routes.NAMES,
            side_roads=routes.SIDE_ROADS,
            ends=routes.ENDS,
            now=self._clock.text(),
            text=self._clock.text,
        )

    def parcels(self, request: Request) -> Response:
        """All, or one (by waybill number or order id) with its track."""
        number = request.args.get("number", "")
        if not number:
            return answer_json([plain(one) for one in self._parcels.recent(1000)])
        try:
            found = self._parcels.get(number)
        except RefusedError as refused:
            return answer_json({"code": refused.code, "message": refused.message}, 404)
        track = [plain(one) for one in self._parcels.track(found["number"])]
        collection = self._parcels.collection(found["number"])
        return answer_json({**plain(found), "track": track, "collection": collection})

    def pushes(self, request: Request) -> Response:
        found = self._deliveries.recent(request.args.get("number", ""), 1000)
        return answer_json([plain(one) for one in found])

    def _acting(self, act: Callable[[dict[str, str]], object]) -> Callable[[Request], Response]:
        def handler(request: Request) -> Response:
            try:
                done = act(said(request))
            except RefusedError as refused:
                return answer_json({"code": refused.code, "message": refused.message}, 409)
            if wants_page(request):
                return redirect("/_sim", 303)
            return answer_json(done if done is not None else {"ok": True})

        return handler

    def _move(self, asked: dict[str, str]) -> object:
        """`steps` events on (default 1), or to the named `event`."""
        number, event = asked.get("number", ""), asked.get("event", "")
        for _ in range(int(asked.get("steps", "1"))):
            self._parcels.move(number, event)
        return plain(self._parcels.get(number))

    def _abort(self, asked: dict[str, str]) -> None:
        self._parcels.abort(asked.get("number", ""))

    def _pace(self, asked: dict[str, str]) -> None:
        """With `still` parcels no longer go on by themselves; without it they do."""
        self._parcels.stands_still = bool(asked.get("still"))

    def _again(self, asked: dict[str, str]) -> None:
        last = self._deliveries.last(self._parcels.get(asked.get("number", ""))["number"])
        if last is None:
            raise RefusedError("400", "还没有推送过")
        self._deliveries.add(
            subject=last["subject"],
            message_id=last["message_id"],
            kind=f"{last['kind']}（重复）",
            url=last["url"],
            body=last["body"],
        )

    def _move_clock(self, asked: dict[str, str]) -> object:
        self._clock.advance(float(asked.get("advance", "0")))
        self._deliveries.wake()
        return {"now": self._clock.text()}


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        raise RefusedError("30001", "参数错误：param 不是合法的JSON") from None
    if not isinstance(found, dict):
        raise RefusedError("30001", "参数错误：param 不是对象")
    return found
