"""Finds the adapters: every module of `payments` and `carriers` with a `PROVIDER` is one."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    name = "shangliu.providers"
    label = "providers"

    def ready(self) -> None:
        for kind, port in (
            ("payments", "shangliu.domain.payments.provider"),
            ("carriers", "shangliu.domain.logistics.provider"),
        ):
            package = import_module(f"shangliu.providers.{kind}")
            for module in iter_modules(package.__path__):
                found = import_module(f"{package.__name__}.{module.name}")
                if hasattr(found, "PROVIDER"):
                    import_module(port).register(found.PROVIDER)
