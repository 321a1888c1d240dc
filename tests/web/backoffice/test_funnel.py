"""The funnel's pages: the same numbers everywhere, each leading to its visits, nobody exposed."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.test import Client

from shangliu.domain.cart.models import Cart
from shangliu.domain.orders.models import Order, Trade
from shangliu.flow.cart import services as carts
from shangliu.flow.policies import Policies
from shangliu.flow.timers import run_due
from shangliu.insight.models import Behaviour
from shangliu.platform import clock
from shangliu.process.roles import Role
from shangliu.web import visits
from tests.insight import world
from tests.web.backoffice.conftest import Enter


def seen(name: str, *steps: str, **where: object) -> str:
    code = name.ljust(32, "0")
    for number, step in enumerate(("arrive", *steps)):
        Behaviour.objects.create(
            at=clock.now() + timedelta(seconds=number),
            visit=code,
            step=step,
            about="TEA-1" if step == "view_product" else "",
            **{"source": "baidu", "device": "mobile", "known": False, **where},
        )
    return code


@pytest.fixture
def visited(shop: world.Shop) -> world.Shop:
    """Four visits of an hour ago: one left at once, two looked, one paid."""
    with clock.at(clock.now() - timedelta(hours=1)):
        seen("gone")
        seen("looked", "view_product")
        seen("looked2", "view_product", device="desktop", source="douyin")
        code = seen("paid", "view_product", "preview")
        order = world.paid(shop)
    Trade.objects.filter(pk=order.trade_id).update(visit=code)
    Cart.objects.filter(case_no=order.trade.cart_case).update(visit=code)
    return shop


def abandoned(shop: world.Shop, *, user_id: int | None, visit: str = "", pieces: int = 2) -> Cart:
    """A cart that nobody touched for longer than carts are waited for."""
    with clock.at(clock.now() - Policies.ABANDONED.span - timedelta(hours=2)):
        cart = carts.add(
            token=carts.new_token() if user_id is None else "",
            user_id=user_id,
            visit=visit,
            variant_id=shop.tea.pk,
            quantity=pieces,
        )
    for _ in range(3):
        run_due()
    cart.refresh_from_db()
    assert cart.state == "abandoned"
    return cart


def numbers(page: str) -> list[str]:
    return re.findall(r'class="fall__count num">(\d+)<', page)


def lost(page: str) -> list[str]:
    return re.findall(r'到此为止 <strong class="num">(\d+)</strong>', page)


def listed(page: str) -> set[str]:
    return {code.rstrip("0") for code in re.findall(r'data-visit="(\w{32})"', page)}


def test_the_funnel_shows_how_far_visits_came_and_where_they_ended(
    visited: world.Shop, enter: Enter
) -> None:
    page = enter(Role.OPERATIONS).get("/staff/funnel/").content.decode()
    assert numbers(page) == ["4", "3", "1", "1", "1", "1"]
    assert lost(page) == ["1", "2", "0", "0", "0"]
    assert "百度" in page
    assert "数量太少" in page or "前一时段没有访问" in page


def test_a_filter_in_the_address_narrows_everything(visited: world.Shop, enter: Enter) -> None:
    client = enter(Role.OPERATIONS)
    page = client.get("/staff/funnel/?device=desktop&by=source").content.decode()
    assert numbers(page) == ["1", "1", "0", "0", "0", "0"]
    assert "抖音" in page
    assert "百度" not in page


def test_days_of_ones_own_are_compared_with_those_before(visited: world.Shop, enter: Enter) -> None:
    today = clock.local(clock.now() - timedelta(hours=1)).date()
    client = enter(Role.OPERATIONS)
    page = client.get(f"/staff/funnel/?from={today}&to={today}").content.decode()
    assert numbers(page)[0] == "4"
    later = today + timedelta(days=1)
    page = client.get(f"/staff/funnel/?from={later}&to={later}").content.decode()
    assert "上一时段 4" in page


def test_a_loss_leads_to_exactly_its_visits_and_what_they_did_last(
    visited: world.Shop, enter: Enter
) -> None:
    client = enter(Role.SERVICE)
    page = client.get("/staff/funnel/").content.decode()
    (href,) = re.findall(r'class="fall__lost" href="([^"]*step=visit.view_product)"', page)
    found = client.get(href.replace("&amp;", "&")).content.decode()
    assert listed(found) == {"looked", "looked2"}
    assert "龙井 250 克" in found
    only = client.get("/staff/funnel/sessions/?step=visit.arrive").content.decode()
    assert listed(only) == {"gone"}
    assert client.get("/staff/funnel/sessions/?step=nothing.at_all").status_code == 404


def test_the_list_of_visits_shows_what_lies_in_their_carts(shop: world.Shop, enter: Enter) -> None:
    code = seen("filled", "view_product")
    carts.add(token=carts.new_token(), user_id=None, visit=code, variant_id=shop.tea.pk, quantity=3)
    page = enter(Role.SERVICE).get("/staff/funnel/sessions/?step=cart.add").content.decode()
    assert listed(page) == {"filled"}
    assert "¥384.00" in page


def test_more_visits_than_a_page_holds_go_on_without_gap_or_repeat(
    shop: world.Shop, enter: Enter
) -> None:
    for number in range(53):
        seen(f"v{number}x")
    client = enter(Role.SERVICE)
    first = client.get("/staff/funnel/sessions/?step=visit.arrive").content.decode()
    (href,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = client.get("/staff/funnel/sessions/" + href.replace("&amp;", "&")).content.decode()
    assert (len(listed(first)), len(listed(second))) == (50, 3)
    assert listed(first).isdisjoint(listed(second))


def test_a_visit_is_drawn_on_the_map_with_its_cart_and_order(
    visited: world.Shop, enter: Enter
) -> None:
    code = "paid".ljust(32, "0")
    page = enter(Role.SERVICE).get(f"/staff/map/all/?visit={code}").content.decode()
    assert "flow-map traced" in page
    for node in ("visit.view_product", "cart.add", "order.pay"):
        assert re.search(rf'class="node [^"]*visited[^"]*" data-node="{re.escape(node)}"', page)


def test_the_overview_has_the_same_funnel_and_a_choice_of_break_down(
    visited: world.Shop, enter: Enter
) -> None:
    client = enter(Role.SERVICE)
    page = client.get("/staff/map/?period=7d&by=device").content.decode()
    box = page[page.index("funnel-box") :]
    rows = re.findall(r'<td class="end num">(\d+)</td>', box[: box.index("</table>")])
    full = client.get("/staff/funnel/?period=7d").content.decode()
    assert rows == numbers(full)
    assert "手机" in box
    assert "/staff/funnel/?by=device&amp;period=7d" in box


def test_the_panel_of_a_step_says_how_many_visits_ended_there(
    visited: world.Shop, enter: Enter
) -> None:
    client = enter(Role.SERVICE)
    panel = client.get("/staff/map/panel/?node=visit.view_product&period=7d").content.decode()
    assert "2 · 66.7%" in panel
    assert "step=visit.view_product" in panel


def test_left_carts_show_value_source_stock_and_nobodys_number(
    shop: world.Shop, enter: Enter
) -> None:
    buyer = world.buyer("+8613812345678")
    code = seen("left", "view_product")
    abandoned(shop, user_id=buyer.pk, visit=code)
    abandoned(shop, user_id=None, pieces=1)
    page = enter(Role.SERVICE).get("/staff/funnel/carts/").content.decode()
    assert "¥384.00" in page
    assert "龙井 250 克 × 2" in page
    assert "138****5678" in page
    assert "13812345678" not in page
    assert "李小满" not in page
    assert "百度" in page
    assert "已释放" in page
    assert "访客没有留下联系方式" in page
    assert f"/staff/customers/{buyer.pk}/" in page


def test_a_cart_that_is_used_again_is_no_longer_lost(shop: world.Shop, enter: Enter) -> None:
    cart = abandoned(shop, user_id=None)
    client = enter(Role.SERVICE)
    assert "¥256.00" in client.get("/staff/funnel/carts/").content.decode()
    carts.add(token=cart.token, user_id=None, visit="", variant_id=shop.tea.pk, quantity=1)
    assert "没有放弃的购物车" in client.get("/staff/funnel/carts/").content.decode()


def test_left_carts_are_taken_away_as_a_file_by_those_who_may(
    shop: world.Shop, enter: Enter
) -> None:
    cart = abandoned(shop, user_id=world.buyer().pk)
    assert enter(Role.WAREHOUSE).get("/staff/funnel/carts.csv").status_code == 403
    answer = enter(Role.OPERATIONS).get("/staff/funnel/carts.csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 2
    assert (rows[1][0], rows[1][2], rows[1][3]) == (cart.case_no, "256.00", "2")
    assert "13800138000" not in answer.content.decode()


def test_the_pages_are_for_staff_only(db: None) -> None:
    for address in ("/staff/funnel/", "/staff/funnel/sessions/", "/staff/funnel/carts/"):
        answer = Client().get(address)
        assert answer["Location"] == f"/staff/sign-in/?next={quote(address, safe='')}"


def test_the_device_is_read_from_the_browsers_name() -> None:
    assert visits.device_of("Mozilla/5.0 (iPhone) Mobile MicroMessenger/8.0") == "wechat"
    assert visits.device_of("Mozilla/5.0 (iPhone) Mobile Safari") == "mobile"
    assert visits.device_of("Mozilla/5.0 (iPad) Safari") == "tablet"
    assert visits.device_of("Mozilla/5.0 (X11; Linux) Firefox") == "desktop"


def test_the_cookie_of_a_visit_carries_whether_the_browser_was_here_before() -> None:
    for known in (True, False, None):
        visit = visits.begin(query="", referrer="", host="shop.example", known=known)
        assert visits.read(visit.cookie()) == visit
    old = "|".join(["a" * 32, "browse", "baidu", "", "", ""])
    kept = visits.read(old)
    assert kept is not None
    assert (kept.source, kept.known) == ("baidu", None)


def test_orders_made_without_a_visit_are_not_in_the_funnel(shop: world.Shop, enter: Enter) -> None:
    world.paid(shop)
    assert Order.objects.exists()
    page = enter(Role.SERVICE).get("/staff/funnel/").content.decode()
    assert "这段时间没有访问" in page


def test_the_map_shows_the_funnel_of_hours_of_ones_own_and_leads_to_the_same(
    visited: world.Shop, enter: Enter
) -> None:
    client = enter(Role.OPERATIONS)
    since = clock.local(clock.now() - timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
    own = f"since={since:%Y-%m-%dT%H:%M}&until={since + timedelta(hours=2):%Y-%m-%dT%H:%M}"
    page = client.get(f"/staff/map/overview/?{own}&by=device").content.decode()
    box = page.partition('class="box funnel-box"')[2].partition("</section>")[0]
    assert re.findall(r'__bar.*?num">(\d+)<', box) == ["4", "3", "1", "1", "1", "1"]
    (whole,) = re.findall(r'class="funnel-box__all" href="([^"]+)"', box)
    assert numbers(client.get(whole.replace("&amp;", "&")).content.decode())[0] == "4"
    (by,) = re.findall(r'href="(\?[^"]*by=source)"', box)
    again = client.get("/staff/map/overview/" + by.replace("&amp;", "&")).content.decode()
    assert 'class="box funnel-box"' in again
    assert f"since={since:%Y-%m-%dT%H:%M}" in by
    earlier = since - timedelta(days=1)
    empty = f"since={earlier:%Y-%m-%dT%H:%M}&until={earlier + timedelta(hours=2):%Y-%m-%dT%H:%M}"
    page = client.get(f"/staff/map/overview/?{empty}").content.decode()
    box = page.partition('class="box funnel-box"')[2].partition("</section>")[0]
    assert re.findall(r'__bar.*?num">(\d+)<', box) == ["0"] * 6
