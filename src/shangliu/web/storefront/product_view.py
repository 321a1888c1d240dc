"""What a product's page shows: choices, availability, promises, facts for search engines."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from shangliu.domain.catalog.queries import picture_url
from shangliu.domain.catalog.rows import ProductPage, VariantRow
from shangliu.domain.inventory.services import available
from shangliu.flow.policies import Policies
from shangliu.platform.money import Money

FEW = 10
PLENTY = 99


def context(request: HttpRequest, product: ProductPage) -> dict[str, Any]:
    left = available(one.id for one in product.variants)
    address = request.build_absolute_uri(reverse("product", args=(product.slug,)))
    picture = request.build_absolute_uri(picture_url(product.picture, 1200))
    crumbs = [(_("首页"), reverse("home"))]
    crumbs += [(one.name, reverse("category", args=(one.slug,))) for one in product.breadcrumbs]
    in_stock = product.on_shelf and any(left.values())
    return {
        "product": product,
        "crumbs": [*crumbs, (product.name, None)],
        "axes": _axes(product) if product.has_choice else [],
        "variants": [_variant(product, one, left[one.id]) for one in product.variants],
        "only": product.variants[0].id if len(product.variants) == 1 else None,
        "in_stock": in_stock,
        "left": sum(left.values()),
        "from_price": len({one.price for one in product.variants}) > 1,
        "free_from": Money(Policies.FREE_FREIGHT.value),
        "return_days": Policies.RETURN_WINDOW.value,
        "ship_hours": Policies.SHIP_WITHIN.value,
        "canonical": address,
        "picture": picture,
        "facts": _facts(product, address, picture, in_stock=in_stock),
        "trail": _trail(request, crumbs, product.name),
    }


def _axes(product: ProductPage) -> list[dict[str, Any]]:
    """Only values that some variant has."""
    used = {pair for one in product.variants for pair in one.values}
    return [
        {
            "key": option.name,
            "label": option.name,
            "values": [
                {"value": value, "label": value}
                for value in option.values
                if (option.name, value) in used
            ],
        }
        for option in product.options
    ]


def _variant(product: ProductPage, one: VariantRow, left: int) -> dict[str, Any]:
    """Large stocks are not told to the piece: the page is kept while they change."""
    shown = min(left, PLENTY)
    return {
        "id": one.id,
        "values": dict(one.values),
        "fen": one.price.fen,
        "old_fen": one.list_price.fen if one.list_price else None,
        "stock": shown,
        "text": availability(left, product.unit),
    }


def availability(left: int, unit: str) -> str:
    if left <= 0:
        return _("暂时缺货")
    if left <= FEW:
        return _("仅剩 {n} {unit}").format(n=left, unit=unit or _("件"))
    return _("有货")


def _facts(product: ProductPage, address: str, picture: str, *, in_stock: bool) -> dict[str, Any]:
    """schema.org/Product."""
    state = "InStock" if in_stock else "OutOfStock"
    prices = [one.price for one in product.variants] or [product.price]
    offer: dict[str, Any] = {
        "@type": "AggregateOffer" if len(set(prices)) > 1 else "Offer",
        "priceCurrency": product.price.currency,
        "availability": f"https://schema.org/{state}",
        "url": address,
    }
    if len(set(prices)) > 1:
        offer |= {
            "lowPrice": min(prices).yuan,
            "highPrice": max(prices).yuan,
            "offerCount": len(prices),
        }
    else:
        offer["price"] = prices[0].yuan
    facts: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product.name,
        "description": product.tagline or product.description[:160],
        "image": picture,
        "sku": product.code,
        "offers": offer,
    }
    if product.brand:
        facts["brand"] = {"@type": "Brand", "name": product.brand}
    return facts


def _trail(request: HttpRequest, crumbs: list[tuple[str, str]], name: str) -> dict[str, Any]:
    """schema.org/BreadcrumbList."""
    items = [
        {
            "@type": "ListItem",
            "position": place,
            "name": label,
            "item": request.build_absolute_uri(href),
        }
        for place, (label, href) in enumerate(crumbs, 1)
    ]
    items.append({"@type": "ListItem", "position": len(items) + 1, "name": name})
    return {
        "@context": "https://schema.org",
        "@type": "BreadcrumbList",
        "itemListElement": items,
    }
