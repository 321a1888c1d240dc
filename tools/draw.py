"""Writes the flow's pictures to docs/flow, or says which are not current (`--check`)."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

import django

TARGET = Path(__file__).resolve().parent.parent / "docs" / "flow"
FILES = {
    "overview.svg": ("svg", "overview"),
    "flow.svg": ("svg", None),
    "flow.bpmn": ("bpmn", None),
    "flow.mmd": ("mermaid", None),
}


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shangliu.config.settings")
    django.setup()
    export = import_module("shangliu.flow.export").export
    wanted = {name: export(form, stage=stage) for name, (form, stage) in FILES.items()}
    if "--check" in sys.argv:
        stale = [
            name
            for name, text in wanted.items()
            if not (TARGET / name).exists() or (TARGET / name).read_text("utf-8") != text
        ]
        if stale:
            print(f"not current: {', '.join(stale)}; run `make draw` and commit docs/flow")  # noqa: T201
        return 1 if stale else 0
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, text in wanted.items():
        (TARGET / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
