"""A real Chromium on the whole running product."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.system import System, make_staff, running

CATALOGUE = Path(__file__).resolve().parents[1] / "data" / "catalogue"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str:
    """The Chromium to drive: `CHROMIUM`, or what is installed."""
    found = os.environ.get("CHROMIUM") or next(
        filter(None, (shutil.which(name) for name in _NAMES)), None
    )
    found = found or next((path for path in _MAC if Path(path).exists()), None)
    assert found, "no Chromium: run `make test`, which installs one, or set CHROMIUM=/path"
    return found


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=_FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def system() -> Iterator[System]:
    """The shop with the real catalogue on its shelves and one account for every role."""
    with running() as started:
        started.run("import", "catalogue", str(CATALOGUE), "--no-pictures")
        make_staff(started)
        yield started
