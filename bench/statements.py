"""The statements of a request: written down as they run, and made into a script for pgbench."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection

# Ids that no other number of a statement looks like, so that they can be told apart in its text.
FIRST_IDS: Mapping[str, int] = {
    "catalog_variant": 6_100_000_000,
    "inventory_stock": 6_200_000_000,
    "cart_cart": 7_100_000_000,
    "cart_cartline": 7_150_000_000,
    "inventory_reservation": 7_200_000_000,
    "orders_trade": 7_300_000_000,
    "orders_order": 7_400_000_000,
    "orders_orderline": 7_500_000_000,
    "payments_payment": 7_600_000_000,
}
_STRING = re.compile(r"'(?:[^']|'')*'")
_INSERT = re.compile(r'INSERT INTO "(\w+)" .* RETURNING "\1"\."id"(?:, "\1"\."\w+")*$', re.DOTALL)


def mark_ids() -> None:
    """Let the sequences go on at `FIRST_IDS`."""
    with connection.cursor() as cursor:
        for table, first in FIRST_IDS.items():
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, first])


@contextmanager
def written_down() -> Iterator[list[str]]:
    """Every statement of this connection inside the block, with its values in place."""
    found: list[str] = []

    def note(
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,  # noqa: FBT001 - Django passes it so
        context: Mapping[str, Any],
    ) -> Any:
        raw = context["connection"].connection
        found.append(psycopg.ClientCursor(raw).mogrify(sql, params) if params else sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


def script(statements: Sequence[str], known: Mapping[str, str], setting: Sequence[str]) -> str:
    """A pgbench script of one transaction with the same statements.

    `known` maps values as they stand in the text to pgbench expressions; ids that a statement of
    the script itself returns are found by `FIRST_IDS`. `setting` are the lines before it.
    """
    known = dict(known)
    lines = [*setting, "BEGIN;"]
    for statement in statements:
        text = " ".join(statement.split())
        lines.append(_varied(text, known) + ";")
        inserted = _INSERT.search(text)
        if inserted and inserted[1] in FIRST_IDS:
            lines[-1] = lines[-1].removesuffix(";") + f" \\gset {inserted[1]}_"
            known[_id(inserted[1])] = f":{inserted[1]}_id"
    return "\n".join([*lines, "COMMIT;", ""])


def _id(table: str) -> str:
    """The pattern of this table's marked ids (the next sequence value is not known beforehand)."""
    return str(FIRST_IDS[table])[:5] + r"\d{5}"


def _varied(text: str, known: Mapping[str, str]) -> str:
    """The statement with its known values replaced, inside and outside of string literals."""
    out, end = [], 0
    for found in _STRING.finditer(text):
        before, quoted = text[end : found.start()], found[0]
        if before.endswith(" E"):  # how a driver writes a text with backslashes
            before, quoted = before[:-1], quoted.replace("\\\\", "\\")
        out.append(_plain(before, known))
        out.append(_literal(quoted, known))
        end = found.end()
    out.append(_plain(text[end:], known))
    return "".join(out)


def _plain(text: str, known: Mapping[str, str]) -> str:
    if not known:
        return text
    return re.sub(_any(known), lambda found: _expression(found[0], known), text)


def _literal(quoted: str, known: Mapping[str, str]) -> str:
    if not known or re.search(_any(known), quoted) is None:
        return _colons(quoted)
    parts, end = [], 1
    for found in re.finditer(_any(known), quoted):
        if found.start() > end:
            parts.append(_colons(f"'{quoted[end : found.start()]}'"))
        parts.append(f"({_expression(found[0], known)})::text")
        end = found.end()
    if end < len(quoted) - 1:
        parts.append(_colons(f"'{quoted[end:-1]}'"))
    return f"({' || '.join(parts)})"


def _colons(quoted: str) -> str:
    """A literal in which pgbench sees no variables of its own (`:name`)."""
    if ":" not in quoted:
        return quoted
    return "E" + quoted.replace("\\", "\\\\").replace(":", "\\x3a")


def _any(known: Mapping[str, str]) -> str:
    return "|".join(sorted(known, key=len, reverse=True))


def _expression(value: str, known: Mapping[str, str]) -> str:
    for pattern, expression in known.items():
        if re.fullmatch(pattern, value):
            return expression
    raise KeyError(value)
