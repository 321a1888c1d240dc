"""What visitors do over HTTP: look at pages, buy, rush for the last pieces."""

from __future__ import annotations

import random
import re
import secrets
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

import psycopg

from bench.load import Address, Answer, Ask, Pause, Script, Tally, get, post

AGENT = "User-Agent: bench\r\nAccept-Encoding: gzip\r\n"
LOOK_EVERY = 0.01  # seconds between two looks whether orders are paid
PATIENCE = 15.0
_FIELD = re.compile(rb'name="([\w-]+)" value="([^"]*)"')
_SOLD_OUT = 409
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
Talk = Generator[Ask | Pause | None, Answer | None, Answer]


def look(tally: Tally, number: int, address: Address, paths: Sequence[str]) -> Script:
    """One visitor looking at pages picked at random, in a visit that has begun before."""
    chance = random.Random(number)
    cookie = f"Cookie: visit={secrets.token_hex(16)}|browse||||\r\n"
    asks = [get(address, path, AGENT + cookie) for path in paths]
    while True:
        began = time.monotonic()
        answer = yield chance.choice(asks)
        if answer is not None and answer.status == 200:
            tally.ok(began)
        else:
            tally.failed(f"GET {answer.status if answer else 0}")


def walk(tally: Tally, number: int, address: Address, paths: Sequence[str]) -> Script:
    """Every page once, so that the workers have made it."""
    for n in range(len(paths)):
        began = time.monotonic()
        yield get(address, paths[(n + number) % len(paths)], AGENT)
        tally.ok(began)


@dataclass(frozen=True)
class Way:
    """Where to buy and what. `database` tells when an order waits for its shipment."""

    shop: Address
    gateway: Address
    products: Sequence[str]
    variants: Sequence[int]
    database: str


class WentWrong(Exception):
    """An answer that a buyer does not expect."""


@dataclass
class Browser:
    """One guest with cookies."""

    shop: Address
    jar: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Talk:
        return (yield from self._sent(get(self.shop, path, self._headers())))

    def post(self, path: str, form: dict[str, str]) -> Talk:
        origin = f"Origin: http://{self.shop[0]}:{self.shop[1]}\r\nHX-Request: true\r\n"
        raw = post(self.shop, path, urlencode(form), self._headers() + origin)
        return (yield from self._sent(raw))

    def _sent(self, ask: Ask) -> Talk:
        answer = yield ask
        if answer is None:
            raise WentWrong("no answer")
        self.jar |= answer.cookies()
        return answer

    def _headers(self) -> str:
        cookies = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        return f"User-Agent: bench\r\n{f'Cookie: {cookies}{chr(13)}{chr(10)}' if cookies else ''}"


class Orders:
    """Asks the database for all buyers of this process at once which trades have been paid."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self._waiting: set[str] = set()
        self._looked = 0.0

    def wait(self, number: str) -> Generator[Pause, Answer | None, bool]:
        self._waiting.add(number)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self._look()
            if number not in self._waiting:
                return True
            yield Pause(LOOK_EVERY)
        self._waiting.discard(number)
        return False

    def _look(self) -> None:
        if time.monotonic() - self._looked < LOOK_EVERY:
            return
        self._looked = time.monotonic()
        rows = self._connection.execute(
            "SELECT case_no FROM orders_order"
            " WHERE case_no = ANY(%s) AND state = 'awaiting_fulfilment'",
            [list(self._waiting)],
        ).fetchall()
        self._waiting -= {row[0] for row in rows}


_orders: dict[str, Orders] = {}


def buy(tally: Tally, number: int, way: Way) -> Script:
    """Guests, one after the other: product, cart, checkout, submit, pay; until it is 待发货."""
    chance = random.Random(number)
    orders = _orders.setdefault(way.database, Orders(way.database))
    while True:
        began = time.monotonic()
        try:
            yield from _purchase(way, chance.randrange(len(way.products)), orders)
        except WentWrong as wrong:
            tally.failed(str(wrong))
            yield Pause(0.05)
        else:
            tally.ok(began)


def _purchase(
    way: Way, choice: int, orders: Orders
) -> Generator[Ask | Pause | None, Answer | None, None]:
    number = yield from purchase_until_paid(way, choice)
    if not (yield from orders.wait(number)):
        raise WentWrong("not paid in time")


def purchase_until_paid(way: Way, choice: int) -> Generator[Ask | Pause | None, Answer | None, str]:
    """From the product's page to the gateway's "paid"; gives the trade's number."""
    guest = Browser(way.shop)
    expect(200, (yield from guest.get(way.products[choice])), "product")
    expect(204, (yield from guest.post("/cart/add/", _chosen(way.variants[choice]))), "cart")
    number, token = yield from _submitted(guest)
    form = {"csrfmiddlewaretoken": token, "way": "alipay:page"}
    there = yield from guest.post(f"/pay/{number}/start/", form)
    expect(303, there, "pay")
    to = there.header(b"location").partition(f":{way.gateway[1]}")[2]
    shown = yield get(way.gateway, to)
    payment = re.search(r"out_trade_no%22%3A%22(\w+)", to)
    if shown is None or payment is None:
        raise WentWrong("gateway")
    paid = yield post(way.gateway, "/_sim/pay", urlencode({"out_trade_no": payment[1]}))
    expect(200, paid, "gateway's pay")
    return number


def rush(tally: Tally, number: int, way: Way, guests: int, clients: int) -> Script:
    """Every `clients`-th guest wants one piece of the same thing and submits the order."""
    for _ in range(number, guests, clients):
        began = time.monotonic()
        guest = Browser(way.shop)
        put = yield from guest.post("/cart/add/", _chosen(way.variants[0]))
        if put.status == _SOLD_OUT:
            tally.failed("sold out")
            continue
        try:
            expect(204, put, "cart")
            yield from _submitted(guest)
        except WentWrong as wrong:
            tally.failed(str(wrong))
        else:
            tally.ok(began)


def grab(tally: Tally, number: int, shop: Address, variant: int) -> Script:  # noqa: ARG001
    """Guest after guest puts the same thing into a cart. "Sold out" is an answer like another."""
    while True:
        began = time.monotonic()
        put = yield from Browser(shop).post("/cart/add/", _chosen(variant))
        if put.status == 204:
            tally.ok(began)
        elif put.status == _SOLD_OUT:
            tally.failed("sold out")
            tally.ok(began)
        else:
            tally.failed(f"cart: {put.status}")


def _chosen(variant: int) -> dict[str, str]:
    return {"variant": str(variant), "quantity": "1"}


def _submitted(guest: Browser) -> Generator[Ask | Pause | None, Answer | None, tuple[str, str]]:
    """The trade's number, and the token that the pay page's form carries."""
    page = yield from guest.get("/checkout/?guest=1")
    expect(200, page, "checkout")
    fields = {name.decode(): value.decode() for name, value in _FIELD.findall(page.body)}
    wanted = ("csrfmiddlewaretoken", "submit_key", "expected-standard")
    form = {name: fields.get(name, "") for name in wanted}
    done = yield from guest.post("/checkout/", form | _ADDRESS)
    expect(302, done, "submit")
    at = done.header(b"location")
    cashier = yield from guest.get(at)
    expect(200, cashier, "cashier")
    token = dict(_FIELD.findall(cashier.body)).get(b"csrfmiddlewaretoken", b"")
    return at.strip("/").rpartition("/")[2], token.decode()


def expect(status: int, answer: Answer | None, what: str) -> None:
    if answer is None or answer.status != status:
        raise WentWrong(f"{what}: {answer.status if answer else 0}")
