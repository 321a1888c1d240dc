"""What the stream process serves: live figures, one long answer a listener."""

from __future__ import annotations

import os
from importlib import import_module

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shangliu.config.settings")
django.setup()

application = import_module("shangliu.web.stream").application
