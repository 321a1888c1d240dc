"""Which tests speak of which thing of the flow: read from the tests' source, kept beside the page
that shows it (`--check` fails when it is stale)."""

from __future__ import annotations

import ast
import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import django

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "src" / "shangliu" / "insight" / "flow_tests.json"
_EVERY_STEP = "every:step"  # said of tests that run over all steps of the flow
_IN_STATE = frozenset({"state", "source", "target"})


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shangliu.config.settings")
    django.setup()
    said = json.dumps(_collect(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if "--check" in sys.argv:
        if FILE.is_file() and FILE.read_text("utf-8") == said:
            return 0
        print("tests of the flow: stale; run `python -m tools.flow_tests`")  # noqa: T201
        return 1
    FILE.write_text(said, "utf-8")
    return 0


def _collect() -> dict[str, list[str]]:
    from shangliu.flow.definition import FLOW  # noqa: PLC0415 - after the set-up
    from shangliu.process.impact import things_of  # noqa: PLC0415

    known = _words(things_of(FLOW)) | _states(FLOW)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        path = file.relative_to(ROOT).as_posix()
        for test, said in _tests(ast.parse(file.read_text("utf-8"))):
            for thing in {thing for word in said for thing in known.get(word, ())}:
                found[thing].add(f"{path}::{test}")
    return {thing: sorted(tests) for thing, tests in sorted(found.items())}


def _words(things: Iterable[Any]) -> dict[str, tuple[str, ...]]:
    """What a test says, and the things that it means by it."""
    from shangliu.process.impact import What  # noqa: PLC0415

    spelled = (What.STEP, What.STATE, What.POLICY, What.NOTICE, What.TOPIC)
    found: defaultdict[str, list[str]] = defaultdict(list)
    found[_EVERY_STEP].append(_EVERY_STEP)
    for thing in things:
        if thing.what in spelled:
            found[thing.name].append(str(thing))
        elif thing.what is What.ROLE:
            found[f"Role.{thing.name.upper()}"].append(str(thing))
    for name, key in _policies():
        found[name].append(f"{What.POLICY}:{key}")
    return {word: tuple(meant) for word, meant in found.items()}


def _states(flow: Any) -> dict[str, tuple[str, ...]]:
    """`OrderState.PAID`, and `.state == "paid"` where only one process has a state of that name."""
    by_value: defaultdict[str, list[str]] = defaultdict(list)
    found: dict[str, tuple[str, ...]] = {}
    for process in flow.processes:
        for state in process.states:
            thing = f"state:{process.name}:{state}"
            found[f"{type(state).__name__}.{state.name}"] = (thing,)
            by_value[f"state={state}"].append(thing)
    return found | {said: (one[0],) for said, one in by_value.items() if len(one) == 1}


def _policies() -> Iterator[tuple[str, str]]:
    from shangliu.flow.policies import Policies  # noqa: PLC0415
    from shangliu.process.policies import Policy  # noqa: PLC0415

    for name, value in vars(Policies).items():
        if isinstance(value, Policy):
            yield f"Policies.{name}", value.key


def _tests(tree: ast.Module) -> Iterator[tuple[str, set[str]]]:
    """Each test with the words that it says, those of the helpers that it calls and of its marks
    included; what stands at the top of the file belongs to those who name it."""
    parts = {
        one.name: one
        for one in tree.body
        if isinstance(one, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
    }
    values = {
        target.id: one
        for one in tree.body
        if isinstance(one, ast.Assign)
        for target in one.targets
        if isinstance(target, ast.Name)
    }
    known: dict[str, ast.AST] = {**parts, **values}
    for name, node in parts.items():
        if name.startswith("test_") or isinstance(node, ast.ClassDef):
            yield name, _said(node, known, set())


def _said(node: ast.AST, known: dict[str, ast.AST], seen: set[str]) -> set[str]:
    found: set[str] = set()
    for one in ast.walk(node):
        found |= _word(one)
        if isinstance(one, ast.Name) and one.id in known and one.id not in seen:
            seen.add(one.id)
            found |= _said(known[one.id], known, seen)
    return found


def _word(one: ast.AST) -> set[str]:
    if isinstance(one, ast.Constant) and isinstance(one.value, str):
        return {one.value}
    if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name):
        return {f"{one.value.id}.{one.attr}"}
    if isinstance(one, ast.Compare):
        return _compared(one)
    if isinstance(one, ast.keyword) and one.arg in _IN_STATE:
        return {f"state={value}" for value in _strings(one.value)}
    return {_EVERY_STEP} if _runs_over_all_steps(one) else set()


def _compared(one: ast.Compare) -> set[str]:
    """`task.state == "packed"`, `case.state in ("applied", "approved")`."""
    sides = (one.left, *one.comparators)
    if not any(isinstance(side, ast.Attribute) and side.attr in _IN_STATE for side in sides):
        return set()
    return {f"state={value}" for side in sides for value in _strings(side)}


def _strings(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def _runs_over_all_steps(one: ast.AST) -> bool:
    """`FLOW.steps()` or `flow().steps()`, or a loop over the flow's processes."""
    loop = isinstance(one, ast.For | ast.comprehension)
    asked = one.func if isinstance(one, ast.Call) else one.iter if loop else one  # type: ignore[attr-defined]
    if not isinstance(asked, ast.Attribute):
        return False
    whole = asked.value.func if isinstance(asked.value, ast.Call) else asked.value
    is_flow = isinstance(whole, ast.Name) and whole.id.lower() == "flow"
    wanted = "steps" if isinstance(one, ast.Call) else "processes"
    return is_flow and asked.attr == wanted


if __name__ == "__main__":
    sys.exit(main())
