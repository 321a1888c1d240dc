"""What every test may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from shangliu.domain.logistics import provider as carriers
from shangliu.domain.payments import provider as payments
from shangliu.process import policies


@pytest.fixture(autouse=True)
def _fresh_policies() -> None:
    """Policies are read once a second; a test must not see those of the test before it."""
    policies.forget()


@pytest.fixture(autouse=True)
def _own_providers() -> Iterator[None]:
    """What a test registers as a gateway is gone after it."""
    ports: tuple[dict[str, Any], ...] = (payments._providers, carriers._gateways)
    known = [dict(port) for port in ports]
    yield
    for port, before in zip(ports, known, strict=True):
        port.clear()
        port.update(before)


@pytest.fixture(autouse=True)
def _plain_static_files(settings: Settings) -> None:
    """Pages are rendered without collecting and fingerprinting their static files first."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
