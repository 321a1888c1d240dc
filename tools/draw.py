"""Writes the layouts beside the flow and its pictures to docs/flow, or says which are not current
(`--check`)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "flow"
LAYOUTS = ROOT / "src" / "shangliu" / "flow" / "layouts"
HANDBOOK = ROOT / "docs" / "nerve-centre.md"
FILES = {
    "overview.svg": ("svg", "overview"),
    "flow.svg": ("svg", None),
    "flow.bpmn": ("bpmn", None),
    "flow.mmd": ("mermaid", None),
}


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shangliu.config.settings")
    django.setup()
    layouts = import_module("shangliu.flow.layouts")
    if "--check" in sys.argv:
        stale = [f"layouts/{name}" for name in layouts.names() if not layouts.is_current(name)]
        stale += [file.name for file, text in _wanted() if not file.exists() or _read(file) != text]
        if stale:
            print(f"not current: {', '.join(stale)}; run `make draw` and commit what it wrote")  # noqa: T201
        return 1 if stale else 0
    for name in layouts.names():
        layouts.keep(name, LAYOUTS)
    TARGET.mkdir(parents=True, exist_ok=True)
    for file, text in _wanted():
        file.write_text(text, "utf-8")
    return 0


def _wanted() -> Iterator[tuple[Path, str]]:
    export = import_module("shangliu.flow.export").export
    for name, (form, stage) in FILES.items():
        yield TARGET / name, export(form, stage=stage)
    yield HANDBOOK, _handbook()


def _handbook() -> str:
    """The handbook with the meanings of all numbers, as the pages have them."""
    meanings = import_module("shangliu.insight.meanings").MEANINGS
    text = _read(HANDBOOK)
    for lang, head in (("zh", "| 数字 | 含义 |"), ("en", "| number | meaning |")):
        rows = [f"| `{key}` | {getattr(words, lang)} |" for key, words in meanings.items()]
        table = "\n".join([head, "|---|---|", *rows])
        before, _, rest = text.partition(f"<!-- {lang} -->")
        _, _, after = rest.partition(f"<!-- /{lang} -->")
        text = f"{before}<!-- {lang} -->\n{table}\n<!-- /{lang} -->{after}"
    return text


def _read(file: Path) -> str:
    return file.read_text("utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
