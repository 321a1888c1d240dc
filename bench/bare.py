"""The yardstick of pages: a Django view without middleware that answers with a constant."""

from __future__ import annotations

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path


def view(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    return HttpResponse(b"ok", content_type="text/plain")


urlpatterns = [path("", view)]

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    MIDDLEWARE=[],
    ROOT_URLCONF="bench.bare",
    SECRET_KEY="none",  # noqa: S106
)
application = get_wsgi_application()
