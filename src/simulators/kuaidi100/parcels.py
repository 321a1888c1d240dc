"""Waybills, their tracks, and who wants to hear of them."""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
from typing import Any
from urllib.parse import urlencode

from simulators.common.clock import Clock
from simulators.common.deliveries import Deliveries
from simulators.common.store import Store
from simulators.kuaidi100 import routes, signing
from simulators.kuaidi100.routes import Journey, Stop

SCHEMA = """
CREATE TABLE IF NOT EXISTS parcels (
    number TEXT PRIMARY KEY, carrier TEXT NOT NULL, order_id TEXT UNIQUE, answer TEXT NOT NULL,
    origin TEXT NOT NULL, target TEXT NOT NULL, district TEXT NOT NULL, phone TEXT NOT NULL,
    courier INTEGER NOT NULL, last TEXT NOT NULL, next_at REAL, created REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS parcels_moving ON parcels (next_at) WHERE next_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS track (
    id INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL, name TEXT NOT NULL,
    state TEXT NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL, place TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS track_number ON track (number);
CREATE TABLE IF NOT EXISTS collections (number TEXT PRIMARY KEY, yuan TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS subscriptions (
    number TEXT PRIMARY KEY, carrier TEXT NOT NULL, callback TEXT NOT NULL, salt TEXT,
    status TEXT NOT NULL
);
"""
FORGET = tuple(
    f"DELETE FROM {table} WHERE number = ?"  # noqa: S608 - the tables above
    for table in ("subscriptions", "collections", "track", "parcels")
)
_YUAN = re.compile(r"[1-9]\d{0,6}(\.\d{1,2})?|0\.\d{1,2}")
SCHEDULE = (1800, 1800, 1800)


class RefusedError(Exception):
    """The interface says no, with one of Kuaidi100's codes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Parcels:
    """`auto` seconds of the world lie between two events of a parcel; 0: only people move them.
    The first pick-up waits `pickup` seconds, for the warehouse to pack and hand over."""

    def __init__(
        self, *, store: Store, clock: Clock, deliveries: Deliveries, auto: float, pickup: float
    ) -> None:
        self._store, self._clock, self._deliveries = store, clock, deliveries
        self._auto, self._pickup = auto, pickup
        self.stands_still = False

    def order(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A waybill, the same one for the same `orderId`."""
        order_id, carrier = str(asked.get("orderId", "")), str(asked.get("kuaidicom", ""))
        if not order_id or carrier not in routes.NUMBERS:
            raise RefusedError("30001", "参数错误：orderId 或 kuaidicom")
        collection = _collection(asked)
        sender, receiver = asked.get("sendMan") or {}, asked.get("recMan") or {}
        for one in (sender, receiver):
            if not all(one.get(name) for name in ("name", "mobile", "printAddr")):
                raise RefusedError("30001", "参数错误：收寄件人的姓名、手机和地址都要有")
        with self._store.transaction():
            known = self._store.row("SELECT answer FROM parcels WHERE order_id = ?", order_id)
            if known is not None:
                kept: dict[str, Any] = json.loads(known["answer"])
                return kept
            prefix, digits = routes.NUMBERS[carrier]
            number = prefix + str(secrets.randbelow(9 * 10 ** (digits - 1)) + 10 ** (digits - 1))
            origin, _ = _place(sender["printAddr"])
            target, district = _place(receiver["printAddr"])
            answer = _label(number, origin, target)
            if collection:
                self._store.insert("collections", number=number, yuan=collection)
            self._insert(
                number, carrier, order_id, json.dumps(answer), (origin, target, district), receiver
            )
            return answer

    def _insert(
        self,
        number: str,
        carrier: str,
        order_id: str | None,
        answer: str,
        where: tuple[str, str, str],
        receiver: dict[str, Any],
    ) -> None:
        self._store.insert(
            "parcels",
            number=number,
            carrier=carrier,
            order_id=order_id,
            answer=answer,
            origin=where[0],
            target=where[1],
            district=where[2],
            phone=str(receiver.get("mobile", "")),
            courier=secrets.randbelow(1000),
            last="",
            next_at=None,
            created=self._clock.now(),
        )
        self._append(number, routes.main_road(self._journey(number))[0])
        self._plan(number, self._pickup)

    def collection(self, number: str) -> str:
        """What is to be collected at the door, in yuan; empty for nothing."""
        found = self._store.row("SELECT yuan FROM collections WHERE number = ?", number)
        return "" if found is None else str(found["yuan"])

    def cancel(self, asked: dict[str, Any]) -> None:
        with self._store.transaction():
            found = self._store.row(
                "SELECT * FROM parcels WHERE number = ? OR order_id = ?",
                str(asked.get("kuaidinum", "")),
                str(asked.get("orderId", "")),
            )
            if found is None:
                raise RefusedError("30009", "订单不存在")
            if found["last"] == "cancelled":
                return
            if found["last"] != "ordered":
                raise RefusedError("30010", "快件已揽收，不能取消")
            self._append(found["number"], Stop("cancelled", "4", "401", "寄件订单已取消", ""))
            self._plan(found["number"], None)

    def subscribe(
        self, *, number: str, carrier: str, callback: str, salt: str | None, phone: str
    ) -> None:
        """The second subscription of a number is refused with 501, as the real one does."""
        with self._store.transaction():
            if self._store.row("SELECT 1 FROM subscriptions WHERE number = ?", number):
                raise RefusedError("501", "重复订阅")
            if self.find(number) is None:
                where = ("", "", "")
                self._insert(number, carrier, None, "{}", where, {"mobile": phone})
            self._store.insert(
                "subscriptions",
                number=number,
                carrier=carrier,
                callback=callback,
                salt=salt,
                status="polling",
            )
            self._push(number)

    def find(self, number: str) -> sqlite3.Row | None:
        return self._store.row("SELECT * FROM parcels WHERE number = ?", number)

    def get(self, number: str) -> sqlite3.Row:
        """By waybill number or by the shop's order id."""
        found = self._store.row(
            "SELECT * FROM parcels WHERE number = ? OR order_id = ?", number, number
        )
        if found is None:
            raise RefusedError("500", "查询无结果，请隔段时间再查")
        return found

    def move(self, number: str, event: str = "") -> sqlite3.Row:
        """One event on: the next of its road, or the named one."""
        with self._store.transaction():
            parcel = self.get(number)
            stop = self._named(parcel, event) if event else self._following(parcel)
            self._append(parcel["number"], stop)
            self._plan(parcel["number"], None if stop.name in routes.ENDS else self._auto)
            self._push(parcel["number"])
            return self.get(number)

    def abort(self, number: str) -> None:
        """Kuaidi100 gives up watching: nothing was heard of the parcel for days."""
        with self._store.transaction():
            parcel = self.get(number)
            self._push(parcel["number"], status="abort", message="3天查询无记录")
            self._store.run("DELETE FROM subscriptions WHERE number = ?", parcel["number"])

    def move_due(self) -> None:
        """What goes on by itself (`auto`), unless everything stands still."""
        if self.stands_still:
            return
        for one in self._store.rows(
            "SELECT number FROM parcels WHERE next_at <= ? LIMIT 50", self._clock.now()
        ):
            self.move(one["number"])

    def track(self, number: str) -> list[sqlite3.Row]:
        """Newest first."""
        return self._store.rows("SELECT * FROM track WHERE number = ? ORDER BY id DESC", number)

    def report(self, number: str) -> dict[str, Any]:
        """What a query answers and what a push carries as `lastResult`."""
        parcel, track = self.get(number), self.track(number)
        done = parcel["last"] in routes.ENDS
        return {
            "message": "ok",
            "nu": number,
            "ischeck": "1" if done else "0",
            "com": parcel["carrier"],
            "condition": "F00",
            "status": "200",
            "state": track[0]["state"] if track else "0",
            "data": [
                {
                    "time": self._clock.text(one["at"]),
                    "ftime": self._clock.text(one["at"]),
                    "context": one["text"],
                    "status": one["text"][:12],
                    "statusCode": one["code"],
                    "areaName": one["place"],
                    "location": one["place"],
                }
                for one in track
            ],
        }

    def recent(self, limit: int = 100) -> list[sqlite3.Row]:
        return self._store.rows(
            "SELECT p.*, s.status AS watched FROM parcels p"
            " LEFT JOIN subscriptions s USING (number) ORDER BY p.created DESC LIMIT ?",
            limit,
        )

    def _journey(self, number: str) -> Journey:
        parcel = self.get(number)
        return Journey(
            carrier=parcel["carrier"],
            origin=parcel["origin"],
            target=parcel["target"],
            district=parcel["district"],
            courier=parcel["courier"],
        )

    def _named(self, parcel: sqlite3.Row, event: str) -> Stop:
        journey = self._journey(parcel["number"])
        for stop in routes.main_road(journey):
            if stop.name == event:
                return stop
        try:
            return routes.side_road(event, journey)
        except KeyError:
            raise RefusedError("400", f"没有这个事件：{event}") from None

    def _following(self, parcel: sqlite3.Row) -> Stop:
        last = parcel["last"]
        if last in routes.ENDS:
            raise RefusedError("400", "这件已经到头了")
        if last in routes.AFTER:
            return self._named(parcel, routes.AFTER[last])
        road = routes.main_road(self._journey(parcel["number"]))
        names = [stop.name for stop in road]
        return road[names.index(last) + 1]

    def _append(self, number: str, stop: Stop) -> None:
        self._store.insert(
            "track",
            number=number,
            name=stop.name,
            state=stop.state,
            code=stop.code,
            text=stop.text,
            place=stop.place,
            at=self._clock.now(),
        )
        self._store.run("UPDATE parcels SET last = ? WHERE number = ?", stop.name, number)

    def _plan(self, number: str, pause: float | None) -> None:
        moves = pause is not None and self._auto > 0
        at = self._clock.now() + pause * self._clock.speed if pause is not None and moves else None
        self._store.run("UPDATE parcels SET next_at = ? WHERE number = ?", at, number)

    def _push(self, number: str, *, status: str = "", message: str = "") -> None:
        subscribed = self._store.row("SELECT * FROM subscriptions WHERE number = ?", number)
        if subscribed is None:
            return
        report = self.report(number)
        status = status or ("shutdown" if report["ischeck"] == "1" else "polling")
        param = json.dumps(
            {
                "status": status,
                "billstatus": "got",
                "message": message,
                "autoCheck": "0",
                "comOld": "",
                "comNew": "",
                "lastResult": report,
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
        salt = subscribed["salt"]
        form = {"param": param}
        if salt is not None:
            form["sign"] = signing.digest(param, salt)
        self._store.run("UPDATE subscriptions SET status = ? WHERE number = ?", status, number)
        self._deliveries.add(
            subject=number,
            message_id=f"{number}-{len(report['data'])}",
            kind=f"{status} {report['state']}",
            url=subscribed["callback"],
            body=urlencode(form),
        )


def acknowledged(status: int, answer: bytes) -> bool:
    try:
        said = json.loads(answer)
    except ValueError:
        return False
    return status == 200 and isinstance(said, dict) and said.get("result") is True


def _place(address: str) -> tuple[str, str]:
    """City and district as far as an address says them."""
    rest, city = address.replace(" ", ""), ""
    for mark in ("省", "自治区"):
        if mark in rest[:9]:
            rest = rest.split(mark, 1)[1]
            break
    if "市" in rest[:8]:
        city, rest = rest.split("市", 1)
        city += "市"
        rest = rest.removeprefix(city)
    for mark in ("区", "县", "市"):
        if mark in rest[:8]:
            return city, rest.split(mark, 1)[0] + mark
    return city, ""


def _collection(asked: dict[str, Any]) -> str:
    said = str(asked.get("collection") or "")
    if said and not _YUAN.fullmatch(said):
        raise RefusedError("30001", "参数错误：collection")
    return said


def _label(number: str, origin: str, target: str) -> dict[str, Any]:
    sorting = f"{int.from_bytes(target.encode()[-2:] or b'0') % 900 + 100}"
    return {
        "taskId": secrets.token_hex(16).upper(),
        "kuaidinum": number,
        "childNum": "",
        "returnNum": "",
        "label": "",
        "bulkpen": f"{sorting}-{number[-3:]} {secrets.randbelow(90) + 10:03d}",
        "orgCode": f"{int.from_bytes(origin.encode()[-2:] or b'0') % 900 + 100}",
        "orgName": origin,
        "destCode": sorting,
        "destName": target,
        "orgSortingCode": "",
        "destSortingCode": f"{sorting}A",
    }
