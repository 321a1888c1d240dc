"""Guests who buy over HTTP, each in a thread, through a shop that is falling over."""

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
import requests

_FIELD = re.compile(r'name="([\w-]+)" value="([^"]*)"')
_NUMBER = re.compile(r"out_trade_no%22%3A%22(\w+)")
_ADDRESS = {
    "address": "new",
    "name": "张三丰",
    "phone": "13912345678",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "street": "文三路 100 号 2 幢 301",
    "delivery": "standard",
    "remark": "",
}
_WAYS = ("alipay:page", "alipay:page", "alipay:wap")
PATIENCE = 12.0


class GaveUp(Exception):
    """The guest lost patience, or was told no."""


@dataclass
class Market:
    """Where guests buy, and what became of them."""

    shop: str
    gateway: str
    gateway_line: str
    variants: Sequence[int]
    rows: Callable[..., list[tuple[Any, ...]]]
    stop: threading.Event = field(default_factory=threading.Event)
    told: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str) -> None:
        with self.lock:
            self.told[what] += 1


class Guest:
    """One purchase, in one browser. What does not answer is asked again, as a person would."""

    def __init__(self, market: Market, chance: random.Random) -> None:
        self.market, self.chance = market, chance
        self.browser = requests.Session()
        self.browser.trust_env = False
        self.browser.headers["Origin"] = market.shop
        self.token = ""

    def live(self) -> None:
        market, chance = self.market, self.chance
        self._fill_cart()
        trade = self._submit()
        market.note("orders submitted")
        fate = chance.random()
        if fate < 0.08:
            market.note("left unpaid")
            return
        payment = self._to_gateway(trade)
        if fate < 0.16:
            self._race(trade, payment)
        elif fate < 0.22:
            self._cancel(trade)
        elif fate < 0.28:
            self._twice(trade, payment)
        else:
            self._pay(payment)
            if fate > 0.8:
                self._come_back_and_refund(trade)

    def _fill_cart(self) -> None:
        variant = self.chance.choices(self.market.variants, weights=(9, 1))[0]
        quantity = str(self.chance.choice((1, 1, 1, 2, 3)))
        put = self._ask("post", "/cart/add/", {"variant": str(variant), "quantity": quantity})
        if put.status_code == 409:
            raise GaveUp("told that it is sold out")
        self._expect(put, 200, 204, 302)

    def _submit(self) -> str:
        page = self._ask("get", "/checkout/?guest=1")
        self._expect(page, 200)
        fields = dict(_FIELD.findall(page.text))
        wanted = ("csrfmiddlewaretoken", "submit_key", "expected-standard")
        form = _ADDRESS | {name: fields.get(name, "") for name in wanted}
        done = self._ask("post", "/checkout/", form)
        if done.status_code == 409:
            raise GaveUp("refused at checkout")
        self._expect(done, 302)
        trade = done.headers["Location"].strip("/").rpartition("/")[2]
        self.token = form["csrfmiddlewaretoken"]
        return trade

    def _to_gateway(self, trade: str) -> str:
        """The payment's number, once the gateway has been told by this browser."""
        went = self._ask("post", f"/pay/{trade}/start/", {"way": self.chance.choice(_WAYS)})
        self._expect(went, 303)
        found = _NUMBER.search(went.headers["Location"])
        if found is None:
            raise GaveUp("no longer to be paid")
        there = went.headers["Location"].replace(self.market.gateway_line, self.market.gateway)
        self._expect(self._call("get", there), 200, 302)
        return found[1]

    def _pay(self, payment: str) -> None:
        paid = self._call("post", f"{self.market.gateway}/_sim/pay", {"out_trade_no": payment})
        if paid.status_code == 409:
            raise GaveUp("the gateway had closed the trade")
        self._expect(paid, 200)
        self.market.note("paid at the gateway")

    def _cancel(self, trade: str) -> None:
        number = self._order(trade)
        done = self._ask("post", f"/orders/{number}/cancel/", {"reason": "不想要了"})
        self.market.note("cancelled" if done.status_code == 302 else "refused to cancel")

    def _race(self, trade: str, payment: str) -> None:
        """Pays and cancels at the same moment."""
        number = self._order(trade)
        twin = Guest(self.market, self.chance)
        twin.browser.cookies.update(self.browser.cookies)
        twin.token = self.token
        other = threading.Thread(target=twin.quietly, args=(lambda: twin._pay(payment),))
        other.start()
        self._ask("post", f"/orders/{number}/cancel/", {"reason": "拍错"})
        other.join()
        self.market.note("paid and cancelled at once")

    def _twice(self, trade: str, payment: str) -> None:
        """Has the order given up, and pays all the same."""
        self._cancel(trade)
        self._pay(payment)
        self.market.note("paid after cancelling")

    def _come_back_and_refund(self, trade: str) -> None:
        number = self._order(trade)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and not self.market.stop.is_set():
            shown = self._ask("get", f"/pay/{trade}/status/?n={self.chance.choice((1, 2, 5))}")
            self._expect(shown, 200)
            if self._state(trade) != "awaiting_payment":
                break
            time.sleep(0.5)
        asked = self._ask("post", f"/orders/{number}/after-sale/", {"reason": "不想要了"})
        self.market.note("refund asked" if asked.status_code == 302 else "refund refused")

    def _order(self, trade: str) -> str:
        return str(self._look("SELECT number FROM orders_order WHERE case_no = %s", trade))

    def _state(self, trade: str) -> str:
        return str(self._look("SELECT state FROM orders_order WHERE case_no = %s", trade))

    def _look(self, sql: str, value: str) -> object:
        for _ in range(60):
            try:
                found = self.market.rows(sql, value)
            except psycopg.Error:
                time.sleep(0.5)
                continue
            if found:
                return found[0][0]
            break
        raise GaveUp("the order is not to be found")

    def _ask(self, method: str, path: str, form: dict[str, str] | None = None) -> requests.Response:
        if form is not None and self.token:
            form = {"csrfmiddlewaretoken": self.token, **form}
        return self._call(method, self.market.shop + path, form)

    def _call(self, method: str, url: str, form: dict[str, str] | None = None) -> requests.Response:
        """Asks until there is an answer that is one, for as long as a person would."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self.browser.request(
                    method, url, data=form, timeout=20, allow_redirects=False
                )
                if answer.status_code < 500:
                    return answer
                self.market.note(f"answers {answer.status_code}")
            except requests.RequestException:
                self.market.note("requests without an answer")
            if time.monotonic() > end:
                raise GaveUp("no answer for a long time")
            time.sleep(0.3 + self.chance.random() * 0.4)

    def quietly(self, act: Callable[[], None]) -> None:
        try:
            act()
        except GaveUp as why:
            self.market.note(f"gave up: {why}")

    @staticmethod
    def _expect(answer: requests.Response, *wanted: int) -> None:
        if answer.status_code not in wanted:
            at = answer.url.partition("?")[0].rstrip("/").rpartition("/")[2]
            raise GaveUp(f"{answer.status_code} at {at}")


def shopping(market: Market, seed: int, pause: float) -> None:
    """One guest after the other until the market closes."""
    chance = random.Random(seed)
    while not market.stop.is_set():
        guest = Guest(market, chance)
        guest.quietly(guest.live)
        guest.browser.close()
        market.stop.wait(chance.random() * pause)
