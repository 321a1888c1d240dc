"""The `shangliu` command: sets Django up and hands the environment to the command line below."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import django


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shangliu.config.settings")
    django.setup()
    env = import_module("shangliu.config.env").ENV
    status: int = import_module("shangliu.cli.main").run(env, sys.argv[1:])
    return status


if __name__ == "__main__":
    raise SystemExit(main())
