"""Reading the files of a catalogue: bytes to cells, each cell with its place for a report."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from shangliu.platform.text import Text

LONGEST_SHOWN = 40
FIELD_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a catalogue, and where. `column` is empty for a whole line or file."""

    file: str
    line: int
    column: str
    value: str
    reason: Text

    def __str__(self) -> str:
        value = self.value.replace("\n", "⏎")
        if len(value) > LONGEST_SHOWN:
            value = f"{value[:LONGEST_SHOWN]}…"
        shown = f" 「{value}」" if value else ""
        place = f"{self.file}:{self.line}" if self.line else self.file
        column = f" [{self.column}]" if self.column else ""
        return f"{place}{column}{shown} {self.reason.zh} / {self.reason.en}"


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns a file must have and those that it may have."""

    needed: tuple[str, ...]
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A record; `line` is where it begins, which for a value with line breaks is not its end."""

    file: str
    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(slots=True)
class Report:
    """Collects everything that is wrong, so that a file is mended once and not once a line."""

    problems: list[Problem] = field(default_factory=list)

    def file(self, name: str, reason: Text, *, line: int = 0, value: str = "") -> None:
        self.problems.append(Problem(name, line, "", value, reason))

    def cell(self, row: Row, column: str, reason: Text) -> None:
        self.problems.append(Problem(row.file, row.line, column, row[column], reason))


def read(directory: Path, name: str, columns: Columns, report: Report) -> list[Row]:
    """The rows of one file. What cannot be read is reported and left out."""
    path = directory / name
    if not path.is_file():
        report.file(name, Text(zh="找不到这个文件", en="This file is missing"))
        return []
    text = _decoded(path.read_bytes(), name, report)
    if text is None:
        return []
    csv.field_size_limit(FIELD_LIMIT)
    records = _records(text, name, report)
    head = next(records, None)
    if head is None:
        report.file(
            name, Text(zh="文件是空的，缺表头", en="The file is empty, it has no header"), line=1
        )
        return []
    header = [cell.strip() for cell in head[1]]
    if not _header_is_right(header, name, columns, report):
        return []
    return list(_rows(records, name, header, report))


def _decoded(data: bytes, name: str, report: Report) -> str | None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        report.file(
            name,
            Text(zh="不是 UTF-8 编码，请另存为 UTF-8", en="Not UTF-8; save the file as UTF-8"),
            line=data.count(b"\n", 0, error.start) + 1,
            value=data[error.start : error.start + 4].hex(" "),
        )
        return None
    if "\0" in text:
        report.file(
            name,
            Text(zh="含有空字符（NUL）", en="It contains a NUL character"),
            line=text.count("\n", 0, text.index("\0")) + 1,
        )
        return None
    return text


def _records(text: str, name: str, report: Report) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    begins = 1
    try:
        for record in reader:
            if record:
                yield begins, record
            begins = reader.line_num + 1
    except csv.Error as error:
        report.file(
            name,
            Text(
                zh="引号没有配对，从这一行起读不下去",
                en="A quotation mark has no partner; reading stopped at this line",
            ),
            line=begins,
            value=str(error),
        )


def _header_is_right(header: list[str], name: str, columns: Columns, report: Report) -> bool:
    """A wrong header makes every row wrong, so it is reported alone."""
    before = len(report.problems)
    for column in columns.needed:
        if column not in header:
            report.problems.append(
                Problem(name, 1, column, "", Text(zh="表头缺这一列", en="The header lacks it"))
            )
    for at, column in enumerate(header):
        if column in header[:at]:
            reason = Text(zh="表头里这一列出现了两次", en="The header names this column twice")
        elif column not in columns.needed and column not in columns.allowed:
            reason = Text(zh="不认识的列", en="An unknown column")
        else:
            continue
        report.problems.append(Problem(name, 1, column, "", reason))
    return len(report.problems) == before


def _rows(
    records: Iterator[tuple[int, list[str]]], name: str, header: list[str], report: Report
) -> Iterator[Row]:
    for line, record in records:
        if len(record) != len(header):
            reason = Text(
                zh="这一行有 {found} 格，表头有 {wanted} 格",
                en="This line has {found} cells, the header has {wanted}",
            ).format(found=len(record), wanted=len(header))
            report.file(name, reason, line=line, value=",".join(record))
            continue
        yield Row(name, line, dict(zip(header, record, strict=True)))
