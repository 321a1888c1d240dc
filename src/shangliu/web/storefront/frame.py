"""The frame that every page of the shop stands in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from shangliu.domain.catalog.queries import category_tree
from shangliu.domain.catalog.rows import CategoryTree
from shangliu.platform import clock
from shangliu.web.templating import url


def public(
    request: HttpRequest, template: str, tree: CategoryTree, context: Mapping[str, Any]
) -> HttpResponse:
    """A page that is the same for everybody, so that it can be kept: nothing of a session in it."""
    response = _render(request, template, tree, context, 200)
    response["Cache-Control"] = "no-cache"
    return response


def personal(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """A page for one person: what was to be said to them is said on it, and nobody keeps it."""
    said = {"messages": messages.get_messages(request), **(context or {})}
    response = _render(request, template, category_tree(), said, status)
    response["Cache-Control"] = "private, no-store"
    return response


def fragment(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """A part of a page, for what is already on the screen."""
    response = render(request, template, dict(context), status=status, using="jinja2")
    response["Cache-Control"] = "private, no-store"
    return response


def wants_fragment(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request"))


def _render(
    request: HttpRequest,
    template: str,
    tree: CategoryTree,
    context: Mapping[str, Any],
    status: int,
) -> HttpResponse:
    frame = {
        "categories": _categories(request, tree),
        "nav": _bottom_bar(request),
        "now": clock.now(),
    }
    return render(request, template, {**frame, **context}, status=status, using="jinja2")


def _categories(request: HttpRequest, tree: CategoryTree) -> list[dict[str, Any]]:
    return [
        {
            "label": root.name,
            "href": (href := url("category", root.slug)),
            "current": request.path == href,
        }
        for root in tree.roots
    ]


def _bottom_bar(request: HttpRequest) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "href": url(name),
            "icon": icon,
            "current": request.path == url(name),
        }
        for label, name, icon in (
            (_("首页"), "home", "home"),
            (_("分类"), "categories", "grid"),
            (_("购物车"), "cart", "cart"),
            (_("我的"), "account", "user"),
        )
    ]
