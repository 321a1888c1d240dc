"""`shangliu import catalogue`: what is wrong is told in full, and then nothing is written."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from shangliu.cli import catalogue
from shangliu.cli.catalogue import Outcome, import_directory
from shangliu.domain.catalog.incoming import Counts
from shangliu.domain.catalog.models import (
    Brand,
    Category,
    OptionValue,
    Product,
    ProductAttribute,
    ProductOption,
    Variant,
)
from shangliu.domain.inventory.models import Stock, StockMovement, Warehouse
from shangliu.platform import env

REAL = Path(__file__).parents[1] / "data" / "catalogue"
GOOD = {
    "categories.csv": "id,parent_id,name\nc1,,茶\nc2,c1,绿茶\n",
    "products.csv": (
        "product_id,code,name,category_id,brand,keywords,unit,list_price,price,on_shelf\n"
        "p1,T-1,龙井,c2,山川,春茶,罐,98.00,88.00,1\n"
        "p2,T-2,碧螺春,c2,,,罐,,66.00,0\n"
    ),
    "variants.csv": (
        "variant_id,product_id,options,price,stock\n"
        "v1,p1,50克 | 绿,88.00,10\n"
        "v2,p1,50克 | 红,90.00,0\n"
        "v3,p2,标准,66.00,7\n"
    ),
    "option_names.csv": (
        "product_id,option,value\np1,规格,50克\np1,颜色,绿\np1,颜色,红\np2,规格,标准\n"
    ),
    "attributes.csv": 'product_id,name,value\np1,产地,杭州\np1,说明,"一\n二"\np2,产地,苏州\n',
}
TABLES = (
    Category,
    Brand,
    Product,
    ProductOption,
    OptionValue,
    Variant,
    ProductAttribute,
    Warehouse,
    Stock,
    StockMovement,
)


def write(directory: Path, *changes: tuple[str, str, str]) -> Path:
    """A good catalogue with pieces of its files replaced: (file, old, new)."""
    for name, text in GOOD.items():
        for file, old, new in changes:
            if file == name:
                assert old in text, (file, old)
                text = text.replace(old, new, 1)  # noqa: PLW2901 - each change builds on the last
        (directory / name).write_text(text, encoding="utf-8")
    return directory


def told(outcome: Outcome) -> list[str]:
    return [str(problem) for problem in outcome.problems]


def assert_nothing_written() -> None:
    assert {table.__name__: table.objects.count() for table in TABLES} == {
        table.__name__: 0 for table in TABLES
    }


C, P, V, N, A = GOOD
BAD = {
    "an empty category name": (
        (C, "c2,c1,绿茶", "c2,c1,"),
        ["categories.csv:3 [name] 不能为空 / It must not be empty"],
    ),
    "a category id twice": (
        (C, "c2,c1,绿茶\n", "c2,c1,绿茶\nc2,c1,白茶\n"),
        ["categories.csv:4 [id] 「c2」 与第 3 行重复 / The same as line 3"],
    ),
    "an unknown parent": (
        (C, "c2,c1", "c2,c9"),
        ["categories.csv:3 [parent_id] 「c9」 没有这个上级分类 / There is no such parent category"],
    ),
    "parents in a circle": (
        (C, "c1,,", "c1,c2,"),
        [
            (
                "categories.csv:2 [parent_id] 「c2」 上级分类绕成了一圈"
                " / The parent categories go in a circle"
            ),
            (
                "categories.csv:3 [parent_id] 「c1」 上级分类绕成了一圈"
                " / The parent categories go in a circle"
            ),
        ],
    ),
    "a name that is too long": (
        (C, "绿茶", "茶" * 41),
        [
            (
                f"categories.csv:3 [name] 「{'茶' * 40}…」 太长，最多 40 个字"
                " / Too long, at most 40 characters"
            )
        ],
    ),
    "a control character": (
        (P, "碧螺春", "碧\x07春"),
        ["products.csv:3 [name] 「碧\x07春」 含有控制字符 / It contains a control character"],
    ),
    "a product id twice": (
        (P, "p2,T-2", "p1,T-2"),
        [
            "option_names.csv:5 [product_id] 「p2」 没有这个商品 / There is no such product",
            "products.csv:3 [product_id] 「p1」 与第 2 行重复 / The same as line 2",
            "variants.csv:4 [product_id] 「p2」 没有这个商品 / There is no such product",
            "attributes.csv:5 [product_id] 「p2」 没有这个商品 / There is no such product",
        ],
    ),
    "a code twice": (
        (P, "p2,T-2", "p2,T-1"),
        [
            "products.csv:3 [code] 「T-1」 与第 2 行重复 / The same as line 2",
            "products.csv:3 [slug] 与第 2 行重复 / The same as line 2",
        ],
    ),
    "no product name": (
        (P, "碧螺春", " "),
        ["products.csv:3 [name] 「 」 不能为空 / It must not be empty"],
    ),
    "an unknown category": (
        (P, "碧螺春,c2", "碧螺春,c7"),
        ["products.csv:3 [category_id] 「c7」 没有这个分类 / There is no such category"],
    ),
    "a price with one decimal": (
        (P, "66.00", "66.5"),
        [
            (
                "products.csv:3 [price] 「66.5」 价格要写成带两位小数的元，如 12.50"
                " / Write yuan with two decimals, as 12.50"
            )
        ],
    ),
    "a price in words": (
        (V, "66.00", "六十六"),
        [
            (
                "variants.csv:4 [price] 「六十六」 价格要写成带两位小数的元，如 12.50"
                " / Write yuan with two decimals, as 12.50"
            )
        ],
    ),
    "a negative price": (
        (V, "66.00", "-1.00"),
        ["variants.csv:4 [price] 「-1.00」 价格要大于 0 / The price must be above 0"],
    ),
    "a price of nothing": (
        (P, "98.00", "0.00"),
        ["products.csv:2 [list_price] 「0.00」 价格要大于 0 / The price must be above 0"],
    ),
    "no price": (
        (P, "66.00", ""),
        ["products.csv:3 [price] 不能为空 / It must not be empty"],
    ),
    "a price beyond all measure": (
        (V, "66.00", "10000000.01"),
        [
            (
                "variants.csv:4 [price] 「10000000.01」 价格超过一千万元"
                " / The price is above ten million yuan"
            )
        ],
    ),
    "a shelf flag in words": (
        (P, "66.00,0", "66.00,否"),
        ["products.csv:3 [on_shelf] 「否」 只能写 1 或 0 / Write 1 or 0"],
    ),
    "a product without variants": (
        (V, "v3,p2,标准,66.00,7\n", ""),
        [
            (
                "products.csv:3 [product_id] 「p2」 商品没有规格（见 variants.csv）"
                " / It has no variant in variants.csv"
            )
        ],
    ),
    "stock that is no whole number": (
        (V, "66.00,7", "66.00,7.5"),
        ["variants.csv:4 [stock] 「7.5」 要写成不小于 0 的整数 / Write a whole number, 0 or more"],
    ),
    "negative stock": (
        (V, "66.00,7", "66.00,-7"),
        ["variants.csv:4 [stock] 「-7」 要写成不小于 0 的整数 / Write a whole number, 0 or more"],
    ),
    "stock beyond all measure": (
        (V, "66.00,7", "66.00,100000001"),
        [
            (
                "variants.csv:4 [stock] 「100000001」 数字超过一亿"
                " / The number is above a hundred million"
            )
        ],
    ),
    "a variant id twice": (
        (V, "v2,p1", "v1,p1"),
        ["variants.csv:3 [variant_id] 「v1」 与第 2 行重复 / The same as line 2"],
    ),
    "a choice twice": (
        (V, "50克 | 红", "50克 | 绿"),
        ["variants.csv:3 [options] 「50克 | 绿」 与第 2 行重复 / The same as line 2"],
    ),
    "too few options": (
        (V, "50克 | 红", "50克"),
        [
            (
                "variants.csv:3 [options] 「50克」 有 1 个取值，商品有 2 个选项"
                "（见 option_names.csv）"
                " / 1 values, the product has 2 options (see option_names.csv)"
            )
        ],
    ),
    "an option's value that is not listed": (
        (V, "50克 | 红", "50克 | 蓝"),
        [
            (
                "variants.csv:3 [options] 「50克 | 蓝」 选项「颜色」没有取值「蓝」"
                "（见 option_names.csv） / Option 颜色 has no value 蓝 (see option_names.csv)"
            )
        ],
    ),
    "an option's value twice": (
        (N, "p1,颜色,红\n", "p1,颜色,红\np1,颜色,红\n"),
        ["option_names.csv:5 [value] 「红」 这个取值已经有了 / The option already has this value"],
    ),
    "an attribute without a name": (
        (A, "p2,产地,苏州", "p2,,苏州"),
        ["attributes.csv:5 [name] 不能为空 / It must not be empty"],
    ),
    "an attribute of no product": (
        (A, "p2,产地,苏州", "p8,产地,苏州"),
        ["attributes.csv:5 [product_id] 「p8」 没有这个商品 / There is no such product"],
    ),
    "a line with a cell too many": (
        (A, "p2,产地,苏州", "p2,产地,苏州,吴中"),
        [
            (
                "attributes.csv:5 「p2,产地,苏州,吴中」 这一行有 4 格，表头有 3 格"
                " / This line has 4 cells, the header has 3"
            )
        ],
    ),
    "a column that is missing": (
        (C, "id,parent_id,name", "id,parent_id,title"),
        [
            "categories.csv:1 [name] 表头缺这一列 / The header lacks it",
            "categories.csv:1 [title] 不认识的列 / An unknown column",
        ],
    ),
    "a column twice": (
        (C, "id,parent_id,name", "id,parent_id,name,name"),
        ["categories.csv:1 [name] 表头里这一列出现了两次 / The header names this column twice"],
    ),
    "a NUL": (
        (A, "杭州", "杭\0州"),
        ["attributes.csv:2 含有空字符（NUL） / It contains a NUL character"],
    ),
    "a quotation mark that is not closed": (
        (A, '二"\np2,产地,苏州\n', "二\np2,产地,苏州\n"),
        [
            (
                "attributes.csv:3 「unexpected end of data」 引号没有配对，从这一行起读不下去"
                " / A quotation mark has no partner; reading stopped at this line"
            )
        ],
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("change", "expected"), BAD.values(), ids=BAD)
def test_a_bad_row_is_told_with_its_place_and_nothing_is_written(
    tmp_path: Path, change: tuple[str, str, str], expected: list[str]
) -> None:
    outcome = import_directory(write(tmp_path, change))

    assert sorted(told(outcome)) == sorted(expected)
    assert outcome.imported is None
    assert_nothing_written()


@pytest.mark.django_db
def test_every_problem_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, (C, "c2,c1,绿茶", "c2,c1,"), (P, "66.00,0", "66,2"), (V, "88.00,10", "0.00,x"))

    outcome = import_directory(tmp_path)

    assert [(one.file, one.line, one.column) for one in outcome.problems] == [
        ("categories.csv", 3, "name"),
        ("products.csv", 3, "price"),
        ("products.csv", 3, "on_shelf"),
        ("variants.csv", 2, "stock"),
        ("variants.csv", 2, "price"),
    ]
    assert_nothing_written()


@pytest.mark.django_db
def test_a_missing_file_is_told(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "variants.csv").unlink()

    assert told(import_directory(tmp_path)) == [
        "variants.csv 找不到这个文件 / This file is missing"
    ]
    assert_nothing_written()


@pytest.mark.django_db
def test_an_empty_file_is_told(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "attributes.csv").write_text("")

    assert told(import_directory(tmp_path)) == [
        "attributes.csv:1 文件是空的，缺表头 / The file is empty, it has no header"
    ]
    assert_nothing_written()


@pytest.mark.django_db
def test_a_file_in_another_encoding_is_told_with_the_line(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "categories.csv").write_bytes("id,parent_id,name\nc1,,茶\n".encode("gbk"))

    assert told(import_directory(tmp_path)) == [
        (
            "categories.csv:2 「b2 e8 0a」 不是 UTF-8 编码，请另存为 UTF-8"
            " / Not UTF-8; save the file as UTF-8"
        )
    ]
    assert_nothing_written()


@pytest.mark.django_db
def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    write(tmp_path)
    for name, text in GOOD.items():
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())

    assert import_directory(tmp_path).problems == ()
    assert ProductAttribute.objects.get(name="说明").value == "一\n二"


@pytest.mark.django_db
def test_a_good_catalogue_comes_in_whole(tmp_path: Path) -> None:
    outcome = import_directory(write(tmp_path))

    assert outcome.imported is not None
    assert outcome.imported.products == Counts(new=2)
    product = Product.objects.get(code="T-1")
    assert (product.name, product.category.name, product.price_fen, product.on_shelf) == (
        "龙井",
        "绿茶",
        8800,
        True,
    )
    assert product.category.parent == Category.objects.get(name="茶")
    assert product.brand == Brand.objects.get(name="山川")
    assert list(product.variants.values_list("sku", "values", "price_fen")) == [
        ("p1-v1", [["规格", "50克"], ["颜色", "绿"]], 8800),
        ("p1-v2", [["规格", "50克"], ["颜色", "红"]], 9000),
    ]
    assert list(product.options.values_list("name", "values__value")) == [
        ("规格", "50克"),
        ("颜色", "绿"),
        ("颜色", "红"),
    ]
    assert not Product.objects.get(code="T-2").on_shelf
    assert dict(Stock.objects.values_list("variant__sku", "on_hand")) == {
        "p1-v1": 10,
        "p1-v2": 0,
        "p2-v3": 7,
    }


@pytest.mark.django_db
def test_a_dry_run_counts_and_writes_nothing(tmp_path: Path) -> None:
    outcome = import_directory(write(tmp_path), dry_run=True)

    assert outcome.imported is not None
    assert outcome.imported.variants == Counts(new=3)
    assert outcome.stocked == 3
    assert_nothing_written()


@pytest.mark.django_db
def test_a_second_import_doubles_nothing_and_leaves_stock_alone(tmp_path: Path) -> None:
    import_directory(write(tmp_path))
    before = {table.__name__: table.objects.count() for table in TABLES}
    write(tmp_path, (V, "66.00,7", "66.00,70"))

    again = import_directory(tmp_path)

    assert again.imported is not None
    assert again.imported.categories == Counts(unchanged=2)
    assert again.imported.products == Counts(unchanged=2)
    assert again.imported.variants == Counts(unchanged=3)
    assert again.imported.attributes == Counts(unchanged=3)
    assert again.stocked == 0
    assert {table.__name__: table.objects.count() for table in TABLES} == before
    assert Stock.objects.get(variant__sku="p2-v3").on_hand == 7


@pytest.mark.django_db
def test_a_changed_row_is_updated_in_place(tmp_path: Path) -> None:
    import_directory(write(tmp_path))
    pk = Product.objects.get(code="T-2").pk
    write(tmp_path, (P, "碧螺春", "洞庭碧螺春"), (V, "标准,66.00", "标准,60.00"))

    again = import_directory(tmp_path)

    assert again.imported is not None
    assert again.imported.products == Counts(updated=1, unchanged=1)
    assert again.imported.variants == Counts(updated=1, unchanged=2)
    product = Product.objects.get(pk=pk)
    assert (product.name, product.price_fen) == ("洞庭碧螺春", 6000)


@pytest.mark.django_db
def test_a_variant_that_is_gone_is_withdrawn_and_kept(tmp_path: Path) -> None:
    import_directory(write(tmp_path))
    write(tmp_path, (V, "v2,p1,50克 | 红,90.00,0\n", ""))

    again = import_directory(tmp_path)

    assert again.imported is not None
    assert again.imported.withdrawn == 1
    assert not Variant.objects.get(sku="p1-v2").active


@pytest.mark.django_db
def test_stock_is_counted_again_only_when_asked(tmp_path: Path) -> None:
    import_directory(write(tmp_path))
    write(tmp_path, (V, "66.00,7", "66.00,4"))

    again = import_directory(tmp_path, stock=True)

    assert again.stocked == 1
    stock = Stock.objects.get(variant__sku="p2-v3")
    assert stock.on_hand == 4
    assert list(stock.movements.order_by("id").values_list("kind", "on_hand")) == [
        ("receive", 7),
        ("adjust", -3),
    ]


@pytest.mark.django_db
def test_a_count_below_what_is_claimed_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    import_directory(write(tmp_path))
    Stock.objects.filter(variant__sku="p2-v3").update(held=3, committed=2)
    write(tmp_path, (V, "66.00,7", "66.00,4"), (P, "碧螺春", "洞庭碧螺春"))

    again = import_directory(tmp_path, stock=True)

    assert told(again) == [
        (
            "variants.csv:4 [stock] 「4」 低于已被订单和购物车占用的 5 件"
            " / Below the 5 units that orders and carts have a claim on"
        )
    ]
    assert Stock.objects.get(variant__sku="p2-v3").on_hand == 7
    assert Product.objects.get(code="T-2").name == "碧螺春"


@pytest.mark.django_db
def test_what_another_source_already_has_is_refused_at_its_row(tmp_path: Path) -> None:
    import_directory(write(tmp_path))

    other = import_directory(tmp_path, source="other")

    taken = "已被别处的数据占用 / Something from another source already has it"
    assert told(other) == [
        f"categories.csv:2 [slug] {taken}",
        f"categories.csv:3 [slug] {taken}",
        f"products.csv:2 [code] 「T-1」 {taken}",
        f"products.csv:3 [code] 「T-2」 {taken}",
        f"variants.csv:2 [sku] {taken}",
        f"variants.csv:3 [sku] {taken}",
        f"variants.csv:4 [sku] {taken}",
    ]
    assert Product.objects.count() == 2


@pytest.mark.django_db
def test_the_real_catalogue_comes_in_whole_and_once() -> None:
    first = import_directory(REAL)
    again = import_directory(REAL)

    assert first.problems == ()
    assert first.imported is not None
    assert again.imported is not None
    assert first.imported.categories == Counts(new=93)
    assert first.imported.products == Counts(new=239)
    assert first.imported.variants == Counts(new=244)
    assert first.imported.attributes == Counts(new=861)
    assert again.imported.products == Counts(unchanged=239)
    assert again.imported.attributes == Counts(unchanged=861)
    assert [table.objects.count() for table in (Category, Product, Variant, ProductAttribute)] == [
        93,
        239,
        244,
        861,
    ]
    assert Product.objects.filter(on_shelf=False).count() == 1
    assert ProductAttribute.objects.filter(value__contains="\n").count() == 99
    assert Stock.objects.get(variant__sku="1181000-6").on_hand == 0


@pytest.mark.django_db
def test_the_command_prints_the_problems_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, (V, "66.00,7", "66.00,x"))

    status = catalogue.run(env.read({"DATA_DIR": str(tmp_path / "var")}), arguments(str(tmp_path)))

    assert status == 1
    assert capsys.readouterr().out.splitlines() == [
        "variants.csv:4 [stock] 「x」 要写成不小于 0 的整数 / Write a whole number, 0 or more",
        "共 1 处不对，什么都没有写入。 / 1 problems; nothing was written.",
    ]


@pytest.mark.django_db
def test_the_command_prints_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = catalogue.run(
        env.read({"DATA_DIR": str(tmp_path / "var")}),
        arguments(str(write(tmp_path)), "--dry-run"),
    )

    assert status == 0
    assert capsys.readouterr().out.splitlines() == [
        "分类：新增 2，更新 0，未变 0 / categories: 2 new, 0 updated, 0 unchanged",
        "商品：新增 2，更新 0，未变 0 / products: 2 new, 0 updated, 0 unchanged",
        "规格：新增 3，更新 0，未变 0 / variants: 3 new, 0 updated, 0 unchanged",
        "属性：新增 3，更新 0，未变 0 / attributes: 3 new, 0 updated, 0 unchanged",
        "停售规格 0，写入库存的规格 3 / variants withdrawn 0, stocked 3",
        "这是试运行，什么都没有写入。 / This was a dry run; nothing was written.",
    ]


def arguments(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    catalogue.add_parser(parser.add_subparsers())
    return parser.parse_args(["catalogue", *argv])
