"""Pages of the catalogue: exact rows in a fixed number of statements."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from shangliu.domain.catalog import queries
from shangliu.domain.catalog.models import Product, Variant
from shangliu.domain.catalog.rows import SUGGESTED_PRICE, Facet, FacetValue, Filters
from shangliu.platform.errors import NotFound
from shangliu.platform.money import Money
from tests.domain.catalog.goods import stock_the_shelves

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop() -> None:
    stock_the_shelves()


def test_the_tree_has_every_category_in_order(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(1):
        tree = queries.category_tree()

    assert [(root.slug, [child.slug for child in root.children]) for root in tree.roots] == [
        ("tea", ["green", "ware"]),
        ("food", []),
    ]
    assert [node.name for node in tree.path(tree.by_slug["green"].id)] == ["茶事", "绿茶"]


def test_a_category_shows_what_is_below_it_and_not_what_is_off_the_shelf(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    tree = queries.category_tree()
    with django_assert_num_queries(2):
        page = queries.category_page("tea", tree=tree)

    assert [card.slug for card in page.products] == ["longjing", "biluochun", "maofeng", "gaiwan"]
    assert page.total == 4
    assert page.pages == 1
    assert [node.slug for node in page.breadcrumbs] == ["tea"]
    assert [node.slug for node in page.children] == ["green", "ware"]


def test_a_card_carries_the_lowest_price_and_a_list_price_only_above_it() -> None:
    cards = {card.slug: card for card in queries.category_page("tea").products}

    assert cards["longjing"].price == Money(12800)
    assert cards["longjing"].list_price is None
    assert cards["gaiwan"].price == Money(16800)
    assert cards["gaiwan"].list_price == Money(19800)
    assert cards["longjing"].picture == "demo/longjing"
    assert cards["biluochun"].picture == "category/tea"


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("price", ["maofeng", "biluochun", "longjing"]),
        ("-price", ["longjing", "biluochun", "maofeng"]),
        ("sold", ["maofeng", "longjing", "biluochun"]),
        ("newest", ["maofeng", "biluochun", "longjing"]),
        ("nonsense", ["longjing", "biluochun", "maofeng"]),
    ],
)
def test_a_category_is_sorted_as_asked(sort: str, expected: list[str]) -> None:
    Product.objects.filter(slug="maofeng").update(sold_count=9)

    page = queries.category_page("green", sort=sort)

    assert [card.slug for card in page.products] == expected


def test_pages_are_cut_to_size() -> None:
    page = queries.category_page("green", page=2, size=2)

    assert [card.slug for card in page.products] == ["maofeng"]
    assert (page.total, page.pages) == (3, 2)


def test_facets_count_what_would_remain_with_each_value() -> None:
    chosen = Filters(attributes={"工艺": frozenset({"手工"})})

    page = queries.category_page("green", filters=chosen)

    assert [card.slug for card in page.products] == ["longjing", "biluochun"]
    assert page.facets == (
        Facet(
            name="工艺",
            values=(
                FacetValue(value="手工", count=2, chosen=True),
                FacetValue(value="机制", count=1, chosen=False),
            ),
        ),
        Facet(
            name="产地",
            values=(
                FacetValue(value="杭州", count=1, chosen=False),
                FacetValue(value="苏州", count=1, chosen=False),
            ),
        ),
    )


def test_a_price_range_narrows_a_list() -> None:
    within = Filters(price_from=Money(6000), price_to=Money(13000))

    page = queries.category_page("tea", filters=within)

    assert [card.slug for card in page.products] == ["longjing", "biluochun"]


def test_an_unknown_category_is_not_found() -> None:
    with pytest.raises(NotFound):
        queries.category_page("nowhere")


@pytest.mark.parametrize("asked", ["longjing", "LONGJING"])
def test_a_product_page_has_everything_by_slug_or_code(
    asked: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tree = queries.category_tree()
    with django_assert_num_queries(1):
        page = queries.product_page(asked, tree=tree)

    assert (page.name, page.brand, page.unit, page.on_shelf) == ("明前龙井", "山川集", "罐", True)
    assert [node.slug for node in page.breadcrumbs] == ["tea", "green"]
    assert [(option.name, option.values) for option in page.options] == [
        ("净含量", ("50 克", "100 克"))
    ]
    assert [(row.sku, row.label, row.price, row.list_price) for row in page.variants] == [
        ("LJ-50", "50 克", Money(12800), None),
        ("LJ-100", "100 克", Money(23800), Money(26800)),
    ]
    assert page.attributes == (("产地", "杭州"), ("工艺", "手工"))
    assert page.paragraphs == ["第一段。", "第二段。"]
    assert page.has_choice


def test_a_list_price_says_what_it_is() -> None:
    assert queries.product_page("gaiwan").list_price_basis == SUGGESTED_PRICE
    assert queries.product_page("honey").list_price_basis is None


def test_an_unknown_product_is_not_found() -> None:
    with pytest.raises(NotFound):
        queries.product_page("nothing")


def test_variants_come_with_their_products_and_say_whether_they_can_be_bought(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ids = dict(Variant.objects.values_list("sku", "pk"))
    with django_assert_num_queries(1):
        found = queries.variants_by_id([ids["LJ-100"], ids["hidden"], 0])

    assert set(found) == {ids["LJ-100"], ids["hidden"]}
    longjing = found[ids["LJ-100"]]
    assert (longjing.name, longjing.label, longjing.price) == ("明前龙井", "100 克", Money(23800))
    assert (longjing.list_price, longjing.weight_g) == (Money(26800), 260)
    assert longjing.buyable
    assert not found[ids["hidden"]].buyable


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("龙井", ["longjing"]),
        ("井", ["longjing"]),
        ("西湖春茶", ["longjing"]),
        ("山川集", ["longjing"]),
        ("手工", ["longjing", "biluochun"]),
        ("gaiw", ["gaiwan"]),
        ("ＧＡＩＷＡＮ", ["gaiwan"]),
        ("下架", []),
        ("'; drop", []),
        ("", []),
    ],
)
def test_search_finds_by_any_part_and_only_what_is_on_the_shelf(
    words: str, expected: list[str]
) -> None:
    page = queries.search(words)

    assert [card.slug for card in page.products] == expected
    assert page.total == len(expected)
    assert not page.loosened


def test_search_ranks_a_name_before_a_fact() -> None:
    Product.objects.filter(slug="biluochun").update(sold_count=100)

    assert [card.slug for card in queries.search("杭州").products] == ["longjing"]


def test_search_loosens_when_nothing_has_every_word(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(3):
        page = queries.search("龙井 盖碗")

    assert {card.slug for card in page.products} == {"longjing", "gaiwan"}
    assert page.loosened


def test_the_home_page_shows_the_first_of_every_top_category(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    tree = queries.category_tree()
    with django_assert_num_queries(1):
        sections = queries.home_sections(size=3, tree=tree)

    assert [
        (section.category.slug, [card.slug for card in section.products]) for section in sections
    ] == [("tea", ["longjing", "biluochun", "maofeng"]), ("food", ["honey"])]


def test_what_sells_comes_first_and_neighbours_leave_the_product_out() -> None:
    Product.objects.filter(slug="honey").update(sold_count=5)

    assert [card.slug for card in queries.most_sold(size=2)] == ["honey", "longjing"]
    beside = queries.beside(queries.product_page("longjing"))
    assert [card.slug for card in beside] == ["biluochun", "maofeng"]


def test_a_missing_picture_shows_the_general_illustration() -> None:
    assert queries.picture_url("", 300) == "/media/products/category/general-300.webp"
    assert queries.picture_url("demo/longjing") == "/media/products/demo/longjing-600.webp"
