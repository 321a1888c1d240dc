"""What a visitor does: looks round, perhaps buys, perhaps pays. A story tells what comes next and
how many seconds of thinking lie between; the loop lets many of them go on side by side.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from random import Random

from django.db.models import F, Sum

from shangliu.cli.demo.people import stranger
from shangliu.cli.life.browser import Browser, Origin, origin
from shangliu.cli.life.outside import AwayError, Simulators
from shangliu.domain.catalog.models import Variant
from shangliu.domain.inventory.models import Stock
from shangliu.domain.life import services as life
from shangliu.domain.life.models import Switch
from shangliu.domain.orders.models import Trade
from shangliu.domain.payments.models import Payment
from shangliu.domain.payments.states import OPEN_PAYMENTS

Story = Generator[float, None, None]

_LATE = 20  # seconds of a late notification, at people's own speed
_ENOUGH = 6  # of what is nearly sold out the demo trade takes nothing
_LOOK_EVERY = 20.0
_STROLLS = 0.66  # of those who only look, who goes on after each article
_LEFT_IN_CART = 0.22
_TRIES_AGAIN = 0.6
_WAYS = {
    "desktop": (("alipay:page", 5), ("wechat:native", 4), ("stripe:checkout", 1)),
    "mobile": (("alipay:wap", 5), ("wechat:h5", 5)),
    "tablet": (("alipay:wap", 5), ("wechat:h5", 5)),
}


class SoldOutError(Exception):
    """There is nothing left that the demo trade would buy."""


@dataclass(frozen=True, slots=True)
class Article:
    variant: int
    product: str
    category: str


@dataclass
class Market:
    """Where they buy, and what came of it since somebody last asked."""

    shop: str
    outside: Simulators
    made: Counter[str] = field(default_factory=Counter)
    _articles: tuple[Article, ...] = ()
    _looked: float = float("-inf")

    def pick(self, rng: Random) -> Article:
        """Something of which there is enough."""
        if time.monotonic() - self._looked > _LOOK_EVERY:
            self._articles = tuple(_plenty())
            self._looked = time.monotonic()
        if not self._articles:
            raise SoldOutError("没有可卖的商品：补货，或移除演示数据把货放回")
        return rng.choice(self._articles)


def _plenty() -> list[Article]:
    free = F("on_hand") - F("held") - F("committed") - F("safety")
    known = (
        Stock.objects.filter(warehouse__active=True, variant__product__on_shelf=True)
        .values("variant_id")
        .annotate(free=Sum(free))
        .filter(free__gt=_ENOUGH)
        .values_list("variant_id", flat=True)
    )
    rows = Variant.objects.filter(
        pk__in=known, product__limit_per_buyer__isnull=True, product__price_fen__lt=100_000
    ).order_by("pk")
    return [
        Article(pk, slug, category)
        for pk, slug, category in rows.values_list("pk", "product__slug", "product__category__slug")
    ]


def stroll(market: Market, rng: Random, switch: Switch) -> Story:
    """Looks, and goes."""
    browser, _ = _enter(market, rng)
    try:
        while rng.random() < _STROLLS:
            yield rng.uniform(3, 30) / switch.hurry
            _look_at(browser, market.pick(rng))
    finally:
        browser.close()


def purchase(market: Market, rng: Random, switch: Switch) -> Story:
    """Fills a cart; most go to the checkout and pay, as far as the chosen faults let them."""
    browser, _ = _enter(market, rng)
    try:
        for _ in range(rng.choices((1, 2, 3), (70, 22, 8))[0]):
            article = market.pick(rng)
            yield rng.uniform(4, 30) / switch.hurry
            _look_at(browser, article)
            yield rng.uniform(2, 12) / switch.hurry
            put = {"variant": str(article.variant), "quantity": str(rng.choice((1, 1, 1, 2)))}
            browser.send("/cart/add/", put)
        if rng.random() < _LEFT_IN_CART:
            return
        yield rng.uniform(3, 15) / switch.hurry
        trade = _check_out(browser, rng)
        if trade is None:
            return
        market.made["orders"] += 1
        if rng.randrange(100) >= switch.leaves:
            yield rng.uniform(2, 10) / switch.hurry
            yield from _pay(_Paying(market, rng, switch, browser, trade))
    finally:
        browser.close()


def _enter(market: Market, rng: Random) -> tuple[Browser, Origin]:
    comes = origin(rng)
    browser = Browser(market.shop, comes)
    browser.arrive(comes)
    life.mark_visit(browser.visit)
    market.made["visits"] += 1
    return browser, comes


def _look_at(browser: Browser, article: Article) -> None:
    browser.look(f"/c/{article.category}/")
    browser.look(f"/p/{article.product}/")


def _check_out(browser: Browser, rng: Random) -> str | None:
    """The trade's number; None where the shop said no."""
    fields = browser.look("/checkout/?guest=1")
    receiver = stranger(rng)
    wanted = ("submit_key", "expected-standard", "expected-express")
    done = browser.send(
        "/checkout/",
        {
            **{name: fields.get(name, "") for name in wanted},
            "address": "new",
            "name": receiver.name,
            "phone": receiver.phone,
            "province": receiver.province,
            "city": receiver.city,
            "district": receiver.district,
            "street": receiver.street,
            "delivery": rng.choice(("standard", "standard", "standard", "express")),
            "remark": "",
        },
    )
    if done.status_code != 302:
        return None
    number = done.headers["Location"].strip("/").rpartition("/")[2].partition("?")[0]
    trade = Trade.objects.filter(number=number).first()
    if trade is None:
        return None
    life.mark_cases([trade.number, trade.cart_case])
    return number


@dataclass(frozen=True)
class _Paying:
    market: Market
    rng: Random
    switch: Switch
    browser: Browser
    trade: str

    def happens(self, share: int) -> bool:
        return self.rng.randrange(100) < share

    def begin(self, way: str) -> Payment:
        """At the gateway, as far as its cashier page."""
        went = self.browser.send(f"/pay/{self.trade}/start/", {"way": way})
        gateway = way.partition(":")[0]
        there = went.headers.get("Location", "")
        if self.market.outside.is_at(gateway, there):
            self.market.outside.visit(there)
        payment = Payment.objects.filter(
            case_no=self.trade, provider=gateway, state__in=OPEN_PAYMENTS
        ).last()
        if payment is None:
            raise AwayError(f"{way}: no payment was begun")
        return payment

    def way(self) -> str:
        ways = _WAYS[self.browser.device]
        return self.rng.choices([one for one, _ in ways], [share for _, share in ways])[0]


def _pay(paying: _Paying) -> Story:
    rng, switch, outside = paying.rng, paying.switch, paying.market.outside
    if paying.happens(switch.refused):
        payment = paying.begin("alipay:page")
        yield rng.uniform(3, 12) / switch.hurry
        outside.refuse(payment.provider, payment.number)
        if rng.random() > _TRIES_AGAIN:
            return
        yield rng.uniform(6, 20) / switch.hurry
    payment = paying.begin(paying.way())
    yield rng.uniform(3, 15) / switch.hurry
    if paying.happens(switch.notices_lost):
        outside.lose_next_notice(payment.provider, payment.number)
    elif paying.happens(switch.notices_late):
        late = max(_LATE // switch.hurry, 1)
        outside.delay_next_notice(payment.provider, payment.number, late)
    outside.pay(payment.provider, payment.number)
    paying.market.made["paid"] += 1
    if paying.happens(switch.notices_twice):
        yield 2 / switch.hurry
        outside.repeat_notice(payment.provider, payment.number)
