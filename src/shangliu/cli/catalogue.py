"""`shangliu import catalogue DIR`: a catalogue of CSV files into the shop, all of it or nothing."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from shangliu.cli.catalogue_checks import Checked, check
from shangliu.cli.catalogue_files import Problem, Report
from shangliu.cli.demo.pictures.render import render_all
from shangliu.domain.catalog import services
from shangliu.domain.catalog.clashes import clashes
from shangliu.domain.catalog.incoming import Counts, Imported
from shangliu.domain.inventory import services as inventory
from shangliu.domain.inventory.models import Stock
from shangliu.platform.env import Env
from shangliu.platform.text import Text

ACTOR = "import"
DOCUMENT = "import:{source}"
DEFAULT_SOURCE = "catalogue"
TAKEN = Text(zh="已被别处的数据占用", en="Something from another source already has it")
BELOW_CLAIMS = Text(
    zh="低于已被订单和购物车占用的 {claimed} 件",
    en="Below the {claimed} units that orders and carts have a claim on",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """Either what was imported or what is wrong; never both. `stocked` counts variants."""

    problems: tuple[Problem, ...] = ()
    imported: Imported | None = None
    stocked: int = 0


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "catalogue",
        help="导入商品目录（CSV） / import a catalogue of CSV files",
        description="先检查全部文件，有错就什么都不写。 / Checks everything before it writes.",
    )
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument(
        "--dry-run", action="store_true", help="只检查和统计 / check and count, write nothing"
    )
    parser.add_argument(
        "--stock",
        action="store_true",
        help="再次导入时也按文件盘点库存 / on a repeat, set the stock as the files say too",
    )
    parser.add_argument(
        "--source",
        default=DEFAULT_SOURCE,
        help="来源名，同一来源再次导入为更新 / its name; the same name again is an update",
    )
    parser.add_argument(
        "--no-pictures", action="store_true", help="不绘制插图 / do not draw the illustrations"
    )
    parser.set_defaults(run=run)


def run(env: Env, args: argparse.Namespace) -> int:
    """Import and tell; 0 when all is in, 1 when something is wrong and nothing was written."""
    outcome = import_directory(
        args.directory, source=args.source, dry_run=args.dry_run, stock=args.stock
    )
    for line in lines(outcome, dry_run=args.dry_run):
        print(line)
    if outcome.imported is not None and not (args.dry_run or args.no_pictures):
        drawn = render_all(env.data_dir / "media" / "products")
        print(f"插图 {drawn} 幅 / {drawn} illustrations drawn")
    return 1 if outcome.problems else 0


def import_directory(
    directory: Path, *, source: str = DEFAULT_SOURCE, dry_run: bool = False, stock: bool = False
) -> Outcome:
    """Check everything, then write everything in one transaction; `dry_run` takes it back."""
    checked, report = check(directory, source)
    if checked is None:
        return Outcome(problems=in_order(report))
    with transaction.atomic():
        _clashing(checked, report)
        if report.problems:
            return Outcome(problems=in_order(report))
        imported = services.import_rows(catalogue=checked.catalogue)
        stocked = _stock(checked, imported, report, recount=stock)
        if dry_run or report.problems:
            transaction.set_rollback(True)
    if report.problems:
        return Outcome(problems=in_order(report))
    return Outcome(imported=imported, stocked=stocked)


def in_order(report: Report) -> tuple[Problem, ...]:
    return tuple(sorted(report.problems, key=lambda one: (one.file, one.line)))


def _clashing(checked: Checked, report: Report) -> None:
    """Report values that the shop already has from elsewhere, at the rows that bring them."""
    taken = clashes(checked.catalogue)
    for category in checked.catalogue.categories:
        if category.slug in taken["category"]:
            report.cell(checked.categories[category.source_id], "slug", TAKEN)
    for product in checked.catalogue.products:
        row = checked.products[product.source_id]
        if product.code in taken["code"]:
            report.cell(row, "code", TAKEN)
        elif product.slug in taken["slug"]:
            report.cell(row, "slug", TAKEN)
        for variant in product.variants:
            if variant.sku in taken["sku"]:
                report.cell(checked.variants[variant.source_id], "sku", TAKEN)


def _stock(checked: Checked, imported: Imported, report: Report, *, recount: bool) -> int:
    """Opening balances of new variants and, if asked, counted ones of the others."""
    warehouse = inventory.default_warehouse()
    document = DOCUMENT.format(source=checked.catalogue.source)
    stock = {imported.variant_ids[pk]: number for pk, number in checked.stock.items()}
    opening = {imported.variant_ids[pk]: checked.stock[pk] for pk in imported.new_variants}
    counted = 0
    if recount:
        rows = Stock.objects.filter(warehouse=warehouse, variant__in=stock.keys() - opening.keys())
        existing = {row.variant_id: row for row in rows.select_for_update().order_by("id")}
        opening |= {pk: stock[pk] for pk in stock.keys() - existing.keys()}
        counted = _count(checked, imported, existing, report)
    if opening:
        inventory.receive_many(
            warehouse_id=warehouse.pk, quantities=opening, document=document, actor=ACTOR
        )
    return len(opening) + counted


def _count(checked: Checked, imported: Imported, existing: dict[int, Stock], report: Report) -> int:
    """Set the units on hand to what the files say, by ledger lines for the difference."""
    units: list[inventory.Units] = []
    for source_id, number in checked.stock.items():
        row = existing.get(imported.variant_ids[source_id])
        if row is None or row.on_hand == number:
            continue
        claimed = row.held + row.committed
        if number < claimed:
            place = checked.variants[source_id]
            report.cell(place, "stock", BELOW_CLAIMS.format(claimed=claimed))
            continue
        units.append(inventory.Units(row.pk, number - row.on_hand))
    if units and not report.problems:
        inventory.move(
            inventory.Move.ADJUST,
            units,
            document=DOCUMENT.format(source=checked.catalogue.source),
            actor=ACTOR,
            why="import --stock",
        )
    return len(units)


def lines(outcome: Outcome, *, dry_run: bool) -> list[str]:
    """What the command prints."""
    if outcome.imported is None:
        count = len(outcome.problems)
        end = f"共 {count} 处不对，什么都没有写入。 / {count} problems; nothing was written."
        return [*map(str, outcome.problems), end]
    done = outcome.imported
    told = [
        _counted("分类", "categories", done.categories),
        _counted("商品", "products", done.products),
        _counted("规格", "variants", done.variants),
        _counted("属性", "attributes", done.attributes),
    ]
    told.append(
        f"停售规格 {done.withdrawn}，写入库存的规格 {outcome.stocked}"
        f" / variants withdrawn {done.withdrawn}, stocked {outcome.stocked}"
    )
    if dry_run:
        told.append("这是试运行，什么都没有写入。 / This was a dry run; nothing was written.")
    return told


def _counted(zh: str, en: str, counts: Counts) -> str:
    return (
        f"{zh}：新增 {counts.new}，更新 {counts.updated}，未变 {counts.unchanged}"
        f" / {en}: {counts.new} new, {counts.updated} updated, {counts.unchanged} unchanged"
    )
