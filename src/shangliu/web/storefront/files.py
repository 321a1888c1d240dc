"""What is not a page: pictures, the words to robots, the map of the site."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django.views.static import serve

from shangliu.domain.catalog.queries import category_tree
from shangliu.domain.catalog.sitemap import addresses
from shangliu.flow.policies import Policies
from shangliu.platform.money import Money
from shangliu.web.storefront.frame import public
from shangliu.web.storefront.kept import shows

PLAIN = Path(__file__).resolve().parents[1] / "static" / "img"
CLOSED = ("/cart/", "/checkout/", "/pay/", "/orders/", "/account/", "/staff/", "/sign-in/", "/me/")


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """A picture, with its date, so that a browser that has it only asks whether it is the same.

    Where there is no picture of the goods there is a plain drawing, never a broken frame.
    """
    try:
        response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    except Http404:
        if not path.startswith("products/"):
            raise
        response = serve(request, "missing.svg", document_root=str(PLAIN))
    response["Cache-Control"] = "public, max-age=86400"
    return response


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in CLOSED)]
    lines.append(f"Sitemap: {request.build_absolute_uri(reverse('sitemap'))}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every page that a search engine should know."""
    pages: list[tuple[str, datetime | None]] = [(reverse("home"), None)]
    found = addresses()
    pages += [(reverse("category", args=(slug,)), None) for slug in found.categories]
    pages += [(reverse("product", args=(slug,)), at) for slug, at in found.products]
    context = {"pages": [(request.build_absolute_uri(path), at) for path, at in pages]}
    response = render(request, "storefront/sitemap.xml", context, using="jinja2")
    response["Content-Type"] = "application/xml; charset=utf-8"
    return response


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """Delivery, returns, privacy, and who runs the shop: with the values that count today."""
    response = public(
        request,
        "storefront/about.html",
        category_tree(),
        {
            "free_from": Money(Policies.FREE_FREIGHT.value),
            "freight": Money(Policies.FREIGHT.value),
            "express": Money(Policies.EXPRESS.value),
            "return_days": Policies.RETURN_WINDOW.value,
            "ship_hours": Policies.SHIP_WITHIN.value,
            "refund_days": Policies.REFUND_WITHIN.value,
            "canonical": request.build_absolute_uri(reverse("about")),
        },
    )
    return shows(response, ())
