"""Looking around: home, categories, search, products. All the same for everybody."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shangliu.domain.catalog import queries
from shangliu.domain.catalog.rows import CategoryPage, Filters, ProductCard, SearchPage
from shangliu.domain.inventory.queries import sold_out
from shangliu.platform.money import Money
from shangliu.web import visits
from shangliu.web.storefront import product_view
from shangliu.web.storefront.frame import public
from shangliu.web.storefront.kept import PRODUCTS, shows

MOST_PAGES = 400


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    tree = queries.category_tree()
    sections = queries.home_sections(tree=tree, size=5)
    popular = queries.most_sold(size=10)
    cards = [*popular, *(card for section in sections for card in section.products)]
    response = public(
        request,
        "storefront/home.html",
        tree,
        {
            "sections": sections,
            "popular": popular,
            "gone": _gone(cards),
            "canonical": request.build_absolute_uri(reverse("home")),
        },
    )
    return visits.seen(shows(response, cards), "browse")


@require_safe
def categories(request: HttpRequest) -> HttpResponse:
    """The tree of categories, for a thumb."""
    tree = queries.category_tree()
    response = public(request, "storefront/categories.html", tree, {"roots": tree.roots})
    return visits.seen(shows(response, ()), "browse")


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    tree = queries.category_tree()
    found = queries.category_page(
        slug,
        page=_page(request.GET),
        sort=request.GET.get("sort", "featured"),
        filters=_filters(request.GET),
        tree=tree,
    )
    address = reverse("category", args=(slug,))
    crumbs = [(_("首页"), reverse("home"))]
    crumbs += [(one.name, reverse("category", args=(one.slug,))) for one in found.breadcrumbs]
    response = public(
        request,
        "storefront/category.html",
        tree,
        {
            **_listing(request, found),
            "title": found.category.name,
            "children": found.children,
            "crumbs": [*crumbs[:-1], (crumbs[-1][0], None)],
            "canonical": request.build_absolute_uri(_kept(address, found.page)),
            "sorts": _sorts(request, with_relevance=False),
        },
    )
    return visits.seen(shows(response, found.products), "browse", slug)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:80]
    tree = queries.category_tree()
    found = queries.search(
        words,
        page=_page(request.GET),
        sort=request.GET.get("sort", "relevance"),
        filters=_filters(request.GET),
    )
    popular = queries.most_sold(size=5) if not found.total else ()
    response = public(
        request,
        "storefront/search.html",
        tree,
        {
            **_listing(request, found, popular),
            "query": words,
            "loosened": found.loosened,
            "popular": popular,
            "sorts": _sorts(request, with_relevance=True),
        },
    )
    return visits.seen(shows(response, (*found.products, *popular)), "browse", words)


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    tree = queries.category_tree()
    found = queries.product_page(slug, tree=tree)
    if found.slug != slug:
        return HttpResponsePermanentRedirect(reverse("product", args=(found.slug,)))
    beside = queries.beside(found)
    context = product_view.context(request, found)
    context |= {"beside": beside, "gone": _gone(beside)}
    response = public(request, "storefront/product.html", tree, context)
    response[PRODUCTS] = " ".join(str(pk) for pk in (found.id, *(card.id for card in beside)))
    return visits.seen(response, "view_product", found.code)


def _gone(cards: Collection[ProductCard]) -> frozenset[int]:
    return sold_out([card.id for card in cards])


def _listing(
    request: HttpRequest, found: CategoryPage | SearchPage, popular: Collection[ProductCard] = ()
) -> dict[str, Any]:
    """What the two kinds of lists share."""
    chosen = [
        {
            "label": f"{facet.name}：{value.value}",
            "href": _without(request, "f", f"{facet.name}:{value.value}"),
        }
        for facet in found.facets
        for value in facet.values
        if value.chosen
    ]
    return {
        "found": found,
        "products": found.products,
        "gone": _gone([*found.products, *popular]),
        "chosen": chosen,
        "clear": _address(request, f=None, page=None, low=None, high=None),
        "page_href": lambda page: _address(request, page=str(page)),
        "asked": {name: request.GET.get(name, "") for name in ("q", "sort", "low", "high")},
    }


def _sorts(request: HttpRequest, *, with_relevance: bool) -> list[dict[str, Any]]:
    first = ("relevance", _("相关")) if with_relevance else ("featured", _("推荐"))
    now = request.GET.get("sort", first[0])
    return [
        {
            "label": label,
            "href": _address(request, sort=name if name != first[0] else None, page=None),
            "current": name == now,
        }
        for name, label in (
            first,
            ("sold", _("销量")),
            ("newest", _("新品")),
            ("price", _("价格由低到高")),
            ("-price", _("价格由高到低")),
        )
    ]


def _filters(asked: QueryDict) -> Filters:
    """`f=材质:棉`, any number of times, and prices in yuan."""
    chosen: dict[str, set[str]] = {}
    for one in asked.getlist("f")[:30]:
        name, colon, value = one.partition(":")
        if colon and value:
            chosen.setdefault(name, set()).add(value)
    return Filters(
        attributes={name: frozenset(values) for name, values in chosen.items()},
        price_from=_amount(asked.get("low", "")),
        price_to=_amount(asked.get("high", "")),
    )


def _amount(typed: str) -> Money | None:
    try:
        found = Money.parse(typed)
    except ValueError:
        return None
    return found if 0 <= found.fen < 10**12 else None


def _page(asked: QueryDict) -> int:
    typed = asked.get("page", "")
    return min(max(int(typed), 1), MOST_PAGES) if typed.isascii() and typed.isdigit() else 1


def _address(request: HttpRequest, **changes: str | None) -> str:
    """This page with some of its parameters changed or taken away."""
    asked = request.GET.copy()
    for name, value in changes.items():
        asked.pop(name, None)
        if value is not None:
            asked[name] = value
    text = asked.urlencode()
    return f"{request.path}?{text}" if text else request.path


def _without(request: HttpRequest, name: str, value: str) -> str:
    asked = request.GET.copy()
    asked.setlist(name, [one for one in asked.getlist(name) if one != value])
    asked.pop("page", None)
    text = asked.urlencode()
    return f"{request.path}?{text}" if text else request.path


def _kept(address: str, page: int) -> str:
    """The address that search engines should know: without sorting and filters."""
    more: Mapping[str, int] = {"page": page} if page > 1 else {}
    return f"{address}?{urlencode(more)}" if more else address
