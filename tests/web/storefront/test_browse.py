"""Looking around: what a visitor finds, and what search engines are told."""

from __future__ import annotations

import json
import re

import pytest
from pytest_django import DjangoAssertNumQueries

from shangliu.domain.catalog.models import Category, Product, ProductAttribute
from shangliu.domain.inventory.models import Stock
from tests.insight import world
from tests.web.storefront.walker import Walker

pytestmark = pytest.mark.django_db


def _facts(walker: Walker, kind: str) -> dict[str, object]:
    scripts = r'<script type="application/ld\+json">(.*?)</script>'
    found = re.findall(scripts, walker.html, re.DOTALL)
    return next(one for one in map(json.loads, found) if one["@type"] == kind)


def test_home_shows_the_goods_of_every_category(shop: world.Shop, walker: Walker) -> None:
    walker.get("/")
    assert walker.page.status_code == 200
    assert "龙井 250 克" in walker.text
    assert 'href="/p/tea-1/"' in walker.html


def test_an_empty_shop_says_so(walker: Walker) -> None:
    walker.get("/")
    assert walker.page.status_code == 200
    assert "还没有商品" in walker.text


def test_a_category_page_costs_four_statements(
    shop: world.Shop, walker: Walker, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    slug = Category.objects.get().slug
    with django_assert_num_queries(4):
        walker.get(f"/c/{slug}/")
    assert "2 件商品" in walker.text


def test_a_product_page_costs_a_fixed_number_of_statements(
    shop: world.Shop, walker: Walker, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    walker.get("/p/tea-1/")
    with django_assert_num_queries(5):
        walker.get("/p/tea-1/")


def test_a_filter_narrows_the_list_and_can_be_taken_away(shop: world.Shop, walker: Walker) -> None:
    for sku, place in (("TEA-1", "杭州"), ("CUP-1", "龙泉")):
        ProductAttribute.objects.create(
            product=Product.objects.get(code=sku), name="产地", value=place, position=1
        )
    slug = Category.objects.get().slug
    walker.get(f"/c/{slug}/?f=产地:龙泉")
    assert "1 件商品" in walker.text
    assert "青瓷杯" in walker.text
    assert 'href="/p/tea-1/"' not in walker.html
    walker.get(f"/c/{slug}/?f=产地:火星")
    assert "没有符合条件的商品" in walker.text


def test_prices_sort_both_ways(shop: world.Shop, walker: Walker) -> None:
    slug = Category.objects.get().slug
    for sort, first in (("price", "tea-1"), ("-price", "cup-1")):
        walker.get(f"/c/{slug}/?sort={sort}")
        assert re.findall(r'href="/p/([a-z0-9-]+)/"', walker.html)[0] == first


def test_search_finds_by_a_word_and_helps_when_it_finds_nothing(
    shop: world.Shop, walker: Walker
) -> None:
    walker.get("/search/?q=量子计算机")
    assert walker.page.status_code == 200
    assert "没有找到相关商品" in walker.text
    assert "大家在买" in walker.text


@pytest.mark.parametrize(
    "address", ["/c/nowhere/", "/p/nothing/", "/nope/", "/orders/S1/", "/after-sales/H1/"]
)
def test_what_is_not_there_is_a_page_that_helps(
    address: str, shop: world.Shop, walker: Walker
) -> None:
    walker.get(address)
    assert walker.page.status_code == 404
    assert "没有找到这个页面" in walker.text


@pytest.mark.parametrize(
    "asked", ["page=0", "page=x", "page=99999999999", "low=abc", "sort=drop", "f=x"]
)
def test_odd_parameters_do_no_harm(asked: str, shop: world.Shop, walker: Walker) -> None:
    slug = Category.objects.get().slug
    for address in (f"/c/{slug}/?{asked}", f"/search/?q=茶&{asked}"):
        assert walker.get(address).status_code == 200


def test_what_is_typed_is_not_run(shop: world.Shop, walker: Walker) -> None:
    walker.get("/search/?q=<script>alert(1)</script>")
    assert "<script>alert(1)" not in walker.html


def test_the_product_page_tells_search_engines_the_price_that_people_see(
    shop: world.Shop, walker: Walker
) -> None:
    walker.get("/p/tea-1/")
    facts = _facts(walker, "Product")
    assert facts["offers"] == {
        "@type": "Offer",
        "priceCurrency": "CNY",
        "availability": "https://schema.org/InStock",
        "url": "http://testserver/p/tea-1/",
        "price": "128.00",
    }
    assert '<link rel="canonical" href="http://testserver/p/tea-1/">' in walker.html
    crumbs = _facts(walker, "BreadcrumbList")["itemListElement"]
    assert isinstance(crumbs, list)
    assert crumbs[-1] == {"@type": "ListItem", "position": 3, "name": "龙井 250 克"}


def test_a_name_cannot_end_the_script_that_holds_it(shop: world.Shop, walker: Walker) -> None:
    Product.objects.filter(code="TEA-1").update(name="</script><b>x")
    walker.get("/p/tea-1/")
    assert "</script><b>x" not in walker.html
    assert _facts(walker, "Product")["name"] == "</script><b>x"


def test_sold_out_goods_are_marked_and_cannot_be_bought(shop: world.Shop, walker: Walker) -> None:
    Stock.objects.filter(variant=shop.tea).update(on_hand=0)
    walker.get("/p/tea-1/")
    assert "暂时缺货" in walker.text
    assert "立即购买" not in walker.text
    assert _facts(walker, "Product")["offers"]["availability"] == "https://schema.org/OutOfStock"  # type: ignore[index]
    walker.get("/")
    assert walker.html.count("已售完") == 2


def test_few_are_told_to_the_piece(shop: world.Shop, walker: Walker) -> None:
    Stock.objects.filter(variant=shop.tea, warehouse=shop.far).update(on_hand=0)
    Stock.objects.filter(variant=shop.tea, warehouse=shop.near).update(on_hand=3)
    walker.get("/p/tea-1/")
    assert "仅剩 3 件" in walker.text


def test_the_site_map_lists_what_is_on_the_shelf(shop: world.Shop, walker: Walker) -> None:
    Product.objects.filter(code="CUP-1").update(on_shelf=False)
    walker.get("/sitemap.xml")
    assert walker.page["Content-Type"] == "application/xml; charset=utf-8"
    assert "<loc>http://testserver/p/tea-1/</loc>" in walker.html
    assert "cup-1" not in walker.html
    walker.get("/robots.txt")
    assert "Disallow: /checkout/" in walker.html
    assert "Sitemap: http://testserver/sitemap.xml" in walker.html


def test_a_public_page_holds_nothing_of_the_person_who_looks(
    shop: world.Shop, walker: Walker, other: Walker
) -> None:
    walker.sign_in("13800138000")
    walker.put_in_cart(shop.tea.pk)
    for address in ("/", "/p/tea-1/", "/categories/", "/about/"):
        assert walker.get(address).content == other.get(address).content


def test_pages_say_what_they_may_load(shop: world.Shop, walker: Walker) -> None:
    policy = walker.get("/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy


def test_the_language_is_kept_and_leads_nowhere_else(shop: world.Shop, walker: Walker) -> None:
    answer = walker.client.get("/language/?to=en&next=https://evil.example/")
    assert answer["Location"] == "/"
    assert walker.client.cookies["django_language"].value == "en"
    assert '<html lang="en">' in walker.get("/").content.decode()
    assert walker.client.get("/language/?to=xx").cookies.get("django_language") is None
