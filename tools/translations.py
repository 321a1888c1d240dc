"""Collects the interface's strings, and compiles the translations without GNU gettext.

Chinese is the source language; `en` must be complete (`--check` fails on a missing or stale one).
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "src" / "shangliu"
LOCALE = WEB / "web" / "locale" / "en" / "LC_MESSAGES"
_METHODS = [("**.py", "python"), ("**.html", "jinja2")]
_KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}


def main() -> int:
    wanted = _collect()
    known = _read()
    if "--check" in sys.argv:
        return _check(wanted, known)
    known.update(wanted, no_fuzzy_matching=True)
    known.obsolete.clear()
    LOCALE.mkdir(parents=True, exist_ok=True)
    with (LOCALE / "django.po").open("wb") as file:
        write_po(file, known, width=100, omit_header=False, no_location=True, sort_output=True)
    (LOCALE / "django.mo").write_bytes(_compiled(known))
    missing = [message.id for message in known if message.id and not message.string]
    for one in missing:
        print(f"not translated: {one}")  # noqa: T201
    return 0


def _collect() -> Catalog:
    catalog = Catalog(locale="en", project="Shangliu")
    for found in extract_from_dir(
        WEB,
        _METHODS,
        {
            "**.html": {
                "extensions": "jinja2.ext.i18n,jinja2.ext.do",
                "silent": "false",
                "newstyle_gettext": "true",
            }
        },
        _KEYWORDS,
    ):
        catalog.add(found[2])
    return catalog


def _read() -> Catalog:
    file = LOCALE / "django.po"
    if not file.exists():
        return Catalog(locale="en", project="Shangliu")
    with file.open("rb") as opened:
        return read_po(opened, locale="en")


def _compiled(catalog: Catalog) -> bytes:
    buffer = BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def _check(wanted: Catalog, known: Catalog) -> int:
    missing = [
        message.id
        for message in wanted
        if message.id and ((said := known.get(message.id)) is None or not said.string)
    ]
    for one in missing:
        print(f"not translated: {one}")  # noqa: T201
    compiled = LOCALE / "django.mo"
    stale = not compiled.exists() or compiled.read_bytes() != _compiled(known)
    if stale:
        print("django.mo is stale; run `make translations`")  # noqa: T201
    return 1 if missing or stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
