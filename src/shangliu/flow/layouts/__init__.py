"""Where everything stands on each sheet: laid out by `make draw`, kept here beside the flow.

A layout is of one drawing and of the code that made it. Where either has changed since, the sheet
is laid out anew in each process, which takes seconds; `make check` says so.
"""

from __future__ import annotations

import ast
import hashlib
import json
import threading
from functools import cache
from importlib.resources import files
from pathlib import Path

from shangliu.flow.drawing import graph
from shangliu.process.drawing.geometry import Geometry
from shangliu.process.drawing.graph import Graph
from shangliu.process.drawing.layout import lay_out
from shangliu.process.drawing.sheets import overview, stage_sheet

OVERVIEW, WHOLE = "overview", "all"
_known: dict[tuple[str, str], tuple[Graph, Geometry]] = {}
_busy = threading.Lock()


def names() -> tuple[str, ...]:
    return (OVERVIEW, WHOLE, *(stage.code for stage in graph().stages))


def sheet(name: str = WHOLE) -> tuple[Graph, Geometry]:
    """The sheet with its geometry. `KeyError` for one that there is not."""
    key = (graph().version, name)
    if key not in _known:
        with _busy:
            if key not in _known:
                drawn = _cut(name)
                _known[key] = drawn, _kept(name, drawn) or lay_out(drawn)
    return _known[key]


def is_current(name: str) -> bool:
    """Whether the layout that is kept is of this drawing and this code."""
    return _kept(name, _cut(name)) is not None


def keep(name: str, folder: Path) -> None:
    """Lay the sheet out and write it down, unless it is current."""
    if is_current(name):
        return
    drawn = _cut(name)
    said = {"mark": _mark(drawn), "geometry": json.loads(lay_out(drawn).to_json())}
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    (folder / f"{name}.json").write_text(f"{text}\n", "utf-8")


def _cut(name: str) -> Graph:
    whole = graph()
    if name not in names():
        raise KeyError(name)
    if name == OVERVIEW:
        return overview(whole)
    return whole if name == WHOLE else stage_sheet(whole, name)


def _kept(name: str, drawn: Graph) -> Geometry | None:
    file = files("shangliu.flow.layouts") / f"{name}.json"
    if not file.is_file():
        return None
    said = json.loads(file.read_text("utf-8"))
    return (
        Geometry.from_json(json.dumps(said["geometry"])) if said["mark"] == _mark(drawn) else None
    )


def _mark(drawn: Graph) -> str:
    return hashlib.sha256(f"{drawn!r}{_hand()}".encode()).hexdigest()[:16]


@cache
def _hand() -> str:
    """Changes when the code that lays out changes: the two modules and whatever they import."""
    folder = files("shangliu.process.drawing")
    said = hashlib.sha256()
    todo, seen = ["layout", "sheets"], set[str]()
    while todo:
        name = todo.pop(0)
        if name in seen:
            continue
        seen.add(name)
        code = (folder / f"{name}.py").read_text("utf-8")
        said.update(code.encode())
        todo += sorted(
            module.rpartition(".")[2]
            for node in ast.walk(ast.parse(code))
            if isinstance(node, ast.ImportFrom)
            and (module := node.module or "").startswith("shangliu.process.drawing.")
        )
    return said.hexdigest()
