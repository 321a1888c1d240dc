"""What is kept in front of Django, when it is dropped, and how visits are counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from werkzeug.test import Client as WerkzeugClient
from werkzeug.test import TestResponse

from shangliu.domain.catalog.models import Category, Product, Variant
from shangliu.domain.inventory.models import Stock
from shangliu.insight import behaviour
from shangliu.insight.models import Behaviour
from shangliu.web import pagenews
from shangliu.web.pagecache import FrontDesk, Pages
from tests.insight import world

PATIENCE = 5.0


@dataclass
class Kitchen:
    """Django, counting how often it is asked."""

    handler: Any = field(default_factory=WSGIHandler)
    asked: int = 0

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.asked += 1
        return self.handler(environ, start_response)


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The test's own connection stays open over requests; visits are written when it says so."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    monkeypatch.setattr(behaviour._writer, "_thread", threading.current_thread())
    behaviour._writer._waiting.clear()
    yield
    behaviour._writer._waiting.clear()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def shop(db: None) -> world.Shop:
    return world.open_shop()


@pytest.fixture
def pages() -> Pages:
    kept = Pages()
    kept.hear(listening=True)
    return kept


@pytest.fixture
def kitchen() -> Kitchen:
    return Kitchen()


@pytest.fixture
def browser(pages: Pages, kitchen: Kitchen) -> WerkzeugClient:
    return WerkzeugClient(FrontDesk(kitchen, pages))


def _get(browser: WerkzeugClient, address: str, **headers: str) -> TestResponse:
    return browser.get(
        address, headers={"Accept-Language": "zh-CN", "Host": "testserver"} | headers
    )


def _seen() -> list[tuple[str, str, str]]:
    behaviour.flush()
    rows = Behaviour.objects.order_by("id").values_list("step", "prev", "about")
    return list(rows)


def test_the_second_look_does_not_ask_django(
    shop: world.Shop, browser: WerkzeugClient, kitchen: Kitchen
) -> None:
    first = _get(browser, "/p/tea-1/")
    second = _get(browser, "/p/tea-1/")
    assert kitchen.asked == 1
    assert first.data == second.data
    assert "X-Seen" not in second.headers
    assert "X-Products" not in second.headers


def test_each_look_is_counted_once_kept_or_not(shop: world.Shop, browser: WerkzeugClient) -> None:
    for address in ("/?utm_source=wx&utm_campaign=qiu", "/p/tea-1/", "/p/tea-1/", "/search/?q=茶"):
        _get(browser, address)
    assert _seen() == [
        ("arrive", "", ""),
        ("browse", "arrive", ""),
        ("view_product", "browse", "TEA-1"),
        ("view_product", "view_product", "TEA-1"),
        ("browse", "view_product", "茶"),
    ]
    rows = Behaviour.objects.all()
    assert {(row.visit, row.source, row.campaign) for row in rows} == {(rows[0].visit, "wx", "qiu")}


def test_a_browser_that_comes_again_is_known_by_a_mark_that_says_nothing_else(
    shop: world.Shop, browser: WerkzeugClient
) -> None:
    first = _get(browser, "/p/tea-1/")
    marks = [one for one in first.headers.getlist("Set-Cookie") if one.startswith("been=")]
    assert [one.partition(";")[0] for one in marks] == ["been=1"]
    browser.delete_cookie("visit", domain="testserver")
    second = _get(browser, "/p/tea-1/", **{"User-Agent": "iPhone Mobile MicroMessenger/8.0"})
    assert any(one.startswith("visit=") for one in second.headers.getlist("Set-Cookie"))
    behaviour.flush()
    rows = Behaviour.objects.filter(step="view_product").order_by("id")
    assert [(row.known, row.device) for row in rows] == [(False, "desktop"), (True, "wechat")]
    assert rows[0].visit != rows[1].visit


def test_where_somebody_came_from_makes_no_other_page(
    shop: world.Shop, browser: WerkzeugClient, kitchen: Kitchen
) -> None:
    _get(browser, "/p/tea-1/?utm_source=a")
    _get(browser, "/p/tea-1/?utm_source=b")
    assert kitchen.asked == 1


def test_languages_are_kept_apart(
    shop: world.Shop, browser: WerkzeugClient, kitchen: Kitchen
) -> None:
    chinese = _get(browser, "/p/tea-1/")
    english = _get(browser, "/p/tea-1/", **{"Accept-Language": "en-GB,en;q=0.9"})
    assert kitchen.asked == 2
    assert b'lang="zh-CN"' in chinese.data
    assert b'lang="en"' in english.data


def test_what_is_personal_is_never_kept(
    shop: world.Shop, browser: WerkzeugClient, kitchen: Kitchen, pages: Pages
) -> None:
    for address in ("/cart/", "/sign-in/", "/me/badge/", "/nope/", "/staff/sign-in/"):
        _get(browser, address)
        _get(browser, address)
    assert kitchen.asked == 10


def test_a_changed_product_drops_its_pages_and_no_others(
    shop: world.Shop, browser: WerkzeugClient, kitchen: Kitchen, pages: Pages
) -> None:
    slug = Category.objects.get().slug
    for address in ("/p/tea-1/", f"/c/{slug}/", "/about/"):
        _get(browser, address)
    pages.drop(str(shop.tea.product_id))
    for address in ("/p/tea-1/", f"/c/{slug}/", "/about/"):
        _get(browser, address)
    assert kitchen.asked == 5


def test_nothing_is_kept_while_news_cannot_be_heard(
    shop: world.Shop, browser: WerkzeugClient, kitchen: Kitchen, pages: Pages
) -> None:
    pages.hear(listening=False)
    _get(browser, "/p/tea-1/")
    _get(browser, "/p/tea-1/")
    assert kitchen.asked == 2


def test_a_page_made_while_something_changed_is_not_kept(
    shop: world.Shop, pages: Pages, kitchen: Kitchen
) -> None:
    def changing(environ: Any, start_response: Any) -> Any:
        answer = kitchen(environ, start_response)
        pages.drop("0")
        return answer

    browser = WerkzeugClient(FrontDesk(changing, pages))
    _get(browser, "/p/tea-1/")
    _get(browser, "/p/tea-1/")
    assert kitchen.asked == 2


def test_it_is_sent_small_to_those_who_can_read_it(
    shop: world.Shop, browser: WerkzeugClient
) -> None:
    plain = _get(browser, "/p/tea-1/")
    zipped = _get(browser, "/p/tea-1/", **{"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert len(zipped.data) < len(plain.data) / 2


@pytest.fixture
def heard(transactional_db: None) -> Iterator[Pages]:
    """Pages that listen to the real database."""
    kept = Pages()
    end = pagenews.listen(kept)
    _wait(lambda: kept.listening)
    yield kept
    end()


def _wait(happened: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


@pytest.mark.parametrize("change", ["price", "name", "shelf", "sold out", "category"])
def test_the_database_says_what_changed(change: str, heard: Pages) -> None:
    shop = world.open_shop()
    kitchen = Kitchen()
    browser = WerkzeugClient(FrontDesk(kitchen, heard))
    time.sleep(0.1)
    _get(browser, "/p/tea-1/")
    _wait(lambda: _kept_now(browser, kitchen))
    before = heard.news
    _change(change, shop)
    _wait(lambda: heard.news > before)
    asked = kitchen.asked
    page = _get(browser, "/p/tea-1/")
    assert kitchen.asked == asked + 1
    wanted = {"price": "138.00", "name": "雨前", "shelf": "已下架", "sold out": "暂时缺货"}
    assert wanted.get(change, "好茶") in page.text


def _kept_now(browser: WerkzeugClient, kitchen: Kitchen) -> bool:
    """News of what the test itself has made may still be on its way."""
    asked = kitchen.asked
    _get(browser, "/p/tea-1/")
    return kitchen.asked == asked


def _change(what: str, shop: world.Shop) -> None:
    product = Product.objects.filter(pk=shop.tea.product_id)
    if what == "price":
        Variant.objects.filter(pk=shop.tea.pk).update(price_fen=13800)
    elif what == "name":
        product.update(name="雨前龙井")
    elif what == "shelf":
        product.update(on_shelf=False)
    elif what == "sold out":
        Stock.objects.filter(variant=shop.tea).update(on_hand=0)
    else:
        Category.objects.update(name="好茶")
