"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from shangliu.process import policies


@pytest.fixture(autouse=True)
def _fresh_policies() -> None:
    """Policies are read once a second; a test must not see those of the test before it."""
    policies.forget()


@pytest.fixture(autouse=True)
def _plain_static_files(settings: Settings) -> None:
    """Pages are rendered without collecting and fingerprinting their static files first."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
