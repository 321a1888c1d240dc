"""Where every address is answered."""

from __future__ import annotations

from django.urls import include, path

from shangliu.web.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("", include("shangliu.web.webhooks.urls")),
    path("", include("shangliu.web.storefront.urls")),
    path("staff/", include("shangliu.web.backoffice.urls")),
]

handler403 = "shangliu.web.errors.forbidden"
handler404 = "shangliu.web.errors.not_found"
handler500 = "shangliu.web.errors.broken"
