"""House rules that no linter knows. Each rule is tried on a culprit made for it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "shangliu"
ENGINE = SOURCE / "process" / "engine.py"
LONGEST_FILE = 400
_SQL_STATE = re.compile(r"\bSET\s+(?:[\w\"]+\s*=[^=]+,\s*)*\"?state\"?\s*=", re.IGNORECASE)
_MONEY = re.compile(r"fen|amount|price|total|money|yuan")
_WRITERS = {"update", "update_or_create"}


def state_writers(text: str) -> Iterator[int]:
    """Lines that write a column `state`: by attribute, by the ORM, or in SQL."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(one, ast.Attribute) and one.attr == "state" for one in targets):
                yield node.lineno
        if isinstance(node, ast.Call):
            yield from _calls(node)
        if isinstance(node, ast.Constant) and _SQL_STATE.search(str(node.value)):
            yield node.lineno


def _calls(node: ast.Call) -> Iterator[int]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if name in _WRITERS and any(word.arg == "state" for word in node.keywords):
        yield node.lineno
    called = node.func.id if isinstance(node.func, ast.Name) else name
    if called == "setattr" and any(
        isinstance(one, ast.Constant) and one.value == "state" for one in node.args
    ):
        yield node.lineno
    if name == "bulk_update" and "'state'" in ast.dump(node):
        yield node.lineno


def money_floats(text: str) -> Iterator[int]:
    """Lines that make a float of something that is called like money."""
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "float"
            and _MONEY.search(ast.dump(node))
        ):
            yield node.lineno


def files() -> list[Path]:
    return [path for path in sorted(SOURCE.rglob("*.py")) if "migrations" not in path.parts]


def test_only_the_engine_writes_a_state() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in files()
        if path != ENGINE
        for line in state_writers(path.read_text("utf-8"))
    ]
    assert found == []
    assert list(state_writers(ENGINE.read_text("utf-8")))


def test_every_way_of_writing_a_state_is_noticed() -> None:
    for culprit in (
        "order.state = 'paid'",
        "Order.objects.filter(pk=1).update(state='paid')",
        "setattr(order, 'state', 'paid')",
        "Order.objects.bulk_update(orders, ['state'])",
        "cursor.execute('UPDATE orders_order SET note = 1, state = %s')",
    ):
        assert list(state_writers(culprit)) == [1], culprit
    assert not list(state_writers("Order.objects.filter(state='paid').update(note='x')"))


def test_money_is_never_a_float() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in files()
        for line in money_floats(path.read_text("utf-8"))
    ]
    assert found == []
    assert list(money_floats("x = float(order.total_fen)")) == [1]


def test_a_file_is_one_room() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in files()
        if (lines := path.read_text("utf-8").count("\n")) > LONGEST_FILE
    }
    assert long == {}


def test_templates_carry_no_scripts_of_their_own() -> None:
    handler = re.compile(r"\son(?:click|load|submit|change|input|error)\s*=", re.IGNORECASE)
    inline = re.compile(r"<script(?![^>]*\b(?:src|type=\"application/(?:ld\+)?json\"))[^>]*>")
    for path in sorted(SOURCE.rglob("*.html")):
        text = path.read_text("utf-8")
        assert not handler.search(text), path
        assert not inline.search(text), path
    assert handler.search('<a onclick="x()">')
    assert inline.search("<script>x()</script>")


def test_simulators_know_nothing_of_the_shop() -> None:
    for path in sorted((ROOT / "src" / "simulators").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not any(name.split(".")[0] == "shangliu" for name in names), path


def test_data_flows_one_way() -> None:
    contracts = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert contracts.returncode == 0, contracts.stdout
