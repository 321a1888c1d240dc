from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    name = "shangliu.domain.catalog"
    label = "catalog"
    verbose_name = _("商品目录")
    default_auto_field = "django.db.models.BigAutoField"
