"""What the web workers serve: Django, with the front desk before it that keeps public pages."""

from __future__ import annotations

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
    return cache.FrontDesk(django, pages, keeping=keeping)


application = _application()
