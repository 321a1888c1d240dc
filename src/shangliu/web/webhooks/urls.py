"""Where the outside world calls."""

from __future__ import annotations

from django.urls import path

from shangliu.web.webhooks import views

urlpatterns = [
    path("pay/notify/<slug:provider>/", views.payment, name="pay_notify"),
    path("carrier/push/<slug:gateway>/", views.carrier, name="carrier_push"),
]
