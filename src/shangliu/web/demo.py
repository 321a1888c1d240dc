"""What only a demo shop has. A shop in earnest answers with "not found"."""

from __future__ import annotations

from django.conf import settings


def inbox_is_open() -> bool:
    """Whether texts that would have been sent may be read."""
    return bool(settings.DEBUG or settings.SHANGLIU.demo)


def life_is_open() -> bool:
    """Whether simulated people may trade here: a demo shop among its simulators."""
    return inbox_is_open() and bool(settings.SHANGLIU.simulators)
