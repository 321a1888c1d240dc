"""Kuaidi100: waybills, tracking by subscription and by query, for every carrier it knows."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from shangliu.domain.logistics.provider import (
    CarrierGateway,
    Label,
    LabelRequest,
    Person,
    ProviderError,
    Push,
    TrackPoint,
    TrackState,
)
from shangliu.platform import clock, http
from shangliu.platform.text import Text

_STATES: Mapping[str, TrackState] = {
    "101": TrackState.LABEL_CREATED,
    "102": TrackState.AWAITING_PICKUP,
    "1": TrackState.PICKED_UP,
    "103": TrackState.PICKED_UP,
    "0": TrackState.IN_TRANSIT,
    "1001": TrackState.ARRIVED_CITY,
    "1002": TrackState.IN_TRANSIT,
    "1003": TrackState.IN_TRANSIT,
    "7": TrackState.IN_TRANSIT,
    "5": TrackState.OUT_FOR_DELIVERY,
    "501": TrackState.AT_PICKUP_POINT,
    "3": TrackState.DELIVERED,
    "301": TrackState.DELIVERED,
    "302": TrackState.DELIVERED,
    "303": TrackState.DELIVERED,
    "304": TrackState.DELIVERED,
    "8": TrackState.CUSTOMS,
    "10": TrackState.CUSTOMS,
    "11": TrackState.CUSTOMS,
    "12": TrackState.CUSTOMS,
    "13": TrackState.CUSTOMS,
    "2": TrackState.EXCEPTION,
    "14": TrackState.REFUSED,
    "6": TrackState.RETURNING,
    "4": TrackState.RETURNED,
    "401": TrackState.CANCELLED,
}
_ALREADY_SUBSCRIBED = "501"


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """`CARRIERS_KUAIDI100_POLL_URL` (queries and subscriptions), `_API_URL` (labels), `_KEY`,
    `_CUSTOMER`, `_SECRET`, `_SALT` (signs what is pushed to us), `_PARTNER_ID` (the contract with
    the carrier). The defaults are those of the simulator that runs beside us."""

    poll_url: str
    api_url: str
    key: str
    customer: str
    secret: str
    salt: str
    partner_id: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        def said(name: str, otherwise: str) -> str:
            return environ.get(f"CARRIERS_KUAIDI100_{name}", otherwise)

        beside = f"http://127.0.0.1:{int(environ.get('PORT') or 8000) + 12}"
        return cls(
            poll_url=said("POLL_URL", beside),
            api_url=said("API_URL", beside),
            key=said("KEY", "TESTKEY001"),
            customer=said("CUSTOMER", "CUST0001"),
            secret=said("SECRET", "SECRET001"),
            salt=said("SALT", "SALT1234"),
            partner_id=said("PARTNER_ID", ""),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Kuaidi100:
    settings: Settings = field(default_factory=lambda: Settings.read(os.environ))
    code: str = "kuaidi100"
    label: Text = field(default=Text("快递100", "Kuaidi100"))

    def order_label(self, request: LabelRequest) -> Label:
        """The reference goes as `orderId`: asked again, the same waybill is answered."""
        said = self._label(
            "order",
            {
                "partnerId": self.settings.partner_id,
                "kuaidicom": request.carrier,
                "orderId": request.reference,
                "recMan": _person(request.receiver),
                "sendMan": _person(request.sender),
                "cargo": request.goods[:60],
                "count": str(request.count),
                "weight": f"{request.weight_g / 1000:.3f}",
                "payType": "MONTHLY",
                "expType": "标准快递",
                "printType": "NON",
                "reorder": False,
                **_collection(request),
            },
        )
        data = said.get("data") or {}
        if not data.get("kuaidinum"):
            raise ProviderError("kuaidi100 gave no waybill number", retry=True, unknown=True)
        return Label(
            waybill_no=data["kuaidinum"],
            carrier=request.carrier,
            sort_code=data.get("bulkpen") or "",
            destination_code=data.get("destSortingCode") or data.get("destCode") or "",
        )

    def cancel_label(self, *, waybill_no: str, carrier: str, reference: str) -> None:
        self._label(
            "cancel",
            {
                "partnerId": self.settings.partner_id,
                "kuaidicom": carrier,
                "kuaidinum": waybill_no,
                "orderId": reference,
            },
        )

    def subscribe(self, *, waybill_no: str, carrier: str, phone: str, callback_url: str) -> None:
        """Being told that we subscribed already is as good."""
        param = _packed(
            {
                "company": carrier,
                "number": waybill_no,
                "key": self.settings.key,
                "parameters": {
                    "callbackurl": callback_url,
                    "salt": self.settings.salt,
                    "resultv2": "4",
                    "phone": phone,
                },
            }
        )
        said = self._call(
            "subscribe", f"{self.settings.poll_url}/poll", {"schema": "json", "param": param}
        )
        if said.get("result") is not True and said.get("returnCode") != _ALREADY_SUBSCRIBED:
            raise _failure(said, str(said.get("returnCode")))

    def query(self, *, waybill_no: str, carrier: str, phone: str) -> Push:
        param = _packed({"com": carrier, "num": waybill_no, "phone": phone, "resultv2": "4"})
        said = self._call(
            "query",
            f"{self.settings.poll_url}/poll/query.do",
            {
                "customer": self.settings.customer,
                "param": param,
                "sign": digest(param, self.settings.key, self.settings.customer),
            },
        )
        if said.get("result") is False:
            raise _failure(said, str(said.get("returnCode")))
        return _track(said, finished=said.get("ischeck") == "1")

    def read_push(self, *, headers: Mapping[str, str], body: bytes) -> Push:  # noqa: ARG002
        form = {
            name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()
        }
        param = form.get("param", "")
        right = digest(param, self.settings.salt)
        if not hmac.compare_digest(right.encode(), form.get("sign", "").encode()):
            raise ProviderError("the digest is not kuaidi100's")
        said = _unpacked(param)
        status = said.get("status")
        return _track(
            said.get("lastResult") or {},
            finished=status == "shutdown",
            aborted=status == "abort",
        )

    def accepted(self) -> tuple[int, str, bytes]:
        return _answer("200", "成功", taken=True)

    def rejected(self) -> tuple[int, str, bytes]:
        return _answer("500", "失败", taken=False)

    def _label(self, method: str, content: dict[str, Any]) -> dict[str, Any]:
        param = _packed(content)
        moment = str(int(clock.now().timestamp() * 1000))
        said = self._call(
            f"label.{method}",
            f"{self.settings.api_url}/label/order",
            {
                "method": method,
                "key": self.settings.key,
                "t": moment,
                "param": param,
                "sign": digest(param, moment, self.settings.key, self.settings.secret),
            },
        )
        if str(said.get("code")) != "200":
            raise _failure(said, str(said.get("code")))
        return said

    def _call(self, operation: str, url: str, form: dict[str, str]) -> dict[str, Any]:
        answer = http.call(
            system="kuaidi100", operation=operation, method="POST", url=url, data=form
        )
        if answer.status != 200:
            broken = answer.status >= 500
            raise ProviderError(
                f"kuaidi100 answered HTTP {answer.status}", retry=broken, unknown=broken
            )
        return _unpacked(answer.text)


def digest(*parts: str) -> str:
    """Upper-case MD5 of exactly what is sent, with the secrets behind it."""
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest().upper()


def _person(one: Person) -> dict[str, str]:
    return {
        "name": one.name,
        "mobile": one.phone,
        "printAddr": f"{one.province}{one.city}{one.district}{one.street}",
    }


def _collection(request: LabelRequest) -> dict[str, str]:
    """Cash on delivery, in yuan; the label says so to the courier."""
    return {"collection": request.collection.yuan} if request.collection else {}


def _packed(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _unpacked(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError as failed:
        raise ProviderError("kuaidi100 did not send JSON", retry=True, unknown=True) from failed
    if not isinstance(said, dict):
        raise ProviderError("kuaidi100 did not send an object", retry=True, unknown=True)
    return said


def _failure(said: Mapping[str, Any], code: str) -> ProviderError:
    return ProviderError(f"{said.get('message', '')}（{code}）", retry=code in ("500", "30000"))


def _track(said: Mapping[str, Any], *, finished: bool, aborted: bool = False) -> Push:
    """Oldest point first. The newest point says the state: the main code 1 also means `ordered`."""
    if not said.get("nu"):
        raise ProviderError("kuaidi100 reports on no waybill")
    try:
        points = tuple(_point(one) for one in reversed(said.get("data") or []))
    except (KeyError, ValueError) as wrong:
        raise ProviderError(f"kuaidi100 sent a track that cannot be read: {wrong}") from wrong
    state = points[-1].state if points else None
    return Push(
        waybill_no=said["nu"],
        carrier=said.get("com", ""),
        state=state or _state(str(said.get("state", ""))),
        points=points,
        finished=finished,
        aborted=aborted,
    )


def _point(one: Mapping[str, Any]) -> TrackPoint:
    local = datetime.strptime(one["time"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=clock.SHOP_ZONE)
    code = str(one.get("statusCode") or "")
    return TrackPoint(
        at=local.astimezone(UTC),
        text=one["context"],
        state=_state(code),
        code=code,
        place=one.get("areaName") or one.get("location") or "",
    )


def _state(code: str) -> TrackState | None:
    if len(code) == 3 and code.startswith("2"):
        return TrackState.EXCEPTION
    return _STATES.get(code)


def _answer(code: str, message: str, *, taken: bool) -> tuple[int, str, bytes]:
    text = json.dumps({"result": taken, "returnCode": code, "message": message}, ensure_ascii=False)
    return 200, "application/json", text.encode()


PROVIDER: CarrierGateway = Kuaidi100()
