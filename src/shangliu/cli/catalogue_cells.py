"""What a cell of a catalogue may hold; each function answers it, or reports and gives None."""

from __future__ import annotations

import re

from shangliu.cli.catalogue_files import Report, Row
from shangliu.platform.money import Money
from shangliu.platform.text import Text

PRICE = re.compile(r"-?[0-9]+\.[0-9]{2}")
NUMBER = re.compile(r"[0-9]+")
SLUG = re.compile(r"[\w-]+")
HIGHEST_FEN = 10_000_000_00
HIGHEST_NUMBER = 100_000_000

MISSING = Text(zh="不能为空", en="It must not be empty")
TOO_LONG = Text(zh="太长，最多 {limit} 个字", en="Too long, at most {limit} characters")
CONTROL = Text(zh="含有控制字符", en="It contains a control character")


def text(row: Row, column: str, report: Report, *, limit: int, needed: bool = True) -> str | None:
    """Outer blanks are taken off; line breaks inside are kept as `\\n`."""
    value = row[column].strip().replace("\r\n", "\n").replace("\r", "\n")
    if not value and needed:
        reason = MISSING
    elif len(value) > limit:
        reason = TOO_LONG.format(limit=limit)
    elif any(char < " " and char not in "\n\t" for char in value):
        reason = CONTROL
    else:
        return value
    report.cell(row, column, reason)
    return None


def price(row: Row, column: str, report: Report, *, needed: bool = True) -> int | None:
    """Yuan with two decimals, as fen."""
    value = row[column].strip()
    if not value and not needed:
        return None
    fen = Money.parse(value).fen if PRICE.fullmatch(value) else None
    if not value:
        reason = MISSING
    elif fen is None:
        reason = Text(
            zh="价格要写成带两位小数的元，如 12.50", en="Write yuan with two decimals, as 12.50"
        )
    elif fen <= 0:
        reason = Text(zh="价格要大于 0", en="The price must be above 0")
    elif fen > HIGHEST_FEN:
        reason = Text(zh="价格超过一千万元", en="The price is above ten million yuan")
    else:
        return fen
    report.cell(row, column, reason)
    return None


def number(row: Row, column: str, report: Report, *, default: int | None = None) -> int | None:
    """A whole number from 0 up; `default` stands for an empty cell."""
    value = row[column].strip()
    if not value and default is not None:
        return default
    if not value:
        reason = MISSING
    elif not NUMBER.fullmatch(value):
        reason = Text(zh="要写成不小于 0 的整数", en="Write a whole number, 0 or more")
    elif len(value) > 9 or int(value) > HIGHEST_NUMBER:
        reason = Text(zh="数字超过一亿", en="The number is above a hundred million")
    else:
        return int(value)
    report.cell(row, column, reason)
    return None


def flag(row: Row, column: str, report: Report) -> bool | None:
    value = row[column].strip()
    if value in {"0", "1"}:
        return value == "1"
    report.cell(row, column, Text(zh="只能写 1 或 0", en="Write 1 or 0"))
    return None


def slug(row: Row, report: Report, *, default: str) -> str | None:
    """The product's name in an address; made from `default` where the file does not say it."""
    value = row["slug"].strip()
    if not value:
        return "-".join(SLUG.findall(default.lower())) or None
    if SLUG.fullmatch(value) and len(value) <= 60:
        return value
    report.cell(
        row,
        "slug",
        Text(
            zh="网址名只能用字母、数字和连字符，最多 60 个字",
            en="Use letters, digits and hyphens, at most 60 characters",
        ),
    )
    return None


def once(row: Row, column: str, value: str | None, seen: dict[str, int], report: Report) -> bool:
    """Whether `value` is there and new in its file."""
    if value is None:
        return False
    if value in seen:
        reason = Text(zh="与第 {line} 行重复", en="The same as line {line}")
        report.cell(row, column, reason.format(line=seen[value]))
        return False
    seen[value] = row.line
    return True
