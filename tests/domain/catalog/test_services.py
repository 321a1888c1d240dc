"""Writing the catalogue keeps what lists and search rely on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction

from shangliu.domain.catalog import queries, services
from shangliu.domain.catalog.clashes import clashes
from shangliu.domain.catalog.illustrations import all_keys, illustration_for
from shangliu.domain.catalog.models import Product, Variant
from tests.domain.catalog.goods import GAIWAN, GREEN, SHOP, product, stock_the_shelves

pytestmark = pytest.mark.django_db


def test_what_sold_is_counted_by_product_and_never_below_nothing() -> None:
    stock_the_shelves()
    ids = dict(Variant.objects.values_list("sku", "pk"))

    services.count_sold(quantities={ids["LJ-50"]: 2, ids["LJ-100"]: 3, ids["honey"]: -1})

    sold = dict(Product.objects.values_list("slug", "sold_count"))
    assert (sold["longjing"], sold["honey"], sold["gaiwan"]) == (5, 0, 0)


def test_a_repeat_keeps_what_was_sold() -> None:
    stock_the_shelves()
    Product.objects.update(sold_count=7)

    stock_the_shelves()

    assert set(Product.objects.values_list("sold_count", flat=True)) == {7}


def test_a_renamed_product_is_found_by_its_new_name_only() -> None:
    stock_the_shelves()
    services.import_rows(catalogue=replace(SHOP, products=(replace(GAIWAN, name="白瓷茶碗"),)))

    assert [card.slug for card in queries.search("白瓷").products] == ["gaiwan"]
    assert queries.search("青花").total == 0


def test_an_import_that_breaks_a_rule_of_the_database_leaves_nothing() -> None:
    twice = (product("one", GREEN, 100, code="SAME"), product("two", GREEN, 100, code="SAME"))

    with pytest.raises(IntegrityError), transaction.atomic():
        services.import_rows(catalogue=replace(SHOP, products=twice))

    assert not Product.objects.exists()


def test_values_of_another_source_clash_and_ones_own_do_not() -> None:
    stock_the_shelves()

    assert not any(clashes(SHOP).values())
    assert clashes(replace(SHOP, source="other", products=(GAIWAN,))) == {
        "category": frozenset({"tea", "green", "ware", "food"}),
        "code": frozenset({"GAIWAN"}),
        "slug": frozenset({"gaiwan"}),
        "sku": frozenset({"gaiwan"}),
    }


def test_an_illustration_is_chosen_by_name_then_by_category() -> None:
    assert illustration_for("全棉四件套", ["床品件套", "居家"]) == "category/bedding"
    assert illustration_for("无名", ["毛巾", "居家"]) == "category/towel"
    assert illustration_for("无名", ["无类"]) == "category/general"
    assert len(set(all_keys())) == len(all_keys())
