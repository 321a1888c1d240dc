"""The map in a real browser: a day played, walked over by keys, printed on one page."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from shangliu.insight import rollup
from shangliu.platform import clock
from shangliu.process.roles import Role
from shangliu.web.backoffice import living
from tests.insight import world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
YESTERDAY = (clock.local(clock.now()) - timedelta(days=1)).replace(hour=9, minute=0)


@pytest.fixture(scope="module", autouse=True)
def _beside_the_driver() -> Iterator[None]:
    """The driver's loop runs in this thread; the database may be asked beside it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture
def served(request: pytest.FixtureRequest) -> str:
    """The shop with one order that waits for approval since nine yesterday."""
    call_command("collectstatic", interactive=False, verbosity=0)
    living.forget()
    rollup.forget()
    with clock.at(YESTERDAY):
        world.paid(world.open_shop(), remark="送礼")
    return str(request.getfixturevalue("live_server").url)


@pytest.fixture
def context(browser: Browser, served: str) -> Iterator[BrowserContext]:
    client = Client()
    person = world.staff("operations", Role.OPERATIONS)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    opened = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    (cookie,) = client.cookies.values()
    opened.add_cookies([{"name": cookie.key, "value": cookie.value, "url": served}])
    yield opened
    opened.close()


def player(page: Page, served: str, sheet: str = "processing", *, playing: bool = True) -> Page:
    """The player at the beginning of the day, at rest; it begins by itself where it may move."""
    page.goto(f"{served}/staff/map/{sheet}/?play={YESTERDAY:%Y-%m-%d}")
    page.wait_for_selector("[data-player][data-ready]")
    begun = "1" if playing else ""
    assert (page.locator("[data-player]").get_attribute("data-playing") or "") == begun
    if playing:
        page.locator("[data-play]").click()
        seek(page, 0)
    return page


def seek(page: Page, second: int) -> None:
    page.evaluate(
        "(second) => { const seek = document.querySelector('[data-seek]'); seek.value = second;"
        " seek.dispatchEvent(new Event('input')); }",
        second,
    )


def waiting(page: Page, key: str) -> str:
    return page.locator(f'[data-row="{key}"] [data-cell="waiting"]').text_content() or ""


def test_a_day_is_played_sought_and_paused_by_keys(context: BrowserContext, served: str) -> None:
    page = player(context.new_page(), served)
    dots = page.locator(".dots circle:not([visibility])")
    assert (waiting(page, "order.approve"), dots.count()) == ("0", 0)
    seek(page, 9 * 3600 - 600)
    assert dots.count() > 0
    page.locator("[data-seek]").focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    assert page.locator("[data-time]").text_content() == f"{YESTERDAY:%Y-%m-%d} 09:20"
    assert (waiting(page, "order.approve"), dots.count()) == ("1", 0)
    page.locator("[data-play]").focus()
    page.keyboard.press("Space")
    later = re.compile(r"3[6-9]\d{3}|[4-8]\d{4}")
    expect(page.locator("[data-player]")).to_have_attribute("data-now", later)
    page.keyboard.press("Space")
    stopped = page.locator("[data-player]").get_attribute("data-now")
    page.wait_for_timeout(150)
    assert page.locator("[data-player]").get_attribute("data-now") == stopped
    assert page.locator("[data-play]").get_attribute("aria-label") == "播放"


def test_who_wants_less_motion_gets_steps_of_a_quarter_and_no_dots(
    context: BrowserContext, served: str
) -> None:
    page = context.new_page()
    page.emulate_media(reduced_motion="reduce")
    player(page, served, playing=False)
    assert "每步 15 分钟" in (page.locator("[data-note]").text_content() or "")
    seek(page, 9 * 3600 - 900)
    page.locator("[data-play]").click()
    steps = re.compile(r"32400|33300|34200|35100")
    expect(page.locator("[data-player]")).to_have_attribute("data-now", steps)
    assert page.locator(".dots circle").count() == 0


def test_arrows_walk_enter_opens_and_escape_closes(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    page.goto(f"{served}/staff/map/processing/")
    page.locator('[data-node="order.auto_approve"]').focus()
    page.keyboard.press("ArrowRight")
    here = page.evaluate("document.activeElement.dataset.node")
    assert here != "order.auto_approve"
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.dataset.node") == "order.auto_approve"
    page.keyboard.press("Enter")
    page.wait_for_selector("#panel h2:has-text('规则自动审核')")
    expect(page.locator("#panel")).to_be_focused()
    page.keyboard.press("Escape")
    page.wait_for_selector("#panel", state="hidden")
    assert page.evaluate("document.activeElement.dataset.node") == "order.auto_approve"
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize(
    "address",
    [
        "/staff/?heat=dwell",
        "/staff/map/processing/?compare=1",
        "/staff/map/delivery/",
        "/staff/map/all/",
    ],
)
def test_a_sheet_is_printed_on_exactly_one_page_of_a3(
    context: BrowserContext, served: str, address: str
) -> None:
    page = context.new_page()
    page.goto(served + address)
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type /Page\n", printed)) == 1
    (width, height) = re.search(rb"MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed).groups()  # type: ignore[union-attr]
    assert (round(float(width)), round(float(height))) == (1191, 842)
    page.emulate_media(media="print")
    assert page.locator(".map__print h1").is_visible()
    assert page.locator(".map__sheet svg").is_visible()
    assert not page.locator(".map__bar").is_visible()


def test_the_whole_map_is_printed_in_rows_that_fill_the_page(
    context: BrowserContext, served: str
) -> None:
    page = context.new_page()
    page.goto(f"{served}/staff/map/all/")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 1527, "height": 1062})  # A3 without its edges
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    parts = page.locator(".map__sheet > svg:last-child > svg")
    assert parts.count() == 3
    said = "part => ['x', 'y', 'width', 'height'].map(name => +part.getAttribute(name))"
    first, heads, second = (parts.nth(place).evaluate(said) for place in range(3))
    assert first[:2] == [0, 0]
    assert heads[:2] == [0, second[1]]
    assert heads[0] + heads[2] == second[0]
    assert second[1] > first[3]
    whole = page.locator(".map__sheet > svg:last-child")
    box = whole.bounding_box()
    assert box is not None
    scale = min(box["width"] / first[2], box["height"] / (second[1] + second[3]))
    assert scale * first[2] > 0.95 * 1527
    assert scale * (second[1] + second[3]) > 0.6 * 1062
    assert not page.locator(".map__sheet > svg:first-child").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".map__sheet svg").count() == 1


@pytest.mark.parametrize("address", ["/staff/", "/staff/map/all/"])
def test_the_rows_are_printed_with_their_arrowheads(
    context: BrowserContext, served: str, address: str
) -> None:
    page = context.new_page()
    page.goto(served + address)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 1527, "height": 1062})
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    rows = page.locator(".map__sheet > svg:last-child")
    assert rows.locator("> svg").count() > 1
    drawn = rows.screenshot()
    page.evaluate("document.querySelectorAll('.flow-map marker').forEach(one => one.remove())")
    changed = rows.screenshot() != drawn
    assert changed
