"""Checking a catalogue of CSV files as a whole before a single row of it is written."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from shangliu.cli.catalogue_cells import flag, number, once, price, slug, text
from shangliu.cli.catalogue_files import Columns, Report, Row, read
from shangliu.domain.catalog.incoming import (
    Catalogue,
    IncomingCategory,
    IncomingProduct,
    IncomingVariant,
)
from shangliu.domain.catalog.models import DEFAULT_WEIGHT_G
from shangliu.platform.text import Text

CATEGORIES = "categories.csv"
PRODUCTS = "products.csv"
VARIANTS = "variants.csv"
OPTIONS = "option_names.csv"
ATTRIBUTES = "attributes.csv"
FILES = {
    CATEGORIES: Columns(("id", "parent_id", "name"), ("slug",)),
    PRODUCTS: Columns(
        (
            "product_id",
            "code",
            "name",
            "category_id",
            "brand",
            "keywords",
            "unit",
            "list_price",
            "price",
            "on_shelf",
        ),
        ("slug", "tagline", "description", "picture", "weight_g"),
    ),
    VARIANTS: Columns(
        ("variant_id", "product_id", "options", "price", "stock"),
        ("sku", "list_price", "weight_g"),
    ),
    OPTIONS: Columns(("product_id", "option", "value")),
    ATTRIBUTES: Columns(("product_id", "name", "value")),
}
BETWEEN = " | "
UNKNOWN_CATEGORY = Text(zh="没有这个分类", en="There is no such category")
UNKNOWN_PRODUCT = Text(zh="没有这个商品", en="There is no such product")

Options = dict[str, list[str]]


@dataclass(slots=True)
class Parts:
    """What belongs to products, by product id, while the files are read."""

    options: defaultdict[str, Options] = field(default_factory=lambda: defaultdict(dict))
    variants: defaultdict[str, list[IncomingVariant]] = field(
        default_factory=lambda: defaultdict(list)
    )
    attributes: defaultdict[str, list[tuple[str, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    stock: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """A catalogue that may be imported, and what the source says is in stock by variant id.

    The rows that it was read from are kept by their ids, for what only the database can refuse.
    """

    catalogue: Catalogue
    stock: dict[str, int]
    categories: dict[str, Row]
    products: dict[str, Row]
    variants: dict[str, Row]


def check(directory: Path, source: str) -> tuple[Checked | None, Report]:
    """Read and check everything; the catalogue only if nothing at all is wrong."""
    report = Report()
    rows = {name: read(directory, name, columns, report) for name, columns in FILES.items()}
    if report.problems and not all(rows.values()):
        return None, report
    categories = _categories(rows[CATEGORIES], report)
    known = {row["product_id"].strip() for row in rows[PRODUCTS]}
    parts = Parts()
    _options(rows[OPTIONS], known, parts, report)
    _attributes(rows[ATTRIBUTES], known, parts, report)
    _variants(rows[VARIANTS], known, parts, report)
    products = _products(
        rows[PRODUCTS], {category.source_id for category in categories}, parts, report
    )
    if report.problems:
        return None, report
    return Checked(
        catalogue=Catalogue(source=source, categories=tuple(categories), products=tuple(products)),
        stock=parts.stock,
        categories=_by_id(rows[CATEGORIES], "id"),
        products=_by_id(rows[PRODUCTS], "product_id"),
        variants=_by_id(rows[VARIANTS], "variant_id"),
    ), report


def _by_id(rows: list[Row], column: str) -> dict[str, Row]:
    return {row[column].strip(): row for row in rows}


def _categories(rows: list[Row], report: Report) -> list[IncomingCategory]:
    """Every row that has an id, so that a bad name does not make its products look orphaned."""
    found: list[IncomingCategory] = []
    seen: dict[str, int] = {}
    slugs: dict[str, int] = {}
    for row in rows:
        pk = text(row, "id", report, limit=64)
        name = text(row, "name", report, limit=40)
        address = slug(row, report, default=f"c{row['id'].strip()}")
        if not once(row, "id", pk, seen, report) or pk is None:
            continue
        once(row, "slug", address, slugs, report)
        found.append(
            IncomingCategory(
                source_id=pk,
                parent_id=row["parent_id"].strip(),
                name=name or "",
                slug=address or "",
            )
        )
    _parents(rows, {category.source_id: category.parent_id for category in found}, report)
    return found


def _parents(rows: list[Row], parents: dict[str, str], report: Report) -> None:
    for row in rows:
        parent = row["parent_id"].strip()
        if parent and parent not in parents:
            report.cell(
                row, "parent_id", Text(zh="没有这个上级分类", en="There is no such parent category")
            )
        elif parent and _in_circle(row["id"].strip(), parents):
            report.cell(
                row,
                "parent_id",
                Text(zh="上级分类绕成了一圈", en="The parent categories go in a circle"),
            )


def _in_circle(start: str, parents: dict[str, str]) -> bool:
    at, steps = parents.get(start, ""), 0
    while at and at != start and steps <= len(parents):
        at, steps = parents.get(at, ""), steps + 1
    return bool(at) and at == start


def _options(rows: list[Row], known: set[str], parts: Parts, report: Report) -> None:
    for row in rows:
        product = row["product_id"].strip()
        option = text(row, "option", report, limit=30)
        value = text(row, "value", report, limit=60)
        if product not in known:
            report.cell(row, "product_id", UNKNOWN_PRODUCT)
        elif option is not None and value is not None:
            values = parts.options[product].setdefault(option, [])
            if value in values:
                report.cell(
                    row,
                    "value",
                    Text(zh="这个取值已经有了", en="The option already has this value"),
                )
            else:
                values.append(value)


def _attributes(rows: list[Row], known: set[str], parts: Parts, report: Report) -> None:
    for row in rows:
        product = row["product_id"].strip()
        name = text(row, "name", report, limit=40)
        value = text(row, "value", report, limit=2000)
        if product not in known:
            report.cell(row, "product_id", UNKNOWN_PRODUCT)
        elif name is not None and value is not None:
            parts.attributes[product].append((name, value))


def _variants(rows: list[Row], known: set[str], parts: Parts, report: Report) -> None:
    seen: dict[str, int] = {}
    skus: dict[str, int] = {}
    chosen: dict[str, int] = {}
    for row in rows:
        pk = text(row, "variant_id", report, limit=64)
        product = row["product_id"].strip()
        stock = number(row, "stock", report)
        if product not in known:
            report.cell(row, "product_id", UNKNOWN_PRODUCT)
            continue
        values = _values(row, parts.options.get(product, {}), report)
        variant = _variant(row, pk or "", values or (), report)
        if values is not None:
            choice = f"{product}{BETWEEN}{row['options'].strip()}"
            once(row, "options", choice, chosen, report)
        new = once(row, "variant_id", pk, seen, report)
        if not new or variant is None or pk is None:
            parts.variants.setdefault(product, [])
            continue
        once(row, "sku", variant.sku, skus, report)
        parts.variants[product].append(variant)
        parts.stock[pk] = stock or 0


def _variant(
    row: Row, pk: str, values: tuple[tuple[str, str], ...], report: Report
) -> IncomingVariant | None:
    fen = price(row, "price", report)
    list_fen = price(row, "list_price", report, needed=False)
    weight = number(row, "weight_g", report, default=DEFAULT_WEIGHT_G)
    sku = text(row, "sku", report, limit=80, needed=False)
    if fen is None or weight is None:
        return None
    return IncomingVariant(
        source_id=pk,
        sku=sku or f"{row['product_id'].strip()}-{pk}",
        values=values,
        price_fen=fen,
        list_price_fen=list_fen,
        weight_g=weight,
    )


def _values(row: Row, options: Options, report: Report) -> tuple[tuple[str, str], ...] | None:
    """The values of a variant beside the names of its product's options, one for each."""
    said = row["options"].strip()
    values = [value.strip() for value in said.split(BETWEEN)] if said else []
    if len(values) != len(options):
        report.cell(
            row,
            "options",
            Text(
                zh="有 {found} 个取值，商品有 {wanted} 个选项（见 option_names.csv）",
                en="{found} values, the product has {wanted} options (see option_names.csv)",
            ).format(found=len(values), wanted=len(options)),
        )
        return None
    for (option, allowed), value in zip(options.items(), values, strict=True):
        if value not in allowed:
            report.cell(
                row,
                "options",
                Text(
                    zh="选项「{option}」没有取值「{value}」（见 option_names.csv）",
                    en="Option {option} has no value {value} (see option_names.csv)",
                ).format(option=option, value=value),
            )
            return None
    return tuple(zip(options, values, strict=True))


def _products(
    rows: list[Row], categories: set[str], parts: Parts, report: Report
) -> list[IncomingProduct]:
    found: list[IncomingProduct] = []
    seen: dict[str, dict[str, int]] = {"product_id": {}, "code": {}, "slug": {}}
    for row in rows:
        pk = text(row, "product_id", report, limit=64)
        code = text(row, "code", report, limit=64)
        address = slug(row, report, default=row["code"].strip())
        for column, value in (("product_id", pk), ("code", code), ("slug", address)):
            once(row, column, value, seen[column], report)
        if row["category_id"].strip() not in categories:
            report.cell(row, "category_id", UNKNOWN_CATEGORY)
        if pk is not None and pk not in parts.variants:
            report.cell(
                row,
                "product_id",
                Text(zh="商品没有规格（见 variants.csv）", en="It has no variant in variants.csv"),
            )
        product = _product(row, parts, report)
        if product is not None:
            found.append(product)
    return found


def _product(row: Row, parts: Parts, report: Report) -> IncomingProduct | None:
    """`price` is only checked: what a product costs is what its variants cost."""
    pk, before = row["product_id"].strip(), len(report.problems)
    price(row, "price", report)
    list_fen = price(row, "list_price", report, needed=False)
    on_shelf = flag(row, "on_shelf", report)
    limits = {"name": 120, "brand": 60, "keywords": 200, "unit": 10, "tagline": 120}
    limits |= {"description": 20_000, "picture": 120}
    said = {
        column: text(row, column, report, limit=limit, needed=column == "name") or ""
        for column, limit in limits.items()
    }
    weight = number(row, "weight_g", report, default=DEFAULT_WEIGHT_G)
    if len(report.problems) > before:
        return None
    return IncomingProduct(
        source_id=pk,
        code=row["code"].strip(),
        slug=slug(row, report, default=row["code"].strip()) or f"p{pk}",
        category_id=row["category_id"].strip(),
        variants=tuple(parts.variants[pk]),
        options=tuple((name, tuple(values)) for name, values in parts.options[pk].items()),
        attributes=tuple(parts.attributes[pk]),
        list_price_fen=list_fen,
        on_shelf=bool(on_shelf),
        weight_g=weight or 0,
        name=said["name"],
        tagline=said["tagline"],
        brand=said["brand"],
        keywords=said["keywords"],
        unit=said["unit"],
        description=said["description"],
        picture=said["picture"],
    )
