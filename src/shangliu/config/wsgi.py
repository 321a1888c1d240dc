"""What the web workers serve: Django, with the front desk before it that keeps public pages."""

from __future__ import annotations

import gc
import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shangliu.config.settings")


def _application() -> object:
    django = get_wsgi_application()
    cache = import_module("shangliu.web.pagecache")
    pages = cache.Pages()
    keeping = os.environ.get("PAGE_CACHE", "1") != "0"
    if keeping:
        import_module("shangliu.web.pagenews").listen(pages)
    _spare_what_stays()
    return cache.FrontDesk(django, pages, keeping=keeping)


def _spare_what_stays() -> None:
    """Let the collector pass over what lives as long as the process, and come less often."""
    import_module("django.urls").get_resolver().url_patterns  # noqa: B018 - loads all views
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


application = _application()
